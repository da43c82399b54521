"""ping of iputils 20221126: its way of asking and of telling; its command line stands in ping_options.py."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.packets import ICMP, ICMPType, IPv4, Unreachable
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.host import ping_options
from netcourse.simulation.linux.programs.host.ping_options import Options, Refused
from netcourse.simulation.linux.resolver import LOOPBACK, NameNotFound, as_address, find_address, find_name
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.sockets import ICMPSocket

HEADERS, TIMESTAMP = 28, 16
LONGEST_PACKET = 65535
BROADCAST_REFUSED = "Do you want to ping broadcast? Then -b. If not, check your local firewall rules"
_UNREACHABLE = {Unreachable.NETWORK: "Destination Net Unreachable", Unreachable.HOST: "Destination Host Unreachable",
                Unreachable.PROTOCOL: "Destination Protocol Unreachable",
                Unreachable.PORT: "Destination Port Unreachable",
                Unreachable.NETWORK_PROHIBITED: "Destination Net Prohibited",
                Unreachable.HOST_PROHIBITED: "Destination Host Prohibited",
                Unreachable.ADMINISTRATIVELY_PROHIBITED: "Packet filtered"}


@dataclass
class _Run:
    """``with_names``: whoever answers is shown with a name, as the target was given by one."""

    process: Process
    options: Options
    target: IPv4Address
    with_names: bool
    socket: ICMPSocket
    start: int
    last_sent: int = 0
    sent: int = 0
    errors: int = 0
    times: list[int] = field(default_factory=list)
    sent_at: dict[int, int] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)

    @property
    def is_quiet(self) -> bool:
        return "q" in self.options.flags

    @property
    def times_answers(self) -> bool:
        """The moment of sending travels in the packet, where there is room for it."""
        return self.options.size >= TIMESTAMP


async def ping(process: Process) -> int:
    try:
        options = ping_options.read(process)
    except Refused as refusal:
        (process.stdout if refusal.is_output else process.stderr).write(str(refusal).encode())
        return refusal.code
    for warning in options.warnings:
        process.complain(warning)
    name = options.destination
    try:
        target = await find_address(process, name)
    except NameNotFound:
        process.complain(f"ping: {name}: Name or service not known")
        return 2
    with_names = as_address(name) is None and "n" not in options.flags
    socket = ICMPSocket(process.namespace)
    run = _Run(process, options, target if int(target) else LOOPBACK, with_names, socket, process.machine.clock.now)
    try:
        return await _run(run)
    finally:
        socket.close()


async def _run(run: _Run) -> int:
    process = run.process
    try:
        source = _bind(run)
    except OSError as error:
        process.complain(f"ping: {error.strerror}")
        return 2
    process.write(run.options.pattern)
    size = run.options.size
    process.write(f"PING {run.options.destination} ({run.target}) {source}{size}({size + HEADERS}) bytes of data.\n")
    process.signal_handlers[Signal.SIGINT] = lambda: process.leave(_finish(run))
    await _exchange(run)
    return _finish(run)


def _finish(run: _Run) -> int:
    _summary(run)
    return 0 if run.answered else 1


def _bind(run: _Run) -> str:
    """What is told of the address that is used. Raises OSError with ping's own text."""
    process, chosen = run.process, run.options.source
    namespace, address = process.namespace, as_address(run.options.source)
    if chosen and address is None and chosen not in namespace.devices:
        raise OSError(errno.ENODEV, f"SO_BINDTODEVICE {chosen}: No such device")
    if address is not None and not namespace.is_local(address):
        raise OSError(errno.EADDRNOTAVAIL, "bind: Cannot assign requested address")
    run.socket.interface = "" if address is not None else chosen
    try:
        run.socket.source = address or namespace.sockets.source_for(run.target, run.socket.interface)
    except OSError as error:
        asked_for_broadcast = error.errno == errno.EACCES
        raise OSError(error.errno, BROADCAST_REFUSED if asked_for_broadcast else f"connect: {error.strerror}") from None
    if namespace.is_broadcast(run.target):
        if "b" not in run.options.flags:
            raise OSError(errno.EACCES, BROADCAST_REFUSED)
        process.complain("WARNING: pinging broadcast address")
    if address is not None or chosen or "B" in run.options.flags:
        return f"from {run.socket.source} {run.socket.interface}: "
    return ""


async def _exchange(run: _Run) -> None:
    clock, options = run.process.machine.clock, run.options
    end = run.start + round(options.deadline * SECOND) if options.deadline is not None else None
    while not options.count or run.sent < options.count:
        _tell_of_silence(run)
        run.sent += 1
        run.sent_at[run.sent] = run.last_sent = clock.now
        message = ICMP(ICMPType.ECHO_REQUEST, 0, run.process.host_pid & 0xFFFF, run.sent & 0xFFFF, bytes(options.size))
        last = run.sent == options.count
        try:
            _send(run, message)
        except OSError as error:
            _refused(run, error)
            if last and error.errno == errno.EMSGSIZE:
                return
        until = clock.now + round((options.patience if last else options.interval) * SECOND)
        await _listen(run, min(until, end or until), last=last)
        if end is not None and clock.now >= end:
            return


def _send(run: _Run, message: ICMP) -> None:
    if len(message) > LONGEST_PACKET:
        return  # nothing of that length can be sent, and ping waits for an answer all the same
    run.socket.send_to(message, run.target, ttl=run.options.ttl, tos=run.options.tos,
                       path_mtu_discovery=run.options.path_mtu_discovery)


def _tell_of_silence(run: _Run) -> None:
    if "O" in run.options.flags and run.sent and run.sent not in run.answered:
        _print(run, f"no answer yet for icmp_seq={run.sent}")


def _refused(run: _Run, error: OSError) -> None:
    """iputils counts a packet that couldn't be sent as sent, and says so only of one that is too long."""
    if error.errno == errno.EMSGSIZE and not run.is_quiet:
        run.errors += 1
        mtu = run.process.namespace.ipv4.mtu_to(run.target, run.socket.interface)
        run.process.complain(f"ping: local error: message too long, mtu={mtu}")


async def _listen(run: _Run, until: int, *, last: bool) -> None:
    clock = run.process.machine.clock
    while clock.now < until:
        try:
            packet = await run.socket.receive((until - clock.now) / SECOND)
        except TimeoutError:
            return
        if await _take(run, packet) and last:
            return


async def _take(run: _Run, packet: IPv4) -> bool:
    """Whether the packet ends the wait for an answer of this run; it is printed where it belongs to it."""
    message = packet.payload
    assert isinstance(message, ICMP)
    about = message.payload.payload if message.is_error and isinstance(message.payload, IPv4) else message
    if not isinstance(about, ICMP) or about.identifier != run.process.host_pid & 0xFFFF:
        return False
    if about.sequence not in run.sent_at:
        return False
    now = run.process.machine.clock.now
    sender = await _shown(run, packet.source)
    if message.type == ICMPType.REDIRECT:
        _print(run, f"From {sender}: icmp_seq={about.sequence} Redirect Host(New nexthop: {message.gateway})")
        return False
    if message.is_error:
        run.errors += 1
        _print(run, f"From {sender} icmp_seq={about.sequence} {_complaint(message)}")
        return True
    run.answered.add(message.sequence)
    line = f"{len(message)} bytes from {sender}: icmp_seq={message.sequence} ttl={packet.ttl}"
    if run.times_answers:
        run.times.append(now - run.sent_at[message.sequence])
        line += f" time={run.times[-1] / MILLISECOND:.3f} ms"
    _print(run, line + "\a" * ("a" in run.options.flags))
    return True


async def _shown(run: _Run, ip: IPv4Address) -> str:
    name = await find_name(run.process, ip) if run.with_names and not run.is_quiet else None
    return f"{name} ({ip})" if name is not None else str(ip)


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
    lost = 100 * (run.sent - len(run.answered)) / run.sent if run.sent else 0
    errors = f"+{run.errors} errors, " if run.errors else ""
    duration = max(run.last_sent - run.start, 0) // MILLISECOND
    run.process.write(f"\n--- {run.options.destination} ping statistics ---\n{run.sent} packets transmitted, "
                      f"{len(run.answered)} received, {errors}{lost:g}% packet loss, time {duration}ms\n")
    if not run.times:
        run.process.write("\n")
        return
    times = [taken / MILLISECOND for taken in run.times]
    mean = sum(times) / len(times)
    deviation = (sum(t * t for t in times) / len(times) - mean * mean) ** 0.5 if len(times) > 1 else 0.0
    run.process.write(f"rtt min/avg/max/mdev = {min(times):.3f}/{mean:.3f}/{max(times):.3f}/{deviation:.3f} ms\n")
