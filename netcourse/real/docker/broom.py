"""Finds what labs have made on an engine, and removes it: by its labels, and nothing without them.

A label also says which process made a thing, so that what a killed kernel left behind is told from what an open lab
still uses.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container
    from docker.models.networks import Network
    from docker.models.volumes import Volume

LAB = "netcourse.lab"
OWNER = "netcourse.owner"
MAKING = ("/containers/create", "/networks/create", "/volumes/create")
CLOCKS_DIFFER = 5.0
"""Seconds by which the start of one process may be told differently, when the clock is set meanwhile."""

Labels = Mapping[str, str]


def owner() -> str:
    """This computer, process namespace, process and when it started, as a label's value."""
    import psutil

    return f"{_computer()} {os.getpid()} {psutil.Process().create_time():.2f}"


def _computer() -> str:
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        namespace = "-"
    return f"{uuid.getnode():012x} {namespace}"


def was_left_behind(labels: Labels) -> bool:
    """Whether a process of this very computer made it that doesn't live any more."""
    import psutil

    computer, _, started = labels.get(OWNER, "").rpartition(" ")
    computer, _, number = computer.rpartition(" ")
    if computer != _computer() or not number.isdigit():
        return False
    try:
        began: float = psutil.Process(int(number)).create_time()
        return abs(began - float(started)) > CLOCKS_DIFFER
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def label_what_is_made(client: docker.DockerClient, labels: Labels) -> None:
    """From now on every container, network and volume that is made through ``client`` carries ``labels`` as well."""
    api: Any = client.api
    post = api._post_json

    def post_labelled(url: str, data: dict[str, Any] | None, **options: Any) -> Any:
        if data is not None and url.endswith(MAKING):
            data = {**data, "Labels": {**(data.get("Labels") or {}), **labels}}
        return post(url, data, **options)

    api._post_json = post_labelled


def made_by_labs(client: docker.DockerClient, is_wanted: Callable[[Labels], bool],
                 ) -> list[Container | Network | Volume]:
    """Containers, then networks and volumes, whose label says that a lab made them and that ``is_wanted``."""
    mine: Any = {"label": LAB}
    containers = client.containers.list(all=True, filters=mine, ignore_removed=True)
    found: list[Container | Network | Volume] = [one for one in containers if is_wanted(one.labels)]
    others: list[Network | Volume] = [*client.networks.list(filters=mine), *client.volumes.list(filters=mine)]
    return found + [one for one in others if is_wanted(one.attrs.get("Labels") or {})]


def remove(things: Iterable[Container | Network | Volume]) -> list[str]:
    """Remove them, the containers' anonymous volumes too; their names. What has gone meanwhile is no matter.

    What can be removed is removed; then the first refusal is raised, as an APIError.
    """
    from docker.errors import APIError, NotFound
    from docker.models.containers import Container

    names, refusals = [], []
    for thing in things:
        try:
            if isinstance(thing, Container):
                thing.remove(force=True, v=True)
            else:
                thing.remove()
        except NotFound:
            continue
        except APIError as error:
            refusals.append(error)
            continue
        names.append(str(thing.name))
    for refusal in refusals:
        raise refusal
    return names
