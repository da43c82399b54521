"""What a learner may hand to the verbs of a lab, looked at before any engine is asked. All raise WrongArgument."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from netcourse.errors import WrongArgument

HIGHEST_PORT = 65535
PROTOCOLS = ("tcp", "udp", "sctp")

Command = str | Sequence[str]
"""A command as one types it, or a list of its words."""


def text(what: str, value: object, example: str) -> str:
    """``value``, which is ``what``: a text with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise WrongArgument(f"{what} is a text such as {example!r}, not {value!r}.")
    return value


def container_name(value: object) -> str:
    """The name of a container."""
    return text("The name of a container", value, "web")


def network_name(value: object) -> str:
    """The name of a network."""
    return text("The name of a network", value, "front")


def optional_text(what: str, value: object, example: str) -> str | None:
    """Like ``text``; None where nothing was asked for."""
    return None if value is None else text(what, value, example)


def command_words(command: object) -> list[str]:
    """The words of a command, its quotation marks read as a shell does."""
    try:
        words = shlex.split(command) if isinstance(command, str) else command
    except ValueError:
        raise WrongArgument(f"A quotation mark in {command!r} isn't closed: close it.") from None
    if not words or not _are_texts(words):
        raise WrongArgument(f"A command is a text such as 'ip address', or a list of its words, not {command!r}.")
    return list(words)


def alias_names(value: object) -> list[str]:
    """Aliases; a single text is one of them, not its letters."""
    names = [value] if isinstance(value, str) else value
    if not _are_texts(names) or "" in names:
        raise WrongArgument(f"Aliases are a list of names such as ['db', 'database'], not {value!r}.")
    return list(names)


def _are_texts(value: object) -> TypeGuard[Sequence[str]]:
    return isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)


def published_ports(value: object) -> dict[str, int]:
    """The container's port ("80", "53/udp"): the host's port."""
    ports = {}
    for inside, outside in value.items() if isinstance(value, Mapping) else [("", "")]:
        port, _, protocol = str(inside).partition("/")
        if not _is_port(port) or protocol not in ("", *PROTOCOLS) or not _is_port(outside):
            raise WrongArgument(f"Ports are pairs of the container's and the host's, from 1 to {HIGHEST_PORT}, such as "
                                f"{{80: 8080}}, not {value!r}.")
        ports[str(inside)] = int(outside)
    return ports


def _is_port(value: object) -> bool:
    return str(value).isdecimal() and 0 < int(str(value)) <= HIGHEST_PORT


def driver_options(value: object) -> dict[str, str]:
    """Options of a driver; a number may be given as a number."""
    if not isinstance(value, Mapping):
        raise WrongArgument("Options are names with values, such as {'com.docker.network.driver.mtu': 1400}, "
                            f"not {value!r}.")
    return {str(name): str(setting).lower() if isinstance(setting, bool) else str(setting)
            for name, setting in value.items()}


def whole_number(what: str, value: object, *, lowest: int | None = None) -> int:
    """A number without a fraction, from ``lowest`` up."""
    if not isinstance(value, int) or isinstance(value, bool) or (lowest is not None and value < lowest):
        start = "" if lowest is None else f" from {lowest} up"
        raise WrongArgument(f"{what} is a whole number{start}, not {value!r}.")
    return value
