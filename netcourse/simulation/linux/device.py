"""What every network device has, and the simple devices: loopback, veth pairs, physical cards and their switch.

A frame takes WIRE_DELAY from one end to the other, so that nothing happens at the very moment that caused it.
"""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.journey import Hop
from netcourse.packets import ARP, Ethernet, IPv4
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.clock import MICROSECOND

if TYPE_CHECKING:
    from netcourse.simulation.linux.bridge import Bridge
    from netcourse.simulation.linux.namespace import Namespace

WIRE_DELAY = 12 * MICROSECOND
DEFAULT_QUEUE_LENGTH = 1000
LOWEST_MTU, HIGHEST_MTU = 68, 65535
HEADER_LENGTH = 14
VLAN_TAG_LENGTH = 4
# where a name and an address come from (NET_NAME_ and NET_ADDR_ in include/uapi/linux/netdevice.h)
NAMED_BY_KERNEL, NAMED_PREDICTABLY, NAMED_BY_USER, RENAMED = 1, 2, 3, 4
ADDRESS_OF_ITS_OWN, RANDOM_ADDRESS, SET_ADDRESS = 0, 1, 3


class Device:
    """A network device in a namespace. ``up`` is what an administrator asked for (IFF_UP).

    ``was_up`` is what its queueing discipline tells: noop until the device is first up (net/sched/sch_generic.c).
    ``queue_length`` is in packets (IFLA_TXQLEN). ``extra_macs`` are those that it was told to listen to.
    ``flags`` are the names, in net/if.h, of those that somebody can set (PROMISC, NOARP ...). ``carrier_ups`` and
    ``carrier_downs``: how often the carrier has come and gone.
    """

    kind = "device"
    counts_headers = True
    begins_with_carrier = False

    __slots__ = ("address_origin", "addresses", "carrier_downs", "carrier_ups", "extra_macs", "flags", "had_carrier",
                 "index", "ipv6_disabled", "mac", "master", "mtu", "name", "name_origin", "namespace", "port_number",
                 "queue_length", "received_bytes", "received_packets", "sent_bytes", "sent_packets", "up", "was_up")

    def __init__(self, name: str, mac: str, mtu: int = 1500, *, queue_length: int = 0) -> None:
        self.name, self.mac, self.mtu, self.queue_length = name, mac, mtu, queue_length
        self.index = 0
        self.up = self.was_up = False
        self.addresses: list[Address] = []
        self.extra_macs: tuple[str, ...] = ()
        self.flags = set() if self.kind == "loopback" else {"MULTICAST"}
        self.ipv6_disabled = False
        self.master: Bridge | None = None
        self.port_number = 0
        self.namespace: Namespace | None = None
        self.received_packets = self.received_bytes = self.sent_packets = self.sent_bytes = 0
        self.name_origin, self.address_origin = NAMED_BY_USER, RANDOM_ADDRESS
        self.had_carrier = self.begins_with_carrier
        self.carrier_ups, self.carrier_downs = 0, int(not self.begins_with_carrier)

    @property
    def carrier(self) -> bool:
        """Whether something at the other end is switched on (IFF_LOWER_UP)."""
        return self.up

    @property
    def operational_state(self) -> str:
        """RFC 2863's state as the kernel keeps it (Documentation/networking/operstates.rst)."""
        return "UP" if self.up and self.carrier else "DOWN"

    @property
    def link_index(self) -> int | None:
        """The index of the other end, for ``eth0@if7``; None for a device that has none."""
        return None

    def note_carrier(self) -> None:
        """Count it where it has come or gone (netif_carrier_on in net/sched/sch_generic.c)."""
        if self.carrier is not self.had_carrier:
            self.had_carrier = self.carrier
            self.carrier_ups += self.had_carrier
            self.carrier_downs += not self.had_carrier

    def transmit(self, frame: Ethernet) -> None:
        """Send a frame out of the device; lost when the device is down."""
        if not (self.up and self.carrier):
            self.record("dropped", frame, "the device is down" if not self.up else "no carrier")
            return
        self.sent_packets += 1
        self.sent_bytes += self._counted(frame)
        self.record("sent", frame)
        self._carry(frame)

    def _carry(self, frame: Ethernet) -> None:
        """Bring a frame to the other end."""

    def heeds(self, message: ARP) -> bool:
        """Whether an announcement that goes out here changes anything at the other end, as far as one can tell."""
        return True

    def count_through(self, size: int) -> None:
        """Count a frame of ``size`` bytes here and at the other end, where nobody heeds it."""

    def receive(self, frame: Ethernet) -> None:
        """A frame has come in from outside."""
        namespace = self.namespace
        if namespace is None or not self.up:
            return
        self.received_packets += 1
        self.received_bytes += self._counted(frame)
        self.record("received", frame)
        if self.master is not None:
            self.master.receive_on_port(self, frame)
        else:
            namespace.receive(self, frame)

    def _counted(self, frame: Ethernet) -> int:
        """A loopback device counts packets without the header that stands before them (drivers/net/loopback.c)."""
        return len(frame) if self.counts_headers else len(frame) - HEADER_LENGTH

    def record(self, action: str, frame: Ethernet, detail: str = "") -> None:
        namespace = self.namespace
        if namespace is not None:
            machine = namespace.machine
            machine.recorder.record(Hop(machine.clock.now, namespace.name, self.name, action, frame, detail))

    def address_in(self, destination: IPv4Address) -> Address | None:
        """The device's address whose network holds ``destination``, or its first one, or None."""
        near = (address for address in self.addresses if destination in address.network)
        return next(near, self.addresses[0] if self.addresses else None)

    def went_down(self) -> None:
        """Somebody has switched it off."""
        self.lost_carrier()

    def lost_carrier(self) -> None:
        """Nothing is at the other end any more: what was learnt of those behind it is forgotten."""
        if self.namespace is not None:
            self.namespace.neighbours.flush(self, even_by_hand=False)
        if self.master is not None:
            self.master.forget_behind(self)

    def removed(self) -> None:
        """The device has been taken out of its namespace for good."""


class Loopback(Device):
    """lo: what is sent comes back in."""

    kind = "loopback"
    counts_headers = False
    begins_with_carrier = True
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("lo", "00:00:00:00:00:00", 65536, queue_length=DEFAULT_QUEUE_LENGTH)
        self.name_origin, self.address_origin = NAMED_PREDICTABLY, ADDRESS_OF_ITS_OWN

    def note_carrier(self) -> None:
        """It always has one."""

    @property
    def operational_state(self) -> str:
        return "UNKNOWN" if self.up else "DOWN"

    def _carry(self, frame: Ethernet) -> None:
        assert self.namespace is not None
        self.namespace.machine.clock.call_later(MICROSECOND, lambda: self.receive(frame))


class Veth(Device):
    """One end of a cable; what goes in here comes out at ``peer`` (veth(4))."""

    kind = "veth"
    __slots__ = ("peer",)

    def __init__(self, name: str, mac: str, mtu: int = 1500, *, queue_length: int = 0) -> None:
        super().__init__(name, mac, mtu, queue_length=queue_length)
        self.peer: Veth | None = None

    @classmethod
    def pair(cls, one: Veth, other: Veth) -> None:
        """Join two ends into one cable."""
        one.peer, other.peer = other, one

    @property
    def carrier(self) -> bool:
        return self.up and self.peer is not None and self.peer.up

    @property
    def operational_state(self) -> str:
        return "LOWERLAYERDOWN" if self.up and not self.carrier else super().operational_state

    @property
    def link_index(self) -> int | None:
        return self.peer.index if self.peer is not None else None

    def _carry(self, frame: Ethernet) -> None:
        assert self.namespace is not None
        seen = frame.without_notes()
        self.namespace.machine.clock.call_later(WIRE_DELAY, lambda: self._arrive(seen))

    def _arrive(self, frame: Ethernet) -> None:
        if self.peer is not None:
            self.peer.receive(frame)

    def heeds(self, message: ARP) -> bool:
        peer = self.peer
        if peer is None or peer.namespace is None or peer.master is not None or not (peer.up and self.up):
            return True
        return peer.namespace.neighbours.knows(peer, message.sender)

    def count_through(self, size: int) -> None:
        assert self.peer is not None
        self.sent_packets += 1
        self.sent_bytes += size
        self.peer.received_packets += 1
        self.peer.received_bytes += size

    def transmit(self, frame: Ethernet) -> None:
        """What is too long for the other end never gets there (net/core/dev.c, is_skb_forwardable)."""
        payload = frame.payload
        size = payload.longest_piece if isinstance(payload, IPv4) else len(payload)
        if self.peer is not None and self.carrier and size > self.peer.mtu + VLAN_TAG_LENGTH:
            self.record("dropped", frame, f"too long for the MTU of {self.peer.mtu} at the other end")
        else:
            super().transmit(frame)

    def went_down(self) -> None:
        """Neither end has a carrier now."""
        super().went_down()
        if self.peer is not None:
            self.peer.lost_carrier()

    def removed(self) -> None:
        """A cable cannot have one end: the other goes with it."""
        peer, self.peer = self.peer, None
        if peer is not None and peer.namespace is not None:
            peer.peer = None
            peer.namespace.remove_device(peer)


class Switch:
    """A switch in the world outside, that physical cards are plugged into; it floods, as a hub would."""

    def __init__(self) -> None:
        self.cards: list[Physical] = []


class Physical(Device):
    """A machine's network card on a switch."""

    kind = "physical"
    __slots__ = ("switch",)

    def __init__(self, name: str, mac: str, switch: Switch, mtu: int = 1500) -> None:
        super().__init__(name, mac, mtu, queue_length=DEFAULT_QUEUE_LENGTH)
        self.name_origin, self.address_origin = NAMED_BY_KERNEL, ADDRESS_OF_ITS_OWN
        self.switch = switch
        switch.cards.append(self)

    def _carry(self, frame: Ethernet) -> None:
        assert self.namespace is not None
        frame = frame.without_notes()
        for card in self.switch.cards:
            if card is not self and frame.destination in (card.mac, "ff:ff:ff:ff:ff:ff"):
                self.namespace.machine.clock.call_later(8 * WIRE_DELAY, partial(card.receive, frame))

    def removed(self) -> None:
        self.switch.cards.remove(self)
