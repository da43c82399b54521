"""CT and NOTRACK: packets whose connection isn't to be followed (iptables-extensions(8))."""

from __future__ import annotations

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

NOT_SIMULATED = ("--helper", "--ctevents", "--expevents", "--zone", "--zone-orig", "--zone-reply", "--timeout")


def _leave_alone(passage: Passage) -> None:
    passage.packet = replace(passage.packet, is_untracked=True)


def _ct(given: Given) -> Target:
    for option in NOT_SIMULATED:
        if option in given:
            raise IptablesError(f"iptables: the option {option} of the target CT is not simulated")
    if "--notrack" not in given:
        return Target("CT", CONTINUE, "", "CT", tables=("raw",), tracks=True)
    return Target("CT", "ACCEPT", "--notrack", "CT notrack", act=_leave_alone, tables=("raw",), tracks=True)


def _notrack(_: Given) -> Target:
    return Target("NOTRACK", "ACCEPT", "", "NOTRACK", act=_leave_alone, tables=("raw",), shown_as="CT",
                  tracks=True)


TRACKING = (
    Extension("CT", options(Option("--notrack", 0), *(Option(name) for name in NOT_SIMULATED)), _ct),
    Extension("NOTRACK", {}, _notrack),
)
