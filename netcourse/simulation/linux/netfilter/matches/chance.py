"""Matches that hold only so often: limit, statistic (iptables-extensions(8))."""

from __future__ import annotations

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.netfilter.extension import Extension, Given, IptablesError, Match, Option, options
from netcourse.simulation.linux.netfilter.passage import Passage

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
SHOWN_UNITS = {86400: "day", 3600: "hour", 60: "min", 1: "sec"}
SCALE = 10000
DEFAULT_BURST = 5
HIGHEST_EVERY = 0xFFFFFFFF


def _average(text: str) -> int:
    """How long a packet is paid with, in 1/10000 s; "5/min" is 120000."""
    number, slash, unit = text.partition("/")
    seconds = next((s for name, s in UNITS.items() if unit and name.startswith(unit.lower())), None) if slash else 1
    if not number.isdigit() or not int(number) or seconds is None:
        raise IptablesError(f'bad rate "{text}"\'')
    if int(number) > SCALE * seconds:
        raise IptablesError(f'Rate too fast "{text}"')
    return SCALE * seconds // int(number)


def _rate(average: int) -> str:
    """The largest unit that says it without a rest (print_rate in extensions/libxt_limit.c)."""
    kept = SCALE * 86400
    seconds = 86400
    for unit in SHOWN_UNITS:
        if average > SCALE * unit or SCALE * unit // average < (SCALE * unit) % average:
            break
        kept, seconds = SCALE * unit, unit
    return f"{kept // average}/{SHOWN_UNITS[seconds]}"


class _Bucket:
    """Tokens that come with time and go with packets (net/netfilter/nft_limit.c)."""

    def __init__(self, average: int, burst: int) -> None:
        self._cost = average * SECOND // SCALE
        self._most = burst * self._cost
        self._tokens, self._filled_at = self._most, 0

    def allows(self, passage: Passage) -> bool:
        now = passage.namespace.machine.clock.now
        self._tokens = min(self._most, self._tokens + now - self._filled_at)
        self._filled_at = now
        if self._tokens < self._cost:
            return False
        self._tokens -= self._cost
        return True


def _limit(given: Given) -> Match:
    average = _average(given.text("--limit") if "--limit" in given else "3/hour")
    burst = (given.number("--limit-burst", SCALE) if "--limit-burst" in given else 0) or DEFAULT_BURST
    saved = f"--limit {_rate(average)}" + ("" if burst == DEFAULT_BURST else f" --limit-burst {burst}")
    return Match("limit", saved, f"limit: avg {_rate(average)} burst {burst}", _Bucket(average, burst).allows)


class _Turn:
    """Every n-th packet, counted from ``packet`` on."""

    def __init__(self, every: int, packet: int) -> None:
        self._every, self._next = every, packet

    def is_mine(self, _: Passage) -> bool:
        mine = self._next == 0
        self._next = self._every - 1 if mine else self._next - 1
        return mine


def _statistic(given: Given) -> Match:
    mode = given.text("--mode") if "--mode" in given else "random"
    if mode not in ("random", "nth"):
        raise IptablesError(f'Bad mode "{mode}"')
    return _at_random(given) if mode == "random" else _in_turn(given)


def _at_random(given: Given) -> Match:
    if "--probability" not in given:
        raise IptablesError("--probability must be specified when using random mode")
    try:
        probability = float(given.text("--probability"))
    except ValueError:
        probability = -1.0
    if not 0 <= probability <= 1:
        given.complain('bad value for option "--probability", or out of range (0-1).\n')
    bang, inverted = given.bang("--probability"), "--probability" in given.inverted
    return Match("statistic", f"--mode random {bang}--probability {probability:.11f}",
                 f"statistic mode random {bang}probability {probability:.11f}",
                 lambda passage: (passage.namespace.machine.random.random() < probability) is not inverted)


def _in_turn(given: Given) -> Match:
    for one, other in (("--every", "--packet"), ("--packet", "--every")):
        if one in given and other not in given:
            given.complain(f'option "{one}" also requires "{other}".\n')
    if "--every" not in given:
        raise IptablesError("--every must be specified when using nth mode")
    every, packet = given.number("--every", HIGHEST_EVERY), given.number("--packet", HIGHEST_EVERY)
    if packet >= every:
        raise IptablesError("the --packet p must be 0 <= p <= n-1")
    turn, inverted = _Turn(every, packet), "--every" in given.inverted
    return Match("statistic", f"--mode nth {given.bang('--every')}--every {every} --packet {packet}",
                 f"statistic mode nth {given.bang('--every')}every {every} packet {packet}",
                 lambda passage: turn.is_mine(passage) is not inverted)


CHANCE = (
    Extension("limit", options(Option("--limit"), Option("--limit-burst")), _limit),
    Extension("statistic", options(Option("--mode"), Option("--probability", invertible=True),
                                   Option("--every", invertible=True), Option("--packet")), _statistic),
)
