"""Which subnet a network gets, and which address a container: dockerd's default pools, the lowest free first.

Source: moby daemon/libnetwork/ipamutils (pools) and ipams/defaultipam (order), seen on Engine 28.5.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.docker.errors import EngineError, bad_request, failed, forbidden, not_simulated

OVERLAP = "invalid pool request: Pool overlaps with other one on this address space"
IN_USE = "Address already in use"
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


@dataclass(frozen=True)
class PoolRequest:
    """What a network asks for: its subnet, and in it the addresses for containers, the gateway, and reserved ones."""

    subnet: IPv4Network
    addresses: IPv4Network | None = None
    gateway: IPv4Address | None = None
    auxiliary: tuple[tuple[str, IPv4Address], ...] = ()


class AddressPool:
    """The addresses of one network: its gateway, its reserved ones and those of its containers."""

    def __init__(self, request: PoolRequest, *, needs_gateway: bool) -> None:
        """Raises EngineError when the addresses that are asked for can't be had."""
        self.subnet = request.subnet
        self.range = request.addresses or request.subnet
        self._used = {int(ip) for ip in _reserved(request.subnet)}
        self._from = int(self.range.network_address)
        self.gateway = self._take_gateway(request.gateway) if needs_gateway or request.gateway else None
        for name, ip in request.auxiliary:
            self._reserve(ip, f"failed to allocate secondary ip address ({name}:{ip})")

    def _take_gateway(self, wanted: IPv4Address | None) -> IPv4Address:
        gateway = wanted or self._lowest()
        if gateway is None:
            raise failed("failed to allocate gateway (): no available addresses on this pool")
        self._reserve(gateway, f"failed to allocate gateway ({gateway})")
        return gateway

    def _reserve(self, ip: IPv4Address, failure: str) -> None:
        if int(ip) in self._used:
            raise failed(f"{failure}: {IN_USE}")
        self._used.add(int(ip))

    def _lowest(self) -> IPv4Address | None:
        while self._from in self._used:
            self._from += 1
        return IPv4Address(self._from) if self._from <= int(self.range.broadcast_address) else None

    def take(self, wanted: IPv4Address | None = None) -> IPv4Address | None:
        """An address for a container; None when there is none left. Raises EngineError when the wanted one is taken."""
        if wanted is not None and int(wanted) in self._used:
            raise forbidden(IN_USE)
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


def _reserved(subnet: IPv4Network) -> tuple[IPv4Address, ...]:
    """The network's and the broadcast address; two addresses or one have neither (RFC 3021)."""
    return (subnet.network_address, subnet.broadcast_address) if subnet.prefixlen < 31 else ()


def parse_pool(config: dict[str, object]) -> tuple[list[str], PoolRequest | None]:
    """The pool that a network's IPAM configuration asks for, with the complaints about it (moby network/ipam.go)."""
    problems: list[str] = []
    text = str(config.get("Subnet") or "")
    if ":" in text:
        raise not_simulated("an IPv6 subnet")
    try:
        subnet = IPv4Network(text, strict=False)
    except ValueError:
        return [f"invalid subnet {text}: invalid CIDR block notation"], None
    if not re.fullmatch(r"[^/]+/(0|[1-9][0-9]*)", text):
        return [f"invalid subnet {text}: invalid CIDR block notation"], None
    if text != str(subnet):
        problems.append(f"invalid subnet {text}: it should be {subnet}")
    addresses = _parse_range(str(config.get("IPRange") or ""), subnet, problems)
    gateway = _parse_member("gateway", str(config.get("Gateway") or ""), subnet, problems)
    auxiliary = config.get("AuxiliaryAddresses") or {}
    assert isinstance(auxiliary, dict)
    reserved = [(name, _parse_member(f"auxiliary address {name}", str(ip), subnet, problems))
                for name, ip in auxiliary.items()]
    if problems:
        return problems, None
    return [], PoolRequest(subnet, addresses, gateway, tuple((name, ip) for name, ip in reserved if ip is not None))


def _parse_range(text: str, subnet: IPv4Network, problems: list[str]) -> IPv4Network | None:
    if not text:
        return None
    try:
        addresses = IPv4Network(text, strict=False)
    except ValueError:
        problems.append(f"invalid ip-range {text}: invalid CIDR block notation")
        return None
    if addresses.prefixlen < subnet.prefixlen:
        problems.append(f"invalid ip-range {text}: CIDR block is bigger than its parent subnet {subnet}")
    if text != str(addresses):
        problems.append(f"invalid ip-range {text}: it should be {addresses}")
    if not addresses.overlaps(subnet):
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
