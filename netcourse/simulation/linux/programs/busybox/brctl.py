"""busybox brctl (networking/brctl.c), which here can make bridges and join devices to them, and show none."""

from __future__ import annotations

import errno
import os

from netcourse.simulation.linux import links
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.links import LONGEST_NAME, NewLink
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.refusal import Refused

_COMMANDS = {"addbr": 1, "delbr": 1, "addif": 2, "delif": 2}


@complaining
async def brctl(process: Process) -> int:
    words = process.arguments[1:]
    if not words:
        raise usage("brctl")
    command = words[0]
    if command not in _COMMANDS:
        raise Complaint(f"brctl: invalid argument '{command}' to 'brctl'")
    if len(words) <= _COMMANDS[command]:
        raise usage("brctl")
    name = words[1][:LONGEST_NAME]
    if _COMMANDS[command] == 2 and words[2] not in process.namespace.devices:
        raise Complaint(f"brctl: iface {words[2]}: {os.strerror(errno.ENODEV)}")
    try:
        if not process.privileged:
            raise Refused(errno.EPERM)
        _change(process, command, name, words[2:])
    except OSError as error:
        raise Complaint(f"brctl: bridge {words[1]}: {os.strerror(error.errno or 0)}") from None
    return 0


def _change(process: Process, command: str, name: str, rest: list[str]) -> None:
    """Raises OSError."""
    devices = process.namespace.devices
    if command == "addbr":
        links.add_bridge(NewLink(process.namespace, name))
        return
    if name not in devices:
        raise Refused(errno.ENXIO if command == "delbr" else errno.ENODEV)
    bridge = devices[name]
    if command == "delbr":
        if not isinstance(bridge, Bridge):
            raise Refused(errno.EPERM)
        if bridge.up:
            raise Refused(errno.EBUSY)
        process.namespace.remove_device(bridge)
    elif command == "addif":
        links.add_port(bridge, devices[rest[0]])
    elif not isinstance(bridge, Bridge):
        raise Refused(errno.EOPNOTSUPP)
    elif devices[rest[0]].master is not bridge:
        raise Refused(errno.EINVAL)
    else:
        bridge.remove_port(devices[rest[0]])
