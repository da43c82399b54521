"""What the filters of several listings share (moby api/types/filters)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from netcourse.simulation.docker.api.ages import moment_of
from netcourse.simulation.docker.errors import bad_request

Filters = dict[str, list[str]]
TRUE, FALSE = {"1", "true"}, {"0", "false"}


def check_known(filters: Filters, known: Collection[str]) -> None:
    """Raises EngineError for a filter that dockerd doesn't know."""
    for key in filters:
        if key not in known:
            raise bad_request(f"invalid filter '{key}'")


def check_truth(filters: Filters, key: str) -> None:
    """Raises EngineError for a filter that is neither true nor false, or both (moby GetBoolOrDefault)."""
    values = filters.get(key, [])
    if values and bool({*values} & TRUE) == bool({*values} & FALSE):
        raise bad_request(f"invalid filter '{key}=[{' '.join(sorted(values))}]'")


def check_pruning(filters: Filters, known: Collection[str], now: int) -> int:
    """Until when something must have been made to be pruned. Raises EngineError for an unknown filter."""
    check_known(filters, known)
    until = filters.get("until", [])
    if len(until) > 1:
        raise bad_request("more than one until filter specified")
    return moment_of(until[0], now) if until else now


def fits_name(name: str, pattern: str) -> bool:
    """A regular expression that fits any part, or else a part itself (Args.Match)."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return pattern in name


def has_label(labels: Mapping[str, str] | None, value: str) -> bool:
    """``value`` is a label's name, or name=value."""
    name, equals, wanted = value.partition("=")
    found = (labels or {}).get(name)
    return found is not None and (not equals or found == wanted)


def labels_fit(labels: Mapping[str, str] | None, filters: Filters) -> bool:
    """Every ``label`` must be there and no ``label!``."""
    return (all(has_label(labels, value) for value in filters.get("label", [])) and
            not any(has_label(labels, value) for value in filters.get("label!", [])))
