"""The ``netcourse`` command."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import docker

DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "netcourse"
A_MOMENT = 0.2
"""Seconds. On Windows Ctrl-C doesn't interrupt who waits."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="netcourse")
def main() -> None:
    """Understand Docker networking by doing it."""


@main.command()
@click.option("--socket", "path", type=click.Path(dir_okay=False, path_type=Path),
              help=f"Where the engine listens; {DEFAULT_FOLDER / 'docker.sock'} unless given.")
@click.option("--tcp", is_flag=True, help="Listen on a port of this computer instead, as on Windows.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same ids and addresses.")
def engine(path: Path | None, tcp: bool, seed: int) -> None:
    """Run a simulated Docker Engine until Ctrl-C.

    The docker command, docker compose and docker-py use it by DOCKER_HOST. It runs nothing on this computer, and only
    you can reach it: through a socket that is yours, or by the secret word in its address.
    """
    from netcourse.simulation.docker.server import SimulatedEngine

    if tcp and path is not None:
        raise click.UsageError("--tcp and --socket exclude each other: choose one.")
    with _told_to_leave() as leaving:
        try:
            path = None if tcp else path or _default_path()
            served = SimulatedEngine(path, seed=seed)
        except OSError as error:
            raise click.ClickException(_reason(error, path)) from None
        with served:
            _serve(served.address, leaving)


def _serve(address: str, leaving: threading.Event) -> None:
    setting = "set" if sys.platform == "win32" else "export"
    click.echo(f"A simulated Docker Engine 28.5 is ready. In another terminal:\n\n"
               f"    {setting} DOCKER_HOST={address}\n    docker run --rm busybox ip addr\n\n"
               "Ctrl-C ends it, and everything in it.")
    while not leaving.wait(A_MOMENT):
        pass
    click.echo()


def _default_path() -> Path | None:
    """The usual socket, in a folder that nobody else can write to. Raises PermissionError for somebody else's."""
    from netcourse.simulation.docker.listening import usual_path

    path = usual_path(DEFAULT_FOLDER)
    if path is not None:
        DEFAULT_FOLDER.mkdir(mode=0o700, exist_ok=True)
        found = DEFAULT_FOLDER.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise PermissionError(errno.EPERM, f"{DEFAULT_FOLDER} isn't a folder of your own")
    return path


@contextmanager
def _told_to_leave() -> Iterator[threading.Event]:
    """Set by the signals that end a server, by SIGINT even where a shell has its background programs ignore it."""
    leaving = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup has it ignored
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: leaving.set()) for number in numbers}
    try:
        yield leaving
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reason(error: OSError, path: Path | None) -> str:
    if isinstance(error, FileExistsError):
        return str(error)
    if "too long" in str(error):
        return f"{path} is too long for a socket (about 100 characters at most): choose a shorter path"
    return f"the engine can't listen at {path or DEFAULT_FOLDER} ({error.strerror}): choose another place with --socket"


@main.command()
def doctor() -> None:
    """Say what this computer can do for the course. The exit code is 0 also where only the simulation works."""
    import shutil

    lines = [("Python", sys.version.split()[0]), *_engine_lines(),
             ("docker command", shutil.which("docker") or "not installed: lessons don't need it"),
             ("Simulation", "Engine 28.5 (API 1.51), always there: `netcourse engine` serves it to other programs")]
    for name, value in lines:
        click.echo(f"{name:<16}{value}")


def _engine_lines() -> list[tuple[str, str]]:
    """Each place where an engine may be, until one answers, what it said, and whether it has the lessons' images."""
    from netcourse.real.docker.finding import find_engine
    from netcourse.real.docker.probe import DEFAULT_IMAGE

    found, problems = find_engine(os.environ, Path.home())
    lines = [("Docker Engine", f"none: {problem}") for problem in problems]
    if found is None:
        return [*lines, ("", "the course uses its simulation")]
    version = found.client.version()["Version"]
    lines.append(("Docker Engine", f"{version} at {found.address} ({found.reason})"))
    lines += [("", f"the image {image} {_whether_there(found.client, image)}") for image in ("busybox", DEFAULT_IMAGE)]
    found.client.close()
    return lines


def _whether_there(client: docker.DockerClient, image: str) -> str:
    from docker.errors import ImageNotFound

    try:
        client.images.get(image)
    except ImageNotFound:
        return "isn't there yet: a lesson pulls it when it needs it"
    return "is there"


@main.command()
@click.option("--browser/--no-browser", default=True, help="Open a browser window, or only say the address.")
def lab(browser: bool) -> None:
    """Open the lessons in JupyterLab."""
    import subprocess

    folder = Path(__file__).parents[1] / "notebooks"
    lessons = sorted(folder.glob("*.ipynb"))
    if not lessons:
        raise click.ClickException(f"There are no lessons in {folder}: run this from a clone of the course.")
    # a picture in a notebook that isn't trusted is shown as text only
    subprocess.run([sys.executable, "-m", "jupyter", "trust", *map(str, lessons)], check=True, capture_output=True)
    options = [] if browser else ["--no-browser"]
    # in a container one often is root, and JupyterLab wants to be told that this is meant
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    sys.exit(subprocess.run([sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}",
                             f"--LabApp.default_url=/lab/tree/{lessons[0].name}", *options], check=False).returncode)


@main.command()
@click.option("--yes", is_flag=True, help="Remove without asking.")
def clean(yes: bool) -> None:
    """Remove what labs have left on your Docker Engine.

    A lab removes by itself what it has made, and also what a killed kernel has left. This is for the last one of them.
    Only what carries the label netcourse.lab is touched. A lab that is open now loses its own.
    """
    from docker.errors import DockerException

    from netcourse.real.docker.broom import made_by_labs, remove

    client = _client()
    try:
        things = made_by_labs(client, lambda labels: True)
        if not things:
            click.echo("Nothing was left behind.")
            return
        if not yes:
            click.confirm(f"Remove {', '.join(str(thing.name) for thing in things)}?", abort=True)
        click.echo(f"Removed {', '.join(remove(things))}.")
    except DockerException as error:
        raise click.ClickException(f"The Docker Engine refused ({error}): try again when it is at rest.") from None
    finally:
        client.close()


def _client() -> docker.DockerClient:
    """The engine that a lab would take. Raises ClickException when none answers."""
    from netcourse.real.docker.finding import find_engine

    found, problems = find_engine(os.environ, Path.home())
    if found is None:
        raise click.ClickException(f"No Docker Engine answers, so there is nothing to clean: {'; '.join(problems)}.")
    return found.client
