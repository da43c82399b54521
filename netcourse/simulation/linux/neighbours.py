"""Who has which MAC address: the neighbour table of a namespace, filled by real ARP (RFC 826, arp(7)).

The states and their times are those of net/core/neighbour.c with net/ipv4/arp.c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import ARP, BROADCAST_MAC, UNKNOWN_MAC, Ethernet
from netcourse.simulation.linux.clock import MILLISECOND, SECOND, Timer

if TYPE_CHECKING:
    from netcourse.simulation.linux.device import Device
    from netcourse.simulation.linux.namespace import Namespace

ASK, ANSWER = 1, 2
PROBES = 3
PROBE_INTERVAL = 1020 * MILLISECOND  # a second, and what the kernel's timers round it up by
REACHABLE_TIME = 30 * SECOND
DELAY_TIME = 5 * SECOND
LOCK_TIME = SECOND
QUEUE_LENGTH = 101
USABLE = ("REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT")
SET_BY_HAND = ("PERMANENT", "NOARP")


@dataclass(slots=True)
class Neighbour:
    """One entry. ``state`` is what ip-neighbour(8) calls it, save that REACHABLE turns STALE by age when read."""

    device: Device
    ip: IPv4Address
    state: str = "INCOMPLETE"
    mac: str | None = None
    confirmed: int = 0
    probes: int = 0
    source: IPv4Address | None = None
    timer: Timer | None = None
    waiting: list[tuple[Callable[[str], None], Callable[[], None]]] = field(default_factory=list)

    def stop(self) -> None:
        """Ask no more."""
        self.probes = 0
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class NeighbourTable:
    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._clock = namespace.machine.clock
        self._entries: dict[tuple[str, IPv4Address], Neighbour] = {}

    def listing(self) -> list[Neighbour]:
        """All entries; those confirmed too long ago are STALE."""
        for entry in self._entries.values():
            self._age(entry)
        return list(self._entries.values())

    def _age(self, entry: Neighbour) -> None:
        if entry.state == "REACHABLE" and self._clock.now - entry.confirmed > REACHABLE_TIME:
            entry.state = "STALE"

    def set(self, device: Device, ip: IPv4Address, mac: str, state: str = "PERMANENT") -> None:
        """Enter a neighbour by hand, or by what an ARP message said."""
        entry = self._entries.setdefault((device.name, ip), Neighbour(device, ip))
        entry.stop()
        entry.mac, entry.state, entry.confirmed = mac, state, self._clock.now
        waiting, entry.waiting = entry.waiting, []
        for found, _ in waiting:
            found(mac)

    def remove(self, device: Device, ip: IPv4Address) -> None:
        """Raises FileNotFoundError when there is no such entry."""
        entry = self._entries.pop((device.name, ip), None)
        if entry is None:
            raise FileNotFoundError
        entry.stop()

    def flush(self, device: Device, *, even_by_hand: bool = True) -> None:
        for key, entry in list(self._entries.items()):
            if entry.device is device and (even_by_hand or entry.state not in SET_BY_HAND):
                entry.stop()
                del self._entries[key]

    # Asking

    def resolve(self, device: Device, ip: IPv4Address, source: IPv4Address, *, found: Callable[[str], None],
                failed: Callable[[], None]) -> None:
        """Call ``found`` with the MAC address of ``ip``, asking for it if need be; ``failed`` after three questions.

        ``source`` is that of the packet which waits: the question is asked in its name where it is ours.
        """
        entry = self._entries.setdefault((device.name, ip), Neighbour(device, ip))
        self._age(entry)
        entry.source = source
        if entry.mac is not None and entry.state in USABLE:
            if entry.state == "STALE":
                self._doubt(entry)
            found(entry.mac)
            return
        if len(entry.waiting) < QUEUE_LENGTH:
            entry.waiting.append((found, failed))
        if entry.timer is None:
            entry.state, entry.mac = "INCOMPLETE", None
            self._probe(entry)

    def _doubt(self, entry: Neighbour) -> None:
        """A stale neighbour is used at once; after some seconds it is asked whether it is still there."""
        entry.state = "DELAY"
        entry.timer = self._clock.call_later(DELAY_TIME, lambda: self._verify(entry))

    def _verify(self, entry: Neighbour) -> None:
        entry.state = "PROBE"
        self._probe(entry)

    def _probe(self, entry: Neighbour) -> None:
        if entry.probes == PROBES:
            self._give_up(entry)
            return
        entry.probes += 1
        entry.timer = self._clock.call_later(PROBE_INTERVAL, lambda: self._probe(entry))
        self._ask(entry, entry.mac or BROADCAST_MAC)

    def _give_up(self, entry: Neighbour) -> None:
        entry.stop()
        entry.state, entry.mac = "FAILED", None
        waiting, entry.waiting = entry.waiting, []
        for _, failed in waiting:
            failed()

    def _ask(self, entry: Neighbour, destination: str) -> None:
        device = entry.device
        mine = device.address_in(entry.ip)
        sender = mine.ip if mine else IPv4Address(0)
        if entry.source is not None and self._namespace.is_local(entry.source):
            sender = entry.source
        question = ARP(ASK, device.mac, sender, UNKNOWN_MAC, entry.ip)
        device.transmit(Ethernet(destination, device.mac, question))

    # Being told

    def knows(self, device: Device, ip: IPv4Address) -> bool:
        """Whether there is an entry, of whatever state."""
        return bool(self._entries) and (device.name, ip) in self._entries

    def receive(self, device: Device, message: ARP) -> None:
        """Answer a question about one of our addresses, on whichever device it is (arp_ignore 0); take in the rest."""
        if message.operation == ASK and self._namespace.is_local(message.target):
            self._answer(device, message)
        else:
            self._update(device, message)

    def _answer(self, device: Device, message: ARP) -> None:
        if self._namespace.is_local(message.sender):
            return  # somebody else has our address
        if int(message.sender):
            self._take(self._entries.setdefault((device.name, message.sender), Neighbour(device, message.sender)),
                       message, "STALE")
        answer = ARP(ANSWER, device.mac, message.target, message.sender_mac, message.sender)
        device.transmit(Ethernet(message.sender_mac, device.mac, answer))

    def _update(self, device: Device, message: ARP) -> None:
        """Only those whom we know already. Who answers within a second of another one comes too late (locktime), but
        not who announces its own address (net/ipv4/arp.c, arp_is_garp)."""
        known = self._entries.get((device.name, message.sender))
        if known is None or (known.mac not in (None, message.sender_mac) and not message.is_announcement
                             and self._clock.now - known.confirmed < LOCK_TIME):
            return
        is_for_us = message.operation == ANSWER and message.target_mac == device.mac
        self._take(known, message, "REACHABLE" if is_for_us else "STALE")

    def _take(self, entry: Neighbour, message: ARP, state: str) -> None:
        if entry.state in SET_BY_HAND:
            return
        is_news = entry.mac != message.sender_mac or entry.state not in USABLE
        if is_news or state == "REACHABLE":
            self.set(entry.device, entry.ip, message.sender_mac, state)
