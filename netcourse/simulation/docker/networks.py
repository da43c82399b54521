"""The engine's networks: creating, finding and removing them, and the places that containers have on them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker import ipam
from netcourse.simulation.docker.drivers import Driver, Endpoint, Network
from netcourse.simulation.docker.errors import EngineError, bad_request, failed, forbidden, not_found
from netcourse.simulation.docker.mac_addresses import parse_mac
from netcourse.simulation.docker.network_requests import (
    check_configuration,
    check_driver,
    check_name,
    check_scope,
    followed_by,
    pools_of,
)
from netcourse.simulation.linux.address import Address

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine

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
        self._forgotten: list[IPv4Network] = []
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
                network.pool = ipam.AddressPool(pools_of(addresses)[0], needs_gateway=True)
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
            raise bad_request(f"network {reference} is ambiguous ({len(found)} matches found based on ID prefix)")
        return found[0]

    def __contains__(self, reference: str) -> bool:
        try:
            return bool(self.get(reference))
        except EngineError:
            return False

    # Creating and removing

    def create(self, request: dict[str, Any]) -> Network:
        """Raises EngineError."""
        check_name(request, self.all())
        check_configuration(request)
        network = self._configuration(request) if request.get("ConfigOnly") else self._plumbed(request)
        self._add(network)
        self.emit(network, "create")
        return network

    def _configuration(self, request: dict[str, Any]) -> Network:
        """One that others follow and nobody can be on."""
        network = self._new(request, "null")
        network.config_only = True
        network.ipam["Config"] = network.ipam["Config"] or None
        return network

    def _plumbed(self, request: dict[str, Any]) -> Network:
        driver = str(request.get("Driver") or "bridge")
        check_driver(request, driver, self.drivers)
        config_from = followed_by(request)
        if config_from:
            followed = self._followed(config_from)
            request = request | {"IPAM": followed.ipam, "Options": followed.options, "Labels": followed.labels}
        check_scope(request)
        network = self._new(request, driver)
        network.config_from = config_from
        self._give_pool(network)
        self.drivers[driver].check(network)
        return network

    def _new(self, request: dict[str, Any], driver: str) -> Network:
        wanted = request.get("IPAM") or {}
        configs = [config for config in wanted.get("Config") or [] if config]
        return Network(
            self._engine.new_id(), str(request["Name"]), driver, self._engine.now,
            dict(request.get("Options") or {}), dict(request.get("Labels") or {}), str(request.get("Scope") or "local"),
            bool(request.get("Internal")), bool(request.get("Attachable")),
            ipam={"Driver": str(wanted.get("Driver") or "default"), "Options": wanted.get("Options") or {},
                  "Config": configs})

    def _followed(self, reference: str) -> Network:
        for network in self.all():
            if network.config_only and reference in (network.id, network.name):
                return network
        raise not_found(f'configuration network "{reference}" does not exist')

    def _give_pool(self, network: Network) -> None:
        driver, configs = network.ipam["Driver"], network.ipam["Config"]
        if not self.drivers[network.driver].needs_addresses:
            return
        if driver == "null" and configs:
            raise bad_request("null ipam driver does not handle specific address pool requests")
        if driver == "null":
            self.drivers[network.driver].check(network)
            raise bad_request("ipv4 pool is empty")
        if driver != "default":
            raise not_found(f'plugin "{driver}" not found')
        needs_gateway = self.drivers[network.driver].needs_gateway(network)
        pools = pools_of(network.ipam)
        if not pools:
            subnet = ipam.free_pool(self._taken())
            network.is_automatic = True
            network.pool = ipam.AddressPool(ipam.PoolRequest(subnet), needs_gateway=needs_gateway)
            gateway = {"Gateway": str(network.pool.gateway)} if network.pool.gateway else {}
            network.ipam["Config"] = [{"Subnet": str(subnet), **gateway}]
            return
        network.pool, *others = self._allocated(pools, needs_gateway=needs_gateway)
        if others:
            raise forbidden("bridge driver doesn't support multiple subnets")

    def _taken(self) -> list[IPv4Network]:
        return self._forgotten + [other.pool.subnet for other in self._networks.values() if other.pool is not None]

    def _allocated(self, pools: list[ipam.PoolRequest], *, needs_gateway: bool) -> list[ipam.AddressPool]:
        """dockerd 28.5 never gives back those that it has when the next one overlaps. Raises EngineError."""
        allocated: list[ipam.AddressPool] = []
        for pool in pools:
            if any(pool.subnet.overlaps(other) for other in self._taken()):
                self._forgotten += [earlier.subnet for earlier in allocated]
                raise forbidden(ipam.OVERLAP)
            allocated.append(ipam.AddressPool(pool, needs_gateway=needs_gateway))
        return allocated

    def remove(self, reference: str) -> None:
        """Raises EngineError."""
        network = self.get(reference)
        if network.is_predefined:
            raise forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        if any(other.config_from in (network.id, network.name) for other in self.all() if network.config_only):
            raise forbidden(f'error while removing network: configuration network "{network.name}" is in use')
        if network.endpoints:
            users = ", ".join(f'name:"{e.container_name}" id:"{e.id[:12]}"' for e in network.endpoints.values())
            raise forbidden(f"error while removing network: network {network.name} has active endpoints ({users})")
        self.drivers[network.driver].remove_network(network)
        del self._networks[network.id]
        self.emit(network, "destroy")

    def prune(self, chosen: Callable[[Network], bool]) -> list[str]:
        """Remove those that are chosen and that nobody uses; returns their names."""
        unused = [network for network in self.all() if chosen(network) and not network.endpoints
                  and not network.is_predefined and not network.config_only]
        for network in unused:
            self.remove(network.id)
        return [network.name for network in unused]

    # Endpoints

    def attach(self, endpoint: Endpoint) -> None:
        """Give an endpoint its id and addresses and have the driver build it. Raises EngineError, leaving nothing."""
        network = endpoint.network
        if network.config_only:
            raise forbidden("cannot create endpoint on configuration-only network")
        if network.pool is not None:
            wanted = (endpoint.settings.get("IPAMConfig") or {}).get("IPv4Address")
            ip = network.pool.take(IPv4Address(wanted) if wanted else None)
            if ip is None:
                raise failed("no available IPv4 addresses on this network's address pools: "
                             f"{network.name} ({network.id})")
            endpoint.address = Address.of_host(ip, network.pool.subnet)
            endpoint.mac = self._engine.machine.new_mac()
        if endpoint.wanted_mac:
            endpoint.mac = parse_mac(endpoint.wanted_mac)
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

    def emit(self, network: Network, action: str, **more: str) -> None:
        self._engine.events.emit("network", action, network.id, {"name": network.name, "type": network.driver, **more})
