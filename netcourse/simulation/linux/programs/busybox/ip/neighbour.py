"""busybox ip neighbour and ip rule (networking/libiproute/ipneigh.c, iprule.c)."""

from __future__ import annotations

import errno
import os

from netcourse.simulation.linux.neighbours import SET_BY_HAND, Neighbour
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    arguments,
    find_device,
    invalid,
    need_privilege,
    prefix,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint

_STATES = ("all", "permanent", "reachable", "stale", "delay", "probe", "failed", "incomplete", "noarp", "none")
_RULES = "0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n"


def neighbour(process: Process, words: Words, _: Manner) -> None:
    verb, rest = (words[0], words[1:]) if words else ("show", [])
    if verb not in SHOW and verb != "flush":
        raise invalid(verb)
    if verb == "flush" and not rest:
        raise Complaint('ip: "ip neigh flush" requires an argument')
    given, rest = arguments(rest, {"dev", "to", "nud"})
    if given.get("nud", "all") not in _STATES:
        raise Complaint(f"ip: invalid argument '{given['nud']}' to 'nud state'")
    wanted = prefix(given.get("to", "".join(rest[-1:]) or "all"))
    if "dev" in given:
        find_device(process.namespace, given["dev"])
    found = [entry for entry in process.namespace.neighbours.listing()
             if given.get("dev", entry.device.name) == entry.device.name
             and given.get("nud", "all") in ("all", entry.state.lower())
             and (wanted is None or entry.ip in wanted.network)]
    if verb == "flush":
        _flush(process, [entry for entry in found if "nud" in given or entry.state not in SET_BY_HAND], given)
    else:
        _print(process, found, given)


def _print(process: Process, entries: list[Neighbour], given: dict[str, str]) -> None:
    for entry in entries:
        mac = f"lladdr {entry.mac}" if entry.mac else ""
        place = "" if "dev" in given else f"dev {entry.device.name} "
        process.write(f"{entry.ip} {place}{mac} used 0/0/0 probes {entry.probes} {entry.state}\n")


def _flush(process: Process, entries: list[Neighbour], given: dict[str, str]) -> None:
    if not entries:
        process.write("Nothing to flush\n")
        return
    _print(process, entries, given)
    if not process.privileged:
        raise Complaint(f"ip: can't send flush request: {os.strerror(errno.EPERM)}")
    for entry in entries:
        process.namespace.neighbours.remove(entry.device, entry.ip)
    process.write(f"\n*** Round 1, deleting {len(entries)} entries ***\n*** Flush is complete after 1 round(s) ***\n")


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
