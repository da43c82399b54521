"""The keys by which somebody at a terminal leaves a container: which ones dockerd knows (moby/term, ToBytes).

The docker command watches for them itself, and hangs up.
"""

from __future__ import annotations

import re

from netcourse.simulation.docker.errors import bad_request

_KEY = re.compile(r"ctrl-[a-z@\[\\\]^_]|DEL|[\x00-\x7f]")


def check_detach_keys(text: str, name: str) -> None:
    """``text`` is "" or like "ctrl-p,ctrl-q"; ``name`` as the message says it. Raises EngineError."""
    if text and not all(_KEY.fullmatch(key) for key in text.split(",")):
        raise bad_request(f"Invalid {name} keys ({text}) provided")
