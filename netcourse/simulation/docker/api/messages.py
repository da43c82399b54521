"""A request, and the two kinds of answer: one that is ready, and one that goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from netcourse.simulation.docker.api.bodies import WrongType, fitted
from netcourse.simulation.docker.api.json_reading import NotJSON, read_value
from netcourse.simulation.docker.api.numbers import moment, whole_number
from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.errors import bad_request

TRUE = ("1", "true", "True", "TRUE", "t", "T", "yes")
NO = ("", "0", "no", "false", "none")


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
    content_type: str = ""

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        """Anything but a no is a yes (moby daemon/server/httputils, BoolValue)."""
        return self.one(name).strip().lower() not in NO

    def number(self, name: str, default: int) -> int:
        """Raises EngineError in Go's words."""
        text = self.one(name)
        return whole_number(text) if text else default

    def moment(self, name: str) -> int | None:
        """A time as the simulation counts it, in nanoseconds; None where none is given. Raises EngineError.

        The docker command sends a fraction with a date that was typed, which the simulation has told, and whole seconds
        for "a minute ago", which it has taken from its own clock.
        """
        told = moment(self.one(name))
        return told if told is None or "." in self.one(name) else self.world.moment(told)

    def alone(self, action: Callable[[], None]) -> None:
        """Do something while nobody else touches the engine."""
        with self.world.enter():
            action()

    def json(self, struct: str) -> dict[str, Any]:
        """The body as one of ``bodies.STRUCTS``; nothing at all is an empty one (moby httputils.ReadJSON).

        Raises EngineError.
        """
        if not self.body:
            return {}
        self._check_content_type()
        try:
            value, rest = read_value(self.body.decode(errors="surrogateescape"))
            found = fitted(value, struct)
        except EOFError:
            raise bad_request("invalid JSON: got EOF while reading request body") from None
        except (NotJSON, WrongType) as mistake:
            raise bad_request(f"invalid JSON: {mistake}") from None
        if rest and rest[0] not in "]}":
            raise bad_request("unexpected content after JSON")
        return found

    def _check_content_type(self) -> None:
        """moby daemon/server/httputils, CheckForJSON. Raises EngineError."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if not kind:
            raise bad_request(f"malformed Content-Type header ({self.content_type}): mime: no media type")
        if kind != "application/json":
            raise bad_request(f"unsupported Content-Type header ({self.content_type}): must be 'application/json'")

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
    """``content`` is sent as JSON unless it is bytes; None is an empty body.

    ``from_engine`` isn't true of what dockerd's router answers, which doesn't name the engine. ``hijacked``: dockerd
    writes the head itself, past net/http, as before a stream.
    """

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    from_engine: bool = True
    hijacked: bool = False


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
