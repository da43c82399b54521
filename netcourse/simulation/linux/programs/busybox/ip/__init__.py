"""busybox ip, in busybox's own format (networking/ip.c): an object, what to do with it, and how."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.address import address
from netcourse.simulation.linux.programs.busybox.ip.link import link
from netcourse.simulation.linux.programs.busybox.ip.neighbour import neighbour, rule, tunnel
from netcourse.simulation.linux.programs.busybox.ip.route import route
from netcourse.simulation.linux.programs.busybox.ip.words import Manner, Words
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage

_FAMILIES = {"-4": "inet", "-6": "inet6", "-0": "link"}
_OBJECTS: dict[str, Callable[[Process, Words, Manner], int | None]] = {
    "address": address, "route": route, "link": link, "neighbour": neighbour, "tunnel": tunnel, "tunl": tunnel,
    "rule": rule}


@complaining
async def ip(process: Process) -> int:
    words = process.arguments[1:]
    family, is_oneline = "", False
    while words and words[0].startswith("-"):
        option, words = words[0], words[1:]
        if option in _FAMILIES:
            family = _FAMILIES[option]
        elif option in ("-o", "-oneline"):
            is_oneline = True
        elif option in ("-f", "-family") and words:
            family, words = words[0], words[1:]
            if family not in _FAMILIES.values():
                raise Complaint(f"ip: invalid argument '{family}' to 'family'")
        else:
            raise usage("ip")
    handler = next((h for name, h in _OBJECTS.items() if words and name.startswith(words[0])), None)
    if handler is None:
        raise usage("ip")
    return handler(process, words[1:], Manner(family, is_oneline)) or 0
