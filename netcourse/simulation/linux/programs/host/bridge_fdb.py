"""``bridge fdb``: what a bridge knows of MAC addresses, and which ones a device listens to (iproute2 bridge/fdb.c)."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.forwarding import LEARNT, PERMANENT, STATIC, ForwardingDatabase
from netcourse.simulation.linux.groups import macs_of
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import printing, words
from netcourse.simulation.linux.programs.host.ip.link import by_index
from netcourse.simulation.linux.programs.host.ip.words import Request

Fields = dict[str, object]
_STATES = {"permanent": PERMANENT, "local": PERMANENT, "static": STATIC, "temp": STATIC, "dynamic": LEARNT}
_FLAGS = ("self", "master", *_STATES)
_UNSIMULATED = ("dst", "port", "vni", "via", "vlan", "src_vni", "nhid", "use", "router", "extern_learn", "sticky")


def show(request: Request, rest: list[str]) -> None:
    unknown = next((word for word in rest if word in ("vlan", "state", "dynamic", "self")), None)
    if unknown is not None:
        raise words.not_simulated(f"fdb show {unknown}", "bridge")
    given = words.read(rest, {"br": "br", "bridge": "br", "brport": "dev", "dev": "dev"}, bare="dev")
    namespace = request.namespace
    if "br" in given and given["br"] not in namespace.devices:
        raise Complaint(f'Cannot find bridge device "{given["br"]}"')
    bridge = namespace.devices[given["br"]] if "br" in given else None
    device = words.to_change(namespace, given["dev"]) if "dev" in given else None
    found = [fields for each in by_index(namespace) if device in (None, each)
             and (bridge is None or bridge in (each, each.master)) for fields in _of_device(each)]
    _write(request, found, hidden="ifname" if device is not None else "")


def _of_device(device: Device) -> Iterator[Fields]:
    """What the bridge has of a port; of the bridge itself that comes after the groups that it listens to."""
    known = list(_of_bridge(device))
    own = [":".join(mac[at:at + 2] for at in range(0, 12, 2)) for mac in macs_of(device)]
    listens: list[Fields] = [{"mac": mac, "ifname": device.name, "flags": ["self"], "state": "permanent"}
               for mac in (*device.extra_macs, *own)]
    yield from (*listens, *known) if isinstance(device, Bridge) else (*known, *listens)


def _of_bridge(device: Device) -> Iterator[Fields]:
    bridge = device if isinstance(device, Bridge) else device.master
    if bridge is None or bridge.namespace is None:
        return
    now = bridge.namespace.machine.clock.now
    for mac, entry in bridge.forwarding.listing():
        if entry.port is device or (entry.port is None and device is bridge):
            yield {"mac": mac, "ifname": device.name, "used": (now - entry.used) // SECOND,
                   "updated": (now - entry.updated) // SECOND, "flags": [], "master": bridge.name, "state": entry.state}


def _write(request: Request, found: list[Fields], *, hidden: str = "") -> None:
    dropped = {hidden} | (set() if "statistics" in request.options else {"used", "updated"})
    records = [{key: value for key, value in fields.items() if key not in dropped} for fields in found]
    if "json" in request.options:
        printing.write_json(request, records)
        return
    for fields in records:
        request.process.write(_text(fields))


def _text(fields: Fields) -> str:
    line = f"{fields['mac']} "
    line += f"dev {fields['ifname']} " if "ifname" in fields else ""
    line += f"used {fields['used']}/{fields['updated']} " if "used" in fields else ""
    line += f"master {fields['master']} " if "master" in fields else "self "
    return f"{line}{fields['state']}\n"


def _read(request: Request, rest: list[str]) -> tuple[str, Device, dict[str, str]]:
    """The MAC address, the device, and what else was said. Raises Complaint."""
    unsimulated = next((word for word in rest if word in _UNSIMULATED), None)
    if unsimulated is not None:
        raise words.not_simulated(f"fdb {unsimulated}", "bridge")
    given = words.read(rest, {"dev": "dev", "to": "to"}, flags=_FLAGS, bare="to")
    if "to" not in given or "dev" not in given:
        raise Complaint("Device and address are required arguments.", words.WRONG_WORD)
    if not re.fullmatch(r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", given["to"]):
        raise Complaint(f"Invalid mac address {given['to']}", words.WRONG_WORD)
    device = words.to_change(request.namespace, given["dev"])
    request.need_privilege()
    return words.mac_address(given["to"]), device, given


def _database(device: Device, given: dict[str, str]) -> tuple[ForwardingDatabase, Device | None] | None:
    """The database that is meant, and the port there; None for the device's own list. Raises Complaint."""
    if isinstance(device, Bridge) and "master" not in given:
        return device.forwarding, None
    if "master" not in given:
        return None
    if device.master is None:
        raise words.answers(errno.EOPNOTSUPP)
    return device.master.forwarding, device


def add(request: Request, rest: list[str]) -> None:
    _enter(*_read(request, rest), may_be_there=False)


def put(request: Request, rest: list[str]) -> None:
    """``replace`` and ``append``."""
    _enter(*_read(request, rest), may_be_there=True)


def _enter(mac: str, device: Device, given: dict[str, str], *, may_be_there: bool) -> None:
    state = next((state for word, state in _STATES.items() if word in given), PERMANENT)
    found = _database(device, given)
    try:
        if found is not None:
            database, port = found
            (database.put if may_be_there else database.add)(mac, port, state)
        if found is None or ("self" in given and not isinstance(device, Bridge)):
            _listen(device, mac)
    except FileExistsError:
        raise words.answers(errno.EEXIST) from None


def _listen(device: Device, mac: str) -> None:
    if mac in device.extra_macs:
        raise FileExistsError
    device.extra_macs = (*device.extra_macs, mac)


def delete(request: Request, rest: list[str]) -> None:
    mac, device, given = _read(request, rest)
    found = _database(device, given)
    if found is not None:
        database, port = found
        try:
            database.remove(mac, port)
        except FileNotFoundError:
            raise words.answers(errno.ENOENT) from None
    elif mac in device.extra_macs:
        device.extra_macs = tuple(other for other in device.extra_macs if other != mac)
    else:
        raise words.answers(errno.ENOENT)


def get(request: Request, rest: list[str]) -> None:
    """``bridge fdb get MAC br BRIDGE``, or ``dev PORT master``."""
    given = words.read(rest, {"br": "br", "dev": "dev", "to": "to"}, flags=("master", "self"), bare="to")
    if "to" not in given or not given.keys() & {"br", "dev"}:
        raise Complaint("Device or master and address are required arguments.", words.WRONG_WORD)
    bridge = _bridge_meant(request.namespace, given)
    mac = words.mac_address(given["to"])
    found = [fields for port in (bridge, *bridge.ports.values()) for fields in _of_bridge(port) if fields["mac"] == mac]
    if not found:
        raise words.kernel_error("Fdb entry not found.")
    _write(request, found)


def _bridge_meant(namespace: Namespace, given: dict[str, str]) -> Bridge:
    if "br" in given:
        if given["br"] not in namespace.devices:
            raise Complaint(f'Cannot find bridge device "{given["br"]}"')
        bridge: Device | None = namespace.devices[given["br"]]
    else:
        bridge = words.to_change(namespace, given["dev"]).master
    if not isinstance(bridge, Bridge):
        raise words.answers(errno.EOPNOTSUPP)
    return bridge


def flush(_: Request, __: list[str]) -> None:
    """Raises Complaint."""
    raise words.not_simulated("fdb flush", "bridge")
