"""Connecting containers to networks and disconnecting them, with dockerd's checks and words.

Seen on Engine 28.5.2 (moby daemon/container_operations.go).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker import joining
from netcourse.simulation.docker.drivers import Endpoint, Network
from netcourse.simulation.docker.errors import EngineError, bad_request, failed, forbidden, not_found
from netcourse.simulation.docker.interface_settings import wrong_addresses, wrong_sysctls
from netcourse.simulation.docker.mac_addresses import parse_mac

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.engine import Engine

NOT_CONFIGURED = ("user specified IP address is supported only when connecting to networks with user configured "
                  "subnets")
"""No network here has a subnet of IPv6."""


def connect(container: Container, reference: str, settings: dict[str, Any]) -> None:
    """``docker network connect``. Raises EngineError."""
    networks = container.engine.networks
    if not container.is_running and reference not in networks:
        _note_down(container, reference, settings)
        return
    network = networks.get(reference)
    if settings.get("MacAddress"):
        parse_mac(settings["MacAddress"])
    settings = {name: value for name, value in settings.items() if name != "MacAddress"}  # dockerd forgets it here
    check_settings(network, settings, container_name="")
    if network.name in container.endpoints and not container.is_running:
        return  # dockerd keeps what it has noted down
    _check_kinds(container, network)
    known = container.endpoints.get(network.name)
    if known is not None and known.id:
        raise forbidden(f"endpoint with name {container.name} already exists in network {network.name}")
    # dockerd has it noted down even when it fails now, and tries again when the container starts
    container.endpoints[network.name] = Endpoint(network, container.id, container.name, settings,
                                                known_as=container.name)
    if container.is_running:
        joining.join(container, container.endpoints[network.name])
        networks.emit(network, "connect", container=container.id)


def _note_down(container: Container, name: str, settings: dict[str, Any]) -> None:
    """dockerd misses a network that isn't there when the container starts."""
    if container.network_mode.startswith("container:"):
        raise _shares_network()  # Engine 28.5.2 dies of this request, with a Go panic
    container.endpoints[name] = Endpoint(Network("", name, "", 0), container.id, container.name, settings)


def _check_kinds(container: Container, network: Network) -> None:
    """The host's own network and none at all can't be had together with others."""
    if container.network_mode.startswith("container:"):
        raise _shares_network()
    if network.driver == "host" and container.network_mode != "host":
        raise bad_request(joining.NOT_HOSTS_OWN)
    for other in (endpoint.network for endpoint in container.endpoints.values()):
        if other is network:
            return
        if "host" in (other.driver, network.driver):
            raise _shares_network()
        if "none" in (other.name, network.name):
            raise bad_request(joining.NOT_WITH_NONE)


def _shares_network() -> EngineError:
    return bad_request(joining.SHARES)


def disconnect(engine: Engine, reference: str, container_reference: str, *, force: bool) -> None:
    """``docker network disconnect``. Raises EngineError."""
    if force and container_reference not in engine.containers:
        engine.networks.get(reference)
        raise not_found(f"endpoint {container_reference} not found")
    container = engine.containers.get(container_reference)
    network = _network_to_leave(reference, container, force=force)
    if container.is_running and "host" == network.driver == container.network_mode:
        raise bad_request("cannot disconnect container from host network - container was created in host network mode")
    endpoint = container.endpoints.get(network.name)
    if endpoint is None or (container.is_running and not endpoint.id):
        the = "" if container.is_running else "the "
        raise failed(f"container {container.id} is not connected to {the}network {network.name}")
    if container.is_running:
        joining.part(container, endpoint)
    del container.endpoints[network.name]
    if reference in engine.networks:
        engine.networks.emit(network, "disconnect", container=container.id)


def _network_to_leave(reference: str, container: Container, *, force: bool) -> Network:
    """A container that doesn't run, or is forced, can leave one that has gone."""
    try:
        return container.engine.networks.get(reference)
    except EngineError:
        if container.is_running and not force:
            raise
    if reference not in container.endpoints:
        raise failed(f"container {container.id} is not connected to the network {reference}")
    return container.endpoints[reference].network


def check_settings(network: Network | None, settings: dict[str, Any], *, container_name: str) -> None:
    """What an endpoint may ask for (api/types/network, EndpointSettings); in another container's place, nothing.

    Raises EngineError.
    """
    wanted = settings.get("IPAMConfig") or {}
    problems = _problems(network, settings, str(wanted.get("IPv4Address") or ""), str(wanted.get("IPv6Address") or ""))
    if problems:
        lines = problems if len(problems) == 1 else [f"* {problem}" for problem in problems]
        raise bad_request(f"{container_name}invalid endpoint settings:\n" + "\n".join(lines))


def _problems(network: Network | None, settings: dict[str, Any], ipv4: str, ipv6: str) -> list[str]:
    problems = []
    if network is None or not network.is_user_defined:
        if ipv4 or ipv6:
            problems.append("user specified IP address is supported on user defined networks only")
        if settings.get("Aliases"):
            problems.append("network-scoped alias is supported only for containers in user defined networks")
    return [*problems, *_wrong_address(ipv4, 4), *_wrong_address(ipv6, 6),
            *wrong_addresses(settings), *(_place_problems(network, ipv4) if ipv4 and network is not None else []),
            *([NOT_CONFIGURED] if ipv6 and network is not None else []), *wrong_sysctls(settings)]


def _wrong_address(text: str, version: int) -> list[str]:
    return [f"invalid IPv{version} address: {text}"] if text and _read(text, version) is None else []


def _place_problems(network: Network, text: str) -> list[str]:
    if network.is_automatic or not network.is_user_defined:
        return [NOT_CONFIGURED]
    ip = _read(text, 4)
    if not isinstance(ip, IPv4Address) or network.pool is None or ip not in network.pool:
        return [f"no configured subnet or ip-range contain the IP address {text}"]
    return []


def _read(text: str, version: int) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    return ip if ip.version == version and not ip.is_unspecified else None
