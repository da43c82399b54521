"""What follows when a device, or what it hangs on, changes: carriers come and go, and IPv6 addresses with them
(net/core/link_watch.c)."""

from __future__ import annotations

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.device import Device, Veth


def follow(device: Device) -> None:
    """It may concern the device, the other end of its cable, and the bridges that these are ports of."""
    peer = device.peer if isinstance(device, Veth) else None
    ends = [end for end in (device, peer) if end is not None]
    for changed in (*ends, *(end.master for end in ends)):
        if changed is not None and changed.namespace is not None:
            changed.note_carrier()
            ipv6.follow(changed, changed.namespace)
