"""A link as ``ip link show`` and ``ip address show`` describe it: one record, printed as JSON or as text."""

from __future__ import annotations

from netcourse.simulation.linux.device import Device, Veth
from netcourse.simulation.linux.links import near_peer
from netcourse.simulation.linux.programs.host.ip import details
from netcourse.simulation.linux.programs.host.ip.words import Request

Fields = dict[str, object]
_SWITCHED = ("MULTICAST", "NOARP", "ALLMULTI", "PROMISC", "DYNAMIC", "NOTRAILERS")


def flags(device: Device) -> list[str]:
    """In the order of net/if.h's bits, as ipaddress.c prints them."""
    found = [] if device.carrier or not device.up else ["NO-CARRIER"]
    found += ["LOOPBACK"] if device.kind == "loopback" else ["BROADCAST"]
    found += [flag for flag in _SWITCHED if flag in device.flags]
    found += ["UP"] if device.up else []
    found += ["LOWER_UP"] if device.up and device.carrier else []
    peer = near_peer(device)
    return [*found, "M-DOWN"] if peer is not None and not peer.up else found


def _other_end(device: Device) -> Fields:
    peer = near_peer(device)
    if peer is not None:
        return {"link": peer.name}
    return {} if device.link_index is None else {"link_index": device.link_index}


def head(device: Device, request: Request, *, linkmode: bool) -> Fields:
    """The first line's fields. An IPv6 listing comes from other messages, which say less (ip -6 address)."""
    record: Fields = {"ifindex": device.index, **_other_end(device), "ifname": device.name, "flags": flags(device),
                      "mtu": device.mtu}
    if request.family != "6" or linkmode:
        record["qdisc"] = "noqueue" if device.was_up else "noop"
    if device.master is not None:
        record["master"] = device.master.name
    record["operstate"] = device.operational_state
    if linkmode:
        record["linkmode"] = "DEFAULT"
    if request.family != "6" or linkmode:
        record["group"] = "default"
    if device.queue_length:
        record["txqlen"] = device.queue_length
    return record


def hardware(device: Device, request: Request) -> Fields:
    """The second line's fields."""
    loopback = device.kind == "loopback"
    record: Fields = {"link_type": "loopback" if loopback else "ether", "address": device.mac,
                      "broadcast": device.mac if loopback else "ff:ff:ff:ff:ff:ff"}
    peer = device.peer if isinstance(device, Veth) else None
    if peer is not None and peer.namespace is not device.namespace and peer.namespace is not None:
        assert device.namespace is not None
        names = (name for name, named in request.process.files.namespaces.items() if named is peer.namespace)
        name = next(names, None)
        number = device.namespace.number_of(peer.namespace)
        record |= {"link_netnsid": number} if name is None else {"link_netns": name}
    return record


def brief(device: Device) -> Fields:
    return {**_other_end(device), "ifname": device.name, "operstate": device.operational_state}


def shown_name(record: Fields) -> str:
    link = record.get("link") or (f"if{record['link_index']}" if "link_index" in record else "")
    return f"{record['ifname']}@{link}" if link else str(record["ifname"])


def head_text(record: Fields) -> str:
    shown = record["flags"]
    assert isinstance(shown, list)
    text = f"{record['ifindex']}: {shown_name(record)}: <{','.join(shown)}> mtu {record['mtu']} "
    text += f"qdisc {record['qdisc']} " if "qdisc" in record else ""
    text += f"master {record['master']} " if "master" in record else ""
    text += f"state {record['operstate']} "
    text += "mode DEFAULT " if "linkmode" in record else ""
    text += "group default " if "group" in record else ""
    return text + (f"qlen {record['txqlen']}" if "txqlen" in record else "") + "\n"


def hardware_text(record: Fields) -> str:
    return f"    link/{record['link_type']} {record['address']} brd {record['broadcast']}" + namespace_text(record)


def namespace_text(record: Fields) -> str:
    """Where the other end is."""
    text = f" link-netns {record['link_netns']}" if "link_netns" in record else ""
    return text + (f" link-netnsid {record['link_netnsid']}" if "link_netnsid" in record else "")


def brief_text(record: Fields) -> str:
    return f"{shown_name(record):<16} {record['operstate']!s:<14} "


def statistics(device: Device) -> Fields:
    received, sent = device.received_bytes, device.sent_bytes
    return {"rx": {"bytes": received, "packets": device.received_packets, "errors": 0, "dropped": 0, "over_errors": 0,
                   "multicast": 0},
            "tx": {"bytes": sent, "packets": device.sent_packets, "errors": 0, "dropped": 0, "carrier_errors": 0,
                   "collisions": 0}}


def statistics_text(record: Fields) -> str:
    """Columns are as wide as the widest number in them, and at least as their heads (ipaddress.c, print_stats64)."""
    numbers = [list(record[way].values()) for way in ("rx", "tx")]  # type: ignore[attr-defined]
    widths = [max(low, *(len(str(number)) for number in column))
              for low, *column in zip(_LOWEST_WIDTHS, *numbers, strict=True)]
    lines = ""
    for way, words, row in zip(("RX", "TX"), (_RECEIVED, _SENT), numbers, strict=True):
        heads = " ".join(f"{word:>{width}}" for word, width in zip(words, widths, strict=True))
        values = " ".join(f"{value:>{width}}" for value, width in zip(row, widths, strict=True))
        lines += f"    {way}:{heads[3:]}{_COMPRESSED}\n    {values} \n"
    return lines


_LOWEST_WIDTHS = (10, 7, 6, 7, 7, 7)
_COMPRESSED = " " * 11
_RECEIVED = ("bytes", "packets", "errors", "dropped", "missed", "mcast")
_SENT = ("bytes", "packets", "errors", "dropped", "carrier", "collsns")


def full(device: Device, request: Request, *, linkmode: bool) -> Fields:
    """All fields of ``ip link show``, with -d and -s where they were given."""
    record = head(device, request, linkmode=linkmode) | hardware(device, request)
    if "details" in request.options:
        record |= details.fields(device, with_mode=linkmode)
    if "statistics" in request.options:
        record["stats64"] = statistics(device)
    return record


def full_text(device: Device, request: Request, *, linkmode: bool, between: str = "") -> str:
    """``between`` stands before the statistics."""
    record = full(device, request, linkmode=linkmode)
    text = head_text(record) + hardware_text(record)
    if "details" in request.options:
        text += details.text(record)
    text += "\n" + between
    if "statistics" in request.options:
        text += statistics_text(record["stats64"])  # type: ignore[arg-type]
    return text
