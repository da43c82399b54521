"""Matches on how a packet came over the link: mac, physdev, pkttype (iptables-extensions(8))."""

from __future__ import annotations

import re
from collections.abc import Callable

from netcourse.packets import BROADCAST_MAC
from netcourse.simulation.linux.netfilter.extension import (
    Extension,
    Given,
    IptablesError,
    Match,
    Option,
    options,
    together,
)
from netcourse.simulation.linux.netfilter.names import check_interface
from netcourse.simulation.linux.netfilter.passage import Passage, fits

Test = Callable[[Passage], bool]
PACKET_TYPES = ("unicast", "broadcast", "multicast")


def _mac(given: Given) -> Match:
    given.require("--mac-source")
    parts = given.text("--mac-source").split(":")
    if len(parts) != 6 or not all(re.fullmatch("[0-9a-fA-F]{1,2}", part) for part in parts):
        raise IptablesError("Invalid MAC address specified.")
    mac = ":".join(part.lower().zfill(2) for part in parts)
    bang, inverted = given.bang("--mac-source"), "--mac-source" in given.inverted
    return Match("mac", f"{bang}--mac-source {mac}", f"MAC {bang}{mac}",
                 lambda p: p.link is not None and (p.link.frame.source == mac) is not inverted,
                 hooks=("PREROUTING", "INPUT", "FORWARD"))


def _port_in(passage: Passage) -> str | None:
    return passage.link.port_in if passage.link is not None else None


def _port_out(passage: Passage) -> str | None:
    return passage.link.port_out if passage.link is not None else None


def _is_bridged(passage: Passage) -> bool:
    return _port_in(passage) is not None and _port_out(passage) is not None


PORTS = {"--physdev-in": _port_in, "--physdev-out": _port_out}
CONDITIONS: dict[str, Test] = {"--physdev-is-in": lambda p: _port_in(p) is not None,
                               "--physdev-is-out": lambda p: _port_out(p) is not None,
                               "--physdev-is-bridged": _is_bridged}
PHYSDEV_OPTIONS = ("--physdev-in", "--physdev-is-in", "--physdev-out", "--physdev-is-out", "--physdev-is-bridged")


def _physdev(given: Given) -> Match:
    if not given.values:
        raise IptablesError("PHYSDEV: no physdev option specified")
    words, tests = [], list[Test]()
    for option in (option for option in PHYSDEV_OPTIONS if option in given):
        test = _port_test(given, option) if option in PORTS else CONDITIONS[option]
        words.append(f"{given.bang(option)}{option}" + (f" {given.text(option)}" if option in PORTS else ""))
        tests.append(_inverted(test) if option in given.inverted else test)
    leaves = any(option in given for option in ("--physdev-out", "--physdev-is-out", "--physdev-is-bridged"))
    hooks = ("PREROUTING", "INPUT", "FORWARD", "POSTROUTING") if leaves else ()
    return Match("physdev", " ".join(words), " ".join(["PHYSDEV match", *words]), together(tests), hooks=hooks)


def _port_test(given: Given, option: str) -> Test:
    name, port_of = given.text(option), PORTS[option]
    check_interface(name)
    return lambda passage: fits(name, port_of(passage))


def _inverted(test: Test) -> Test:
    return lambda passage: not test(passage)


def _type_of(passage: Passage) -> str:
    """What a machine sends itself or to others counts as unicast."""
    destination = passage.link.frame.destination if passage.link is not None else ""
    if destination == BROADCAST_MAC:
        return "broadcast"
    return "multicast" if destination.startswith("01:00:5e") else "unicast"


def _pkttype(given: Given) -> Match:
    given.require("--pkt-type")
    typed = given.text("--pkt-type")
    kind = "unicast" if typed.lower() == "host" else typed.lower()
    if kind not in PACKET_TYPES:
        raise IptablesError(f"Bad packet type '{typed}'")
    inverted = "--pkt-type" in given.inverted
    return Match("pkttype", f"{given.bang('--pkt-type')}--pkt-type {kind}",
                 f"PKTTYPE {'!=' if inverted else '='} {kind}", lambda p: (_type_of(p) == kind) is not inverted)


LINK = (
    Extension("mac", options(Option("--mac-source", invertible=True)), _mac),
    Extension("physdev", options(*(Option(name, int(name in PORTS), invertible=True) for name in PHYSDEV_OPTIONS)),
              _physdev),
    Extension("pkttype", options(Option("--pkt-type", invertible=True)), _pkttype),
)
