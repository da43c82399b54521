"""What the simulated kernel calls itself (uname(2)), and the machine that it runs on."""

from __future__ import annotations

NAME, RELEASE, VERSION, ARCHITECTURE = "Linux", "6.12.48", "#1 SMP", "x86_64"
PROCESSORS, MEMORY = 1, 1 << 30
"""How many there are, and how much in bytes."""
