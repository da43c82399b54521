"""The IPv4 stack, by the sections of the RFCs that it follows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from netcourse.packets import ARP, ICMP, UNKNOWN_MAC, Ethernet, ICMPType, IPv4, Protocol, RedirectCode, Unreachable
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.routes import Route
from netcourse.simulation.linux.sockets import ICMPSocket
from tests.simulation.wiring import member, ping, run, two_networks

NOWHERE = "192.0.2.1"


def reasons(machine: Machine, mark: int) -> list[str]:
    """Why the machine's own namespace has dropped packets since."""
    return [hop.detail for hop in machine.recorder.since(mark) if (hop.namespace, hop.action) == ("host", "dropped")]


def test_a_router_looks_for_a_route_before_it_looks_at_the_time_to_live(machine: Machine, bridge: Bridge) -> None:
    """RFC 1812 section 5.2.1."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    machine.root.forwarding = True

    answer = run(machine, ping(red, NOWHERE, ttl=1))

    assert (answer.payload.type, answer.payload.code) == (ICMPType.UNREACHABLE, Unreachable.NETWORK)


def test_a_prohibiting_route_says_so(machine: Machine, bridge: Bridge) -> None:
    """RFC 1812 section 5.2.7.1, code 13."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    machine.root.forwarding = True
    machine.root.routes.add(Route(IPv4Network("192.0.2.0/24"), kind="prohibit"))

    answer = run(machine, ping(red, NOWHERE))

    assert answer.payload.code == Unreachable.ADMINISTRATIVELY_PROHIBITED


async def count_errors(namespace: Namespace, questions: int) -> int:
    socket = ICMPSocket(namespace)
    for number in range(questions):
        socket.send_to(ICMP(ICMPType.ECHO_REQUEST, 0, 7, number), IPv4Address(NOWHERE))
    errors = 0
    try:
        while True:
            await socket.receive(0.5)
            errors += 1
    except TimeoutError:
        return errors


def test_errors_to_one_host_are_rationed(machine: Machine, bridge: Bridge) -> None:
    """RFC 1812 section 4.3.2.8: six at once, of which a missing route takes two each."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    machine.root.forwarding = True
    run(machine, ping(red, "10.0.0.1"))

    errors = run(machine, count_errors(red, 10))

    assert errors == 2


def test_an_error_quotes_what_fits_into_576_bytes(machine: Machine, bridge: Bridge) -> None:
    """RFC 1812 section 4.3.2.3."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    machine.root.forwarding = True

    lengths = [len(run(machine, ping(red, NOWHERE, size=size))) for size in (56, 1400)]

    assert lengths == [20 + 8 + 84, 576]


def test_a_redirect_names_the_shorter_way(machine: Machine, bridge: Bridge) -> None:
    """RFC 1812 section 4.3.3.2."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")
    machine.root.forwarding = True
    machine.root.routes.add(Route(IPv4Network("192.0.2.0/24"), "br0", gateway=IPv4Address("10.0.0.3")))

    answer = run(machine, ping(red, NOWHERE))

    assert (answer.payload.type, answer.payload.code) == (ICMPType.REDIRECT, RedirectCode.HOST)
    assert answer.payload.gateway == IPv4Address("10.0.0.3")


def test_what_a_router_says_of_its_mtu_is_believed_for_ten_minutes(machine: Machine, bridge: Bridge) -> None:
    """RFC 1191 section 6.3."""
    red, _ = two_networks(machine, bridge)
    machine.root.forwarding = True
    machine.root.devices["br1"].mtu = 1400
    run(machine, ping(red, "10.0.1.2", size=1400))

    soon = red.ipv4.mtu_to(IPv4Address("10.0.1.2"))
    machine.clock.run_until(machine.clock.now + 601 * SECOND)

    assert (soon, red.ipv4.mtu_to(IPv4Address("10.0.1.2"))) == (1400, 1500)


def test_a_packet_too_long_for_the_other_end_of_a_cable_gets_lost(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    blue = member(machine, bridge, "blue", "10.0.0.3/24")
    blue.devices["eth0"].mtu = 1400

    with pytest.raises(TimeoutError):
        run(machine, ping(red, "10.0.0.3", size=1400))


@pytest.mark.parametrize("source", ["10.0.0.1", "127.0.0.1", "224.0.0.1", "0.0.0.0"])
def test_nobody_outside_has_such_a_source(machine: Machine, bridge: Bridge, source: str) -> None:
    """RFC 1812 section 5.3.7."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    packet = IPv4(IPv4Address(source), IPv4Address("10.0.0.1"), Protocol.ICMP, ICMP(ICMPType.ECHO_REQUEST))
    mark = machine.recorder.mark()

    red.devices["eth0"].transmit(Ethernet(bridge.mac, red.devices["eth0"].mac, packet))
    machine.clock.run_until(SECOND)

    assert reasons(machine, mark) == ["no packet with these addresses can come from outside"]


def test_pieces_are_passed_on_as_they_are_where_nothing_is_tracked(machine: Machine, bridge: Bridge) -> None:
    """RFC 791 section 2.3: only the destination puts them together."""
    red, _ = two_networks(machine, bridge)
    machine.root.forwarding = True
    mark = machine.recorder.mark()

    run(machine, ping(red, "10.0.1.2", size=4000))

    routed = [hop.packet for hop in machine.recorder.since(mark) if hop.action == "routed"]
    assert [packet.fragment_offset for packet in routed] == [0, 1480, 2960, 0, 1480, 2960]


def test_a_second_answer_to_an_arp_question_comes_too_late(machine: Machine, bridge: Bridge) -> None:
    """Within a second (locktime in arp(7)): who answers first is believed."""
    red = member(machine, bridge, "red", "10.0.0.2/24")
    run(machine, ping(red, "10.0.0.1"))
    eth0 = red.devices["eth0"]

    late = ARP(2, "02:00:00:00:00:99", IPv4Address("10.0.0.1"), eth0.mac, IPv4Address("10.0.0.2"))
    red.neighbours.receive(eth0, late)

    assert [entry.mac for entry in red.neighbours.listing()] == [bridge.mac]


def test_a_stale_neighbour_is_asked_after_five_seconds(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    run(machine, ping(red, "10.0.0.1"))
    states = []

    for seconds in (31, 0, 6):
        machine.clock.run_until(machine.clock.now + seconds * SECOND)
        states += [entry.state for entry in red.neighbours.listing()]
        run(machine, ping(red, "10.0.0.1"))

    assert states == ["STALE", "DELAY", "REACHABLE"]


def test_who_asks_for_our_address_with_our_address_gets_no_answer(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    mac = red.devices["eth0"].mac

    machine.root.neighbours.receive(bridge, ARP(1, mac, IPv4Address("10.0.0.1"), UNKNOWN_MAC, IPv4Address("10.0.0.1")))

    assert machine.root.neighbours.listing() == []


def test_the_last_address_takes_all_routes_with_it(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")

    red.remove_address(red.devices["eth0"], red.devices["eth0"].addresses[0])

    assert red.routes.listing() == []


def test_a_secondary_address_speaks_with_the_primary_one(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    red.add_address(red.devices["eth0"], Address.parse("10.0.0.9/24"))

    assert red.source_for(IPv4Address("10.0.0.9")) == IPv4Address("10.0.0.2")
