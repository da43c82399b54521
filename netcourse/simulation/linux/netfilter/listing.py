"""Tables as ``iptables -L``, ``iptables -S`` and iptables-save show them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux.netfilter.extension import Match, Target
from netcourse.simulation.linux.netfilter.names import protocol_name
from netcourse.simulation.linux.netfilter.rule import ANYWHERE, Rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter, Table

MOST_DIGITS, MOST_ROUNDED = 99999, 9999
UNITS = "KMGT"
SAVED_ORDER = ("mangle", "security", "raw", "filter", "nat")


def ordered_chains(table: Table) -> list[Chain]:
    """Built-in chains first, then users' by name, as the nf_tables variant lists them."""
    return sorted(table.chains.values(), key=lambda chain: (chain.policy is None, "" if chain.policy else chain.name))


# -L

class Listing:
    """``flags`` are those typed: -n, -v, -x, -0 (``--line-numbers``). ``names`` are those of hosts."""

    def __init__(self, table: Table, flags: AbstractSet[str], names: Mapping[IPv4Address, str]) -> None:
        self._table, self._names = table, names
        self._numeric, self._verbose = "-n" in flags, "-v" in flags
        self._exact, self._numbered = "-x" in flags, "-0" in flags

    def chain(self, chain: Chain) -> str:
        rows = [self.row(number, rule) for number, rule in enumerate(chain.rules, 1)]
        return "".join(f"{line}\n" for line in (self._title(chain), self._columns, *rows))

    def _title(self, chain: Chain) -> str:
        if chain.policy is None:
            users = sum(rule.target == chain.name for other in self._table.chains.values() for rule in other.rules)
            return f"Chain {chain.name} ({users} references)"
        count = f" {self._count(chain.packets)} packets, {self._count(chain.bytes)} bytes" if self._verbose else ""
        return f"Chain {chain.name} (policy {chain.policy}{count})"

    @property
    def _columns(self) -> str:
        counters = ("    pkts      bytes " if self._exact else " pkts bytes ") if self._verbose else ""
        interfaces = "in     out     " if self._verbose else ""
        return (f"{'num  ' if self._numbered else ''}{counters}target     prot opt {interfaces}"
                f"{'source':<20} {'destination':<20}")

    def row(self, number: int, rule: Rule) -> str:
        """One rule, without a line's end."""
        header = rule.header
        protocol = str(header.protocol) if self._numeric else _protocol(rule)
        any_interface = "*" if self._numeric else "any"
        line = f"{number:<4} " if self._numbered else ""
        if self._verbose:
            width = 8 if self._exact else 5
            line += f"{self._count(rule.packets):>{width}} {self._count(rule.bytes):>{width}} "
        line += f"{_target(rule):<9} {header.sign('-p', ' ')}{protocol:<4} {_fragment(rule)} "
        if self._verbose:
            line += f" {header.sign('-i') + (header.incoming or any_interface):<6} "
            line += f"{header.sign('-o') + (header.outgoing or any_interface):<6} "
        line += f"{header.sign('-s', ' ')}{self._network(header.source):<19} "
        line += f"{header.sign('-d', ' ')}{self._network(header.destination):<19} "
        return line + ("[goto] " if rule.goto else "") + _extensions(rule, numeric=self._numeric)

    def _network(self, network: IPv4Network) -> str:
        if network is ANYWHERE:
            return "0.0.0.0/0" if self._numeric else "anywhere"
        if network.prefixlen < 32:
            return str(network)
        host = network.network_address
        return str(host) if self._numeric else self._names.get(host, str(host))

    def _count(self, number: int) -> str:
        """Up to five digits, then rounded with a letter (xtables_print_num)."""
        if self._exact or number <= MOST_DIGITS:
            return str(number)
        thousands = 0
        while number > (MOST_DIGITS if not thousands else MOST_ROUNDED) and thousands < len(UNITS):
            number, thousands = (number + 500) // 1000, thousands + 1
        return f"{number}{UNITS[thousands - 1]}"


def _target(rule: Rule) -> str:
    return rule.action.shown_as if rule.action is not None and rule.action.shown_as else rule.target


def _protocol(rule: Rule) -> str:
    return protocol_name(rule.header.protocol) if rule.header.protocol else "all"


def _fragment(rule: Rule) -> str:
    return {None: "--", True: "-f", False: "!f"}[rule.header.fragment]


def _extensions(rule: Rule, *, numeric: bool) -> str:
    shown: list[Match | Target] = [*rule.matches]
    if rule.action is not None:
        shown.append(rule.action)
    texts = [part.listed if numeric or part.named is None else part.named for part in shown]
    return "".join(f" {text}" for text in texts if text)


def told(rule: Rule) -> str:
    """What ``iptables -v`` says of a rule that it adds or removes."""
    header = rule.header
    source, destination = (str(network.network_address if network.prefixlen == 32 else network)
                           for network in (header.source, header.destination))
    return (f"{rule.target} {header.sign('-p', ' ')}{_protocol(rule)} opt {_fragment(rule)} "
            f"in {header.sign('-i')}{header.incoming or '*'} out {header.sign('-o')}{header.outgoing or '*'} "
            f"{header.sign('-s', ' ')}{source} {header.sign('-d', ' ')}-> {destination}  "
            f"{'[goto] ' if rule.goto else ''}{_extensions(rule, numeric=True)}\n")


# -S and iptables-save

def specified(chains: list[Chain], *, counted: bool) -> str:
    """Chains and rules as the commands that make them."""
    heads = [f"-P {c.name} {c.policy}{f' -c {c.packets} {c.bytes}' if counted else ''}" if c.policy else f"-N {c.name}"
             for c in chains]
    rules = [f"-A {c.name} {rule.counted_text if counted else rule.text}".rstrip() for c in chains for rule in c.rules]
    return "".join(f"{line}\n" for line in (*heads, *rules))


def saved(netfilter: Netfilter, *, counters: bool = False, only: str | None = None) -> str:
    """The listing of iptables-save, without its dated comment lines."""
    chosen = [only] if only else [name for name in SAVED_ORDER if name in netfilter.tables]
    return "".join(_saved_table(netfilter.table(name, to_change=False), counters=counters) for name in chosen)


def _saved_table(table: Table, *, counters: bool) -> str:
    chains = ordered_chains(table)
    heads = [f":{chain.name} {chain.policy or '-'} [{chain.packets}:{chain.bytes}]" for chain in chains]
    rules = [f"{f'[{rule.packets}:{rule.bytes}] ' if counters else ''}-A {chain.name} {rule.text}".rstrip()
             for chain in chains for rule in chain.rules]
    return "".join(f"{line}\n" for line in (f"*{table.name}", *heads, *rules, "COMMIT"))
