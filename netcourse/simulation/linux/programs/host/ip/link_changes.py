"""``ip link add``, ``del`` and ``set``."""

from __future__ import annotations

import errno

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import DEFAULT_QUEUE_LENGTH, HIGHEST_MTU, LOWEST_MTU, Device, Veth
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import words
from netcourse.simulation.linux.programs.host.ip.namespace import target
from netcourse.simulation.linux.programs.host.ip.words import Request

LONGEST_NAME = 15
KINDS_UNSIMULATED = ("bond", "dummy", "gre", "gretap", "ifb", "ip6tnl", "ipip", "ipvlan", "ipvtap", "macsec", "macvlan",
                     "macvtap", "netkit", "nlmon", "sit", "team", "vcan", "vlan", "vrf", "vti", "vxlan", "wireguard")
VETH_USAGE = "Usage: ip link <options> type veth [peer <options>]\nTo get <options> type 'ip link add help'"
SETTINGS = {"mtu": "mtu", "name": "name", "address": "address", "netns": "netns", "index": "index"}
UNSIMULATED = ("promisc", "arp", "multicast", "allmulticast", "alias", "txqueuelen", "qlen", "group", "dynamic",
               "type", "carrier", "broadcast", "brd", "vf", "xdp")


def add(request: Request, rest: list[str]) -> None:
    kind_at = rest.index("type") if "type" in rest else len(rest)
    before, kind, after = rest[:kind_at], rest[kind_at + 1:kind_at + 2], rest[kind_at + 2:]
    if not kind:
        raise Complaint('Not enough information: "type" argument is required')
    given = words.read(before, {**SETTINGS, "link": "link"}, bare="name")
    request.need_privilege()
    maker = {"veth": _add_veth, "bridge": _add_bridge}.get(kind[0])
    if kind[0] in KINDS_UNSIMULATED:
        raise words.not_simulated(f"a link of type {kind[0]}")
    if maker is None:
        raise words.kernel_error("Unknown device type.")
    maker(request, given, after)


def _add_bridge(request: Request, given: dict[str, str], rest: list[str]) -> None:
    if rest:
        raise words.not_simulated(f"the bridge option {rest[0]}")
    mac = _mac(given, request.namespace.machine)
    bridge = Bridge(_name(given, request.namespace, "bridge"), mac, _mtu(given, 1500),
                    queue_length=DEFAULT_QUEUE_LENGTH, follows_ports="address" not in given)
    bridge.index = words.number(given["index"], "index") if "index" in given else 0
    _put(request, bridge, given)
    if "address" in given:
        bridge.set_mac(mac)


def _add_veth(request: Request, given: dict[str, str], rest: list[str]) -> None:
    if rest and rest[0] != "peer":
        raise Complaint(VETH_USAGE, words.WRONG_WORD)
    peer_given = words.read(rest[1:], SETTINGS, bare="name")
    machine = request.namespace.machine
    homes = [_home(request, settings) for settings in (given, peer_given)]
    peer_name = _name(peer_given, homes[1], "veth")
    name = _name(given, homes[0], "veth", taken=peer_name)
    if name in homes[0].devices:
        raise words.answers(errno.EEXIST)
    ends = [Veth(label, _mac(settings, machine), _mtu(settings, 1500), queue_length=DEFAULT_QUEUE_LENGTH)
            for label, settings in ((name, given), (peer_name, peer_given))]
    Veth.pair(*ends)
    for end, settings in zip(ends, (given, peer_given), strict=True):
        end.index = words.number(settings["index"], "index") if "index" in settings else 0
    try:
        # the kernel registers the other end first, which so gets the lower index
        homes[1].add_device(ends[1])
        homes[0].add_device(ends[0])
    except FileExistsError:
        if ends[1].namespace is not None:
            homes[1].take_device(ends[1])
        raise words.answers(errno.EEXIST) from None


def _home(request: Request, given: dict[str, str]) -> Namespace:
    return target(request, given["netns"]) if "netns" in given else request.namespace


def _put(request: Request, device: Device, given: dict[str, str]) -> None:
    try:
        _home(request, given).add_device(device)
    except FileExistsError:
        raise words.answers(errno.EEXIST) from None


def _name(given: dict[str, str], namespace: Namespace, kind: str, taken: str = "") -> str:
    """The name that was given, or the kernel's own: the kind with the first number that is free."""
    if "name" in given:
        return _checked_name(given["name"])
    numbered = (f"{kind}{number}" for number in range(len(namespace.devices) + 2))
    return next(name for name in numbered if name not in namespace.devices and name != taken)


def _checked_name(name: str) -> str:
    if len(name) > LONGEST_NAME or "/" in name or " " in name or not name:
        raise Complaint(f'Error: argument "{name}" is wrong: "name" not a valid ifname', words.WRONG_WORD)
    return name


def _mac(given: dict[str, str], machine: Machine) -> str:
    return words.mac_address(given["address"]) if "address" in given else machine.new_mac()


def _mtu(given: dict[str, str], default: int, highest: int = HIGHEST_MTU) -> int:
    value = words.number(given["mtu"], "mtu") if "mtu" in given else default
    if value < LOWEST_MTU:
        raise words.kernel_error("mtu less than device minimum.")
    if value > highest:
        raise words.kernel_error("mtu greater than device maximum.")
    return value


def delete(request: Request, rest: list[str]) -> None:
    given = words.read(rest, {"dev": "dev"}, bare="dev")
    if "dev" not in given:
        raise Complaint('Not enough information: "dev" argument is required.', words.WRONG_WORD)
    device = words.to_change(request.namespace, given["dev"])
    request.need_privilege()
    if device.kind in ("loopback", "physical"):
        raise words.answers(errno.EOPNOTSUPP)
    request.namespace.remove_device(device)


def change(request: Request, rest: list[str]) -> None:
    unsimulated = next((word for word in rest if word in UNSIMULATED), None)
    if unsimulated is not None:
        raise words.not_simulated(f"link set {unsimulated}")
    given = words.read(rest, {**SETTINGS, "dev": "dev", "master": "master"}, flags=("up", "down", "nomaster"),
                       bare="dev")
    if "dev" not in given:
        raise Complaint('Not enough information: "dev" argument is required.', words.WRONG_WORD)
    if "master" in given and given["master"] not in request.namespace.devices:
        raise words.wrong_argument(given["master"], "Device does not exist")
    home = target(request, given["netns"]) if "netns" in given else None
    name = _checked_name(given["name"]) if "name" in given else ""
    device = words.to_change(request.namespace, given["dev"])
    request.need_privilege()
    _set_hardware(device, given)
    _set_master(request.namespace, device, given)
    _set_place(request.namespace, device, name, home)
    for flag, switch in (("up", Namespace.set_up), ("down", Namespace.set_down)):
        if flag in given and device.namespace is not None:
            switch(device.namespace, device)


def _set_hardware(device: Device, given: dict[str, str]) -> None:
    if "address" in given:
        mac = words.mac_address(given["address"])
        if int(mac[:2], 16) & 1:
            raise words.answers(errno.EADDRNOTAVAIL)
        if isinstance(device, Bridge):
            device.set_mac(mac)
        else:
            if device.master is not None:
                device.master.forwarding.move(device.mac, mac, device)
            device.mac = mac
    if "mtu" in given:
        device.mtu = _mtu(given, device.mtu, 2**31 if device.kind == "loopback" else HIGHEST_MTU)
        ipv6.follow(device)


def _set_master(namespace: Namespace, device: Device, given: dict[str, str]) -> None:
    """A port leaves its bridge first, even when the new one then refuses it (rtnetlink.c, do_set_master)."""
    if device.master is not None and ("nomaster" in given or "master" in given):
        device.master.remove_port(device)
    if "master" in given:
        bridge = namespace.devices[given["master"]]
        if not isinstance(bridge, Bridge):
            raise words.answers(errno.EOPNOTSUPP)
        if isinstance(device, Bridge):
            raise words.kernel_error("Can not enslave a bridge to a bridge.")
        if device.kind == "loopback":
            raise words.answers(errno.EINVAL)
        bridge.add_port(device)


def _set_place(namespace: Namespace, device: Device, name: str, home: Namespace | None) -> None:
    try:
        if home is not None and home is not namespace:
            if device.kind in ("loopback", "bridge"):
                raise words.kernel_error("The interface netns is immutable.")
            namespace.move_device(device, home, name=name or None)
        elif name and name != device.name:
            namespace.rename_device(device, name)
    except FileExistsError:
        raise words.answers(errno.EEXIST) from None
