"""The filters of ``docker network ls`` (moby daemon/network/filter.go)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from netcourse.simulation.docker.drivers import Network
from netcourse.simulation.docker.errors import bad_request

Filters = dict[str, list[str]]

TRUE, FALSE = ("true", "1"), ("false", "0")
KNOWN = {"id", "name", "driver", "label", "scope", "type", "dangling"}


def matching(networks: Iterable[Network], filters: Filters) -> list[Network]:
    """Raises EngineError for a filter that dockerd doesn't know."""
    _check(filters)
    return [network for network in networks if _matches(network, filters)]


def _check(filters: Filters) -> None:
    unknown = next((key for key in filters if key not in KNOWN), None)
    if unknown is not None:
        raise bad_request(f"invalid filter '{unknown}'")
    for value in filters.get("type", []):
        if value not in ("builtin", "custom"):
            raise bad_request(f"invalid filter: 'type'='{value}'")
    dangling = filters.get("dangling", [])
    if len(dangling) > 1:
        raise bad_request('got more than one value for filter key "dangling"')
    if any(value not in (*TRUE, *FALSE) for value in dangling):
        raise bad_request("invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")")


def _matches(network: Network, filters: Filters) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "id": lambda value: _found(value, network.id),
        "name": lambda value: _found(value, network.name),
        "driver": lambda value: network.driver == value,
        "scope": lambda value: network.scope == value,
        "type": lambda value: network.is_predefined == (value == "builtin"),
        # the list tells nobody's members: to it no network is in use, and the predefined ones never dangle
        "dangling": lambda value: network.is_predefined != (value in TRUE),
        "label": lambda value: _has_label(network.labels, value),
    }
    every = ("label",)
    return all((all if key in every else any)(tests[key](value) for value in values) for key, values in filters.items())


def _found(pattern: str, text: str) -> bool:
    """Filters are regular expressions; one that isn't matches nothing (moby api/types/filters, Args.Match)."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _has_label(labels: dict[str, str], wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)
