"""``ip rule``: which routing table is asked when. A namespace has the kernel's own rules, which can't be changed."""

from __future__ import annotations

from netcourse.simulation.linux.programs.host.ip import printing, words
from netcourse.simulation.linux.programs.host.ip.words import Request

_PRIORITIES = {"local": 0, "main": 32766, "default": 32767}


def show(request: Request, rest: list[str]) -> None:
    if rest:
        raise words.not_simulated(f"rule show {rest[0]}")
    records: list[dict[str, object]] = [{"priority": priority, "src": "all", "table": table}
                                        for table, priority in _PRIORITIES.items()
                                        if request.family != "6" or table != "default"]
    details = {"protocol": "kernel"} if "details" in request.options else {}
    if "json" in request.options:
        printing.write_json(request, [record | details for record in records])
        return
    for record in records:
        text = f"{record['priority']}:\tfrom {record['src']} lookup {record['table']}"
        request.process.write(text + (" proto kernel" if details else "") + "\n")


def change(request: Request, _: list[str]) -> None:
    """Raises Complaint."""
    raise words.not_simulated("a change of the routing rules")
