"""What one types to change rules: ``iptables -t nat -A DOCKER -i br0 -j RETURN`` and its like."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from netcourse.simulation.linux.netfilter.extension import IptablesError
from netcourse.simulation.linux.netfilter.listing import Listing, ordered_chains, specified, told
from netcourse.simulation.linux.netfilter.parser import Request, parse
from netcourse.simulation.linux.netfilter.rule import Rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter
from netcourse.simulation.linux.netfilter.targets import NOT_SIMULATED, TARGETS

REFUSED = "iptables v1.8.9 (nf_tables): "
NO_SUCH = "iptables: No chain/target/match by that name."
BAD_RULE = "iptables: Bad rule (does a matching rule exist in that chain?)."
BAD_POLICY = "iptables: Bad policy name. Run `dmesg' for more information."
NOT_FOR_FILTERING = '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n'
LONGEST_NAME = 28
LONGEST_PREFIX = 32
MAKING = frozenset(("-A", "-I", "-R", "-N", "-P"))
LOOKING = frozenset(("-L", "-S", "-C"))


def type_command(netfilter: Netfilter, text: str) -> str:
    """Carry out one command line (without the leading word); returns what it prints. Raises IptablesError."""
    return run_command(netfilter, shlex.split(text))


def run_command(netfilter: Netfilter, words: list[str]) -> str:
    """The same for words that are split already."""
    return carry_out(netfilter, parse(words), {})


def carry_out(netfilter: Netfilter, request: Request, names: Mapping[IPv4Address, str]) -> str:
    """The same for a line that is parsed; ``names`` are those that -L shows for addresses."""
    return _Command(netfilter, request, names).run()


def addresses_to_name(netfilter: Netfilter, request: Request) -> set[IPv4Address]:
    """The hosts whose names a listing would show."""
    if request.command != "-L" or "-n" in request.flags:
        return set()
    table = netfilter.table(request.table, to_change=False)
    rules = (rule.header for chain in table.chains.values() for rule in chain.rules)
    return {network.network_address for header in rules for network in (header.source, header.destination)
            if network.prefixlen == LONGEST_PREFIX}


class _Command:
    def __init__(self, netfilter: Netfilter, request: Request, names: Mapping[IPv4Address, str]) -> None:
        self._request, self._names, self._netfilter = request, names, netfilter
        self._table = netfilter.table(request.table, to_change=request.command in MAKING)
        self._verbose = "-v" in request.flags

    def run(self) -> str:
        if self._request.command in ("-A", "-I", "-R"):
            self._check_rules()
        printed = _COMMANDS[self._request.command](self)
        if self._request.command not in LOOKING:
            self._netfilter.rules_changed()
        if self._request.also_zero:
            self._zero()
        return printed

    @property
    def _name(self) -> str:
        return self._request.chain or ""

    def _chains(self) -> list[Chain]:
        return [self._table.chain(self._name)] if self._name else ordered_chains(self._table)

    def _say(self, text: str) -> str:
        return text if self._verbose else ""

    def _told(self, rules: list[Rule]) -> str:
        return "".join(told(rule) for rule in rules) if self._verbose else ""

    # Rules

    def _check_rules(self) -> None:
        for rule in self._request.rules:
            for option, hooks in _MEANINGLESS.items():
                given = rule.header.incoming if option == "-i" else rule.header.outgoing
                if given and self._name in hooks:
                    raise IptablesError(f"Can't use {option} with {self._name}\n")
            self._refuse_drop_in_nat(rule.target)
            self._table.check_target(rule)

    def _refuse_drop_in_nat(self, target: str) -> None:
        if self._table.name == "nat" and target == "DROP":
            raise IptablesError(NOT_FOR_FILTERING)

    def _refuse(self, chain: Chain, rule: Rule, command: str) -> None:
        """What the kernel doesn't take: a target out of place, and packets going in circles (EMLINK in nf_tables)."""
        action = rule.action
        needed = [match.hooks for match in rule.matches] + ([action.hooks] if action is not None else [])
        misplaced = chain.policy is not None and any(hooks and chain.name not in hooks for hooks in needed)
        if misplaced or (action is not None and action.tables and self._table.name not in action.tables):
            raise IptablesError(f"{REFUSED} {command} failed (Invalid argument): rule in chain {chain.name}", 4)
        target = self._table.chains.get(rule.target) if action is None else None
        if target is not None and target.policy is not None:
            raise IptablesError(f"{REFUSED} {command} failed (Operation not supported): rule in chain {chain.name}", 4)
        if self._leads_back(chain, rule):
            raise IptablesError(f"{REFUSED} {command} failed (Too many links): rule in chain {chain.name}", 4)

    def _leads_back(self, chain: Chain, rule: Rule) -> bool:
        leads_to, seen = [rule.target], set[str]()
        while leads_to:
            name = leads_to.pop()
            if name == chain.name:
                return True
            if name in self._table.chains and name not in seen:
                seen.add(name)
                leads_to += [further.target for further in self._table.chains[name].rules]
        return False

    def _append(self) -> str:
        chain = self._table.chain(self._name)
        for rule in self._request.rules:
            self._refuse(chain, rule, "RULE_APPEND")
            chain.rules.append(rule)
        return self._told(self._request.rules)

    def _insert(self) -> str:
        chain, place = self._table.chain(self._name), self._request.number or 1
        if place > len(chain.rules) + 1:
            raise IptablesError("iptables: Index of insertion too big.", 1)
        for rule in self._request.rules:
            self._refuse(chain, rule, "RULE_INSERT")
            chain.rules.insert(place - 1, rule)
        return self._told(self._request.rules)

    def _replace(self) -> str:
        if self._request.number is None:
            raise IptablesError("-R requires a rule number")
        chain, place, rules = self._table.chain(self._name), self._request.number, self._request.rules
        if len(rules) != 1:
            raise IptablesError("Replacement rule does not specify a unique address")
        if place > len(chain.rules):
            raise IptablesError(NO_SUCH, 1)
        self._refuse(chain, rules[0], "RULE_REPLACE")
        chain.rules[place - 1] = rules[0]
        return self._told(rules)

    def _find(self, wanted: Rule) -> Rule:
        chain = self._table.chains.get(self._name)
        rules = chain.rules if chain is not None else []
        found = next((rule for rule in rules if rule.text == wanted.text), None)
        if found is None:
            raise IptablesError(BAD_RULE, 1)
        return found

    def _delete(self) -> str:
        place = self._request.number
        if place is not None:
            chain = self._table.chain(self._name)
            if place > len(chain.rules):
                raise IptablesError(NO_SUCH, 1)
            del chain.rules[place - 1]
            return ""
        for rule in self._request.rules:
            found = self._find(rule)
            self._table.chains[self._name].rules.remove(found)
        return self._told(self._request.rules)

    def _check(self) -> str:
        for rule in self._request.rules:
            self._find(rule)
        return self._told(self._request.rules)

    # Chains

    def _new_chain(self) -> str:
        _check_name(self._name)
        if self._name in self._table.chains:
            raise IptablesError("iptables: Chain already exists.", 1)
        self._table.chains[self._name] = Chain(self._name)
        return ""

    def _rename(self) -> str:
        if len(self._request.arguments) != 2:
            raise IptablesError("-E requires old-chain-name and new-chain-name")
        old, new = self._request.arguments
        if new in self._table.chains:
            raise IptablesError("iptables: File exists.", 1)
        chain = self._table.chain(old)
        if chain.policy is not None:
            raise IptablesError("iptables: renaming a built-in chain is not simulated")
        _check_name(new)
        self._table.chains[new] = self._table.chains.pop(old)
        chain.name = new
        for rule in (rule for other in self._table.chains.values() for rule in other.rules if rule.target == old):
            rule.target = new
        return ""

    def _delete_chain(self) -> str:
        """All or none; a built-in chain without rules goes too, and is there again when it is next looked at."""
        chains = self._chains() if self._name else [c for c in self._chains() if c.policy is None]
        busy = [chain.name for chain in chains if chain.rules or self._is_jumped_to(chain)]
        if busy:
            raise IptablesError(f"{REFUSED} CHAIN_DEL failed (Device or resource busy): chain {busy[-1]}", 4)
        for chain in chains:
            if chain.policy is None:
                del self._table.chains[chain.name]
            else:
                self._table.chains[chain.name] = Chain(chain.name, "ACCEPT")
        return self._say("".join(f"Deleting chain `{chain.name}'\n" for chain in chains))

    def _is_jumped_to(self, chain: Chain) -> bool:
        return any(rule.target == chain.name for other in self._table.chains.values() for rule in other.rules)

    def _policy(self) -> str:
        if len(self._request.arguments) != 2:
            raise IptablesError("-P requires a chain and a policy")
        name, policy = self._request.arguments
        if policy not in ("ACCEPT", "DROP"):
            raise IptablesError(BAD_POLICY, 1)
        chain = self._table.chains.get(name)
        if chain is None or chain.policy is None:
            raise IptablesError("iptables: Bad built-in chain name.", 1)
        self._refuse_drop_in_nat(policy)
        chain.policy, chain.counts = policy, True
        chain.packets, chain.bytes = self._request.counters
        return ""

    def _flush(self) -> str:
        chains = self._chains()
        for chain in chains:
            chain.rules.clear()
        return self._say("".join(f"Flushing chain `{chain.name}'\n" for chain in chains))

    def _zero(self) -> str:
        for chain in self._chains():
            chain.packets = chain.bytes = 0
            chain.counts = chain.policy is not None
            for rule in chain.rules:
                rule.packets = rule.bytes = 0
        return ""

    # Listings

    def _listed_chains(self) -> list[Chain]:
        if self._name and self._name not in self._table.chains:
            raise IptablesError(f"{REFUSED}chain `{self._name}' in table `{self._table.name}' is incompatible, "
                                "use 'nft' tool.", 1)
        return self._chains()

    def _list(self) -> str:
        listing = Listing(self._table, self._request.flags, self._names)
        chains, number = self._listed_chains(), self._request.number
        if number is not None:
            rules = chains[0].rules[number - 1:number]
            return "".join(f"{listing.row(number, rule)}\n" for rule in rules)
        return "\n".join(listing.chain(chain) for chain in chains)

    def _show(self) -> str:
        chains, number = self._listed_chains(), self._request.number
        if number is not None:
            rules = chains[0].rules[number - 1:number]
            return "".join(f"-A {self._name} {rule.counted_text if self._verbose else rule.text}".rstrip() + "\n"
                           for rule in rules)
        return specified(chains, counted=self._verbose)


_COMMANDS: dict[str, Callable[[_Command], str]] = {
    "-A": _Command._append, "-I": _Command._insert, "-D": _Command._delete, "-C": _Command._check,
    "-R": _Command._replace, "-E": _Command._rename, "-N": _Command._new_chain, "-X": _Command._delete_chain,
    "-P": _Command._policy, "-F": _Command._flush, "-Z": _Command._zero, "-S": _Command._show, "-L": _Command._list}
_MEANINGLESS = {"-i": ("OUTPUT", "POSTROUTING"), "-o": ("INPUT", "PREROUTING")}


def _check_name(name: str) -> None:
    """assert_valid_chain_name in iptables/xshared.c."""
    if name[:1] in ("-", "!"):
        raise IptablesError(f"chain name not allowed to start with `{name[0]}'")
    if len(name) > LONGEST_NAME - 1:
        raise IptablesError(f"chain name `{name}' too long (must be under 29 chars)")
    if name in TARGETS or name in NOT_SIMULATED:
        raise IptablesError("chain name may not clash with target name")
    if any(letter.isspace() for letter in name):
        raise IptablesError(f"Invalid chain name `{name}'")
