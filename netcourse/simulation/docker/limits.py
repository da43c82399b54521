"""What a container may use of memory and processors: dockerd's checks (moby daemon/daemon_unix.go, 28.5.2).

Limits shape no network, and a simulated process uses next to nothing: those on memory and processors show in inspect
and have no other effect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from netcourse.simulation.docker.errors import bad_request, conflict, failed

PROCESSORS = 1
LEAST_MEMORY, LEAST_QUOTA, BILLION = 6 << 20, 1000, 10**9
SWAPPINESS, PERIODS, SCORES = range(-1, 101), range(1000, 1000001), range(-1000, 1001)
NO_LIMIT = ("OOM killer is disabled for the container, but no memory limit is set, this can result in the system "
            "running out of resources.")
NO_WEIGHT = "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."
NO_DEVICE_WEIGHT = ("Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device "
                    "discarded.")

Wanted = dict[str, Any]
Checks = tuple[tuple[Callable[[Wanted], bool], str], ...]
_SET = re.compile(r"\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")


def check_limits(_: Wanted, host_config: Wanted) -> None:
    """Raises EngineError for the first limit that makes no sense."""
    _check_numbers(host_config, (*_CHECKS, *_CHECKS_OF_NEW_ONES))


def check_storage(_: Wanted, host_config: Wanted) -> None:
    """Raises EngineError."""
    if host_config.get("StorageOpt"):
        raise failed("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")


def _check_numbers(host_config: Wanted, checks: Checks) -> None:
    wanted = {name: host_config.get(name) or 0 for name in _NUMBERS}
    for is_wrong, message in checks:
        if is_wrong(wanted):
            raise bad_request(message.format(**wanted))
    _check_set(str(host_config.get("CpusetCpus") or ""), "cpuset cpus", "CPUs")
    _check_set(str(host_config.get("CpusetMems") or ""), "cpuset mems", "memory nodes")


def settle_new(host_config: Wanted) -> list[str]:
    """Of a container to be created; returns warnings."""
    if (host_config.get("PidsLimit") or 0) <= 0:
        host_config["PidsLimit"] = None
    return without_unsupported(host_config)


def without_unsupported(host_config: Wanted) -> list[str]:
    """Take out what few kernels support; returns warnings."""
    warnings = []
    if host_config.get("OomKillDisable") and not host_config.get("Memory"):
        warnings.append(NO_LIMIT)
    if host_config.get("BlkioWeight"):
        host_config["BlkioWeight"] = 0
        warnings.append(NO_WEIGHT)
    if host_config.get("BlkioWeightDevice"):
        host_config["BlkioWeightDevice"] = []
        warnings.append(NO_DEVICE_WEIGHT)
    return warnings


def updated_limits(host_config: Wanted, wanted: Wanted) -> Wanted:
    """The limits that change. Raises EngineError (moby daemon/container, Container.UpdateContainer)."""
    new = {name: wanted[name] for name in _UPDATABLE if wanted.get(name)}
    if wanted.get("PidsLimit") is not None:
        new["PidsLimit"] = max(wanted["PidsLimit"], 0)
    _check_numbers(new, _CHECKS)
    old = {name: host_config.get(name) or 0 for name in _UPDATABLE}
    for first, second, told in _APART:
        if new.get(first) and old[second]:
            raise conflict(f"Conflicting options: {told} has already been set")
    swap = old["MemorySwap"] or 2 * old["Memory"]
    if new.get("Memory") and new["Memory"] > swap and "MemorySwap" not in new:
        raise conflict("Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the "
                       "same time")
    return new


def _check_set(text: str, name: str, what: str) -> None:
    """The simulated machine has one processor and one node of memory, both of the number 0."""
    if text and not _SET.fullmatch(text):
        raise bad_request(f"Invalid value {text} for {name}: invalid format: {text}")
    if any(number.strip("0") for number in re.findall(r"\d+", text)):
        raise bad_request(f"Requested {what} are not available - requested {text}, available: 0")


_UPDATABLE = ("Memory", "MemorySwap", "MemoryReservation", "NanoCpus", "CpuPeriod", "CpuQuota", "CpuShares",
              "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpusetCpus", "CpusetMems", "BlkioWeight", "PidsLimit")
_APART = (("CpuPeriod", "NanoCpus", "CPU Period cannot be updated as NanoCPUs"),
          ("CpuQuota", "NanoCpus", "CPU Quota cannot be updated as NanoCPUs"),
          ("NanoCpus", "CpuPeriod", "Nano CPUs cannot be updated as CPU Period"),
          ("NanoCpus", "CpuQuota", "Nano CPUs cannot be updated as CPU Quota"))
_NUMBERS = ("Memory", "MemorySwap", "MemorySwappiness", "MemoryReservation", "NanoCpus", "CpuPeriod", "CpuQuota",
            "CpuShares", "OomScoreAdj", "ShmSize", "CpuRealtimePeriod", "CpuRealtimeRuntime")
_CHECKS: Checks = (
    (lambda w: w["Memory"] != 0 and w["Memory"] < LEAST_MEMORY, "Minimum memory limit allowed is 6MB"),
    (lambda w: 0 < w["MemorySwap"] < w["Memory"],
     "Minimum memoryswap limit should be larger than memory limit, see usage"),
    (lambda w: w["MemorySwappiness"] not in SWAPPINESS,
     "Invalid value: {MemorySwappiness}, valid memory swappiness range is 0-100"),
    (lambda w: 0 < w["MemoryReservation"] < LEAST_MEMORY, "Minimum memory reservation allowed is 6MB"),
    (lambda w: 0 < w["Memory"] < w["MemoryReservation"],
     "Minimum memory limit can not be less than memory reservation limit, see usage"),
    (lambda w: w["NanoCpus"] > 0 and w["CpuPeriod"] > 0,
     "Conflicting options: Nano CPUs and CPU Period cannot both be set"),
    (lambda w: w["NanoCpus"] > 0 and w["CpuQuota"] > 0,
     "Conflicting options: Nano CPUs and CPU Quota cannot both be set"),
    (lambda w: not 0 <= w["NanoCpus"] <= PROCESSORS * BILLION,
     f"range of CPUs is from 0.01 to {PROCESSORS}.00, as there are only {PROCESSORS} CPUs available"),
    (lambda w: w["CpuPeriod"] != 0 and w["CpuPeriod"] not in PERIODS,
     "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"),
    (lambda w: 0 < w["CpuQuota"] < LEAST_QUOTA, "CPU cfs quota can not be less than 1ms (i.e. 1000)"),
    (lambda w: w["CpuRealtimeRuntime"] > w["CpuRealtimePeriod"] > 0,
     "cpu real-time runtime cannot be higher than cpu real-time period"),
    (lambda w: w["ShmSize"] < 0, "SHM size can not be less than 0"),
    (lambda w: w["OomScoreAdj"] not in SCORES,
     "Invalid value {OomScoreAdj}, range for oom score adj is [-1000, 1000]"),
)
_CHECKS_OF_NEW_ONES: Checks = (
    (lambda w: w["Memory"] == 0 and w["MemorySwap"] > 0,
     "You should always set the Memory limit when using Memoryswap limit, see usage"),
    (lambda w: w["CpuShares"] < 0, "invalid CPU shares ({CpuShares}): value must be a positive integer"),
)
