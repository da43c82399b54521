"""What a notebook holds in its hand: DockerLab, which is docker-py, a terminal's echo, a camera and a broom."""

from __future__ import annotations

import html
import os
import shlex
import tempfile
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from netcourse.arguments import container_name, text
from netcourse.difference import Difference, difference
from netcourse.errors import NoEngine
from netcourse.real.docker.broom import (
    LAB,
    OWNER,
    Labels,
    label_what_is_made,
    made_by_labs,
    owner,
    remove,
    was_left_behind,
)
from netcourse.real.docker.finding import FoundEngine, find_engine, open_client, reason_of
from netcourse.real.docker.probe import DEFAULT_IMAGE, PROBE_LABEL, Probe
from netcourse.topology import Topology
from netcourse.verbs import DockerVerbs

if TYPE_CHECKING:
    from netcourse.checks import Result
    from netcourse.drawing import Picture
    from netcourse.reachability import Reachability
    from netcourse.simulation.docker.server import SimulatedEngine

MODES = ("auto", "real", "simulated")
HOST = "host"
FOLDER_PREFIX = "netcourse-"
"""Of the folder in which a simulated engine has its socket."""
LESSONS_ENGINE = 28
"""The version of the Docker Engine that the lessons' outputs come from."""


class Watch:
    """What ``lab.watch()`` hands out; ``difference`` is there when the block has ended."""

    def __init__(self) -> None:
        self.difference: Difference = Difference(())


class DockerLab(DockerVerbs):
    """A Docker Engine to practise on: your own where there is one, else a simulated one in this process.

    ``mode`` (or NETCOURSE_MODE) is auto, real or simulated. ``lab.docker`` is a docker.DockerClient, ``lab.address``
    the engine's DOCKER_HOST, for a terminal. Everything that the lab makes, by its verbs or by ``lab.docker``, carries
    a label and is removed by ``close()``, at the end of a ``with`` block, when nobody holds the lab any more, and at
    the end of the kernel; nothing else is ever changed.

    Raises NoEngine, Refused, WrongArgument, ImageMissing, LabClosed.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode or os.environ.get("NETCOURSE_MODE") or "auto"
        if self.mode not in MODES:
            raise NoEngine(f"The mode {self.mode!r} isn't one of {', '.join(MODES)}: choose one of these.")
        self.id = uuid.uuid4().hex[:12]
        self._simulated: SimulatedEngine | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        found = self._find_engine()
        self.docker, self.address, self.reason = found.client, found.address, found.reason
        label_what_is_made(self.docker, {LAB: self.id, OWNER: owner()})
        self.version = str(self.docker.version()["Version"])
        self._probe = Probe(self.docker, os.environ.get("NETCOURSE_PROBE_IMAGE") or DEFAULT_IMAGE)
        self._closing = weakref.finalize(self, _put_away, self.docker, self.id, self._simulated, self._folder)
        print(self)
        if not self.version.startswith(f"{LESSONS_ENGINE}."):
            print(f"The lessons were made with Docker Engine {LESSONS_ENGINE}: what this one prints may differ here "
                  "and there.")
        if not self.is_simulated:
            self._remove_leftovers()

    # Finding an engine

    def _find_engine(self) -> FoundEngine:
        if self.mode == "simulated":
            return self._simulate("asked for")
        found, problems = find_engine(os.environ, Path.home())
        if found is not None:
            return found
        tried = "; ".join(problems)
        if self.mode == "real":
            raise NoEngine(f"No Docker Engine answers: {tried}. Start Docker, or use mode='simulated'.")
        return self._simulate(f"no Docker Engine answers ({tried})")

    def _simulate(self, reason: str) -> FoundEngine:
        from netcourse.simulation.docker.listening import remove_deserted, usual_path
        from netcourse.simulation.docker.server import SimulatedEngine

        try:
            remove_deserted(Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"))
            self._folder = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX)
            self._simulated = SimulatedEngine(usual_path(Path(self._folder.name)))
            return FoundEngine(open_client(self._simulated.address, {}), self._simulated.address, reason)
        except OSError as error:
            raise NoEngine(f"The simulated Docker Engine finds no place for its socket ({error.strerror}): make room, "
                           "or name a folder of yours in TMPDIR.") from None
        except DockerException as error:
            raise NoEngine(f"Not even the simulated Docker Engine can be used: {reason_of(error)}.") from None

    @property
    def is_simulated(self) -> bool:
        """Whether the engine is the simulated one in this process."""
        return self._simulated is not None

    def __str__(self) -> str:
        kind = "simulated" if self.is_simulated else "real"
        return f"Docker Engine {self.version}, {kind}: {self.reason}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        kind = "simulated" if self.is_simulated else "real"
        return (f"<div><strong>Docker Engine {html.escape(self.version)}</strong>, {kind} "
                f"<span style='opacity:.7'>({html.escape(self.reason)})</span></div>")

    # The camera

    def topology(self, *, everything: bool = False) -> Topology:
        """What there is at this moment: the lab's own containers and networks, and Docker's own; or ``everything``."""
        with self._answering():
            if self._simulated is not None:
                from netcourse.simulation.reading import read_topology as read_simulated

                with self._simulated.world.enter() as engine:
                    return read_simulated(engine, hidden_label=PROBE_LABEL)
            from netcourse.real.docker.reading import read_topology

            return read_topology(self.docker, self._probe, label="" if everything else LAB, lab=self.id)

    def draw(self) -> Picture:
        """A picture of it: networks are bars, containers boxes, and a wire leads from each interface to its bridge."""
        from netcourse.drawing import draw

        return draw(self.topology())

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """``with lab.watch():`` prints what the commands inside have changed: interfaces, routes, names, rules."""
        watched, before = Watch(), self.topology()
        yield watched
        watched.difference = difference(before, self.topology())
        print(watched.difference)

    def reachability(self) -> Reachability:
        """Who reaches whom, by name and by address, from every container and from the host, and what decided it.

        It sends one ping for each cell, and waits a second at most for each that is lost.
        """
        from netcourse.reachability import measure

        machine = self.topology().machine
        with self._answering():
            return measure(machine, self._try_ping, lambda: self._probe.run("iptables-save -c")[1])

    def _try_ping(self, source: str, target: str) -> tuple[int, str]:
        words = ["ping", "-c", "1", "-W", "1", target]
        if source == HOST:
            return self._probe.run(shlex.join(words))
        code, output = self.docker.containers.get(source).exec_run(words)
        assert isinstance(output, bytes)
        return int(code or 0), output.decode(errors="replace")

    def check(self, exercise: str) -> Result:
        """Look at what is there, whoever made it, and say what is missing from the exercise."""
        from netcourse.checks import check

        return check(exercise, self)

    def answers(self, container: str, target: str) -> bool:
        """Whether ``target`` answers a ping from ``container``, or from "host", without printing anything."""
        container_name(container), text("What is pinged", target, "10.60.0.2")
        with self._answering(["exec", container]):
            return self._try_ping(container, target)[0] == 0

    # The broom

    def close(self) -> None:
        """Remove everything that the lab made. Closing twice does no harm."""
        if self._closed:
            return
        _put_away(self.docker, self.id, self._simulated, self._folder)
        self._closed = True
        self._closing.detach()

    def _remove_leftovers(self) -> None:
        names = _sweep(self.docker, was_left_behind)
        if names:
            print(f"Removed what a kernel that was killed had left: {', '.join(names)}.")

    def __enter__(self) -> DockerLab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def _put_away(client: docker.DockerClient, lab: str, simulated: SimulatedEngine | None,
              folder: tempfile.TemporaryDirectory[str] | None) -> None:
    """Remove what the lab of that id has made, or the whole engine where it is a simulated one.

    It takes no lab, so that it can still be done when nobody holds the lab any more.
    """
    if simulated is None:
        _sweep(client, lambda labels: labels[LAB] == lab)
    client.close()
    if simulated is not None and folder is not None:
        simulated.close()
        folder.cleanup()


def _sweep(client: docker.DockerClient, is_wanted: Callable[[Labels], bool]) -> list[str]:
    try:
        return remove(made_by_labs(client, is_wanted))
    except (RequestException, DockerException) as error:
        print(f"What a lab made couldn't be removed ({reason_of(error)}): run `netcourse clean` when that is mended.")
        return []
