"""The exercises of the lessons: what is accepted, by whatever way it was made, and what is said at each step before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import docker
import nbformat
import pytest

from netcourse import DockerLab
from netcourse.checks.custom_networks import EXERCISES
from tests.notebooks.test_lessons import LESSONS

Steps = Callable[[DockerLab], object]


@pytest.fixture
def practice() -> Iterator[DockerLab]:
    with DockerLab("simulated") as lab:
        lab.create_network("front", subnet="10.60.0.0/24")
        lab.create_network("back", subnet="10.61.0.0/24", internal=True)
        yield lab


def run(*places: str, **more: object) -> Steps:
    """Containers, each given as "name network"."""
    pairs = [(name, network or None) for name, _, network in (place.partition(" ") for place in places)]
    return lambda lab: [lab.run("busybox", name=name, network=network, **more) for name, network in pairs]


def both(*steps: Steps) -> Steps:
    return lambda lab: [step(lab) for step in steps]


def connect(network: str, container: str, **more: object) -> Steps:
    return lambda lab: lab.connect(network, container, **more)


NO_WAY_BETWEEN = {"com.docker.network.bridge.enable_icc": "false"}
TIERS = both(run("web front", "api front", "db back"), connect("back", "api"))


@pytest.mark.parametrize(("exercise", "steps"), [
    ("two islands", run("red front", "blue back")),
    ("two islands", run("red front", "blue none")),
    ("two islands", both(lambda lab: lab.create_network("apart", options=NO_WAY_BETWEEN),
                         run("red apart", "blue apart"))),
    ("a fixed address", both(lambda lab: lab.create_network("office", subnet="10.50.0.0/24"),
                             run("printer office", ip="10.50.0.9"))),
    ("a fixed address", both(lambda lab: lab.create_network("office", subnet="10.50.0.0/24"), run("printer"),
                             connect("office", "printer", ip="10.50.0.9"))),
    ("one name for two", run("desk1 front", "desk2 front", "clerk front", aliases=["desk"])),
    ("one name for two", both(run("desk front", "other", "clerk front"), connect("front", "other", aliases=["desk"]))),
    ("the silent library", both(run("library", "reader front"), connect("front", "library"))),
    ("the silent library", run("library back", "reader back")),
    ("three tiers", TIERS),
])
def test_any_way_of_getting_there_is_accepted(exercise: str, steps: Steps, practice: DockerLab) -> None:
    steps(practice)

    assert practice.check(exercise).missing == ()


@pytest.mark.parametrize(("exercise", "steps", "missing"), [
    ("two islands", run(), ["there is no container called red", "there is no container called blue"]),
    ("two islands", both(run("red front", "blue back"), lambda lab: lab.stop("blue")),
     ["blue is there, but it isn't running: it is exited"]),
    ("two islands", run("red front", "blue front"),
     ["red still reaches blue at 10.60.0.3: both are on the network front",
      "blue still reaches red at 10.60.0.2: both are on the network front"]),
    ("two islands", run("red front", "blue host"),
     ["red still reaches blue at 172.17.0.1", "blue still reaches red at 10.60.0.2"]),
    ("a fixed address", run("printer front"), ["printer has 10.60.0.2/24, and not yet 10.50.0.9/24"]),
    ("a fixed address", both(lambda lab: lab.create_network("office", subnet="10.50.0.0/16"),
                             run("printer office", ip="10.50.0.9")),
     ["printer has the right address, but its network is of another size than 10.50.0.0/24"]),
    ("one name for two", run("clerk front", "desk1 front"), ["on clerk's network nobody answers to the name desk"]),
    ("one name for two", run("clerk front", "desk front"),
     ["only desk answers to the name desk on clerk's network: a second one is missing"]),
    ("one name for two", both(run("clerk front"), run("desk1 back", "desk2 back", aliases=["desk"])),
     ["on clerk's network nobody answers to the name desk"]),
    ("the silent library", run("library", "reader front"),
     ["reader doesn't reach library by name: they have no network in common"]),
    ("the silent library", run("library", "reader"),
     ["reader doesn't reach library by name: they have only the default bridge in common"]),
    ("three tiers", run("web front", "api front", "db back"),
     ["api doesn't reach db by name: they have no network in common"]),
    ("three tiers", both(TIERS, connect("front", "db")),
     ["web reaches db at 10.60.0.4: both are on the network front", "db still has a way out: a default route"]),
])
def test_what_is_missing_is_said_and_the_way_is_not(exercise: str, steps: Steps, missing: list[str],
                                                    practice: DockerLab) -> None:
    steps(practice)

    assert list(practice.check(exercise).missing) == missing


def test_what_is_made_in_a_terminal_counts_too(lab: DockerLab, learner: docker.DockerClient) -> None:
    network = learner.networks.create("nc-own")
    for name in ("nc-reader", "nc-library"):
        learner.containers.run("busybox", "sleep 1000", name=name, network=network.name, detach=True)

    machine = lab.topology(everything=True).machine

    assert {container.name for container in machine.containers} >= {"nc-reader", "nc-library"}


def test_every_solution_in_the_lesson_solves_its_exercise(practice: DockerLab) -> None:
    cells = nbformat.read(LESSONS[0], as_version=4).cells
    told = [cell.source for cell in cells if cell.cell_type == "markdown"]
    solutions = "\n".join(part.partition("```")[0] for text in told for part in text.split("```python\n")[1:])
    scene = next(cell.source for cell in cells if cell.source.startswith('lab.create_network("reading")'))

    exec(f"{scene}\n{solutions}", {"lab": practice})

    assert {name: practice.check(name).missing for name in EXERCISES if name != "three tiers"} == {
        "two islands": (), "a fixed address": (), "one name for two": (), "the silent library": ()}
