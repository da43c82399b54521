"""busybox nc (networking/nc.c): bytes from standard input to a TCP connection and back."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux.pipes import Pipe
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, refuse, usage
from netcourse.simulation.linux.programs.busybox.ping import LARGEST_NUMBER, address_of
from netcourse.simulation.linux.programs.busybox.starting import CannotStart, start
from netcourse.simulation.linux.sockets import ANY
from netcourse.simulation.linux.tcp import TCPSocket


@complaining
async def nc(process: Process) -> int:
    program = _cut_program(process)
    given, rest = options(process, "lp:w:i:f:")
    for letter in set("iw") & set(given):
        number(process, given[letter], 0, LARGEST_NUMBER)
    refuse(process, given, "if")
    listening = "l" in given
    if (len(rest) > 2) if listening else (len(rest) != 2):
        raise usage("nc")
    patience = float(given.get("w", "0")) or None
    if not listening:
        return await _use(process, await _connect(process, given, rest, patience), program)
    listener = await _listener(process, given, rest)
    goes_on = sum(word.count("l") for word in process.arguments[1:] if word.startswith("-")) > 1 and bool(program)
    try:
        while True:
            code = await _use(process, await listener.accept(patience), program)
            if not goes_on:
                return code
    except TimeoutError:
        raise Complaint("nc: timed out") from None
    finally:
        listener.close()


def _cut_program(process: Process) -> list[str]:
    """All that follows -e is the program to run, with its arguments; it is taken off the command line."""
    words = process.arguments
    at = next((place for place, word in enumerate(words[1:], 1) if word.startswith("-") and word.endswith("e")), None)
    if at is None:
        return []
    program = words[at + 1:]
    if not program:
        raise usage("nc", "option requires an argument -- 'e'")
    process.arguments = words[:at] + ([words[at][:-1]] if len(words[at]) > 2 else [])
    return program


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise Complaint(f"nc: bad port '{text}'")
    return int(text)


async def _connect(process: Process, given: dict[str, str], rest: list[str], patience: float | None) -> TCPSocket:
    local = _port(given.get("p", "0"))
    port = _port(rest[1])
    target = await address_of(process, rest[0])
    socket = TCPSocket(process.namespace)
    try:
        socket.bind(port=local, user=process.user)
        await socket.connect((target, port), patience)
    except TimeoutError as error:
        if error.errno is None:
            raise Complaint("nc: timed out") from None
        raise Complaint(f"nc: can't connect to remote host ({target}): {error.strerror}") from None
    except OSError as error:
        raise Complaint(f"nc: can't connect to remote host ({target}): {error.strerror}") from None
    return socket


async def _listener(process: Process, given: dict[str, str], rest: list[str]) -> TCPSocket:
    port = _port(given.get("p", rest[1] if len(rest) > 1 else "0"))
    ip: IPv4Address = await address_of(process, rest[0]) if rest else ANY
    listener = TCPSocket(process.namespace)
    listener.is_ipv6 = ip == ANY
    try:
        listener.bind(ip, port, user=process.user)
    except OSError as error:
        raise Complaint(f"nc: bind: {error.strerror}") from None
    listener.listen()
    return listener


async def _use(process: Process, socket: TCPSocket, program: list[str]) -> int:
    return await (_run(process, socket, program) if program else _relay(process, socket))


async def _run(process: Process, socket: TCPSocket, program: list[str]) -> int:
    """The program has the connection as its standard streams."""
    into, out = Pipe(), Pipe()
    tasks = [process.do(_receive(socket, into)), process.do(_send(out, socket))]
    try:
        child = start(process, program)
        child.stdin, child.stdout, child.stderr = into, out, out
        child.start()
        code = await child.exit
        out.close()
        await tasks[1]
        return code
    except CannotStart as error:
        raise Complaint(f"nc: can't execute '{program[0]}': {error}") from None
    finally:
        for task in tasks:
            task.cancel()
        socket.close()


async def _relay(process: Process, socket: TCPSocket) -> int:
    """Standard input goes out; what comes in is printed until the other side has closed."""
    sender = process.do(_send(process.stdin, socket))
    try:
        while data := await socket.receive():
            process.stdout.write(data)
    except OSError as error:
        raise Complaint(f"nc: read error: {error.strerror}") from None
    finally:
        sender.cancel()
        socket.close()
    return 0


async def _receive(socket: TCPSocket, pipe: Pipe) -> None:
    try:
        while data := await socket.receive():
            pipe.write(data)
    except OSError:
        return
    finally:
        pipe.close()


async def _send(pipe: Pipe, socket: TCPSocket) -> None:
    while data := await pipe.read():
        await socket.send(data)
    socket.shutdown()
