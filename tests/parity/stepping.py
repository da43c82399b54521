"""Both engines answer a sequence of commands; after each command their answers and all that the API tells are compared,
and after the last one what the containers see and the rules of the host."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import docker

from tests.parity.transcripts import clear, run_command, without_what_varies

CONTAINER_PARTS = ("Name", "RestartCount", "NetworkSettings")
STATE_PARTS = ("Status", "ExitCode", "Error")
HOST_CONFIG_PARTS = ("NetworkMode", "PortBindings", "Links")
RULES = "docker run --rm --privileged --network host nicolaka/netshoot iptables-save"
SEEN = "ip -4 addr; ip route; cat /etc/hosts; grep -E '127.0.0.11|^options' /etc/resolv.conf"


class EngineInStep:
    """One of the two engines."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = docker.APIClient(base_url=address)
        self._names: dict[str, str] = {}

    def close(self) -> None:
        clear(self.address)
        self._client.close()

    def answer(self, command: str) -> str:
        """What the command says, and what the engine then tells."""
        said = self._named(str(run_command(command, self.address)))
        state = json.dumps({"networks": self._networks(), "containers": self._containers()})
        return f"{_ordered_members(said)}\n{json.dumps(json.loads(self._named(state)), indent=1, sort_keys=True)}"

    def view(self) -> str:
        """What the running containers see and reach, and the rules of the networks' bridges."""
        # who shares the host's network sees its own addresses and names, which are each computer's own
        running = sorted(c["Names"][0][1:] for c in self._client.containers(filters={"name": "^/nc-"})
                         if c["HostConfig"]["NetworkMode"] != "host")
        with ThreadPoolExecutor() as pool:
            seen = pool.map(self._seen, running)
        return self._named("\n".join([*seen, *self._rules()]))

    def _named(self, text: str) -> str:
        """Names for what ids stand for."""
        for identifier, name in self._names.items():
            text = text.replace(identifier, f"<{name}>").replace(identifier[:12], f"<{name} short>")
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

    def _seen(self, container: str) -> str:
        targets = sorted(self._targets())
        pings = "; ".join(f"ping -c 1 -W 1 -q {ip} >/dev/null 2>&1 && echo reaches {ip}" for ip in targets) or "true"
        own = run_command(f"docker exec {container} sh -c \"{SEEN}\"", self.address)
        reached = run_command(f"docker exec {container} sh -c '{pings}; true'", self.address)
        # networks that a stopped container was connected to are attached by dockerd in the order of a Go map
        lines = sorted(re.sub(r"^\d+: ", "", re.sub(r"\beth\d+", "eth", line)) for line in str(own).splitlines())
        return "\n".join([f"-- {container}", *lines, str(reached)])

    def _targets(self) -> Iterator[str]:
        for container in self._client.containers(filters={"name": "^/nc-"}):
            for endpoint in container["NetworkSettings"]["Networks"].values():
                if endpoint["IPAddress"]:
                    yield endpoint["IPAddress"]

    def _rules(self) -> list[str]:
        """In their order, bridge by bridge: across bridges it depends on which was attached first."""
        networks = self._client.networks(filters={"name": "^nc-"})
        bridges = [network["Options"].get("com.docker.network.bridge.name") or f"br-{network['Id'][:12]}"
                   for network in networks]
        text = run_command(RULES, self.address).output
        names = {without_what_varies(bridge) for bridge in bridges}
        return sorted((line for line in text.splitlines() if any(f" {name} " in line for name in names)),
                      key=lambda line: next(name for name in sorted(names) if f" {name} " in line))


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
            if theirs != ours:
                return _story(sequence[:number], theirs, ours)
        theirs, ours = pool.map(lambda engine: engine.view(), engines)
        return "" if theirs == ours else _story(sequence, theirs, ours)


def _story(commands: tuple[str, ...], theirs: str, ours: str) -> str:
    lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "real", "simulated", lineterm="", n=1)
    return "\n".join([*(f"$ {command}" for command in commands), *lines])
