"""How a program finds the address of a name: /etc/hosts, then the nameservers of /etc/resolv.conf (resolver(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.dns import Message, RecordType, ResponseCode
from netcourse.packets import MalformedPacket
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.sockets import UDPSocket

_NUMERIC = re.compile(r"(?:0[0-7]*|[1-9]\d{0,9})(?:\.(?:0[0-7]*|[1-9]\d{0,9})){0,3}")
DNS_PORT = 53
ATTEMPTS = 2
LOOPBACK = IPv4Address("127.0.0.1")


@dataclass
class ResolverFile:
    """What /etc/resolv.conf says. ``timeout`` in seconds."""

    nameservers: list[IPv4Address] = field(default_factory=list)
    search: list[str] = field(default_factory=list)
    dots: int = 1
    timeout: float = 5


class NameNotFound(Exception):
    """Nobody knows the name."""


class NoAnswer(NameNotFound):
    """No nameserver has said anything about it."""


def read_resolver_file(process: Process) -> ResolverFile:
    settings = ResolverFile()
    for words in _lines(process, "/etc/resolv.conf"):
        if words[0] == "nameserver" and (ip := as_address(words[1])) is not None:
            settings.nameservers.append(ip)
        elif words[0] == "search":
            settings.search = words[1:]
        elif words[0] == "options":
            for option in words[1:]:
                name, _, value = option.partition(":")
                if name == "ndots":
                    settings.dots = _number(value)
                elif name == "timeout":
                    settings.timeout = _number(value)
    return settings


def _number(text: str) -> int:
    """As C's atoi reads it: what isn't a number is none at all."""
    found = re.match(r"\s*[+-]?[0-9]+", text)
    return int(found[0]) if found else 0


def _lines(process: Process, path: str) -> list[list[str]]:
    if not process.files.exists(path):
        return []
    text = process.files.read(path).decode(errors="replace")
    return [words for line in text.splitlines() if len(words := line.partition("#")[0].split()) > 1]


def as_address(text: str) -> IPv4Address | None:
    """The address, where ``text`` is one: also in the short forms of inet_aton(3), as 10.1 for 10.0.0.1."""
    if not _NUMERIC.fullmatch(text):
        return None
    parts = [int(part, 8 if part[0] == "0" and part != "0" else 10) for part in text.split(".")]
    *first, last = parts
    if any(part > 255 for part in first) or last >= 256 ** (5 - len(parts)):
        return None
    return IPv4Address(sum(part << 24 - 8 * place for place, part in enumerate(first)) + last)


def addresses_in(texts: Iterable[str]) -> list[IPv4Address]:
    """Those that are one."""
    return [ip for text in texts if (ip := as_address(text)) is not None]


async def find_address(process: Process, name: str) -> IPv4Address:
    """The first address of ``name``. Raises NameNotFound."""
    return (await find_addresses(process, name))[0]


async def find_addresses(process: Process, name: str) -> list[IPv4Address]:
    """All addresses of ``name``, in the order of the answer. Raises NameNotFound."""
    if (ip := as_address(name)) is not None:
        return [ip]
    known = [ip for words in _lines(process, "/etc/hosts") if name in words[1:] and (ip := as_address(words[0]))]
    if known:
        return known
    settings = read_resolver_file(process)
    for candidate in _candidates(name, settings):
        answer = await ask_all(process, settings, candidate, RecordType.A)
        found = [a.data for a in answer.answers if isinstance(a.data, IPv4Address)] if answer is not None else []
        if found:
            return found
    raise NameNotFound(name)


async def find_host(process: Process, name: str) -> tuple[str, list[IPv4Address]]:
    """What a host is called in full, and its addresses (gethostbyname(3)): of /etc/hosts the first line that tells.
    Raises NameNotFound, NoAnswer."""
    for words in _lines(process, "/etc/hosts"):
        if name in words[1:] and (ip := as_address(words[0])):
            return words[1], [ip]
    settings, is_answered = read_resolver_file(process), False
    for candidate in _candidates(name, settings):
        answer = await ask_all(process, settings, candidate, RecordType.A)
        is_answered = is_answered or answer is not None
        found = [a.data for a in answer.answers if isinstance(a.data, IPv4Address)] if answer is not None else []
        if found:
            return candidate, found
    raise NameNotFound(name) if is_answered else NoAnswer(name)


def _candidates(name: str, settings: ResolverFile) -> list[str]:
    searched = [f"{name}.{domain}" for domain in settings.search]
    return [name, *searched] if name.count(".") >= settings.dots else [*searched, name]


async def find_name(process: Process, ip: IPv4Address) -> str | None:
    """The name of an address, where somebody knows it."""
    known = next((words[1] for words in _lines(process, "/etc/hosts") if as_address(words[0]) == ip), None)
    if known is not None:
        return known
    answer = await ask_all(process, read_resolver_file(process), ip.reverse_pointer, RecordType.PTR)
    return next((a.data for a in answer.answers if isinstance(a.data, str)), None) if answer is not None else None


async def ask_all(process: Process, settings: ResolverFile, name: str, kind: int) -> Message | None:
    """The first answer that any nameserver gives; None when none of them does."""
    for _ in range(ATTEMPTS):
        for server in settings.nameservers:
            answer = await ask(process, server, name, kind, settings.timeout)
            if answer is not None and answer.code != ResponseCode.SERVER_FAILURE:
                return answer
    return None


async def ask(process: Process, server: IPv4Address, name: str, kind: int, timeout: float) -> Message | None:
    """Ask one nameserver once; None when no answer comes."""
    question = Message(process.machine.random.getrandbits(16), name, kind)
    return await exchange(process.namespace, server, question, timeout)


async def exchange(namespace: Namespace, server: IPv4Address, question: Message, timeout: float) -> Message | None:
    """Ask one nameserver over UDP; None when no answer comes in time, in seconds."""
    socket = UDPSocket(namespace)
    try:
        socket.send_to(question.encode(), (server, DNS_PORT))
        data, _ = await socket.receive_from(timeout)
        return Message.decode(data)
    except (OSError, MalformedPacket):
        return None
    finally:
        socket.close()
