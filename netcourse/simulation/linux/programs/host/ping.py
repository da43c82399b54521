"""ping of iputils 20221126."""

from __future__ import annotations

import errno
import getopt
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.packets import ICMP, ICMPType, IPv4, Unreachable
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.resolver import NameNotFound, find_address
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.sockets import ICMPSocket

LINGER = 10
_UNREACHABLE = {Unreachable.NETWORK: "Destination Net Unreachable", Unreachable.HOST: "Destination Host Unreachable",
                Unreachable.PROTOCOL: "Destination Protocol Unreachable",
                Unreachable.PORT: "Destination Port Unreachable",
                Unreachable.NETWORK_PROHIBITED: "Destination Net Prohibited",
                Unreachable.HOST_PROHIBITED: "Destination Host Prohibited",
                Unreachable.ADMINISTRATIVELY_PROHIBITED: "Packet filtered"}


@dataclass
class _Run:
    process: Process
    name: str
    target: IPv4Address
    options: dict[str, str]
    start: int
    last_event: int = 0
    sent: int = 0
    errors: int = 0
    times: list[int] = field(default_factory=list)
    sent_at: dict[int, int] = field(default_factory=dict)

    @property
    def is_quiet(self) -> bool:
        return "-q" in self.options


async def ping(process: Process) -> int:
    try:
        found, rest = getopt.gnu_getopt(process.arguments[1:], "4nqc:i:W:w:s:t:M:I:b")
    except getopt.GetoptError as error:
        process.complain(f"ping: invalid option -- '{error.opt}'")
        return 2
    if len(rest) != 1:
        process.complain("ping: usage error: Destination address required")
        return 2
    try:
        target = await find_address(process, rest[0])
    except NameNotFound:
        process.complain(f"ping: {rest[0]}: Name or service not known")
        return 2
    run = _Run(process, rest[0], target, dict(found), process.machine.clock.now)
    try:
        return await _run(run)
    except OSError as error:
        process.complain(f"ping: connect: {error.strerror}")
        return 2


async def _run(run: _Run) -> int:
    process, size = run.process, int(run.options.get("-s", "56"))
    process.namespace.source_for(run.target)
    process.write(f"PING {run.name} ({run.target}) {size}({size + 28}) bytes of data.\n")
    process.signal_handlers[Signal.SIGINT] = lambda: _interrupted(run)
    socket = ICMPSocket(process.namespace)
    try:
        await _exchange(run, socket, size)
    finally:
        socket.close()
    _summary(run)
    return 0 if run.times else 1


def _interrupted(run: _Run) -> None:
    _summary(run)
    run.process.kill(Signal.SIGINT)


async def _exchange(run: _Run, socket: ICMPSocket, size: int) -> None:
    clock = run.process.machine.clock
    count = int(run.options.get("-c", "0"))
    interval, patience = float(run.options.get("-i", "1")), float(run.options.get("-W", LINGER))
    end = run.start + round(float(run.options["-w"]) * SECOND) if "-w" in run.options else None
    while not count or run.sent < count:
        run.sent += 1
        run.sent_at[run.sent] = run.last_event = clock.now
        message = ICMP(ICMPType.ECHO_REQUEST, 0, run.process.host_pid & 0xFFFF, run.sent & 0xFFFF, bytes(size))
        try:
            socket.send_to(message, run.target, ttl=int(run.options.get("-t", "64")),
                           dont_fragment=run.options.get("-M") != "dont")
        except OSError as error:
            _refused(run, error)
            if run.sent == count:
                return
        last = run.sent == count
        until = clock.now + round((patience if last else interval) * SECOND)
        await _listen(run, socket, min(until, end or until), last=last)
        if end is not None and clock.now >= end:
            return


def _refused(run: _Run, error: OSError) -> None:
    if error.errno == errno.EMSGSIZE:
        mtu = run.process.namespace.devices[run.process.namespace.route_to(run.target).interface].mtu
        run.errors += not run.is_quiet
        if not run.is_quiet:
            run.process.complain(f"ping: local error: message too long, mtu={mtu}")
        return
    if error.errno != errno.EPERM:  # iputils counts a packet that the firewall keeps back as sent, and says nothing
        run.process.complain(f"ping: sendmsg: {error.strerror}")


async def _listen(run: _Run, socket: ICMPSocket, until: int, *, last: bool) -> None:
    clock = run.process.machine.clock
    while clock.now < until:
        try:
            packet = await socket.receive((until - clock.now) / SECOND)
        except TimeoutError:
            return
        if _take(run, packet) and last:
            return


def _take(run: _Run, packet: IPv4) -> bool:
    """Whether the packet belongs to this run; if so it is printed."""
    message = packet.payload
    assert isinstance(message, ICMP)
    about = message.payload.payload if message.is_error and isinstance(message.payload, IPv4) else message
    if not isinstance(about, ICMP) or about.identifier != run.process.host_pid & 0xFFFF:
        return False
    if about.sequence not in run.sent_at:
        return False
    run.last_event = run.process.machine.clock.now
    if message.is_error:
        run.errors += 1
        _print(run, f"From {packet.source} icmp_seq={about.sequence} {_complaint(message)}")
        return True
    taken = run.process.machine.clock.now - run.sent_at[message.sequence]
    run.times.append(taken)
    _print(run, f"{len(message)} bytes from {packet.source}: icmp_seq={message.sequence} ttl={packet.ttl} "
                f"time={taken / MILLISECOND:.3f} ms")
    return True


def _complaint(message: ICMP) -> str:
    if message.type == ICMPType.TIME_EXCEEDED:
        return "Time to live exceeded"
    if message.code == Unreachable.FRAGMENTATION_NEEDED:
        return f"Frag needed and DF set (mtu = {message.sequence})"
    return _UNREACHABLE.get(Unreachable(message.code), f"Dest Unreachable, Bad Code: {message.code}")


def _print(run: _Run, line: str) -> None:
    if not run.is_quiet:
        run.process.write(line + "\n")


def _summary(run: _Run) -> None:
    lost = round(100 * (run.sent - len(run.times)) / run.sent) if run.sent else 0
    errors = f"+{run.errors} errors, " if run.errors else ""
    duration = max(run.last_event - run.start, 0) // MILLISECOND
    run.process.write(f"\n--- {run.name} ping statistics ---\n{run.sent} packets transmitted, "
                      f"{len(run.times)} received, {errors}{lost}% packet loss, time {duration}ms\n")
    if not run.times:
        run.process.write("\n")
        return
    times = [taken / MILLISECOND for taken in run.times]
    mean = sum(times) / len(times)
    deviation = (sum(t * t for t in times) / len(times) - mean * mean) ** 0.5 if len(times) > 1 else 0.0
    run.process.write(f"rtt min/avg/max/mdev = {min(times):.3f}/{mean:.3f}/{max(times):.3f}/{deviation:.3f} ms\n")
