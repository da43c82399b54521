"""How a network is shown: ``docker network inspect`` and a line of the list, with dockerd's fields in its order."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.drivers import Network
from netcourse.simulation.docker.timestamps import timestamp_text


def inspect_network(network: Network) -> dict[str, Any]:
    members = sorted(network.endpoints.values(), key=lambda endpoint: endpoint.container_id)
    return {
        **summarise_network(network),
        "Containers": {e.container_id: {"Name": e.container_name, "EndpointID": e.id, "MacAddress": e.mac,
                                        "IPv4Address": str(e.address or ""), "IPv6Address": ""} for e in members},
        "Options": network.options, "Labels": network.labels,
    }


def summarise_network(network: Network) -> dict[str, Any]:
    """As in the list, where nobody's members are told."""
    return {
        "Name": network.name, "Id": network.id, "Created": timestamp_text(network.created),
        "Scope": network.scope, "Driver": network.driver, "EnableIPv4": True, "EnableIPv6": False, "IPAM": network.ipam,
        "Internal": network.internal, "Attachable": network.attachable, "Ingress": False,
        "ConfigFrom": {"Network": network.config_from}, "ConfigOnly": network.config_only, "Containers": {},
        "Options": network.options, "Labels": network.labels,
    }
