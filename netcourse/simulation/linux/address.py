"""An IPv4 address on a device, with its prefix length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network


@dataclass(frozen=True, slots=True)
class Address:
    """``scope`` is global, link or host (ip-address(8)); ``broadcast`` is there only where it was asked for.

    A secondary address is in the network of an earlier one, and goes with it.
    """

    ip: IPv4Address
    prefix_length: int
    broadcast: IPv4Address | None = None
    scope: str = "global"
    label: str = ""
    is_secondary: bool = False

    @classmethod
    def parse(cls, text: str, *, broadcast: bool = False, scope: str = "global") -> Address:
        """``text`` is "10.0.0.1/24"; without a prefix length it is a /32. Raises ValueError."""
        interface = IPv4Interface(text)
        length = interface.network.prefixlen
        wanted = interface.network.broadcast_address if broadcast and length < 31 else None
        return cls(interface.ip, length, wanted, scope)

    @classmethod
    def of_host(cls, ip: IPv4Address, network: IPv4Network) -> Address:
        """A host's in its network, with the broadcast address where there is one."""
        return cls(ip, network.prefixlen, network.broadcast_address if network.prefixlen < 31 else None)

    @property
    def network(self) -> IPv4Network:
        return _network(self.ip, self.prefix_length)

    def __str__(self) -> str:
        return f"{self.ip}/{self.prefix_length}"


@lru_cache(maxsize=1000)
def _network(ip: IPv4Address, prefix_length: int) -> IPv4Network:
    return IPv4Network((ip, prefix_length), strict=False)
