"""TCP, by the sections of RFC 9293 and what Linux makes of them."""

from __future__ import annotations

import errno
from ipaddress import IPv4Address

import pytest

from netcourse.packets import TCP, Ethernet, IPv4, TCPFlags
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter import type_command
from netcourse.simulation.linux.tasks import Task
from netcourse.simulation.linux.tcp import TCPSocket
from netcourse.simulation.linux.tcp_states import State
from netcourse.tcp_options import TCPOptions
from tests.simulation.wiring import ask, member, run, serve_once

PORT = 80


@pytest.fixture
def red(machine: Machine, bridge: Bridge) -> Namespace:
    return member(machine, bridge, "red", "10.0.0.2/24")


@pytest.fixture
def blue(machine: Machine, bridge: Bridge) -> Namespace:
    return member(machine, bridge, "blue", "10.0.0.3/24")


def segments_sent(machine: Machine, namespace: Namespace) -> list[tuple[int, IPv4]]:
    """The TCP packets that left eth0, with the seconds that they left at."""
    frames = [(hop.time // SECOND, hop.packet.payload) for hop in machine.recorder.since(0)
              if (hop.namespace, hop.place, hop.action) == (namespace.name, "eth0", "sent")
              and isinstance(hop.packet, Ethernet)]
    return [(when, packet) for when, packet in frames if isinstance(packet, IPv4) and isinstance(packet.payload, TCP)]


async def give(namespace: Namespace, data: bytes, *, reads: int = 0) -> TCPSocket:
    """Wait for somebody, read so many bytes, send ``data`` and close."""
    listener = TCPSocket(namespace)
    listener.bind(port=PORT)
    listener.listen()
    connection = await listener.accept()
    if reads:
        await connection.receive(reads)
    await connection.send(data)
    connection.close()
    return connection


async def take(namespace: Namespace) -> bytes:
    socket = TCPSocket(namespace)
    await socket.connect((IPv4Address("10.0.0.3"), PORT))
    data = b""
    while more := await socket.receive():
        data += more
    socket.close()
    return data


def test_a_first_segment_offers_what_linux_offers() -> None:
    """RFC 9293 section 3.2, RFC 7323, RFC 2018: forty bytes of header, and twelve for timestamps later on."""
    opening = TCPOptions(1460, sack_permitted=True, timestamps=(1, 0), window_scale=7)

    assert (len(opening), len(TCPOptions(timestamps=(2, 1)))) == (20, 12)
    assert opening.encode().hex(" ", -4) == "020405b4 0402080a 00000001 00000000 01030307"
    assert TCPOptions.decode(opening.encode()) == opening


def test_an_unanswered_syn_is_repeated_every_second_and_then_less_often(
        machine: Machine, red: Namespace, blue: Namespace) -> None:
    """net.ipv4.tcp_syn_linear_timeouts and tcp_syn_retries."""
    type_command(blue.netfilter, "-A INPUT -p tcp -j DROP")

    with pytest.raises(TimeoutError) as refusal:
        run(machine, take(red))

    assert refusal.value.errno == errno.ETIMEDOUT
    assert [when for when, _ in segments_sent(machine, red)] == [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]
    assert machine.clock.now // SECOND == 131


@pytest.mark.parametrize("loss", [0, 0.2])
def test_a_large_file_arrives_whole(machine: Machine, red: Namespace, blue: Namespace, loss: float) -> None:
    type_command(blue.netfilter, f"-A OUTPUT -p tcp -m statistic --mode random --probability {loss} -j DROP")
    data = bytes(range(256)) * 4000
    Task(machine.clock, give(blue, data))

    assert run(machine, take(red)) == data


def test_long_data_travels_as_one_packet_that_a_card_would_cut(
        machine: Machine, red: Namespace, blue: Namespace) -> None:
    Task(machine.clock, give(blue, bytes(10_000)))

    run(machine, take(red))

    sent = [packet for _, packet in segments_sent(machine, blue)]
    assert [(len(packet), packet.longest_piece) for packet in sent if packet.payload.payload] == [(10_052, 1500)]


async def read_late(namespace: Namespace) -> int:
    """Read nothing for a minute, then all."""
    socket = TCPSocket(namespace)
    await socket.connect((IPv4Address("10.0.0.3"), PORT))
    with pytest.raises(TimeoutError):
        await TCPSocket(namespace).accept(60)
    waiting = socket.queues[0]
    while await socket.receive():
        pass
    return waiting


def test_who_does_not_read_makes_the_sender_wait(machine: Machine, red: Namespace, blue: Namespace) -> None:
    """RFC 9293 section 3.8.6."""
    Task(machine.clock, give(blue, bytes(2_000_000)))

    assert run(machine, read_late(red)) == 181 * 1448  # as many whole segments as 256 KiB have room for


def test_who_closes_first_remembers_the_connection_for_a_minute(
        machine: Machine, red: Namespace, blue: Namespace) -> None:
    """RFC 9293 section 3.6.1."""
    Task(machine.clock, give(blue, b"bye"))
    run(machine, take(red))
    machine.clock.run_until(machine.clock.now + SECOND)

    soon = [[s.state for s in n.sockets.tcp.connections.values()] for n in (blue, red)]
    machine.clock.run_until(machine.clock.now + 61 * SECOND)

    assert soon == [[State.TIME_WAIT], []]
    assert blue.sockets.tcp.connections == {}


def test_who_closes_without_having_read_all_resets(machine: Machine, red: Namespace, blue: Namespace) -> None:
    """RFC 2525 section 2.17."""
    Task(machine.clock, give(blue, b"", reads=1))

    with pytest.raises(ConnectionResetError):
        run(machine, ask(red, "10.0.0.3", PORT, b"hello"))


def test_a_reset_does_not_end_a_listener(machine: Machine, red: Namespace, blue: Namespace) -> None:
    """RFC 9293 section 3.10.7.2."""
    Task(machine.clock, serve_once(blue, PORT))
    machine.clock.run_until(SECOND)
    reset = TCP(4000, PORT, flags=TCPFlags.RST)

    blue.sockets.tcp.deliver(IPv4(IPv4Address("10.0.0.2"), IPv4Address("10.0.0.3"), 6, reset), reset)

    assert run(machine, ask(red, "10.0.0.3", PORT, b"hello")) == b"you said hello"


def test_a_full_queue_leaves_others_to_try_again(machine: Machine, red: Namespace, blue: Namespace) -> None:
    """listen(2): with a backlog of 1 two connections wait, and a third one gets no answer."""
    listener = TCPSocket(blue)
    listener.bind(port=PORT)
    listener.listen(1)
    sockets = [TCPSocket(red) for _ in range(3)]

    for socket in sockets:
        Task(machine.clock, socket.connect((IPv4Address("10.0.0.3"), PORT)))
        machine.clock.run_until(machine.clock.now + SECOND // 10)

    assert [socket.state for socket in sockets] == [State.ESTABLISHED, State.ESTABLISHED, State.SYN_SENT]


def test_an_error_from_the_same_machine_counts_when_it_comes_again(
        machine: Machine, red: Namespace, blue: Namespace) -> None:
    """connect(2) still holds the socket when it comes for the first time (net/ipv4/tcp_ipv4.c, tcp_v4_err)."""
    type_command(blue.netfilter, "-A INPUT -p tcp -j REJECT")

    with pytest.raises(ConnectionRefusedError):
        run(machine, take(red))

    assert [when for when, _ in segments_sent(machine, red)] == [0, 1]
