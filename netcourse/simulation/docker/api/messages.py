"""A request, and the two kinds of answer: one that is ready, and one that goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.errors import bad_request

TRUE = ("1", "true", "True", "TRUE", "t", "T", "yes")


@dataclass
class Request:
    """``parts`` are the pieces of the path that the route leaves open."""

    world: World
    method: str
    parts: dict[str, str]
    query: dict[str, list[str]]
    body: bytes
    upgrades: bool = False
    version: str = ""

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        return self.one(name) in TRUE

    def json(self) -> dict[str, Any]:
        """The body, which must be an object or nothing. Raises EngineError."""
        if not self.body.strip():
            return {}
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise bad_request(f"invalid JSON: {error}") from None
        if not isinstance(value, dict):
            raise bad_request("invalid JSON: the body has to be an object")
        return value

    def filters(self) -> dict[str, list[str]]:
        """The newer form {"name": {"x": true}} and the older {"name": ["x"]}. Raises EngineError."""
        text = self.one("filters")
        if not text:
            return {}
        try:
            value = json.loads(text)
            return {str(key): [str(item) for item in items] for key, items in value.items()}
        except (ValueError, AttributeError, TypeError):
            raise bad_request("invalid filter") from None


@dataclass
class Response:
    """``content`` is sent as JSON unless it is bytes; None is an empty body."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Connection(Protocol):
    """What a long answer has of its client."""

    def send(self, data: bytes) -> None:
        """Raises OSError when the client has gone."""

    def hung_up(self) -> bool: ...

    def receive(self, give: Callable[[bytes], None], end: Callable[[], None]) -> None:
        """Hand on what the client sends, in a thread of its own, and tell its end."""


@dataclass
class Stream:
    """An answer that goes on: ``run`` is given the connection once the head is sent."""

    run: Callable[[Connection], None]
    content_type: str = "application/json"
    hijack: bool = False


Handler = Callable[[Request], Response | Stream]
Route = tuple[str, str, Handler]
