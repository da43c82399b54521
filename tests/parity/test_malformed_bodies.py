"""Bodies that aren't JSON, or of the wrong types: the simulated engine refuses them in the real one's words."""

from __future__ import annotations

import http.client
import json
import socket

import pytest

NOT_JSON = [
    b"{", b"nope", b"nul", b"trux", b'{"a"}', b'{"a":}', b'{"a":1 2}', b'{"a":1,}', b"[1 2]", b"[1,]", b'{"a":"\\x"}',
    b'{"a":"\\u12x4"}', b'{"a":-}', b'{"a":01}', b'{"a":1.}', b'{"a":1ex}', b'{"a":"\x01"}', b'{"a":"x', b"{a:1}",
    b'{"a":[1}', b'{"a":NaN}', b'{"a":-Infinity}', b"{'a':1}", b"\xc3\xa9", b'{"a":\x80}', b"\xef\xbb\xbf{}", b"1.",
    b"{} {}", b'{"a":1}]', b"  ", b"null", b"[]", b'"x"', b"12 12", b"", b'{"x":' * 20000,
    b'{"x":' + b"[" * 9999 + b"]" * 9999 + b"}", b'{"x":' + b"[" * 10000 + b"]" * 10000 + b"}",
    b'{"Labels":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", b"[" * 5000 + b"1,x", b"[" * 5000 + b"]" * 4999 + b"}",
]
WRONG_TYPES = [
    ("/networks/create", {"Name": 1}), ("/networks/create", {"name": 1}), ("/networks/create", {"IPAM": 1}),
    ("/networks/create", {"IPAM": {"Config": 1}}), ("/networks/create", {"IPAM": {"Config": [1]}}),
    ("/networks/create", {"IPAM": {"Config": [{"Subnet": 1}]}}), ("/networks/create", {"Options": {"a": 1}}),
    ("/networks/create", {"Labels": "x"}), ("/networks/create", {"Internal": "x"}),
    *(("/networks/create", {"Name": "nc-lost", "IPAM": {"Config": [config]}})
      for config in ({}, None, {"Subnet": ""}, {"Gateway": "10.70.0.1"}, {"IPRange": "10.70.0.0/25"})),
    ("/networks/bridge/connect", {"EndpointConfig": {"Aliases": [1]}}), ("/networks/bridge/connect", {}),
    ("/networks/bridge/connect", {"EndpointConfig": {"GwPriority": 1.5}}), ("/networks/bridge/disconnect", {}),
    ("/networks/bridge/disconnect", {"Force": 1}), ("/containers/create", {}), ("/containers/create", {"Image": 1}),
    ("/containers/create", {"Cmd": [1]}), ("/containers/create", {"Env": [1]}), ("/containers/create", {"Tty": "x"}),
    ("/containers/create", {"ExposedPorts": {"80": 1}}), ("/containers/create", {"HostConfig": 1}),
    ("/containers/create", {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": 80}]}}}),
    ("/containers/create", {"HostConfig": {"NetworkMode": 1}}), ("/containers/create", {"HostConfig": {"Dns": [1]}}),
    ("/containers/create", {"NetworkingConfig": {"EndpointsConfig": {"a": 1}}}),
    ("/containers/nc-none/exec", {"Cmd": "x"}), ("/containers/nc-none/exec", {}), ("/exec/nc-none/start", {"Tty": 1}),
    ("/containers/nc-none/update", {"CpuShares": 1.5}), ("/volumes/create", {"DriverOpts": {"a": 1}}),
]

NO_PORTS = [
    {"x/tcp": [{"HostPort": "18181"}]}, {"80-81/tcp": [{"HostPort": "18181-18182"}]}, {"80/tcp": [{"HostPort": "x"}]},
    {"80/tcp": [{"HostPort": "70000"}]}, {"80/tcp": [{"HostPort": " 1"}]}, {"80/tcp": [{"HostPort": "-1"}]},
    {"80/tcp": [{"HostPort": "1-"}]}, {"80/tcp": [{"HostPort": "18183-18181"}]}, {"70000/udp": []},
]


def answer(address: str, path: str, body: bytes, method: str = "POST") -> tuple[int, str]:
    """The status and the message that an engine answers."""
    connection = http.client.HTTPConnection("docker")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(address.removeprefix("unix://"))
    connection.request(method, path, body, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:20]))
def test_what_is_not_json_is_refused_in_the_same_words(body: bytes, real_address: str, simulated_address: str) -> None:
    assert answer(simulated_address, "/networks/create", body) == answer(real_address, "/networks/create", body)


@pytest.mark.parametrize(("path", "wanted"), WRONG_TYPES)
def test_a_wrong_type_is_refused_in_the_same_words(path: str, wanted: dict[str, object], real_address: str,
                                                   simulated_address: str) -> None:
    body = json.dumps(wanted).encode()

    assert answer(simulated_address, path, body) == answer(real_address, path, body)


@pytest.mark.parametrize("bindings", NO_PORTS, ids=str)
def test_a_port_that_is_none_is_refused_in_the_same_words(bindings: dict[str, object], real_address: str,
                                                          simulated_address: str) -> None:
    body = json.dumps({"Image": "busybox", "Cmd": ["true"], "HostConfig": {"PortBindings": bindings}}).encode()

    assert answer(simulated_address, "/containers/create", body) == answer(real_address, "/containers/create", body)
