"""What has happened, for ``docker events``: kept in order, handed to whoever listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from netcourse.simulation.linux.clock import SECOND, Clock

KEPT_EVENTS = 256
KINDS = ("config", "container", "daemon", "network", "node", "plugin", "secret", "service", "volume")
"""Filters that dockerd compares with the id and the name of whatever it is, of this kind or another."""
TALKATIVE = {"exec_create", "exec_start", "health_status"}
"""Actions that tell more after a colon: whoever asks for one of them needn't."""
Event = dict[str, Any]


class Events:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._listeners: list[Callable[[Event], None]] = []

    def emit(self, kind: str, action: str, identifier: str, attributes: dict[str, str]) -> None:
        """Containers' and images' events carry the older fields too, as dockerd's do."""
        event: Event = {}
        if kind in ("container", "image"):
            event = {"status": action, "id": identifier}
            event |= {"from": attributes["image"]} if "image" in attributes else {}
        now = self._clock.now
        actor = {"ID": identifier, "Attributes": dict(sorted(attributes.items()))}
        event |= {"Type": kind, "Action": action, "Actor": actor, "scope": "local", "time": now // SECOND,
                  "timeNano": now}
        self._kept.append(event)
        for listener in list(self._listeners):
            listener(event)

    def between(self, since: int | None, until: int | None) -> list[Event]:
        """Those kept with a time (nanoseconds) from ``since`` to ``until``."""
        return [event for event in self._kept if since is not None and event["timeNano"] >= since
                and (until is None or event["timeNano"] <= until)]

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand on every event from now on; the returned function ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


def _is_action(action: str, value: str, *, loosely: bool) -> bool:
    return action.startswith(value) if loosely else action == value


def matches(event: Event, filters: dict[str, list[str]]) -> bool:
    """Whether an event is one of those asked for (daemon/events/filter.go): all kinds of filter must agree."""
    actor, attributes = event["Actor"]["ID"], event["Actor"]["Attributes"]
    tests: dict[str, Callable[[str], bool]] = {
        "type": lambda value: value == event["Type"],
        "event": partial(_is_action, event["Action"], loosely=bool(TALKATIVE & {*filters.get("event", [])})),
        "scope": lambda value: value == event["scope"],
        "label": lambda value: attributes.get(value.partition("=")[0]) == value.partition("=")[2] or
        ("=" not in value and value in attributes),
        "image": lambda value: value in (actor, attributes.get("image"), attributes.get("name")),
    }
    tests |= dict.fromkeys(KINDS, lambda value: actor.startswith(value) or attributes.get("name", "").startswith(value))
    return all(any(tests[key](value) for value in values) for key, values in filters.items() if key in tests)
