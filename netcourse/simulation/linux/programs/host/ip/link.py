"""``ip link show``: which links, in which form."""

from __future__ import annotations

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.programs.host.ip import link_text, printing, words
from netcourse.simulation.linux.programs.host.ip.words import Request


def by_index(namespace: Namespace) -> list[Device]:
    return sorted(namespace.devices.values(), key=lambda device: device.index)


def chosen(request: Request, given: dict[str, str]) -> list[Device]:
    """The devices that a listing's words ask for. Raises Complaint."""
    namespace = request.namespace
    devices = [words.to_show(namespace, given["dev"])] if "dev" in given else by_index(namespace)
    if "master" in given:
        if given["master"] not in namespace.devices:
            raise words.wrong_argument(given["master"], "Device does not exist")
        master = namespace.devices[given["master"]]
        devices = [device for device in devices if device.master is master]
    if "type" in given:
        devices = [device for device in devices if device.kind == given["type"] and device.kind != "physical"]
    return [device for device in devices if device.up or "up" not in given]


def show(request: Request, rest: list[str]) -> None:
    unsimulated = next((word for word in rest if word in ("vrf", "group", "nomaster", "vf")), None)
    if unsimulated is not None:
        raise words.not_simulated(f"link show {unsimulated}")
    given = words.read(rest, {"dev": "dev", "master": "master", "type": "type"}, flags=("up",), bare="dev")
    devices, options = chosen(request, given), request.options
    if "json" in options:
        printing.write_json(request, [_record(device, request) for device in devices])
        return
    for device in devices:
        if "brief" in options:
            name = link_text.brief_text(link_text.brief(device))
            request.process.write(f"{name}{device.mac} <{','.join(link_text.flags(device))}> \n")
        else:
            text = link_text.full_text(device, request, linkmode=True)
            printing.write_lines(request.process, text, oneline="oneline" in options)


def _record(device: Device, request: Request) -> printing.Record:
    if "brief" in request.options:
        return {**link_text.brief(device), "address": device.mac, "flags": link_text.flags(device)}
    return link_text.full(device, request, linkmode=True)
