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
ROUNDING = 1.02  # what the kernel's timers make of a second
LOCK_TIME = SECOND
SHORTEST_INTERVAL = 10 * MILLISECOND
PROXY_DELAY = 800 * MILLISECOND
QUEUE_LENGTH = 101
USABLE = ("REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT")
SET_BY_HAND = ("PERMANENT", "NOARP")
_ABOUT_OWN, _TO_OWN_NETWORK, _NOT_OF_HOST, _ABOUT_NONE = 1, 2, 3, 8


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
        self._clock, self._settings = namespace.machine.clock, namespace.settings
        self._entries: dict[tuple[str, IPv4Address], Neighbour] = {}

    def listing(self) -> list[Neighbour]:
        """All entries; those confirmed too long ago are STALE."""
        for entry in self._entries.values():
            self._age(entry)
        return list(self._entries.values())

    def _age(self, entry: Neighbour) -> None:
        if entry.state != "REACHABLE":
            return
        reachable_time = self._setting(entry, "base_reachable_time_ms") * MILLISECOND
        if self._clock.now - entry.confirmed > reachable_time:
            entry.state = "STALE"

    def _setting(self, entry: Neighbour, name: str) -> int:
        return self._settings.of_neighbours(entry.device.name, name)

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
        if "NOARP" in device.flags:
            found(device.mac)  # net/ipv4/arp.c, arp_constructor
            return
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
        entry.timer = self._clock.call_later(self._setting(entry, "delay_first_probe_time") * SECOND,
                                             lambda: self._verify(entry))

    def _verify(self, entry: Neighbour) -> None:
        entry.state = "PROBE"
        self._probe(entry)

    def _probe(self, entry: Neighbour) -> None:
        if entry.probes >= self._setting(entry, "ucast_solicit" if entry.state == "PROBE" else "mcast_solicit"):
            self._give_up(entry)
            return
        entry.probes += 1
        interval = max(round(self._setting(entry, "retrans_time_ms") * MILLISECOND * ROUNDING), SHORTEST_INTERVAL)
        entry.timer = self._clock.call_later(interval, lambda: self._probe(entry))
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
        if entry.source is not None and self._may_tell(entry, entry.source):
            sender = entry.source
        question = ARP(ASK, device.mac, sender, UNKNOWN_MAC, entry.ip)
        device.transmit(Ethernet(destination, device.mac, question))

    def _may_tell(self, entry: Neighbour, source: IPv4Address) -> bool:
        """Whether to ask in the name of ``source``: an address of ours (arp_announce 0), or one that the neighbour
        finds in its own network (1), or not (2)."""
        caution = self._settings.greater(entry.device.name, "arp_announce")
        near = any(source in own.network and entry.ip in own.network for own in entry.device.addresses)
        return self._namespace.is_local(source) and (caution <= 0 or (caution == 1 and near))

    # Being told

    def knows(self, device: Device, ip: IPv4Address) -> bool:
        """Whether there is an entry, of whatever state."""
        return bool(self._entries) and (device.name, ip) in self._entries

    def receive(self, device: Device, message: ARP) -> None:
        """Answer a question about one of our addresses, or one that we are the way to; take in the rest."""
        if "NOARP" in device.flags:
            return
        if message.operation == ASK and self._namespace.ipv4.comes_the_right_way(device, message.sender):
            if self._namespace.is_local(message.target):
                if self._may_answer(device, message):
                    self._answer(device, message)
                return
            if self._stands_in(device, message):
                delay = self._namespace.machine.random.randrange(PROXY_DELAY)
                self._clock.call_later(delay, lambda: self._answer(device, message))
                return
        self._update(device, message)

    def _may_answer(self, device: Device, message: ARP) -> bool:
        """What arp_ignore and arp_filter say (net/ipv4/arp.c)."""
        reserve = self._settings.greater(device.name, "arp_ignore")
        if reserve > 0 and not _is_open(device, message, reserve, self._namespace):
            return False
        if not self._settings.either(device.name, "arp_filter"):
            return True
        goes_back = self._leaves_by(message.sender) == device.name
        self._namespace.counted["TcpExtArpFilter"] += not goes_back
        return goes_back

    def _leaves_by(self, ip: IPv4Address) -> str:
        """The interface of the route there; empty where there is none."""
        way = self._namespace.routes.lookup(ip)
        return way.interface if way is not None else ""

    def _stands_in(self, device: Device, message: ARP) -> bool:
        """Whether to answer in the name of another host, which is behind us (proxy_arp; RFC 1027)."""
        if not self._settings.either(device.name, "proxy_arp") or not self._namespace.forwards(device):
            return False
        return self._leaves_by(message.target) not in ("", device.name)

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
        if known is None and message.is_announcement and self._settings.either(device.name, "arp_accept"):
            known = self._entries[device.name, message.sender] = Neighbour(device, message.sender)
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


def _is_open(device: Device, message: ARP, reserve: int, namespace: Namespace) -> bool:
    """By arp_ignore: 1, about addresses of the device itself; 2, and to who is in the address's network; 3, about those
    that others may use at all; 8, about none."""
    own = [address for address in device.addresses if address.ip == message.target]
    if reserve == _ABOUT_OWN:
        return bool(own)
    if reserve == _TO_OWN_NETWORK:
        return any(message.sender in address.network for address in own)
    if reserve == _NOT_OF_HOST:
        return any(address.ip == message.target and address.scope != "host"
                   for other in namespace.devices.values() for address in other.addresses)
    return reserve < _ABOUT_NONE
