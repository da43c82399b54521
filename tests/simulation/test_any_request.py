"""Requests that nobody meant to send: whatever they are, the engine answers, and goes on answering."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from netcourse.simulation.docker.api.bodies import NAMED, STRUCTS
from netcourse.simulation.docker.routing import ROUTES
from netcourse.simulation.docker.server import SimulatedEngine
from tests.conftest import HAS_UNIX_SOCKETS
from tests.simulation.raw_clients import PING, ask, connected, request

pytestmark = pytest.mark.skipif(not HAS_UNIX_SOCKETS, reason="no unix sockets here")

WORDS = some.sampled_from([
    "", "running", "ended", "busybox", "bridge", "host", "none", "all", "x", "é", "*", "[", "%2e%2e", "a" * 300, "0",
    "-1", "1.5", "99999999999999999999", "10.1.0.0/24", "::1", "80/tcp", "80-90/udp", "65536/tcp", "container:running",
    "SIGKILL", "volume:/data", "volume:/data:ro", "always", "name=x", "=", "net.ipv4.ip_forward", "{}", '"'])
ANYTHING = some.recursive(some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
                          lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=3), inner,
                                                                                         max_size=2), max_leaves=4)
QUERIES = some.dictionaries(some.sampled_from([
    "all", "limit", "force", "v", "name", "t", "signal", "condition", "stdout", "stderr", "stdin", "logs", "stream",
    "tail", "since", "until", "timestamps", "details", "h", "w", "ps_args", "fromImage", "tag", "repo", "filters"]),
    WORDS | some.dictionaries(
        some.sampled_from(["name", "label", "status", "until", "health", "publish", "type", "volume"]),
        some.lists(WORDS, max_size=2) | ANYTHING, max_size=2).map(json.dumps), max_size=3)


def bodies(kind: str, depth: int = 0) -> some.SearchStrategy[Any]:
    """Mostly of the right type."""
    inner = NAMED.get(kind, kind).removeprefix("*")
    if inner in STRUCTS and depth < 4:
        fields = {name: bodies(field, depth + 1) | ANYTHING for name, field in STRUCTS[inner].items()}
        return some.fixed_dictionaries({}, optional=fields)
    if inner == "words" or inner.startswith("["):
        return some.lists(WORDS if inner == "words" else bodies(inner.partition("]")[2], depth + 1), max_size=2)
    if inner.startswith("map[string]"):
        return some.dictionaries(WORDS, bodies(inner.removeprefix("map[string]"), depth + 1), max_size=2)
    plain: dict[str, some.SearchStrategy[Any]] = {"string": WORDS, "bool": some.booleans()}
    return plain.get(inner, some.integers())


BODIES = some.sampled_from(sorted(STRUCTS)).flatmap(bodies).map(json.dumps).map(str.encode) | some.binary(max_size=50)
PATTERNS = sorted({pattern.pattern for routes in ROUTES.values() for pattern, _ in routes})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedEngine]:
    """One with a container that runs and one that has ended."""
    with SimulatedEngine(tmp_path_factory.mktemp("engine") / "docker.sock") as engine:
        for name, command in (("running", ["sleep", "1000000"]), ("ended", ["true"])):
            created = json.dumps({"Image": "busybox", "Cmd": command}).encode()
            ask(engine, request("POST", f"/containers/create?name={name}", created))
            ask(engine, request("POST", f"/containers/{name}/start"))
        yield engine


@given(method=some.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "NONE"]),
       pattern=some.sampled_from(PATTERNS), part=WORDS, query=QUERIES, body=BODIES)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_gets_an_answer(engine: SimulatedEngine, method: str, pattern: str, part: str,
                                          query: dict[str, str], body: bytes) -> None:
    target = re.sub(r"\(.*?\)", quote(part, safe="") or "x", pattern) + "?" + urlencode(query)

    found = ask(engine, request(method, target, body))

    assert found.startswith(b"HTTP/1.1 ")
    assert b"made a mistake" not in found
    assert ask(engine, PING).startswith(b"HTTP/1.1 200 ")


@given(data=some.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_noise_hinders_nobody(engine: SimulatedEngine, data: bytes) -> None:
    with connected(engine) as client:
        client.sendall(data)

    assert ask(engine, PING).startswith(b"HTTP/1.1 200 ")
