"""busybox ping and traceroute."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.packets import ICMP, UDP, ICMPType, IPv4, Unreachable
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, usage
from netcourse.simulation.linux.resolver import NameNotFound, as_address, find_address, find_name
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.sockets import ICMPSocket, UDPSocket

FIRST_PORT = 33434


async def address_of(process: Process, name: str) -> IPv4Address:
    """Raises Complaint: ``ping: bad address 'x'``."""
    try:
        return await find_address(process, name)
    except NameNotFound:
        raise Complaint(f"{process.arguments[0]}: bad address '{name}'") from None


@dataclass
class _Count:
    sent: int = 0
    times: list[float] = field(default_factory=list)


@complaining
async def ping(process: Process) -> int:
    given, rest = options(process, "46c:s:i:At:I:W:w:qp:")
    if len(rest) != 1:
        raise usage("ping")
    if "6" in given:
        raise Complaint("ping: IPv6 is not simulated")
    size = number(process, given.get("s", "56"), 0, 65535)
    target = await address_of(process, rest[0])
    source = _source(process, given["I"]) if "I" in given else None
    process.write(f"PING {rest[0]} ({target})" + (f" from {source}" if source else "") + f": {size} data bytes\n")
    count = _Count()
    process.signal_handlers[Signal.SIGINT] = lambda: _interrupted(process, rest[0], count)
    await _exchange(process, given, target, source, size, count)
    _summary(process, rest[0], count)
    return 0 if count.times else 1


def _source(process: Process, text: str) -> IPv4Address:
    ip = as_address(text)
    device = process.namespace.devices.get(text)
    if ip is None and device is not None and device.addresses:
        ip = device.addresses[0].ip
    if ip is None:
        raise Complaint(f"ping: can't bind to interface {text}: No such device")
    if not process.namespace.is_local(ip):
        raise Complaint("ping: bind: Cannot assign requested address")
    return ip


def _interrupted(process: Process, name: str, count: _Count) -> None:
    _summary(process, name, count)
    process.kill(Signal.SIGINT)


async def _exchange(process: Process, given: dict[str, str], target: IPv4Address, source: IPv4Address | None,
                    size: int, count: _Count) -> None:
    socket = ICMPSocket(process.namespace)
    wanted = number(process, given["c"], 1, 2**31) if "c" in given else None
    clock = process.machine.clock
    interval, patience = float(given.get("i", "1")), float(given.get("W", "10"))
    end = clock.now + round(float(given["w"]) * SECOND) if "w" in given else None
    sent_at: dict[int, int] = {}
    try:
        while wanted is None or count.sent < wanted:
            if end is not None and clock.now >= end:
                return
            number_now, count.sent = count.sent, count.sent + 1
            sent_at[number_now] = clock.now
            message = ICMP(ICMPType.ECHO_REQUEST, 0, process.pid & 0xFFFF, number_now & 0xFFFF, bytes(size))
            try:
                socket.send_to(message, target, ttl=int(given.get("t", "64")), source=source, dont_fragment=False)
            except OSError as error:
                raise Complaint(f"ping: sendto: {_words(error)}") from None
            last = wanted is not None and count.sent == wanted
            until = clock.now + round((patience if last else interval) * SECOND)
            await _listen(process, socket, min(until, end or until), sent_at, count, last, "q" in given)
    finally:
        socket.close()


def _words(error: OSError) -> str:
    return {101: "Network is unreachable", 113: "Host is unreachable"}.get(error.errno or 0, error.strerror or "")


async def _listen(process: Process, socket: ICMPSocket, until: int, sent_at: dict[int, int], count: _Count, last: bool,
                  quiet: bool) -> None:
    """Take answers until the time is up, or until the last one is in."""
    clock = process.machine.clock
    while clock.now < until:
        try:
            packet = await socket.receive((until - clock.now) / SECOND)
        except TimeoutError:
            return
        reply = packet.payload
        if not isinstance(reply, ICMP) or reply.type != ICMPType.ECHO_REPLY or reply.sequence not in sent_at:
            continue
        if reply.identifier != process.pid & 0xFFFF:
            continue
        taken = (clock.now - sent_at.pop(reply.sequence)) / MILLISECOND
        count.times.append(taken)
        if not quiet:
            process.write(f"{len(reply)} bytes from {packet.source}: seq={reply.sequence} ttl={packet.ttl} "
                          f"time={taken:.3f} ms\n")
        if last:
            return


def _summary(process: Process, name: str, count: _Count) -> None:
    lost = round(100 * (count.sent - len(count.times)) / count.sent) if count.sent else 0
    process.write(f"\n--- {name} ping statistics ---\n{count.sent} packets transmitted, {len(count.times)} packets "
                  f"received, {lost}% packet loss\n")
    if times := count.times:
        process.write(f"round-trip min/avg/max = {min(times):.3f}/{sum(times) / len(times):.3f}/{max(times):.3f} ms\n")


@complaining
async def traceroute(process: Process) -> int:
    given, rest = options(process, "46Flnrvf:m:q:p:s:i:t:w:z:")
    if not rest:
        raise usage("traceroute")
    try:
        target = await find_address(process, rest[0])
    except NameNotFound:
        raise Complaint(f"traceroute: bad address '{rest[0]}'") from None
    hops = number(process, given.get("m", "30"), 1, 255)
    process.write(f"traceroute to {rest[0]} ({target}), {hops} hops max, 46 byte packets\n")
    for ttl in range(number(process, given.get("f", "1"), 1, 255), hops + 1):
        process.write(f"{ttl:2d}")
        if await _probe_hop(process, given, target, ttl):
            break
    return 0


async def _probe_hop(process: Process, given: dict[str, str], target: IPv4Address, ttl: int) -> bool:
    """Print one line; True when the target has answered."""
    arrived, shown = False, None
    for probe in range(int(given.get("q", "3"))):
        port = int(given.get("p", FIRST_PORT)) + ttl * 3 + probe
        answer = await _probe(process, target, port, ttl, float(given.get("w", "3")))
        if answer is None:
            process.write("  *")
            continue
        packet, taken = answer
        if packet.source != shown:
            shown = packet.source
            process.write(f"  {packet.source}" if "n" in given else
                          f"  {await find_name(process, packet.source) or packet.source} ({packet.source})")
        process.write(f"  {taken / MILLISECOND:.3f} ms")
        error = packet.payload
        assert isinstance(error, ICMP)
        if error.type == ICMPType.UNREACHABLE:
            process.write({Unreachable.NETWORK: " !N", Unreachable.HOST: " !H",
                           Unreachable.ADMINISTRATIVELY_PROHIBITED: " !X"}.get(Unreachable(error.code), ""))
            arrived = True
    process.write("\n")
    return arrived


async def _probe(process: Process, target: IPv4Address, port: int, ttl: int, wait: float) -> tuple[IPv4, int] | None:
    """The ICMP error that a datagram brings, and how long it took (nanoseconds)."""
    clock = process.machine.clock
    listener, sender = ICMPSocket(process.namespace), UDPSocket(process.namespace)
    start = clock.now
    try:
        sender.send_to(bytes(18), (target, port), ttl=ttl)
        while True:
            packet = await listener.receive(wait - (clock.now - start) / SECOND)
            error = packet.payload
            quoted = error.payload if isinstance(error, ICMP) and error.is_error else None
            if isinstance(quoted, IPv4) and isinstance(quoted.payload, UDP) and quoted.payload.destination_port == port:
                return packet, clock.now - start
    except TimeoutError:
        return None
    except OSError as error:
        raise Complaint(f"traceroute: sendto: {_words(error)}") from None
    finally:
        listener.close()
        sender.close()
