"""The Linux bridge: a switch within a namespace that learns which MAC address is behind which port."""

from __future__ import annotations

from dataclasses import replace

from netcourse.packets import ARP, BROADCAST_MAC, UNKNOWN_MAC, Ethernet, IPv4
from netcourse.simulation.linux import fragments, linkwatch
from netcourse.simulation.linux.device import HEADER_LENGTH, SET_ADDRESS, Device
from netcourse.simulation.linux.forwarding import ForwardingDatabase
from netcourse.simulation.linux.local_addresses import ALL_HOSTS_MAC
from netcourse.simulation.linux.netfilter.passage import Link


class Bridge(Device):
    """A bridge is a port of itself too: its own address is the gateway of those on its ports.

    Its MAC address is the lowest of its ports' (zeros when the last has left) until somebody sets one, which Docker
    does at once: ``follows_ports`` is for the others (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id).
    """

    kind = "bridge"
    begins_with_carrier = True
    __slots__ = ("follows_ports", "forwarding", "hairpin", "has_settled", "ports")

    def __init__(self, name: str, mac: str, mtu: int = 1500, *, queue_length: int = 0,
                 follows_ports: bool = False) -> None:
        super().__init__(name, mac, mtu, queue_length=queue_length)
        self.follows_ports = follows_ports
        self.has_settled = not follows_ports
        self.ports: dict[str, Device] = {}
        self.hairpin: set[str] = set()
        self.forwarding = ForwardingDatabase(self)

    @property
    def carrier(self) -> bool:
        """Up as soon as one port is, down after the last: why docker0 is DOWN before the first container.

        Nobody has looked for ports before there was one, or an address was set (net/bridge/br_stp.c,
        br_port_state_selection): so long it seems to be up.
        """
        return self.up and (not self.has_settled or any(port.up and port.carrier for port in self.ports.values()))

    @property
    def operational_state(self) -> str:
        return "UNKNOWN" if self.up and not self.has_settled else super().operational_state

    def set_mac(self, mac: str) -> None:
        """By hand, which it keeps from now on."""
        self.forwarding.move(self.mac, mac, None)
        self.mac, self.follows_ports, self.has_settled = mac, False, True
        self.address_origin = SET_ADDRESS

    def add_port(self, device: Device) -> None:
        """Raises OSError(EBUSY) when the device is a port already."""
        if device.master is not None:
            raise OSError(16, "Device or resource busy")
        device.master = self
        taken = {port.port_number for port in self.ports.values()}
        device.port_number = next(number for number in range(1, len(taken) + 2) if number not in taken)
        self.ports[device.name] = device
        self.forwarding.put(device.mac, device)
        if self.up and not self.has_settled:
            # this port doesn't forward yet (br_add_if)
            self.had_carrier, self.carrier_downs = False, self.carrier_downs + 1
        self.has_settled = True
        self._follow()
        linkwatch.follow(self)

    def remove_port(self, device: Device) -> None:
        self.ports.pop(device.name, None)
        device.master = None
        self.forwarding.forget(device)
        self._check_carrier()
        self._follow()

    def forget_behind(self, port: Device) -> None:
        """Nobody is behind this port any more."""
        self.forwarding.forget_learnt(port)
        self._check_carrier()

    def note_carrier(self) -> None:
        """Nothing is counted while it is switched off."""
        if self.up:
            super().note_carrier()

    def _check_carrier(self) -> None:
        if self.up and not self.carrier:
            self.lost_carrier()

    def _follow(self) -> None:
        if self.follows_ports:
            self.mac = min((port.mac for port in self.ports.values()), default=UNKNOWN_MAC)

    def receive_on_port(self, port: Device, frame: Ethernet) -> None:
        """Learn the sender, then hand the frame up, forward it or flood it."""
        namespace = self.namespace
        if namespace is None or not self.up:
            return
        self.forwarding.learn(frame.source, port)
        filtered = self._filter_in(port, frame)
        if filtered is None:
            return
        if filtered is not frame and namespace.ipv4.is_elsewhere(frame, filtered):
            self._lead_elsewhere(port, filtered)
        elif frame.destination == self.mac:
            self._hand_up(port, filtered)
        elif self.forwarding.is_own(frame.destination):
            # its own machine takes what was sent to the very port (net/ethernet/eth.c, eth_type_trans)
            to_port = frame.destination == port.mac
            self._hand_up(port, replace(filtered, destination=self.mac) if to_port else filtered)
        else:
            self._switch(filtered, port)

    def _lead_elsewhere(self, port: Device, frame: Ethernet) -> None:
        """A packet with a new destination is routed, unless that is on the bridge itself: then it is bridged, and must
        not leave by the port that it came in by (br_nf_pre_routing_finish)."""
        assert self.namespace is not None
        packet = frame.payload
        assert isinstance(packet, IPv4)
        if not self.namespace.ipv4.is_on_link(packet.destination, self):
            self._hand_up(port, replace(frame, destination=self.mac))
            return
        self.namespace.neighbours.resolve(
            self, packet.destination, packet.source, failed=lambda: None,
            found=lambda mac: self._switch(replace(frame, destination=mac), port))

    def _hand_up(self, port: Device, frame: Ethernet) -> None:
        """To the bridge's own namespace; counted without the header (net/bridge/br_input.c, br_pass_frame_up)."""
        assert self.namespace is not None
        self.received_packets += 1
        self.received_bytes += len(frame) - HEADER_LENGTH
        self.namespace.receive(self, frame, port=port.name, filtered=self._filters(frame))

    def _carry(self, frame: Ethernet) -> None:
        self._switch(frame, None)

    def _switch(self, frame: Ethernet, incoming: Device | None) -> None:
        port = self.forwarding.port_behind(frame.destination)
        if port is not None:
            if port is not incoming or port.name in self.hairpin:
                self._leave(port, frame, incoming, "forwarded")
            return
        if incoming is not None and frame.destination in (BROADCAST_MAC, ALL_HOSTS_MAC):
            self._hand_up(incoming, frame)
        others = [other for other in self.ports.values() if other is not incoming]
        message = frame.payload
        if isinstance(message, ARP) and message.is_announcement:
            others = self._passed_over(others, frame, message)
        for other in others:
            self._leave(other, frame, incoming, "flooded")

    def _passed_over(self, ports: list[Device], frame: Ethernet, message: ARP) -> list[Device]:
        """Those behind which somebody heeds an announcement; the others count it, which is all that it does there.

        Every new container announces itself to all others: in a crowd, hardly anybody knows it yet.
        """
        heeding = [port for port in ports if port.heeds(message)]
        unheeding = [port for port in ports if port not in heeding] if heeding else ports
        size = len(frame)
        for port in unheeding:
            port.count_through(size)
        if unheeding:
            self.record("flooded", frame, f"to {len(unheeding)} ports behind which nobody heeds it")
        return heeding

    def _leave(self, port: Device, frame: Ethernet, incoming: Device | None, action: str) -> None:
        if incoming is None:
            self._transmit(port, frame)
            return
        passed = self._filter_out(incoming, port, frame)
        if passed is not None:
            self.record(action, passed, f"from {incoming.name} to {port.name}")
            self._transmit(port, passed)

    def _transmit(self, port: Device, frame: Ethernet) -> None:
        """A packet that was put together for the rules is cut again."""
        if not (port.up and port.carrier):
            return
        packet = frame.payload
        if not isinstance(packet, IPv4) or packet.dont_fragment:
            port.transmit(frame)
            return
        for piece in fragments.cut(packet, self.mtu):
            port.transmit(frame if piece is packet else replace(frame, payload=piece))

    # What iptables says (net/bridge/br_netfilter_hooks.c)

    def _filters(self, frame: Ethernet) -> bool:
        """Bridged IPv4 meets iptables too where bridge-nf-call-iptables is 1, which dockerd sees to."""
        assert self.namespace is not None
        return self.namespace.bridge_netfilter and isinstance(frame.payload, IPv4)

    def _filter_in(self, port: Device, frame: Ethernet) -> Ethernet | None:
        """The frame as it is after PREROUTING; None where it is dropped, or is a piece of a packet to come."""
        if not self._filters(frame):
            return frame
        assert self.namespace is not None
        assert isinstance(frame.payload, IPv4)
        packet = self.namespace.ipv4.whole_for_rules(frame.payload)
        if packet is None:
            return None
        return self._traverse("PREROUTING", _with(frame, packet), Link(frame, port.name), self.name, None)

    def _filter_out(self, incoming: Device, port: Device, frame: Ethernet) -> Ethernet | None:
        if not self._filters(frame):
            return frame
        link = Link(frame, incoming.name, port.name)
        passed = self._traverse("FORWARD", frame, link, self.name, self.name)
        return passed and self._traverse("POSTROUTING", passed, link, None, self.name)

    def _traverse(self, hook: str, frame: Ethernet, link: Link, incoming: str | None,
                  outgoing: str | None) -> Ethernet | None:
        assert self.namespace is not None
        assert isinstance(frame.payload, IPv4)
        packet = self.namespace.netfilter.traverse(hook, frame.payload, incoming=incoming, outgoing=outgoing, link=link)
        return None if packet is None else _with(frame, packet)


def _with(frame: Ethernet, packet: IPv4) -> Ethernet:
    return frame if packet is frame.payload else replace(frame, payload=packet)
