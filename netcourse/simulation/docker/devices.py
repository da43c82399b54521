"""Devices of the machine that a container may ask for. Seen on Engine 28.5.2 (moby daemon/oci_linux.go).

The simulated machine has those that every Linux has, and no others: no disks, no graphics cards.
"""

from __future__ import annotations

import posixpath
from typing import Any

from netcourse.simulation.docker.errors import failed, not_simulated
from netcourse.simulation.docker.starting import NEVER_RAN, CannotStart
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.kernel_files.device_nodes import NODES

NULL = "/dev/null"
OTHER_DEVICES = ("/dev/full", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero")
FIRST_RULE = 16
"""How many rules for devices come before a container's own."""
DISK_LIMITS = ("BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps")

Settings = dict[str, Any]


def check_devices(host_config: Settings, machine_files: FileSystem) -> None:
    """What a container that starts asks for. Raises CannotStart, EngineError."""
    for request in host_config.get("DeviceRequests") or []:
        if request.get("Driver") == "cdi":
            raise not_simulated("a device of the Container Device Interface")
        wanted = " ".join(f"[{' '.join(names or [])}]" for names in request.get("Capabilities") or [])
        raise failed(f"could not select device driver \"{request.get('Driver') or ''}\" with capabilities: [{wanted}]")
    for option in DISK_LIMITS:
        for limit in host_config.get(option) or []:
            raise failed(f"stat {limit.get('Path') or ''}: no such file or directory")
    for place, device in enumerate(host_config.get("Devices") or []):
        _check_device(device, machine_files)
        if not device.get("CgroupPermissions"):
            raise CannotStart(f"device access at {FIRST_RULE + place} field cannot be empty", NEVER_RAN)


def _check_device(device: Settings, machine_files: FileSystem) -> None:
    path = str(device.get("PathOnHost") or "")
    if path in OTHER_DEVICES:
        raise not_simulated(f"the device {path}")
    if path == NULL:
        return
    if path in ("/dev", "/dev/"):
        raise not_simulated("all devices of a folder")
    reason = "not a device node" if path and machine_files.exists(posixpath.normpath(path)) else (
        "no such file or directory")
    raise failed(f'error gathering device information while adding custom device "{path}": {reason}')


def mount_devices(host_config: Settings, files: FileSystem) -> None:
    """Show a container the devices that it has asked for."""
    for device in host_config.get("Devices") or []:
        files.mount_device(files.resolve(f"/{device.get('PathInContainer') or ''}"), NODES[NULL])
