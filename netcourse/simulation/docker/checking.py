"""What dockerd refuses before a container is created (moby daemon/container.go, verifyContainerSettings).

Each check is given the configuration and the host configuration that were asked for, and raises EngineError.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from netcourse.simulation.docker.errors import bad_request, not_simulated
from netcourse.simulation.docker.health import check_health
from netcourse.simulation.docker.limits import check_limits, check_storage
from netcourse.simulation.docker.log_options import check_logging
from netcourse.simulation.docker.modes import (
    check_annotations,
    check_modes,
    check_security,
    check_sysctls,
    check_unsimulated,
)
from netcourse.simulation.docker.mounts import check_memory_mounts, check_mounts
from netcourse.simulation.docker.signals import signal_number

Settings = dict[str, Any]

CAPABILITIES = frozenset({
    "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
    "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE",
    "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE",
    "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM",
    "ALL"})
DEFAULT_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"})
LAST_PORT = 65535
SHARED = "the container type network mode"
CONFLICTS_WITH_SHARING = (
    ("Hostname", "hostname and the network mode"),
    ("Links", "container type network can't be used with links. This would result in undefined behavior"),
    ("Dns", "dns and the network mode"), ("ExtraHosts", "custom host-to-IP mapping and the network mode"),
    ("PortBindings", f"port publishing and {SHARED}"), ("PublishAllPorts", f"port publishing and {SHARED}"),
    ("ExposedPorts", f"port exposing and {SHARED}"))


def check_settings(config: Settings, host_config: Settings) -> None:
    """Raises EngineError for the first thing that dockerd wouldn't have."""
    for check in _CHECKS:
        check(config, host_config)


def check_rest(config: Settings, host_config: Settings) -> None:
    """What dockerd looks at only when the image and the networks are right. Raises EngineError."""
    for check in _LATER_CHECKS:
        check(config, host_config)


def capability(name: str) -> str:
    """Without its CAP_, in upper case."""
    return name.upper().removeprefix("CAP_")


def check_restart_policy(policy: Settings) -> None:
    """moby api/types/container, ValidateRestartPolicy."""
    name, count = policy.get("Name") or "no", int(policy.get("MaximumRetryCount") or 0)
    if name not in ("no", "always", "on-failure", "unless-stopped"):
        raise bad_request(f"invalid restart policy: unknown policy '{name}'; use one of 'no', 'always', 'on-failure', "
                          "or 'unless-stopped'")
    if name != "on-failure" and count:
        also = " and cannot be negative" if count < 0 else ""
        raise bad_request(f"invalid restart policy: maximum retry count can only be used with 'on-failure'{also}")
    if count < 0:
        raise bad_request("invalid restart policy: maximum retry count cannot be negative")


def _extra_hosts(_: Settings, host_config: Settings) -> None:
    for text in host_config.get("ExtraHosts") or []:
        name, colon, address = text.partition(":")
        if not (name and colon):
            raise bad_request(f'bad format for add-host: "{text}"')
        if address != "host-gateway" and not _is_address(address):
            raise bad_request(f'invalid IP address in add-host: "{address}"')


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _removal(_: Settings, host_config: Settings) -> None:
    policy = host_config.get("RestartPolicy") or {}
    if host_config.get("AutoRemove") and policy.get("Name") not in (None, "", "no"):
        raise bad_request("can't create 'AutoRemove' container with restart policy")


def _restart(_: Settings, host_config: Settings) -> None:
    check_restart_policy(host_config.get("RestartPolicy") or {})


def _directory(config: Settings, _: Settings) -> None:
    directory = str(config.get("WorkingDir") or "/")
    if not directory.startswith("/"):
        raise bad_request(f"the working directory '{directory}' is invalid, it needs to be an absolute path")


def _stop_signal(config: Settings, _: Settings) -> None:
    """A number is taken unseen, but not 0."""
    text = str(config.get("StopSignal") or "")
    if text == "0" or (text and not text.removeprefix("-").isdecimal()):
        signal_number(text)


def _environment(config: Settings, _: Settings) -> None:
    for text in config.get("Env") or []:
        if not text or text.startswith("="):
            raise bad_request(f"invalid environment variable: {text}")


def _capabilities(_: Settings, host_config: Settings) -> None:
    for option in ("CapAdd", "CapDrop"):
        for name in host_config.get(option) or []:
            if capability(name) not in CAPABILITIES:
                raise bad_request(f'invalid {option}: unknown capability: "CAP_{capability(name)}"')


def _sharing(config: Settings, host_config: Settings) -> None:
    """What the API's router looks at before the daemon does (moby runconfig/hostconfig_unix.go)."""
    mode = str(host_config.get("NetworkMode") or "")
    if mode.startswith("container:"):
        for option, what in CONFLICTS_WITH_SHARING:
            if config.get(option) or host_config.get(option):
                raise bad_request(f"conflicting options: {what}")
    if host_config.get("UTSMode") == "host" and config.get("Hostname"):
        raise bad_request("conflicting options: hostname and the UTS mode")
    if mode == "host" and host_config.get("Links"):
        raise bad_request("conflicting options: host type networking can't be used with links. This would result in "
                          "undefined behavior")
    if (isolation := str(host_config.get("Isolation") or "")) not in ("", "default"):
        raise bad_request(f"invalid isolation ({isolation}): linux only supports 'default'")


def _ports(_: Settings, host_config: Settings) -> None:
    """docker/go-connections/nat, ParsePort and ParsePortRange."""
    for port, places in (host_config.get("PortBindings") or {}).items():
        number = port.partition("/")[0]
        if number and not _is_port(number):
            raise bad_request(f'invalid port specification: "{number}"')
        for place in places or []:
            _check_host_port(place.get("HostPort") or "")
            if ":" in (place.get("HostIp") or ""):
                raise not_simulated("publishing a port on an IPv6 address")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= LAST_PORT


def _check_host_port(text: str) -> None:
    ends = text.split("-", 1) if text else []
    if not all(_is_port(end) for end in ends) or (len(ends) == 2 and int(ends[0]) > int(ends[1])):
        raise bad_request(f'invalid port specification: "{text}"')


_CHECKS: tuple[Callable[[Settings, Settings], None], ...] = (
    _sharing, _directory, _stop_signal, _environment, check_health, _removal, check_mounts, _extra_hosts, _ports,
    _restart, _capabilities, check_annotations, check_sysctls, check_limits, check_modes, check_memory_mounts,
    check_unsimulated)
_LATER_CHECKS = (check_logging, check_security, check_storage)
