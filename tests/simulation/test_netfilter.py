"""Netfilter: in which order a packet meets what, and what translation does to answers and errors."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from netcourse.packets import ICMP, UDP, ICMPType, IPv4
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter import type_command
from netcourse.simulation.linux.sockets import ICMPSocket, UDPSocket
from netcourse.simulation.linux.tasks import Task
from tests.simulation.wiring import ask, member, ping, run, serve_once, two_networks

OUTSIDE = "10.0.1.2"


@pytest.fixture
def networks(machine: Machine, bridge: Bridge) -> tuple[Namespace, Namespace]:
    """Red and blue, and a router between them that tracks connections."""
    machine.root.forwarding = True
    return two_networks(machine, bridge)


def rules(machine: Machine, *lines: str) -> None:
    for line in lines:
        type_command(machine.root.netfilter, line)


def counted(machine: Machine, table: str, chain: str) -> list[int]:
    """How many packets each rule of a chain has seen."""
    return [rule.packets for rule in machine.root.netfilter.tables[table].chains[chain].rules]


@pytest.mark.usefixtures("networks")
def test_a_packet_on_its_way_through_meets_the_tables_in_order(machine: Machine) -> None:
    """raw, mangle, nat, then FORWARD's mangle and filter, then POSTROUTING's mangle and nat: each mark builds on the
    one before."""
    red = machine.namespaces["red"]
    rules(machine,
          "-t raw -A PREROUTING -j MARK --set-mark 1",
          "-t mangle -A PREROUTING -m mark --mark 1 -j MARK --set-mark 2",
          "-t nat -A PREROUTING -m mark --mark 2 -j MARK --set-mark 3",
          "-t mangle -A FORWARD -m mark --mark 3 -j MARK --set-mark 4",
          "-A FORWARD -m mark --mark 4 -j MARK --set-mark 5",
          "-t mangle -A POSTROUTING -m mark --mark 5 -j MARK --set-mark 6",
          "-t nat -A POSTROUTING -m mark --mark 6")

    run(machine, ping(red, OUTSIDE))

    assert counted(machine, "nat", "POSTROUTING") == [1]


def test_the_nat_table_is_asked_about_the_first_packet_alone(
        machine: Machine, networks: tuple[Namespace, Namespace]) -> None:
    red, blue = networks
    rules(machine, "-t nat -A PREROUTING -p tcp -j ACCEPT", "-A FORWARD -p tcp -j ACCEPT")
    Task(machine.clock, serve_once(blue, 80))

    run(machine, ask(red, OUTSIDE, 80, b"hello"))

    assert (counted(machine, "nat", "PREROUTING"), counted(machine, "filter", "FORWARD")[0] > 1) == ([1], True)


async def echo(namespace: Namespace, identifier: int) -> ICMP:
    socket = ICMPSocket(namespace)
    socket.send_to(ICMP(ICMPType.ECHO_REQUEST, 0, identifier, 1), IPv4Address(OUTSIDE))
    answer = (await socket.receive(1)).payload
    assert isinstance(answer, ICMP)
    return answer


def test_two_pings_with_one_identifier_are_kept_apart(
        machine: Machine, bridge: Bridge, networks: tuple[Namespace, Namespace]) -> None:
    red, blue = networks
    green = member(machine, bridge, "green", "10.0.0.3/24")
    blue.routes.flush("eth0")
    blue.set_up(blue.devices["eth0"])
    rules(machine, "-t nat -A POSTROUTING -o br1 -j MASQUERADE")

    asked = [Task(machine.clock, echo(namespace, 7)) for namespace in (red, green)]
    machine.clock.run_until(2 * SECOND)

    assert [task.result().identifier for task in asked] == [7, 7]


def test_two_clients_with_one_port_are_kept_apart(
        machine: Machine, bridge: Bridge, networks: tuple[Namespace, Namespace]) -> None:
    red, blue = networks
    green = member(machine, bridge, "green", "10.0.0.3/24")
    rules(machine, "-t nat -A POSTROUTING -o br1 -j MASQUERADE")
    server = UDPSocket(blue)
    server.bind(port=53)
    for namespace in (red, green):
        client = UDPSocket(namespace)
        client.bind(port=5000)
        client.send_to(b"?", (IPv4Address(OUTSIDE), 53))
    machine.clock.run_until(SECOND)

    senders = [run(machine, server.receive_from(1))[1] for _ in range(2)]

    assert senders == [(IPv4Address("10.0.1.1"), 5000), (IPv4Address("10.0.1.1"), 1024)]


def test_an_error_about_a_translated_packet_is_translated_back(
        machine: Machine, networks: tuple[Namespace, Namespace]) -> None:
    """RFC 3022 section 4.3: who asked 10.0.0.1 hears of 10.0.0.1."""
    red, _ = networks
    rules(machine, "-t nat -A PREROUTING -p udp --dport 53 -j DNAT --to-destination 10.0.1.2:5353")
    listener, client = ICMPSocket(red), UDPSocket(red)
    client.send_to(b"?", (IPv4Address("10.0.0.1"), 53))

    error = run(machine, listener.receive(1))

    quoted = error.payload.payload
    assert isinstance(quoted, IPv4)
    assert isinstance(quoted.payload, UDP)
    assert (error.source, quoted.destination) == (IPv4Address("10.0.0.1"), IPv4Address("10.0.0.1"))
    assert quoted.payload.destination_port == 53


def test_a_dropped_packet_begins_no_connection(machine: Machine, networks: tuple[Namespace, Namespace]) -> None:
    red, _ = networks
    rules(machine, "-A FORWARD -m conntrack --ctstate NEW -j DROP")

    with pytest.raises(TimeoutError):
        run(machine, ping(red, OUTSIDE))

    assert machine.root.netfilter.conntrack.text() == ""


def test_nothing_is_tracked_until_a_rule_asks(machine: Machine, networks: tuple[Namespace, Namespace]) -> None:
    red, _ = networks
    rules(machine, "-A FORWARD -j ACCEPT")
    run(machine, ping(red, OUTSIDE))
    before = machine.root.netfilter.conntrack.listing()
    rules(machine, "-A FORWARD -m conntrack --ctstate INVALID -j DROP")

    run(machine, ping(red, OUTSIDE))

    assert (before, len(machine.root.netfilter.conntrack.listing())) == ([], 1)


@pytest.mark.parametrize(("seconds", "remembered"), [(29, 1), (31, 0)])
def test_a_ping_is_remembered_for_half_a_minute(
        machine: Machine, networks: tuple[Namespace, Namespace], seconds: int, remembered: int) -> None:
    """net.netfilter.nf_conntrack_icmp_timeout."""
    red, _ = networks
    rules(machine, "-A FORWARD -m conntrack --ctstate NEW")
    run(machine, ping(red, OUTSIDE))

    machine.clock.run_until(machine.clock.now + seconds * SECOND)

    assert len(machine.root.netfilter.conntrack.listing()) == remembered


async def talk(red: Namespace, server: UDPSocket, seconds: float) -> None:
    client = UDPSocket(red)
    client.send_to(b"?", (IPv4Address(OUTSIDE), 53))
    _, back = await server.receive_from(1)
    server.send_to(b"!", back)
    await client.receive_from(1)
    with pytest.raises(TimeoutError):
        await client.receive_from(seconds)
    client.send_to(b"?", (IPv4Address(OUTSIDE), 53))
    await server.receive_from(1)


@pytest.mark.parametrize(("pause", "shown"), [(1, "17 30 "), (3, "17 120 ")])
def test_what_goes_on_for_two_seconds_is_a_stream(
        machine: Machine, networks: tuple[Namespace, Namespace], pause: float, shown: str) -> None:
    """net.netfilter.nf_conntrack_udp_timeout, and nf_conntrack_udp_timeout_stream."""
    red, blue = networks
    rules(machine, "-A FORWARD -m conntrack --ctstate NEW")
    server = UDPSocket(blue)
    server.bind(port=53)

    run(machine, talk(red, server, pause))

    line = machine.root.netfilter.conntrack.text()
    assert (shown in line or shown.replace("30", "29").replace("120", "119") in line, "[ASSURED]" in line) == (
        True, pause > 2)


def test_a_mark_does_not_leave_the_machine(machine: Machine, networks: tuple[Namespace, Namespace]) -> None:
    red, blue = networks
    rules(machine, "-t mangle -A FORWARD -j MARK --set-mark 1")
    type_command(blue.netfilter, "-A INPUT -m mark --mark 1 -j DROP")

    assert run(machine, ping(red, OUTSIDE)).source == IPv4Address(OUTSIDE)


def test_a_clamped_segment_size_reaches_the_server(machine: Machine, networks: tuple[Namespace, Namespace]) -> None:
    red, blue = networks
    machine.root.devices["br1"].mtu = 1400
    rules(machine, "-t mangle -A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu")
    type_command(blue.netfilter, "-A INPUT -p tcp --syn -m tcpmss --mss 1360")
    Task(machine.clock, serve_once(blue, 80))

    run(machine, ask(red, OUTSIDE, 80, b"hello"))

    assert [rule.packets for rule in blue.netfilter.tables["filter"].chains["INPUT"].rules] == [1]


def test_pieces_on_a_filtering_bridge_count_as_the_packet_that_they_are(machine: Machine, bridge: Bridge) -> None:
    red = member(machine, bridge, "red", "10.0.0.2/24")
    member(machine, bridge, "blue", "10.0.0.3/24")
    machine.root.bridge_netfilter = True
    rules(machine, "-A FORWARD -m physdev --physdev-is-bridged -m conntrack --ctstate NEW", "-A FORWARD -p icmp")

    answer = run(machine, ping(red, "10.0.0.3", size=4000))

    assert (counted(machine, "filter", "FORWARD"), len(answer)) == ([1, 2], 4028)
