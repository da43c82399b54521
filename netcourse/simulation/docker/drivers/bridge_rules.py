"""The iptables rules that dockerd writes for bridge networks, in its order.

Seen on Engine 28.5.2 (moby daemon/libnetwork/drivers/bridge/internal/iptabler). Each rule is the text after
``iptables``; -I puts it in front, -A at the end, and ``undone`` turns it into the -D that removes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.docker.drivers.bridge_options import BridgeOptions
from netcourse.simulation.docker.drivers.driver import PortBinding

CHAINS = ("-t nat -N DOCKER", "-N DOCKER", "-N DOCKER-FORWARD", "-N DOCKER-BRIDGE", "-N DOCKER-CT",
          "-N DOCKER-ISOLATION-STAGE-1", "-N DOCKER-ISOLATION-STAGE-2", "-N DOCKER-USER")
FIRST_RULES = (
    "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "-t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-FORWARD",
    "-A DOCKER-FORWARD -j DOCKER-CT",
    "-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1",
    "-A DOCKER-FORWARD -j DOCKER-BRIDGE",
    "-P FORWARD DROP",
)


def undone(rule: str) -> str:
    return rule.replace("-I ", "-D ", 1).replace("-A ", "-D ", 1)


def network_rules(options: BridgeOptions, subnet: IPv4Network, *, internal: bool) -> list[str]:
    """Rules of a network, whoever is on it."""
    return _internal(options, subnet) if internal else _open(options, subnet)


def _internal(options: BridgeOptions, subnet: IPv4Network) -> list[str]:
    bridge = options.bridge
    return [
        f"-A DOCKER-FORWARD -i {bridge} -o {bridge} -j {'ACCEPT' if options.icc else 'DROP'}",
        f"-I DOCKER-ISOLATION-STAGE-1 ! -d {subnet} -i {bridge} -j DROP",
        f"-I DOCKER-ISOLATION-STAGE-1 ! -s {subnet} -o {bridge} -j DROP",
    ]


def _open(options: BridgeOptions, subnet: IPv4Network) -> list[str]:
    bridge = options.bridge
    between = ([f"-A DOCKER-FORWARD -i {bridge} -j ACCEPT"] if options.icc else
               [f"-A DOCKER-FORWARD -i {bridge} -o {bridge} -j DROP",
                f"-A DOCKER-FORWARD -i {bridge} ! -o {bridge} -j ACCEPT"])
    return [
        *_translation(options, subnet),
        *([f"-A DOCKER -o {bridge} -p icmp -j ACCEPT"] if options.mode == "routed" else []),
        f"-A DOCKER ! -i {bridge} -o {bridge} -j {'ACCEPT' if options.mode == 'nat-unprotected' else 'DROP'}",
        f"-A DOCKER-BRIDGE -o {bridge} -j DOCKER",
        f"-A DOCKER-CT -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        *between,
        f"-A DOCKER-ISOLATION-STAGE-1 -i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2",
        f"-I DOCKER-ISOLATION-STAGE-2 -o {bridge} -j DROP",
        *([f"-I DOCKER-ISOLATION-STAGE-1 -o {bridge} -j RETURN",
           f"-I DOCKER-ISOLATION-STAGE-1 -i {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
          if options.mode == "routed" else []),
    ]


def _translation(options: BridgeOptions, subnet: IPv4Network) -> list[str]:
    if not options.masquerade:
        return []
    source = f"SNAT --to-source {options.source}" if options.source else "MASQUERADE"
    outward = f"-t nat -I POSTROUTING -s {subnet} ! -o {options.bridge} -j {source}"
    return [*([outward] if options.mode != "routed" else []), f"-t nat -I DOCKER -i {options.bridge} -j RETURN"]


def endpoint_rules(options: BridgeOptions, ip: IPv4Address) -> list[str]:
    """Nobody reaches a container's address but over its own bridge, not even by a route from outside."""
    if options.mode != "nat":
        return []
    return [*(f"-t raw -A PREROUTING -d {ip}/32 -i {name} -j ACCEPT" for name in options.trusted),
            f"-t raw -A PREROUTING -d {ip}/32 ! -i {options.bridge} -j DROP"]


def binding_rules(options: BridgeOptions, ip: IPv4Address, binding: PortBinding) -> list[str]:
    """In through a published port: translated on arrival; a loopback port isn't reached from outside."""
    if binding.is_routed:
        return []
    protocol, port, bridge = binding.protocol, binding.host_port, options.bridge
    where = "" if binding.host_ip == "0.0.0.0" else f"-d {binding.host_ip}/32 "
    loopback = IPv4Address(binding.host_ip).is_loopback
    return [
        f"-t nat -A DOCKER {where}! -i {bridge} -p {protocol} -m {protocol} --dport {port} "
        f"-j DNAT --to-destination {ip}:{binding.container_port}",
        *([f"-t raw -A PREROUTING {where}! -i lo -p {protocol} -m {protocol} --dport {port} -j DROP"] if loopback
          else []),
    ]


def open_port_rules(options: BridgeOptions, ip: IPv4Address, bindings: Iterable[PortBinding]) -> list[str]:
    """Accepted on the way through: once for a port of the container, however often it is published."""
    if options.mode == "nat-unprotected":
        return []
    ports = dict.fromkeys((binding.protocol, binding.container_port) for binding in bindings)
    way = f"-I DOCKER -d {ip}/32 ! -i {options.bridge} -o {options.bridge}"
    return [f"{way} -p {protocol} -m {protocol} --dport {port} -j ACCEPT" for protocol, port in ports]
