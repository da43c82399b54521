"""/containers/{id}/top: the processes of a container as the machine's ps shows them (moby daemon/top_unix.go)."""

from __future__ import annotations

import re

from netcourse.simulation.docker.api.messages import Request, Response, Route
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.errors import failed
from netcourse.simulation.docker.process_listing import rows
from netcourse.simulation.docker.process_options import NO_PID, Choice, read_options
from netcourse.simulation.linux.process import Process

DEFAULT_OPTIONS = "-ef"
_OTHER_PID = re.compile(r"\s+(\S*)=\s*(PID\S*)")
_NUMBER = re.compile(r"[+-]?[0-9]+")


def top(request: Request) -> Response:
    """By default with ``-ef``."""
    options = request.one("ps_args") or DEFAULT_OPTIONS
    _check(options)
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        container.check_runs()
        titles, found = _listed(options, container)
        container.emit("top")
    return Response({"Titles": titles, "Processes": found})


def _check(options: str) -> None:
    """Another column must not pass for the process numbers. Raises EngineError."""
    for name, title in _OTHER_PID.findall(options):
        if name != "pid":
            raise failed(f'specifying "{name}={title}" is not allowed')


def _listed(options: str, container: Container) -> tuple[list[str], list[list[str]]]:
    """dockerd reads what ps prints word by word, and takes the lines of the container's processes."""
    listing = read_options(options)
    titles = " ".join(column.title for column in listing.columns).split()
    if "PID" not in titles:
        raise failed(NO_PID)
    everybody = list(container.engine.machine.processes.values())
    own = [process for process in everybody if process.files.shares_with(container.files)]
    chosen = _chosen(everybody, listing.choices) if listing.choices else own
    if not chosen:
        raise failed("ps: exit status 1")
    lines = [row.split() for row in rows(listing.columns, chosen)]
    place, numbers = titles.index("PID"), {str(process.host_pid) for process in own}
    last = len(titles) - 1
    return titles, [[*line[:last], " ".join(line[last:])] for line in lines if _number(line[place]) in numbers]


def _chosen(processes: list[Process], choices: list[Choice]) -> list[Process]:
    return [process for process in processes if any(choice(process) for choice in choices)]


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise failed(f"Unexpected pid '{text}': strconv.Atoi: parsing \"{text}\": invalid syntax")
    return text


ROUTES: list[Route] = [("GET", "/containers/{id}/top", top)]
