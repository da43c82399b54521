"""Whom a name means on a container's networks: what its embedded DNS server asks.

Seen on Engine 28.5.2 (moby daemon/libnetwork, Sandbox.ResolveName and Network.ResolveName). The asker's networks are
gone through in the order of their claim to the default route, and the first one that knows the name answers alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.simulation.docker.drivers import Endpoint, Network
from netcourse.simulation.docker.links import link_parts

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container


def addresses_of(asker: Container, name: str) -> list[IPv4Address] | None:
    """None when nobody has the name."""
    for own_part, network_name in _readings(name):
        places = [place for place in _places(asker) if network_name in ("", place.network.name)]
        found = _linked(asker, places, own_part) or _named(asker, places, own_part)
        if found:
            return found
    return None


def name_of(asker: Container, ip: IPv4Address) -> str | None:
    """``nc-db.nc-a`` for the address that nc-db has on nc-a."""
    for place in _places(asker):
        for member, endpoint in _members(asker, place.network):
            if endpoint.ip == ip:
                return f"{member.name}.{place.network.name}"
    return None


def _readings(name: str) -> Iterator[tuple[str, str]]:
    """``a.b.c`` is a name; or ``a.b`` on the network ``c``; or ``a`` on the network ``b.c``."""
    yield name, ""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:end]), ".".join(parts[end:])


def _places(asker: Container) -> list[Endpoint]:
    return sorted(asker.attached(), key=lambda endpoint: endpoint.precedence)


def _linked(asker: Container, places: list[Endpoint], alias: str) -> list[IPv4Address]:
    """By a link of the asker's own, which stands for its target's name and minds its case."""
    for place in places:
        target = _links(place).get(alias)
        if target is not None and (found := _known(asker, place.network, target)):
            return found
    return []


def _named(asker: Container, places: list[Endpoint], name: str) -> list[IPv4Address]:
    for place in places:
        if name not in _links(place) and (found := _known(asker, place.network, name)):
            return found
    return []


def _links(place: Endpoint) -> dict[str, str]:
    return {alias: target for target, alias in map(link_parts, place.settings.get("Links") or [])}


def _known(asker: Container, network: Network, name: str) -> list[IPv4Address]:
    wanted = name.lower()
    return [endpoint.address.ip for member, endpoint in _members(asker, network) if endpoint.address is not None
            and wanted in (known.lower() for known in member.dns_names(endpoint))]


def _members(asker: Container, network: Network) -> Iterator[tuple[Container, Endpoint]]:
    for container in asker.engine.containers:
        endpoint = container.endpoints.get(network.name)
        if endpoint is not None and endpoint.network is network and endpoint.ip is not None and endpoint.has_names:
            yield container, endpoint
