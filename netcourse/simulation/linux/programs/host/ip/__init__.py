"""ip of iproute2 6.1.0: link, address, route, neighbour and netns, in its own words and in JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining
from netcourse.simulation.linux.programs.host.ip import (
    address,
    link,
    link_changes,
    namespace,
    neighbour,
    route,
    route_changes,
)
from netcourse.simulation.linux.programs.host.ip.words import WRONG_WORD, Request, usage
from netcourse.simulation.linux.tasks import Future

VERSION = "ip utility, iproute2-6.1.0, libbpf 1\n"
Verb = Callable[[Request, list[str]], Coroutine[Future[Any], None, int] | None]

# the order is that in which abbreviations are tried
_OPTIONS = {"statistics": "statistics", "stats": "statistics", "details": "details", "oneline": "oneline",
            "brief": "brief", "json": "json", "pretty": "pretty", "4": "4", "6": "6"}
_LINK: dict[str, Verb] = {"add": link_changes.add, "set": link_changes.change, "replace": link_changes.add,
                          "delete": link_changes.delete, "show": link.show, "lst": link.show, "list": link.show}
_ADDRESS: dict[str, Verb] = {"add": address.add, "change": address.put, "chg": address.put, "replace": address.put,
                             "delete": address.delete, "show": address.show, "lst": address.show, "list": address.show,
                             "flush": address.flush}
_ROUTE: dict[str, Verb] = {"list": route.show, "show": route.show, "lst": route.show, "get": route.get,
                           "add": route_changes.add, "change": route_changes.change, "chg": route_changes.change,
                           "replace": route_changes.replace, "prepend": route_changes.prepend,
                           "append": route_changes.append, "delete": route_changes.delete,
                           "flush": route_changes.flush}
_NEIGHBOUR: dict[str, Verb] = {"add": neighbour.add, "change": neighbour.change, "chg": neighbour.change,
                               "replace": neighbour.replace, "delete": neighbour.delete, "get": neighbour.get,
                               "show": neighbour.show, "lst": neighbour.show, "list": neighbour.show,
                               "flush": neighbour.flush}
_NAMESPACE: dict[str, Verb] = {"list": namespace.show, "show": namespace.show, "lst": namespace.show,
                               "add": namespace.add, "delete": namespace.delete, "identify": namespace.identify,
                               "pids": namespace.pids, "exec": namespace.execute}
_OBJECTS = {"address": _ADDRESS, "route": _ROUTE, "link": _LINK, "neighbor": _NEIGHBOUR, "neighbour": _NEIGHBOUR,
            "netns": _NAMESPACE}
_HELP_NAMES = {"neighbor": "neigh", "neighbour": "neigh"}


def _named(table: dict[str, Any], word: str) -> str | None:
    """The first name that begins with ``word`` (iproute2's matches())."""
    return next((name for name in table if name.startswith(word)), None)


@complaining
async def ip(process: Process) -> int:
    words, family, options, home = list(process.arguments[1:]), "", set(), process.namespace
    while words and words[0].startswith("-"):
        typed = words.pop(0)
        word = typed.lstrip("-")
        if word in ("V", "Version"):
            process.write(VERSION)
            return 0
        if word in ("n", "netns") and words:
            home = namespace.named(process, words.pop(0))
            continue
        option = _named(_OPTIONS, word)
        if option is None:
            raise Complaint(f'Option "{typed}" is unknown, try "ip -help".', WRONG_WORD)
        if option in ("4", "6"):
            family = option
        options.add(_OPTIONS[option])
    return await _run(Request(process, home, family, frozenset(options)), words)


async def _run(request: Request, words: list[str]) -> int:
    if not words or words[0] == "help":
        raise usage("ip")
    name = _named(_OBJECTS, words[0])
    if name is None:
        raise Complaint(f'Object "{words[0]}" is unknown, try "ip help".')
    verbs = _OBJECTS[name]
    shown_name = _HELP_NAMES.get(name, name)
    if len(words) == 1:
        verbs["show"](request, [])
        return 0
    if words[1] == "help":
        raise usage(f"ip {shown_name}")
    verb = _named(verbs, words[1])
    if verb is None:
        raise Complaint(f'Command "{words[1]}" is unknown, try "ip {shown_name} help".', WRONG_WORD)
    work = verbs[verb](request, words[2:])
    return 0 if work is None else await work
