"""Who has which MAC address: the neighbour table of a namespace, filled by real ARP (RFC 826, arp(7))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import ARP, BROADCAST_MAC, UNKNOWN_MAC, Ethernet
from netcourse.simulation.linux.clock import SECOND, Timer

if TYPE_CHECKING:
    from netcourse.simulation.linux.device import Device
    from netcourse.simulation.linux.namespace import Namespace

PROBES = 3
PROBE_INTERVAL = SECOND
REACHABLE_TIME = 30 * SECOND
QUEUE_LENGTH = 101


@dataclass(slots=True)
class Neighbour:
    """One entry. ``state`` is what ip-neighbour(8) calls it, save that REACHABLE turns STALE by age when read."""

    device: Device
    ip: IPv4Address
    state: str = "INCOMPLETE"
    mac: str | None = None
    confirmed: int = 0
    probes: int = 0
    timer: Timer | None = None
    waiting: list[tuple[Callable[[str], None], Callable[[], None]]] = field(default_factory=list)


class NeighbourTable:
    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._entries: dict[tuple[str, IPv4Address], Neighbour] = {}

    def listing(self) -> list[Neighbour]:
        """All entries; those confirmed too long ago are STALE."""
        for entry in self._entries.values():
            self._age(entry)
        return list(self._entries.values())

    def _age(self, entry: Neighbour) -> None:
        if entry.state == "REACHABLE" and self._namespace.machine.clock.now - entry.confirmed > REACHABLE_TIME:
            entry.state = "STALE"

    def set(self, device: Device, ip: IPv4Address, mac: str, state: str = "PERMANENT") -> None:
        """Enter a neighbour by hand, or by what an ARP message said."""
        entry = self._entries.setdefault((device.name, ip), Neighbour(device, ip))
        if entry.timer is not None:
            entry.timer.cancel()
        entry.mac, entry.state, entry.confirmed = mac, state, self._namespace.machine.clock.now
        waiting, entry.waiting = entry.waiting, []
        for found, _ in waiting:
            found(mac)

    def remove(self, device: Device, ip: IPv4Address) -> None:
        """Raises FileNotFoundError when there is no such entry."""
        if self._entries.pop((device.name, ip), None) is None:
            raise FileNotFoundError

    def flush(self, device: Device) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if entry.device is not device}

    def resolve(self, device: Device, ip: IPv4Address, found: Callable[[str], None],
                failed: Callable[[], None]) -> None:
        """Call ``found`` with the MAC address of ``ip``, asking for it if need be; ``failed`` after three questions."""
        entry = self._entries.setdefault((device.name, ip), Neighbour(device, ip))
        self._age(entry)
        if entry.mac is not None and entry.state in ("REACHABLE", "STALE", "DELAY", "PERMANENT"):
            if entry.state == "STALE":
                self._confirm(entry)
            found(entry.mac)
            return
        if len(entry.waiting) < QUEUE_LENGTH:
            entry.waiting.append((found, failed))
        if entry.state != "INCOMPLETE" or entry.probes == 0:
            entry.state, entry.probes, entry.mac = "INCOMPLETE", 0, None
            self._probe(entry)

    def _confirm(self, entry: Neighbour) -> None:
        """A stale neighbour is used at once and asked again soon; the packet that reaches it is not held up."""
        entry.state = "DELAY"
        assert entry.mac is not None
        self._ask(entry, entry.mac)

    def _probe(self, entry: Neighbour) -> None:
        if entry.probes == PROBES:
            entry.state, entry.probes = "FAILED", 0
            waiting, entry.waiting = entry.waiting, []
            for _, failed in waiting:
                failed()
            return
        entry.probes += 1
        entry.timer = self._namespace.machine.clock.call_later(PROBE_INTERVAL, lambda: self._probe(entry))
        self._ask(entry, BROADCAST_MAC)

    def _ask(self, entry: Neighbour, destination: str) -> None:
        device = entry.device
        mine = device.address_in(entry.ip)
        sender = mine.ip if mine else IPv4Address(0)
        question = ARP(1, device.mac, sender, UNKNOWN_MAC, entry.ip)
        device.transmit(Ethernet(destination, device.mac, question))

    def receive(self, device: Device, message: ARP) -> None:
        """Answer a question about one of our addresses, on whichever device it is (arp_ignore 0); take in answers."""
        known = self._entries.get((device.name, message.sender))
        if message.operation == 2:
            if known is not None and known.state != "PERMANENT":
                self.set(device, message.sender, message.sender_mac, "REACHABLE")
            return
        if not self._namespace.is_local(message.target):
            return
        if int(message.sender):
            if known is None or known.mac != message.sender_mac or known.waiting:
                self.set(device, message.sender, message.sender_mac, "STALE")
            self._entries[device.name, message.sender].confirmed = self._namespace.machine.clock.now
        answer = ARP(2, device.mac, message.target, message.sender_mac, message.sender)
        device.transmit(Ethernet(message.sender_mac, device.mac, answer))
