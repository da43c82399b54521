"""The picture in words, for those who can't see it and where pictures aren't shown."""

from __future__ import annotations

from netcourse.drawing.layout import Bar, Box, Chip, lay_out
from netcourse.topology import Topology

WAYS_OUT = {"NAT": "out through NAT", "closed": "internal, no way out", "routed": "out without NAT"}


def describe(topology: Topology) -> str:
    """One line for the machine, one for each network, and under it those who are on it."""
    layout = lay_out(topology.machine)
    lines = [layout.machine + (f"  ({layout.uplink})" if layout.uplink else "")]
    lines += [f"  published  {port.text}" for port in layout.ports]
    for bar in layout.bars:
        lines.append(f"  network {bar.name}  {bar.detail}  [{bar.bridge}]  {WAYS_OUT[bar.way_out]}")
        lines += [f"    └─ {line}" for box in layout.boxes for line in _members(box, bar)]
    alone = [box for box in layout.boxes if not box.chips]
    lines += [f"  container {box.name} ({box.detail})" for box in alone]
    if not layout.bars and not layout.boxes:
        lines.append("  no containers yet")
    return "\n".join(lines)


def _members(box: Box, bar: Bar) -> list[str]:
    return [_member(box, chip, bar) for chip in box.chips if chip.bar == bar.number]


def _member(box: Box, chip: Chip, bar: Bar) -> str:
    """A container that isn't running has no interface, and its chip the name of the network."""
    interface = "" if chip.name == bar.name else f"{chip.name} "
    default = "  ▲ default route" if chip.has_default_route else ""
    return f"{box.name} ({box.detail})  {interface}{chip.address}{default}"
