"""What was read from a machine at one moment: machines, namespaces, interfaces, routes, rules, networks, containers.

Plain frozen values without behaviour that could change anything. A reader fills them (``simulation/`` and ``real/``
have one each); drawings, checks and comparisons take nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

PREDEFINED_NETWORKS = ("bridge", "host", "none")
"""Those that Docker makes itself, and that can't be removed."""


@dataclass(frozen=True)
class Interface:
    """A network device as ``ip address`` shows it.

    ``kind`` is loopback, physical, veth, bridge, macvlan, ipvlan, vxlan or dummy. ``up`` is what an administrator asked
    for, ``carrier`` whether something is at the other end. ``addresses`` are IPv4 addresses with their prefix length.
    ``peer`` is the other end of a veth pair: (namespace, interface).
    """

    name: str
    kind: str
    index: int = 0
    mac: str = ""
    mtu: int = 1500
    up: bool = True
    carrier: bool = True
    addresses: tuple[str, ...] = ()
    bridge: str | None = None
    peer: tuple[str, str] | None = None


@dataclass(frozen=True)
class Route:
    """An IPv4 route; ``destination`` is "default" or a prefix such as "172.17.0.0/16"."""

    destination: str
    interface: str | None = None
    gateway: str | None = None
    source: str | None = None
    metric: int = 0

    def __str__(self) -> str:
        text = self.destination
        text += f" via {self.gateway}" if self.gateway else ""
        text += f" dev {self.interface}" if self.interface else ""
        text += f" src {self.source}" if self.source else ""
        return text + (f" metric {self.metric}" if self.metric else "")


@dataclass(frozen=True)
class Rule:
    """A netfilter rule or chain policy in ``iptables -S`` form, without ``-t``: "-A DOCKER -i br-1 -j DROP"."""

    table: str
    text: str

    def __str__(self) -> str:
        return f"-t {self.table} {self.text}"


@dataclass(frozen=True)
class Namespace:
    """A network namespace. ``name`` is "host" for the machine's own, else the container's name or the namespace's.

    ``names`` are the lines of /etc/hosts that the namespace's programs see (address, name); ``nameservers`` those of
    /etc/resolv.conf.
    """

    name: str
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    nameservers: tuple[str, ...] = ()
    forwarding: bool = False

    def interface(self, name: str) -> Interface | None:
        return next((interface for interface in self.interfaces if interface.name == name), None)


@dataclass(frozen=True)
class Port:
    """A port of a container; published where ``host_port`` is there."""

    container_port: int
    protocol: str = "tcp"
    host_address: str | None = None
    host_port: int | None = None


@dataclass(frozen=True)
class Endpoint:
    """A container on a network. ``interface`` is the one in its namespace; None while the container is stopped."""

    container: str
    network: str
    interface: str | None = None
    address: str | None = None
    mac: str | None = None
    gateway_priority: int = 0
    dns_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """A container. ``namespace`` names the one that its programs live in; None while it isn't running."""

    name: str
    id: str
    image: str
    state: str
    namespace: str | None = None
    ports: tuple[Port, ...] = ()


@dataclass(frozen=True)
class Network:
    """A Docker network; ``bridge`` is the device that it stands on, where its driver has one."""

    name: str
    id: str
    driver: str
    subnet: str | None = None
    gateway: str | None = None
    internal: bool = False
    bridge: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Machine:
    """A computer: its namespaces (the host's own first), and what its Docker Engine knows, if it has one."""

    name: str
    namespaces: tuple[Namespace, ...] = ()
    networks: tuple[Network, ...] = ()
    containers: tuple[Container, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    def namespace(self, name: str) -> Namespace | None:
        return next((namespace for namespace in self.namespaces if namespace.name == name), None)

    def network(self, name: str) -> Network | None:
        return next((network for network in self.networks if network.name == name), None)

    def container(self, name: str) -> Container | None:
        return next((container for container in self.containers if container.name == name), None)

    def endpoint(self, container: str, network: str) -> Endpoint | None:
        return next((e for e in self.endpoints if (e.container, e.network) == (container, network)), None)

    def endpoints_of(self, container: str) -> Iterator[Endpoint]:
        return (endpoint for endpoint in self.endpoints if endpoint.container == container)

    def members_of(self, network: str) -> Iterator[Endpoint]:
        return (endpoint for endpoint in self.endpoints if endpoint.network == network)

    def link_fault(self, endpoint: Endpoint) -> str:
        """Why nothing gets from an endpoint's interface to its bridge: down, no carrier, unplugged; else empty."""
        container, network = self.container(endpoint.container), self.network(endpoint.network)
        home = self.namespace(container.namespace or "") if container is not None else None
        interface = home.interface(endpoint.interface or "") if home is not None else None
        if interface is None or network is None:
            return ""
        host, peer = self.namespace("host"), interface.peer
        outside = host.interface(peer[1]) if host is not None and peer is not None else None
        faults = {"down": not interface.up, "no carrier": not interface.carrier,
                  "unplugged": outside is not None and outside.bridge != network.bridge}
        return next((fault for fault, is_so in faults.items() if is_so), "")


@dataclass(frozen=True)
class Topology:
    """All that was read, at one moment."""

    machines: tuple[Machine, ...] = field(default=())

    @property
    def machine(self) -> Machine:
        """The only machine, or the first."""
        return self.machines[0]

    def graph(self) -> networkx.Graph:
        """Interfaces, bridges, namespaces as nodes; membership, veth pairs and bridge ports as edges.

        Nodes are (machine, namespace) and (machine, namespace, interface); each has an attribute ``kind``.
        """
        import networkx

        graph = networkx.Graph()
        for machine in self.machines:
            for namespace in machine.namespaces:
                home = (machine.name, namespace.name)
                graph.add_node(home, kind="namespace")
                for interface in namespace.interfaces:
                    here = (*home, interface.name)
                    graph.add_node(here, kind=interface.kind)
                    graph.add_edge(home, here, kind="has")
                    if interface.bridge:
                        graph.add_edge(here, (*home, interface.bridge), kind="port")
                    if interface.peer:
                        graph.add_edge(here, (machine.name, *interface.peer), kind="veth")
        return graph


def names_in(hosts_file: str) -> tuple[tuple[str, str], ...]:
    """The (address, names) of an /etc/hosts, without the lines about localhost and IPv6."""
    lines = (line.partition("#")[0].split(None, 1) for line in hosts_file.splitlines())
    pairs = ((words[0], " ".join(words[1].split())) for words in lines if len(words) == 2)
    return tuple((ip, names) for ip, names in pairs if ":" not in ip and not ip.startswith("127."))


def nameservers_in(resolver_file: str) -> tuple[str, ...]:
    """The nameservers of an /etc/resolv.conf."""
    lines = (line.split() for line in resolver_file.splitlines())
    return tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")
