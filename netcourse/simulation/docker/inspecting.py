"""How a container is shown: ``docker inspect`` and a line of ``docker ps``, with dockerd's fields in its order."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.drivers import Endpoint
from netcourse.simulation.docker.health import STARTING
from netcourse.simulation.docker.joining import default_gateway
from netcourse.simulation.docker.ports import shown_bindings
from netcourse.simulation.docker.timestamps import timestamp_text
from netcourse.simulation.linux.clock import SECOND

FOLDER = "/var/lib/docker/containers"
MASKED = ["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
          "/sys/devices/virtual/powercap"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
HOST_CONFIG: dict[str, Any] = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "bridge",
    "PortBindings": None, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False,
    "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0], "Annotations": None, "CapAdd": None,
    "CapDrop": None,
    "CgroupnsMode": "host", "Dns": None, "DnsOptions": None, "DnsSearch": None, "ExtraHosts": None, "GroupAdd": None,
    "IpcMode": "private", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False,
    "PublishAllPorts": False, "ReadonlyRootfs": False, "SecurityOpt": None, "StorageOpt": None, "Tmpfs": None,
    "UTSMode": "", "UsernsMode": "", "ShmSize": 67108864, "Sysctls": None, "Runtime": "runc", "Isolation": "",
    "CpuShares": 0, "Memory": 0, "NanoCpus": 0,
    "CgroupParent": "", "BlkioWeight": 0, "BlkioWeightDevice": None, "BlkioDeviceReadBps": None,
    "BlkioDeviceWriteBps": None, "BlkioDeviceReadIOps": None, "BlkioDeviceWriteIOps": None, "CpuPeriod": 0,
    "CpuQuota": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "", "Devices": None,
    "DeviceCgroupRules": None, "DeviceRequests": None, "MemoryReservation": 0, "MemorySwap": 0,
    "MemorySwappiness": None, "OomKillDisable": False, "PidsLimit": None, "Ulimits": None, "CpuCount": 0,
    "CpuPercent": 0, "IOMaximumIOps": 0, "IOMaximumBandwidth": 0, "Mounts": None, "MaskedPaths": MASKED,
    "ReadonlyPaths": READ_ONLY, "Init": None,
}
DEVICE_REQUEST: dict[str, Any] = {"Driver": "", "Count": 0, "DeviceIDs": None, "Capabilities": None, "Options": None}
SHOWN_WHEN_GIVEN = {"Annotations", "StorageOpt", "Tmpfs", "Sysctls", "Mounts", "Init"}


def inspect_container(container: Container) -> dict[str, Any]:
    command = container.command
    return {
        "Id": container.id, "Created": timestamp_text(container.created), "Path": command[0], "Args": command[1:],
        "State": _state(container), "Image": container.image.id, **_paths(container), "Name": f"/{container.name}",
        "RestartCount": container.restarts, "Driver": "overlay2", "Platform": "linux", "MountLabel": "",
        "ProcessLabel": "", "AppArmorProfile": "",
        "ExecIDs": [run.id for run in container.execs if not run.is_over] or None,
        "HostConfig": _host_config(container),
        "GraphDriver": {"Data": _folders(container), "Name": "overlay2"}, "Mounts": _mounts(container),
        "Config": {**container.config, "Hostname": container.config.get("Hostname") or container.hostname},
        "NetworkSettings": _network_settings(container),
    }


def _folders(container: Container) -> dict[str, str]:
    """Where its files would be on the machine: its own over its image's."""
    own = container.root.removesuffix("/merged")
    image = f"{own.removesuffix(container.id)}{container.image.layer.removeprefix('sha256:')}"
    return {"ID": container.id, "LowerDir": f"{own}-init/diff:{image}/diff", "MergedDir": container.root,
            "UpperDir": f"{own}/diff", "WorkDir": f"{own}/work"}


def _paths(container: Container) -> dict[str, str]:
    """Files that are made when it first starts, or tries to."""
    has_log = container.has_log and container.logging["Type"] == "json-file"
    names = {"ResolvConfPath": "resolv.conf", "HostnamePath": "hostname", "HostsPath": "hosts"}
    there = {field: f"{FOLDER}/{container.id}/{name}" if container.has_own_files else ""
             for field, name in names.items()}
    return there | {"LogPath": f"{FOLDER}/{container.id}/{container.id}-json.log" if has_log else ""}


def _host_config(container: Container) -> dict[str, Any]:
    given = container.host_config
    shown = HOST_CONFIG | {key: _told(value, HOST_CONFIG[key]) for key, value in given.items() if key in HOST_CONFIG}
    for key in SHOWN_WHEN_GIVEN:
        if not given.get(key):
            del shown[key]
    memory, swappiness = given.get("Memory") or 0, given.get("MemorySwappiness")
    shown |= {"NetworkMode": container.network_mode, "LogConfig": container.logging,
              # the docker command sends -1 for none
              "MemorySwappiness": None if swappiness is None or swappiness < 0 else swappiness,
              "PidsLimit": given.get("PidsLimit"), "MemorySwap": given.get("MemorySwap") or 2 * memory,
              "Links": container.engine.links.shown(container)}
    if given.get("DeviceRequests"):
        shown["DeviceRequests"] = [DEVICE_REQUEST | request for request in given["DeviceRequests"]]
    if given.get("Privileged"):
        shown |= {"MaskedPaths": None, "ReadonlyPaths": None}
    if given.get("Privileged") or "host" in (given.get("PidMode"), given.get("IpcMode")):
        shown["SecurityOpt"] = given.get("SecurityOpt") or ["label=disable"]
    return shown


def _told(given: Any, default: Any) -> Any:
    """An empty list is told as one, where there is no other default."""
    return given if given or (default is None and given in ([], {})) else default


def _state(container: Container) -> dict[str, Any]:
    process = container.process
    return {
        "Status": container.state, "Running": container.is_up, "Paused": container.state == "paused",
        "Restarting": container.state == "restarting", "OOMKilled": False, "Dead": container.state == "dead",
        "Pid": process.host_pid if process is not None else 0, "ExitCode": container.exit_code,
        "Error": container.error, "StartedAt": timestamp_text(container.started),
        "FinishedAt": timestamp_text(container.finished),
        **({"Health": container.health.shown} if container.health is not None and container.started else {}),
    }


def _ports(container: Container) -> dict[str, Any]:
    """Published ones with their places, exposed ones with none."""
    if not container.is_running:
        return {}
    way_out = default_gateway(endpoint for endpoint in container.endpoints.values() if endpoint.ip is not None)
    if way_out is None:
        return {}
    exposed = dict.fromkeys(container.config.get("ExposedPorts") or {})
    return dict(sorted({**exposed, **shown_bindings(way_out.ports)}.items()))


def _network_settings(container: Container) -> dict[str, Any]:
    bridge = container.endpoints.get("bridge")
    old = _addresses(bridge) if bridge is not None else _addresses(None)
    has_own = container.is_running and not container.network_mode.startswith("container:")
    sandbox = container.id[::-1] if has_own else ""
    namespace = "default" if container.network_mode == "host" else sandbox[:12]
    return {
        "Bridge": "", "SandboxID": sandbox, "SandboxKey": f"/var/run/docker/netns/{namespace}" if sandbox else "",
        "Ports": _ports(container), "HairpinMode": False, "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None, "SecondaryIPv6Addresses": None,
        "EndpointID": bridge.id if bridge is not None else "", "Gateway": old["Gateway"], "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0, "IPAddress": old["IPAddress"], "IPPrefixLen": old["IPPrefixLen"], "IPv6Gateway": "",
        "MacAddress": bridge.mac if bridge is not None else "",
        "Networks": {name: _endpoint(container, endpoint) for name, endpoint in sorted(container.endpoints.items())},
    }


def _addresses(endpoint: Endpoint | None) -> dict[str, Any]:
    if endpoint is None or endpoint.address is None:
        return {"Gateway": "", "IPAddress": "", "IPPrefixLen": 0}
    return {"Gateway": str(endpoint.gateway or ""), "IPAddress": str(endpoint.address.ip),
            "IPPrefixLen": endpoint.address.prefix_length}


def _endpoint(container: Container, endpoint: Endpoint) -> dict[str, Any]:
    settings = endpoint.settings
    names = container.dns_names(endpoint) if endpoint.has_names else None
    return {
        "IPAMConfig": settings.get("IPAMConfig"), "Links": settings.get("Links"),
        "Aliases": settings.get("Aliases"), "MacAddress": endpoint.mac,
        "DriverOpts": settings.get("DriverOpts"), "GwPriority": endpoint.gateway_priority,
        "NetworkID": endpoint.network_id, "EndpointID": endpoint.id, **_addresses(endpoint), "IPv6Gateway": "",
        "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": names,
    }


def sizes(container: Container) -> dict[str, int]:
    """In bytes: what it wrote, and that with its image."""
    written = container.files.written_size()
    return {"SizeRw": written, "SizeRootFs": container.image.size + written}


def summarise_container(container: Container) -> dict[str, Any]:
    """A line of ``docker ps``."""
    ports = [_port(port, place) for port, places in _ports(container).items() for place in places or [None]]
    return {
        "Id": container.id, "Names": _names(container), "Image": _image_name(container),
        "ImageID": container.image.id, "Command": container.command_text, "Created": container.created // SECOND,
        "Ports": ports, "Labels": container.config.get("Labels") or {}, "State": container.state,
        "Status": status_text(container), "HostConfig": {"NetworkMode": container.network_mode},
        "NetworkSettings": {"Networks": {name: _endpoint(container, endpoint) | {"Aliases": None, "DNSNames": None}
                                         for name, endpoint in sorted(container.endpoints.items())}},
        "Mounts": _mounts(container),
    }


def _image_name(container: Container) -> str:
    """The name that it was made with, as long as this is still the image's."""
    name = str(container.config["Image"])
    return name if name and container.engine.images.find(name) is container.image else container.image.id


def _names(container: Container) -> list[str]:
    """Its own, and those that others call it by: ``/web/db`` is web's link to its db."""
    links = container.engine.links.leading_to(container)
    return sorted([f"/{container.name}", *(f"/{owner.name}/{alias}" for owner, alias in links)])


def _mounts(container: Container) -> list[dict[str, Any]]:
    return [point.shown(container.engine) for point in container.mounts]


def _port(port: str, place: dict[str, str] | None) -> dict[str, Any]:
    """One that is reached by a route, not published, has no port of the host."""
    number, _, protocol = port.partition("/")
    host_port = place["HostPort"] if place is not None else ""
    return {**({"IP": place["HostIp"]} if place is not None else {}), "PrivatePort": int(number),
            **({"PublicPort": int(host_port)} if host_port else {}), "Type": protocol}


def status_text(container: Container) -> str:
    now = container.engine.now
    if container.state == "created":
        return "Created"
    if container.is_running:
        return f"Up {duration_text((now - container.started) // SECOND)}{_condition(container)}"
    if container.state == "restarting":
        return f"Restarting ({container.exit_code}) {duration_text((now - container.finished) // SECOND)} ago"
    return f"Exited ({container.exit_code}) {duration_text((now - container.finished) // SECOND)} ago"


def _condition(container: Container) -> str:
    if container.state == "paused":
        return " (Paused)"
    if container.health is None:
        return ""
    return f" ({'health: ' if container.health.status == STARTING else ''}{container.health.status})"


def duration_text(seconds: int) -> str:
    """docker/go-units, HumanDuration."""
    minutes, hours = seconds // 60, (seconds + 1800) // 3600
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days" if hours < 24 * 14 else f"{hours // 24 // 7} weeks"
