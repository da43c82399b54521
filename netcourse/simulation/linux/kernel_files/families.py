"""/proc/net about kinds of sockets: protocols, netlink."""

from __future__ import annotations

import zlib

from netcourse.simulation.linux.kernel_files.sockets import lasting_sockets, udp_sockets
from netcourse.simulation.linux.machine import FIRST_PID
from netcourse.simulation.linux.namespace import Namespace

_HEADER = ("protocol  size sockets  memory press maxhdr  slab module     "
           "cl co di ac io in de sh ss gs se re bi br ha uh gp em\n")
# name, size of a socket, memory in use, pressure, longest header, a cache of its own, operations that it has
_PROTOCOLS = """
AF_VSOCK 1240 -1 NI 0 yes ynnnnnnnnnnnnnnnnn
PACKET 1600 -1 NI 0 no nnnnnnnnnnnnnnnnnn
MPTCPv6 2064 0 no 0 yes yyynyyyyyyyynnyyyn
PINGv6 1344 -1 NI 0 yes yyynnynnyyyyyynyyn
RAWv6 1344 -1 NI 0 yes yyynyyynyyyyyyyynn
UDPLITEv6 1472 0 NI 0 yes yyynyyynyyyynnyyyn
UDPv6 1472 0 NI 0 yes yyynyyynyyyynnyyyn
TCPv6 2432 0 no 192 yes yyyyyyyyyyyynyyyyy
XDP 1088 -1 NI 0 no nnnnnnnnnnnnnnnnnn
UNIX-STREAM 1152 -1 NI 0 yes ynnnnnnnnnnnnnnnnn
UNIX 1152 -1 NI 0 yes ynnnnnnnnnnnnnnnnn
UDP-Lite 1344 0 NI 0 yes yyynyyynyyyynnyyyn
MPTCP 1936 0 no 0 yes yyynyyyyyyyynnyyyn
PING 1016 -1 NI 0 yes yyynnynnyyyyyynyyn
RAW 1152 -1 NI 0 yes yyynyyynyyyyyyyynn
UDP 1344 0 NI 0 yes yyynyyynyyyynnyyyn
TCP 2304 0 no 192 yes yyyyyyyyyyyynyyyyy
NETLINK 1096 -1 NI 0 no nnnnnnnnnnnnnnnnnn
"""
_NETLINK_HEADER = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
# those that the kernel opens in each namespace: routes, diagnosis, xfrm, audit, FIB lookups, netfilter, events, generic
_KERNELS_OWN = (0, 4, 6, 9, 10, 12, 15, 16)


def protocols(namespace: Namespace) -> bytes:
    """net/core/sock.c, proto_seq_printf."""
    counts = _counts(namespace)
    lines = []
    for row in _PROTOCOLS.strip().splitlines():
        name, size, memory, pressure, header, cache, operations = row.split()
        lines.append(f"{name:<9} {size:>4} {counts.get(name, 0):6}  {memory:>6}   {pressure:<3} {header:>6}   "
                     f"{cache:<3}  {'kernel':<10} {' '.join(f'{letter:>2}' for letter in operations)}\n")
    return (_HEADER + "".join(lines)).encode()


def _counts(namespace: Namespace) -> dict[str, int]:
    counts = {f"{kind}{version}": len(sockets(namespace, ipv6=bool(version))) for kind, sockets in (
        ("TCP", lasting_sockets), ("UDP", udp_sockets)) for version in ("", "v6")}
    return counts | {"RAW": len(namespace.sockets.icmp), "NETLINK": namespace.sockets.of_others}


def netlink(namespace: Namespace) -> bytes:
    """net/netlink/af_netlink.c, netlink_native_seq_show. Where a socket lies in memory is told as a hash (%p)."""
    owners = [(family, 0) for family in _KERNELS_OWN]
    owners[1:1] = [(0, FIRST_PID)] * namespace.sockets.of_others
    first = namespace.machine.inode_of(namespace, count=len(owners))
    lines = [f"{zlib.crc32(f'{namespace.name} {family} {owner}'.encode()):016x} {family:<3} {owner:<10} {0:08x} {0:<8} "
             f"{0:<8} {0:<5} {2:<8} {0:<8} {first + place:<8}\n" for place, (family, owner) in enumerate(owners)]
    return (_NETLINK_HEADER + "".join(lines)).encode()
