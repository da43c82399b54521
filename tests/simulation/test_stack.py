"""How the simulated Linux behaves, shown with two or three namespaces."""

from __future__ import annotations

import errno
import random
from collections.abc import Coroutine
from ipaddress import IPv4Address
from typing import Any, TypeVar

import pytest

from netcourse.journey import Recorder
from netcourse.packets import ICMP, ICMPType, IPv4, Unreachable
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND, Clock
from netcourse.simulation.linux.device import Veth
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter import type_command
from netcourse.simulation.linux.routes import EVERYWHERE, NoRoute, Route
from netcourse.simulation.linux.sockets import ICMPSocket, UDPSocket
from netcourse.simulation.linux.tasks import Task
from netcourse.simulation.linux.tcp import TCPSocket

Result = TypeVar("Result")


@pytest.fixture
def machine() -> Machine:
    return Machine("machine", Clock(), random.Random(0), Recorder())


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


@pytest.fixture
def bridge(machine: Machine) -> Bridge:
    bridge = Bridge("br0", machine.new_mac())
    machine.root.add_device(bridge)
    machine.root.add_address(bridge, Address.parse("10.0.0.1/24"))
    machine.root.set_up(bridge)
    return bridge


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


def test_a_namespace_answers_a_ping_of_its_neighbour(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")

    answer = run(machine, ping(red, "10.0.0.3"))

    assert (answer.source, answer.payload.type) == (IPv4Address("10.0.0.3"), ICMPType.ECHO_REPLY)


def test_a_bridge_learns_where_a_sender_is_and_stops_flooding(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")
    member(machine, bridge, "green", "10.0.0.4/24")
    run(machine, ping(red, "10.0.0.3"))

    mark = machine.recorder.mark()
    run(machine, ping(red, "10.0.0.3"))

    assert "green" not in {hop.namespace for hop in machine.recorder.since(mark)}
    assert bridge.forwarding.port_behind(red.devices["eth0"].mac).name == "veth-red"


def test_a_bridge_has_a_carrier_only_while_a_port_is_up(machine: Machine, bridge: Bridge) -> None:
    before = bridge.carrier
    red = member(machine, bridge, "red", "10.0.0.2/24")
    during = bridge.carrier

    red.remove_device(red.devices["eth0"])

    assert (before, during, bridge.carrier) == (False, True, False)


def test_nobody_at_an_address_is_found_out_after_three_questions(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")

    answer = run(machine, ping(red, "10.0.0.99"))

    assert (answer.payload.type, answer.payload.code) == (ICMPType.UNREACHABLE, Unreachable.HOST)
    assert machine.clock.now // SECOND == 3


def test_without_a_route_nothing_is_sent(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    red.routes.flush("eth0")

    with pytest.raises(NoRoute) as refusal:
        run(machine, ping(red, "10.0.0.3"))

    assert refusal.value.errno == errno.ENETUNREACH


def two_networks(machine: Machine, bridge: Bridge) -> tuple[Namespace, Namespace]:
    other = Bridge("br1", machine.new_mac())
    machine.root.add_device(other)
    machine.root.add_address(other, Address.parse("10.0.1.1/24"))
    machine.root.set_up(other)
    return member(machine, bridge, "red", "10.0.0.2/24"), member(machine, other, "blue", "10.0.1.2/24")


def test_a_machine_forwards_only_when_it_is_told_to(machine: Machine, bridge: Bridge) -> None:
    red, _ = two_networks(machine, bridge)

    with pytest.raises(TimeoutError):
        run(machine, ping(red, "10.0.1.2"))
    machine.root.forwarding = True

    assert run(machine, ping(red, "10.0.1.2")).ttl == 63


def test_a_packet_whose_time_is_up_is_reported_by_the_router(machine: Machine, bridge: Bridge) -> None:
    red, _ = two_networks(machine, bridge)
    machine.root.forwarding = True

    answer = run(machine, ping(red, "10.0.1.2", ttl=1))

    assert (answer.source, answer.payload.type) == (IPv4Address("10.0.0.1"), ICMPType.TIME_EXCEEDED)


def test_a_long_packet_is_cut_and_put_together_again(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")

    answer = run(machine, ping(red, "10.0.0.3", size=4000))

    assert len(answer.payload.payload) == 4000


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


def test_two_namespaces_talk_over_tcp(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    blue = member(machine, bridge, "blue", "10.0.0.3/24")
    Task(machine.clock, serve_once(blue, 80))

    assert run(machine, ask(red, "10.0.0.3", 80, b"hello")) == b"you said hello"


def test_a_closed_tcp_port_refuses(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")

    with pytest.raises(ConnectionRefusedError):
        run(machine, ask(red, "10.0.0.3", 80, b"hello"))


def test_a_closed_udp_port_is_reported(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")

    async def shout() -> None:
        socket = UDPSocket(red)
        socket.send_to(b"hello", (IPv4Address("10.0.0.3"), 53))
        await socket.receive_from(5)

    with pytest.raises(ConnectionRefusedError):
        run(machine, shout())


def test_masquerade_puts_the_routers_address_in_front(machine: Machine, bridge: Bridge) -> None:
    red, blue = two_networks(machine, bridge)
    machine.root.forwarding = True
    blue.routes.flush("eth0")
    blue.set_up(blue.devices["eth0"])
    type_command(machine.root.netfilter, "-t nat -A POSTROUTING -s 10.0.0.0/24 -o br1 -j MASQUERADE")

    answer = run(machine, ping(red, "10.0.1.2"))

    assert (answer.source, answer.destination) == (IPv4Address("10.0.1.2"), IPv4Address("10.0.0.2"))


def test_dnat_leads_a_connection_to_another_port(machine: Machine, bridge: Bridge) -> None:
    red, blue = two_networks(machine, bridge)
    machine.root.forwarding = True
    Task(machine.clock, serve_once(blue, 80))
    rule = "-t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.0.1.2:80"
    type_command(machine.root.netfilter, rule)

    assert run(machine, ask(red, "10.0.0.1", 8080, b"hello")) == b"you said hello"


def test_a_rule_that_drops_counts_and_is_recorded(machine: Machine, bridge: Bridge) -> None:
    red, _ = two_networks(machine, bridge)
    machine.root.forwarding = True
    type_command(machine.root.netfilter, "-A FORWARD -i br0 -o br1 -j DROP")
    mark = machine.recorder.mark()

    with pytest.raises(TimeoutError):
        run(machine, ping(red, "10.0.1.2"))

    dropped = [hop for hop in machine.recorder.since(mark) if hop.action == "dropped"]
    assert [(hop.place, hop.detail) for hop in dropped] == [("filter FORWARD", "-i br0 -o br1 -j DROP")]
