"""Health checks: a command that is run in a container from time to time, and what its results mean.

Engine 28.5.2, moby daemon/health.go.
"""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.errors import bad_request
from netcourse.simulation.linux.clock import MILLISECOND

DURATIONS = ("Interval", "Timeout", "StartPeriod", "StartInterval")


def check_health(config: dict[str, Any], _: dict[str, Any]) -> None:
    """Raises EngineError."""
    wanted = config.get("Healthcheck") or {}
    for name in DURATIONS[:2]:
        _check_duration(wanted, name)
    if (wanted.get("Retries") or 0) < 0:
        raise bad_request("Retries in Healthcheck cannot be negative")
    for name in DURATIONS[2:]:
        _check_duration(wanted, name)


def _check_duration(wanted: dict[str, Any], name: str) -> None:
    if 0 != (wanted.get(name) or 0) < MILLISECOND:
        raise bad_request(f"{name} in Healthcheck cannot be less than 1ms")
