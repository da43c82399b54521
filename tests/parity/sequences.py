"""Random sequences of docker commands about networks, for both engines to answer in step.

They speak of few names, so that most commands meet what an earlier one has made, and many are refused. What a real
engine does by chance is not asked for: a container is created on at most one network, for dockerd attaches several in
the order of a Go map.
"""

from __future__ import annotations

from hypothesis import strategies as st

NETWORKS = {"nc-a": 1, "nc-b": 2, "nc-c": 3}  # whose subnet is 10.201.N.0/24
CONTAINERS = ("nc-one", "nc-two", "nc-three")

networks = st.sampled_from(sorted(NETWORKS))
containers = st.sampled_from(CONTAINERS)
last_numbers = st.integers(0, 9)


def _words(*choices: str) -> st.SearchStrategy[str]:
    """One of these options, most often none."""
    return st.one_of(st.just(""), st.sampled_from(choices))


pool_options = _words("--gateway 10.201.{0}.5", "--aux-address spare=10.201.{0}.2", "--aux-address spare=10.201.{0}.1",
                      "--ip-range 10.201.{0}.4/30", "--ip-range 10.201.{0}.128/25", "--gateway 10.202.{0}.1")
bridge_options = _words(
    "--internal", "--label tier=front", "-o com.docker.network.driver.mtu=1400", "-o com.docker.network.driver.mtu=no",
    "-o com.docker.network.bridge.enable_icc=false", "-o com.docker.network.bridge.enable_ip_masquerade=false",
    "-o com.docker.network.bridge.name=nc-br0", "-o com.docker.network.bridge.host_binding_ipv4=127.0.0.1")
odd_subnets = st.sampled_from(["10.201.1.128/25", "10.201.0.0/16", "10.201.2.7/24", "10.201.3.0/30"])


@st.composite
def creations(draw: st.DrawFn) -> str:
    name = draw(networks)
    if draw(last_numbers) == 0:
        return f"docker network create --subnet {draw(odd_subnets)} {draw(bridge_options)} {name}"
    number = NETWORKS[name]
    pool = draw(pool_options).format(number)
    return f"docker network create --subnet 10.201.{number}.0/24 {pool} {draw(bridge_options)} {name}"


@st.composite
def addresses(draw: st.DrawFn) -> str:
    return f"--ip 10.201.{draw(st.integers(1, 3))}.{draw(last_numbers)}"


@st.composite
def runs(draw: st.DrawFn, verb: str = "run -d") -> str:
    network = draw(st.sampled_from(["nc-a", "nc-b"] * 6 + ["nc-c", "none", "host", "container:nc-one"]))
    address = draw(st.one_of(st.just(""), st.just(""), addresses()))
    alias = draw(_words("--network-alias web", "--network-alias db --network-alias web", "--hostname box"))
    port = draw(_words("-p 18181:80", "-p 18181:81", "-p 127.0.0.1:18182:80", "-p 18182:53/udp",
                       "-p 18181:80 -p 18182:90", "--expose 8080"))
    return f"docker {verb} --name {draw(containers)} --network {network} {address} {alias} {port} busybox sleep 1000"


@st.composite
def connections(draw: st.DrawFn) -> str:
    address = draw(st.one_of(st.just(""), st.just(""), addresses()))
    option = draw(_words("--alias web", "--alias db", "--gw-priority 1", "--gw-priority -1",
                         "--driver-opt com.docker.network.endpoint.ifname=lan0"))
    network = draw(st.sampled_from(["nc-a", "nc-b"] * 6 + ["nc-c", "none", "host"]))
    return f"docker network connect {address} {option} {network} {draw(containers)}"


disconnections = st.builds("docker network disconnect {} {} {}".format, _words("-f"), networks, containers)
lives = st.builds("docker {} {}".format, st.sampled_from(
    ["start", "stop -t 0", "restart -t 0", "kill", "rm", "rm -f", "rm -f", "port"]), containers)
renames = st.builds("docker rename {} {}".format, containers, containers)
removals = st.builds("docker network rm {}".format, networks)
questions = st.builds("docker network ls --format '{{{{.Name}}}} {{{{.Internal}}}} {{{{.Labels}}}}' --filter name=nc- "
                      "{}".format, _words("--filter dangling=true", "--filter label=tier=front"))
prunes = st.just("docker network prune -f --filter label=tier=front")

steps = st.one_of(creations(), runs(), runs("create"), connections(), connections(), disconnections, lives, lives,
                  renames, removals, questions, prunes)
first_networks = (st.builds(f"docker network create --subnet 10.201.{NETWORKS[name]}.0/24 {{}} {name}".format,
                            bridge_options) for name in ("nc-a", "nc-b"))
beginnings = st.tuples(*first_networks, runs(), runs())
sequences = st.builds(lambda first, then: tuple(" ".join(line.split()) for line in (*first, *then)),
                      beginnings, st.lists(steps, min_size=4, max_size=10))
