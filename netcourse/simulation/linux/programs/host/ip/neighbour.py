"""``ip neighbour``: show, add, replace, change, del, get, flush."""

from __future__ import annotations

import errno
from ipaddress import IPv4Address

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.neighbours import Neighbour
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import printing, words
from netcourse.simulation.linux.programs.host.ip.words import Request

KEYWORDS = {"dev": "dev", "to": "to", "lladdr": "lladdr", "nud": "nud"}
STATES = ("permanent", "reachable", "stale", "delay", "probe", "failed", "incomplete", "noarp", "none")


def _chosen(request: Request, given: dict[str, str]) -> list[Neighbour]:
    device = words.to_change(request.namespace, given["dev"]) if "dev" in given else None
    within = words.prefix(given["to"]).network if "to" in given and given["to"] != "all" else None
    _state(given)
    return [entry for entry in request.namespace.neighbours.listing()
            if device in (None, entry.device) and (within is None or entry.ip in within)
            and given.get("nud", "all") in ("all", entry.state.lower()) and request.family != "6"]


def _state(given: dict[str, str]) -> str:
    state = given.get("nud", "permanent")
    if state not in (*STATES, "all"):
        raise words.wrong_argument(state, "nud state is bad")
    return state.upper()


def show(request: Request, rest: list[str]) -> None:
    if "statistics" in request.options:
        raise words.not_simulated("neigh -s")
    given = words.read(rest, KEYWORDS, bare="to")
    _write(request, _chosen(request, given), with_device="dev" not in given)


def _write(request: Request, entries: list[Neighbour], *, with_device: bool = True) -> None:
    if "json" in request.options:
        printing.write_json(request, [_record(entry, with_device=with_device) for entry in entries])
        return
    for entry in entries:
        device = f"dev {entry.device.name} " if with_device else ""
        mac = f"lladdr {entry.mac} " if entry.mac else ""
        request.process.write(f"{entry.ip} {device}{mac}{entry.state} \n")


def _record(entry: Neighbour, *, with_device: bool) -> printing.Record:
    device = {"dev": entry.device.name} if with_device else {}
    mac = {"lladdr": entry.mac} if entry.mac else {}
    return {"dst": str(entry.ip), **device, **mac, "state": [entry.state]}


def _read(request: Request, rest: list[str]) -> tuple[dict[str, str], Device, IPv4Address]:
    given = words.read(rest, KEYWORDS, bare="to")
    mac_given = words.mac_address(given["lladdr"]) if "lladdr" in given else ""
    if "to" not in given or "dev" not in given:
        raise Complaint("Device and destination are required arguments.", words.WRONG_WORD)
    try:
        ip = IPv4Address(given["to"])
    except ValueError:
        raise Complaint(f'Error: any valid address is expected rather than "{given["to"]}".') from None
    return given | {"lladdr": mac_given}, words.to_change(request.namespace, given["dev"]), ip


def _find(request: Request, device: Device, ip: IPv4Address) -> Neighbour | None:
    entries = request.namespace.neighbours.listing()
    return next((entry for entry in entries if entry.device is device and entry.ip == ip), None)


def _put(request: Request, rest: list[str], *, new: bool, old: bool) -> None:
    given, device, ip = _read(request, rest)
    state = _state(given)
    request.need_privilege()
    known = _find(request, device, ip)
    if not given["lladdr"]:
        raise words.kernel_error("No link layer address given.")
    if known is not None and not old:
        raise words.answers(errno.EEXIST)
    if known is None and not new:
        raise words.answers(errno.ENOENT)
    request.namespace.neighbours.set(device, ip, given["lladdr"], state)


def add(request: Request, rest: list[str]) -> None:
    _put(request, rest, new=True, old=False)


def replace(request: Request, rest: list[str]) -> None:
    _put(request, rest, new=True, old=True)


def change(request: Request, rest: list[str]) -> None:
    _put(request, rest, new=False, old=True)


def delete(request: Request, rest: list[str]) -> None:
    _, device, ip = _read(request, rest)
    request.need_privilege()
    try:
        request.namespace.neighbours.remove(device, ip)
    except FileNotFoundError:
        raise words.answers(errno.ENOENT) from None


def get(request: Request, rest: list[str]) -> None:
    _, device, ip = _read(request, rest)
    entry = _find(request, device, ip)
    if entry is None:
        raise words.kernel_error("Neighbour entry not found.")
    _write(request, [entry])


def flush(request: Request, rest: list[str]) -> None:
    """Entries that somebody typed stay, unless they are asked for (ip-neighbour(8))."""
    if not rest:
        raise Complaint("Flush requires arguments.")
    given = words.read(rest, KEYWORDS, bare="to")
    entries = _chosen(request, given)
    request.need_privilege()
    for entry in entries:
        if entry.state not in ("PERMANENT", "NOARP") or "nud" in given:
            request.namespace.neighbours.remove(entry.device, entry.ip)
