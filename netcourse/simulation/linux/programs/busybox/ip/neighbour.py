"""busybox ip neighbour and ip rule (networking/libiproute/ipneigh.c, iprule.c)."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Network

from netcourse.simulation.linux.neighbours import Neighbour
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    arguments,
    find_device,
    invalid,
    need_privilege,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint

_RULES = "0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n"


def neighbour(process: Process, words: Words, _: Manner) -> None:
    verb, rest = (words[0], words[1:]) if words else ("show", [])
    if verb not in SHOW and verb != "flush":
        raise invalid(verb)
    given, rest = arguments(rest, {"dev", "to", "nud"})
    if "dev" in given:
        find_device(process.namespace, given["dev"])
    wanted = given.get("to", "".join(rest[:1]))
    found = [entry for entry in process.namespace.neighbours.listing() if _is_wanted(entry, given, wanted)]
    if verb == "flush":
        _flush(process, found)
        return
    for entry in found:
        mac = f" lladdr {entry.mac}" if entry.mac else ""
        place = "" if "dev" in given else f" dev {entry.device.name}"
        process.write(f"{entry.ip}{place}{mac} used 0/0/0 probes {entry.probes} {entry.state}\n")


def _is_wanted(entry: Neighbour, given: dict[str, str], wanted: str) -> bool:
    if given.get("dev", entry.device.name) != entry.device.name:
        return False
    if given.get("nud", "all") not in ("all", entry.state.lower()):
        return False
    try:
        return not wanted or entry.ip in IPv4Network(wanted)
    except ValueError:
        raise Complaint(f"ip: an inet prefix is expected rather than \"{wanted}\"") from None


def _flush(process: Process, entries: list[Neighbour]) -> None:
    if not entries:
        process.write("Nothing to flush\n")
        return
    if not process.privileged:
        raise Complaint(f"ip: can't send flush request: {os.strerror(errno.EPERM)}")
    for entry in entries:
        process.namespace.neighbours.remove(entry.device, entry.ip)


def rule(process: Process, words: Words, _: Manner) -> None:
    """The three rules that every namespace has: others aren't simulated."""
    verb = words[0] if words else "show"
    if verb in SHOW:
        process.write(_RULES)
        return
    if verb not in ("add", "a", "del", "delete", "d"):
        raise invalid(verb)
    need_privilege(process)
    raise Complaint(f"ip: rule {verb} is not simulated by netcourse")


def tunnel(process: Process, words: Words, _: Manner) -> None:
    """There are none."""
    if words and words[0] not in SHOW:
        raise Complaint(f"ip: tunnel {words[0]} is not simulated by netcourse")
