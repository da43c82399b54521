"""What one types to change rules: ``iptables -t nat -A DOCKER -i br0 -j RETURN`` and its like."""

from __future__ import annotations

import shlex

from netcourse.simulation.linux.netfilter.rule import IptablesError, Rule, parse_rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter, Table

BUSY_CHAIN = "iptables v1.8.9 (nf_tables):  CHAIN_DEL failed (Device or resource busy):"
BAD_RULE = "iptables: Bad rule (does a matching rule exist in that chain?)."


def type_command(netfilter: Netfilter, text: str) -> str:
    """Carry out one command line (without the leading word); returns what it prints. Raises IptablesError."""
    return run_command(netfilter, shlex.split(text))


def run_command(netfilter: Netfilter, words: list[str]) -> str:
    """The same for words that are split already."""
    words = [word for word in words if word not in ("-w", "--wait")]
    table = "filter"
    if "-t" in words:
        at = words.index("-t")
        if at + 1 == len(words):
            raise IptablesError('option "-t" requires an argument')
        table = words[at + 1]
        words = words[:at] + words[at + 2:]
    if not words:
        raise IptablesError("no command specified")
    command, rest = _LONG.get(words[0], words[0]), words[1:]
    if command not in _COMMANDS:
        raise IptablesError(f'unknown option "{words[0]}"' if words[0].startswith("-") else
                            f"Bad argument `{words[0]}'")
    chosen = netfilter.table(table)
    if command not in _WITHOUT_CHAIN and not rest:
        raise IptablesError(f'option "{words[0]}" requires an argument')
    return _COMMANDS[command](chosen, rest) or ""


def _place(rest: list[str]) -> tuple[int, list[str]]:
    return (int(rest[0]), rest[1:]) if rest and rest[0].isdigit() else (1, rest)


def _append(table: Table, rest: list[str]) -> None:
    rule = _checked(table, rest[1:])
    table.chain(rest[0]).rules.append(rule)


def _checked(table: Table, words: list[str]) -> Rule:
    rule = parse_rule(words)
    table.check_target(rule)
    return rule


def _insert(table: Table, rest: list[str]) -> None:
    place, words = _place(rest[1:])
    rule, rules = _checked(table, words), table.chain(rest[0]).rules
    if place > len(rules) + 1:
        raise IptablesError("iptables: Index of insertion too big.", 1)
    rules.insert(place - 1, rule)


def _find(chain: Chain, rest: list[str]) -> Rule:
    if len(rest) == 2 and rest[1].isdigit():
        if not 0 < int(rest[1]) <= len(chain.rules):
            raise IptablesError("iptables: Index of deletion too big.", 1)
        return chain.rules[int(rest[1]) - 1]
    wanted = parse_rule(rest[1:]).text
    found = next((rule for rule in chain.rules if rule.text == wanted), None)
    if found is None:
        raise IptablesError(BAD_RULE, 1)
    return found


def _delete(table: Table, rest: list[str]) -> None:
    chain = table.chain(rest[0])
    chain.rules.remove(_find(chain, rest))


def _check(table: Table, rest: list[str]) -> None:
    _find(table.chain(rest[0]), rest)


def _new_chain(table: Table, rest: list[str]) -> None:
    if rest[0] in table.chains:
        raise IptablesError("iptables: Chain already exists.", 1)
    table.chains[rest[0]] = Chain(rest[0])


def _delete_chain(table: Table, rest: list[str]) -> None:
    for name in rest or [name for name, chain in table.chains.items() if chain.policy is None]:
        chain = table.chain(name)
        used = any(rule.target == name for other in table.chains.values() for rule in other.rules)
        if chain.policy is not None or used or chain.rules:
            raise IptablesError(f"{BUSY_CHAIN} chain {name}", 4)
        del table.chains[name]


def _policy(table: Table, rest: list[str]) -> None:
    if len(rest) < 2 or rest[1] not in ("ACCEPT", "DROP"):
        raise IptablesError("iptables: Bad policy name. Run `dmesg' for more information.", 1)
    chain = table.chain(rest[0])
    if chain.policy is None:
        raise IptablesError("iptables: Bad built-in chain name.", 1)
    chain.policy = rest[1]


def _flush(table: Table, rest: list[str]) -> None:
    for chain in [table.chain(rest[0])] if rest else table.chains.values():
        chain.rules.clear()


def _zero(table: Table, rest: list[str]) -> None:
    for chain in [table.chain(rest[0])] if rest else table.chains.values():
        chain.packets = chain.bytes = 0
        for rule in chain.rules:
            rule.packets = rule.bytes = 0


def _show(table: Table, rest: list[str]) -> str:
    chains = [table.chain(rest[0])] if rest else ordered_chains(table)
    heads = [f"-P {c.name} {c.policy}" if c.policy else f"-N {c.name}" for c in chains]
    rules = [f"-A {c.name} {rule.text}".rstrip() for c in chains for rule in c.rules]
    return "\n".join([*heads, *rules]) + "\n"


def ordered_chains(table: Table) -> list[Chain]:
    """Built-in chains first, then users' by name, as the nf_tables variant lists them."""
    return sorted(table.chains.values(), key=lambda chain: (chain.policy is None, "" if chain.policy else chain.name))


_COMMANDS = {"-A": _append, "-I": _insert, "-D": _delete, "-C": _check, "-N": _new_chain, "-X": _delete_chain,
             "-P": _policy, "-F": _flush, "-Z": _zero, "-S": _show}
_LONG = {"--append": "-A", "--insert": "-I", "--delete": "-D", "--check": "-C", "--new-chain": "-N",
         "--delete-chain": "-X", "--policy": "-P", "--flush": "-F", "--zero": "-Z", "--list-rules": "-S"}
_WITHOUT_CHAIN = ("-X", "-F", "-Z", "-S")


def saved(netfilter: Netfilter, *, counters: bool = False, only: str | None = None) -> str:
    """The listing of iptables-save, without its dated comment lines."""
    text = ""
    for name in ("raw", "mangle", "filter", "nat"):
        table = netfilter.tables.get(name)
        if table is None or only not in (None, name):
            continue
        text += f"*{name}\n"
        for chain in ordered_chains(table):
            text += f":{chain.name} {chain.policy or '-'} [{chain.packets}:{chain.bytes}]\n"
        for chain in ordered_chains(table):
            for rule in chain.rules:
                count = f"[{rule.packets}:{rule.bytes}] " if counters else ""
                text += f"{count}-A {chain.name} {rule.text}".rstrip() + "\n"
        text += "COMMIT\n"
    return text
