"""busybox ifconfig, route, arp and netstat: the older views of what ip shows."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, usage
from netcourse.simulation.linux.routes import Route
from netcourse.simulation.linux.sockets import ANY
from netcourse.simulation.linux.tcp import State


@complaining
async def ifconfig(process: Process) -> int:
    words = process.arguments[1:]
    devices = process.namespace.devices
    everything = words[:1] == ["-a"]
    names = [word for word in words if word != "-a"]
    if len(names) > 1:
        raise Complaint("ifconfig: SIOCSIFADDR: Operation not permitted" if not process.privileged else
                        "ifconfig: changing an interface is not simulated: use ip")
    if names and names[0] not in devices:
        raise Complaint(f"ifconfig: {names[0]}: error fetching interface information: Device not found")
    shown = [devices[names[0]]] if names else sorted(
        (d for d in devices.values() if d.up or everything), key=lambda device: device.name)
    for device in shown:
        process.write(_interface_text(device))
    return 0


def _interface_text(device: Device) -> str:
    loopback = device.kind == "loopback"
    kind = "Local Loopback  " if loopback else f"Ethernet  HWaddr {device.mac.upper()}  "
    lines = [f"{device.name:<9} Link encap:{kind}"]
    for address in device.addresses[:1]:
        broadcast = "" if loopback else f"  Bcast:{address.broadcast or IPv4Address(0)}"
        lines.append(f"          inet addr:{address.ip}{broadcast}  Mask:{address.network.netmask}")
    lines += [f"          inet6 addr: {shown} Scope:{shown.scope.capitalize()}" for shown in ipv6.addresses_of(device)]
    flags = ["UP"] if device.up else []
    flags += ["LOOPBACK"] if loopback else ["BROADCAST"]
    flags += ["RUNNING"] if device.carrier else []
    flags += [] if loopback else ["MULTICAST"]
    return "\n".join([
        *lines,
        f"          {' '.join(flags)}  MTU:{device.mtu}  Metric:1",
        f"          RX packets:{device.received_packets} errors:0 dropped:0 overruns:0 frame:0",
        f"          TX packets:{device.sent_packets} errors:0 dropped:0 overruns:0 carrier:0",
        f"          collisions:0 txqueuelen:{1000 if loopback else 0} ",
        f"          RX bytes:{_size(device.received_bytes)}  TX bytes:{_size(device.sent_bytes)}",
    ]) + "\n\n"


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):  # noqa: B007  # the unit reached is used after the loop
        if size < 1024:
            break
        size /= 1024
    return f"{count} ({size:.1f} {unit})"


@complaining
async def route(process: Process) -> int:
    given, rest = options(process, "neA:")
    if rest:
        raise Complaint("route: SIOCADDRT: Operation not permitted" if not process.privileged else
                        "route: changing routes is not simulated: use ip route")
    process.write("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    "
                  "Use Iface\n")
    for entry in process.namespace.routes.listing():
        destination, gateway = _route_ends(entry, numeric="n" in given)
        process.write(f"{destination:<15} {gateway:<15} {entry.destination.netmask!s:<15} {_route_flags(entry):<5} "
                      f"{entry.metric:<6} 0        0 {entry.interface}\n")
    return 0


def _route_ends(entry: Route, *, numeric: bool) -> tuple[str, str]:
    destination = "default" if entry.is_default and not numeric else str(entry.destination.network_address)
    return destination, str(entry.gateway or ("0.0.0.0" if numeric else "*"))


def _route_flags(entry: Route) -> str:
    return "U" + ("G" if entry.gateway else "") + ("H" if entry.destination.prefixlen == 32 else "")


@complaining
async def arp(process: Process) -> int:
    options(process, "anvi:")
    for entry in process.namespace.neighbours.listing():
        where = f"{entry.mac} [ether]" if entry.mac else "<incomplete>"
        process.write(f"? ({entry.ip}) at {where}  on {entry.device.name}\n")
    return 0


@complaining
async def netstat(process: Process) -> int:
    given, _ = options(process, "ralntuwxe")
    if "r" in given:
        _routing(process)
        return 0
    if set(given) & {"w", "x"}:
        raise usage("netstat", "-w and -x are not simulated")
    what = "only servers" if "l" in given else "servers and established" if "a" in given else "w/o servers"
    process.write(f"Active Internet connections ({what})\n"
                  "Proto Recv-Q Send-Q Local Address           Foreign Address         State       \n")
    both = not {"t", "u"} & set(given)
    if both or "t" in given:
        _tcp(process, given)
    if both or "u" in given:
        _udp(process)
    return 0


def _routing(process: Process) -> None:
    process.write("Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  "
                  "irtt Iface\n")
    for entry in process.namespace.routes.listing():
        destination, gateway = _route_ends(entry, numeric=True)
        process.write(f"{destination:<15} {gateway:<15} {entry.destination.netmask!s:<15} {_route_flags(entry):<9} 0 0"
                      f"          0 {entry.interface}\n")


def _tcp(process: Process, given: dict[str, str]) -> None:
    table = process.namespace.sockets.tcp
    listeners = [s for group in table.listeners.values() for s in group] if {"l", "a"} & set(given) else []
    connections = list(table.connections.values()) if "l" not in given else []
    for socket in [*listeners, *connections]:
        listening = socket.state is State.LISTEN
        everywhere = listening and socket.local[0] == ANY
        local = f":::{socket.local[1]}" if everywhere else f"{socket.local[0]}:{socket.local[1]}"
        remote = ":::*" if listening else f"{socket.remote[0]}:{socket.remote[1]}"
        process.write(f"tcp        0      0 {local:<23} {remote:<23} {socket.state.value:<11} \n")


def _udp(process: Process) -> None:
    for port, sockets in process.namespace.sockets.udp.items():
        for socket in sockets:
            assert socket.local is not None
            process.write(f"udp        0      0 {f'{socket.local[0]}:{port}':<23} {'0.0.0.0:*':<23} {'':<11} \n")
