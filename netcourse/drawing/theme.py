"""Colours and sizes. The picture brings its own background: shown as an <img>, it can't know the page's."""

from __future__ import annotations

FONT = "ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, 'DejaVu Sans Mono', monospace"
PAPER, PANEL, INK, FAINT, LINE = "#fbfaf7", "#ffffff", "#1f2430", "#5c6470", "#b9bec7"
STOPPED, BAR_DOWN = "#757b86", "#6b7280"

# each network has a colour and a dash pattern of its own, so that colour is never the only sign
NETWORKS = (("#0b6e99", ""), ("#b4541a", "7 3"), ("#3f7d20", "2 3"), ("#8a3ffc", "10 3 2 3"), ("#a8164f", "5 2 1 2"),
            ("#6b5b00", "1 2"), ("#00696b", "12 4"))

TEXT, SMALL, TITLE = 12, 11, 13
CHARACTER = 7.3
"""Width of a character of MONO at size 12, in pixels; a little generous."""

MARGIN, GAP, PAD = 18, 16, 12
CHIP_HEIGHT, BAR_HEIGHT, BAR_GAP = 34, 30, 26
BOX_HEIGHT, PORT_HEIGHT, HEADER = 74, 22, 58
WIRE = 56
"""From the bars to the nearest boxes, in pixels."""
WIRES_APART = 10
GUTTER = 104
"""Room beside the bars for the ways out."""
NAT_START, NAT_WIDTH = 10, 40
LINES_EDGE, LINES_MOST_APART = 12, 5
LEGEND_HEIGHT = 22


def colours(number: int) -> tuple[str, str]:
    """Colour and dash pattern of the n-th network."""
    return NETWORKS[number % len(NETWORKS)]


def width_of(text: str, size: int = TEXT) -> float:
    return len(text) * CHARACTER * size / TEXT
