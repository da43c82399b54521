"""``ip route show`` and ``get``: routes as records, printed as JSON or as text."""

from __future__ import annotations

import errno
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux import ipv6_routes
from netcourse.simulation.linux.local_routes import local_routes
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import ipv6_route, printing, words
from netcourse.simulation.linux.programs.host.ip.words import Request
from netcourse.simulation.linux.routes import NoRoute, Route
from netcourse.simulation.linux.ways import find_way

Fields = dict[str, object]
SELECTORS = {"dev": "dev", "oif": "dev", "via": "via", "proto": "proto", "protocol": "proto", "scope": "scope",
             "type": "type", "table": "table", "root": "root", "match": "match", "exact": "to", "src": "src",
             "metric": "metric"}
# a namespace has no other tables: nothing is ever put into "default"
_TABLES = {"main": ("main",), "254": ("main",), "local": ("local",), "255": ("local",), "all": ("main", "local"),
           "0": ("main", "local"), "cache": ()}


def record(namespace: Namespace, route: Route, *, details: bool = False) -> Fields:
    """In the order of json_writer's fields (iproute.c, print_route)."""
    fields: Fields = {"type": route.kind} if details or route.kind != "unicast" else {}
    fields["dst"] = _destination(route.destination)
    optional = {"gateway": route.gateway, "dev": route.interface, "prefsrc": route.source}
    for key in ("gateway", "dev"):
        if optional[key]:
            fields[key] = str(optional[key])
    if details or route.protocol != "boot":
        fields["protocol"] = route.protocol
    if details or route.scope != "global":
        fields["scope"] = route.scope
    if route.source is not None:
        fields["prefsrc"] = str(route.source)
    if route.metric:
        fields["metric"] = route.metric
    return fields | {"flags": _flags(namespace, route)}


def _flags(namespace: Namespace, route: Route) -> list[str]:
    device = namespace.devices.get(route.interface)
    is_cut = device is not None and device.up and not device.carrier and route.kind != "local"
    return ["onlink"] * route.is_onlink + ["linkdown"] * is_cut


def _destination(network: IPv4Network) -> str:
    if network.prefixlen == 0:
        return "default"
    return str(network.network_address) if network.prefixlen == 32 else str(network)


_CACHE_FLAGS = {"unicast": [], "local": ["local"], "broadcast": ["local", "brd"], "multicast": ["mc"]}
_WORDS = {"gateway": "via", "dev": "dev", "table": "table", "protocol": "proto", "scope": "scope", "prefsrc": "src",
          "metric": "metric"}


def text(fields: Fields) -> str:
    """With the blank that stands at the end of an IPv4 route."""
    line = f"{fields['type']} " if "type" in fields else ""
    line += f"{fields['dst']} " + "".join(f"{word} {fields[key]} " for key, word in _WORDS.items() if key in fields)
    flags = fields["flags"]
    assert isinstance(flags, list)
    return line + "".join(f"{flag} " for flag in flags) + (f"pref {fields['pref']}" if "pref" in fields else "") + "\n"


def _tables(given: dict[str, str], family: str) -> tuple[str, ...]:
    """Raises Complaint for a table that isn't there."""
    table = given.get("table", "main")
    if table not in _TABLES:
        if table != "default" and not table.isdigit():
            raise words.wrong_argument(table, "table id value is invalid")
        raise words.kernel_error(f"{'ipv6' if family == '6' else 'ipv4'}: FIB table does not exist.\nDump terminated")
    return _TABLES[table]


def selected(request: Request, given: dict[str, str], table: str = "main") -> list[Route]:
    """The routes of one table that a listing's words ask for. Raises Complaint."""
    if "dev" in given:
        words.to_change(request.namespace, given["dev"])
    tests: list[tuple[str | None, Callable[[Route], str]]] = [
        (given.get("dev"), lambda route: route.interface), (given.get("via"), lambda route: str(route.gateway)),
        (given.get("proto"), lambda route: route.protocol), (given.get("scope"), lambda route: route.scope),
        (given.get("type"), lambda route: route.kind), (given.get("src"), lambda route: str(route.source)),
        (given.get("metric"), lambda route: str(route.metric)),
    ]
    namespace = request.namespace
    found = namespace.routes.listing() if table == "main" else local_routes(namespace)
    for wanted, value in tests:
        found = [route for route in found if wanted is None or value(route) == wanted]
    if "to" in given:
        exact = words.prefix(given["to"]).network
        found = [route for route in found if route.destination == exact]
    if "root" in given:
        root = words.prefix(given["root"]).network
        found = [route for route in found if route.destination.subnet_of(root)]
    if "match" in given:
        inner = words.prefix(given["match"]).network
        found = [route for route in found if inner.subnet_of(route.destination)]
    return found


def read_selection(rest: list[str]) -> dict[str, str]:
    """``to`` may stand before a prefix, or before ``root``, ``match`` and ``exact``."""
    given = words.read([word for word in rest if word != "to"], SELECTORS, bare="to")
    return {"table": "cache"} if given.get("to") == "cache" else given


def show(request: Request, rest: list[str]) -> None:
    """What every line would say, because it was asked for, no line says."""
    given = read_selection(rest)
    hidden = {key for key, word in (("dev", "dev"), ("gateway", "via"), ("protocol", "proto"), ("scope", "scope"))
              if word in given}
    records = [{key: value for key, value in fields.items() if key not in hidden}
               for fields in _records(request, given)]
    if "json" in request.options:
        printing.write_json(request, records)
        return
    for fields in records:
        request.process.write(text(fields))


def _records(request: Request, given: dict[str, str]) -> list[Fields]:
    """Of each table that is asked for, those of IPv4 before those of IPv6; from several each says where it is."""
    tables = _tables(given, request.family)
    found = [(table, fields) for family in ("4", "6") for table in tables
             if family in _families(request, tables) for fields in _of_table(request, given, family, table)]
    if len(tables) == 1:
        return [fields for _, fields in found]
    return [_in_table(fields, table) if table != "main" else fields for table, fields in found]


def _families(request: Request, tables: tuple[str, ...]) -> tuple[str, ...]:
    return (request.family,) if request.family else ("4", "6") if len(tables) > 1 else ("4",)


def _of_table(request: Request, given: dict[str, str], family: str, table: str) -> list[Fields]:
    details, namespace = "details" in request.options, request.namespace
    if family == "4":
        return [record(namespace, route, details=details) for route in selected(request, given, table)]
    if "dev" in given:
        words.to_change(namespace, given["dev"])
    routes = ipv6_routes.main_routes(namespace) if table == "main" else ipv6_routes.local_routes(namespace)
    plain = {} if details else {"type": "unicast", "scope": "global"}
    return [{key: value for key, value in fields.items() if plain.get(key) != value}
            for fields in map(ipv6_route.fields, routes) if ipv6_route.is_wanted(fields, given)]


def _in_table(fields: Fields, table: str) -> Fields:
    names = list(fields)
    after = names.index("dev") + 1
    return {**{name: fields[name] for name in names[:after]}, "table": table,
            **{name: fields[name] for name in names[after:]}}


def get(request: Request, rest: list[str]) -> None:
    """``ip route get ADDRESS [from ADDRESS] [oif DEVICE] [fibmatch]``."""
    if request.family == "6" or any(":" in word for word in rest):
        raise words.not_simulated("a route to an IPv6 address")
    unsimulated = next((word for word in rest if word in ("iif", "mark", "tos", "uid", "vrf")), None)
    if unsimulated is not None:
        raise words.not_simulated(f"route get {unsimulated}")
    flags = [word for word in rest if word == "fibmatch"]
    plain = [word for word in rest if word not in ("fibmatch", "to")]
    # the last of several destinations counts
    options = {"from": "from", "oif": "oif", "dev": "oif"}
    bare = [word for at, word in enumerate(plain) if word not in options and (at == 0 or plain[at - 1] not in options)]
    given = words.read([word for word in plain if word not in bare], options)
    if not bare:
        raise Complaint("need at least a destination address")
    target = words.prefix(bare[-1])
    length = target.network.prefixlen
    if "/" in bare[-1] and length != target.max_prefixlen:
        request.process.complain(f"Warning: /{length} as prefix is invalid, only /32 (or none) is supported.")
    fields = _way(request.namespace, target.ip, given, as_stored=bool(flags))
    if "json" in request.options:
        fields |= {"metrics": [{"mtu": fields.pop("mtu")}]} if "mtu" in fields else {}
        printing.write_json(request, [fields])
        return
    printing.write_lines(request.process, _way_text(fields), oneline="oneline" in request.options)


def _way(namespace: Namespace, target: IPv4Address, given: dict[str, str], *, as_stored: bool) -> Fields:
    sender = words.ip_address(given["from"]) if "from" in given else None
    if "oif" in given:
        words.to_change(namespace, given["oif"])
    try:
        way = find_way(namespace, target, sender=sender, interface=given.get("oif", ""))
        if as_stored and way.kind != "local":
            return record(namespace, namespace.route_to(target, given.get("oif", "")))
    except NoRoute as refusal:
        raise words.answers(refusal.errno or errno.ENETUNREACH) from None
    fields: Fields = {"type": way.kind} if way.kind != "unicast" else {}
    fields["dst"] = str(target)
    via: Fields = {"gateway": str(way.gateway)} if way.gateway else {}
    fields = _cached(fields, way.interface, sender, way.source, via=via, cache=_CACHE_FLAGS[way.kind])
    if way.kind == "multicast":
        fields["flags"] = ["rt_offload_failed"]  # one bit is both RTCF_MULTICAST and RTM_F_OFFLOAD_FAILED
    learnt = namespace.ipv4.path_mtus.known(target)
    return fields | ({"expires": learnt[1], "mtu": learnt[0]} if learnt is not None else {})


def _cached(fields: Fields, interface: str, sender: IPv4Address | None, source: IPv4Address, *,
            cache: list[str], via: Fields | None = None) -> Fields:
    fields = fields | ({"from": str(sender)} if sender is not None else {}) | (via or {}) | {"dev": interface}
    fields = fields if sender is not None else fields | {"prefsrc": str(source)}
    return fields | {"flags": [], "uid": 0, "cache": cache}


def _way_text(fields: Fields) -> str:
    if "cache" not in fields:
        return text(fields)
    start = f"{fields['dst']} from {fields['from']}" if "from" in fields else fields["dst"]
    line = text({**{key: value for key, value in fields.items() if key != "from"}, "dst": start}).rstrip("\n")
    cache = fields["cache"]
    assert isinstance(cache, list)
    learnt = f"expires {fields['expires']}sec mtu {fields['mtu']} " if "expires" in fields else ""
    return f"{line}uid 0 \n    cache {'<' + ','.join(cache) + '> ' if cache else ''}{learnt}\n"
