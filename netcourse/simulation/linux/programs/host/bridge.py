"""bridge of iproute2 6.1.0: the ports of bridges (``bridge link``) and what they know of addresses (``bridge fdb``)."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining
from netcourse.simulation.linux.programs.host import bridge_fdb
from netcourse.simulation.linux.programs.host.ip import details, link_text, printing, words
from netcourse.simulation.linux.programs.host.ip.link import by_index
from netcourse.simulation.linux.programs.host.ip.words import WRONG_WORD, Request

_OPTIONS = {"details": "details", "statistics": "statistics", "stats": "statistics", "json": "json", "pretty": "pretty",
            "oneline": "oneline"}
_UNSIMULATED = ("mdb", "vlan", "vni", "monitor")
_FDB = {"add": bridge_fdb.add, "append": bridge_fdb.put, "replace": bridge_fdb.put, "delete": bridge_fdb.delete,
        "get": bridge_fdb.get, "show": bridge_fdb.show, "lst": bridge_fdb.show, "list": bridge_fdb.show,
        "flush": bridge_fdb.flush}
_DETAILS = ("hairpin", "guard", "root_block", "fastleave", "learning", "flood", "mcast_flood", "bcast_flood",
            "multicast_router", "mcast_to_unicast", "neigh_suppress", "vlan_tunnel", "isolated", "locked")


@complaining
async def bridge(process: Process) -> int:
    rest, options = list(process.arguments[1:]), set()
    while rest and rest[0].startswith("-"):
        typed = rest.pop(0)
        if typed.lstrip("-") in ("V", "Version"):
            process.write("bridge utility, 6.1.0\n")
            return 0
        if typed.lstrip("-") in ("h", "help"):
            raise words.usage("bridge")
        option = next((name for name in _OPTIONS if name.startswith(typed.lstrip("-"))), None)
        if option is None:
            raise Complaint(f'Option "{typed}" is unknown, try "bridge help".', WRONG_WORD)
        options.add(option)
    if not rest or rest[0] == "help":
        raise words.usage("bridge")
    request = Request(process, process.namespace, "", frozenset(options))
    _object(rest[0])(request, rest[1:])
    return 0


def _object(word: str) -> Callable[[Request, list[str]], None]:
    """Raises Complaint."""
    handler = next((handler for name, handler in {"link": _link, "fdb": _fdb}.items() if name.startswith(word)), None)
    if handler is None:
        unsimulated = next((name for name in _UNSIMULATED if name.startswith(word)), None)
        raise (words.not_simulated(unsimulated, "bridge") if unsimulated is not None
               else Complaint(f'Object "{word}" is unknown, try "bridge help".', WRONG_WORD))
    return handler


def _fdb(request: Request, rest: list[str]) -> None:
    verb = rest[0] if rest else "show"
    if verb == "help":
        raise words.usage("bridge fdb")
    handler = next((handler for name, handler in _FDB.items() if name.startswith(verb)), None)
    if handler is None:
        raise Complaint(f'Command "{verb}" is unknown, try "bridge fdb help".', WRONG_WORD)
    handler(request, rest[1:])


def _link(request: Request, rest: list[str]) -> None:
    verb = rest[0] if rest else "show"
    if verb == "help":
        raise words.usage("bridge link")
    if verb == "set" and "dev" not in rest:
        raise Complaint("Device is a required argument.", WRONG_WORD)
    if verb == "set":
        raise words.not_simulated("link set", "bridge")
    if not any(known.startswith(verb) for known in ("show", "lst", "list")):
        raise Complaint(f'Command "{verb}" is unknown, try "bridge link help".', WRONG_WORD)
    given = words.read(rest[1:], {"dev": "dev", "br": "master", "master": "master"}, bare="dev")
    named = {key: words.to_change(request.namespace, name) for key, name in given.items()}
    ports = [device for device in by_index(request.namespace) if device.master is not None
             and named.get("dev", device) is device and named.get("master", device.master) is device.master]
    if "json" in request.options:
        printing.write_json(request, [_record(port, request) for port in ports])
        return
    for port in ports:
        request.process.write(_text(port, request))


def _record(port: Device, request: Request) -> dict[str, object]:
    head = link_text.head(port, request, linkmode=False)
    kept = {key: head[key] for key in ("ifindex", "link", "link_index", "ifname", "flags", "mtu", "master")
            if key in head}
    settings = details.port_settings(port)
    shown = ("state", "priority", "cost", *(_DETAILS if "details" in request.options else ()))
    return kept | {key: settings[key] for key in shown}


def _text(port: Device, request: Request) -> str:
    record = _record(port, request)
    flags = ",".join(link_text.flags(port))
    text = (f"{port.index}: {link_text.shown_name(record)}: <{flags}> mtu {port.mtu} master {record['master']} "
            f"state {record['state']} priority {record['priority']} cost {record['cost']} \n")
    if "details" in request.options:
        text += "    " + details.settings_text({key: record[key] for key in _DETAILS}) + "\n"
    return text
