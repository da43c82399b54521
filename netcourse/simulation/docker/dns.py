"""dockerd's DNS server in a container's namespace, at 127.0.0.11 (moby daemon/libnetwork/resolver.go).

It answers what the container's networks know, and hands on what they don't: to the nameservers of the machine, asked
from the machine, or to those that the container was given (``--dns``), asked from the container.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from netcourse.dns import Answer, Message, RecordType, ResponseCode
from netcourse.packets import MalformedPacket
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter import run_command
from netcourse.simulation.linux.resolver import addresses_in, exchange
from netcourse.simulation.linux.sockets import UDPSocket
from netcourse.simulation.linux.tasks import Future, Task
from netcourse.simulation.linux.tcp import TCPSocket

RESOLVER = IPv4Address("127.0.0.11")
MOST_SERVERS = 3
PATIENCE = 4
"""Seconds that a nameserver is given."""
POINTERS = ".in-addr.arpa"
NO_HELP = (ResponseCode.SERVER_FAILURE, ResponseCode.REFUSED)


@dataclass(frozen=True)
class Knowledge:
    """What the answers come from. ``own_servers`` are those that the container was given.

    The machine's are asked only while the container has a way out. Where it was told what ndots is, a name without
    dots isn't handed on at all, so that it is tried with the search domains behind it.
    """

    addresses_of: Callable[[str], list[IPv4Address] | None]
    name_of: Callable[[IPv4Address], str | None]
    has_way_out: Callable[[], bool]
    own_servers: list[str]
    machine_servers: list[str]
    ndots_set: bool


class EmbeddedDNS:
    """Listens behind DNAT on random ports, so that port 53 is the container's own."""

    def __init__(self, namespace: Namespace, knowledge: Knowledge) -> None:
        self._namespace, self._knowledge = namespace, knowledge
        self._datagrams = UDPSocket(namespace)
        self._datagrams.bind(RESOLVER, 0)
        self._connections = TCPSocket(namespace)
        self._connections.bind(RESOLVER, 0)
        self._connections.listen()
        assert self._datagrams.local is not None
        rules = partial(_rules, self._connections.local[1], self._datagrams.local[1])
        netfilter = namespace.netfilter
        netfilter.enter_when_needed(lambda: [run_command(netfilter, rule.split()) for rule in rules()])
        self._servers = [self._begin(self._serve_datagrams()), self._begin(self._serve_connections())]

    def close(self) -> None:
        for server in self._servers:
            server.cancel()
        self._datagrams.close()
        self._connections.close()

    def _begin(self, work: Coroutine[Future[Any], None, None]) -> Task[None]:
        return Task(self._namespace.machine.clock, work)

    async def _serve_datagrams(self) -> None:
        while True:
            try:
                data, client = await self._datagrams.receive_from()
                self._begin(self._answer_datagram(Message.decode(data), client))
            except (OSError, MalformedPacket):
                continue

    async def _answer_datagram(self, question: Message, client: tuple[IPv4Address, int]) -> None:
        answer = await self._answer(question)
        try:
            self._datagrams.send_to(answer.encode(question.limit), client)
        except OSError:
            return

    async def _serve_connections(self) -> None:
        while True:
            self._begin(self._serve_connection(await self._connections.accept()))

    async def _serve_connection(self, client: TCPSocket) -> None:
        """Two bytes tell how long each message is (RFC 1035 section 4.2.2)."""
        arrived = b""
        try:
            while more := await client.receive():
                arrived += more
                while len(arrived) >= 2 and len(arrived) >= (end := 2 + int.from_bytes(arrived[:2])):
                    answer = (await self._answer(Message.decode(arrived[2:end]))).encode()
                    await client.send(len(answer).to_bytes(2) + answer)
                    arrived = arrived[end:]
        except (OSError, MalformedPacket):
            client.abort()
            return
        client.close()

    # Answering

    async def _answer(self, question: Message) -> Message:
        reply = replace(question, is_response=True, recursion_available=True, answers=())
        known = self._known(question)
        if known is not None:
            return replace(reply, answers=tuple(known))
        if self._knowledge.ndots_set and question.type in (RecordType.A, RecordType.AAAA) and "." not in question.name:
            return reply
        handed_on = await self._hand_on(question)
        return handed_on or replace(reply, recursion_available=False, code=ResponseCode.SERVER_FAILURE)

    def _known(self, question: Message) -> Iterable[Answer] | None:
        """Nothing but an address and a name is ever known; no answers for a name that has none of this type."""
        if question.type == RecordType.PTR:
            name = self._pointed_name(question.name)
            return None if name is None else [Answer(question.name, RecordType.PTR, name)]
        if question.type not in (RecordType.A, RecordType.AAAA, RecordType.MX):
            return None
        found = self._knowledge.addresses_of(question.name)
        if found is None:
            return None
        if question.type != RecordType.A:
            return []
        self._namespace.machine.random.shuffle(found)
        return [Answer(question.name, RecordType.A, ip) for ip in found]

    def _pointed_name(self, pointer: str) -> str | None:
        try:
            ip = IPv4Address(".".join(reversed(pointer.removesuffix(POINTERS).split("."))))
        except AddressValueError:
            return None
        return self._knowledge.name_of(ip) if pointer.endswith(POINTERS) else None

    async def _hand_on(self, question: Message) -> Message | None:
        """The first answer that helps; None where nobody has one."""
        for namespace, server in self._upstream():
            answer = await exchange(namespace, server, question, PATIENCE)
            if answer is not None and answer.code not in NO_HELP:
                return answer
        return None

    def _upstream(self) -> list[tuple[Namespace, IPv4Address]]:
        """Whom to ask, and from where: never itself."""
        known = self._knowledge
        own = addresses_in(known.own_servers)
        if own:
            return [(self._namespace, server) for server in own if server != RESOLVER][:MOST_SERVERS]
        machine = self._namespace.machine.root
        others = addresses_in(known.machine_servers) if known.has_way_out() else []
        return [(machine, server) for server in others][:MOST_SERVERS]


def _rules(tcp_port: int, udp_port: int) -> list[str]:
    """moby daemon/libnetwork/resolver_unix.go, setupNAT."""
    ports = (("tcp", tcp_port), ("udp", udp_port))
    return [
        "-t nat -N DOCKER_OUTPUT", "-t nat -N DOCKER_POSTROUTING",
        f"-t nat -A OUTPUT -d {RESOLVER}/32 -j DOCKER_OUTPUT",
        f"-t nat -A POSTROUTING -d {RESOLVER}/32 -j DOCKER_POSTROUTING",
        *(f"-t nat -A DOCKER_OUTPUT -d {RESOLVER}/32 -p {protocol} -m {protocol} --dport 53 "
          f"-j DNAT --to-destination {RESOLVER}:{port}" for protocol, port in ports),
        *(f"-t nat -A DOCKER_POSTROUTING -s {RESOLVER}/32 -p {protocol} -m {protocol} --sport {port} "
          "-j SNAT --to-source :53" for protocol, port in ports),
    ]
