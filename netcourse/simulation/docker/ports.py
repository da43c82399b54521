"""Which ports of a container are to be published where: ``-p``, ``-P``, ranges and free ports."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from netcourse.simulation.docker.drivers.driver import PortBinding, PortRequest

FREE_PORTS = (32768, 60999)


def wanted_ports(config: dict[str, Any], host_config: dict[str, Any]) -> list[PortRequest]:
    """What was asked for; a free host port where none was named."""
    asked: dict[str, list[dict[str, str]]] = dict(host_config.get("PortBindings") or {})
    if host_config.get("PublishAllPorts"):
        for port in config.get("ExposedPorts") or {}:
            asked.setdefault(port, [{}])
    return [_request(port, place) for port, places in asked.items() for place in places or [{}]]


def _request(port: str, place: dict[str, str]) -> PortRequest:
    number, _, protocol = port.partition("/")
    host_ip = place.get("HostIp")
    first, last = _host_ports(place.get("HostPort") or "")
    return PortRequest(int(number), protocol or "tcp", IPv4Address(host_ip) if host_ip else None, first, last)


def _host_ports(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return (int(first), int(last or first)) if first.strip("0") else FREE_PORTS


def shown_bindings(bindings: list[PortBinding]) -> dict[str, list[dict[str, str]]]:
    """As inspect shows them; one for every address is shown for IPv6 too, as it is on a host that has it."""
    shown: dict[str, list[dict[str, str]]] = {}
    for binding in bindings:
        places = shown.setdefault(f"{binding.container_port}/{binding.protocol}", [])
        if binding.is_routed:
            places.append({"HostIp": "0.0.0.0", "HostPort": ""})
        else:
            places.append({"HostIp": binding.host_ip, "HostPort": str(binding.host_port)})
        if binding.on_every_address:
            places.append({"HostIp": "::", "HostPort": str(binding.host_port)})
    return shown
