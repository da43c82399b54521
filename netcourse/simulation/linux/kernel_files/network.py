"""/proc/net about addresses, routes, neighbours, devices and the groups that these listen to."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.groups import groups_of, ipv6_groups_of, macs_of
from netcourse.simulation.linux.namespace import Namespace

ROUTE_HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
ARP_HEADER = "IP address       HW type     Flags       HW address            Mask     Device\n"
GROUP_HEADER = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
ROUTE_WIDTH = 127
DEVICE_HEADER = ("Inter-|   Receive                                                |  Transmit\n"
                 " face |bytes    packets errs drop fifo frame compressed multicast|"
                 "bytes    packets errs drop fifo colls carrier compressed\n")


def hexadecimal(ip: IPv4Address | None) -> str:
    """As the kernel prints an address: its bytes taken as one little-endian number."""
    return f"{int.from_bytes((ip or IPv4Address(0)).packed, 'little'):08X}"


def by_index(namespace: Namespace) -> list[Device]:
    return sorted(namespace.devices.values(), key=lambda device: device.index)


def routes(namespace: Namespace) -> bytes:
    """net/ipv4/fib_trie.c, fib_route_seq_show."""
    lines = [ROUTE_HEADER]
    for route in namespace.routes.listing():
        refuses = 0x200 if route.kind in ("unreachable", "prohibit") else 0
        flags = 1 | refuses | (2 if route.gateway else 0) | (4 if route.destination.prefixlen == 32 else 0)
        lines.append(f"{route.interface or '*'}\t{hexadecimal(route.destination.network_address)}\t"
                     f"{hexadecimal(route.gateway)}\t{flags:04X}\t0\t0\t{route.metric}\t"
                     f"{hexadecimal(route.destination.netmask)}\t0\t0\t0")
    return "".join(f"{line:<{ROUTE_WIDTH}}\n" for line in lines).encode()


def neighbours(namespace: Namespace) -> bytes:
    """net/ipv4/arp.c, arp_format_neigh_entry."""
    text = ARP_HEADER
    for entry in namespace.neighbours.listing():
        flags = 0x6 if entry.state == "PERMANENT" else 0x2 if entry.mac else 0x0
        mac = entry.mac or "00:00:00:00:00:00"
        text += f"{entry.ip!s:<16} 0x1         {f'{flags:#x}':<11} {mac:<21} *        {entry.device.name}\n"
    return text.encode()


def counters(namespace: Namespace) -> bytes:
    """net/core/net-procfs.c; errors and losses aren't simulated here, so there are none."""
    text = DEVICE_HEADER
    for device in by_index(namespace):
        text += (f"{device.name:>6}: {device.received_bytes:7} {device.received_packets:7}    0    0    0     0"
                 f"          0         0 {device.sent_bytes:8} {device.sent_packets:7}    0    0    0     0"
                 "       0          0\n")
    return text.encode()


def groups(namespace: Namespace) -> bytes:
    """net/ipv4/igmp.c, igmp_mc_seq_show."""
    text = GROUP_HEADER
    for device in by_index(namespace):
        joined = groups_of(device)
        if joined:
            text += f"{device.index}\t{device.name:<10}: {len(joined):5} {'V3':>7}\n"
        text += "".join(f"\t\t\t\t{hexadecimal(group)}     1 0:00000000\t\t0\n" for group in joined)
    return text.encode()


def ipv6_groups(namespace: Namespace) -> bytes:
    """net/ipv6/mcast.c, igmp6_mc_seq_show."""
    return "".join(f"{device.index:<4} {device.name:<15} {int(group):032x} {1:5} {flags:08X} 0\n"
                   for device in by_index(namespace) for group, flags in ipv6_groups_of(device)).encode()


def link_layer_groups(namespace: Namespace) -> bytes:
    """net/core/dev_addr_lists.c, dev_mc_seq_show."""
    text = ""
    for device in by_index(namespace):
        text += "".join(f"{device.index:<4} {device.name:<15} 1     0     {mac}\n" for mac in macs_of(device))
    return text.encode()
