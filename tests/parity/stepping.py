"""Both engines answer a sequence of commands; after each command their answers and all that the API tells are compared,
and after the last one what the containers see, reach and resolve, and the rules of the host."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import docker

from tests.parity.transcripts import clear, typed, without_what_varies

CONTAINER_PARTS = ("Name", "RestartCount", "NetworkSettings")
STATE_PARTS = ("Status", "ExitCode", "Error")
HOST_CONFIG_PARTS = ("NetworkMode", "PortBindings", "Links", "Dns", "DnsSearch", "DnsOptions", "ExtraHosts")
LISTING = "docker ps -a --filter name=^/nc- --format '{{.Names}} | {{.Status}} | {{.Ports}}' | sort"
RULES = "docker run --rm --privileged --network host nicolaka/netshoot iptables-save"
SEEN = ("ip -4 addr; ip route; hostname; cat /etc/hosts; "
        "grep -vE 'ExtServers|^nameserver [^1]|^nameserver 1[^2]' /etc/resolv.conf")
ASKED = ("nc-one", "NC-two", "nc-three", "web", "db", "db.nc-a", "web.nc-b", "nc-one.nc-a", "nc-two.NC-A", "far",
         "box", "nobody", "nc-one.bridge", "web.db", "box.example.org", "web.db.nc-a")
PANIC = re.compile(r"error during connect: .*: EOF$", re.MULTILINE)
"""Engine 28.5.2 dies of it, this request at least, when a container that shares another's network and isn't running is
connected to one: it has no map to note it in."""
NOT_SET_UP = "failed to set up container networking"
MASKS = (
    (re.compile(r"\b1819[123]\b"), "<of the range>"),  # the next one each time that it is published on another network
    (re.compile(r"\b172\.(?:1[89]|2\d|3[01])\.0\."), "172.<free>.0."),  # whatever pool the engine has left
    (re.compile(r"\b(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|4\d{4}|5\d{4}|60\d{3})\b"), "<free port>"),
    # who shares the host's network has the names of each computer's own
    (re.compile(r"NXDOMAIN|SERVFAIL"), "<not found>"),
)


class EngineInStep:
    """One of the two engines."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = docker.APIClient(base_url=address)
        self._host = str(self._client.info()["Name"])
        self._names: dict[str, str] = {}

    def close(self) -> None:
        clear(self.address)
        self._client.close()

    def answer(self, command: str) -> str:
        """What the command says, and what the engine then tells."""
        said = self._named(str(typed(command, self.address)))
        state = json.dumps({"networks": self._networks(), "containers": self._containers()})
        listing = self._named(str(typed(LISTING, self.address)))
        state = json.dumps(json.loads(self._named(state)), indent=1, sort_keys=True)
        return f"{_ordered_members(said)}\n{listing}\n{state}"

    def was_left_to_chance(self, answer: str) -> bool:
        """dockerd attaches a container's networks in the order of a Go map: when one of several can't be had, it is by
        chance which others were tried before, and what is left of them."""
        containers = self._containers() if NOT_SET_UP in answer else []
        return any(container["Error"].startswith(NOT_SET_UP) and len(container["NetworkSettings"]["Networks"]) > 1
                   for container in containers)

    def view(self) -> str:
        """What the running containers see, reach and resolve, and the rules of the networks' bridges."""
        # who shares the host's network sees its own addresses and names, which are each computer's own
        running = sorted(name[1:] for c in self._client.containers(filters={"name": "^/nc-"})
                         if c["HostConfig"]["NetworkMode"] != "host" for name in c["Names"] if name.count("/") == 1)
        with ThreadPoolExecutor() as pool:
            seen = pool.map(self._seen, running)
        return "\n".join([*seen, *self._rules()])

    def _named(self, text: str) -> str:
        """Names for what ids stand for."""
        for identifier, name in self._names.items():
            text = text.replace(identifier, f"<{name}>").replace(identifier[:12], f"<{name} short>")
        text = text.replace(f'"{self._host}"', '"<host>"')
        for pattern, name in MASKS:
            text = pattern.sub(name, text)
        return without_what_varies(text)

    def _networks(self) -> list[Any]:
        ids = [network["Id"] for network in self._client.networks(filters={"name": "^nc-"})]
        found = sorted((self._client.inspect_network(identifier) for identifier in ids), key=lambda n: n["Name"])
        self._names.update({network["Id"]: network["Name"] for network in found})
        return found

    def _containers(self) -> list[Any]:
        ids = [container["Id"] for container in self._client.containers(all=True, filters={"name": "^/nc-"})]
        found = sorted((self._client.inspect_container(identifier) for identifier in ids), key=lambda c: c["Name"])
        self._names.update({container["Id"]: container["Name"] for container in found})
        return [_network_part(container) for container in found]

    # Seen from within

    def _seen(self, container: str) -> str:
        targets = sorted(set(self._targets()))
        # side by side: each that nobody answers takes a second
        pings = " ".join(f"(ping -c 1 -W 1 -q {ip} >/dev/null 2>&1 && echo reaches {ip}) &" for ip in targets) + " wait"
        # networks that a container was created on are attached by dockerd in the order of a Go map
        own = [re.sub(r"^\d+: ", "", re.sub(r"\b(eth|lan)\d+", r"\1", line)) for line in self._within(container, SEEN)]
        return "\n".join([f"-- {container}", *sorted(own), *sorted(self._within(container, pings)),
                          *self._answers(container, targets)])

    def _within(self, container: str, script: str) -> list[str]:
        said = typed(f'docker exec {container} sh -c "{script}; true"', self.address)
        return self._named(str(said)).splitlines()

    def _targets(self) -> Iterator[str]:
        """Every address of a container, and the gateways."""
        for container in self._client.containers(filters={"name": "^/nc-"}):
            for endpoint in container["NetworkSettings"]["Networks"].values():
                yield from (ip for ip in (endpoint["IPAddress"], endpoint["Gateway"]) if ip)

    def _answers(self, container: str, targets: list[str]) -> list[str]:
        """Of the embedded DNS server, where there is one; the addresses behind a shared name come in any order."""
        asked = [f"-type=a {name}" for name in [*ASKED, *(identifier[:12] for identifier in self._names)]]
        questions = "; ".join(f"nslookup {question}; echo ===" for question in [*asked, *targets])
        said = self._within(container, f"grep -q 127.0.0.11 /etc/resolv.conf || exit 0; {questions}")
        return ["\n".join(sorted(set(answer.splitlines()))) for answer in "\n".join(said).split("===")]

    def _rules(self) -> list[str]:
        """In their order, bridge by bridge: across bridges it depends on which was attached first."""
        networks = self._client.networks(filters={"name": "^nc-"})
        bridges = ["docker0", *(network["Options"].get("com.docker.network.bridge.name") or f"br-{network['Id'][:12]}"
                                for network in networks)]
        names = sorted(self._named(bridge) for bridge in bridges)
        lines = self._named(typed(RULES, self.address).output).splitlines()
        return [line for name in names for line in lines if f" {name} " in line]


def _network_part(container: dict[str, Any]) -> dict[str, Any]:
    settings = container["NetworkSettings"]
    settings["SandboxKey"] = settings["SandboxKey"].rpartition("/")[2]  # the folder is dockerd's --exec-root
    return ({part: container[part] for part in CONTAINER_PARTS} |
            {part: container["State"][part] for part in STATE_PARTS} |
            {part: container["HostConfig"][part] for part in HOST_CONFIG_PARTS})


def _ordered_members(text: str) -> str:
    """dockerd names the members of a network in the order of a Go map."""
    return re.sub(r"(?<=active endpoints \()[^)]*", lambda found: ", ".join(sorted(found[0].split(", "))), text)


def first_difference(sequence: tuple[str, ...], real: str, simulated: str) -> str:
    """Nothing where both engines agree all the way; else the commands up to where they don't, and how they differ."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        engines = [EngineInStep(real), EngineInStep(simulated)]
        for engine in engines:
            stack.callback(engine.close)
            clear(engine.address)
        for number, command in enumerate(sequence, 1):
            theirs, ours = pool.map(lambda engine, command=command: engine.answer(command), engines)
            if PANIC.search(theirs) or engines[0].was_left_to_chance(theirs):
                return ""
            if theirs != ours:
                return _story(sequence[:number], theirs, ours)
        theirs, ours = pool.map(lambda engine: engine.view(), engines)
        return "" if theirs == ours else _story(sequence, theirs, ours)


def _story(commands: tuple[str, ...], theirs: str, ours: str) -> str:
    lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "real", "simulated", lineterm="", n=1)
    return "\n".join([*(f"$ {command}" for command in commands), *lines])
