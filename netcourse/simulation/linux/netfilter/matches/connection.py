"""Matches on the connection that a packet belongs to: conntrack, state (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

from netcourse.simulation.linux.netfilter.connection import Connection, Tuple
from netcourse.simulation.linux.netfilter.conntrack import state_of
from netcourse.simulation.linux.netfilter.extension import (
    Extension,
    Given,
    IptablesError,
    Match,
    Option,
    integer,
    options,
    together,
)
from netcourse.simulation.linux.netfilter.names import LAST_PORT, port_number, protocol_number
from netcourse.simulation.linux.netfilter.passage import Passage

Test = Callable[[Passage], bool]
STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")
STATUSES: dict[str, Callable[[Connection], bool]] = {
    "EXPECTED": lambda _: False, "SEEN_REPLY": lambda c: c.answered, "ASSURED": lambda c: c.assured,
    "CONFIRMED": lambda c: c.confirmed}
MOST_SECONDS = 2**32 - 1
ADDRESSES: dict[str, Callable[[Connection], Tuple]] = {"orig": lambda c: c.original, "repl": lambda c: c.reply}


def _states(text: str, known: tuple[str, ...], what: str) -> str:
    wanted = text.upper().split(",")
    for state in wanted:
        if state not in known:
            raise IptablesError(f'Bad {what} "{text.split(",")[wanted.index(state)]}"')
    return ",".join(state for state in known if state in wanted)


def _state_test(states: str) -> Test:
    wanted = states.split(",")

    def test(passage: Passage) -> bool:
        source, destination = passage.connection.is_translated if passage.connection else (False, False)
        return (state_of(passage.connection, passage.packet) in wanted or (source and "SNAT" in wanted)
                or (destination and "DNAT" in wanted))
    return test


def _state(given: Given) -> Match:
    given.require("--state")
    states, bang = _states(given.text("--state"), STATES[:5], "state"), given.bang("--state")
    test = _state_test(states)
    return Match("state", f"{bang}--state {states}", f"{bang}state {states}", _either(test, inverted=bool(bang)),
                 tracks=True)


def _either(test: Test, inverted: bool) -> Test:
    return (lambda passage: not test(passage)) if inverted else test


def _ctstate(given: Given, name: str) -> tuple[str, Test]:
    states = _states(given.text(name), STATES, "ctstate")
    return states, _state_test(states)


def _ctproto(given: Given, name: str) -> tuple[str, Test]:
    number = protocol_number(given.text(name))
    if number is None:
        raise IptablesError(f'unknown protocol "{given.text(name)}" specified')
    return str(number), lambda p: p.connection is not None and p.connection.original.protocol == number


def _ctaddress(given: Given, name: str) -> tuple[str, Test]:
    try:
        network = IPv4Network(given.text(name), strict=False)
    except ValueError:
        raise IptablesError(f"host/network `{given.text(name)}' not found") from None
    of = ADDRESSES[name[4:8]]
    source = name.endswith("src")
    shown = str(network.network_address) if network.prefixlen == 32 else str(network)
    return shown, lambda p: p.connection is not None and (
        of(p.connection).source if source else of(p.connection).destination) in network


def _ctport(given: Given, name: str) -> tuple[str, Test]:
    first, colon, last = given.text(name).partition(":")
    low = port_number(first, 6) if first else 0
    high = (port_number(last, 6) if last else LAST_PORT) if colon else low
    if low is None or high is None:
        raise IptablesError(f'Port "{first if low is None else last}" does not resolve to anything.\n')
    of = ADDRESSES[name[4:8]]
    source = name.endswith("srcport")
    return f"{low}:{high}" if low != high else f"{low}", lambda p: p.connection is not None and (
        low <= (of(p.connection).source_port if source else of(p.connection).destination_port) <= high)


def _ctdir(given: Given, name: str) -> tuple[str, Test]:
    direction = given.text(name).upper()
    if direction not in ("ORIGINAL", "REPLY"):
        given.complain(f'Bad value for "{name}" option: "{given.text(name)}"')
    original = direction == "ORIGINAL"
    return direction, lambda p: (p.connection is not None
                                 and p.connection.is_original(Tuple.of(p.packet)) is original)


def _ctstatus(given: Given, name: str) -> tuple[str, Test]:
    """Whether one of these can be said of it; of nothing (NONE) that never holds (net/netfilter/xt_conntrack.c)."""
    wanted = given.text(name).upper().split(",")
    for status in wanted:
        if status not in ("NONE", *STATUSES):
            raise IptablesError(f'Bad ctstatus "{given.text(name).split(",")[wanted.index(status)]}"')
    shown = [status for status in STATUSES if status in wanted]
    return ",".join(shown) or "NONE", lambda p: p.connection is not None and any(
        STATUSES[status](p.connection) for status in shown)


def _ctexpire(given: Given, name: str) -> tuple[str, Test]:
    """In how many seconds it would be forgotten."""
    first, colon, last = given.text(name).partition(":")
    if ":" in last:
        given.complain(f'Too many components for option "{name}" (max: 2)\n')
    low = _seconds(given, name, first) if first or not colon else 0
    high = (_seconds(given, name, last) if last else MOST_SECONDS) if colon else low
    return f"{low}:{high}" if low != high else f"{low}", lambda p: p.connection is not None and (
        low <= p.connection.seconds_left(p.namespace.machine.clock.now) <= high)


def _seconds(given: Given, name: str, text: str) -> int:
    seconds = integer(text)
    if seconds is None or not 0 <= seconds <= MOST_SECONDS:
        given.complain(f'bad value for option "{name}" near "{text}", or out of range (0-{MOST_SECONDS}).\n')
    return seconds


CONDITIONS: dict[str, Callable[[Given, str], tuple[str, Test]]] = {
    "--ctstate": _ctstate, "--ctproto": _ctproto, "--ctorigsrc": _ctaddress, "--ctorigdst": _ctaddress,
    "--ctreplsrc": _ctaddress, "--ctrepldst": _ctaddress, "--ctorigsrcport": _ctport, "--ctorigdstport": _ctport,
    "--ctreplsrcport": _ctport, "--ctrepldstport": _ctport, "--ctstatus": _ctstatus, "--ctexpire": _ctexpire,
    "--ctdir": _ctdir,
}


def _conntrack(given: Given) -> Match:
    if not given.values:
        given.complain("At least one option is required")
    saved, listed, tests = [], [], []
    for name in (name for name in CONDITIONS if name in given):
        shown, test = CONDITIONS[name](given, name)
        saved.append(f"{given.bang(name)}{name} {shown}")
        listed.append(f"{given.bang(name)}{name.removeprefix('--')} {shown}")
        tests.append(_either(test, inverted=name in given.inverted))
    return Match("conntrack", " ".join(saved), " ".join(listed), together(tests), tracks=True)


CONNECTION = (
    Extension("conntrack", options(*(Option(name, invertible=name != "--ctdir") for name in CONDITIONS)), _conntrack),
    Extension("state", options(Option("--state", invertible=True)), _state),
)
