"""Clients that read nothing or hang up at any time: the engine goes on for all others, and nothing is left of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netcourse.simulation.docker.server import SimulatedEngine
from tests.conftest import HAS_UNIX_SOCKETS
from tests.simulation.raw_clients import PING, ask, connected, request

pytestmark = pytest.mark.skipif(not HAS_UNIX_SOCKETS, reason="no unix sockets here")

UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
WRITER = {"Image": "busybox", "Cmd": ["yes"], "OpenStdin": True}


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[SimulatedEngine]:
    """One with a container that writes without end; afterwards neither a thread nor a file is left of it."""
    threads, files = threading.active_count(), _open_files()
    with SimulatedEngine(tmp_path / "docker.sock") as engine:
        ask(engine, request("POST", "/containers/create?name=writer", json.dumps(WRITER).encode()))
        ask(engine, request("POST", "/containers/writer/start"))
        yield engine
        assert ask(engine, PING).startswith(b"HTTP/1.1 200 ")
    assert (threading.active_count(), _open_files()) == (threads, files)


@pytest.fixture
def execution(busy: SimulatedEngine) -> str:
    """The id of a process that is to be started in the container."""
    wanted = json.dumps({"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}).encode()
    with connected(busy) as client:
        client.sendall(request("POST", "/containers/writer/exec", wanted))
        found: str = json.loads(client.recv(65536).partition(b"\r\n\r\n")[2])["Id"]
    return found


FOLLOWED = [request("GET", "/containers/writer/logs?stdout=1&follow=1"), request("GET", "/events"),
            request("POST", "/containers/writer/wait"),
            request("POST", "/containers/writer/attach?stream=1&stdout=1&stdin=1", b"", *UPGRADE)]
INTERRUPTED = [b"", b"GET /_pi", b"GET /_ping HTTP/1.1\r\nHost: d", request("POST", "/networks/create", b"{}")[:-1],
               b"POST /networks/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"]


@pytest.mark.parametrize("data", FOLLOWED, ids=lambda data: data.split()[1].decode())
def test_who_never_reads_hinders_nobody(busy: SimulatedEngine, data: bytes) -> None:
    client = connected(busy)

    client.sendall(data)

    assert ask(busy, PING).startswith(b"HTTP/1.1 200 ")
    client.close()


@pytest.mark.parametrize("data", [*FOLLOWED, *INTERRUPTED])
def test_who_hangs_up_leaves_nothing(busy: SimulatedEngine, data: bytes) -> None:
    for _ in range(20):
        with connected(busy) as client:
            client.sendall(data)

    assert ask(busy, PING).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("data", INTERRUPTED)
def test_who_stops_halfway_hinders_nobody(busy: SimulatedEngine, data: bytes) -> None:
    clients = [connected(busy) for _ in range(50)]

    for client in clients:
        client.sendall(data)

    assert ask(busy, PING).startswith(b"HTTP/1.1 200 ")
    for client in clients:
        client.close()


def test_a_process_may_lose_its_client(busy: SimulatedEngine, execution: str) -> None:
    with connected(busy) as client:
        client.sendall(request("POST", f"/exec/{execution}/start", b"{}", *UPGRADE))
        assert client.recv(65536).startswith(b"HTTP/1.1 101 UPGRADED")
        client.sendall(b"hello\n")

    assert b'"ID":' in ask(busy, request("GET", f"/exec/{execution}/json"))


def test_a_huge_body_is_refused_unread(busy: SimulatedEngine) -> None:
    head = b"POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: 50000000\r\n\r\n"

    assert ask(busy, head).startswith(b"HTTP/1.1 413 ")


def test_two_hundred_clients_come_at_once(busy: SimulatedEngine) -> None:
    clients = [connected(busy) for _ in range(200)]

    for client in clients:
        client.sendall(request("GET", "/containers/json?all=1"))
    answers = [client.recv(65536) for client in clients]

    assert {found.split(b"\r\n")[0] for found in answers} == {b"HTTP/1.1 200 OK"}
    for client in clients:
        client.close()
