"""Tables and chains, and the way of a packet through them at each hook, in the kernel's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netcourse.packets import ICMP, IPv4
from netcourse.simulation.linux.netfilter.connection import Connection, Tuple
from netcourse.simulation.linux.netfilter.conntrack import Conntrack
from netcourse.simulation.linux.netfilter.extension import CONTINUE, IptablesError
from netcourse.simulation.linux.netfilter.passage import Link, Passage
from netcourse.simulation.linux.netfilter.rule import Rule

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}
ENTRY_HOOKS = ("PREROUTING", "OUTPUT")
EXIT_HOOKS = ("INPUT", "POSTROUTING")


@dataclass(slots=True, eq=False)
class Chain:
    """``policy`` is None for a chain that a user made. A built-in one counts from when its policy or counters are
    set."""

    name: str
    policy: str | None = None
    counts: bool = False
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

    def check_target(self, rule: Rule) -> None:
        """Raises IptablesError for a jump to a chain that isn't there."""
        if rule.target and rule.action is None and rule.target not in self.chains:
            raise IptablesError(f"Chain '{rule.target}' does not exist", 2)


class Netfilter:
    """The rules and connections of one namespace; nothing is looked at while no rule is there."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self._tables: dict[str, Table] = {}
        self._not_entered: list[Callable[[], object]] = []
        self.conntrack = Conntrack(namespace.machine.clock, namespace.settings)
        self._tracks: bool | None = None

    @property
    def tables(self) -> dict[str, Table]:
        """Those that are there: the ones that somebody has changed."""
        if self._not_entered:
            commands, self._not_entered = self._not_entered, []
            for enter in commands:
                enter()
        return self._tables

    def enter_when_needed(self, enter: Callable[[], object]) -> None:
        """``enter`` rules before the first packet or listing that meets them, and after all those before them: many
        are never met."""
        self._not_entered.append(enter)

    def table(self, name: str, *, to_change: bool = True) -> Table:
        """The table; one that isn't there yet is made when it is to be changed. Raises IptablesError."""
        if name not in BUILT_IN:
            raise IptablesError(f"table '{name}' does not exist\n"
                                "Perhaps iptables or your kernel needs to be upgraded.", 3)
        table = self.tables.get(name) or Table(name)
        if to_change:
            self.tables[name] = table
        return table

    @property
    def tracks(self) -> bool:
        """Whether connections are tracked, for which packets are put together first: some rule has asked for it."""
        if self._tracks is None:
            rules = (rule for table in self.tables.values() for chain in table.chains.values() for rule in chain.rules)
            self._tracks = "nat" in self.tables or any(rule.needs_tracking for rule in rules)
        return self._tracks

    def rules_changed(self) -> None:
        """To be told of each rule or table that comes or goes."""
        self._tracks = None

    def traverse(self, hook: str, packet: IPv4, *, incoming: str | None, outgoing: str | None,
                 link: Link | None = None) -> IPv4 | None:
        """What becomes of ``packet`` at ``hook``: itself, a translated one, or None when it is dropped."""
        if not self.tables:
            return packet
        return _Traversal(self, self.namespace, hook, incoming, outgoing, link).run(packet)


def _is_error(packet: IPv4) -> bool:
    return isinstance(packet.payload, ICMP) and packet.payload.is_error


class _Traversal:
    """One packet at one hook."""

    def __init__(self, netfilter: Netfilter, namespace: Namespace, hook: str, incoming: str | None,
                 outgoing: str | None, link: Link | None) -> None:
        self._netfilter, self._namespace = netfilter, namespace
        self._tracked = netfilter.conntrack
        self._hook, self._incoming, self._outgoing = hook, incoming, outgoing
        self._link = link
        self._connection: Connection | None = None

    def run(self, packet: IPv4) -> IPv4 | None:
        entered = self._filtered("raw", packet) if self._hook in ENTRY_HOOKS else packet
        if entered is None:
            return None
        if self._netfilter.tracks and not entered.is_untracked:
            self._find_connection(entered)
        mangled = self._filtered("mangle", entered)
        if mangled is None:
            self._drop()
            return None
        if self._hook in ENTRY_HOOKS:
            mangled = self._translate(mangled)
        filtered = self._filtered("filter", mangled)
        passed = self._filtered("security", filtered) if filtered is not None else None
        if passed is None:
            self._drop()
            return None
        if self._hook in EXIT_HOOKS:
            passed = self._translate(passed)
            if self._connection is not None and not _is_error(passed):
                self._connection.confirmed = True
        return passed

    def _drop(self) -> None:
        """A connection whose first packet goes nowhere never was."""
        if self._connection is not None and not self._connection.confirmed:
            self._tracked.forget(self._connection)

    def _find_connection(self, packet: IPv4) -> None:
        """What came round by lo has had its connection since it left."""
        if isinstance(packet.payload, ICMP) and packet.payload.is_error:
            self._connection = self._tracked.related(packet.payload)
        elif self._hook in ENTRY_HOOKS and self._incoming != "lo" and not packet.is_related:
            self._connection = self._tracked.arrive(packet)
        else:
            self._connection = self._tracked.find(Tuple.of(packet), arriving=False)

    # Rules

    def _filtered(self, table: str, packet: IPv4) -> IPv4 | None:
        """The packet, perhaps changed, that a table lets pass; None for one that it drops."""
        known = self._netfilter.tables.get(table)
        if known is None or self._hook not in known.chains:
            return packet
        passage = self._passage(packet)
        rule = self._decide(known, passage)
        verdict = rule.action.verdict if rule is not None and rule.action else known.chains[self._hook].policy
        if verdict == "ACCEPT":
            return passage.packet
        text = rule.text if rule is not None else f"policy {verdict} of {self._hook}"
        self._namespace.record(f"{table} {self._hook}", "dropped", packet, text)
        return None

    def _passage(self, packet: IPv4) -> Passage:
        return Passage(packet, self._hook, self._incoming, self._outgoing, self._connection, self._namespace,
                       self._link)

    def _decide(self, table: Table, passage: Passage) -> Rule | None:
        """The rule that ends the way through the hook's chain; None when its policy does."""
        chain = table.chains[self._hook]
        found = self._walk(table, chain, passage)
        if found is not None and found.target != "RETURN":
            return found
        if chain.counts:
            chain.packets += 1
            chain.bytes += len(passage.packet)
        return None

    def _walk(self, table: Table, chain: Chain, passage: Passage) -> Rule | None:
        for rule in chain.rules:
            if not rule.matches_packet(passage):
                continue
            rule.packets += 1
            rule.bytes += len(passage.packet)
            if rule.action is not None:
                if rule.action.act is not None:
                    rule.action.act(passage)
                if rule.action.verdict != CONTINUE:
                    return rule
            elif rule.target in table.chains:
                found = self._walk(table, table.chains[rule.target], passage)
                if found is not None and found.target != "RETURN":
                    return found
                if rule.goto:
                    return Rule(target="RETURN")
        return None

    # Translation

    def _translate(self, packet: IPv4) -> IPv4:
        connection = self._connection
        if connection is None or self._incoming == "lo":
            return packet
        if _is_error(packet):
            return self._tracked.untranslate_error(packet, connection, entering=self._hook in ENTRY_HOOKS)
        packet = self._decide_translation(packet, connection)
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

    def _decide_translation(self, packet: IPv4, connection: Connection) -> IPv4:
        """The nat table is asked once for each end of a connection, about its first packet, which may be marked."""
        entering = self._hook in ENTRY_HOOKS
        decided = connection.destination_decided if entering else connection.source_decided
        if decided or connection.answered or not connection.is_original(Tuple.of(packet)):
            return packet
        if entering:
            connection.destination_decided = True
        else:
            connection.source_decided = True
        table = self._netfilter.tables.get("nat")
        passage = self._passage(packet)
        rule = self._decide(table, passage) if table is not None and self._hook in table.chains else None
        if rule is not None and rule.action is not None and rule.action.translate is not None:
            reply = rule.action.translate(connection.reply, passage)
            if reply != connection.reply:
                self._tracked.redirect(connection, reply)
        return passage.packet
