"""Reads a Topology from the memory of a simulated engine."""

from __future__ import annotations

from netcourse.simulation.docker.containers import Container as SimulatedContainer
from netcourse.simulation.docker.drivers import Network as SimulatedNetwork
from netcourse.simulation.docker.drivers.bridge import BridgeDriver
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.linux.device import Device, Veth
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.namespace import Namespace as SimulatedNamespace
from netcourse.simulation.linux.netfilter.tables import Chain
from netcourse.topology import (
    Container,
    Endpoint,
    Interface,
    Machine,
    Namespace,
    Network,
    Port,
    Route,
    Rule,
    Topology,
    names_in,
    nameservers_in,
)


def read_topology(engine: Engine, *, hidden_label: str = "") -> Topology:
    """Everything but the containers that carry ``hidden_label``."""
    shown = [c for c in engine.containers if hidden_label not in (c.config.get("Labels") or {}) or not hidden_label]
    shown.sort(key=lambda container: (container.created, container.name))
    homes: dict[int, tuple[str, FileSystem]] = {id(engine.machine.root): ("host", engine.machine_files)}
    spaces = [engine.machine.root]
    for container in shown:
        if container.namespace is not None and id(container.namespace) not in homes:
            homes[id(container.namespace)] = (container.name, container.files)
            spaces.append(container.namespace)
    names = {key: name for key, (name, _) in homes.items()}
    namespaces = tuple(_namespace(space, *homes[id(space)], names) for space in spaces)
    machine = Machine(engine.machine.name, namespaces, tuple(_network(engine, n) for n in engine.networks.all()),
                      tuple(_container(c, names) for c in shown), tuple(e for c in shown for e in _endpoints(c)))
    return Topology((machine,))


def _namespace(space: SimulatedNamespace, name: str, files: FileSystem, names: dict[int, str]) -> Namespace:
    devices = sorted(space.devices.values(), key=lambda device: device.index)
    tables = sorted(space.netfilter.tables.values(), key=lambda table: table.name)
    rules = tuple(rule for table in tables for chain in sorted(table.chains.values(), key=lambda chain: chain.name)
                  for rule in _rules(table.name, chain))
    return Namespace(name, tuple(_interface(device, names) for device in devices), _routes(space), rules,
                     names_in(files.read("/etc/hosts").decode()),
                     nameservers_in(files.read("/etc/resolv.conf").decode()), space.forwarding)


def _rules(table: str, chain: Chain) -> list[Rule]:
    """Its policy too, where that is no matter of course."""
    policy = [Rule(table, f"-P {chain.name} {chain.policy}")] if chain.policy not in (None, "ACCEPT") else []
    return [*policy, *(Rule(table, f"-A {chain.name} {rule.text}".rstrip()) for rule in chain.rules)]


def _routes(space: SimulatedNamespace) -> tuple[Route, ...]:
    return tuple(Route("default" if r.is_default else str(r.destination), r.interface,
                       str(r.gateway) if r.gateway else None, str(r.source) if r.source else None, r.metric)
                 for r in space.routes.listing())


def _interface(device: Device, names: dict[int, str]) -> Interface:
    peer = None
    if isinstance(device, Veth) and device.peer is not None and device.peer.namespace is not None:
        home = names.get(id(device.peer.namespace))
        peer = (home, device.peer.name) if home is not None else None
    return Interface(device.name, device.kind, device.index, device.mac, device.mtu, device.up, device.carrier,
                     tuple(str(address) for address in device.addresses),
                     device.master.name if device.master is not None else None, peer)


def _network(engine: Engine, network: SimulatedNetwork) -> Network:
    driver = engine.networks.drivers[network.driver]
    bridge = driver.bridge_name(network) if isinstance(driver, BridgeDriver) else None
    pool = network.pool
    return Network(network.name, network.id, network.driver, str(pool.subnet) if pool else None,
                   str(pool.gateway) if pool and pool.gateway else None, network.internal, bridge,
                   tuple(sorted(network.options.items())))


def _container(container: SimulatedContainer, names: dict[int, str]) -> Container:
    home = names.get(id(container.namespace)) if container.namespace is not None else None
    published = {(b.container_port, b.protocol): b for e in container.endpoints.values() for b in e.ports
                 if not b.is_routed}
    ports = tuple(Port(b.container_port, b.protocol, b.host_ip, b.host_port) for _, b in sorted(published.items()))
    return Container(container.name, container.id, str(container.config["Image"]), container.state, home, ports)


def _endpoints(container: SimulatedContainer) -> list[Endpoint]:
    found = []
    for name, endpoint in sorted(container.endpoints.items()):
        names = tuple(container.dns_names(endpoint)) if endpoint.network.is_user_defined else ()
        found.append(Endpoint(container.name, name, endpoint.interface or None,
                              str(endpoint.address) if endpoint.address else None, endpoint.mac or None,
                              endpoint.gateway_priority, names))
    return found
