"""Transcripts: what was typed, and what a real engine answered.

A transcript file holds scenes. A scene has a title, then commands with their output, as a terminal would show them:

    ## A name can be taken once
    $ docker network create nc-a
    <id>
    $ docker network create nc-a
    2> Error response from daemon: network with name nc-a already exists
    [1]

Lines of standard error begin with ``2> ``; an exit code other than 0 stands in brackets. What differs from run to run
(ids, MAC addresses, times, names of veth devices) is written as ``<id>``, ``<mac>`` and so on, a carriage return as
``^M``. Everything that a scene creates is named ``nc-...``, so that nothing else is ever removed after it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker

FOLDER = Path(__file__).parent / "transcripts"
COMMAND_SECONDS = 60

_VARYING = [
    (r"\b[0-9a-f]{64}\b", "<id>"),
    (r"\bbr-[0-9a-f]{12}\b", "br-<id>"),
    (r"\bveth[0-9a-f]{7}\b", "veth<id>"),
    (r"\b[0-9a-f]{12}\b", "<short>"),
    (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<mac>"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)", "<time>"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} [A-Z]+", "<time>"),
    (r"\b(?:Less than a second|\d+ seconds?|About a minute|\d+ minutes?) ago", "<when> ago"),
    (r"\bUp (?:Less than a second|\d+ seconds?|About a minute|\d+ minutes?)", "Up <when>"),
    (r"\btime=[0-9.]+ ms", "time=<ms> ms"),
    # the time from the first packet to the last, of which there is one
    (r"(?<= packet loss, time )[0-9]ms", "0ms"),
    (r"= [0-9.]+/[0-9.]+/[0-9.]+(?:/[0-9.]+)? ms", "= <ms>"),
    (r"@if\d+", "@if<n>"),
    (r"\bhost\(\d+\.\d+\.\d+\.\d+\)", "host(<server>)"),
    # whichever of the two comes first out of a map in dockerd
    (r"Bind for (?:0\.0\.0\.0|::):(\d+) failed", r"Bind for <any>:\1 failed"),
]


@dataclass(frozen=True)
class Answer:
    """What one command printed, and its exit code."""

    output: str
    error: str
    code: int

    def __str__(self) -> str:
        text = self.output + ("" if not self.output or self.output.endswith("\n") else "\n")
        text += "".join(f"2> {line}\n" for line in self.error.splitlines())
        return text + (f"[{self.code}]\n" if self.code else "")


@dataclass(frozen=True)
class Scene:
    """A title, and the commands with the answers that are expected."""

    file: str
    title: str
    steps: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"## {self.title}\n" + "".join(f"$ {command}\n{answer}" for command, answer in self.steps)


def without_what_varies(text: str) -> str:
    """``text`` with ids, MAC addresses, times and veth names replaced by what they are; carriage returns show."""
    for pattern, name in _VARYING:
        text = re.sub(pattern, name, text)
    return text.replace("\r", "^M")


def read_scenes(path: Path) -> list[Scene]:
    """The scenes of a transcript file."""
    return [_read_scene(path.stem, part) for part in re.split(r"^## ", path.read_text(), flags=re.MULTILINE)[1:]]


def _read_scene(file: str, text: str) -> Scene:
    title, _, body = text.partition("\n")
    body = body.rstrip("\n") + "\n\n"  # scenes are a blank line apart
    steps = []
    for part in re.split(r"^\$ ", body.removesuffix("\n"), flags=re.MULTILINE)[1:]:
        command, _, answer = part.partition("\n")
        steps.append((command, answer))
    return Scene(file, title, tuple(steps))


def typed(command: str, address: str) -> Answer:
    """Type ``command`` with ``DOCKER_HOST=address`` and see what comes."""
    environment = os.environ | {"DOCKER_HOST": address, "LC_ALL": "C.UTF-8"}
    # on Windows the plain name is Linux's bash in WSL, wherever it stands in PATH
    done = subprocess.run([shutil.which("bash") or "bash", "-c", command], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=COMMAND_SECONDS, check=False)
    return Answer(done.stdout.decode(), done.stderr.decode(), done.returncode)


def run_command(command: str, address: str) -> Answer:
    """The same, without what varies."""
    answer = typed(command, address)
    return Answer(without_what_varies(answer.output), without_what_varies(answer.error), answer.code)


def play(scene: Scene, address: str) -> Scene:
    """The same commands, with the answers that the engine at ``address`` gives."""
    return Scene(scene.file, scene.title,
                 tuple((command, str(run_command(command, address))) for command, _ in scene.steps))


def clear(address: str) -> None:
    """Remove what scenes have left: containers, networks and volumes named ``nc-...``, and nothing else."""
    with closing(docker.APIClient(base_url=address)) as engine:
        containers = engine.containers(all=True, filters={"name": "^/nc-"})
        _remove("docker rm -fv", [container["Id"] for container in containers], address)
        _remove("docker network rm", [network["Id"] for network in engine.networks(filters={"name": "^nc-"})], address)
        volumes = engine.volumes(filters={"name": "^nc-"})["Volumes"] or []
        _remove("docker volume rm", [volume["Name"] for volume in volumes], address)


def _remove(command: str, found: list[str], address: str) -> None:
    if found:
        typed(f"{command} {' '.join(found)}", address)
