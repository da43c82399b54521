"""busybox ipcalc (networking/ipcalc.c): what an address and a mask say of their network."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, usage
from netcourse.simulation.linux.resolver import as_address, find_name

ALL_ONES = 0xFFFFFFFF


@complaining
async def ipcalc(process: Process) -> int:
    given, words = options(process, "bnmphs", "netmask=m", "broadcast=b", "network=n", "prefix=p", "hostname=h",
                           "silent=s")
    if not given.keys() - {"s"} or not 1 <= len(words) <= 2:
        raise usage("ipcalc")
    text, _, prefix = words[0].partition("/")
    ip = _address(text, "IP address")
    if prefix and len(words) > 1:
        raise Complaint("ipcalc: use prefix or netmask, not both")
    if prefix:
        mask = ALL_ONES << 32 - number(process, prefix, 0, 32) & ALL_ONES
    else:
        mask = int(_address(words[1], "netmask")) if len(words) > 1 else _mask_of_class(ip)
    network = int(ip) & mask
    found = {"m": f"NETMASK={IPv4Address(mask)}", "b": f"BROADCAST={IPv4Address(network | ~mask & ALL_ONES)}",
             "n": f"NETWORK={IPv4Address(network)}", "p": f"PREFIX={mask.bit_count()}"}
    process.write("".join(f"{line}\n" for letter, line in found.items() if letter in given))
    if "h" in given:
        name = await find_name(process, ip)
        if name is None:
            raise Complaint(f"ipcalc: can't find hostname for {text}: Host name lookup failure")
        process.write(f"HOSTNAME={name}\n")
    return 0


def _address(text: str, kind: str) -> IPv4Address:
    ip = as_address(text)
    if ip is None:
        raise Complaint(f"ipcalc: bad {kind}: {text}")
    return ip


def _mask_of_class(ip: IPv4Address) -> int:
    """That of its class (RFC 791 section 3.2), as if there were none above C."""
    first = int(ip) >> 24
    return ALL_ONES << (24 if first < 128 else 16 if first < 192 else 8) & ALL_ONES
