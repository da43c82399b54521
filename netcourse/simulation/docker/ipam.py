"""Which subnet a network gets, and which address a container: dockerd's default pools, the lowest free first.

Source: moby daemon/libnetwork/ipamutils (pools) and ipams/defaultipam (order), seen on Engine 28.5.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.docker.errors import EngineError, bad_request, failed, forbidden

OVERLAP = "invalid pool request: Pool overlaps with other one on this address space"
NO_POOL = "all predefined address pools have been fully subnetted"


def default_pools() -> Iterator[IPv4Network]:
    """172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/16 in pieces of /20."""
    yield from (IPv4Network(f"172.{number}.0.0/16") for number in range(17, 32))
    yield from IPv4Network("192.168.0.0/16").subnets(new_prefix=20)


def free_pool(taken: Iterable[IPv4Network]) -> IPv4Network:
    """The lowest default pool that overlaps nothing. Raises EngineError when all are used."""
    used = list(taken)
    for pool in default_pools():
        if not any(pool.overlaps(other) for other in used):
            return pool
    raise failed(NO_POOL)


class AddressPool:
    """The addresses of one network: its gateway, its reserved ones and those of its containers."""

    def __init__(self, subnet: IPv4Network, *, gateway: IPv4Address | None, addresses: IPv4Network | None,
                 reserved: Iterable[IPv4Address]) -> None:
        self.subnet = subnet
        self.range = addresses or subnet
        self._used = {int(ip) for ip in (subnet.network_address, subnet.broadcast_address, *reserved)}
        self._from = int(self.range.network_address)
        first = gateway or self._lowest()
        if first is None:
            raise failed("no available IPv4 addresses on this network's address pools")
        self.gateway = first
        self._used.add(int(first))

    def _lowest(self) -> IPv4Address | None:
        while self._from in self._used:
            self._from += 1
        return IPv4Address(self._from) if self._from <= int(self.range.broadcast_address) else None

    def take(self, wanted: IPv4Address | None = None) -> IPv4Address | None:
        """An address for a container; None when there is none left. Raises EngineError when the wanted one is taken."""
        if wanted is not None and int(wanted) in self._used:
            raise forbidden("Address already in use")
        address = wanted or self._lowest()
        if address is not None:
            self._used.add(int(address))
        return address

    def give_back(self, address: IPv4Address) -> None:
        self._used.discard(int(address))
        if address in self.range:
            self._from = min(self._from, int(address))

    def __contains__(self, address: IPv4Address) -> bool:
        return address in self.subnet


def parse_pool(config: dict[str, object]) -> tuple[list[str], AddressPool | None]:
    """The pool that a network's IPAM configuration asks for, with the complaints about it (moby network/ipam.go)."""
    problems: list[str] = []
    text = str(config.get("Subnet") or "")
    try:
        subnet = IPv4Network(text, strict=False)
    except ValueError:
        return [f"invalid subnet {text}: invalid CIDR block notation"], None
    if "/" not in text:
        return [f"invalid subnet {text}: invalid CIDR block notation"], None
    if text != str(subnet):
        problems.append(f"invalid subnet {text}: it should be {subnet}")
    addresses = _parse_range(str(config.get("IPRange") or ""), subnet, problems)
    gateway = _parse_member("gateway", str(config.get("Gateway") or ""), subnet, problems)
    auxiliary = config.get("AuxiliaryAddresses") or {}
    assert isinstance(auxiliary, dict)
    reserved = [_parse_member(f"auxiliary address {name}", str(ip), subnet, problems) for name, ip in auxiliary.items()]
    if problems:
        return problems, None
    return [], AddressPool(subnet, gateway=gateway, addresses=addresses,
                           reserved=[ip for ip in reserved if ip is not None])


def _parse_range(text: str, subnet: IPv4Network, problems: list[str]) -> IPv4Network | None:
    if not text:
        return None
    try:
        addresses = IPv4Network(text, strict=False)
    except ValueError:
        problems.append(f"invalid ip-range {text}: invalid CIDR block notation")
        return None
    if text != str(addresses):
        problems.append(f"invalid ip-range {text}: it should be {addresses}")
    if not addresses.subnet_of(subnet):
        problems.append(f"invalid ip-range {text}: parent subnet {subnet} doesn't contain ip-range")
    return addresses


def _parse_member(what: str, text: str, subnet: IPv4Network, problems: list[str]) -> IPv4Address | None:
    if not text:
        return None
    try:
        address = IPv4Address(text)
    except ValueError:
        problems.append(f"invalid {what} {text}: invalid address")
        return None
    if address not in subnet:
        problems.append(f"invalid {what} {text}: parent subnet {subnet} doesn't contain this address")
    return address


def invalid(problems: list[str]) -> EngineError:
    """One problem stands alone, several have a star each (Go's errors.Join as the API words it)."""
    lines = problems if len(problems) == 1 else [f"* {problem}" for problem in problems]
    return bad_request("invalid network config:\n" + "\n".join(lines))
