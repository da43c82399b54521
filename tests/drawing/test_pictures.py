"""What a picture shows, and that it can be read: labels, wires, ways out, at every size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from netcourse.drawing import draw, theme
from netcourse.drawing.layout import lay_out
from netcourse.topology import Container, Endpoint, Interface, Machine, Namespace, Network, Port, Route, Topology

SVG = "{http://www.w3.org/2000/svg}"


def machine_with(containers: int, networks: int = 3) -> Machine:
    """Containers in turn on the networks; every third one is on the next network too."""
    made = [Network(f"network-{n}", f"{n:012x}" + 52 * "0", "bridge", f"10.6{n}.0.0/24", f"10.6{n}.0.1", False,
                    f"br-{n:012x}")
            for n in range(networks)]
    bridges = tuple(Interface(n.bridge or "", "bridge", addresses=(f"{n.gateway}/24",)) for n in made)
    spaces, endpoints = [Namespace("host", bridges, (Route("default", "eth0"),))], []
    for number in range(containers):
        members = [made[number % networks], *([made[(number + 1) % networks]] if number % 3 == 0 else [])]
        interfaces = [Interface(f"eth{i}", "veth", addresses=(f"{n.subnet[:-4]}{number + 2}/24",))
                      for i, n in enumerate(members) if n.subnet]
        spaces.append(Namespace(f"service-{number}", tuple(interfaces), (Route("default", "eth0", "10.60.0.1"),)))
        endpoints += [Endpoint(f"service-{number}", n.name, i.name, i.addresses[0])
                      for n, i in zip(members, interfaces, strict=True)]
    there = tuple(Container(f"service-{n}", f"{n:064x}", "busybox", "running", f"service-{n}",
                            (Port(80, "tcp", "0.0.0.0", 8080 + n),)) for n in range(containers))
    return Machine("computer", tuple(spaces), tuple(made), there, tuple(endpoints))


@dataclass(frozen=True)
class Label:
    """A text of a picture and the room that it takes, in pixels."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: Label) -> bool:
        return (self.left < other.right and other.left < self.right
                and self.top < other.bottom and other.top < self.bottom)


def labels(svg: str) -> list[Label]:
    return [_label(element) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def _label(element: ElementTree.Element) -> Label:
    text, size = element.text or "", float(element.attrib["font-size"])
    width, x, y = theme.width_of(text, round(size)), float(element.attrib["x"]), float(element.attrib["y"])
    left = x - {"start": 0, "middle": width / 2, "end": width}[element.attrib["text-anchor"]]
    return Label(text, left, left + width, y - size * 0.8, y + size * 0.2)


@pytest.mark.parametrize("containers", range(13))
def test_labels_never_overlap(containers: int) -> None:
    found = labels(draw(Topology((machine_with(containers),))).svg)

    assert [(a.text, b.text) for a, b in combinations(found, 2) if a.overlaps(b)] == []


@pytest.mark.parametrize("containers", [1, 12, 40, 41])
def test_everything_lies_within_the_picture(containers: int) -> None:
    svg = draw(Topology((machine_with(containers),))).svg
    width = float(ElementTree.fromstring(svg).attrib["width"])

    assert [label.text for label in labels(svg) if label.left < 0 or label.right > width] == []


@pytest.mark.parametrize("containers", [6, 12, 40])
def test_no_wire_runs_into_another(containers: int) -> None:
    wires = [chip.wire for box in lay_out(machine_with(containers)).boxes for chip in box.chips]

    assert [pair for pair in combinations(sorted(wires), 2) if pair[1] - pair[0] < theme.WIRES_APART] == []


def test_what_was_there_stays_in_its_place_when_another_container_comes() -> None:
    before, after = (lay_out(machine_with(count, networks=1)).boxes for count in (4, 5))

    assert [box.x for box in after[:len(before)]] == [box.x for box in before]


def test_a_crowd_is_drawn_by_network() -> None:
    found = [label.text for label in labels(draw(Topology((machine_with(45),))).svg)]

    assert [text for text in found if "containers" in text] == ["15 containers", "30 containers",
                                                                "15 containers"]


def test_the_same_topology_gives_the_same_bytes() -> None:
    assert draw(Topology((machine_with(5),))).svg == draw(Topology((machine_with(5),))).svg


def test_an_interface_that_is_down_is_shown_so() -> None:
    machine = machine_with(2, networks=1)
    host, first, second = machine.namespaces
    down = replace(second, interfaces=(replace(second.interfaces[0], up=False),), routes=())

    text = draw(Topology((replace(machine, namespaces=(host, first, down)),))).text

    assert "service-1 (busybox)  eth0 down 10.60.0.3/24" in text


def test_a_bridge_that_is_down_is_shown_so() -> None:
    machine = machine_with(1, networks=1)
    host, *others = machine.namespaces
    down = replace(host, interfaces=(replace(host.interfaces[0], up=False),))

    text = draw(Topology((replace(machine, namespaces=(down, *others)),))).text

    assert "[bridge 10.60.0.1 down]" in text


def test_a_wire_that_was_pulled_out_of_its_bridge_is_shown_so() -> None:
    machine = machine_with(1, networks=1)
    host, container = machine.namespaces
    pulled = replace(host, interfaces=(*host.interfaces, Interface("veth1", "veth", bridge=None)))
    inside = replace(container, interfaces=(replace(container.interfaces[0], peer=("host", "veth1")),))

    picture = draw(Topology((replace(machine, namespaces=(pulled, inside)),)))

    assert "eth0 unplugged 10.60.0.2/24" in picture.text
    assert "✕ no link" in picture.svg


def test_the_legend_explains_the_signs_that_occur_and_no_others() -> None:
    assert lay_out(machine_with(1)).legend == "○ bridge port · ▲ default route"
    assert lay_out(machine_with(0)).legend == ""


def test_lines_to_the_outside_stay_clear_of_the_signs_of_nat() -> None:
    layout = lay_out(machine_with(1, networks=9))

    assert min(bar.line_out for bar in layout.bars) > layout.bars_end + theme.NAT_START + theme.NAT_WIDTH
    assert len({bar.line_out for bar in layout.bars}) == 9


def test_an_internal_network_and_one_without_nat_are_told_apart() -> None:
    machine = machine_with(0, networks=2)
    closed = replace(machine, networks=(replace(machine.networks[0], internal=True), machine.networks[1]))

    lines = draw(Topology((closed,))).text.splitlines()

    assert lines[1:] == ["  network network-0  10.60.0.0/24  [bridge 10.60.0.1]  internal, no way out",
                         "  network network-1  10.61.0.0/24  [bridge 10.61.0.1]  out without NAT"]
