"""What the tests of the simulated Linux build: namespaces on cables and bridges, and who talks in them."""

from __future__ import annotations

from collections.abc import Coroutine
from ipaddress import IPv4Address
from typing import Any, TypeVar

from netcourse.packets import ICMP, ICMPType, IPv4
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import Veth
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.routes import EVERYWHERE, Route
from netcourse.simulation.linux.sockets import ICMPSocket
from netcourse.simulation.linux.tasks import Task
from netcourse.simulation.linux.tcp import TCPSocket

Result = TypeVar("Result")


def cable(machine: Machine, one: Namespace, one_name: str, other: Namespace, other_name: str) -> tuple[Veth, Veth]:
    ends = Veth(one_name, machine.new_mac()), Veth(other_name, machine.new_mac())
    Veth.pair(*ends)
    one.add_device(ends[0])
    other.add_device(ends[1])
    one.set_up(ends[0])
    other.set_up(ends[1])
    return ends


def member(machine: Machine, bridge: Bridge, name: str, address: str) -> Namespace:
    """A namespace on the bridge, with a default route over the bridge's address."""
    namespace = machine.add_namespace(name)
    namespace.set_up(namespace.loopback)
    outside, inside = cable(machine, machine.root, f"veth-{name}", namespace, "eth0")
    bridge.add_port(outside)
    namespace.add_address(inside, Address.parse(address))
    namespace.routes.add(Route(EVERYWHERE, "eth0", gateway=bridge.addresses[0].ip))
    return namespace


def two_networks(machine: Machine, bridge: Bridge) -> tuple[Namespace, Namespace]:
    other = Bridge("br1", machine.new_mac())
    machine.root.add_device(other)
    machine.root.add_address(other, Address.parse("10.0.1.1/24"))
    machine.root.set_up(other)
    return member(machine, bridge, "red", "10.0.0.2/24"), member(machine, other, "blue", "10.0.1.2/24")


def run(machine: Machine, coroutine: Coroutine[Any, None, Result]) -> Result:
    task = Task(machine.clock, coroutine)
    machine.clock.run_while(lambda: not task.done)
    return task.result()


async def ping(namespace: Namespace, target: str, *, ttl: int = 64, size: int = 56) -> IPv4:
    socket = ICMPSocket(namespace)
    try:
        socket.send_to(ICMP(ICMPType.ECHO_REQUEST, 0, 7, 1, bytes(size)), IPv4Address(target), ttl=ttl)
        return await socket.receive(5)
    finally:
        socket.close()


async def serve_once(namespace: Namespace, port: int) -> bytes:
    listener = TCPSocket(namespace)
    listener.bind(port=port)
    listener.listen()
    connection = await listener.accept()
    question = await connection.receive()
    await connection.send(b"you said " + question)
    connection.close()
    return question


async def ask(namespace: Namespace, target: str, port: int, text: bytes) -> bytes:
    socket = TCPSocket(namespace)
    await socket.connect((IPv4Address(target), port))
    await socket.send(text)
    answer = b""
    while data := await socket.receive():
        answer += data
    socket.close()
    return answer
