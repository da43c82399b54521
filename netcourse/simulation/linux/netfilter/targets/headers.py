"""Targets that change a packet's headers: TTL, TCPMSS (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netcourse.packets import TCP, TCPFlags
from netcourse.simulation.linux.netfilter.extension import (
    CONTINUE,
    Extension,
    Given,
    IptablesError,
    Option,
    Target,
    options,
)
from netcourse.simulation.linux.netfilter.names import TCP as TCP_NUMBER
from netcourse.simulation.linux.netfilter.passage import Passage

HIGHEST_TTL = 255
HEADERS, HIGHEST_MSS = 40, 65515

TTL_ACTIONS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "--ttl-set": ("set to", lambda _, value: value), "--ttl-dec": ("decrement by", lambda ttl, value: ttl - value),
    "--ttl-inc": ("increment by", lambda ttl, value: ttl + value),
}


def _ttl(given: Given) -> Target:
    option = next(iter(given.values), None)
    if option is None:
        raise IptablesError("TTL: You must specify an action")
    value = given.number(option, HIGHEST_TTL, lowest=0 if option == "--ttl-set" else 1)
    verb, change = TTL_ACTIONS[option]

    def act(passage: Passage) -> None:
        ttl = min(max(change(passage.packet.ttl, value), 0), HIGHEST_TTL)
        passage.packet = replace(passage.packet, ttl=ttl)
    return Target("TTL", CONTINUE, f"{option} {value}", f"TTL {verb} {value}", act=act, tables=("mangle",))


def _tcpmss(given: Given) -> Target:
    if not given.values:
        raise IptablesError("TCPMSS target: At least one parameter is required")
    fixed = given.number("--set-mss", HIGHEST_MSS) if "--set-mss" in given else None
    clamps = "--clamp-mss-to-pmtu" in given

    def act(passage: Passage) -> None:
        most = _fitting(passage) if clamps else fixed
        if most is not None:
            _lower(passage, most)
    only_tcp = given.protocol != TCP_NUMBER
    hooks = ("FORWARD", "OUTPUT", "POSTROUTING") if clamps else ()
    return Target("TCPMSS", CONTINUE, "--clamp-mss-to-pmtu" if clamps else f"--set-mss {fixed}",
                  "TCPMSS clamp to PMTU" if clamps else f"TCPMSS set {fixed}", act=act,
                  tables=("nowhere",) if only_tcp else (), hooks=hooks)


def _fitting(passage: Passage) -> int | None:
    """What fits on the way there and on the way back (net/netfilter/xt_TCPMSS.c)."""
    ipv4 = passage.namespace.ipv4
    try:
        return min(ipv4.mtu_to(passage.packet.destination), ipv4.mtu_to(passage.packet.source)) - HEADERS
    except OSError:
        return None


def _lower(passage: Passage, most: int) -> None:
    """A size that is there already is never raised."""
    segment = passage.packet.payload
    if not isinstance(segment, TCP) or not segment.flags & TCPFlags.SYN:
        return
    known = segment.options.segment_size
    if known is None or known > most:
        changed = replace(segment, options=replace(segment.options, segment_size=most))
        passage.packet = replace(passage.packet, payload=changed)


HEADERS_CHANGED = (
    Extension("TTL", options(*(Option(name) for name in TTL_ACTIONS)), _ttl),
    Extension("TCPMSS", options(Option("--set-mss"), Option("--clamp-mss-to-pmtu", 0)), _tcpmss),
)
