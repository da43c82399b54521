"""MARK and CONNMARK: numbers on packets and on connections (iptables-extensions(8)).

A mark stays on a packet as long as it is in one namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netcourse.simulation.linux.netfilter.extension import (
    CONTINUE,
    Extension,
    Given,
    IptablesError,
    Option,
    Target,
    options,
)
from netcourse.simulation.linux.netfilter.passage import Passage

ALL_BITS = 0xFFFFFFFF
Change = tuple[int, int]


def _set(given: Given, option: str) -> Change:
    value, mask = given.masked_number(option)
    return value, value | mask


def _and(given: Given, option: str) -> Change:
    return 0, ~given.number(option, ALL_BITS, shown="") & ALL_BITS


def _or(given: Given, option: str) -> Change:
    value = given.number(option, ALL_BITS, shown="")
    return value, value


def _xor(given: Given, option: str) -> Change:
    return given.number(option, ALL_BITS, shown=""), 0


# what each option sets, after having cleared the bits of the second number
CHANGES: dict[str, Callable[[Given, str], Change]] = {
    "--set-xmark": Given.masked_number, "--set-mark": _set, "--and-mark": _and, "--or-mark": _or, "--xor-mark": _xor}


def _changed(mark: int, change: Change) -> int:
    return (mark & ~change[1]) ^ change[0]


def _listed(value: int, mask: int) -> str:
    """As the operation that it amounts to (mark_tg_print in extensions/libxt_MARK.c)."""
    if value == 0:
        return f"and {~mask & ALL_BITS:#x}"
    if value == mask:
        return f"or {value:#x}"
    if mask == 0:
        return f"xor {value:#x}"
    return f"set {value:#x}" if mask == ALL_BITS else f"xset {value:#x}/{mask:#x}"


def _only(given: Given, names: list[str]) -> str | None:
    """The one of ``names`` that was given. Raises IptablesError for two of them."""
    found = [name for name in names if name in given]
    if len(found) > 1:
        given.exclude(found[0], found[1])
    return found[0] if found else None


def _mark(given: Given) -> Target:
    option = _only(given, list(CHANGES))
    if option is None:
        given.complain("One of the --set-xmark, --{and,or,xor,set}-mark options is required")
    change = CHANGES[option](given, option)

    def act(passage: Passage) -> None:
        passage.packet = replace(passage.packet, mark=_changed(passage.packet.mark, change))
    return Target("MARK", CONTINUE, f"--set-xmark {change[0]:#x}/{change[1]:#x}", f"MARK {_listed(*change)}", act=act)


def _connmark(given: Given) -> Target:
    option = _only(given, [*CHANGES, "--save-mark", "--restore-mark"])
    if option is None:
        raise IptablesError("CONNMARK target: No operation specified")
    if option not in CHANGES:
        return _copying(given, option)
    change = CHANGES[option](given, option)

    def act(passage: Passage) -> None:
        if passage.connection is not None:
            passage.connection.mark = _changed(passage.connection.mark, change)
    return Target("CONNMARK", CONTINUE, f"--set-xmark {change[0]:#x}/{change[1]:#x}", f"CONNMARK {_listed(*change)}",
                  act=act, tracks=True)


def _copying(given: Given, option: str) -> Target:
    """From the packet to its connection, or back, as far as the masks let through."""
    both = given.number("--mask", ALL_BITS, shown="") if "--mask" in given else ALL_BITS
    packets = given.number("--nfmask", ALL_BITS, shown="") if "--nfmask" in given else both
    connections = given.number("--ctmask", ALL_BITS, shown="") if "--ctmask" in given else both
    saves = option == "--save-mark"

    def act(passage: Passage) -> None:
        connection, packet = passage.connection, passage.packet
        if connection is None:
            return
        if saves:
            connection.mark = _changed(connection.mark, (packet.mark & packets, connections))
        else:
            passage.packet = replace(packet, mark=_changed(packet.mark, (connection.mark & connections, packets)))
    return Target("CONNMARK", CONTINUE, f"{option} --nfmask {packets:#x} --ctmask {connections:#x}",
                  f"CONNMARK {_listed_copy(packets, connections, saves=saves)}", act=act,
                  tracks=True)


def _listed_copy(packets: int, connections: int, *, saves: bool) -> str:
    verb = "save" if saves else "restore"
    if packets == connections:
        return verb if packets == ALL_BITS else f"{verb} mask {packets:#x}"
    if saves:
        return f"save nfmask {packets:#x} ctmask ~{connections:#x}"
    return f"restore ctmask {connections:#x} nfmask ~{packets:#x}"


MARKS = (
    Extension("MARK", options(*(Option(name) for name in CHANGES)), _mark),
    Extension("CONNMARK", options(*(Option(name) for name in CHANGES), Option("--save-mark", 0),
                                  Option("--restore-mark", 0), Option("--mask"), Option("--nfmask"),
                                  Option("--ctmask")), _connmark),
)
