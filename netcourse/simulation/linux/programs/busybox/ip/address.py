"""busybox ip address (networking/libiproute/ipaddress.c)."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.link import link_lines, show_links
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    arguments,
    by_index,
    find_device,
    invalid,
    need_privilege,
    refused,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint

_FOREVER = "       valid_lft forever preferred_lft forever\n"
_ADDS, _DELETES, _FLUSHES = {"add", "a"}, {"delete", "del", "d"}, {"flush", "f"}


def address(process: Process, words: Words, manner: Manner) -> None:
    verb, rest = (words[0], words[1:]) if words else ("show", [])
    if verb in SHOW | {"ls"}:
        _show(process, rest, manner)
    elif verb in _FLUSHES:
        _flush(process, rest)
    elif verb in _ADDS | _DELETES:
        given, rest = arguments(rest, {"dev", "brd", "broadcast", "label", "scope", "local", "peer"})
        if "dev" not in given:
            raise Complaint('ip: need "dev IFACE"')
        need_privilege(process)
        _change(process.namespace, given, rest, is_added=verb in _ADDS)
    else:
        raise invalid(verb)


def _show(process: Process, words: Words, manner: Manner) -> None:
    if manner.family == "link":
        show_links(process, words, manner)
        return
    given, rest = arguments(words, {"dev", "scope", "to", "label"})
    names = [word for word in rest if word != "up"]
    name = given.get("dev") or (names[0] if names else None)
    chosen = [find_device(process.namespace, name)] if name else by_index(process.namespace)
    for device in chosen:
        if "up" in rest and not device.up:
            continue
        lines = _lines(device, given, manner)
        if manner.is_oneline:
            process.write(lines)
        elif lines or not (manner.family or "to" in given or "label" in given):
            with_mac = not manner.family and "to" not in given
            process.write(link_lines(device, manner, with_mac=with_mac) + lines)


def _lines(device: Device, given: dict[str, str], manner: Manner) -> str:
    start = f"{device.index}: {device.name}" if manner.is_oneline else ""
    text = ""
    for entry in device.addresses if manner.family != "inet6" else ():
        if _is_wanted(entry, device, given):
            broadcast = f" brd {entry.broadcast}" if entry.broadcast else ""
            text += f"{start}    inet {entry}{broadcast} scope {entry.scope} {device.name}{manner.newline}{_FOREVER}"
    asked_for_ipv4 = manner.family == "inet" or "to" in given or "label" in given
    for shown in () if asked_for_ipv4 else ipv6.addresses_of(device):
        if given.get("scope", shown.scope) == shown.scope:
            tentative = "tentative " if shown.is_tentative else ""
            text += f"{start}    inet6 {shown} scope {shown.scope} {tentative}{manner.newline}{_FOREVER}"
    return text


def _is_wanted(entry: Address, device: Device, given: dict[str, str]) -> bool:
    try:
        inside = "to" not in given or entry.ip in IPv4Network(given["to"])
    except ValueError:
        raise Complaint(f"ip: an inet prefix is expected rather than \"{given['to']}\"") from None
    return inside and given.get("scope", entry.scope) == entry.scope and given.get("label", device.name) == device.name


def _flush(process: Process, words: Words) -> None:
    given, rest = arguments(words, {"dev", "scope", "to", "label"})
    name = given.get("dev") or next(iter(rest), None)
    if name is None:
        raise Complaint("ip: flush requires an argument")
    device = find_device(process.namespace, name)
    gone = [entry for entry in device.addresses if _is_wanted(entry, device, given)]
    if gone and not process.privileged:
        raise Complaint(f"ip: can't send flush request: {os.strerror(errno.EPERM)}")
    for entry in gone:
        process.namespace.remove_address(device, entry)


def _change(namespace: Namespace, given: dict[str, str], rest: Words, *, is_added: bool) -> None:
    device = find_device(namespace, given["dev"])
    text = given.get("local") or " ".join(word for word in rest if word != "local")
    try:
        entry = Address.parse(text, broadcast=given.get("brd", given.get("broadcast", "")) == "+",
                              scope=given.get("scope", "global"))
    except ValueError:
        raise Complaint(f"ip: an inet prefix is expected rather than \"{text}\"") from None
    if is_added:
        try:
            namespace.add_address(device, entry)
        except FileExistsError:
            raise refused(errno.EEXIST) from None
        return
    mine = next((other for other in device.addresses if other.ip == entry.ip), None)
    if mine is None:
        raise refused(errno.EADDRNOTAVAIL)
    namespace.remove_address(device, mine)
