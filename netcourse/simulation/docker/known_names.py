"""What a container knows of names: its files in /etc, and the embedded DNS server on user-defined networks."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.simulation.docker.dns import EmbeddedDNS, Knowledge
from netcourse.simulation.docker.etc_files import (
    HOSTNAME,
    HOSTS,
    RESOLVER_FILE,
    ResolverKind,
    ResolverSettings,
    add_host,
    readdress_host,
    remove_host,
    write_hosts,
    write_resolver,
)
from netcourse.simulation.docker.naming import addresses_of, name_of

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.drivers import Endpoint


def write_own_names(container: Container) -> None:
    """/etc/hostname and /etc/hosts (extra hosts, links, its name on each network) of a container that starts with a
    namespace of its own. Whatever somebody wrote into them before is lost."""
    container.files.mount(HOSTNAME, f"{container.hostname}\n".encode())
    entries = [*_extra_hosts(container), *container.engine.links.entries(container)]
    entries += [(str(endpoint.ip), _own_names(container)) for endpoint in container.attached()]
    write_hosts(container.files, entries)


def _own_names(container: Container) -> str:
    full = ".".join(part for part in (container.hostname, container.config.get("Domainname")) if part)
    return full if "." not in full else f"{full} {full.partition('.')[0]}"


def add_own_address(container: Container, endpoint: Endpoint) -> None:
    """It has come to another network while running."""
    if endpoint.ip is not None:
        add_host(container.files, str(endpoint.ip), _own_names(container))


def remove_own_address(container: Container, address: IPv4Address | None) -> None:
    """It leaves a network. When it ends too: another container may have the same files."""
    if address is not None:
        remove_host(container.files, str(address), _own_names(container))


def tell_linked(container: Container) -> None:
    """Who has a link to it finds it at the address that it has now."""
    endpoint = container.endpoints.get("bridge")
    for owner, alias in container.engine.links.leading_to(container):
        if owner.is_running and endpoint is not None and endpoint.ip is not None:
            readdress_host(owner.files, str(endpoint.ip), alias)


def _extra_hosts(container: Container) -> list[tuple[str, str]]:
    extra = [text.split(":", 1) for text in container.host_config.get("ExtraHosts") or []]
    return [(_host_gateway(container) if ip == "host-gateway" else ip, name) for name, ip in extra]


def _host_gateway(container: Container) -> str:
    pool = container.engine.networks.get("bridge").pool
    assert pool is not None
    return str(pool.gateway)


def share_names(container: Container) -> None:
    """The very files of the one whose namespace it is; on the machine's own, what the container was given counts."""
    mate = container.mate()
    if mate is not None:
        for path in (HOSTNAME, HOSTS, RESOLVER_FILE):
            container.files.bind_file(path, mate.files)
        return
    container.files.mount(HOSTNAME, f"{container.hostname}\n".encode())
    if container.host_config.get("ExtraHosts"):
        write_hosts(container.files, _extra_hosts(container))
    else:
        container.files.mount(HOSTS, container.engine.machine_files.read(HOSTS))
    write_resolver(container.files, _settings(container), ResolverKind.MACHINE)


def _settings(container: Container) -> ResolverSettings:
    return ResolverSettings.of(container.host_config, container.engine.host_nameservers)


def write_own_resolver(container: Container) -> None:
    user_defined = any(endpoint.network.is_user_defined for endpoint in container.endpoints.values())
    kind = (ResolverKind.INTERNAL if user_defined else
            ResolverKind.LEGACY if container.endpoints else ResolverKind.MACHINE)
    container.resolver_file = write_resolver(container.files, _settings(container), kind)


def ensure_dns(container: Container) -> None:
    """A container that comes to its first user-defined network while running gets the resolver then, but keeps its
    /etc/resolv.conf when somebody has edited it."""
    if begin_dns(container) and container.files.read(RESOLVER_FILE) == container.resolver_file:
        write_own_resolver(container)


def begin_dns(container: Container) -> bool:
    """Whether it is on its first user-defined network, and so has got a DNS server."""
    user_defined = any(endpoint.network.is_user_defined for endpoint in container.attached())
    if not user_defined or container.dns is not None or container.namespace is None:
        return False
    container.dns = EmbeddedDNS(container.namespace, _knowledge(container))
    return True


def _knowledge(container: Container) -> Knowledge:
    settings = _settings(container)
    return Knowledge(
        addresses_of=lambda name: addresses_of(container, name), name_of=lambda ip: name_of(container, ip),
        has_way_out=lambda: any(endpoint.gateway is not None for endpoint in container.attached()),
        own_servers=settings.servers, machine_servers=settings.machine_servers,
        ndots_set=settings.ndots_set)
