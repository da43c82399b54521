"""Records as iproute2's json_writer prints them, compact or pretty."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.host.ip.words import Request

Record = Mapping[str, object]


def json_text(value: object, *, pretty: bool, depth: int = 0) -> str:
    """A fraction has two digits, as timers do."""
    if isinstance(value, Mapping):
        return _object(value, pretty=pretty, depth=depth + 1)
    if isinstance(value, (list, tuple)):
        return _array(value, pretty=pretty, depth=depth + 1)
    return f"{value:.2f}" if isinstance(value, float) else json.dumps(value)


def _object(record: Record, *, pretty: bool, depth: int) -> str:
    gap = " " if pretty else ""
    fields = [f"{json.dumps(key)}:{gap}{json_text(value, pretty=pretty, depth=depth)}" for key, value in record.items()]
    if not pretty:
        return "{" + ",".join(fields) + "}"
    indent = "\n" + "    " * depth
    return "{" + indent + f",{indent}".join(fields) + "\n" + "    " * (depth - 1) + "}"


def _array(items: Sequence[object], *, pretty: bool, depth: int) -> str:
    text = ",".join(json_text(item, pretty=pretty, depth=depth) for item in items)
    if not pretty:
        return f"[{text}]"
    return f"[ {text} ]" if items else "[ ]"


def write_json(request: Request, records: Sequence[Record]) -> None:
    pretty = "pretty" in request.options and bool(records)
    request.process.write(json_text(records, pretty=pretty) + "\n")


def write_lines(process: Process, text: str, *, oneline: bool) -> None:
    """On one line each newline within a record is a backslash."""
    if oneline:
        text = text.removesuffix("\n").replace("\n", "\\") + "\n"
    process.write(text)
