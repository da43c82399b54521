"""What a container shares with another one: ``container:NAME`` as the mode of its network, process numbers or IPC.

Seen on Engine 28.5.2 (moby daemon/container_operations_unix.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker.errors import EngineError, bad_request, failed
from netcourse.simulation.linux.process import PidNamespace

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.registry import Containers

MODES = ("NetworkMode", "IpcMode", "PidMode")
SHAREABLE = ("shareable", "host")


def name_mates_by_id(containers: Containers, host_config: dict[str, Any]) -> None:
    """So that a mode outlives a rename. Raises EngineError where nobody has the name; a network's is missed later."""
    for option in MODES:
        kind, _, reference = str(host_config.get(option) or "").partition(":")
        if kind != "container" or not reference:
            continue
        if reference in containers:
            host_config[option] = f"container:{containers.get(reference).id}"
        elif option != "NetworkMode":
            raise bad_request(f"No such container: {reference}")


def check_mates(container: Container) -> None:
    """Of a container that starts. Raises EngineError for one that has ended, or doesn't share."""
    if _asks_for_mate(container, "IpcMode"):
        try:
            _check_ipc(_mate(container, "IpcMode"))
        except EngineError as error:
            raise EngineError(error.status, f"failed to join IPC namespace: {error}") from None
    if _asks_for_mate(container, "PidMode"):
        try:
            _mate(container, "PidMode").check_runs()
        except EngineError as error:
            raise failed(f"failed to join PID namespace: {error}") from None


def _check_ipc(mate: Container) -> None:
    mate.check_runs()
    if str(mate.host_config.get("IpcMode") or "") not in SHAREABLE:
        raise bad_request(f"container {mate.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor "
                          "container)")


def others_pids(container: Container) -> PidNamespace | None:
    """The process numbers of the one that it shares them with."""
    return _mate(container, "PidMode").pids if _asks_for_mate(container, "PidMode") else None


def _asks_for_mate(container: Container, option: str) -> bool:
    return str(container.host_config.get(option) or "").startswith("container:")


def _mate(container: Container, option: str) -> Container:
    reference = str(container.host_config[option]).partition(":")[2]
    if not reference:
        raise bad_request('invalid name or ID supplied: ""')
    return container.engine.containers.get(reference)
