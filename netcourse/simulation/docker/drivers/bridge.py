"""The bridge driver: a Linux bridge for each network, a veth pair for each endpoint, and dockerd's rules."""

from __future__ import annotations

from netcourse.simulation.docker.drivers import bridge_rules
from netcourse.simulation.docker.drivers.driver import Endpoint, Network, PortBinding
from netcourse.simulation.docker.drivers.proxy import Proxy, port_taken
from netcourse.simulation.docker.errors import bad_request, failed, forbidden
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import Veth
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter import run_command

PREFIX = "com.docker.network.bridge."
NAME, ICC, MASQUERADE = f"{PREFIX}name", f"{PREFIX}enable_icc", f"{PREFIX}enable_ip_masquerade"
HOST_IP = f"{PREFIX}host_binding_ipv4"
MTU = "com.docker.network.driver.mtu"
LONGEST_NAME = 15
TRUE, FALSE = {"1", "t", "T", "true", "TRUE", "True"}, {"0", "f", "F", "false", "FALSE", "False"}


class BridgeDriver:
    needs_addresses = True

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._host = machine.root
        self._proxies: dict[str, list[Proxy]] = {}

    def start(self) -> None:
        """What dockerd does before there is a network: chains, and forwarding switched on."""
        self._host.forwarding = True
        for rule in (*bridge_rules.CHAINS, *bridge_rules.FIRST_RULES):
            run_command(self._host.netfilter, rule.split())

    # Options

    def check(self, network: Network) -> None:
        for option in (ICC, MASQUERADE):
            self._flag(network, option)
        self._mtu(network)
        if len(self.bridge_name(network)) > LONGEST_NAME:
            raise failed("numerical result out of range")
        if any(self.bridge_name(network) == name for name in self._host.devices):
            raise forbidden(f"bridge name {self.bridge_name(network)} is already in use")

    def _flag(self, network: Network, option: str, *, default: bool = True) -> bool:
        text = network.options.get(option)
        if text is None:
            return default
        if text not in TRUE | FALSE:
            raise bad_request(f'failed to parse {option} value: {text} '
                              f'(strconv.ParseBool: parsing "{text}": invalid syntax)')
        return text in TRUE

    def _mtu(self, network: Network) -> int:
        text = network.options.get(MTU, "1500")
        if not text.lstrip("-").isdigit():
            raise bad_request(f'failed to parse {MTU} value: {text} (strconv.Atoi: parsing "{text}": invalid syntax)')
        return int(text)

    def bridge_name(self, network: Network) -> str:
        return network.options.get(NAME) or f"br-{network.id[:12]}"

    # Networks

    def create_network(self, network: Network) -> None:
        pool = network.pool
        assert pool is not None
        bridge = Bridge(self.bridge_name(network), self._machine.new_mac(), self._mtu(network))
        self._host.add_device(bridge)
        self._host.add_address(bridge, Address.parse(f"{pool.gateway}/{pool.subnet.prefixlen}", broadcast=True))
        self._host.set_up(bridge)
        if not self._flag(network, ICC):
            self._host.bridge_netfilter = True
        for rule in self._network_rules(network):
            run_command(self._host.netfilter, rule.split())

    def _network_rules(self, network: Network) -> list[str]:
        assert network.pool is not None
        return bridge_rules.network_rules(
            self.bridge_name(network), network.pool.subnet, internal=network.internal, icc=self._flag(network, ICC),
            masquerade=self._flag(network, MASQUERADE))

    def remove_network(self, network: Network) -> None:
        for rule in self._network_rules(network):
            run_command(self._host.netfilter, bridge_rules.undone(rule).split())
        self._host.remove_device(self._host.devices[self.bridge_name(network)])

    # Endpoints

    def join(self, endpoint: Endpoint, namespace: Namespace, interface: str) -> None:
        network = endpoint.network
        bridge = self._host.devices[self.bridge_name(network)]
        assert isinstance(bridge, Bridge)
        assert endpoint.address is not None
        outside = Veth(f"veth{self._machine.random.getrandbits(28):07x}", self._machine.new_mac(), bridge.mtu)
        inside = Veth(interface, endpoint.mac, bridge.mtu)
        Veth.pair(outside, inside)
        self._host.add_device(outside)
        namespace.add_device(inside)
        bridge.add_port(outside)
        self._host.set_up(outside)
        namespace.add_address(inside, endpoint.address)
        namespace.set_up(inside)
        endpoint.interface, endpoint.host_device = interface, outside
        if not network.internal:
            for rule in bridge_rules.endpoint_rules(bridge.name, endpoint.address.ip):
                run_command(self._host.netfilter, rule.split())

    def leave(self, endpoint: Endpoint) -> None:
        self.unpublish(endpoint)
        if endpoint.host_device is None or endpoint.address is None:
            return
        if not endpoint.network.internal:
            for rule in bridge_rules.endpoint_rules(self.bridge_name(endpoint.network), endpoint.address.ip):
                run_command(self._host.netfilter, bridge_rules.undone(rule).split())
        if endpoint.host_device.namespace is not None:
            self._host.remove_device(endpoint.host_device)
        endpoint.host_device, endpoint.interface = None, ""

    # Published ports

    def default_host_ip(self, network: Network) -> str:
        return network.options.get(HOST_IP, "0.0.0.0")

    def publish(self, endpoint: Endpoint, bindings: list[PortBinding]) -> None:
        for binding in bindings:
            try:
                self._publish(endpoint, binding)
            except OSError:
                self.unpublish(endpoint)
                raise failed(
                    f"driver failed programming external connectivity on endpoint {endpoint.container_name} "
                    f"({endpoint.id}): {port_taken(binding)}") from None

    def _publish(self, endpoint: Endpoint, binding: PortBinding) -> None:
        assert endpoint.address is not None
        proxy = Proxy(self._machine, binding, endpoint.address.ip)
        self._proxies.setdefault(endpoint.id, []).append(proxy)
        endpoint.ports.append(binding)
        for rule in bridge_rules.port_rules(self.bridge_name(endpoint.network), endpoint.address.ip, binding):
            run_command(self._host.netfilter, rule.split())

    def unpublish(self, endpoint: Endpoint) -> None:
        for proxy in self._proxies.pop(endpoint.id, []):
            proxy.close()
        for binding in endpoint.ports:
            assert endpoint.address is not None
            for rule in bridge_rules.port_rules(self.bridge_name(endpoint.network), endpoint.address.ip, binding):
                run_command(self._host.netfilter, bridge_rules.undone(rule).split())
        endpoint.ports.clear()
