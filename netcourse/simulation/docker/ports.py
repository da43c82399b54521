"""Which ports of a container are to be published where: ``-p``, ``-P``, ranges and free ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker.drivers.driver import PortBinding

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine

HOST_IP = "com.docker.network.bridge.host_binding_ipv4"
FIRST_FREE_PORT, LAST_FREE_PORT = 32768, 60999


def wanted_bindings(engine: Engine, config: dict[str, Any], host_config: dict[str, Any],
                    options: dict[str, str]) -> list[PortBinding]:
    """Bindings in the order of the container's ports; a free host port where none was asked for."""
    asked: dict[str, list[dict[str, str]]] = dict(host_config.get("PortBindings") or {})
    if host_config.get("PublishAllPorts"):
        for port in config.get("ExposedPorts") or {}:
            asked.setdefault(port, [{}])
    default_ip = options.get(HOST_IP, "0.0.0.0")
    bindings = []
    for port, places in sorted(asked.items(), key=lambda item: _order(item[0])):
        number, _, protocol = port.partition("/")
        for place in places or [{}]:
            host_ip = place.get("HostIp") or default_ip
            host_port = _host_port(engine, place.get("HostPort") or "", protocol or "tcp")
            bindings.append(PortBinding(int(number), protocol or "tcp", host_ip, host_port))
    return bindings


def _order(port: str) -> tuple[int, str]:
    number, _, protocol = port.partition("/")
    return int(number), protocol


def _host_port(engine: Engine, text: str, protocol: str) -> int:
    first, _, last = text.partition("-")
    if first and not last:
        return int(first)
    low, high = (int(first), int(last)) if last else (FIRST_FREE_PORT, LAST_FREE_PORT)
    sockets = engine.machine.root.sockets
    taken = set(sockets.udp) if protocol == "udp" else sockets.tcp.ports()
    return next((port for port in range(low, high + 1) if port not in taken), low)


def shown_bindings(bindings: list[PortBinding]) -> dict[str, list[dict[str, str]]]:
    """As inspect shows them; one for every address is shown for IPv6 too, as it is on a host that has it."""
    shown: dict[str, list[dict[str, str]]] = {}
    for binding in bindings:
        places = shown.setdefault(f"{binding.container_port}/{binding.protocol}", [])
        places.append({"HostIp": binding.host_ip, "HostPort": str(binding.host_port)})
        if binding.host_ip == "0.0.0.0":
            places.append({"HostIp": "::", "HostPort": str(binding.host_port)})
    return shown
