"""What ``--log-driver`` and ``--log-opt`` may be, and how much of a log they keep.

Seen on Engine 28.5.2 (moby daemon/logger, jsonfilelog and local).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker.errors import EngineError, bad_request, failed, not_simulated
from netcourse.simulation.docker.log_attributes import attributes_of
from netcourse.simulation.docker.output import Rotation
from netcourse.simulation.docker.truth import truth

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container

Settings = dict[str, Any]

_COMMON = frozenset({"compress", "max-buffer-size", "max-file", "max-size", "mode"})
OPTIONS = {"json-file": _COMMON | {"env", "env-regex", "labels", "labels-regex", "tag"}, "local": _COMMON, "none": None}
UNKNOWN = {"json-file": "unknown log opt '{}' for json-file log driver",
           "local": "unknown log opt '{}' for log driver local"}
OTHER_DRIVERS = frozenset({"awslogs", "fluentd", "gcplogs", "gelf", "journald", "splunk", "syslog"})
LOCAL_DEFAULTS = {"max-size": "20m", "max-file": "5", "compress": "true"}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKmMgGtTpP]?)[iI]?[bB]?")
_POWERS = ("", "k", "m", "g", "t", "p")


def check_logging(_: Settings, host_config: Settings) -> None:
    """Before a container is created. Raises EngineError."""
    asked = host_config.get("LogConfig") or {}
    driver, options = asked.get("Type") or "json-file", asked.get("Config") or {}
    if driver in OTHER_DRIVERS:
        raise not_simulated(f"the logging driver {driver}")
    if driver not in OPTIONS:
        raise bad_request(f'error looking up logging plugin {driver}: plugin "{driver}" not found')
    known = OPTIONS[driver]
    if known is None:
        return
    for option in options:
        if option not in known:
            raise bad_request(UNKNOWN[driver].format(option))
    mode = options.get("mode") or "blocking"
    if mode not in ("blocking", "non-blocking"):
        raise bad_request(f"logger: logging mode not supported: {mode}")
    if "max-buffer-size" in options:
        if mode != "non-blocking":
            raise bad_request("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        try:
            _size(options["max-buffer-size"])
        except ValueError as error:
            raise bad_request(f"error parsing option max-buffer-size: {error}") from None


def rotation(container: Container) -> Rotation | None:
    """When a container starts: None for a log that is kept whole. Raises EngineError."""
    logging = container.logging
    if logging["Type"] == "none" or not logging["Config"]:
        return None
    try:
        attributes_of(container)
        return (_local if logging["Type"] == "local" else _json_file)(logging["Config"])
    except ValueError as error:
        raise _cannot_begin(str(error)) from None


def _json_file(options: Settings) -> Rotation | None:
    size = _size(options["max-size"]) if options.get("max-size") else 0
    if options.get("max-size") and not size:
        raise ValueError("max-size must be a positive number")
    files = _whole_number(options["max-file"]) if options.get("max-file") else 1
    if files < 1:
        raise ValueError("max-file cannot be less than 1")
    if options.get("compress") and truth(options["compress"]) and (files < 2 or not size):
        raise ValueError("compress cannot be true when max-file is less than 2 or max-size is not set")
    return Rotation(size, files) if size else None


def _local(options: Settings) -> Rotation | None:
    options = LOCAL_DEFAULTS | options
    try:
        size = _size(options["max-size"])
    except ValueError as error:
        raise ValueError(f"invalid value for max-size: {options['max-size']}: {error}") from None
    try:
        files = _whole_number(options["max-file"])
    except ValueError as error:
        raise ValueError(f"invalid value for max-file: {options['max-file']}: {error}") from None
    try:
        compresses = truth(options["compress"])
    except ValueError as error:
        raise ValueError(f"error reading compress log option: {error}") from None
    if compresses and files < 2:
        raise ValueError("compression cannot be enabled when max file count is 1")
    return Rotation(size, files) if size else None


def _cannot_begin(reason: str) -> EngineError:
    return failed(f"failed to create task for container: failed to initialize logging driver: {reason}")


def _size(text: str) -> int:
    """In bytes; a k is a thousand (docker/go-units, FromHumanSize). Raises ValueError."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"invalid size: '{text}'")
    return int(float(found[1]) * 1000 ** _POWERS.index(found[2].lower()))


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)
