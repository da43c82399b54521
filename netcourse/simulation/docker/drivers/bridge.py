"""The bridge driver: a Linux bridge for each network, a veth pair for each endpoint, and dockerd's rules."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from netcourse.packets import ARP, BROADCAST_MAC, UNKNOWN_MAC, Ethernet
from netcourse.simulation.docker.drivers import bridge_rules
from netcourse.simulation.docker.drivers.bridge_options import BridgeOptions, check_options, read_options
from netcourse.simulation.docker.drivers.driver import Endpoint, Network, PortRequest
from netcourse.simulation.docker.drivers.port_allocator import PortAllocator, distinct
from netcourse.simulation.docker.drivers.proxy import Proxy
from netcourse.simulation.docker.errors import EngineError, failed, forbidden, not_simulated
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import MILLISECOND
from netcourse.simulation.linux.device import RENAMED, SET_ADDRESS, Veth
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter import run_command

GROUP_BIT = 1
"""In a MAC address's first byte: no interface's own (IEEE 802)."""


class BridgeDriver:
    needs_addresses = True

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._host = machine.root
        self._networks: dict[str, BridgeOptions] = {}
        self._ports = PortAllocator(self._host)
        self._proxies: dict[str, list[Proxy]] = {}

    def start(self) -> None:
        """What dockerd does before there is a network: chains, and forwarding switched on."""
        self._host.forwarding = True
        self._write([*bridge_rules.CHAINS, *bridge_rules.FIRST_RULES])

    # Networks

    def check(self, network: Network) -> None:
        options = check_options(network)
        rival = next((id_ for id_, other in self._networks.items() if other.bridge == options.bridge), None)
        if rival is not None:
            raise forbidden(f"cannot create network {network.id} ({options.bridge}): conflicts with network {rival} "
                            f"({options.bridge}): networks have same bridge name")
        existing = self._host.devices.get(options.bridge)
        if isinstance(existing, Bridge):
            raise not_simulated("a network on a bridge that was there before it")
        if existing is not None:
            raise failed(f"existing interface {options.bridge} is not a bridge")

    def _options(self, network: Network) -> BridgeOptions:
        return self._networks.get(network.id) or read_options(network)

    def needs_gateway(self, network: Network) -> bool:
        return self._options(network).mode != "isolated"

    def interface_prefix(self, network: Network) -> str:
        return self._options(network).interface_prefix

    def bridge_name(self, network: Network) -> str:
        return self._options(network).bridge

    def create_network(self, network: Network) -> None:
        pool, options = network.pool, read_options(network)
        assert pool is not None
        self._networks[network.id] = options
        bridge = Bridge(options.bridge, self._machine.new_mac(), options.mtu)
        self._host.add_device(bridge)
        bridge.set_mac(bridge.mac)
        if options.has_address and pool.gateway is not None:
            self._host.add_address(bridge, Address.of_host(pool.gateway, pool.subnet))
        self._host.set_up(bridge)
        if not options.icc:
            self._host.bridge_netfilter = True
        self._write(bridge_rules.network_rules(options, pool.subnet, internal=network.internal))

    def remove_network(self, network: Network) -> None:
        assert network.pool is not None
        options = self._networks.pop(network.id)
        self._erase(bridge_rules.network_rules(options, network.pool.subnet, internal=network.internal))
        self._host.remove_device(self._host.devices[options.bridge])

    def _write(self, rules: list[str]) -> None:
        for rule in rules:
            run_command(self._host.netfilter, rule.split())

    def _erase(self, rules: list[str]) -> None:
        for rule in rules:
            run_command(self._host.netfilter, bridge_rules.undone(rule).split())

    # Endpoints

    def join(self, endpoint: Endpoint, namespace: Namespace, interface: str) -> None:
        network = endpoint.network
        bridge = self._host.devices[self.bridge_name(network)]
        assert isinstance(bridge, Bridge)
        assert endpoint.address is not None
        self._check_mac(endpoint.mac)
        if namespace is self._host:
            raise self._conflicting_route(endpoint, bridge)
        options = self._options(network)
        outside = Veth(self._new_name(), self._machine.new_mac(), options.mtu)
        inside = Veth(interface, endpoint.mac, options.mtu)
        inside.name_origin, inside.address_origin = RENAMED, SET_ADDRESS
        # as on every network without IPv6 (moby daemon/libnetwork/osl, setIPv6)
        inside.ipv6_disabled = True
        Veth.pair(outside, inside)
        self._host.add_device(outside)
        namespace.add_device(inside)
        bridge.add_port(outside)
        self._host.set_up(outside)
        namespace.add_address(inside, endpoint.address)
        namespace.set_up(inside)
        self._announce(inside, endpoint.address.ip, options, options.announcements)
        endpoint.interface, endpoint.host_device = interface, outside
        rules = self._endpoint_rules(endpoint)
        self._host.netfilter.enter_when_needed(lambda: self._write(rules))

    def _check_mac(self, mac: str) -> None:
        """Raises EngineError for one that no interface can have (is_valid_ether_addr in include/linux/etherdevice.h),
        or longer than an interface's."""
        is_group, length = int(mac[:2], 16) & GROUP_BIT, len(UNKNOWN_MAC)
        if not is_group and mac.strip("0:") and len(mac) == length:
            return
        name = self._new_name()
        refusal = (f'error setting interface "{name}" MAC to "{mac}": cannot assign requested address'
                   if is_group or len(mac) == length else
                   f"failed to advertise addresses: MAC address changed, got {mac[:length]}, expected {mac}")
        raise failed(f"failed to add interface {name} to sandbox: {refusal}")

    def _conflicting_route(self, endpoint: Endpoint, bridge: Bridge) -> EngineError:
        """On the machine itself the bridge has the network's route (moby daemon/libnetwork/osl, checkRouteConflict)."""
        name, pool = self._new_name(), endpoint.network.pool
        assert pool is not None
        return failed(f'failed to add interface {name} to sandbox: error setting interface "{name}" IP to '
                      f"{endpoint.address}: cannot program address {endpoint.address} in sandbox interface because it "
                      f"conflicts with existing route {{Ifindex: {bridge.index} Dst: {pool.subnet} Src: {pool.gateway} "
                      "Gw: <nil> Flags: [] Table: 254 Realm: 0}")

    def _new_name(self) -> str:
        return f"veth{self._machine.random.getrandbits(28):07x}"

    def _announce(self, device: Veth, ip: IPv4Address, options: BridgeOptions, times: int) -> None:
        """Whoever knew the address at another MAC address learns of it (RFC 5227 section 3)."""
        if times == 0 or device.namespace is None or all(address.ip != ip for address in device.addresses):
            return
        device.transmit(Ethernet(BROADCAST_MAC, device.mac, ARP(1, device.mac, ip, UNKNOWN_MAC, ip)))
        self._machine.clock.call_later(options.announce_every * MILLISECOND,
                                       lambda: self._announce(device, ip, options, times - 1))

    def leave(self, endpoint: Endpoint) -> None:
        self.unpublish(endpoint)
        if endpoint.host_device is None or endpoint.address is None:
            return
        self._erase(self._endpoint_rules(endpoint))
        if endpoint.host_device.namespace is not None:
            self._host.remove_device(endpoint.host_device)
        endpoint.host_device, endpoint.interface = None, ""

    def _endpoint_rules(self, endpoint: Endpoint) -> list[str]:
        assert endpoint.ip is not None
        if endpoint.network.internal:
            return []
        return bridge_rules.endpoint_rules(self._options(endpoint.network), endpoint.ip)

    # Published ports

    def publish(self, endpoint: Endpoint, requests: list[PortRequest]) -> None:
        assert endpoint.ip is not None
        options = self._options(endpoint.network)
        try:
            bindings = self._ports.allocate(requests, options.host_ip, endpoint.ip)
        except EngineError as error:
            raise failed(f"driver failed programming external connectivity on endpoint {endpoint.container_name} "
                         f"({endpoint.id}): {error}") from None
        if options.mode == "routed":
            self._ports.release(bindings)
            bindings = [replace(binding, is_routed=True) for binding in bindings]
        else:
            self._proxies[endpoint.id] = [Proxy(self._machine, binding, endpoint.ip) for binding in distinct(bindings)]
        endpoint.ports.extend(bindings)
        self._write(self._port_rules(endpoint))

    def unpublish(self, endpoint: Endpoint) -> None:
        for proxy in self._proxies.pop(endpoint.id, []):
            proxy.close()
        if endpoint.ports:
            self._erase(self._port_rules(endpoint))
        self._ports.release(binding for binding in endpoint.ports if not binding.is_routed)
        endpoint.ports.clear()

    def _port_rules(self, endpoint: Endpoint) -> list[str]:
        assert endpoint.ip is not None
        options = self._options(endpoint.network)
        return [*(rule for binding in endpoint.ports
                  for rule in bridge_rules.binding_rules(options, endpoint.ip, binding)),
                *bridge_rules.open_port_rules(options, endpoint.ip, endpoint.ports)]
