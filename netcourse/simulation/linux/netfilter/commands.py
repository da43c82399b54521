"""What one types to change rules: ``iptables -t nat -A DOCKER -i br0 -j RETURN`` and its like."""

from __future__ import annotations

import shlex

from netcourse.simulation.linux.netfilter.rule import IptablesError, Rule, is_target, parse_rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter, Table

BUSY_CHAIN = "iptables v1.8.9 (nf_tables):  CHAIN_DEL failed (Device or resource busy):"
REFUSED = "iptables v1.8.9 (nf_tables): "
NO_SUCH = "iptables: No chain/target/match by that name."
LONGEST_NAME = 28
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
    return (_number(rest[0]), rest[1:]) if rest and rest[0][:1] not in ("-", "!") else (1, rest)


def _number(word: str) -> int:
    if not word.isdigit() or not int(word):
        raise IptablesError(f"Invalid rule number `{word}'")
    return int(word)


def _append(table: Table, rest: list[str]) -> None:
    rule = _checked(table, rest[0], rest[1:])
    chain = table.chain(rest[0])
    _refuse_loop(table, chain, rule, "RULE_APPEND")
    chain.rules.append(rule)


def _checked(table: Table, chain: str, words: list[str]) -> Rule:
    rule = parse_rule(words)
    for option, hooks in _MEANINGLESS.items():
        if chain in hooks and any(match.words.removeprefix("! ").startswith(f"{option} ") for match in rule.matches):
            raise IptablesError(f"Can't use {option} with {chain}\n")
    table.check_target(rule)
    return rule


def _refuse_loop(table: Table, chain: Chain, rule: Rule, command: str) -> None:
    """The kernel lets no packet go in circles: a chain mustn't lead to itself (ELOOP is EMLINK in nf_tables)."""
    leads_to, seen = [rule.target], set[str]()
    while leads_to:
        name = leads_to.pop()
        if name == chain.name:
            raise IptablesError(f"{REFUSED} {command} failed (Too many links): rule in chain {chain.name}", 4)
        if name in table.chains and name not in seen:
            seen.add(name)
            leads_to += [further.target for further in table.chains[name].rules]


def _insert(table: Table, rest: list[str]) -> None:
    place, words = _place(rest[1:])
    rule, chain = _checked(table, rest[0], words), table.chain(rest[0])
    if place > len(chain.rules) + 1:
        raise IptablesError("iptables: Index of insertion too big.", 1)
    _refuse_loop(table, chain, rule, "RULE_INSERT")
    chain.rules.insert(place - 1, rule)


def _replace(table: Table, rest: list[str]) -> None:
    if len(rest) < 2 or rest[1][:1] in ("-", "!"):
        raise IptablesError("-R requires a rule number")
    place = _number(rest[1])
    rule, chain = _checked(table, rest[0], rest[2:]), table.chain(rest[0])
    if place > len(chain.rules):
        raise IptablesError(NO_SUCH, 1)
    _refuse_loop(table, chain, rule, "RULE_REPLACE")
    chain.rules[place - 1] = rule


def _find(chain: Chain, rest: list[str]) -> Rule:
    if len(rest) == 2 and rest[1].isdigit():
        place = _number(rest[1])
        if place > len(chain.rules):
            raise IptablesError(NO_SUCH, 1)
        return chain.rules[place - 1]
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
    _check_name(rest[0])
    if rest[0] in table.chains:
        raise IptablesError("iptables: Chain already exists.", 1)
    table.chains[rest[0]] = Chain(rest[0])


def _check_name(name: str) -> None:
    """assert_valid_chain_name in iptables/xshared.c."""
    if name[:1] in ("-", "!"):
        raise IptablesError(f"chain name not allowed to start with `{name[0]}'")
    if len(name) > LONGEST_NAME - 1:
        raise IptablesError(f"chain name `{name}' too long (must be under 29 chars)")
    if is_target(name):
        raise IptablesError("chain name may not clash with target name")
    if any(letter.isspace() for letter in name):
        raise IptablesError(f"Invalid chain name `{name}'")


def _rename(table: Table, rest: list[str]) -> None:
    if len(rest) != 2:
        raise IptablesError("-E requires old-chain-name and new-chain-name")
    old, new = rest
    if new in table.chains:
        raise IptablesError("iptables: File exists.", 1)
    chain = table.chain(old)
    if chain.policy is not None:
        raise IptablesError("iptables: renaming a built-in chain is not simulated")
    _check_name(new)
    table.chains[new] = table.chains.pop(old)
    chain.name = new
    for rule in (rule for other in table.chains.values() for rule in other.rules if rule.target == old):
        rule.target = new


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
    chain = table.chains.get(rest[0])
    if chain is None or chain.policy is None:
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


_COMMANDS = {"-A": _append, "-I": _insert, "-D": _delete, "-C": _check, "-R": _replace, "-E": _rename,
             "-N": _new_chain, "-X": _delete_chain,
             "-P": _policy, "-F": _flush, "-Z": _zero, "-S": _show}
_LONG = {"--append": "-A", "--insert": "-I", "--delete": "-D", "--check": "-C", "--replace": "-R",
         "--rename-chain": "-E", "--new-chain": "-N",
         "--delete-chain": "-X", "--policy": "-P", "--flush": "-F", "--zero": "-Z", "--list-rules": "-S"}
_MEANINGLESS = {"-i": ("OUTPUT", "POSTROUTING"), "-o": ("INPUT", "PREROUTING")}
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
