"""Where everything goes: networks as bars below each other, containers in a row under them, wires from bar to chip.

Computed from the topology alone, the same for the same topology.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netcourse.drawing import theme
from netcourse.topology import Container, Endpoint, Machine, Network

MOST_BOXES = 40
SMALLEST_WIDTH = 700


@dataclass(frozen=True)
class Chip:
    """An interface on a container's upper edge; ``bar`` is the network that its wire leads to."""

    x: float
    y: float
    width: float
    name: str
    address: str
    bar: int
    has_default_route: bool


@dataclass(frozen=True)
class Box:
    """A container (or, in a crowd, all containers of a network)."""

    x: float
    y: float
    width: float
    name: str
    detail: str
    is_running: bool
    chips: tuple[Chip, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A network: its bridge, from which wires go down to containers and up to the outside."""

    y: float
    name: str
    detail: str
    bridge: str
    way_out: str
    number: int


@dataclass(frozen=True)
class Layout:
    width: float
    height: float
    machine: str
    uplink: str
    ports: tuple[str, ...]
    bars: tuple[Bar, ...]
    boxes: tuple[Box, ...]
    notes: tuple[str, ...] = field(default=())


def lay_out(machine: Machine) -> Layout:
    """Predefined networks are shown only where a container is on them."""
    used = {endpoint.network for endpoint in machine.endpoints}
    networks = [network for network in machine.networks if network.bridge and
                (network.name in used or network.name not in ("bridge", "host", "none"))]
    top = theme.MARGIN + 58
    bars = tuple(_bar(machine, network, number, top + number * (theme.BAR_HEIGHT + theme.BAR_GAP))
                 for number, network in enumerate(networks))
    below = top + len(bars) * (theme.BAR_HEIGHT + theme.BAR_GAP) + 30
    numbers = {network.name: number for number, network in enumerate(networks)}
    boxes = _crowd(machine, networks, below) if len(machine.containers) > MOST_BOXES else _boxes(
        machine, numbers, below)
    right = max([SMALLEST_WIDTH, *(box.x + box.width + 2 * theme.MARGIN + theme.GUTTER for box in boxes),
                 *(theme.width_of(bar.name + bar.detail + bar.bridge) + 120 + theme.GUTTER for bar in bars)])
    bottom = (below + theme.BOX_HEIGHT if boxes else below - 20) + 2 * theme.MARGIN
    return Layout(right, bottom, "Docker host", _uplink(machine), _ports(machine), bars, boxes)


def _bar(machine: Machine, network: Network, number: int, y: float) -> Bar:
    host = machine.namespace("host")
    bridge = host.interface(network.bridge or "") if host is not None else None
    address = bridge.addresses[0].partition("/")[0] if bridge is not None and bridge.addresses else ""
    shown = network.bridge if network.bridge and not network.bridge.startswith("br-") else "bridge"
    return Bar(y, network.name, network.subnet or "", f"{shown} {address}".strip(), _way_out(machine, network), number)


def _way_out(machine: Machine, network: Network) -> str:
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


def _ports(machine: Machine) -> tuple[str, ...]:
    return tuple(f"{'' if p.host_address == '0.0.0.0' else p.host_address}:{p.host_port} → {c.name}:{p.container_port}"
                 f"{'' if p.protocol == 'tcp' else '/' + p.protocol}"
                 for c in machine.containers for p in c.ports if p.host_port)


def _boxes(machine: Machine, numbers: dict[str, int], y: float) -> tuple[Box, ...]:
    x, boxes = float(2 * theme.MARGIN), []
    for container in machine.containers:
        endpoints = [e for e in machine.endpoints_of(container.name) if e.network in numbers]
        chips = _chips(machine, container, endpoints, numbers, x + theme.PAD, y)
        inner = sum(chip.width for chip in chips) + theme.PAD * max(0, len(chips) - 1)
        detail = _detail(container, [e.network for e in machine.endpoints_of(container.name)])
        words = max(theme.width_of(container.name, theme.TITLE), theme.width_of(detail, theme.SMALL))
        width = max(inner, words) + 2 * theme.PAD
        boxes.append(Box(x, y, width, container.name, detail, container.namespace is not None, tuple(chips)))
        x += width + theme.GAP
    return tuple(boxes)


def _detail(container: Container, networks: list[str]) -> str:
    place = {"host": "on the host's own network", "none": "no network"}.get(networks[0] if networks else "", "")
    state = "" if container.state == "running" else container.state
    return ", ".join(part for part in (container.image.partition(":")[0], place, state) if part)


def _chips(machine: Machine, container: Container, endpoints: list[Endpoint], numbers: dict[str, int], x: float,
           y: float) -> list[Chip]:
    home = machine.namespace(container.namespace or "")
    routes = home.routes if home is not None else ()
    default = next((route.interface for route in routes if route.destination == "default"), None)
    chips = []
    for endpoint in sorted(endpoints, key=lambda e: (e.interface or "", numbers[e.network])):
        name, address = endpoint.interface or endpoint.network, endpoint.address or "no address"
        width = max(theme.width_of(name) + 14, theme.width_of(address, theme.SMALL)) + 14
        has_default = default is not None and endpoint.interface == default
        chips.append(Chip(x, y - theme.CHIP_HEIGHT / 2, width, name, address, numbers[endpoint.network], has_default))
        x += width + theme.PAD
    return chips


def _crowd(machine: Machine, networks: list[Network], y: float) -> tuple[Box, ...]:
    x, boxes = float(2 * theme.MARGIN), []
    for number, network in enumerate(networks):
        count = sum(1 for _ in machine.members_of(network.name))
        text = f"{count} containers"
        width = max(theme.width_of(text), theme.width_of(network.subnet or "")) + 4 * theme.PAD
        chip = Chip(x + theme.PAD, y - theme.CHIP_HEIGHT / 2, width - 2 * theme.PAD, f"{count} wires",
                    network.subnet or "", number, False)
        boxes.append(Box(x, y, width, text, f"on {network.name}", True, (chip,)))
        x += width + theme.GAP
    return tuple(boxes)
