"""What the kernel's control groups don't take of a container's limits, as runc tells it (cgroups(7), version 1)."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.errors import failed
from netcourse.simulation.docker.limits import LEAST_QUOTA
from netcourse.simulation.docker.starting import NEVER_RAN, PREFIX, CannotStart

LEAST_SHARES, MOST_SHARES = 2, 262144
NANOSECONDS_PER_MICROSECOND_OF_QUOTA = 10_000
"""The quota is for a period of a tenth of a second."""


def check_groups(identifier: str, host_config: dict[str, Any]) -> None:
    """Of a container that starts. Raises CannotStart."""
    runtime = host_config.get("CpuRealtimeRuntime")
    if runtime:
        raise CannotStart(f"{PREFIX}unable to apply cgroup configuration: "
                          f"{_unwritten(identifier, host_config, 'cpu.rt_runtime_us', runtime)}", NEVER_RAN)
    reason = _refused(identifier, host_config)
    if reason:
        raise CannotStart(f"{PREFIX}error during container init: error setting cgroup config for procHooks process: "
                          f"{reason}", NEVER_RAN)


def check_updated_groups(identifier: str, host_config: dict[str, Any]) -> None:
    """Of one that runs. Raises EngineError."""
    reason = _refused(identifier, host_config)
    if reason:
        raise failed(f"Cannot update container {identifier}: runc did not terminate successfully: exit status 1: "
                     f"{reason}")


def _refused(identifier: str, host_config: dict[str, Any]) -> str:
    shares = host_config.get("CpuShares") or LEAST_SHARES
    quota = (host_config.get("NanoCpus") or 0) // NANOSECONDS_PER_MICROSECOND_OF_QUOTA
    if shares % (1 << 64) > MOST_SHARES:
        return f"the maximum allowed cpu-shares is {MOST_SHARES}"
    if shares < LEAST_SHARES:
        return f"the minimum allowed cpu-shares is {LEAST_SHARES}"
    return _unwritten(identifier, host_config, "cpu.cfs_quota_us", quota) if 0 < quota < LEAST_QUOTA else ""


def _unwritten(identifier: str, host_config: dict[str, Any], name: str, value: int) -> str:
    parent = str(host_config.get("CgroupParent") or "docker").strip("/")
    return f'failed to write "{value}": write /sys/fs/cgroup/cpu/{parent}/{identifier}/{name}: invalid argument'
