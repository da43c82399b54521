"""The iptables rules that dockerd writes for bridge networks, in its order.

Seen on Engine 28.5.2 (moby daemon/libnetwork/drivers/bridge/internal/iptabler). Each rule is the text after
``iptables``; -I puts it in front, -A at the end, and ``undone`` turns it into the -D that removes it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

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


def network_rules(bridge: str, subnet: IPv4Network, *, internal: bool, icc: bool, masquerade: bool) -> list[str]:
    """Rules of a network, whoever is on it."""
    return _internal(bridge, subnet, icc=icc) if internal else _open(bridge, subnet, icc=icc, masquerade=masquerade)


def _internal(bridge: str, subnet: IPv4Network, *, icc: bool) -> list[str]:
    return [
        f"-A DOCKER-FORWARD -i {bridge} -o {bridge} -j {'ACCEPT' if icc else 'DROP'}",
        f"-I DOCKER-ISOLATION-STAGE-1 ! -d {subnet} -i {bridge} -j DROP",
        f"-I DOCKER-ISOLATION-STAGE-1 ! -s {subnet} -o {bridge} -j DROP",
    ]


def _open(bridge: str, subnet: IPv4Network, *, icc: bool, masquerade: bool) -> list[str]:
    between = ([f"-A DOCKER-FORWARD -i {bridge} -j ACCEPT"] if icc else
               [f"-A DOCKER-FORWARD -i {bridge} -o {bridge} -j DROP",
                f"-A DOCKER-FORWARD -i {bridge} ! -o {bridge} -j ACCEPT"])
    return [
        *([f"-t nat -I POSTROUTING -s {subnet} ! -o {bridge} -j MASQUERADE",
           f"-t nat -I DOCKER -i {bridge} -j RETURN"] if masquerade else []),
        f"-A DOCKER ! -i {bridge} -o {bridge} -j DROP",
        f"-A DOCKER-BRIDGE -o {bridge} -j DOCKER",
        f"-A DOCKER-CT -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        *between,
        f"-A DOCKER-ISOLATION-STAGE-1 -i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2",
        f"-I DOCKER-ISOLATION-STAGE-2 -o {bridge} -j DROP",
    ]


def endpoint_rules(bridge: str, ip: IPv4Address) -> list[str]:
    """Nobody reaches a container's address but over its own bridge, not even by a route from outside."""
    return [f"-t raw -A PREROUTING -d {ip}/32 ! -i {bridge} -j DROP"]


def port_rules(bridge: str, ip: IPv4Address, binding: PortBinding) -> list[str]:
    """In through a published port: translated on arrival, accepted on the way through."""
    protocol, port = binding.protocol, binding.container_port
    where = "" if binding.host_ip == "0.0.0.0" else f"-d {binding.host_ip}/32 "
    return [
        f"-t nat -A DOCKER {where}! -i {bridge} -p {protocol} -m {protocol} --dport {binding.host_port} "
        f"-j DNAT --to-destination {ip}:{port}",
        f"-I DOCKER -d {ip}/32 ! -i {bridge} -o {bridge} -p {protocol} -m {protocol} --dport {port} -j ACCEPT",
    ]
