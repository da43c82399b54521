"""What a new network is asked to be: checked as dockerd does, and in its order.

Seen on Engine 28.5.2 (moby daemon/network.go, createNetwork; daemon/libnetwork, Controller.NewNetwork).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netcourse.simulation.docker import ipam
from netcourse.simulation.docker.drivers import Driver, Network
from netcourse.simulation.docker.errors import bad_request, conflict, forbidden, not_found, not_simulated

Request = dict[str, Any]

PREDEFINED = ("bridge", "host", "none", "default")
NO_SWARM = ('This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to '
            "swarm and try again.")
LATER_DRIVERS = ("macvlan", "ipvlan")


def check_name(request: Request, known: Iterable[Network]) -> None:
    """Raises EngineError."""
    name = str(request.get("Name") or "")
    if not name.strip():
        raise bad_request("invalid name: name is empty")
    if name in PREDEFINED:
        raise forbidden(f"operation is not permitted on predefined {name} network ")
    pools_of(request.get("IPAM") or {})
    if any(network.name == name for network in known):
        raise conflict(f"network with name {name} already exists")


def check_configuration(request: Request) -> None:
    """What a configuration network may be, and one that follows another. Raises EngineError."""
    config_only, config_from = bool(request.get("ConfigOnly")), followed_by(request)
    if config_only and any(request.get(field) for field in ("Ingress", "Internal", "Attachable", "Scope")):
        raise forbidden("configuration network can only contain network specific fields. Network operator fields like "
                        "[ ingress | internal | attachable | scope ] are not supported.")
    if config_from and config_only:
        raise forbidden("a configuration network cannot depend on another configuration network")
    if config_from and _has_its_own(request):
        raise forbidden("user specified configurations are not supported if the network depends on a configuration "
                        "network")
    if config_from and request.get("Options"):
        raise forbidden("network driver options are not supported if the network depends on a configuration network")
    if request.get("EnableIPv6"):
        raise not_simulated("an IPv6 network")


def followed_by(request: Request) -> str:
    """The configuration network that a request names."""
    return str((request.get("ConfigFrom") or {}).get("Network") or "")


def _has_its_own(request: Request) -> bool:
    wanted = request.get("IPAM") or {}
    return bool(wanted.get("Config") or wanted.get("Options") or wanted.get("Driver") not in (None, "", "default")
                or request.get("Labels") or request.get("EnableIPv6") or request.get("EnableIPv4") is False)


def check_driver(request: Request, driver: str, drivers: dict[str, Driver]) -> None:
    """Raises EngineError for one that isn't there, or can't be what is asked for."""
    if driver == "overlay":
        raise forbidden(NO_SWARM)
    if driver in LATER_DRIVERS:
        raise not_simulated(f"the {driver} driver")
    if driver not in drivers:
        raise not_found(f'plugin "{driver}" not found')
    if request.get("Ingress"):
        raise forbidden("Ingress network can only be global scope network")


def check_scope(request: Request) -> None:
    """Raises EngineError."""
    if request.get("Scope") == "swarm":
        raise forbidden("cannot create a swarm scoped network when swarm is not active")
    if request.get("EnableIPv4") is False:
        raise bad_request("IPv4 or IPv6 must be enabled")


def pools_of(wanted: dict[str, Any]) -> list[ipam.PoolRequest]:
    """Those that have a subnet. Raises EngineError for one that is written wrongly."""
    parsed = [ipam.parse_pool(config or {}) for config in wanted.get("Config") or []]
    problems = [problem for found, _ in parsed for problem in found]
    if problems:
        raise ipam.invalid(problems)
    return [pool for _, pool in parsed if pool is not None]
