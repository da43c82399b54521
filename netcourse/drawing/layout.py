"""Where everything goes: networks as bars below each other, containers in rows around them, wires from bar to chip.

Computed from the topology alone, the same for the same topology. Containers stand below the bars in the order in which
they were made; when that row is full, the next ones stand above the bars. So nothing moves that was there before, and a
picture is no wider than a notebook's cell (about 850 pixels) as long as that can be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from netcourse.drawing import theme
from netcourse.topology import PREDEFINED_NETWORKS, Container, Endpoint, Interface, Machine, Network

MOST_BOXES = 40
SMALLEST_WIDTH, ROW_WIDTH = 560, 650

WayOut = Literal["NAT", "routed", "closed"]
Side = Literal["above", "below"]


@dataclass(frozen=True)
class Chip:
    """An interface on a container's edge; ``bar`` is the network that its wire leads to, ``wire`` where it begins."""

    x: float
    y: float
    width: float
    name: str
    address: str
    bar: int
    has_default_route: bool
    is_connected: bool = True
    wire: float = 0

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Box:
    """A container (or, in a crowd, all containers of a network), above the bars or below them."""

    x: float
    y: float
    width: float
    name: str
    detail: str
    is_running: bool
    chips: tuple[Chip, ...] = ()
    side: Side = "below"


@dataclass(frozen=True)
class Bar:
    """A network: its bridge, from which wires go to containers and to the outside."""

    y: float
    name: str
    detail: str
    bridge: str
    way_out: WayOut
    number: int
    is_up: bool = True
    line_out: float = 0
    """Where the line to the outside goes up."""


@dataclass(frozen=True)
class Port:
    """A published port, at the machine's upper edge, where one comes in."""

    x: float
    y: float
    width: float
    text: str


@dataclass(frozen=True)
class Layout:
    width: float
    height: float
    machine: str
    uplink: str
    ports: tuple[Port, ...]
    bars: tuple[Bar, ...]
    boxes: tuple[Box, ...]
    legend: str

    @property
    def bars_end(self) -> float:
        """Where the bars end, and the ways out begin."""
        return _bars_end(self.width)


def lay_out(machine: Machine) -> Layout:
    """Predefined networks are shown only where a container is on them."""
    used = {endpoint.network for endpoint in machine.endpoints}
    networks = [network for network in machine.networks if network.bridge and
                (network.name in used or network.name not in PREDEFINED_NETWORKS)]
    rows = _rows(_boxes(machine, networks))
    width = _width(machine, networks, rows)
    ports = _ports(machine, width)
    y = max([theme.MARGIN + theme.HEADER, *(port.y + theme.PORT_HEIGHT + theme.GAP for port in ports)])
    boxes = _put_side_by_side(rows["above"], y, "above")
    y += theme.BOX_HEIGHT + theme.WIRE if boxes else 0
    bars = _with_lines_out([_bar(machine, network, number, y + number * (theme.BAR_HEIGHT + theme.BAR_GAP))
                            for number, network in enumerate(networks)], width)
    y += len(bars) * (theme.BAR_HEIGHT + theme.BAR_GAP)
    below = _put_side_by_side(rows["below"], y + theme.WIRE - theme.BAR_GAP, "below")
    bottom = below[0].y + theme.BOX_HEIGHT if below else y + theme.BAR_GAP
    legend = _legend(bars, [*below, *boxes])
    height = bottom + 2 * theme.MARGIN + (theme.LEGEND_HEIGHT if legend else 0)
    return Layout(width, height, "Docker host", _uplink(machine), ports, bars, _wired([*below, *boxes]), legend)


def _legend(bars: tuple[Bar, ...], boxes: list[Box]) -> str:
    """What the signs mean that occur in the picture."""
    chips = [chip for box in boxes for chip in box.chips]
    signs = (("○ bridge port", bool(chips)),
             ("▲ default route", any(chip.has_default_route for chip in chips)),
             ("✕ no link", any(not chip.is_connected for chip in chips)),
             ("NAT: takes the host's address", any(bar.way_out == "NAT" for bar in bars)),
             ("grey: not running", any(not box.is_running for box in boxes)))
    return " · ".join(text for text, occurs in signs if occurs)


def _width(machine: Machine, networks: list[Network], rows: dict[Side, list[Box]]) -> float:
    """Enough for the longest row, for each bar's words, and for a published port's."""
    bars = (_bar(machine, network, 0, 0) for network in networks)
    words = [theme.width_of(bar.name, theme.TITLE) + theme.width_of(bar.detail + bar.bridge) + 5 * theme.PAD
             for bar in bars]
    inner = max([SMALLEST_WIDTH, *words, *(_row_width(row) for row in rows.values()),
                 *(theme.width_of(text) + 2 * theme.PAD for text in _published(machine))])
    return inner + 4 * theme.MARGIN + theme.GUTTER


# Networks

def _bar(machine: Machine, network: Network, number: int, y: float) -> Bar:
    host = machine.namespace("host")
    bridge = host.interface(network.bridge or "") if host is not None else None
    has_own_name = network.bridge != f"br-{network.id[:12]}"
    words = [str(network.bridge) if has_own_name else "bridge"]
    if bridge is not None:
        words += [address.partition("/")[0] for address in bridge.addresses[:1]] + ["down"] * (not bridge.up)
    return Bar(y, network.name, network.subnet or "", " ".join(words), _way_out(machine, network), number,
               bridge is None or bridge.up)


def _bars_end(width: float) -> float:
    return width - 2 * theme.MARGIN - theme.GUTTER + theme.GAP


def _with_lines_out(bars: list[Bar], width: float) -> tuple[Bar, ...]:
    """Their lines to the outside go up side by side, right of the last sign of NAT."""
    rightmost = width - 2 * theme.MARGIN - theme.LINES_EDGE
    room = rightmost - _bars_end(width) - theme.NAT_START - theme.NAT_WIDTH - theme.LINES_MOST_APART
    apart = min(theme.LINES_MOST_APART, room / max(1, len(bars) - 1))
    return tuple(replace(bar, line_out=rightmost - number * apart) for number, bar in enumerate(bars))


def _way_out(machine: Machine, network: Network) -> WayOut:
    """What the rules say about leaving the network."""
    if network.internal:
        return "closed"
    host = machine.namespace("host")
    rules = host.rules if host is not None else ()
    masked = any("MASQUERADE" in rule.text and f"-s {network.subnet} " in rule.text for rule in rules)
    return "NAT" if masked else "routed"


def _uplink(machine: Machine) -> str:
    """Shown where there is a way out. Its name and address differ from computer to computer, and teach nothing."""
    host = machine.namespace("host")
    has_way_out = host is not None and any(route.destination == "default" for route in host.routes)
    return "to the outside" if has_way_out else ""


# Published ports

def _published(machine: Machine) -> list[str]:
    return [f"{'' if p.host_address == '0.0.0.0' else p.host_address}:{p.host_port} → {c.name}:{p.container_port}"
            f"{'' if p.protocol == 'tcp' else '/' + p.protocol}"
            for c in machine.containers for p in c.ports if p.host_port]


def _ports(machine: Machine, width: float) -> tuple[Port, ...]:
    """Beside the machine's name, and in further lines where they don't fit."""
    left = 2 * theme.MARGIN
    x, y = left + theme.width_of("Docker host", theme.TITLE) + theme.GAP, theme.MARGIN + 7.0
    ports = []
    for text in _published(machine):
        own = theme.width_of(text) + 14
        # the way to the outside is in the first line's corner, and the lines that lead to it are below
        room = width - left - (theme.GUTTER if y < theme.MARGIN + theme.PORT_HEIGHT else theme.GUTTER / 2)
        if x + own > room:
            x, y = left, y + theme.PORT_HEIGHT + 6
        ports.append(Port(x, y, own, text))
        x += own + 8
    return tuple(ports)


# Containers

def _boxes(machine: Machine, networks: list[Network]) -> list[Box]:
    """Not yet put anywhere: x and y are still 0."""
    numbers = {network.name: number for number, network in enumerate(networks)}
    if len(machine.containers) > MOST_BOXES:
        return [_crowd(machine, network, number) for number, network in enumerate(networks)]
    return [_box(machine, container, numbers) for container in machine.containers]


def _box(machine: Machine, container: Container, numbers: dict[str, int]) -> Box:
    endpoints = list(machine.endpoints_of(container.name))
    chips = _chips(machine, container, [e for e in endpoints if e.network in numbers], numbers)
    detail = _detail(container, endpoints)
    return Box(0, 0, _width_around(chips, container.name, detail), container.name, detail,
               container.namespace is not None, chips)


def _detail(container: Container, endpoints: list[Endpoint]) -> str:
    network = endpoints[0].network if endpoints else ""
    place = {"host": "on the host's own network", "none": "no network"}.get(network, "")
    if not endpoints and container.namespace not in (None, container.name):
        place = f"in the network of {container.namespace}"
    state = "" if container.state == "running" else container.state
    return ", ".join(part for part in (container.image.partition(":")[0], place, state) if part)


def _chips(machine: Machine, container: Container, endpoints: list[Endpoint],
           numbers: dict[str, int]) -> tuple[Chip, ...]:
    home = machine.namespace(container.namespace or "")
    routes = home.routes if home is not None else ()
    default = next((route.interface for route in routes if route.destination == "default"), None)
    chips = []
    for endpoint in sorted(endpoints, key=lambda e: (e.interface or "", numbers[e.network])):
        interface = home.interface(endpoint.interface) if home is not None and endpoint.interface else None
        chips.append(_chip(endpoint, interface, numbers[endpoint.network], fault=machine.link_fault(endpoint),
                           is_default=interface is not None and interface.name == default))
    return tuple(chips)


def _chip(endpoint: Endpoint, interface: Interface | None, bar: int, *, fault: str, is_default: bool) -> Chip:
    """What the interface has now: it may have lost the address that Docker gave it, or its link."""
    name = endpoint.network if interface is None else f"{interface.name} {fault}".strip()
    address = interface.addresses[0] if interface is not None and interface.addresses else "no address"
    width = max(theme.width_of(name) + 14, theme.width_of(address, theme.SMALL)) + 14
    return Chip(0, 0, width, name, address, bar, is_default, not fault)


def _crowd(machine: Machine, network: Network, number: int) -> Box:
    count = sum(1 for _ in machine.members_of(network.name))
    title, wires = f"{count} container{'s'[:count != 1]}", f"{count} wire{'s'[:count != 1]}"
    chip = Chip(0, 0, theme.width_of(network.subnet or wires) + 14, wires, network.subnet or "", number, False)
    detail = f"on {network.name}"
    return Box(0, 0, _width_around((chip,), title, detail), title, detail, True, (chip,))


def _width_around(chips: tuple[Chip, ...], name: str, detail: str) -> float:
    inner = sum(chip.width for chip in chips) + theme.PAD * max(0, len(chips) - 1)
    return max(inner, theme.width_of(name, theme.TITLE), theme.width_of(detail, theme.SMALL)) + 2 * theme.PAD


# Rows

def _rows(boxes: list[Box]) -> dict[Side, list[Box]]:
    """Below as long as there is room (or up to the half, where two rows aren't enough), the others above."""
    room = max(ROW_WIDTH, _row_width(boxes) / 2)
    count = 0
    while count < len(boxes) and _row_width(boxes[:count + 1]) <= room:
        count += 1
    count = max(count, min(1, len(boxes)))
    return {"below": boxes[:count], "above": boxes[count:]}


def _row_width(boxes: list[Box]) -> float:
    return sum(box.width for box in boxes) + theme.GAP * max(0, len(boxes) - 1)


def _put_side_by_side(boxes: list[Box], y: float, side: Side) -> tuple[Box, ...]:
    x, placed = float(2 * theme.MARGIN), []
    chip_y = y - theme.CHIP_HEIGHT / 2 if side == "below" else y + theme.BOX_HEIGHT - theme.CHIP_HEIGHT / 2
    for box in boxes:
        chips, chip_x = [], x + theme.PAD
        for chip in box.chips:
            chips.append(replace(chip, x=chip_x, y=chip_y))
            chip_x += chip.width + theme.PAD
        placed.append(replace(box, x=x, y=y, chips=tuple(chips), side=side))
        x += box.width + theme.GAP
    return tuple(placed)


def _wired(boxes: list[Box]) -> tuple[Box, ...]:
    """Wires begin in the middle of their interfaces, or beside it where another wire would run into them."""
    taken: list[float] = []
    wired = []
    for box in boxes:
        chips = []
        for chip in box.chips:
            places = (chip.middle + shift for shift in (0, 12, -12, 24, -24, 36, -36))
            free = (x for x in places if all(abs(x - other) >= theme.WIRES_APART for other in taken))
            taken.append(next(free, chip.middle))
            chips.append(replace(chip, wire=taken[-1]))
        wired.append(replace(box, chips=tuple(chips)))
    return tuple(wired)
