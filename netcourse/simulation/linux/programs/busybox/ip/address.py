"""busybox ip address (networking/libiproute/ipaddress.c)."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.link import link_lines, show_links
from netcourse.simulation.linux.programs.busybox.ip.route_changes import SCOPES
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    arguments,
    by_index,
    duplicate,
    find_device,
    invalid,
    is_anything,
    need_privilege,
    prefix,
    refused,
)
from netcourse.simulation.linux.programs.busybox.ip.words import address as parse_address
from netcourse.simulation.linux.programs.busybox.options import Complaint

_FOREVER = "       valid_lft forever preferred_lft forever\n"
_ADDS, _DELETES, _FLUSHES = {"add", "a"}, {"delete", "del", "d"}, {"flush", "f"}
_REPLACES = {"replace", "r", "change", "chg"}


def address(process: Process, words: Words, manner: Manner) -> None:
    verb, rest = (words[0], words[1:]) if words else ("show", [])
    if verb in SHOW | {"ls"}:
        _show(process, rest, manner)
    elif verb in _FLUSHES:
        _flush(process, rest)
    elif verb in _ADDS | _DELETES | _REPLACES:
        given, rest = arguments(rest, {"dev", "brd", "broadcast", "label", "scope", "local", "peer"})
        if "dev" not in given:
            raise Complaint('ip: need "dev IFACE"')
        _change(process, given, rest, verb)
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
            secondary = "secondary " if entry.is_secondary else ""
            text += f"{start}    inet {entry}{broadcast} scope {entry.scope} {secondary}{entry.label or device.name}"
            text += f"{manner.newline}{_FOREVER}"
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
    label = entry.label or device.name
    return inside and given.get("scope", entry.scope) == entry.scope and given.get("label", label) == label


def _flush(process: Process, words: Words) -> None:
    given, rest = arguments(words, {"dev", "scope", "to", "label"})
    name = given.get("dev") or next(iter(rest), None)
    if name is None:
        raise Complaint("ip: flush requires an argument")
    device = find_device(process.namespace, name)
    gone = [entry for entry in device.addresses if _is_wanted(entry, device, given)]
    if gone and not process.privileged:
        raise Complaint(f"ip: can't send flush request: {os.strerror(errno.EPERM)}")
    problem = ""
    for entry in gone:
        if entry in device.addresses:
            process.namespace.remove_address(device, entry)
        else:
            # a secondary address has gone with its primary one: the kernel says so, and goes on
            problem = f"ip: can't send flush request: {os.strerror(errno.EADDRNOTAVAIL)}"
    if problem:
        raise Complaint(problem)


def _change(process: Process, given: dict[str, str], rest: Words, verb: str) -> None:
    texts = [*([given["local"]] if "local" in given else []), *rest]
    if len(texts) > 1:
        raise duplicate("local", texts[1])
    wanted = prefix(texts[0]) if texts and not is_anything(texts[0]) else None
    label = given.get("label", "")
    if label and label.partition(":")[0] != given["dev"]:
        raise Complaint(f'ip: "dev" ({given["dev"]}) must match "label" ({label})')
    broadcast = _broadcast(given.get("brd", given.get("broadcast", "")), wanted)
    scope = given.get("scope") or ("host" if wanted is not None and wanted.ip.is_loopback else "global")
    if scope not in SCOPES:
        raise Complaint(f"ip: invalid argument '{scope}' to 'scope'")
    namespace = process.namespace
    device = find_device(namespace, given["dev"])
    need_privilege(process)
    if wanted is None:
        raise refused(errno.ERANGE if texts and not is_anything(texts[0]) else errno.EOPNOTSUPP)
    entry = Address(wanted.ip, wanted.network.prefixlen, broadcast, scope, label)
    try:
        if verb in _DELETES:
            namespace.remove_address(device, _meant(device, entry))
        elif verb in _ADDS or all(str(mine) != str(entry) for mine in device.addresses):
            namespace.add_address(device, entry)
    except OSError as error:
        raise refused(error.errno or errno.EINVAL) from None


def _broadcast(text: str, wanted: IPv4Interface | None) -> IPv4Address | None:
    """+ and - are the last and the first address of the network. Raises Complaint."""
    if not text:
        return None
    if text not in ("+", "-"):
        return parse_address(text)
    if wanted is None or wanted.network.prefixlen > 30:
        return None
    return wanted.network.broadcast_address if text == "+" else wanted.network.network_address


def _meant(device: Device, entry: Address) -> Address:
    """The first that has the address, whatever its network (net/ipv4/devinet.c, inet_rtm_deladdr). Raises OSError."""
    for mine in device.addresses:
        if mine.ip == entry.ip and entry.label in ("", mine.label or device.name):
            return mine
    raise OSError(errno.EADDRNOTAVAIL, "")
