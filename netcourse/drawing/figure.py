"""A topology as SVG, written by hand: the same topology gives the same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from html import escape

from netcourse.drawing import theme
from netcourse.drawing.layout import Bar, Box, Chip, Layout, Port, lay_out
from netcourse.drawing.words import describe
from netcourse.topology import Topology


@dataclass(frozen=True, repr=False)
class Picture:
    """Shows itself in a notebook: as a vector picture, and as text where there are no pictures."""

    svg: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def draw(topology: Topology) -> Picture:
    """A picture of the first machine."""
    return Picture(_svg(lay_out(topology.machine), describe(topology)), describe(topology))


def _svg(layout: Layout, description: str) -> str:
    width, height = round(layout.width), round(layout.height)
    wires = [_wire(box, chip, layout) for box in layout.boxes for chip in box.chips]
    parts = [_frame(layout), *(_port(port) for port in layout.ports), *wires,
             *(_bar(bar, layout) for bar in layout.bars), *(_box(box) for box in layout.boxes)]
    if not layout.bars and not layout.boxes:
        parts.append(_text(layout.width / 2, layout.height - 40, "no containers yet", fill=theme.FAINT,
                           anchor="middle"))
    parts += [_text(2 * theme.MARGIN, layout.height - theme.MARGIN - 12, layout.legend, fill=theme.FAINT,
                    size=theme.SMALL)] if layout.legend else []
    body = "\n".join(parts)
    unique = hashlib.sha256(body.encode()).hexdigest()[:8]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title-{unique} text-{unique}" font-family="{theme.FONT}">\n'
            f'<title id="title-{unique}">The networks of the {escape(layout.machine)}</title>\n'
            f'<desc id="text-{unique}">{escape(description)}</desc>\n{body}\n</svg>')


def _rectangle(x: float, y: float, width: float, height: float, *, radius: float = 6, fill: str = theme.PANEL,
               stroke: str = theme.LINE, extra: str = "") -> str:
    return (f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="{radius:.0f}" fill="{fill}" '
            f'stroke="{stroke}" {extra}/>')


def _text(x: float, y: float, text: str, *, size: int = theme.TEXT, fill: str = theme.INK, anchor: str = "start",
          bold: bool = False, mono: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    family = f' font-family="{theme.MONO}"' if mono else ""
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}{family}>'
            f'{escape(text)}</text>')


def _frame(layout: Layout) -> str:
    inner = _rectangle(theme.MARGIN, theme.MARGIN, layout.width - 2 * theme.MARGIN, layout.height - 2 * theme.MARGIN,
                       radius=14, extra='stroke-width="1.5"')
    parts = [_rectangle(0, 0, layout.width, layout.height, radius=0, fill=theme.PAPER, stroke="none"), inner,
             _text(2 * theme.MARGIN, theme.MARGIN + 22, layout.machine, bold=True, size=theme.TITLE)]
    if layout.uplink:
        width = theme.width_of(layout.uplink) + 16
        x = layout.width - 2 * theme.MARGIN - width
        parts += [_rectangle(x, theme.MARGIN - 11, width, 22, radius=5, stroke=theme.INK),
                  _text(x + width / 2, theme.MARGIN + 4, layout.uplink, anchor="middle", mono=True)]
    return "\n".join(parts)


def _port(port: Port) -> str:
    return "\n".join([
        _rectangle(port.x, port.y, port.width, theme.PORT_HEIGHT, radius=11, fill=theme.PAPER, stroke=theme.INK),
        _text(port.x + port.width / 2, port.y + 15, port.text, anchor="middle", mono=True)])


def _wire(box: Box, chip: Chip, layout: Layout) -> str:
    """From a port of the bridge to the interface; with a gap where the interface is down or has no carrier."""
    bar = layout.bars[chip.bar]
    colour, dash = theme.colours(bar.number)
    x = chip.wire
    start, end = (bar.y + theme.BAR_HEIGHT, chip.y) if box.side == "below" else (bar.y, chip.y + theme.CHIP_HEIGHT)
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    faded = "" if box.is_running else ' opacity="0.35"'
    stroke = f'stroke="{colour}"{faded}'
    path = f"M{x:.0f} {start:.0f}V{end:.0f}"
    if not chip.is_connected:
        cut = (end - 8) if box.side == "below" else (end + 8)
        path = f"M{x:.0f} {start:.0f}V{cut:.0f}M{x - 6:.0f} {cut - 5:.0f}l12 10m0 -10l-12 10"
    return (f'<path d="{path}" {stroke} stroke-width="2.5" fill="none"{pattern}/>'
            f'<circle cx="{x:.0f}" cy="{start:.0f}" r="4.5" fill="{theme.PANEL}" {stroke} stroke-width="2"/>')


def _bar(bar: Bar, layout: Layout) -> str:
    colour, dash = theme.colours(bar.number)
    x, end, fill = 2 * theme.MARGIN, layout.bars_end, colour if bar.is_up else theme.BAR_DOWN
    middle, baseline = bar.y + theme.BAR_HEIGHT / 2, bar.y + 19
    name_end = x + 12 + theme.width_of(bar.name, theme.TITLE)
    parts = [_rectangle(x, bar.y, end - x, theme.BAR_HEIGHT, fill=fill, stroke=fill),
             _text(x + 12, baseline, bar.name, fill="#ffffff", bold=True, size=theme.TITLE),
             _text(name_end + 22, baseline, bar.detail, fill="#ffffff", mono=True),
             _text(end - 12, baseline, bar.bridge, fill="#ffffff", anchor="end", mono=True)]
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    if bar.way_out == "closed":
        parts += [f'<path d="M{end:.0f} {middle:.0f}h22m0 -9v18" stroke="{colour}" stroke-width="2.5" fill="none"/>',
                  _text(end + 30, middle + 4, "internal", fill=theme.FAINT, size=theme.SMALL)]
        return "\n".join(parts)
    parts.insert(0, f'<path d="M{end:.0f} {middle:.0f}H{bar.line_out:.1f}V{theme.MARGIN + 11:.0f}" stroke="{colour}" '
                    f'stroke-width="2" fill="none"{pattern}/>')
    if bar.way_out == "NAT":
        gate = end + theme.NAT_START
        parts += [_rectangle(gate, middle - 11, theme.NAT_WIDTH, 22, radius=4, stroke=colour, extra='stroke-width="2"'),
                  _text(gate + theme.NAT_WIDTH / 2, middle + 4, "NAT", anchor="middle", bold=True, size=theme.SMALL,
                        fill=colour)]
    return "\n".join(parts)


def _box(box: Box) -> str:
    top = box.y if box.side == "below" else box.y - theme.CHIP_HEIGHT / 2
    ink = theme.INK if box.is_running else theme.STOPPED
    dashes = "" if box.is_running else 'stroke-dasharray="5 4"'
    parts = [_rectangle(box.x, box.y, box.width, theme.BOX_HEIGHT, radius=9, fill=theme.PAPER, extra=dashes),
             _text(box.x + box.width / 2, top + 42, box.name, anchor="middle", bold=True, size=theme.TITLE, fill=ink),
             _text(box.x + box.width / 2, top + 60, box.detail, anchor="middle", size=theme.SMALL,
                   fill=theme.FAINT if box.is_running else theme.STOPPED)]
    return "\n".join([*parts, *(_chip(chip, running=box.is_running) for chip in box.chips)])


def _chip(chip: Chip, *, running: bool) -> str:
    colour = theme.colours(chip.bar)[0] if running and chip.is_connected else theme.STOPPED
    name = f"{chip.name} ▲" if chip.has_default_route else chip.name
    return "\n".join([
        _rectangle(chip.x, chip.y, chip.width, theme.CHIP_HEIGHT, radius=5, stroke=colour, extra='stroke-width="2"'),
        _text(chip.middle, chip.y + 14, name, anchor="middle", bold=True, fill=colour),
        _text(chip.middle, chip.y + 28, chip.address, anchor="middle", size=theme.SMALL, mono=True)])
