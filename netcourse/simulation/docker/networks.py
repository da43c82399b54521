"""The engine's networks: create, list, inspect, connect, disconnect, remove, with dockerd's checks and words."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker import ipam, joining
from netcourse.simulation.docker.drivers import Driver, Endpoint, Network
from netcourse.simulation.docker.errors import (
    EngineError,
    bad_request,
    conflict,
    failed,
    forbidden,
    not_found,
    not_simulated,
)
from netcourse.simulation.docker.timestamps import timestamp_text
from netcourse.simulation.linux.address import Address

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.engine import Engine

NO_SWARM = ('This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to '
            "swarm and try again.")
LATER_DRIVERS = ("macvlan", "ipvlan")
TRUE, FALSE = ("true", "1"), ("false", "0")
FILTERS = {"id", "name", "driver", "label", "scope", "type", "dangling"}
DEFAULT_OPTIONS = {
    "com.docker.network.bridge.default_bridge": "true", "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0", "com.docker.network.bridge.name": "docker0",
    "com.docker.network.driver.mtu": "1500",
}


class Networks:
    def __init__(self, engine: Engine, drivers: dict[str, Driver]) -> None:
        self._engine = engine
        self.drivers = drivers
        self._networks: dict[str, Network] = {}
        self._begin()

    def _begin(self) -> None:
        """The three networks that are always there."""
        bridge_pool = {"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}
        pool = {"Driver": "default", "Options": None, "Config": [bridge_pool]}
        empty = {"Driver": "default", "Options": None, "Config": None}
        for name, driver, options, addresses in (("bridge", "bridge", dict(DEFAULT_OPTIONS), pool),
                                                 ("host", "host", {}, empty), ("none", "null", {}, empty)):
            network = Network(self._engine.new_id(), name, driver, self._engine.now, options, ipam=addresses)
            if addresses is pool:
                network.pool = ipam.AddressPool(_pools(addresses)[0], needs_gateway=True)
            self._add(network)

    def _add(self, network: Network) -> None:
        self.drivers[network.driver].create_network(network)
        self._networks[network.id] = network

    # Finding

    def all(self) -> list[Network]:
        return list(self._networks.values())

    def get(self, reference: str) -> Network:
        """By full id, name, or the beginning of an id. Raises EngineError."""
        exact = [n for n in self._networks.values() if reference in (n.id, n.name)]
        found = exact or [n for n in self._networks.values() if reference and n.id.startswith(reference)]
        if not found:
            raise not_found(f"network {reference} not found")
        if len(found) > 1:
            raise bad_request(f"network {reference} is ambiguous ({len(found)} matches found on ID prefix)")
        return found[0]

    def _exists(self, reference: str) -> bool:
        try:
            return bool(self.get(reference))
        except EngineError:
            return False

    def matching(self, filters: dict[str, list[str]]) -> list[Network]:
        """Raises EngineError for a filter that dockerd doesn't know."""
        unknown = next((key for key in filters if key not in FILTERS), None)
        if unknown is not None:
            raise bad_request(f"invalid filter '{unknown}'")
        for value in filters.get("type", []):
            if value not in ("builtin", "custom"):
                raise bad_request(f"invalid filter: 'type'='{value}'")
        dangling = filters.get("dangling", [])
        if len(dangling) > 1:
            raise bad_request('got more than one value for filter key "dangling"')
        if any(value not in (*TRUE, *FALSE) for value in dangling):
            raise bad_request("invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or "
                              '"0")')
        return [network for network in self._networks.values() if _matches(network, filters)]

    # Creating and removing

    def create(self, request: dict[str, Any]) -> Network:
        """Raises EngineError."""
        name, driver = str(request.get("Name") or ""), str(request.get("Driver") or "bridge")
        if not name.strip():
            raise bad_request("invalid name: name is empty")
        if name in ("bridge", "host", "none", "default"):
            raise forbidden(f"operation is not permitted on predefined {name} network ")
        wanted = request.get("IPAM") or {}
        pools = _pools(wanted)
        if any(network.name == name for network in self._networks.values()):
            raise conflict(f"network with name {name} already exists")
        self._check_driver(driver)
        _check_scope(request)
        network = Network(self._engine.new_id(), name, driver, self._engine.now,
                          dict(request.get("Options") or {}), dict(request.get("Labels") or {}),
                          str(request.get("Scope") or "local"), bool(request.get("Internal")),
                          bool(request.get("Attachable")))
        self._give_pool(network, wanted, pools)
        self.drivers[driver].check(network)
        self._add(network)
        self._event(network, "create")
        return network

    def _check_driver(self, driver: str) -> None:
        if driver in self.drivers:
            return
        if driver == "overlay":
            raise forbidden(NO_SWARM)
        raise not_simulated(f"the {driver} driver") if driver in LATER_DRIVERS else not_found(
            f'plugin "{driver}" not found')

    def _give_pool(self, network: Network, wanted: dict[str, Any], pools: list[ipam.PoolRequest]) -> None:
        driver = str(wanted.get("Driver") or "default")
        configs = [config for config in wanted.get("Config") or [] if config]
        network.ipam = {"Driver": driver, "Options": wanted.get("Options") or {}, "Config": configs}
        if not self.drivers[network.driver].needs_addresses:
            return
        if driver == "null":
            raise bad_request("ipv4 pool is empty")
        if driver != "default":
            raise not_found(f'plugin "{driver}" not found')
        needs_gateway = self.drivers[network.driver].needs_gateway(network)
        if len(configs) > 1:
            raise forbidden("bridge driver doesn't support multiple subnets")
        taken = [other.pool.subnet for other in self._networks.values() if other.pool is not None]
        if not pools:
            subnet = ipam.free_pool(taken)
            network.is_automatic = True
            network.pool = ipam.AddressPool(ipam.PoolRequest(subnet), needs_gateway=needs_gateway)
            gateway = {"Gateway": str(network.pool.gateway)} if network.pool.gateway else {}
            network.ipam["Config"] = [{"Subnet": str(subnet), **gateway}]
            return
        if any(pools[0].subnet.overlaps(other) for other in taken):
            raise forbidden(ipam.OVERLAP)
        network.pool = ipam.AddressPool(pools[0], needs_gateway=needs_gateway)

    def remove(self, reference: str) -> None:
        """Raises EngineError."""
        network = self.get(reference)
        if network.is_predefined:
            raise forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        if network.endpoints:
            users = ", ".join(f'name:"{e.container_name}" id:"{e.id[:12]}"' for e in network.endpoints.values())
            raise forbidden(f"error while removing network: network {network.name} has active endpoints ({users})")
        self.drivers[network.driver].remove_network(network)
        del self._networks[network.id]
        self._event(network, "destroy")

    def prune(self, is_meant: Callable[[Network], bool]) -> list[str]:
        """Remove the networks that are meant and that nobody uses; returns their names."""
        unused = [network for network in self.matching({}) if is_meant(network)
                  and not network.is_predefined and not self._engine.containers.using(network)]
        for network in unused:
            self.remove(network.id)
        return [network.name for network in unused]

    # Endpoints

    def check_settings(self, network: Network | None, settings: dict[str, Any], *, container_name: str) -> None:
        """What an endpoint may ask for (api/types/network, EndpointSettings); in another container's place, nothing.

        Raises EngineError.
        """
        problems = []
        config = settings.get("IPAMConfig") or {}
        text = str(config.get("IPv4Address") or "")
        if settings.get("Aliases") and (network is None or not network.is_user_defined):
            problems.append("network-scoped alias is supported only for containers in user defined networks")
        if text:
            problems += _address_problems(network, text)
        if problems:
            lines = problems if len(problems) == 1 else [f"* {problem}" for problem in problems]
            raise bad_request(f"{container_name}invalid endpoint settings:\n" + "\n".join(lines))

    def attach(self, endpoint: Endpoint) -> None:
        """Give an endpoint its id and addresses and have the driver build it. Raises EngineError, leaving nothing."""
        network = endpoint.network
        if network.pool is not None:
            wanted = (endpoint.settings.get("IPAMConfig") or {}).get("IPv4Address")
            ip = network.pool.take(IPv4Address(wanted) if wanted else None)
            if ip is None:
                raise failed("no available IPv4 addresses on this network's address pools: "
                             f"{network.name} ({network.id})")
            endpoint.address = Address.parse(f"{ip}/{network.pool.subnet.prefixlen}", broadcast=True)
            endpoint.mac = str(endpoint.settings.get("MacAddress") or "") or self._engine.machine.new_mac()
        endpoint.id, endpoint.network_id = self._engine.new_id(), network.id
        network.endpoints[endpoint.id] = endpoint

    def detach(self, endpoint: Endpoint) -> None:
        """Undo ``attach`` and what the driver built."""
        network = endpoint.network
        self.drivers[network.driver].leave(endpoint)
        network.endpoints.pop(endpoint.id, None)
        if network.pool is not None and endpoint.address is not None:
            network.pool.give_back(endpoint.address.ip)
        endpoint.address, endpoint.mac, endpoint.id = None, "", ""

    def connect(self, reference: str, container: Container, settings: dict[str, Any]) -> None:
        """``docker network connect``. Raises EngineError."""
        if not container.is_running and not self._exists(reference):
            # dockerd notes it down, and misses the network when the container starts
            container.endpoints[reference] = Endpoint(Network("", reference, "", 0), container.id, container.name,
                                                      settings)
            return
        network = self.get(reference)
        mode = container.network_mode
        self.check_settings(network, settings, container_name="")
        if network.driver == "host":
            raise bad_request("cannot connect container to host network - container must be created in host network "
                              "mode")
        if network.name in container.endpoints and not container.is_running:
            return  # dockerd keeps what it has noted down
        if network.name in container.endpoints:
            raise forbidden(f"endpoint with name {container.name} already exists in network {network.name}")
        if network.driver == "null" or mode == "none":
            raise bad_request("container cannot be connected to multiple networks with one of the networks in private "
                              "(none) mode")
        if mode == "host" or mode.startswith("container:"):
            raise bad_request("container sharing network namespace with another container or host cannot be connected "
                              "to any other network")
        endpoint = Endpoint(network, container.id, container.name, settings, is_named=True)
        container.endpoints[network.name] = endpoint
        if not container.is_running:
            return
        try:
            joining.join(container, endpoint)
        except Exception:
            del container.endpoints[network.name]
            raise
        self._event(network, "connect", container=container.id)

    def disconnect(self, reference: str, container_reference: str, *, force: bool) -> None:
        """``docker network disconnect``. Raises EngineError."""
        if force and container_reference not in self._engine.containers:
            self.get(reference)
            raise not_found(f"endpoint {container_reference} not found")
        container = self._engine.containers.get(container_reference)
        network = self._network_to_leave(reference, container, force=force)
        if network.driver == "host" and container.network_mode == "host":
            raise bad_request("cannot disconnect container from host network - container was created in host network "
                              "mode")
        endpoint = container.endpoints.get(network.name)
        if endpoint is None:
            the = "" if container.is_running else "the "
            raise failed(f"container {container.id} is not connected to {the}network {network.name}")
        if container.is_running:
            joining.part(container, endpoint)
        del container.endpoints[network.name]
        self._event(network, "disconnect", container=container.id)

    def _network_to_leave(self, reference: str, container: Container, *, force: bool) -> Network:
        """A container that doesn't run, or is forced, can leave one that has gone."""
        try:
            return self.get(reference)
        except EngineError:
            if container.is_running and not force:
                raise
        if reference not in container.endpoints:
            raise failed(f"container {container.id} is not connected to the network {reference}")
        return container.endpoints[reference].network

    def _event(self, network: Network, action: str, **more: str) -> None:
        self._engine.events.emit("network", action, network.id, {"name": network.name, "type": network.driver, **more})

    def emit(self, network: Network, action: str, container_id: str) -> None:
        """A container's coming or going by start or stop."""
        self._event(network, action, container=container_id)

    # Telling

    def inspect(self, network: Network) -> dict[str, Any]:
        members = sorted(network.endpoints.values(), key=lambda endpoint: endpoint.container_id)
        return {
            **self.summary(network),
            "Containers": {e.container_id: {"Name": e.container_name, "EndpointID": e.id, "MacAddress": e.mac,
                                            "IPv4Address": str(e.address or ""), "IPv6Address": ""} for e in members},
            "Options": network.options, "Labels": network.labels,
        }

    def summary(self, network: Network) -> dict[str, Any]:
        """As in the list, where nobody's members are told."""
        return {
            "Name": network.name, "Id": network.id, "Created": timestamp_text(network.created), "Scope": network.scope,
            "Driver": network.driver, "EnableIPv4": True, "EnableIPv6": False, "IPAM": network.ipam,
            "Internal": network.internal, "Attachable": network.attachable, "Ingress": False,
            "ConfigFrom": {"Network": ""}, "ConfigOnly": False, "Containers": {}, "Options": network.options,
            "Labels": network.labels,
        }


def _check_scope(request: dict[str, Any]) -> None:
    """What is left of the request's flags. Raises EngineError."""
    scope = request.get("Scope")
    if request.get("EnableIPv6"):
        raise not_simulated("an IPv6 network")
    if request.get("ConfigOnly") or (request.get("ConfigFrom") or {}).get("Network"):
        raise not_simulated("a configuration network")
    if scope == "swarm":
        raise forbidden("cannot create a swarm scoped network when swarm is not active")
    if request.get("Ingress"):
        raise not_simulated("an ingress network") if scope == "global" else forbidden(
            "Ingress network can only be global scope network")


def _address_problems(network: Network | None, text: str) -> list[str]:
    problems = []
    if network is None or not network.is_user_defined:
        problems.append("user specified IP address is supported on user defined networks only")
    try:
        ip = IPv4Address(text)
    except ValueError:
        ip = None
        problems.append(f"invalid IPv4 address: {text}")
    if network is None:
        return problems
    if network.is_automatic or not network.is_user_defined:
        problems.append("user specified IP address is supported only when connecting to networks with user configured "
                        "subnets")
    elif ip is None or network.pool is None or ip not in network.pool:
        problems.append(f"no configured subnet or ip-range contain the IP address {text}")
    return problems


def _pools(wanted: dict[str, Any]) -> list[ipam.PoolRequest]:
    """Those that have a subnet. Raises EngineError for one that is written wrongly, before names are looked at."""
    parsed = [ipam.parse_pool(config) for config in wanted.get("Config") or [] if config and config.get("Subnet")]
    problems = [problem for found, _ in parsed for problem in found]
    if problems:
        raise ipam.invalid(problems)
    return [pool for _, pool in parsed if pool is not None]


def _matches(network: Network, filters: dict[str, list[str]]) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "id": lambda value: _found(value, network.id),
        "name": lambda value: _found(value, network.name),
        "driver": lambda value: network.driver == value,
        "scope": lambda value: network.scope == value,
        "type": lambda value: network.is_predefined == (value == "builtin"),
        # the list tells nobody's members: to it no network is in use, and the predefined ones never dangle
        "dangling": lambda value: network.is_predefined != (value in TRUE),
        "label": lambda value: _has_label(network.labels, value),
    }
    every = ("label",)
    return all((all if key in every else any)(tests[key](value) for value in values) for key, values in filters.items())


def _found(pattern: str, text: str) -> bool:
    """Filters are regular expressions; one that isn't matches nothing (moby api/types/filters, Args.Match)."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _has_label(labels: dict[str, str], wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)
