"""The options of a bridge network (``docker network create -o``), read and refused as dockerd does.

Seen on Engine 28.5.2 (moby daemon/libnetwork/drivers/bridge/bridge_linux.go, fromLabels).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from netcourse.simulation.docker.drivers.driver import Network
from netcourse.simulation.docker.errors import EngineError, bad_request, failed
from netcourse.simulation.docker.truth import FALSE, TRUE

NETWORK, BRIDGE = "com.docker.network.", "com.docker.network.bridge."
NAME, ICC, MASQUERADE = f"{BRIDGE}name", f"{BRIDGE}enable_icc", f"{BRIDGE}enable_ip_masquerade"
HOST_IP, MODE, INHIBIT = f"{BRIDGE}host_binding_ipv4", f"{BRIDGE}gateway_mode_ipv4", f"{BRIDGE}inhibit_ipv4"
TRUSTED = f"{BRIDGE}trusted_host_interfaces"
MTU, SOURCE, INTERFACE_PREFIX = f"{NETWORK}driver.mtu", f"{NETWORK}host_ipv4", f"{NETWORK}container_iface_prefix"
ANNOUNCEMENTS, ANNOUNCE_EVERY = f"{NETWORK}advertise_addr_nmsgs", f"{NETWORK}advertise_addr_ms"
MODES = ("nat", "nat-unprotected", "routed", "isolated")
EVERY_ADDRESS = IPv4Address(0)
DEFAULT_MTU, SMALLEST_MTU, LARGEST_MTU = 1500, 68, 65535
LONGEST_NAME = 15


@dataclass(frozen=True)
class BridgeOptions:
    """``mode`` is how the outside reaches the containers (gateway_mode_ipv4); ``source`` the address that the host
    gives to what goes out, where it isn't the outgoing interface's; ``trusted`` interfaces may reach containers
    directly; how often, and after how many milliseconds again, the address of a new container is announced."""

    bridge: str
    mtu: int
    icc: bool
    masquerade: bool
    host_ip: IPv4Address
    mode: str
    has_address: bool
    source: IPv4Address | None
    trusted: tuple[str, ...]
    interface_prefix: str
    announcements: int
    announce_every: int


def read_options(network: Network) -> BridgeOptions:
    """Raises EngineError for a value that can't be read."""
    given = network.options
    mode = given.get(MODE, MODES[0])
    if mode not in MODES:
        raise _unreadable(MODE, mode, f"unknown gateway mode {mode}")
    return BridgeOptions(
        bridge=given.get(NAME) or f"br-{network.id[:12]}", mtu=_number(given, MTU) or DEFAULT_MTU,
        icc=_flag(given, ICC, default=True), masquerade=_flag(given, MASQUERADE, default=True),
        host_ip=_address(given, HOST_IP) or EVERY_ADDRESS, mode=mode,
        has_address=mode != "isolated" and not _flag(given, INHIBIT, default=False), source=_address(given, SOURCE),
        trusted=tuple(name for name in given.get(TRUSTED, "").split(":") if name),
        interface_prefix=given.get(INTERFACE_PREFIX) or "eth",
        announcements=_ranged(given, ANNOUNCEMENTS, "an integer", 3, range(4)),
        announce_every=_ranged(given, ANNOUNCE_EVERY, "integer milliseconds", 1000, range(100, 2001)))


def check_options(network: Network) -> BridgeOptions:
    """The same, refusing what the driver or the kernel refuses. Raises EngineError."""
    options = read_options(network)
    if options.mtu < 0:
        raise bad_request(f"invalid MTU number: {options.mtu}")
    if options.mode == "isolated" and not network.internal:
        raise failed("gateway mode 'isolated' can only be used for an internal network")
    if len(options.bridge.encode()) > LONGEST_NAME:
        raise failed("numerical result out of range")
    if not is_interface_name(options.bridge) or not SMALLEST_MTU <= options.mtu <= LARGEST_MTU:
        raise failed("invalid argument")
    return options


def is_interface_name(name: str) -> bool:
    """Linux's net/core/dev.c, dev_valid_name."""
    return name not in ("", ".", "..") and len(name.encode()) <= LONGEST_NAME and not re.search(r"[\s/:]", name)


def _unreadable(option: str, text: str, why: str) -> EngineError:
    return bad_request(f"failed to parse {option} value: {text} ({why})")


def _flag(given: dict[str, str], option: str, *, default: bool) -> bool:
    text = given.get(option)
    if text is None:
        return default
    if text not in TRUE | FALSE:
        raise _unreadable(option, text, f'strconv.ParseBool: parsing "{text}": invalid syntax')
    return text in TRUE


def _number(given: dict[str, str], option: str) -> int:
    text = given.get(option, "0")
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise _unreadable(option, text, f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)


def _ranged(given: dict[str, str], option: str, kind: str, default: int, allowed: range) -> int:
    text = given.get(option)
    if text is None:
        return default
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise failed(f'value for option {option} "{text}" must be {kind}')
    if int(text) not in allowed:
        raise failed(f"{option} must be in the range {allowed[0]} to {allowed[-1]}")
    return int(text)


def _address(given: dict[str, str], option: str) -> IPv4Address | None:
    text = given.get(option)
    if text is None:
        return None
    try:
        return IPv4Address(text)
    except ValueError:
        raise _unreadable(option, text, "nil ip") from None
