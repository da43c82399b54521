"""busybox nslookup: the first nameserver is asked for A and AAAA, whatever /etc/hosts says."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.dns import Message, RecordType, ResponseCode
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.resolver import (
    NameNotFound,
    as_address,
    ask,
    find_address,
    read_resolver_file,
)

_TYPES = {"a": RecordType.A, "aaaa": RecordType.AAAA, "ptr": RecordType.PTR}
TIMEOUT = 5


@complaining
async def nslookup(process: Process) -> int:
    flags = [word for word in process.arguments[1:] if word.startswith("-")]
    rest = [word for word in process.arguments[1:] if not word.startswith("-")]
    if not rest or len(rest) > 2:
        raise usage("nslookup")
    server = await _server(process, rest[1:])
    questions = _questions(rest[0], _wanted(flags))
    answers = [await ask(process, server, name, kind, TIMEOUT) for name, kind in questions]
    if all(answer is None for answer in answers):
        process.write(";; connection timed out; no servers could be reached\n\n")
        return 1
    process.write(f"Server:\t\t{server}\nAddress:\t{server}:53\n\n")
    # the answer without an address comes back first
    for answer in reversed(answers):
        if answer is not None:
            _show(process, answer)
    return int(any(answer is None or answer.code != ResponseCode.NO_ERROR for answer in answers))


async def _server(process: Process, words: list[str]) -> IPv4Address:
    if not words:
        servers = read_resolver_file(process).nameservers
        return servers[0] if servers else IPv4Address("127.0.0.1")
    try:
        return await find_address(process, words[0])
    except NameNotFound:
        raise Complaint(f"nslookup: bad address '{words[0]}'") from None


def _wanted(flags: list[str]) -> list[RecordType]:
    for flag in flags:
        option, _, value = flag.lstrip("-").partition("=")
        if option not in ("type", "querytype", "q") or value.lower() not in _TYPES:
            raise Complaint(f"nslookup: {flag} is not simulated (-type=a, aaaa and ptr are)")
        return [_TYPES[value.lower()]]
    return []


def _questions(name: str, wanted: list[RecordType]) -> list[tuple[str, RecordType]]:
    ip = as_address(name)
    if ip is not None:
        return [(ip.reverse_pointer, RecordType.PTR)]
    return [(name, kind) for kind in wanted or [RecordType.A, RecordType.AAAA]]


def _show(process: Process, answer: Message) -> None:
    if answer.code != ResponseCode.NO_ERROR:
        reason = {ResponseCode.NAME_ERROR: "NXDOMAIN", ResponseCode.SERVER_FAILURE: "SERVFAIL",
                  ResponseCode.REFUSED: "REFUSED"}.get(ResponseCode(answer.code), str(answer.code))
        process.write(f"** server can't find {answer.name}: {reason}\n\n")
        return
    process.write("Non-authoritative answer:\n")
    for record in answer.answers:
        if isinstance(record.data, IPv4Address):
            process.write(f"Name:\t{record.name}\nAddress: {record.data}\n")
        else:
            process.write(f"{record.name}\tname = {record.data}\n")
    process.write("\n")
