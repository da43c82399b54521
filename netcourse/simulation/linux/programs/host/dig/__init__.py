"""dig of BIND 9.18.49, as Debian 12 has it: questions to nameservers over UDP and TCP, and the answers in full."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address

from netcourse.dns import Message
from netcourse.packets import MalformedPacket
from netcourse.simulation.linux.clock import MILLISECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining
from netcourse.simulation.linux.programs.host.dig import text
from netcourse.simulation.linux.programs.host.dig.command_line import CommandLine, Lookup, read
from netcourse.simulation.linux.resolver import NameNotFound, find_addresses, read_resolver_file
from netcourse.simulation.linux.sockets import UDPSocket
from netcourse.simulation.linux.tcp import TCPSocket

NO_REPLY = 9
_REASONS = {errno.ECONNREFUSED: "connection refused", errno.EHOSTUNREACH: "host unreachable",
            errno.ENETUNREACH: "network unreachable", errno.EADDRNOTAVAIL: "address not available",
            errno.EPERM: "permission denied"}
_AT_ONCE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL)


class _NoAnswer(Exception):
    """``line`` says why, and ``is_setup``: there was nothing that one could have waited for."""

    def __init__(self, line: str, *, is_setup: bool = False) -> None:
        super().__init__(line)
        self.is_setup = is_setup


@complaining
async def dig(process: Process) -> int:
    line = read(process)
    servers = [ip for name in line.servers for ip in await _addresses(process, name)]
    servers = servers or read_resolver_file(process).nameservers or [IPv4Address("127.0.0.1")]
    greeting = text.greeting(line) if line.greets and not line.is_short else ""
    code = 0
    for number, lookup in enumerate(line.lookups):
        code = max(code, await _look_up(process, line, lookup, servers, greeting if not number else ""))
    return code


async def _addresses(process: Process, name: str) -> list[IPv4Address]:
    """Raises Complaint."""
    try:
        return await find_addresses(process, name)
    except NameNotFound:
        raise Complaint(f"dig: couldn't get address for '{name}': not found") from None


async def _look_up(process: Process, line: CommandLine, lookup: Lookup, servers: list[IPv4Address],
                   greeting: str) -> int:
    """Ask, one server after the other and once more; an exit code."""
    greeting = greeting if lookup.shows_command else ""
    for attempt in range(lookup.tries):
        for server in servers:
            is_last = attempt == lookup.tries - 1 and server == servers[-1]
            began = process.machine.clock.now
            try:
                data = await _ask(process, line, lookup, server)
                answer = Message.decode(data)
            except _NoAnswer as failure:
                process.write(f"{failure}\n")
                if failure.is_setup or is_last:
                    process.write(f"{'' if failure.is_setup else greeting};; no servers could be reached\n")
                continue
            except MalformedPacket:
                process.write(";; Got bad packet: unexpected end of input\n")
                continue
            elapsed = (process.machine.clock.now - began) // MILLISECOND
            source = text.Source(server, line.port, elapsed, len(data), process.machine.clock.now, lookup.over_tcp)
            process.write(greeting + text.answer(line, lookup, answer, source))
            return 0
    return NO_REPLY


async def _ask(process: Process, line: CommandLine, lookup: Lookup, server: IPv4Address) -> bytes:
    """The bytes of the answer. Raises _NoAnswer."""
    question = Message(process.machine.random.getrandbits(16), lookup.name, lookup.type,
                       recursion_desired=lookup.recurses).encode()
    where = f"{server}#{line.port}"
    try:
        exchange = _over_tcp if lookup.over_tcp else _over_udp
        return await exchange(process, question, (server, line.port), lookup.timeout)
    except OSError as error:
        if isinstance(error, TimeoutError) and error.errno is None:
            raise _NoAnswer(f";; communications error to {where}: timed out") from None
        reason = _REASONS.get(error.errno or 0, os.strerror(error.errno or 0).lower())
        if lookup.over_tcp:
            raise _NoAnswer(f";; Connection to {where}({server}) for {lookup.name} failed: {reason}.",
                            is_setup=True) from None
        if error.errno in _AT_ONCE:
            raise _NoAnswer(f";; UDP setup with {where}({server}) for {lookup.name} failed: {reason}.",
                            is_setup=True) from None
        raise _NoAnswer(f";; communications error to {where}: {reason}") from None


async def _over_udp(process: Process, question: bytes, server: tuple[IPv4Address, int], timeout: float) -> bytes:
    socket = UDPSocket(process.namespace)
    try:
        socket.send_to(question, server)
        data, _ = await socket.receive_from(timeout)
        return data
    finally:
        socket.close()


async def _over_tcp(process: Process, question: bytes, server: tuple[IPv4Address, int], timeout: float) -> bytes:
    """A message is preceded by its length (RFC 1035 section 4.2.2)."""
    socket = TCPSocket(process.namespace)
    try:
        await socket.connect(server, timeout)
        await socket.send(len(question).to_bytes(2) + question)
        data = b""
        while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2]):
            piece = await socket.receive(timeout=timeout)
            if not piece:
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            data += piece
        return data[2:]
    finally:
        socket.close()
