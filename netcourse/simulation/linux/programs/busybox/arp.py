"""busybox arp (networking/arp.c): the neighbours as the kernel knows them, and changes by hand."""

from __future__ import annotations

import errno
import os
import re
from ipaddress import IPv4Address

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.neighbours import Neighbour
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, refuse
from netcourse.simulation.linux.refusal import Refused
from netcourse.simulation.linux.resolver import NameNotFound, find_address, find_name
from netcourse.simulation.linux.routes import NoRoute

_MAC = re.compile(r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}")


@complaining
async def arp(process: Process) -> int:
    given, rest = options(process, "A:p:H:t:i:adnDsv")
    for letter in "Ht":
        if letter in given and given[letter] != "ether":
            raise Complaint(f"arp: {given[letter]}: unknown hardware type")
    refuse(process, given, "ApD")
    if "d" in given:
        await _delete(process, rest)
    elif "s" in given:
        await _set(process, rest, given.get("i", ""))
    else:
        await _show(process, given, rest)
    return 0


async def _show(process: Process, given: dict[str, str], rest: list[str]) -> None:
    entries = process.namespace.neighbours.listing()
    wanted = await _host(process, rest[0]) if rest else None
    shown = [entry for entry in entries if wanted in (None, entry.ip)
             and given.get("i", entry.device.name) == entry.device.name]
    for entry in shown:
        await _show_entry(process, entry, numeric="n" in given)
    if (rest or given.keys() & {"i", "H", "t"}) and not shown:
        process.write(f"No match found in {len(entries)} entries\n")


async def _show_entry(process: Process, entry: Neighbour, *, numeric: bool) -> None:
    name = "?" if numeric else await find_name(process, entry.ip) or "?"
    permanent = "PERM" if entry.state == "PERMANENT" else ""
    where = f"{entry.mac} [ether]" if entry.mac else "<incomplete>"
    process.write(f"{name} ({entry.ip}) at {where} {permanent} on {entry.device.name}\n")


async def _host(process: Process, name: str) -> IPv4Address:
    try:
        return await find_address(process, name)
    except NameNotFound:
        raise Complaint(f"arp: {name}: Host name lookup failure") from None


async def _delete(process: Process, words: list[str]) -> None:
    if not words:
        raise Complaint("arp: need host name")
    ip = await _host(process, words[0])
    if not process.privileged:
        raise Complaint(f"arp: SIOCDARP(priv): {os.strerror(errno.EPERM)}")
    try:
        device = _device_towards(process, ip)
    except NoRoute as error:
        raise Complaint(f"arp: SIOCDARP(priv): {os.strerror(error.errno or 0)}") from None
    try:
        process.namespace.neighbours.remove(device, ip)
    except FileNotFoundError:
        raise Complaint(f"arp: SIOCDARP(pub): {os.strerror(errno.ENOENT)}") from None


def _device_towards(process: Process, ip: IPv4Address) -> Device:
    """The device of the link that the address is on (net/ipv4/arp.c, arp_req_dev). Raises NoRoute."""
    namespace = process.namespace
    if int(ip) == 0 or namespace.is_local(ip):
        return namespace.loopback
    route = namespace.routes.on_link(ip)
    if route is None:
        raise NoRoute
    return namespace.devices[route.interface]


async def _set(process: Process, words: list[str], name: str) -> None:
    if not words:
        raise Complaint("arp: need host name")
    ip = await _host(process, words[0])
    if len(words) < 2:
        raise Complaint("arp: need hardware address")
    if not _MAC.fullmatch(words[1]):
        raise Complaint("arp: invalid hardware address")
    if not process.privileged:
        raise Complaint(f"arp: SIOCSARP: {os.strerror(errno.EPERM)}")
    if len(words) > 2:
        raise Complaint(f"arp: {words[2]} is not simulated by netcourse")
    mac = ":".join(f"{int(part, 16):02x}" for part in words[1].split(":"))
    try:
        device = _named(process, name) if name else _device_towards(process, ip)
        if device is process.namespace.loopback:
            raise Refused(errno.EINVAL)
    except OSError as error:
        raise Complaint(f"arp: SIOCSARP: {os.strerror(error.errno or 0)}") from None
    process.namespace.neighbours.set(device, ip, mac)


def _named(process: Process, name: str) -> Device:
    """Raises Refused."""
    if name not in process.namespace.devices:
        raise Refused(errno.ENODEV)
    return process.namespace.devices[name]
