"""The drivers that build nothing: host (the container shares the machine's namespace) and null (it has none but lo)."""

from __future__ import annotations

from netcourse.simulation.docker.drivers.driver import Endpoint, Network, PortRequest
from netcourse.simulation.docker.errors import forbidden
from netcourse.simulation.linux.namespace import Namespace


class _PlainDriver:
    """One network of this driver exists, and no other can."""

    needs_addresses = False
    name = ""

    def check(self, network: Network) -> None:
        if not network.is_predefined:
            raise forbidden(f'only one instance of "{self.name}" network is allowed')

    def needs_gateway(self, network: Network) -> bool:
        return False

    def interface_prefix(self, network: Network) -> str:
        return "eth"

    def create_network(self, network: Network) -> None:
        return

    def remove_network(self, network: Network) -> None:
        return

    def join(self, endpoint: Endpoint, namespace: Namespace, interface: str) -> None:
        return

    def leave(self, endpoint: Endpoint) -> None:
        return

    def publish(self, endpoint: Endpoint, requests: list[PortRequest]) -> None:
        """Published ports are discarded without a word (host: the docker command warns)."""

    def unpublish(self, endpoint: Endpoint) -> None:
        return


class HostDriver(_PlainDriver):
    name = "host"


class NullDriver(_PlainDriver):
    name = "null"
