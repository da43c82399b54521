"""How much of the machine a container shares (process numbers, host name, IPC ...), what else surrounds its processes,
and what isn't simulated of it. Seen on Engine 28.5.2 (moby api/types/container/hostconfig.go, daemon/container.go)."""

from __future__ import annotations

import re
from typing import Any

from netcourse.simulation.docker.errors import bad_request, failed, not_simulated
from netcourse.simulation.docker.truth import FALSE, TRUE

Settings = dict[str, Any]
MODES = {
    # option: the modes that there are, how a message calls it, and whether it may be another container's
    "IpcMode": ({"", "none", "private", "shareable", "host"}, "IPC mode", True),
    "PidMode": ({"", "host"}, "PID mode", True),
    "UTSMode": ({"", "host"}, "UTS mode", False),
    "CgroupnsMode": ({"", "host", "private"}, "cgroup namespace mode", False),
}
NOBODYS = {"IpcMode": (), "PidMode": ("container:",), "UTSMode": (), "CgroupnsMode": ()}
"""An IPC mode without the other's name is found wrong later."""
RUNTIMES = ("", "runc", "io.containerd.runc.v2")
UNSIMULATED = {
    "DeviceCgroupRules": "a rule for devices",
    "Cgroup": "another container's cgroup",
}
SECURITY_OPTIONS = ("label", "apparmor", "seccomp", "no-new-privileges", "writable-cgroups")
SECURITY_FLAGS = ("no-new-privileges", "writable-cgroups")
INTERFACE_SYSCTL = re.compile(r"net\.ipv[46]\.(?:conf|neigh)\.eth[0-9]+\..*")


def check_modes(_: Settings, host_config: Settings) -> None:
    """Raises EngineError."""
    if host_config.get("NetworkMode") == "container:":
        raise bad_request("invalid network mode: invalid container format container:<name|id>")
    for option, (modes, name, may_be_anothers) in MODES.items():
        mode = str(host_config.get(option) or "")
        is_anothers = may_be_anothers and mode.startswith("container:") and mode not in NOBODYS[option]
        if mode not in modes and not is_anothers:
            raise bad_request(f"invalid {name}: {mode}")
    if (runtime := str(host_config.get("Runtime") or "")) not in RUNTIMES:
        raise bad_request(f"unknown or invalid runtime name: {runtime}")


def check_security(_: Settings, host_config: Settings) -> None:
    """Options that nothing here depends on are taken; profiles of one's own aren't simulated. Raises EngineError."""
    for text in host_config.get("SecurityOpt") or []:
        name, separator, value = re.match(r"([^=:]*)([=:]?)(.*)", str(text), re.DOTALL).groups()  # type: ignore[union-attr]
        if not separator and text not in SECURITY_FLAGS:
            raise failed(f'invalid --security-opt 1: "{text}"')
        if name not in SECURITY_OPTIONS:
            raise failed(f'invalid --security-opt 2: "{text}"')
        if name in SECURITY_FLAGS and separator and value not in TRUE | FALSE:
            raise failed(f'invalid --security-opt 2: "{text}"')
        if name == "seccomp" and value not in ("unconfined", "builtin"):
            raise not_simulated("a seccomp profile of one's own")


def check_unsimulated(config: Settings, host_config: Settings) -> None:
    """Raises EngineError."""
    for option, what in UNSIMULATED.items():
        if host_config.get(option):
            raise not_simulated(what)
    if host_config.get("MaskedPaths") is not None or host_config.get("ReadonlyPaths") is not None:
        raise not_simulated("a choice of masked paths")
    if config.get("NetworkDisabled"):
        raise not_simulated("a container without a network of its own kind (NetworkDisabled)")


def check_annotations(_: Settings, host_config: Settings) -> None:
    """They show in inspect alone. Raises EngineError."""
    if "" in (host_config.get("Annotations") or {}):
        raise bad_request("invalid Annotations: the empty string is not permitted as an annotation key")


def check_sysctls(_: Settings, host_config: Settings) -> None:
    """Raises EngineError for one that belongs to an interface (moby daemon/oci_linux.go)."""
    for name in host_config.get("Sysctls") or {}:
        if INTERFACE_SYSCTL.fullmatch(name):
            raise failed(f'interface specific sysctl setting "{name}" must be supplied using driver option '
                         "'com.docker.network.endpoint.sysctls'")
