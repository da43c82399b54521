"""busybox ping (networking/ping.c)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.packets import ICMP, ICMPType
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    duration,
    name_of,
    number,
    options,
    usage,
)
from netcourse.simulation.linux.resolver import NameNotFound, find_address
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.sockets import ICMPSocket

LARGEST_NUMBER = 2**31 - 1
DEFAULT_SIZE = 56
DEFAULT_PATIENCE = 10
TIMESTAMP_SIZE = 4
DOUBLED = 524_288 / 1_000_000
"""Half a second as the program takes it: it waits for twice the longest answer, in whole seconds."""


async def address_of(process: Process, name: str, *, family: str = "") -> IPv4Address:
    """Raises Complaint: ``ping: bad address 'x'``."""
    if ":" in name:
        raise Complaint(f"{name_of(process)}: IPv6 is not simulated by netcourse")
    try:
        if family == "6":
            raise NameNotFound(name)
        return await find_address(process, name)
    except NameNotFound:
        raise Complaint(f"{name_of(process)}: bad address '{name}'") from None


def unreachable_text(error: OSError) -> str:
    return {101: "Network is unreachable", 113: "Host is unreachable"}.get(error.errno or 0, error.strerror or "")


@dataclass
class _Plan:
    """What was asked for; times in seconds, ``count`` 0 for as many as there is time for, ``ttl`` 0 for the
    usual one."""

    name: str
    target: IPv4Address
    source: IPv4Address | None
    size: int = DEFAULT_SIZE
    pattern: int = 0
    ttl: int = 0
    count: int = 0
    interval: float = 1
    patience: int = DEFAULT_PATIENCE
    deadline: int = 0
    quiet: bool = False
    at_once: bool = False


@dataclass
class _Tally:
    sent: int = 0
    received: int = 0
    times: list[float] = field(default_factory=list)


@complaining
async def ping(process: Process) -> int:
    return await _ping(process, family="")


@complaining
async def ping6(process: Process) -> int:
    return await _ping(process, family="6")


async def _ping(process: Process, family: str) -> int:
    given, rest = options(process, "46c:s:t:I:W:w:qvni:Ap:")
    for letter in set("ctWw") & set(given):
        number(process, given[letter], 0, LARGEST_NUMBER)
    if len(rest) != 1:
        raise usage(name_of(process))
    plan = await _plan(process, given, rest[0], "6" if "6" in given else family)
    tally = _Tally()
    process.signal_handlers[Signal.SIGINT] = lambda: process.leave(_finish(process, plan, tally))
    try:
        await _exchange(process, plan, tally)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Complaint(f"{name_of(process)}: sendto: {unreachable_text(error)}") from None
    return _finish(process, plan, tally)


async def _plan(process: Process, given: dict[str, str], name: str, family: str) -> _Plan:
    size = number(process, given.get("s", str(DEFAULT_SIZE)), 0, 65535)
    bound = process.namespace.devices.get(given.get("I", ""))
    wanted = await address_of(process, given["I"]) if "I" in given and bound is None else None
    pattern = number(process, given.get("p", "0"), 0, 255, base=16)
    interval = duration(process, given.get("i", "1"))
    target = await address_of(process, name, family=family)
    shown = f" from {wanted}" if wanted else ""
    process.write(f"PING {name} ({target}){shown}: {size} data bytes\n")
    if wanted and not process.namespace.is_local(wanted):
        raise Complaint(f"{name_of(process)}: can't set multicast source interface")
    ttl = int(given.get("t", "0"))
    return _Plan(name, target, wanted or (bound.addresses[0].ip if bound and bound.addresses else None), size, pattern,
                 ttl if 0 < ttl < 256 else 0, int(given.get("c", "0")), interval,
                 int(given.get("W", DEFAULT_PATIENCE)), int(given.get("w", "0")), "q" in given, "A" in given)


async def _exchange(process: Process, plan: _Plan, tally: _Tally) -> None:
    if not process.has_raw_sockets:
        raise Complaint("ping: permission denied (are you root?)")
    socket = ICMPSocket(process.namespace)
    socket.source = plan.source
    clock = process.machine.clock
    start = clock.now
    sent_at: dict[int, int] = {}
    try:
        while not (plan.deadline and clock.now - start >= plan.deadline * SECOND):
            message = ICMP(ICMPType.ECHO_REQUEST, 0, process.pid & 0xFFFF, tally.sent & 0xFFFF,
                           bytes([plan.pattern]) * plan.size)
            sent_at[message.sequence] = clock.now
            socket.send_to(message, plan.target, ttl=plan.ttl)
            tally.sent += 1
            is_last = tally.sent == plan.count
            wait = _last_wait(plan, tally) if is_last else plan.interval
            await _listen(process, socket, plan, wait, sent_at, tally, is_last=is_last)
            if is_last:
                return
    finally:
        socket.close()


def _last_wait(plan: _Plan, tally: _Tally) -> float | None:
    """How long to wait when all are sent: as asked where nothing has come back yet, else for two round trips."""
    if tally.received:
        return max(1, int(max(tally.times, default=0) / 1000 / DOUBLED))
    return plan.patience or None


async def _listen(process: Process, socket: ICMPSocket, plan: _Plan, wait: float | None, sent_at: dict[int, int],
                  tally: _Tally, *, is_last: bool) -> None:
    """Take answers until the time is up, or until all are in."""
    clock = process.machine.clock
    until = None if wait is None else clock.now + round(wait * SECOND)
    while until is None or clock.now < until:
        try:
            packet = await socket.receive(None if until is None else (until - clock.now) / SECOND)
        except TimeoutError:
            return
        reply = packet.payload
        if not isinstance(reply, ICMP) or reply.type != ICMPType.ECHO_REPLY or reply.sequence not in sent_at:
            continue
        if reply.identifier != process.pid & 0xFFFF:
            continue
        tally.received += 1
        timed = ""
        if plan.size >= TIMESTAMP_SIZE:
            tally.times.append((clock.now - sent_at.pop(reply.sequence)) / MILLISECOND)
            timed = f" time={tally.times[-1]:.3f} ms"
        if not plan.quiet:
            process.write(f"{len(reply)} bytes from {packet.source}: seq={reply.sequence} ttl={packet.ttl}{timed}\n")
        if plan.at_once or (is_last and tally.received >= plan.count):
            return


def _finish(process: Process, plan: _Plan, tally: _Tally) -> int:
    """Print the statistics; the exit code."""
    lost = f"{100 * (tally.sent - tally.received) // tally.sent}% packet loss\n" if tally.sent else ""
    process.write(f"\n--- {plan.name} ping statistics ---\n{tally.sent} packets transmitted, {tally.received} packets "
                  f"received, {lost}")
    if times := tally.times:
        process.write(f"round-trip min/avg/max = {min(times):.3f}/{sum(times) / len(times):.3f}/{max(times):.3f} ms\n")
    return int(not tally.received or (plan.deadline > 0 and tally.received < plan.count))
