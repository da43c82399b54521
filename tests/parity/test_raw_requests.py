"""Requests that no proper client would send: the simulated engine answers them, byte for byte, as the real one does."""

from __future__ import annotations

import re
import socket

import pytest

JSON = "Content-Type: application/json"
PATIENCE = 30


def request(method: str, target: str, body: str = "", *headers: str) -> str:
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target} HTTP/1.1", "Host: docker", "Connection: close", *headers, *length]
    return "\r\n".join([*head, "", body])


def chunked(text: str) -> str:
    return request("POST", "/networks/create", "", JSON, "Transfer-Encoding: chunked") + text


REQUESTS = [
    *(request("GET", f"/{version}/containers/nc-none/json") for version in (
        "v1.24", "v1.23", "v1.51", "v1.52", "v2.0", "v1", "v1.", "v.1", "v1.24.1", "vx", "V1.51", "v01.51", "v1.051")),
    *(request(method, "/containers/nc-none/json") for method in ("HEAD", "OPTIONS", "PUT", "NONE")),
    *(request("GET", target) for target in (
        "/", "/v1.51", "/v1.51/", "/containers/nc-none/json/", "/containers//json", "/containers/../version/x",
        "/containers/%2e%2e/x", "/containers/%zz/json", "/%zz", "/nowhere", "_ping", "http://docker/nowhere",
        "/plugins", "/secrets", "/configs", "/swarm", "/containers/nc-none/attach")),
    request("OPTIONS", "/nowhere"), request("POST", "/containers/nc-none/attach"),
    request("POST", "/containers/nc-none/attach?stream=1&stdout=1"),
    *(request("POST", f"/containers/nc-none/attach?detachKeys={keys}") for keys in (
        "ctrl-a", "ctrl-p,ctrl-q", "a,b", "DEL", "ctrl-xyz", "ctrl-a,,b", "ab", "ctrl-A", "ctrl-%40", "%C3%A9")),
    request("POST", "/exec/nc-none/start", "{}", JSON), request("POST", "/exec/nc-none/start", "", JSON),
    request("POST", "/containers/nc-none/start", '{"x":1}', "Content-Type: text/plain"),
    *(request("POST", "/networks/create", "{}", f"Content-Type: {kind}") for kind in (
        "text/plain", "application/jsonx", "application/json; charset=utf-8", "APPLICATION/JSON", ";", "")),
    request("POST", "/networks/create", "{}"), request("POST", "/containers/create", "", JSON),
    request("POST", "/containers/create", "{}", "Content-Type: text/plain"),
    *(request("POST", f"/containers/create?name={name}", '{"Image":"busybox"}', JSON) for name in (
        "%C3%A9t%C3%A9", "a%20b", "_x", "x", "-x", ".")),
    request("POST", "/images/busybox/tag?repo=A"), request("POST", "/images/busybox/tag?repo=a&tag=%20"),
    request("POST", "/images/busybox/tag"),
    chunked("2\r\n{}\r\n0\r\n\r\n"), chunked("2;x=y\r\n{}\r\n0\r\nX: y\r\n\r\n"), chunked("zz\r\n{}\r\n0\r\n\r\n"),
    request("POST", "/networks/create", "", JSON, "Transfer-Encoding: gzip"),
    request("POST", "/networks/create", "", JSON, "Content-Length: x"),
    request("POST", "/networks/create", "", JSON, "Content-Length: -1"),
    "GET /_ping HTTP/1.1\r\n\r\n", "GET /_ping\r\n\r\n",
    "GET /_ping HTTP/2.0\r\nHost: docker\r\n\r\n", "GET /_ping HTTP/1.1\r\nHost: docker\r\nbad header\r\n\r\n",
    "G ET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n", "GET  HTTP/1.1\r\nHost: docker\r\n\r\n",
]


def answer(address: str, data: str) -> str:
    """All that comes until the engine hangs up, without what differs from run to run."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(address.removeprefix("unix://"))
        client.sendall(data.encode())
        found = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    found = re.sub(r"Docker/\S+ ", "Docker/<version> ", found)
    return re.sub(r"Date: [^\r]+", "Date: <date>", found)


@pytest.mark.parametrize("data", REQUESTS, ids=lambda data: repr(data[:60]).replace("[", "("))
def test_a_request_is_answered_byte_for_byte(data: str, real_address: str, simulated_address: str) -> None:
    assert answer(simulated_address, data) == answer(real_address, data)
