"""How the simulated Linux behaves, shown with two or three namespaces."""

from __future__ import annotations

import errno
from ipaddress import IPv4Address

import pytest

from netcourse.packets import ICMPType, Unreachable
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.netfilter import type_command
from netcourse.simulation.linux.routes import NoRoute
from netcourse.simulation.linux.sockets import UDPSocket
from netcourse.simulation.linux.tasks import Task
from tests.simulation.wiring import ask, member, ping, run, serve_once, two_networks


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
