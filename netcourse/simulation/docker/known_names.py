"""The names that a container knows: its /etc/hosts, its /etc/resolv.conf and its embedded DNS server."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.simulation.docker import sandbox

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container


def write_names(container: Container) -> None:
    """/etc/hosts: extra hosts, links, the container's own addresses."""
    if container.network_mode == "host" or container.mate() is not None:
        return
    extra = [tuple(text.split(":", 1)) for text in container.host_config.get("ExtraHosts") or []]
    entries = [(str(_host_gateway(container)) if ip == "host-gateway" else ip, name) for name, ip in extra]
    entries += container.engine.links.entries(container)
    hostname = container.hostname
    own = hostname if "." not in hostname else f"{hostname} {hostname.partition('.')[0]}"
    entries += [(str(endpoint.ip), own) for endpoint in container.attached()]
    sandbox.write_hosts(container.files, entries)


def _host_gateway(container: Container) -> IPv4Address:
    pool = container.engine.networks.get("bridge").pool
    assert pool is not None and pool.gateway is not None
    return pool.gateway


def write_resolver(container: Container) -> None:
    """/etc/resolv.conf."""
    mine = container.host_config
    user_defined = any(endpoint.network.is_user_defined for endpoint in container.endpoints.values())
    sandbox.write_resolver(
        container.files, host_servers=container.engine.host_nameservers, servers=mine.get("Dns") or [],
        search=mine.get("DnsSearch") or [], options=mine.get("DnsOptions") or [], internal=user_defined)


def ensure_dns(container: Container) -> None:
    """A container that comes to its first user-defined network while running gets the resolver then."""
    user_defined = any(endpoint.network.is_user_defined for endpoint in container.attached())
    if user_defined and container.dns is None and container.namespace is not None:
        write_resolver(container)
        _start_dns(container)


def _start_dns(container: Container) -> None:
    assert container.namespace is not None
    known = container.engine.containers
    container.dns = sandbox.EmbeddedDNS(container.namespace, lambda name: known.resolve(container, name),
                                        lambda ip: known.reverse(container, ip))
