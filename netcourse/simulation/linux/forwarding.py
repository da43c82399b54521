"""The forwarding database of a bridge: which MAC address is behind which port (net/bridge/br_fdb.c)."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.simulation.linux.clock import SECOND

if TYPE_CHECKING:
    from netcourse.simulation.linux.bridge import Bridge
    from netcourse.simulation.linux.device import Device

AGEING_TIME = 300 * SECOND
LEARNT, STATIC, PERMANENT = "", "static", "permanent"


@dataclass(slots=True)
class Entry:
    """``state`` is LEARNT, STATIC (typed, and of any age) or PERMANENT (the bridge's own, at which frames end).

    ``port`` is None for the bridge itself. ``updated`` and ``used`` are when the address was last seen as a sender, and
    as a destination.
    """

    port: Device | None
    state: str
    updated: int
    used: int


class ForwardingDatabase:
    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._entries: dict[str, Entry] = {}

    def _now(self) -> int:
        assert self._bridge.namespace is not None
        return self._bridge.namespace.machine.clock.now

    def listing(self) -> list[tuple[str, Entry]]:
        """What isn't too old, the newest first."""
        now = self._now()
        return [(mac, entry) for mac, entry in reversed(self._entries.items())
                if entry.state != LEARNT or now - entry.updated < AGEING_TIME]

    def learn(self, mac: str, port: Device) -> None:
        """A frame from ``mac`` has come in by ``port``. What is the bridge's own stays so."""
        entry, now = self._entries.get(mac), self._now()
        if entry is None:
            self._entries[mac] = Entry(port, LEARNT, now, now)
        elif entry.state != PERMANENT:
            entry.port, entry.updated = port, now

    def port_behind(self, mac: str) -> Device | None:
        """The port behind which ``mac`` was seen, unless that is too long ago."""
        entry, now = self._entries.get(mac), self._now()
        if entry is None or (entry.state == LEARNT and now - entry.updated >= AGEING_TIME):
            return None
        entry.used = now
        return entry.port

    def is_own(self, mac: str) -> bool:
        """Whether a frame to ``mac`` is for the bridge's own machine: every port's address is too."""
        entry = self._entries.get(mac)
        return entry is not None and entry.state == PERMANENT

    def put(self, mac: str, port: Device | None, state: str = PERMANENT) -> None:
        """Enter an address by hand, or change what is known of it."""
        entry, now = self._entries.get(mac), self._now()
        if entry is None:
            self._entries[mac] = Entry(port, state, now, now)
        else:
            entry.port, entry.state, entry.updated = port, state, now

    def add(self, mac: str, port: Device | None, state: str = PERMANENT) -> None:
        """Raises FileExistsError."""
        if mac in self._entries:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self.put(mac, port, state)

    def remove(self, mac: str, port: Device | None) -> None:
        """Raises FileNotFoundError."""
        entry = self._entries.get(mac)
        if entry is None or entry.port is not port:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        del self._entries[mac]

    def forget(self, port: Device) -> None:
        """The port has left."""
        self._entries = {mac: entry for mac, entry in self._entries.items() if entry.port is not port}

    def forget_learnt(self, port: Device) -> None:
        """The port has gone down; what was typed stays."""
        self._entries = {mac: entry for mac, entry in self._entries.items()
                         if entry.port is not port or entry.state != LEARNT}

    def move(self, old: str, new: str, port: Device | None) -> None:
        """A port, or the bridge itself, has another MAC address."""
        entry = self._entries.get(old)
        if entry is not None and entry.port is port and entry.state == PERMANENT:
            del self._entries[old]
        self.put(new, port)
