"""Tables and chains, and the way of a packet through them at each hook, in the kernel's order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import ICMP, TCP, ICMPType, IPv4
from netcourse.simulation.linux import icmp
from netcourse.simulation.linux.netfilter.conntrack import Connection, Conntrack, Tuple, can_begin
from netcourse.simulation.linux.netfilter.rule import REJECTIONS, IptablesError, Passage, Rule, is_target

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}
ENTRY_HOOKS = ("PREROUTING", "OUTPUT")
EXIT_HOOKS = ("INPUT", "POSTROUTING")


@dataclass(slots=True, eq=False)
class Chain:
    """``policy`` is None for a chain that a user made."""

    name: str
    policy: str | None = None
    rules: list[Rule] = field(default_factory=list)
    packets: int = 0
    bytes: int = 0


class Table:
    def __init__(self, name: str) -> None:
        self.name = name
        self.chains = {chain: Chain(chain, "ACCEPT") for chain in BUILT_IN[name]}

    def chain(self, name: str) -> Chain:
        """Raises IptablesError."""
        if name not in self.chains:
            raise IptablesError("iptables: No chain/target/match by that name.", 1)
        return self.chains[name]

    @property
    def is_empty(self) -> bool:
        return all(not chain.rules and chain.policy == "ACCEPT" for chain in self.chains.values())

    def check_target(self, rule: Rule) -> None:
        """Raises IptablesError for a jump to a chain that isn't there."""
        if rule.target and not is_target(rule.target) and rule.target not in self.chains:
            raise IptablesError(f"Chain '{rule.target}' does not exist", 2)


class Netfilter:
    """The rules and connections of one namespace; nothing is looked at while no rule is there."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self.tables: dict[str, Table] = {}
        self.conntrack = Conntrack(namespace.machine.clock)

    def table(self, name: str) -> Table:
        """The table, made when it is first named, as iptables does. Raises IptablesError."""
        if name not in BUILT_IN:
            raise IptablesError(f"table '{name}' does not exist\n"
                                "Perhaps iptables or your kernel needs to be upgraded.", 3)
        if name not in self.tables:
            self.tables[name] = Table(name)
        return self.tables[name]

    def traverse(self, hook: str, packet: IPv4, *, incoming: str | None, outgoing: str | None) -> IPv4 | None:
        """What becomes of ``packet`` at ``hook``: itself, a translated one, or None when it is dropped."""
        if not self.tables:
            return packet
        return _Traversal(self, self._namespace, hook, incoming, outgoing).run(packet)


class _Traversal:
    """One packet at one hook."""

    def __init__(self, netfilter: Netfilter, namespace: Namespace, hook: str, incoming: str | None,
                 outgoing: str | None) -> None:
        self._netfilter, self._namespace = netfilter, namespace
        self._tracked = netfilter.conntrack
        self._hook, self._incoming, self._outgoing = hook, incoming, outgoing
        self._connection: Connection | None = None

    def run(self, packet: IPv4) -> IPv4 | None:
        if self._hook in ENTRY_HOOKS and not self._passes("raw", packet):
            return None
        self._find_connection(packet)
        if not self._passes("mangle", packet):
            self._drop()
            return None
        if self._hook in ENTRY_HOOKS:
            packet = self._translate(packet)
        if not self._passes("filter", packet):
            self._drop()
            return None
        if self._hook in EXIT_HOOKS:
            packet = self._translate(packet)
            if self._connection is not None:
                self._connection.confirmed = True
        return packet

    def _drop(self) -> None:
        """A connection whose first packet goes nowhere never was."""
        if self._connection is not None and not self._connection.confirmed:
            self._tracked.forget(self._connection)

    def _find_connection(self, packet: IPv4) -> None:
        if isinstance(packet.payload, ICMP) and packet.payload.is_error:
            self._connection = self._tracked.related(packet.payload)
            return
        key = Tuple.of(packet)
        entering = self._hook in ENTRY_HOOKS and self._incoming != "lo"
        self._connection = self._tracked.find(key, arriving=entering)
        if self._connection is None and entering and can_begin(packet):
            self._connection = self._tracked.begin(key)
        elif self._connection is not None and entering:
            self._tracked.seen(self._connection, key)

    # Rules

    def _passes(self, table: str, packet: IPv4) -> bool:
        known = self._netfilter.tables.get(table)
        if known is None or self._hook not in known.chains:
            return True
        rule = self._decide(known, packet)
        verdict = rule.target if rule is not None else known.chains[self._hook].policy
        if verdict == "ACCEPT":
            return True
        if rule is not None and rule.target == "REJECT":
            self._reject(rule, packet)
        text = rule.text if rule is not None else f"policy {verdict} of {self._hook}"
        self._namespace.record(f"{table} {self._hook}", "dropped", packet, text)
        return False

    def _decide(self, table: Table, packet: IPv4) -> Rule | None:
        """The rule that ends the way through the hook's chain; None when its policy does."""
        passage = Passage(packet, self._incoming, self._outgoing, self._connection, self._namespace)
        chain = table.chains[self._hook]
        found = self._walk(table, chain, passage)
        if found is not None and found.target != "RETURN":
            return found
        chain.packets += 1
        chain.bytes += len(packet)
        return None

    def _walk(self, table: Table, chain: Chain, passage: Passage) -> Rule | None:
        for rule in chain.rules:
            if not rule.matches_packet(passage):
                continue
            rule.packets += 1
            rule.bytes += len(passage.packet)
            if rule.target in table.chains:
                found = self._walk(table, table.chains[rule.target], passage)
                if found is not None and found.target != "RETURN":
                    return found
                if rule.goto:
                    return Rule(target="RETURN")
            elif rule.target == "CONNMARK" and passage.connection is not None:
                passage.connection.mark = int(rule.settings["--set-mark"], 0)
            elif rule.target not in ("", "LOG"):
                return rule
        return None

    def _reject(self, rule: Rule, packet: IPv4) -> None:
        how = rule.settings["--reject-with"]
        if how == "tcp-reset" and isinstance(packet.payload, TCP):
            self._namespace.sockets.tcp.refuse(packet, packet.payload)
        else:
            icmp.send_error(self._namespace, packet, ICMPType.UNREACHABLE, REJECTIONS.get(how, 3))

    # Translation

    def _translate(self, packet: IPv4) -> IPv4:
        connection = self._connection
        if connection is None or self._incoming == "lo":
            return packet
        if isinstance(packet.payload, ICMP) and packet.payload.is_error:
            return self._tracked.untranslate_error(packet, connection)
        self._decide_translation(packet, connection)
        key = Tuple.of(packet)
        translated = self._wanted(key, connection).apply(packet)
        if translated is not packet:
            was = f"was {key.source} to {key.destination}"
            self._namespace.record(f"nat {self._hook}", "translated", translated, was)
        return translated

    def _wanted(self, key: Tuple, connection: Connection) -> Tuple:
        """The tuple that the packet leaves this hook with."""
        if connection.is_original(key):
            return connection.middle if self._hook in ENTRY_HOOKS else connection.reply.mirror()
        return connection.middle.mirror() if self._hook in ENTRY_HOOKS else connection.original.mirror()

    def _decide_translation(self, packet: IPv4, connection: Connection) -> None:
        """The nat table is asked once for each end of a connection, about its first packet."""
        entering = self._hook in ENTRY_HOOKS
        decided = connection.destination_decided if entering else connection.source_decided
        if decided or connection.answered or not connection.is_original(Tuple.of(packet)):
            return
        if entering:
            connection.destination_decided = True
        else:
            connection.source_decided = True
        table = self._netfilter.tables.get("nat")
        rule = self._decide(table, packet) if table is not None else None
        reply = self._new_reply(rule, connection.reply) if rule is not None else connection.reply
        if reply != connection.reply:
            self._tracked.redirect(connection, reply)

    def _new_reply(self, rule: Rule, reply: Tuple) -> Tuple:
        if rule.target == "DNAT":
            ip, port = _endpoint(rule.settings["--to-destination"])
            return replace(reply, source=ip or reply.source, source_port=port or reply.source_port)
        if rule.target == "REDIRECT":
            port = int(rule.settings.get("--to-ports", reply.source_port))
            return replace(reply, source=self._own_address(self._incoming), source_port=port)
        if rule.target == "SNAT":
            ip, port = _endpoint(rule.settings["--to-source"])
            return replace(reply, destination=ip or reply.destination,
                           destination_port=port or reply.destination_port)
        if rule.target == "MASQUERADE":
            return replace(reply, destination=self._own_address(self._outgoing))
        return reply

    def _own_address(self, interface: str | None) -> IPv4Address:
        device = self._namespace.devices.get(interface or "lo")
        return device.addresses[0].ip if device is not None and device.addresses else IPv4Address("127.0.0.1")


def _endpoint(text: str) -> tuple[IPv4Address | None, int]:
    """"10.0.0.2:80", "10.0.0.2" or ":53"."""
    ip, _, port = text.partition(":")
    return (IPv4Address(ip) if ip else None), int(port or 0)
