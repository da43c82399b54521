"""/proc/net about IPv6: addresses and routes that come by themselves, and counters of packets that none sends here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from ipaddress import IPv6Network
from itertools import pairwise

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.ipv6_routes import IPv6Route, local_routes, main_routes
from netcourse.simulation.linux.kernel_files.network import by_index
from netcourse.simulation.linux.live_files import LiveFile, Tree
from netcourse.simulation.linux.namespace import Namespace

_SCOPES = {"host": 0x10, "link": 0x20}
_PERMANENT, _TENTATIVE = 0x80, 0x40
# RTF_UP, with RTF_LOCAL for an address; RTF_REJECT and RTF_NONEXTHOP where nothing else fits (linux/ipv6_route.h)
_UP, _OWN, _NOWHERE = 0x1, 0x8020_0001, 0x0020_0200
_HIGHEST_METRIC = 0xFFFF_FFFF
_NO_ADDRESS = "0" * 32
_IP = ("InReceives InHdrErrors InTooBigErrors InNoRoutes InAddrErrors InUnknownProtos InTruncatedPkts InDiscards "
       "InDelivers OutForwDatagrams OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails "
       "FragOKs FragFails FragCreates InMcastPkts OutMcastPkts InOctets OutOctets InMcastOctets OutMcastOctets "
       "InBcastOctets OutBcastOctets InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts OutTransmits")
_ICMP = "InMsgs InErrors OutMsgs OutErrors InCsumErrors"
_ICMP_LIMITED = "OutRateLimitHost"
_MESSAGES = ("DestUnreachs PktTooBigs TimeExcds ParmProblems Echos EchoReplies GroupMembQueries GroupMembResponses "
             "GroupMembReductions RouterSolicits RouterAdvertisements NeighborSolicits NeighborAdvertisements "
             "Redirects MLDv2Reports")
_UDP = "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors"


def addresses(namespace: Namespace) -> bytes:
    """net/ipv6/addrconf.c, if6_seq_show."""
    text = ""
    for device in by_index(namespace):
        for address in ipv6.addresses_of(device):
            flags = _PERMANENT | (_TENTATIVE if address.is_tentative else 0)
            text += (f"{int(address.ip):032x} {device.index:02x} {address.prefix_length:02x} "
                     f"{_SCOPES[address.scope]:02x} {flags:02x} {device.name:>8}\n")
    return text.encode()


def routes(namespace: Namespace) -> bytes:
    """net/ipv6/route.c, rt6_info_route: each table, and the entry that ends it. Nobody counts references here."""
    end = _route_line(IPv6Network("::/0"), _HIGHEST_METRIC, 1, _NOWHERE, "lo")
    lines = [*map(_line_of, main_routes(namespace)), end, *map(_line_of, local_routes(namespace)), end]
    return "".join(lines).encode()


def _line_of(route: IPv6Route) -> str:
    is_own = route.kind == "local"
    return _route_line(route.destination, route.metric, 2 if is_own else 1, _OWN if is_own else _UP, route.device.name)


def _route_line(destination: IPv6Network, metric: int, references: int, flags: int, device: str) -> str:
    return (f"{int(destination.network_address):032x} {destination.prefixlen:02x} {_NO_ADDRESS} 00 {_NO_ADDRESS} "
            f"{metric:08x} {references:08x} {0:08x} {flags:08x} {device:>8}\n")


def route_statistics(namespace: Namespace) -> bytes:
    """net/ipv6/route.c, rt6_stats_seq_show: nodes of the tree, those with routes, allocations, routes, cached ones.

    What has been given up since is not counted here.
    """
    tables = [{route.destination for route in table} for table in (main_routes(namespace), local_routes(namespace))]
    with_routes = sum(map(len, tables))
    forks = sum(_forks(table) for table in tables)
    count = len(main_routes(namespace)) + len(local_routes(namespace))
    numbers = (with_routes + forks, with_routes, 0, count, 0, 0, 0)
    return (" ".join(f"{number:04x}" for number in numbers) + "\n").encode()


def _forks(destinations: Iterable[IPv6Network]) -> int:
    """How many nodes are there only because ways part; the root of the tree isn't counted."""
    found = sorted(destinations)
    shared = {_shared_prefix(one, other) for one, other in pairwise(found)}
    return len(shared - set(found) - {IPv6Network("::/0")})


def _shared_prefix(one: IPv6Network, other: IPv6Network) -> IPv6Network:
    different = (int(one.network_address) ^ int(other.network_address)).bit_length()
    length = min(IPv6Network("::/0").max_prefixlen - different, one.prefixlen, other.prefixlen)
    return one.supernet(new_prefix=length)


def statistics(_: Namespace) -> bytes:
    """/proc/net/snmp6 (net/ipv6/proc.c, snmp6_seq_show)."""
    icmp = f"{_ICMP} {_ICMP_LIMITED}"
    return _zeros({"Ip6": _IP, "Icmp6": icmp} | _message_names() | {
        "Udp6": f"{_UDP} IgnoredMulti MemErrors", "UdpLite6": f"{_UDP} MemErrors"})


def device_statistics(namespace: Namespace) -> Tree:
    """/proc/net/dev_snmp6 (snmp6_dev_seq_show)."""
    return {device.name: LiveFile(partial(_of_device, device.index)) for device in namespace.devices.values()}


def _of_device(index: int) -> bytes:
    return f"{'ifIndex':<32}\t{index}\n".encode() + _zeros({"Ip6": _IP, "Icmp6": _ICMP} | _message_names())


def _message_names() -> dict[str, str]:
    return {"Icmp6In": _MESSAGES, "Icmp6Out": _MESSAGES}


def _zeros(groups: Mapping[str, str]) -> bytes:
    names = (group + name for group, counters in groups.items() for name in counters.split())
    return "".join(f"{name:<32}\t0\n" for name in names).encode()
