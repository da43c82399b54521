"""netcourse: understand Docker networking by doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netcourse.labs import DockerLab

__all__ = ["DockerLab"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``import netcourse`` alone costs next to nothing."""
    if name == "DockerLab":
        from netcourse.labs import DockerLab

        return DockerLab
    raise AttributeError(f"module 'netcourse' has no attribute {name!r}")
