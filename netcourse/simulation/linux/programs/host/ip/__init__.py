"""ip of iproute2 6.1.0: link, address, route, neighbour and netns, in its own words and in JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
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
    rule,
    words,
)
from netcourse.simulation.linux.programs.host.ip.words import WRONG_WORD, Request, usage
from netcourse.simulation.linux.tasks import Future

VERSION = "ip utility, iproute2-6.1.0, libbpf 1\n"
Verb = Callable[[Request, list[str]], Coroutine[Future[Any], None, int] | None]

# the order is that in which abbreviations are tried
_OPTIONS = {"statistics": "statistics", "stats": "statistics", "details": "details", "oneline": "oneline",
            "brief": "brief", "json": "json", "pretty": "pretty", "family": "family", "4": "4", "6": "6"}
_UNSIMULATED_OPTIONS = ("loops", "0", "M", "B", "human-readable", "iec", "resolve", "timestamp", "tshort", "batch",
                        "rcvbuf", "force", "Numeric", "all", "color")
_FAMILIES = {"inet": "4", "inet6": "6"}
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
                               "pids": namespace.pids, "exec": namespace.execute,
                               **{verb: partial(namespace.refuse, verb)
                                  for verb in ("set", "attach", "monitor", "list-id")}}
_RULE: dict[str, Verb] = {"list": rule.show, "show": rule.show, "lst": rule.show, "add": rule.change,
                          "delete": rule.change, "flush": rule.change, "save": rule.change, "restore": rule.change}
# in the order in which abbreviations are tried; None stands for what isn't simulated
_OBJECTS: dict[str, dict[str, Verb] | None] = {
    "address": _ADDRESS, "addrlabel": None, "maddress": None, "route": _ROUTE, "rule": _RULE, "neighbor": _NEIGHBOUR,
    "neighbour": _NEIGHBOUR, "ntable": None, "ntbl": None, "link": _LINK, "l2tp": None, "fou": None, "ila": None,
    "macsec": None, "tunnel": None, "tunl": None, "tuntap": None, "tap": None, "token": None, "tcpmetrics": None,
    "tcp_metrics": None, "monitor": None, "xfrm": None, "mroute": None, "mrule": None, "netns": _NAMESPACE,
    "netconf": None, "vrf": None, "sr": None, "nexthop": None, "mptcp": None, "ioam": None, "stats": None, "amt": None,
}
_HELP_NAMES = {"neighbor": "neigh", "neighbour": "neigh"}


def _named(table: dict[str, Any], word: str) -> str | None:
    """The first name that begins with ``word`` (iproute2's matches())."""
    return next((name for name in table if name.startswith(word)), None)


@complaining
async def ip(process: Process) -> int:
    rest, family, options, home = list(process.arguments[1:]), "", set(), process.namespace
    while rest and rest[0].startswith("-"):
        typed = rest.pop(0)
        word = typed.lstrip("-")
        if word and "Version".startswith(word):
            process.write(VERSION)
            return 0
        if word in ("n", "netns") and rest:
            home = namespace.named(process, rest.pop(0))
            continue
        option = _option(typed, word)
        if option == "family":
            option = _family(rest)
        if option in ("4", "6"):
            family = option
        name = _OPTIONS.get(option, option)
        if name == "statistics" and name in options:
            raise words.not_simulated("more than one -s")
        options.add(name)
    return await _run(Request(process, home, family, frozenset(options)), rest)


def _option(typed: str, word: str) -> str:
    """Raises Complaint."""
    if word.startswith("he") and "help".startswith(word):
        raise usage("ip")
    option = _named(_OPTIONS, word)
    if option is None:
        unsimulated = _named(dict.fromkeys(_UNSIMULATED_OPTIONS), word)
        raise (Complaint(f'Option "{typed}" is unknown, try "ip -help".', WRONG_WORD) if unsimulated is None
               else words.not_simulated(f"the option {typed}"))
    return option


def _family(rest: list[str]) -> str:
    """Raises Complaint."""
    if not rest:
        raise usage("ip")
    name = rest.pop(0)
    if name not in _FAMILIES:
        raise (words.not_simulated(f"the family {name}") if name in ("bridge", "mpls", "link")
               else words.wrong_argument(name, "invalid protocol family"))
    return _FAMILIES[name]


async def _run(request: Request, rest: list[str]) -> int:
    if not rest or rest[0] == "help":
        raise usage("ip")
    name = _named(_OBJECTS, rest[0])
    if name is None:
        raise Complaint(f'Object "{rest[0]}" is unknown, try "ip help".')
    verbs = _OBJECTS[name]
    if verbs is None:
        raise words.not_simulated(name)
    shown_name = _HELP_NAMES.get(name, name)
    if len(rest) == 1:
        verbs["show"](request, [])
        return 0
    if rest[1] == "help":
        raise usage(f"ip {shown_name}")
    verb = _named(verbs, rest[1])
    if verb is None:
        raise Complaint(f'Command "{rest[1]}" is unknown, try "ip {shown_name} help".', WRONG_WORD)
    work = verbs[verb](request, rest[2:])
    return 0 if work is None else await work
