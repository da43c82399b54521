"""What is done to a container that runs: signals, stopping, pausing."""

from __future__ import annotations

from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.errors import conflict
from netcourse.simulation.linux.signals import Signal

DEFAULT_GRACE = 10


def cancel_restart(container: Container) -> None:
    """It stays as it has ended (moby daemon/kill.go: its monitor is told not to start it again)."""
    container.asked_to_stop = True
    container.state = "exited"


def kill(container: Container, number: int) -> None:
    """Send a signal. Raises EngineError when it isn't running."""
    if container.state == "restarting":
        cancel_restart(container)
        return
    if container.process is None:
        raise conflict(f"container {container.id} is not running")
    ends = number in (Signal.SIGKILL, container.stop_signal)
    container.asked_to_stop = container.asked_to_stop or ends
    container.emit("kill", signal=str(number))
    container.process.signal(number)
    if ends and container.state == "paused":
        unpause(container)


def grace(container: Container) -> int:
    """Seconds between being asked to end and being killed."""
    return int(container.config.get("StopTimeout", DEFAULT_GRACE))


def pause(container: Container) -> None:
    """Raises EngineError unless it runs."""
    container.check_runs()
    if container.state == "paused":
        raise conflict(f"Container {container.id} is already paused")
    assert container.process is not None
    container.process.freezer.freeze()
    container.state = "paused"
    container.emit("pause")


def unpause(container: Container) -> None:
    """Raises EngineError unless it is paused."""
    if container.process is None or container.state != "paused":
        raise conflict(f"Container {container.id} is not paused")
    container.state = "running"
    container.emit("unpause")
    container.process.freezer.thaw()
