"""Matches on the mark of a packet or of its connection: mark, connmark (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.netfilter.extension import Extension, Given, Match, Option, options
from netcourse.simulation.linux.netfilter.passage import Passage

ALL_BITS = 0xFFFFFFFF


def _of_packet(passage: Passage) -> int | None:
    return passage.packet.mark


def _of_connection(passage: Passage) -> int | None:
    return passage.connection.mark if passage.connection is not None else None


def _build(mark_of: Callable[[Passage], int | None]) -> Callable[[Given], Match]:
    def build(given: Given) -> Match:
        given.require("--mark")
        value, mask = given.masked_number("--mark")
        bang, inverted = given.bang("--mark"), "--mark" in given.inverted
        shown = f"{value:#x}" + ("" if mask == ALL_BITS else f"/{mask:#x}")

        def test(passage: Passage) -> bool:
            mark = mark_of(passage)
            return mark is not None and (mark & mask == value) is not inverted
        # connmark prints a blank where there is no exclamation mark
        gap = " " if given.extension == "connmark" and not bang else ""
        return Match(given.extension, f"{bang}--mark {shown}", f"{given.extension} match {gap}{bang}{shown}", test,
                     tracks=given.extension == "connmark")
    return build


MARKS = tuple(Extension(name, options(Option("--mark", invertible=True)), _build(mark_of))
              for name, mark_of in (("mark", _of_packet), ("connmark", _of_connection)))
