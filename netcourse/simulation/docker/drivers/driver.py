"""What a network driver does, and what it does it to: networks and endpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, Protocol

from netcourse.simulation.docker.ipam import AddressPool
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Veth
from netcourse.simulation.linux.namespace import Namespace


@dataclass(eq=False)
class Network:
    """A Docker network. ``ipam`` is its configuration as it was asked for; ``pool`` where its addresses
    come from; ``is_automatic`` tells that the engine chose the subnet; one that is ``config_only`` is but a pattern,
    which others follow (``config_from``). ``created`` is in nanoseconds since the epoch."""

    id: str
    name: str
    driver: str
    created: int
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    scope: str = "local"
    internal: bool = False
    attachable: bool = False
    ipam: dict[str, Any] = field(default_factory=dict)
    pool: AddressPool | None = None
    is_automatic: bool = False
    config_only: bool = False
    config_from: str = ""
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    @property
    def is_predefined(self) -> bool:
        return self.name in ("bridge", "host", "none")

    @property
    def is_user_defined(self) -> bool:
        return not self.is_predefined and self.name != "default"


@dataclass(frozen=True)
class PortRequest:
    """A port of the container, to be published on the first free one of the host's ports from ``first`` to ``last``.

    ``host_ip`` is None where none was named.
    """

    container_port: int
    protocol: str
    host_ip: IPv4Address | None
    first: int
    last: int


@dataclass(frozen=True)
class PortBinding:
    """A port of the container, published on a port of the host; ``on_every_address`` includes IPv6 ones.

    Where the network is routed nothing is published, for the container itself can be reached.
    """

    container_port: int
    protocol: str
    host_ip: str
    host_port: int
    on_every_address: bool = False
    is_routed: bool = False


@dataclass(eq=False)
class Endpoint:
    """A container's place on a network. ``settings`` are what was asked for; ``network_id`` is told once it has been
    there, its names once it was to be (``known_as``: what the container was called then); the rest is there while the
    container runs."""

    network: Network
    container_id: str
    container_name: str
    settings: dict[str, Any]
    network_id: str = ""
    known_as: str = ""
    was_renamed: bool = False
    id: str = ""
    mac: str = ""
    address: Address | None = None
    interface: str = ""
    host_device: Veth | None = None
    ports: list[PortBinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mac = self.wanted_mac

    @property
    def wanted_mac(self) -> str:
        return str(self.settings.get("MacAddress") or "")

    @property
    def ip(self) -> IPv4Address | None:
        return self.address.ip if self.address is not None else None

    @property
    def gateway(self) -> IPv4Address | None:
        """The way out; an internal network has none."""
        pool = self.network.pool
        return pool.gateway if pool is not None and not self.network.internal else None

    @property
    def has_names(self) -> bool:
        """Whether others on its network find it by name: not on the default bridge, unless it is renamed there."""
        return self.was_renamed or (bool(self.known_as) and self.network.is_user_defined)

    @property
    def precedence(self) -> tuple[int, bool, bool, bool, bytes]:
        """Which of a container's endpoints comes first (moby daemon/libnetwork/sandbox.go, Endpoint.Less).

        Highest gw-priority, then docker_gwbridge, then not internal, then a gateway at all, then the network's name.
        """
        network = self.network
        return (-self.gateway_priority, network.name != "docker_gwbridge", network.internal, self.gateway is None,
                network.name.encode())

    @property
    def gateway_priority(self) -> int:
        return int(self.settings.get("GwPriority") or 0)


class Driver(Protocol):
    """A driver builds with devices, addresses and rules; IPAM has chosen the addresses before it is called."""

    needs_addresses: bool

    def check(self, network: Network) -> None:
        """Raises EngineError for options that the driver refuses."""

    def needs_gateway(self, network: Network) -> bool:
        """Whether IPAM is to keep an address for a gateway that nobody asked for."""

    def interface_prefix(self, network: Network) -> str:
        """What the names of interfaces in containers begin with."""

    def create_network(self, network: Network) -> None: ...

    def remove_network(self, network: Network) -> None: ...

    def join(self, endpoint: Endpoint, namespace: Namespace, interface: str) -> None:
        """Put an interface of this name into the container's namespace."""

    def leave(self, endpoint: Endpoint) -> None: ...

    def publish(self, endpoint: Endpoint, requests: list[PortRequest]) -> None:
        """Make ports of the endpoint reachable from outside. Raises EngineError when one is taken."""

    def unpublish(self, endpoint: Endpoint) -> None: ...
