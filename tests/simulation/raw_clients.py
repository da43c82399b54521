"""Requests byte by byte, for tests of what a proper client would never do."""

from __future__ import annotations

import socket
from contextlib import suppress

from netcourse.simulation.docker.server import SimulatedEngine

PATIENCE = 60
PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"


def request(method: str, target: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: docker", "Content-Type: application/json",
             f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def connected(engine: SimulatedEngine) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(str(engine.path))
    return client


def ask(engine: SimulatedEngine, data: bytes) -> bytes:
    """The first piece of what is answered."""
    with connected(engine) as client, suppress(BrokenPipeError):
        client.sendall(data)
        return client.recv(65536)
    return b""
