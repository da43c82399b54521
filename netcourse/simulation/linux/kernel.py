"""What the simulated kernel calls itself (uname(2))."""

from __future__ import annotations

NAME, RELEASE, VERSION, ARCHITECTURE = "Linux", "6.12.48", "#1 SMP", "x86_64"
