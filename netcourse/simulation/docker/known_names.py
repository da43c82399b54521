"""What a container knows of names: its files in /etc, and the embedded DNS server on user-defined networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcourse.simulation.docker.dns import EmbeddedDNS, Knowledge
from netcourse.simulation.docker.etc_files import ResolverKind, ResolverSettings, write_hosts, write_resolver
from netcourse.simulation.docker.naming import addresses_of, name_of
from netcourse.simulation.linux.resolver import addresses_in

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container


def write_own_hosts(container: Container) -> None:
    """/etc/hosts of a container with a namespace of its own: extra hosts, links, its own name on each network."""
    if container.network_mode == "host" or container.mate() is not None:
        return
    full = ".".join(part for part in (container.hostname, container.config.get("Domainname")) if part)
    own = full if "." not in full else f"{full} {full.partition('.')[0]}"
    entries = [*_extra_hosts(container), *container.engine.links.entries(container)]
    entries += [(str(endpoint.ip), own) for endpoint in container.attached()]
    write_hosts(container.files, entries)


def tell_linked(container: Container) -> None:
    """Who has a link to it finds it at the address that it has now."""
    for owner in container.engine.links.owners(container):
        if owner.is_running:
            write_own_hosts(owner)


def _extra_hosts(container: Container) -> list[tuple[str, str]]:
    extra = [text.split(":", 1) for text in container.host_config.get("ExtraHosts") or []]
    return [(_host_gateway(container) if ip == "host-gateway" else ip, name) for name, ip in extra]


def _host_gateway(container: Container) -> str:
    pool = container.engine.networks.get("bridge").pool
    assert pool is not None
    return str(pool.gateway)


def share_names(container: Container) -> None:
    """The files of the one whose namespace it is; on the machine's own, what the container was given counts too."""
    mate = container.mate()
    source = mate.files if mate is not None else container.engine.machine_files
    for path in ("/etc/hosts", "/etc/resolv.conf"):
        container.files.mount(path, source.read(path))
    if mate is not None:
        container.files.mount("/etc/hostname", source.read("/etc/hostname"))
        return
    if container.host_config.get("ExtraHosts"):
        write_hosts(container.files, _extra_hosts(container))
    write_resolver(container.files, _settings(container), ResolverKind.MACHINE)


def _settings(container: Container) -> ResolverSettings:
    return ResolverSettings.of(container.host_config, container.engine.host_nameservers)


def write_own_resolver(container: Container) -> None:
    user_defined = any(endpoint.network.is_user_defined for endpoint in container.endpoints.values())
    kind = (ResolverKind.INTERNAL if user_defined else
            ResolverKind.LEGACY if container.endpoints else ResolverKind.MACHINE)
    write_resolver(container.files, _settings(container), kind)


def ensure_dns(container: Container) -> None:
    """A container that comes to its first user-defined network while running gets the resolver then."""
    user_defined = any(endpoint.network.is_user_defined for endpoint in container.attached())
    if user_defined and container.dns is None and container.namespace is not None:
        write_own_resolver(container)
        container.dns = EmbeddedDNS(container.namespace, _knowledge(container))


def _knowledge(container: Container) -> Knowledge:
    settings = _settings(container)
    return Knowledge(
        addresses_of=lambda name: addresses_of(container, name), name_of=lambda ip: name_of(container, ip),
        has_way_out=lambda: any(endpoint.gateway is not None for endpoint in container.attached()),
        own_servers=addresses_in(settings.servers), machine_servers=addresses_in(settings.machine_servers),
        ndots_set=settings.ndots_set)
