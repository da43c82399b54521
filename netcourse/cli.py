"""The ``netcourse`` command."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import click

DEFAULT_SOCKET = Path(tempfile.gettempdir()) / "netcourse" / "docker.sock"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="netcourse")
def main() -> None:
    """Understand Docker networking by doing it."""


@main.command()
@click.option("--socket", "path", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_SOCKET,
              show_default=True, help="Where the engine listens.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same ids and addresses.")
def engine(path: Path, seed: int) -> None:
    """Run a simulated Docker Engine until Ctrl-C.

    The docker command, docker compose and docker-py use it by DOCKER_HOST. It runs nothing on this computer, and only
    you can open its socket.
    """
    from netcourse.simulation.docker.server import SimulatedEngine

    if path == DEFAULT_SOCKET:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        served = SimulatedEngine(path, seed=seed)
    except OSError as error:
        raise click.ClickException(_reason(error, path)) from None
    with served:
        signal.signal(signal.SIGTERM, _leave)
        click.echo(f"A simulated Docker Engine 28.5 is ready. In another terminal:\n\n"
                   f"    export DOCKER_HOST={served.address}\n    docker run --rm busybox ip addr\n\n"
                   "Ctrl-C ends it, and everything in it.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            click.echo()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _reason(error: OSError, path: Path) -> str:
    if isinstance(error, FileExistsError):
        return str(error)
    if "too long" in str(error):
        return f"{path} is too long for a socket (about 100 characters at most): choose a shorter path"
    return f"{path} can't be opened ({error.strerror}): choose a path in a folder of your own"


@main.command()
def doctor() -> None:
    """Say what this computer can do for the course."""
    import docker
    from docker.errors import DockerException

    click.echo(f"Python      {sys.version.split()[0]}")
    address = os.environ.get("DOCKER_HOST", "the usual socket")
    try:
        client = docker.from_env()
        click.echo(f"Docker      Engine {client.version()['Version']} at {address}")
        client.close()
    except DockerException as error:
        click.echo(f"Docker      none at {address}: the course uses its simulation ({_short(error)})")
    click.echo("Simulation  Engine 28.5 (API 1.51): start it with `netcourse engine`")


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
    sys.exit(subprocess.run([sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}",
                             f"--LabApp.default_url=/lab/tree/{lessons[0].name}", *options], check=False).returncode)


@main.command()
@click.option("--yes", is_flag=True, help="Remove without asking.")
def clean(yes: bool) -> None:
    """Remove what labs have left on your Docker Engine, after a killed kernel say.

    Only containers and networks with the label netcourse.lab are touched. A lab that is open now loses its own.
    """
    import docker
    from docker.errors import DockerException

    from netcourse.real.docker.broom import made_by_labs, remove

    try:
        things = made_by_labs(docker.from_env(), lambda labels: True)
    except DockerException as error:
        raise click.ClickException(f"No Docker Engine answers ({_short(error)}): there is nothing to clean.") from None
    if not things:
        click.echo("Nothing was left behind.")
        return
    if not yes:
        click.confirm(f"Remove {', '.join(str(thing.name) for thing in things)}?", abort=True)
    click.echo(f"Removed {', '.join(remove(things))}.")


def _short(error: Exception) -> str:
    text = str(error)
    if "Permission denied" in text:
        return "its socket may not be opened by you: is your user in the group docker?"
    return "no answer"
