"""How a container comes to its network namespace and onto networks, and leaves them again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from netcourse.simulation.docker import interface_settings, known_names
from netcourse.simulation.docker.drivers import Endpoint
from netcourse.simulation.docker.errors import EngineError, bad_request, conflict, failed, not_found
from netcourse.simulation.docker.ports import wanted_ports
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.routes import EVERYWHERE, Route

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container

LOOPBACK_PREFIX = 8
NOT_HOSTS_OWN = "cannot connect container to host network - container must be created in host network mode"
SHARES = "container sharing network namespace with another container or host cannot be connected to any other network"
NOT_WITH_NONE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"
# every process may use every port, and ping without a raw socket (moby daemon/oci_linux.go, WithSysctls)
FIRST_PORT_FOR_ALL, PING_GROUPS = 0, "0\t2147483647"


def enter(container: Container) -> None:
    """Give a container that starts its namespace, networks and names. Raises EngineError, leaving nothing behind."""
    try:
        _find_networks(container)
        container.namespace = _make_namespace(container)
        if container.namespace is container.engine.machine.root or container.mate() is not None:
            _share_network(container)
            return
        _join_all(container)
    except EngineError as error:
        is_sharing = container.network_mode.startswith("container:")
        container.has_own_files = container.has_log = bool(container.started) or not is_sharing
        container.error = str(error) if is_sharing else f"failed to set up container networking: {error}"
        raise EngineError(error.status, container.error) from None
    known_names.write_own_names(container)
    known_names.write_own_resolver(container)
    known_names.begin_dns(container)
    known_names.tell_linked(container)


def _join_all(container: Container) -> None:
    joined: list[Endpoint] = []
    try:
        for endpoint in container.endpoints.values():
            _attach(container, endpoint)
            joined.append(endpoint)
    except EngineError:
        _tell(container, "connect", joined)
        for endpoint in joined:
            container.engine.networks.detach(endpoint)
        tell_disconnected(container)
        raise


def tell_connected(container: Container) -> None:
    """dockerd connects it once its program is found, and only then says so."""
    _tell(container, "connect", container.endpoints.values())


def tell_disconnected(container: Container) -> None:
    """Of one that couldn't even be connected."""
    _tell(container, "disconnect", container.endpoints.values())


def _tell(container: Container, action: str, endpoints: Iterable[Endpoint]) -> None:
    for endpoint in endpoints:
        container.engine.networks.emit(endpoint.network, action, container=container.id)


def leave(container: Container) -> None:
    """Give up the namespace, and the addresses on all networks."""
    if container.dns is not None:
        container.dns.close()
        container.dns = None
    shared = container.namespace is container.engine.machine.root or container.mate() is not None
    for endpoint in container.endpoints.values():
        if endpoint.id:
            known_names.remove_own_address(container, endpoint.ip)
            container.engine.networks.detach(endpoint)
            container.engine.networks.emit(endpoint.network, "disconnect", container=container.id)
    container.files.close_namespaces()
    if container.namespace is not None and not shared:
        container.namespace.close()
    container.namespace = None


def forget_networks(container: Container) -> None:
    """It has never really been there."""
    for endpoint in container.endpoints.values():
        endpoint.network_id = ""


def join(container: Container, endpoint: Endpoint) -> None:
    """Put a running container on a network. Raises EngineError, leaving nothing behind."""
    _attach(container, endpoint)
    known_names.add_own_address(container, endpoint)
    known_names.ensure_dns(container)


def _attach(container: Container, endpoint: Endpoint) -> None:
    assert container.namespace is not None
    networks = container.engine.networks
    interface_settings.check(endpoint)
    networks.attach(endpoint)
    driver = networks.drivers[endpoint.network.driver]
    try:
        wanted = (endpoint.settings.get("DriverOpts") or {}).get("com.docker.network.endpoint.ifname")
        interface = str(wanted or _free_interface(container.namespace, driver.interface_prefix(endpoint.network)))
        driver.join(endpoint, container.namespace, interface)
        interface_settings.apply(endpoint, container.namespace)
        _place_default_route(container)
        _publish(container)
    except EngineError:
        networks.detach(endpoint)
        raise


def part(container: Container, endpoint: Endpoint) -> None:
    """Take a running container off a network; another one may get the default route and the published ports.

    dockerd says nothing when there is no way to the new gateway."""
    address = endpoint.ip
    container.engine.networks.detach(endpoint)
    with suppress(EngineError):
        _place_default_route(container)
        _publish(container)
    known_names.remove_own_address(container, address)


def _free_interface(namespace: Namespace, prefix: str) -> str:
    number = 0
    while f"{prefix}{number}" in namespace.devices:
        number += 1
    return f"{prefix}{number}"


def _place_default_route(container: Container) -> None:
    """Raises EngineError where there is no way to the gateway, as in 224.0.0.0/4; there is no default route then."""
    assert container.namespace is not None
    for route in [route for route in container.namespace.routes.listing() if route.is_default]:
        container.namespace.routes.remove(route)
    chosen = default_gateway(container.attached())
    if chosen is not None:
        way = _way_to_gateway(chosen, container.namespace)
        container.namespace.routes.add(Route(EVERYWHERE, way, gateway=chosen.gateway))


def _way_to_gateway(endpoint: Endpoint, namespace: Namespace) -> str:
    """The interface; in 127.0.0.0/8 the kernel has its own (net/ipv4/route.c, __mkroute_output). Raises EngineError."""
    assert endpoint.gateway is not None
    route = namespace.routes.lookup(endpoint.gateway)
    missing = "" if route is not None else "network is unreachable"
    if route is not None and endpoint.gateway.is_loopback:
        if route.destination.prefixlen <= LOOPBACK_PREFIX:
            return namespace.loopback.name
        missing = "invalid argument"
    if missing:
        raise failed("updating gateway endpoint: failed to set gateway: route for the gateway "
                     f"{endpoint.gateway} could not be found: {missing}")
    return endpoint.interface


def _publish(container: Container) -> None:
    """Ports are published on the network that has the default route."""
    chosen = default_gateway(container.attached())
    for endpoint in container.attached():
        driver = container.engine.networks.drivers[endpoint.network.driver]
        if endpoint is not chosen and endpoint.ports:
            driver.unpublish(endpoint)
    if chosen is not None and not chosen.ports:
        requests = wanted_ports(container.config, container.host_config)
        container.engine.networks.drivers[chosen.network.driver].publish(chosen, requests)


def _find_networks(container: Container) -> None:
    """Those that its endpoints name now: one may have come since it was created, or gone.

    One that it has been on has to be the very same. The one that it was created for has to be there even when the
    container has left it.
    """
    networks, mode = container.engine.networks, container.network_mode
    for name, endpoint in container.endpoints.items():
        endpoint.mac = ""
        reference = endpoint.network_id if endpoint.network.is_user_defined else ""
        endpoint.network, endpoint.known_as = networks.get(reference or name), container.name
    drivers = {endpoint.network.driver for endpoint in container.endpoints.values()}
    if "host" in drivers and mode != "host":
        raise bad_request(NOT_HOSTS_OWN)
    if "host" in drivers and len(container.endpoints) > 1:
        raise bad_request(SHARES)
    if "null" in drivers and len(container.endpoints) > 1:
        raise bad_request(NOT_WITH_NONE)
    try:
        if container.endpoints and not mode.startswith("container:"):
            networks.get(mode)
    except EngineError as error:
        raise not_found(f"could not find a network matching network mode {mode}: {error}") from None


def _share_network(container: Container) -> None:
    known_names.share_names(container)
    if container.mate() is None:
        for endpoint in container.endpoints.values():
            if endpoint.network.driver == "host":
                container.engine.networks.attach(endpoint)
            else:
                _attach(container, endpoint)


def _make_namespace(container: Container) -> Namespace:
    mate = container.mate()
    if mate is not None:
        if mate.namespace is None:
            raise conflict(f"cannot join network namespace of a non running container: container {mate.name} is "
                           f"{mate.state}")
        return mate.namespace
    if container.network_mode == "host":
        return container.engine.machine.root
    if container.network_mode.startswith("container:"):
        raise failed("joining network namespace of container: No such container: "
                     f"{container.network_mode.partition(':')[2]}")
    namespace = Namespace(container.name, container.engine.machine)
    namespace.forwarding = True
    namespace.settings.put("ip_unprivileged_port_start", FIRST_PORT_FOR_ALL)
    namespace.settings.texts["ipv4/ping_group_range"] = PING_GROUPS
    namespace.sockets.of_others = 1  # dockerd's, by which it tells the kernel what to change
    namespace.set_up(namespace.loopback)
    return namespace


def default_gateway(endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """The endpoint that has the default route: the first of those with a gateway (moby, getGatewayEndpoint)."""
    ways_out = (endpoint for endpoint in endpoints if endpoint.gateway is not None)
    return min(ways_out, key=lambda endpoint: endpoint.precedence, default=None)
