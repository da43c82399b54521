"""Random sequences of docker commands about networks, for both engines to answer in step.

They speak of few names, so that most commands meet what an earlier one has made, and many are refused.
"""

from __future__ import annotations

from hypothesis import strategies as st

NETWORKS = {"nc-a": 1, "nc-b": 2, "nc-c": 3}  # whose subnet is 10.201.N.0/24
CONTAINERS = {"nc-one": 1, "nc-two": 2, "nc-three": 3}
OPTION = "-o com.docker.network."

networks = st.sampled_from(sorted(NETWORKS))
containers = st.sampled_from(sorted(CONTAINERS))
last_numbers = st.integers(0, 9)


def _words(*choices: str) -> st.SearchStrategy[str]:
    """One of these options, most often none."""
    return st.one_of(st.just(""), st.sampled_from(choices))


# Networks

pool_options = _words(
    "--gateway 10.201.{0}.5", "--gateway 10.201.{0}.254", "--gateway 10.202.{0}.1", "--aux-address spare=10.201.{0}.2",
    "--aux-address spare=10.201.{0}.1", "--aux-address one=10.201.{0}.3 --aux-address two=10.201.{0}.4",
    "--aux-address far=10.202.0.1", "--ip-range 10.201.{0}.4/30", "--ip-range 10.201.{0}.128/25",
    "--ip-range 10.201.{0}.0/30", "--ip-range 10.201.{0}.0/30 --gateway 10.201.{0}.3", "--ip-range 10.201.{0}.1/30",
    "--ip-range 10.201.{0}.64/26 --gateway 10.201.{0}.65 --aux-address a=10.201.{0}.66")
bridge_options = _words(
    "--internal", "--internal", "--label tier=front", "--attachable", f"{OPTION}driver.mtu=1400",
    f"{OPTION}driver.mtu=no", f"{OPTION}bridge.enable_icc=false", f"{OPTION}bridge.enable_ip_masquerade=false",
    f"{OPTION}bridge.name=nc-br0", f"{OPTION}bridge.host_binding_ipv4=127.0.0.1",
    f"{OPTION}bridge.gateway_mode_ipv4=routed", f"{OPTION}bridge.gateway_mode_ipv4=nat-unprotected",
    f"--internal {OPTION}bridge.gateway_mode_ipv4=isolated", f"{OPTION}bridge.gateway_mode_ipv4=isolated",
    f"{OPTION}bridge.inhibit_ipv4=true", f"{OPTION}container_iface_prefix=lan")
odd_subnets = st.sampled_from(["10.201.1.128/25", "10.201.0.0/16", "10.201.2.7/24", "10.201.3.0/30", "10.201.3.0/31",
                               "10.201.3.8/32", "172.17.4.0/24", "10.206.1.0/24 --subnet 10.207.1.0/24"])


@st.composite
def creations(draw: st.DrawFn) -> str:
    name = draw(networks)
    kind = draw(last_numbers)
    if kind == 0:
        return f"docker network create --subnet {draw(odd_subnets)} {draw(bridge_options)} {name}"
    if kind == 1:
        return f"docker network create {draw(bridge_options)} {name}"
    number = NETWORKS[name]
    pool = draw(pool_options).format(number)
    return f"docker network create --subnet 10.201.{number}.0/24 {pool} {draw(bridge_options)} {name}"


removals = st.builds("docker network rm {} {}".format, _words("-f"), networks)
prunes = st.sampled_from(["docker network prune -f --filter label=tier=front",
                          "docker network prune -f --filter label=tier --filter label!=tier=back"])


# Containers

names_and_addresses = _words(
    "--network-alias web", "--network-alias db --network-alias web", "--hostname box", "--add-host far:10.9.9.9",
    "--hostname Box-2", "--hostname box.example.org", "--domainname example.org", "--dns-option ndots:1",
    "--hostname box.example.org --domainname example.net", "--dns-search example.org", "--dns-search .",
    "--dns-search Example.org --dns-search example.net --network-alias web.db",
    "--dns-search example.org --dns 127.0.0.1", "--dns 127.0.0.1", "--link nc-one:db", "--link nc-two")
ports = _words("-p 18181:80", "-p 18181:81", "-p 127.0.0.1:18182:80", "-p 18182:53/udp", "-p 18181:80 -p 18182:90",
               "-p 18191-18192:80", "-p 18191-18193:80", "-p 18181-18183:80-82",
               "-p 127.0.0.2:18181:80 -p 127.0.0.1:18181:80", "-p 80",
               "--expose 8080", "--expose 8080 -P", "-p 127.0.0.1::80/udp")


@st.composite
def addresses(draw: st.DrawFn) -> str:
    return f"10.201.{draw(st.integers(1, 3))}.{draw(last_numbers)}"


@st.composite
def places(draw: st.DrawFn) -> str:
    """On which networks a new container is to be: several, one, or the default bridge."""
    kind = draw(last_numbers)
    if kind == 0:
        return ""
    if kind == 1:
        return f"--network {draw(st.sampled_from(['none', 'host', 'bridge', 'container:nc-one', 'container:nc-two']))}"
    if kind < 5:
        return f"{draw(detailed_places())} {draw(detailed_places())}"
    name = draw(st.sampled_from(["nc-a", "nc-b"] * 6 + ["nc-c"]))
    return f"--network {name} {draw(st.one_of(st.just(''), st.just(''), st.builds('--ip {}'.format, addresses())))}"


@st.composite
def detailed_places(draw: st.DrawFn) -> str:
    name = draw(networks)
    more = draw(_words("alias=web", "alias=db", "gw-priority=1", "gw-priority=-1", f"ip=10.201.{NETWORKS[name]}.7",
                       "driver-opt=com.docker.network.endpoint.ifname=lan0"))
    return f"--network name={name}{',' if more else ''}{more}"


@st.composite
def runs(draw: st.DrawFn, verb: str = "run -d") -> str:
    name = draw(containers)
    mac = draw(_words(f"--mac-address 02:00:00:00:00:0{CONTAINERS[name]}")) if draw(last_numbers) == 0 else ""
    options = f"{draw(places())} {draw(names_and_addresses)} {draw(ports)} {mac}"
    return f"docker {verb} --name {name} {options} busybox sleep 1000"


@st.composite
def connections(draw: st.DrawFn) -> str:
    address = draw(st.one_of(st.just(""), st.just(""), st.builds("--ip {}".format, addresses())))
    option = draw(_words("--alias web", "--alias db", "--alias web.db", "--gw-priority 1", "--gw-priority -1",
                         "--link nc-one:far", "--driver-opt com.docker.network.endpoint.ifname=lan0"))
    network = draw(st.sampled_from(["nc-a", "nc-b"] * 6 + ["nc-c", "none", "host", "bridge"]))
    if network == "bridge":
        address = ""  # what is wrong with it depends on whether docker0 was there before dockerd
    return f"docker network connect {address} {option} {network} {draw(containers)}"


disconnections = st.builds("docker network disconnect {} {} {}".format, _words("-f"),
                           st.sampled_from(sorted(NETWORKS) * 4 + ["bridge", "host", "none"]), containers)
lives = st.builds("docker {} {}".format, st.sampled_from(
    ["start", "start", "stop -t 0", "restart -t 0", "restart -t 0", "kill", "pause", "unpause", "rm", "rm -f", "rm -f",
     "port"]), containers)
renames = st.builds("docker rename {} {}".format, containers, containers)
questions = st.sampled_from([
    "docker network ls --format '{{.Name}} {{.Internal}} {{.Labels}}' --filter name=nc- --filter dangling=true",
    "docker network ls --format '{{.Name}} {{.Internal}} {{.Labels}}' --filter label=tier=front",
    "docker network ls --format '{{.Name}}' --filter name=nc- --filter driver=bridge --filter scope=local",
    "docker network ls --format '{{.Name}}' --filter type=custom --filter name=nc-a --filter name=nc-b",
    "docker network inspect -v nc-a nc-b --format '{{.Name}} {{json .Options}} {{json .IPAM}}'",
    "docker port nc-one 80", "docker ps -aq --filter network=nc-a --filter name=nc-one"])

steps = st.one_of(creations(), runs(), runs(), runs("create"), connections(), connections(), disconnections, lives,
                  lives, renames, removals, questions, prunes)
first_networks = (st.builds(f"docker network create --subnet 10.201.{NETWORKS[name]}.0/24 {{}} {name}".format,
                            bridge_options) for name in ("nc-a", "nc-b"))
beginnings = st.tuples(*first_networks, runs(), runs())
sequences = st.builds(lambda first, then: tuple(" ".join(line.split()) for line in (*first, *then)),
                      beginnings, st.lists(steps, min_size=4, max_size=10))
