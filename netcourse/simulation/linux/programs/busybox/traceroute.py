"""busybox traceroute (networking/traceroute.c): probes with a growing time to live, and who answers that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from netcourse.packets import ICMP, UDP, ICMPType, IPv4, Protocol, Unreachable
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, refuse, usage
from netcourse.simulation.linux.programs.busybox.ping import LARGEST_NUMBER, address_of, unreachable_text
from netcourse.simulation.linux.resolver import find_name
from netcourse.simulation.linux.sockets import ICMPSocket, UDPSocket

FIRST_PORT = 33434
SMALLEST, LARGEST = 46, 32768
HEADERS = 28
LARGEST_READ = 492
"""As much of an ICMP message as the program's buffer holds."""
_RANGES = {"t": (0, 255), "m": (1, 255), "p": (0, 65535), "q": (1, LARGEST_NUMBER), "w": (1, 86400),
           "z": (0, 3_600_000)}
_MARKS = {Unreachable.NETWORK: " !N", Unreachable.HOST: " !H", Unreachable.PROTOCOL: " !P",
          Unreachable.NETWORK_PROHIBITED: " !A", Unreachable.HOST_PROHIBITED: " !C",
          Unreachable.ADMINISTRATIVELY_PROHIBITED: " !X"}


@dataclass
class _Trace:
    """What was asked for, and where it has got to; ``wait`` and ``pause`` in seconds."""

    process: Process
    given: dict[str, str]
    target: IPv4Address
    source: IPv4Address
    size: int
    base_port: int
    wait: int
    pause: float
    sequence: int = 0

    @property
    def port(self) -> int:
        """Where the last probe went: each has a port of its own, by which its answer is known."""
        return (self.base_port + self.sequence) % 65536


@complaining
async def traceroute(process: Process) -> int:
    given, rest = options(process, "46FIlnrdvxt:i:m:p:q:s:w:z:f:")
    if not 0 < len(rest) < 3:
        raise usage("traceroute")
    refuse(process, given, "dx")
    numbers = {letter: number(process, given[letter], *limits) for letter, limits in _RANGES.items() if letter in given}
    hops = numbers.get("m", 30)
    first = number(process, given.get("f", "1"), 1, hops)
    trace = await _prepare(process, given, rest, numbers)
    if not process.has_raw_sockets:
        raise Complaint("traceroute: socket: Operation not permitted")
    shown = f" from {trace.source}" if "s" in given else ""
    process.write(f"traceroute to {rest[0]} ({trace.target}){shown}, {hops} hops max, {trace.size} byte packets\n")
    for ttl in range(first, hops + 1):
        process.write(f"{ttl:2d}")
        if await _probe_hop(trace, ttl, numbers.get("q", 3)):
            break
    return 0


async def _prepare(process: Process, given: dict[str, str], rest: list[str], numbers: dict[str, int]) -> _Trace:
    target = await address_of(process, rest[0], family="6" if "6" in given else "")
    size = number(process, rest[1], SMALLEST, LARGEST) if len(rest) > 1 else SMALLEST
    if "i" in given and given["i"] not in process.namespace.devices:
        process.complain(f"traceroute: can't bind to interface {given['i']}: No such device")
    try:
        source = await address_of(process, given["s"]) if "s" in given else process.namespace.source_for(target)
    except OSError as error:
        raise Complaint(
            f"traceroute: can't connect to remote host ({target}): {unreachable_text(error)}") from None
    if not process.namespace.is_local(source):
        raise Complaint("traceroute: can't set multicast source interface")
    return _Trace(process, given, target, source, size, numbers.get("p", FIRST_PORT), numbers.get("w", 3),
                  numbers.get("z", 0) / 1000)


async def _probe_hop(trace: _Trace, ttl: int, probes: int) -> bool:
    """Print one line; True when the target has answered, or every answer was a refusal."""
    process, arrived, refusals, shown = trace.process, False, 0, None
    for probe in range(probes):
        if probe and trace.pause:
            await process.sleep(trace.pause)
        answer = await _probe(trace, ttl)
        if answer is None:
            process.write("  *")
            continue
        packet, taken = answer
        if packet.source != shown:
            shown = packet.source
            process.write(await _named(trace, packet))
        message = packet.payload
        assert isinstance(message, ICMP)
        mark = _MARKS.get(Unreachable(message.code), "") if message.type == ICMPType.UNREACHABLE else ""
        process.write(f"  {taken / MILLISECOND:.3f} ms{mark}")
        refusals += bool(mark)
        arrived = arrived or (message.type != ICMPType.TIME_EXCEEDED and not mark)
    process.write("\n")
    return arrived or refusals >= probes


async def _named(trace: _Trace, packet: IPv4) -> str:
    text = f"  {packet.source}"
    if "n" not in trace.given:
        text = f"  {await find_name(trace.process, packet.source) or packet.source} ({packet.source})"
    length = min(8 + trace.size, LARGEST_READ)
    return text + (f" {length} bytes to {packet.destination}" if "v" in trace.given else "")


async def _probe(trace: _Trace, ttl: int) -> tuple[IPv4, int] | None:
    """The message that a probe brings, and how long it took (nanoseconds)."""
    process = trace.process
    clock = process.machine.clock
    listener, sender = ICMPSocket(process.namespace), UDPSocket(process.namespace)
    start = clock.now
    trace.sequence += 1
    try:
        sender.bind(trace.source)
        process.namespace.ipv4.send(_packet(trace, sender, ttl))
        while True:
            packet = await listener.receive(trace.wait - (clock.now - start) / SECOND)
            if _is_answer(trace, packet.payload):
                return packet, clock.now - start
    except TimeoutError:
        return None
    except OSError as error:
        raise Complaint(f"traceroute: sendto: {unreachable_text(error)}") from None
    finally:
        listener.close()
        sender.close()


def _packet(trace: _Trace, sender: UDPSocket, ttl: int) -> IPv4:
    """A datagram in any case: the option for ICMP is taken and does nothing in this busybox."""
    assert sender.local is not None
    datagram = UDP(sender.local[1], trace.port, bytes(trace.size - HEADERS))
    return IPv4(trace.source, trace.target, Protocol.UDP, datagram, ttl, dont_fragment="F" in trace.given,
                tos=int(trace.given.get("t", "0")))


def _is_answer(trace: _Trace, message: object) -> bool:
    """Whether an ICMP message is an error about the last probe."""
    quoted = message.payload if isinstance(message, ICMP) and message.is_error else None
    return (isinstance(quoted, IPv4) and isinstance(quoted.payload, UDP)
            and quoted.payload.destination_port == trace.port)
