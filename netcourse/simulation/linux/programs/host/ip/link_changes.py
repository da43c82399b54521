"""``ip link add``, ``del`` and ``set``."""

from __future__ import annotations

import errno

from netcourse.simulation.linux import links
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.links import LONGEST_NAME, NewLink
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import words
from netcourse.simulation.linux.programs.host.ip.namespace import target
from netcourse.simulation.linux.programs.host.ip.words import Request
from netcourse.simulation.linux.refusal import Refused

KINDS_UNSIMULATED = ("bond", "dummy", "gre", "gretap", "ifb", "ip6tnl", "ipip", "ipvlan", "ipvtap", "macsec", "macvlan",
                     "macvtap", "netkit", "nlmon", "sit", "team", "vcan", "vlan", "vrf", "vti", "vxlan", "wireguard")
VETH_USAGE = "Usage: ip link <options> type veth [peer <options>]\nTo get <options> type 'ip link add help'"
SETTINGS = {"mtu": "mtu", "name": "name", "address": "address", "netns": "netns", "index": "index"}
SWITCHES = {"arp": "NOARP", "multicast": "MULTICAST", "allmulticast": "ALLMULTI", "promisc": "PROMISC"}
QUEUE_LENGTH = {"txqueuelen": "txqueuelen", "qlen": "txqueuelen", "txqlen": "txqueuelen"}
UNSIMULATED = ("alias", "group", "dynamic", "type", "carrier", "broadcast", "brd", "vf", "xdp")


def add(request: Request, rest: list[str]) -> None:
    kind_at = rest.index("type") if "type" in rest else len(rest)
    before, kind, after = rest[:kind_at], rest[kind_at + 1:kind_at + 2], rest[kind_at + 2:]
    if not kind:
        raise Complaint('Not enough information: "type" argument is required')
    given = words.read(before, {**SETTINGS, "link": "link", "dev": "dev"}, bare="dev")
    request.need_privilege()
    maker = {"veth": _add_veth, "bridge": _add_bridge}.get(kind[0])
    if kind[0] in KINDS_UNSIMULATED:
        raise words.not_simulated(f"a link of type {kind[0]}")
    if maker is None:
        raise words.kernel_error("Unknown device type.")
    try:
        maker(request, given, after)
    except Refused as refusal:
        raise words.refused(refusal) from None


def _add_bridge(request: Request, given: dict[str, str], rest: list[str]) -> None:
    if rest:
        raise words.not_simulated(f"the bridge option {rest[0]}")
    links.add_bridge(_new_link(request, given))


def _add_veth(request: Request, given: dict[str, str], rest: list[str]) -> None:
    if rest and rest[0] != "peer":
        raise Complaint(VETH_USAGE, words.WRONG_WORD)
    peer_given = words.read(rest[1:], {**SETTINGS, "dev": "dev"}, bare="dev")
    near, far = (_new_link(request, settings) for settings in (given, peer_given))
    links.add_veth(near, far)


def _new_link(request: Request, given: dict[str, str]) -> NewLink:
    if "/" in given.get("dev", ""):
        raise Complaint(f'Error: argument "{given["dev"]}" is wrong: "dev" not a valid ifname', words.WRONG_WORD)
    home = target(request, given["netns"]) if "netns" in given else request.namespace
    return NewLink(home, _checked_name(given["name"]) if "name" in given else given.get("dev", ""),
                   words.mac_address(given["address"]) if "address" in given else "",
                   words.number(given["mtu"], "mtu") if "mtu" in given else 1500,
                   words.number(given["index"], "index") if "index" in given else 0)


def _checked_name(name: str) -> str:
    if len(name) > LONGEST_NAME or "/" in name or " " in name or not name:
        raise Complaint(f'Error: argument "{name}" is wrong: "name" not a valid ifname', words.WRONG_WORD)
    return name


def delete(request: Request, rest: list[str]) -> None:
    given = words.read(rest, {"dev": "dev"}, bare="dev")
    if "dev" not in given:
        raise Complaint('Not enough information: "dev" argument is required.', words.WRONG_WORD)
    device = words.to_change(request.namespace, given["dev"])
    request.need_privilege()
    try:
        links.remove(request.namespace, device)
    except Refused as refusal:
        raise words.refused(refusal) from None


def change(request: Request, rest: list[str]) -> None:
    unsimulated = next((word for word in rest if word in UNSIMULATED), None)
    if unsimulated is not None:
        raise words.not_simulated(f"link set {unsimulated}")
    known = {**SETTINGS, **QUEUE_LENGTH, **{word: word for word in SWITCHES}, "dev": "dev", "master": "master"}
    given = words.read(rest, known, flags=("up", "down", "nomaster"), bare="dev")
    for word in SWITCHES:
        if given.get(word, "on") not in ("on", "off"):
            raise Complaint(f'Error: argument of "{word}" must be "on" or "off", not "{given[word]}"')
    if "dev" not in given:
        raise Complaint('Not enough information: "dev" argument is required.', words.WRONG_WORD)
    if "master" in given and given["master"] not in request.namespace.devices:
        raise words.wrong_argument(given["master"], "Device does not exist")
    home = target(request, given["netns"]) if "netns" in given else None
    name = _checked_name(given["name"]) if "name" in given else ""
    device = words.to_change(request.namespace, given["dev"])
    request.need_privilege()
    try:
        _set_hardware(device, given)
        if "nomaster" in given or "master" in given:
            links.set_master(device, request.namespace.devices[given["master"]] if "master" in given else None)
    except Refused as refusal:
        raise words.refused(refusal) from None
    _set_place(request.namespace, device, name, home)
    for flag, switch in (("up", Namespace.set_up), ("down", Namespace.set_down)):
        if flag in given and device.namespace is not None:
            switch(device.namespace, device)


def _set_hardware(device: Device, given: dict[str, str]) -> None:
    """Raises Refused."""
    if "address" in given:
        links.set_mac(device, words.mac_address(given["address"]))
    if "txqueuelen" in given:
        device.queue_length = words.number(given["txqueuelen"], "txqueuelen")
    for word, flag in SWITCHES.items():
        if word in given:
            (device.flags.add if (given[word] == "on") != (word == "arp") else device.flags.discard)(flag)
    if "mtu" in given:
        links.set_mtu(device, words.number(given["mtu"], "mtu"))


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
