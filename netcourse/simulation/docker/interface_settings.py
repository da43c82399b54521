"""What an endpoint asks of its interface beside an address: link-local ones, and settings of the kernel for it alone.

Seen on Engine 28.5.2 (moby api/types/network, daemon/libnetwork/osl).
"""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network
from typing import Any

from netcourse.simulation.docker.drivers import Endpoint
from netcourse.simulation.docker.errors import EngineError, failed, not_simulated
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.kernel_files import mount_kernel_files
from netcourse.simulation.linux.namespace import Namespace

LINK_LOCAL = (ip_network("169.254.0.0/16"), ip_network("fe80::/64"))
SYSCTLS = "com.docker.network.endpoint.sysctls"
FAMILIES = ("ipv4", "ipv6", "mpls")
PLACEHOLDERS = ("IFNAME", "ifname")
"""The docker command writes it in small letters."""


def wrong_addresses(settings: dict[str, Any]) -> list[str]:
    """What is said of link-local addresses that aren't any addresses."""
    return [f"invalid link-local IP address: {text}" for text in _link_locals(settings) if not _is_address(text)]


def wrong_sysctls(settings: dict[str, Any]) -> list[str]:
    return [f"unrecognised network interface sysctl '{text}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', "
            "'X' must be 'ipv4', 'ipv6' or 'mpls'" for text in _sysctls(settings) if not _is_of_interface(text)]


def check(endpoint: Endpoint) -> None:
    """Before it is made. Raises EngineError."""
    for text in _link_locals(endpoint.settings):
        _link_local(text)


def apply(endpoint: Endpoint, namespace: Namespace) -> None:
    """To an interface that is in its namespace. Raises EngineError."""
    if endpoint.address is None:
        return
    interfaces = [_link_local(text) for text in _link_locals(endpoint.settings)]
    # on a network without IPv6 its interfaces have it switched off
    reason = ("permission denied" if any(interface.version == 6 for interface in interfaces) else
              "file exists" if len({*interfaces}) < len(interfaces) else "")
    if reason:
        shown = " ".join(map(str, interfaces))
        raise _cannot_add(endpoint, f'error setting interface "{_outside(endpoint)}" link local IPs to [{shown}]: '
                                    f"{reason}")
    for interface in interfaces:
        namespace.add_address(namespace.devices[endpoint.interface], Address.parse(str(interface), broadcast=True))
    for text in _sysctls(endpoint.settings):
        _set(endpoint, namespace, text)


def _set(endpoint: Endpoint, namespace: Namespace, text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        raise _cannot_add(endpoint, f"expected sysctl '{text}' to have format name=value")
    family, table, _, setting = name.split(".", 4)[1:]
    path = f"/proc/sys/net/{family}/{table}/{endpoint.interface}/{setting}"
    files = FileSystem(Image({}, {}), namespace.machine.clock)
    mount_kernel_files(files, namespace, dict, hostname="", writable=True)
    if not files.exists(path):
        raise not_simulated(f"the kernel's setting {name}")
    try:
        files.write(path, value.encode())
    except OSError as error:
        raise _cannot_add(endpoint, f"unable to write to '{path}': write {path}: "
                                    f"{str(error.strerror).lower()}") from None


def _link_locals(settings: dict[str, Any]) -> list[str]:
    return (settings.get("IPAMConfig") or {}).get("LinkLocalIPs") or []


def _is_address(text: str) -> bool:
    try:
        return not ip_address(text).is_unspecified
    except ValueError:
        return False


def _link_local(text: str) -> IPv4Interface | IPv6Interface:
    """Raises EngineError."""
    network = next((network for network in LINK_LOCAL if ip_address(text) in network), None)
    if network is None:
        raise failed(f"invalid link local IP address: {text}")
    return ip_interface(f"{text}/{network.prefixlen}")


def _sysctls(settings: dict[str, Any]) -> list[str]:
    options = settings.get("DriverOpts") or {}
    return str(options[SYSCTLS]).split(",") if SYSCTLS in options else []


def _is_of_interface(text: str) -> bool:
    parts = text.split(".", 4)
    return len(parts) == 5 and parts[0] == "net" and parts[1] in FAMILIES and parts[3] in PLACEHOLDERS


def _cannot_add(endpoint: Endpoint, why: str) -> EngineError:
    return failed(f"failed to add interface {_outside(endpoint)} to sandbox: {why}")


def _outside(endpoint: Endpoint) -> str:
    """dockerd speaks of the name that the interface had before it came into the container."""
    return endpoint.host_device.name if endpoint.host_device is not None else endpoint.interface
