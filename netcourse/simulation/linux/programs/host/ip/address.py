"""``ip address``: show, add, del, replace, flush."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Interface

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import link, link_text, printing, words
from netcourse.simulation.linux.programs.host.ip.words import Request

FOREVER = 2**32 - 1
_LIFE = {"valid_life_time": FOREVER, "preferred_life_time": FOREVER}
_LIFE_TEXT = "       valid_lft forever preferred_lft forever\n"
_SHOWN = {"dev": "dev", "master": "master", "type": "type", "scope": "scope", "to": "to", "label": "label"}
_KINDS = ("primary", "secondary", "permanent", "dynamic", "tentative")
_CHANGED = {"dev": "dev", "local": "local", "brd": "broadcast", "broadcast": "broadcast", "label": "label",
            "scope": "scope"}
_UNSIMULATED = ("peer", "remote", "valid_lft", "preferred_lft", "metric", "noprefixroute", "nodad", "home", "anycast")


def _records(device: Device, family: str, given: dict[str, str]) -> list[dict[str, object]]:
    """The addresses of a device that a listing's words ask for."""
    found = [_record(device, address) for address in device.addresses if family != "6"]
    found += [_ipv6_record(address) for address in ipv6.addresses_of(device) if family != "4"]
    return [record for record in found if _is_wanted(record, given)]


def _record(device: Device, address: Address) -> dict[str, object]:
    record: dict[str, object] = {"family": "inet", "local": str(address.ip), "prefixlen": address.prefix_length}
    if address.broadcast is not None:
        record["broadcast"] = str(address.broadcast)
    record["scope"] = address.scope
    if address.is_secondary:
        record["secondary"] = True
    return record | {"label": address.label or device.name, **_LIFE}


def _ipv6_record(address: ipv6.InterfaceAddress) -> dict[str, object]:
    record: dict[str, object] = {"family": "inet6", "local": str(address.ip), "prefixlen": address.prefix_length,
                                 "scope": address.scope}
    return record | ({"tentative": True} if address.is_tentative else {}) | _LIFE


def _is_wanted(record: dict[str, object], given: dict[str, str]) -> bool:
    if "to" in given and (record["family"] != "inet"
                          or IPv4Address(record["local"]) not in words.prefix(given["to"]).network):
        return False
    if any(flag in given and flag not in record for flag in ("secondary", "dynamic", "tentative")):
        return False
    if "primary" in given and "secondary" in record:
        return False
    return (given.get("scope", record["scope"]) == record["scope"]
            and fnmatchcase(str(record.get("label", "")), given.get("label", "*") if "label" in record else "*"))


def _line(record: dict[str, object]) -> str:
    text = f"{record['family']} {record['local']}/{record['prefixlen']} "
    text += f"brd {record['broadcast']} " if "broadcast" in record else ""
    flags = "".join(f"{flag} " for flag in ("secondary", "tentative") if flag in record)
    return text + f"scope {record['scope']} {flags}{record.get('label', '')}"


def show(request: Request, rest: list[str]) -> None:
    given = words.read(rest, _SHOWN, flags=("up", *_KINDS), bare="dev")
    shown = [(device, _records(device, request.family, given)) for device in link.chosen(request, given)]
    if request.family or "to" in given or "label" in given:
        shown = [(device, records) for device, records in shown if records]
    elif given.keys() & {"scope", *_KINDS}:
        shown = [(device, records) for device, records in shown if records or not _records(device, "", {})]
    if "json" in request.options:
        printing.write_json(request, [_whole(device, records, request, given) for device, records in shown])
        return
    for device, records in shown:
        request.process.write(_text(device, records, request, given))


def _whole(device: Device, records: list[dict[str, object]], request: Request,
           given: dict[str, str]) -> printing.Record:
    if "brief" in request.options:
        short = [{"local": record["local"], "prefixlen": record["prefixlen"]} for record in records]
        return {**link_text.brief(device), "addr_info": short}
    if request.family:
        hardware = link_text.hardware(device, request) if request.family != "6" else {}
        place: dict[str, object] = {key: hardware[key] for key in ("link_netns", "link_netnsid") if key in hardware}
        return {**_head(device, request, given), **place, "addr_info": records}
    whole = link_text.full(device, request, linkmode=False)
    counted = {"stats64": whole.pop("stats64")} if "stats64" in whole else {}
    return {**whole, "addr_info": records, **counted}


def _head(device: Device, request: Request, given: dict[str, str]) -> dict[str, object]:
    """Of one device that was named the kernel tells the same, whichever addresses were asked for."""
    return link_text.head(device, replace(request, family="") if "dev" in given else request, linkmode=False)


def _text(device: Device, records: list[dict[str, object]], request: Request, given: dict[str, str]) -> str:
    if "brief" in request.options:
        short = "".join(f"{record['local']}/{record['prefixlen']} " for record in records)
        return link_text.brief_text(link_text.brief(device)) + short + "\n"
    if "oneline" in request.options:
        return "".join(f"{device.index}: {device.name}    {_line(record)}\\{_LIFE_TEXT}" for record in records)
    text = "".join(f"    {_line(record)}\n{_LIFE_TEXT}" for record in records)
    if "label" in given:
        return text
    if request.family or "to" in given:
        place = link_text.namespace_text(link_text.hardware(device, request)) if request.family != "6" else ""
        return link_text.head_text(_head(device, request, given)).removesuffix("\n") + f"{place}\n{text}"
    return link_text.full_text(device, request, linkmode=False, between=text)


def _read(request: Request, rest: list[str]) -> tuple[Device, Address]:
    unsimulated = next((word for word in rest if word in _UNSIMULATED), None)
    if unsimulated is not None:
        raise words.not_simulated(f"address {unsimulated}")
    if request.family == "6" or any(":" in word for word in rest[:1]):
        raise words.not_simulated("an IPv6 address")
    given = words.read(rest, _CHANGED, bare="local")
    is_address = given.get("local", "default") not in ("default", "all", "any")
    wanted = words.address_with_prefix(given["local"]) if is_address else None
    if "dev" not in given:
        raise Complaint('Not enough information: "dev" argument is required.')
    device = words.to_change(request.namespace, given["dev"])
    if wanted is None:
        raise words.answers(95)
    request.need_privilege()
    scope = given.get("scope") or ("host" if wanted.ip.is_loopback else "global")
    if scope not in ("global", "link", "host"):
        raise words.wrong_argument(scope, "invalid scope value.")
    return device, replace(wanted, scope=scope, label=given.get("label", ""), broadcast=_broadcast(given, wanted))


def _broadcast(given: dict[str, str], address: Address) -> IPv4Address | None:
    text = given.get("broadcast", "-")
    if text == "+":
        return address.network.broadcast_address if address.prefix_length < 31 else None
    return None if text == "-" else words.ip_address(text)


def add(request: Request, rest: list[str]) -> None:
    device, address = _read(request, rest)
    try:
        request.namespace.add_address(device, address)
    except FileExistsError:
        raise words.kernel_error("ipv4: Address already assigned.") from None


def put(request: Request, rest: list[str]) -> None:
    """``replace`` and ``change``: an address that is there already stays as it is."""
    device, address = _read(request, rest)
    if all((mine.ip, mine.prefix_length) != (address.ip, address.prefix_length) for mine in device.addresses):
        request.namespace.add_address(device, address)


def delete(request: Request, rest: list[str]) -> None:
    device, address = _read(request, rest)
    has_length = any("/" in word for word in rest)
    matching = [mine for mine in device.addresses if mine.ip == address.ip and
                (not has_length or mine.prefix_length == address.prefix_length)]
    if not has_length:
        request.process.complain(_WILDCARD.format(address.ip))
    if not matching:
        raise words.kernel_error("ipv4: Address not found.")
    request.namespace.remove_address(device, matching[0])


_WILDCARD = """Warning: Executing wildcard deletion to stay compatible with old scripts.
         Explicitly specify the prefix length ({}/32) to avoid this warning.
         This special behaviour is likely to disappear in further releases,
         fix your scripts!"""


def flush(request: Request, rest: list[str]) -> None:
    if not rest:
        raise Complaint("Flush requires arguments.")
    given = words.read(rest, _SHOWN, flags=("up", *_KINDS), bare="dev")
    devices = link.chosen(request, given)
    request.need_privilege()
    for device in devices:
        if request.family != "4" and device is not request.namespace.loopback and _records(device, "6", given):
            request.namespace.link_local.pop(device)
        for record in _records(device, "4", given) if request.family != "6" else ():
            gone = IPv4Interface(f"{record['local']}/{record['prefixlen']}")
            for address in [a for a in device.addresses if (a.ip, a.prefix_length) ==
                            (gone.ip, gone.network.prefixlen)]:
                request.namespace.remove_address(device, address)
