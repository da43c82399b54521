"""Reads a Topology from any Docker Engine: what the API knows, and by one script in the probe what the kernel knows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from netcourse.real.docker.probe import PROBE_LABEL, Probe
from netcourse.topology import (
    PREDEFINED_NETWORKS,
    Container,
    Endpoint,
    Interface,
    Machine,
    Namespace,
    Network,
    Port,
    Route,
    Rule,
    Topology,
    names_in,
    nameservers_in,
)

if TYPE_CHECKING:
    import docker

MARK = "@@netcourse@@"
LOOK = (f"echo '{MARK} links'; $E ip -j -d addr; echo '{MARK} routes'; $E ip -j -4 route; echo '{MARK} rules'; "
        f"$E iptables-save; echo '{MARK} forwarding'; $E cat /proc/sys/net/ipv4/ip_forward; "
        f"echo '{MARK} hosts'; cat $R/etc/hosts; echo '{MARK} resolver'; cat $R/etc/resolv.conf")
KINDS = {"bridge": "bridge", "veth": "veth", "vxlan": "vxlan", "macvlan": "macvlan", "ipvlan": "ipvlan",
         "dummy": "dummy"}
REFUSING = re.compile(r":(\S+) (DROP) ")
"""The policy of a chain, where it is no matter of course."""
BRIDGE_NAME = "com.docker.network.bridge.name"


def read_topology(client: docker.DockerClient, probe: Probe, *, label: str = "", lab: str = "") -> Topology:
    """Containers and networks whose ``label`` is ``lab``, where one is given; the probe itself is never shown."""
    shown = [client.api.inspect_container(c["Id"]) for c in client.api.containers(all=True)
             if PROBE_LABEL not in c["Labels"] and (not label or c["Labels"].get(label) == lab)]
    shown.sort(key=lambda container: str(container["Created"]))
    networks = [n for n in sorted(client.api.networks(), key=lambda n: str(n["Created"]))
                if not label or n["Labels"].get(label) == lab or n["Name"] in PREDEFINED_NETWORKS]
    looks = _look(probe, {c["Name"][1:]: c["State"]["Pid"] for c in shown
                          if c["State"]["Running"] and not _shares(c["HostConfig"]["NetworkMode"])})
    names = {c["Id"]: c["Name"][1:] for c in shown}
    # a container that ended while it was looked at has no links any more
    namespaces = _with_peers([_namespace(name, parts) for name, parts in looks.items() if parts["links"].strip()])
    machine = Machine(client.info()["Name"], namespaces, tuple(_network(n, namespaces[0]) for n in networks),
                      tuple(_container(c, names) for c in shown),
                      tuple(endpoint for c in shown for endpoint in _endpoints(c, namespaces)))
    return Topology((machine,))


def _shares(mode: str) -> bool:
    return mode == "host" or mode.startswith("container:")


def _look(probe: Probe, pids: dict[str, int]) -> dict[str, dict[str, str]]:
    # Docker gives the probe, which shares the host's network, the host's own /etc/hosts and /etc/resolv.conf
    script = f"echo '{MARK} namespace host'; E=; R=; {LOOK}; "
    for name, pid in pids.items():
        script += f"echo '{MARK} namespace {name}'; E='nsenter -t {pid} -n'; R=/proc/{pid}/root; {LOOK}; "
    # a container that ends meanwhile is no news
    _, output = probe.run(f"{{ {script} }} 2>/dev/null")
    looks: dict[str, dict[str, str]] = {}
    for block in output.split(f"{MARK} namespace ")[1:]:
        name, _, rest = block.partition("\n")
        parts = (part.partition("\n") for part in rest.split(f"{MARK} ")[1:])
        looks[name] = {title: text for title, _, text in parts}
    return looks


def _namespace(name: str, parts: dict[str, str]) -> Namespace:
    links = json.loads(parts["links"])
    return Namespace(name, tuple(_interface(link) for link in sorted(links, key=lambda link: int(link["ifindex"]))),
                     tuple(_route(route) for route in json.loads(parts["routes"] or "[]")), _rules(parts["rules"]),
                     names_in(parts["hosts"]), nameservers_in(parts["resolver"]), parts["forwarding"].strip() == "1")


def _interface(link: dict[str, Any]) -> Interface:
    kind = KINDS.get((link.get("linkinfo") or {}).get("info_kind", ""), "physical")
    kind = "loopback" if link["link_type"] == "loopback" else kind
    addresses = tuple(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["family"] == "inet")
    peer = ("", str(link["link_index"])) if kind == "veth" and "link_index" in link else None
    return Interface(link["ifname"], kind, link["ifindex"], link["address"], link["mtu"], "UP" in link["flags"],
                     "LOWER_UP" in link["flags"], addresses, link.get("master"), peer)


def _with_peers(namespaces: list[Namespace]) -> tuple[Namespace, ...]:
    """The other end of a veth is known by its index only; between host and container that finds it."""
    from dataclasses import replace

    host = namespaces[0]
    pairs: dict[tuple[str, str], tuple[str, str]] = {}
    for namespace in namespaces[1:]:
        for interface in namespace.interfaces:
            outside = next((i for i in host.interfaces if interface.peer == ("", str(i.index))), None)
            if outside is not None:
                pairs[namespace.name, interface.name] = (host.name, outside.name)
                pairs[host.name, outside.name] = (namespace.name, interface.name)
    return tuple(replace(n, interfaces=tuple(replace(i, peer=pairs.get((n.name, i.name))) for i in n.interfaces))
                 for n in namespaces)


def _route(route: dict[str, Any]) -> Route:
    return Route(route["dst"], route.get("dev"), route.get("gateway"), route.get("prefsrc"), route.get("metric", 0))


def _rules(saved: str) -> tuple[Rule, ...]:
    table, found = "", []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A"):
            found.append(Rule(table, line))
        elif policy := REFUSING.match(line):
            found.append(Rule(table, f"-P {policy[1]} {policy[2]}"))
    chains = sorted({(rule.table, rule.text.split()[1]) for rule in found})
    return tuple(rule for chain in chains for rule in found if (rule.table, rule.text.split()[1]) == chain)


def _network(network: dict[str, Any], host: Namespace) -> Network:
    """The API names a gateway only where one was asked for; else it is the bridge's own address."""
    pools = network["IPAM"]["Config"] or [{}]
    options = network["Options"] or {}
    bridge = options.get(BRIDGE_NAME) or f"br-{network['Id'][:12]}" if network["Driver"] == "bridge" else None
    device = host.interface(bridge) if bridge is not None else None
    own = device.addresses[0].partition("/")[0] if device is not None and device.addresses else None
    return Network(network["Name"], network["Id"], network["Driver"], pools[0].get("Subnet"),
                   pools[0].get("Gateway") or own, network["Internal"], bridge, tuple(sorted(options.items())))


def _container(container: dict[str, Any], names: dict[str, str]) -> Container:
    """``names`` by id: a container may live in the namespace of another."""
    name, mode = container["Name"][1:], container["HostConfig"]["NetworkMode"]
    running = container["State"]["Running"]
    home = "host" if mode == "host" else names.get(mode.partition("container:")[2], name)
    ports = [Port(int(port.partition("/")[0]), port.partition("/")[2], place["HostIp"], int(place["HostPort"]))
             for port, places in (container["NetworkSettings"]["Ports"] or {}).items() for place in places or []
             if ":" not in place["HostIp"]]
    return Container(name, container["Id"], container["Config"]["Image"], container["State"]["Status"],
                     home if running else None, tuple(sorted(ports, key=lambda p: (p.container_port, p.protocol))))


def _endpoints(container: dict[str, Any], namespaces: tuple[Namespace, ...]) -> list[Endpoint]:
    name = container["Name"][1:]
    home = next((namespace for namespace in namespaces if namespace.name == name), None)
    found = []
    for network, settings in sorted(container["NetworkSettings"]["Networks"].items()):
        address = f"{settings['IPAddress']}/{settings['IPPrefixLen']}" if settings["IPAddress"] else None
        interfaces = home.interfaces if home is not None and address is not None else ()
        interface = next((i.name for i in interfaces if i.mac == settings["MacAddress"]), None)
        found.append(Endpoint(name, network, interface, address, settings["MacAddress"] or None,
                              settings.get("GwPriority", 0), tuple(settings.get("DNSNames") or ())))
    return found
