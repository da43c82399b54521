"""The Linux bridge: a switch within a namespace that learns which MAC address is behind which port."""

from __future__ import annotations

from dataclasses import replace

from netcourse.packets import UNKNOWN_MAC, Ethernet, IPv4
from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.device import HEADER_LENGTH, Device
from netcourse.simulation.linux.forwarding import ForwardingDatabase


class Bridge(Device):
    """A bridge is a port of itself too: its own address is the gateway of those on its ports.

    Its MAC address is the lowest of its ports' (zeros when the last has left) until somebody sets one, which Docker
    does at once: ``follows_ports`` is for the others (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id).
    """

    kind = "bridge"
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

    def add_port(self, device: Device) -> None:
        """Raises OSError(EBUSY) when the device is a port already."""
        if device.master is not None:
            raise OSError(16, "Device or resource busy")
        device.master = self
        taken = {port.port_number for port in self.ports.values()}
        device.port_number = next(number for number in range(1, len(taken) + 2) if number not in taken)
        self.ports[device.name] = device
        self.forwarding.put(device.mac, device)
        self.has_settled = True
        self._follow()
        ipv6.follow(self)

    def remove_port(self, device: Device) -> None:
        self.ports.pop(device.name, None)
        device.master = None
        self.forwarding.forget(device)
        self._follow()

    def _follow(self) -> None:
        if self.follows_ports:
            self.mac = min((port.mac for port in self.ports.values()), default=UNKNOWN_MAC)

    def receive_on_port(self, port: Device, frame: Ethernet) -> None:
        """Learn the sender, then hand the frame up, forward it or flood it."""
        namespace = self.namespace
        if namespace is None or not self.up:
            return
        self.forwarding.learn(frame.source, port)
        filtered = self._filter_in(frame)
        if filtered is None:
            return
        if filtered is not frame and namespace.is_elsewhere(frame, filtered):
            self._hand_up(replace(filtered, destination=self.mac))
        elif frame.destination == self.mac:
            self._hand_up(filtered)
        elif self.forwarding.is_own(frame.destination):
            # its own machine takes what was sent to the very port (net/ethernet/eth.c, eth_type_trans)
            self._hand_up(replace(filtered, destination=self.mac) if frame.destination == port.mac else filtered)
        else:
            self._switch(filtered, port)

    def _hand_up(self, frame: Ethernet) -> None:
        """To the bridge's own namespace; counted without the header (net/bridge/br_input.c, br_pass_frame_up)."""
        assert self.namespace is not None
        self.received_packets += 1
        self.received_bytes += len(frame) - HEADER_LENGTH
        self.namespace.receive(self, frame, filtered=self.namespace.bridge_netfilter)

    def _carry(self, frame: Ethernet) -> None:
        self._switch(frame, None)

    def _switch(self, frame: Ethernet, incoming: Device | None) -> None:
        assert self.namespace is not None
        port = self.forwarding.port_behind(frame.destination)
        if port is not None:
            if port is not incoming or port.name in self.hairpin:
                self._leave(port, frame, incoming, "forwarded")
            return
        if incoming is not None and frame.destination == "ff:ff:ff:ff:ff:ff":
            self._hand_up(frame)
        for other in list(self.ports.values()):
            if other is not incoming:
                self._leave(other, frame, incoming, "flooded")

    def _leave(self, port: Device, frame: Ethernet, incoming: Device | None, action: str) -> None:
        if incoming is not None:
            passed = self._filter_out(frame)
            if passed is None:
                return
            frame = passed
            self.record(action, frame, f"from {incoming.name} to {port.name}")
        if port.up and port.carrier:
            port.transmit(frame)

    def _filter_in(self, frame: Ethernet) -> Ethernet | None:
        return self._filter(frame, "PREROUTING", outgoing=None)

    def _filter_out(self, frame: Ethernet) -> Ethernet | None:
        passed = self._filter(frame, "FORWARD", outgoing=self.name)
        return passed and self._filter(passed, "POSTROUTING", outgoing=self.name)

    def _filter(self, frame: Ethernet, hook: str, *, outgoing: str | None) -> Ethernet | None:
        """Bridged IPv4 meets iptables too where bridge-nf-call-iptables is 1, which dockerd sees to."""
        namespace = self.namespace
        assert namespace is not None
        if not isinstance(frame.payload, IPv4) or not namespace.bridge_netfilter:
            return frame
        incoming = None if hook == "POSTROUTING" else self.name
        packet = namespace.netfilter.traverse(hook, frame.payload, incoming=incoming, outgoing=outgoing)
        if packet is None or packet is frame.payload:
            return None if packet is None else frame
        return replace(frame, payload=packet)
