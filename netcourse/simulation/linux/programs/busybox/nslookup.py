"""busybox nslookup (networking/nslookup.c): one nameserver is asked, whatever /etc/hosts says."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.dns import Message, RecordType, ResponseCode
from netcourse.packets import MalformedPacket
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, usage
from netcourse.simulation.linux.programs.busybox.ping import LARGEST_NUMBER, address_of, unreachable_text
from netcourse.simulation.linux.resolver import DNS_PORT, as_address, read_resolver_file
from netcourse.simulation.linux.sockets import UDPSocket

_TYPES = {"a": RecordType.A, "ns": 2, "cname": 5, "soa": 6, "ptr": RecordType.PTR, "mx": RecordType.MX, "txt": 16,
          "aaaa": RecordType.AAAA, "srv": 33, "any": 255}
_OPTIONS = ("type", "querytype", "port", "retry", "debug", "timeout")
_REASONS = {ResponseCode.NAME_ERROR: "NXDOMAIN", ResponseCode.SERVER_FAILURE: "SERVFAIL",
            ResponseCode.REFUSED: "REFUSED"}
BETWEEN_QUERIES = 0.001
"""Seconds from one question to the next: enough for a refusal of the first to come back."""


@dataclass
class _Query:
    name: str
    kind: int
    answer: Message | None = None
    taken: int = 0


@dataclass
class _Settings:
    kinds: list[int] = field(default_factory=list)
    port: int = DNS_PORT
    attempts: int = 2
    seconds: int = 5
    debug: bool = False


@complaining
async def nslookup(process: Process) -> int:
    settings = _read_options(process)
    rest = [word for word in process.arguments[1:] if not word.startswith("-")]
    if not rest or len(rest) > 2:
        raise usage("nslookup")
    server, ip, port = await _server(process, rest[1:], settings.port)
    queries = _queries(rest[0], settings.kinds, _search_list(process))
    try:
        await _ask(process, settings, queries, server, (ip, port))
    except OSError as error:
        raise Complaint(f"nslookup: can't connect to remote host ({ip}): {unreachable_text(error)}") from None
    if all(query.answer is None for query in queries):
        process.write(";; connection timed out; no servers could be reached\n\n")
        return 1
    process.write(f"Server:\t\t{server}\nAddress:\t{ip}:{port}\n\n")
    for place, query in enumerate(queries):
        _show(process, place, query, debug=settings.debug)
    return int(any(query.answer is None or query.answer.code != ResponseCode.NO_ERROR for query in queries))


def _read_options(process: Process) -> _Settings:
    """Options have long names only, which may be cut short; each value stands behind a ``=``."""
    settings = _Settings()
    for word in process.arguments[1:]:
        name, _, value = word.lstrip("-").partition("=")
        option = next((known for known in _OPTIONS if name and known.startswith(name)), "")
        if not word.startswith("-"):
            continue
        if option in ("type", "querytype") and name != "t":
            if value.lower() not in _TYPES:
                raise Complaint(f"nslookup: invalid query type \"{value}\"")
            settings.kinds.append(_TYPES[value.lower()])
        elif option == "debug":
            settings.debug = True
        elif option == "port":
            settings.port = number(process, value, 1, 65535)
        elif option == "retry":
            settings.attempts = number(process, value, 1, LARGEST_NUMBER)
        elif option == "timeout" or name == "t":
            settings.seconds = number(process, value, 1, LARGEST_NUMBER)
        else:
            raise usage("nslookup")
    return settings


async def _server(process: Process, words: list[str], port: int) -> tuple[str, IPv4Address, int]:
    """The nameserver as it was written, its address and its port."""
    if not words:
        known = read_resolver_file(process).nameservers
        ip = known[0] if known else IPv4Address("127.0.0.1")
        return str(ip), ip, port
    host, _, written = words[0].partition(":")
    return words[0], await address_of(process, host), int(written) if written.isdigit() else port


def _search_list(process: Process) -> list[str]:
    """That of /etc/resolv.conf; without one, the domain in the machine's own name."""
    domain = process.hostname.partition(".")[2]
    return read_resolver_file(process).search or ([domain] if domain else [])


def _queries(name: str, kinds: list[int], search: list[str]) -> list[_Query]:
    """A name without dots is asked for in each domain of the search list, and there alone."""
    ip = as_address(name)
    if ip is not None and not kinds:
        return [_Query(ip.reverse_pointer, RecordType.PTR)]
    queries = []
    for kind in kinds or [RecordType.A, RecordType.AAAA]:
        is_searched = search and "." not in name and kind != RecordType.PTR
        names = [f"{name}.{domain}" for domain in search] if is_searched else [name]
        queries += [_Query(full_name, kind) for full_name in names]
    return queries


async def _ask(process: Process, settings: _Settings, queries: list[_Query], server: str,
               target: tuple[IPv4Address, int]) -> None:
    """Ask all questions, and again what has got no answer. Raises OSError where no way leads to the server."""
    socket = UDPSocket(process.namespace)
    process.namespace.source_for(target[0])
    try:
        for _ in range(settings.attempts):
            open_queries = [query for query in queries if query.answer is None]
            if not await _send(process, socket, open_queries, server, target):
                return
            await _receive(process, socket, open_queries, settings.seconds / settings.attempts)
            if all(query.answer for query in queries):
                return
    finally:
        socket.close()


async def _send(process: Process, socket: UDPSocket, queries: list[_Query], server: str,
                target: tuple[IPv4Address, int]) -> bool:
    """False when the server's machine has refused the first question by the time the second is written."""
    for place, query in enumerate(queries):
        if place:
            await process.sleep(BETWEEN_QUERIES)
            refusal = socket.refusal()
            if refusal is not None:
                process.complain(f"nslookup: write to '{server}': {refusal.strerror}")
                return False
        question = Message(place, query.name, query.kind)
        socket.send_to(question.encode(), target)
    return True


async def _receive(process: Process, socket: UDPSocket, queries: list[_Query], seconds: float) -> None:
    clock = process.machine.clock
    start = clock.now
    while any(query.answer is None for query in queries):
        try:
            data, _ = await socket.receive_from(seconds - (clock.now - start) / SECOND)
            answer = Message.decode(data)
        except TimeoutError:
            return
        except OSError as error:
            process.complain(f"nslookup: read: {error.strerror}")
            return
        except MalformedPacket:
            continue
        if answer.identifier < len(queries):
            query = queries[answer.identifier]
            query.answer, query.taken = answer, clock.now - start


def _show(process: Process, place: int, query: _Query, *, debug: bool) -> None:
    answer = query.answer
    if answer is None:
        process.write(f"*** Can't find {query.name}: No answer\n\n")
        return
    if debug:
        process.write(f"Query #{place} completed in {query.taken // MILLISECOND}ms:\n")
    if answer.code != ResponseCode.NO_ERROR:
        reason = _REASONS.get(ResponseCode(answer.code), str(answer.code))
        process.write(f"** server can't find {answer.name}: {reason}\n\n")
        return
    process.write("Non-authoritative answer:\n")
    for record in answer.answers:
        if isinstance(record.data, IPv4Address):
            process.write(f"Name:\t{record.name}\nAddress: {record.data}\n")
        else:
            process.write(f"{record.name}\tname = {record.data}\n")
    process.write("\n")
