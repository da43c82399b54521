"""Which ports of a container are to be published where: ``-p``, ``-P``, ranges and free ports."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.drivers.driver import PortBinding, PortRequest
from netcourse.simulation.linux.resolver import as_address

FREE_PORTS = (32768, 60999)


def wanted_ports(config: dict[str, Any], host_config: dict[str, Any]) -> list[PortRequest]:
    """What was asked for of the ports that are exposed, as the docker command exposes those that it publishes.

    A free host port is taken where none was named.
    """
    bindings = host_config.get("PortBindings") or {}
    free: list[dict[str, str]] = [{}] if host_config.get("PublishAllPorts") else []
    return [_request(port, place) for port in config.get("ExposedPorts") or {} for place in bindings.get(port) or free]


def _request(port: str, place: dict[str, str]) -> PortRequest:
    number, _, protocol = port.partition("/")
    first, last = _host_ports(place.get("HostPort") or "")
    host_ip = as_address(place.get("HostIp") or "")
    return PortRequest(int(number) if number.isdecimal() else 0, protocol or "tcp", host_ip, first, last)


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
