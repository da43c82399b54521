"""Queries that make no sense: the simulated engine refuses them with the real one's status and words."""

from __future__ import annotations

import pytest

from tests.parity.test_malformed_bodies import answer

REFUSED = [
    ("GET", "/events?since=x"), ("GET", "/events?until=x"), ("GET", "/events?since=1.x&until=2"),
    ("GET", "/events?since=1.&until=2"), ("GET", "/events?since=.5&until=2"), ("GET", "/events?since=2&until=1"),
    ("GET", "/events?since=1.5&until=1.25"), ("GET", "/events?since=1&until=-5"),
    ("GET", "/events?since=99999999999999999999&until=2"), ("GET", "/events?since=x&filters=x"),
    ("GET", "/containers/nc-none/logs"), ("GET", "/containers/nc-none/logs?stdout=no"),
    ("GET", "/containers/nc-none/logs?stdout=2"), ("GET", "/containers/json?limit=x"),
    ("GET", "/containers/json?limit=99999999999999999999"), ("GET", "/containers/json?filters=x"),
    ("GET", "/volumes?filters=x"),
    ("POST", "/containers/nc-none/wait?condition=bogus"), ("POST", "/containers/nc-none/wait?condition="),
    ("POST", "/containers/nc-none/resize"), ("POST", "/containers/nc-none/resize?h=x"),
    ("POST", "/containers/nc-none/resize?h=1&w=x"), ("POST", "/containers/nc-none/resize?h=-1&w=1"),
    ("POST", "/containers/nc-none/resize?h=-x&w=1"), ("POST", "/containers/nc-none/resize?h=%2B1&w=1"),
    ("POST", "/containers/nc-none/resize?h=1_0&w=1"), ("POST", "/containers/nc-none/resize?h=4294967295&w=1"),
    ("POST", "/containers/nc-none/resize?h=4294967296&w=1"), ("POST", "/exec/nc-none/resize?h=x"),
    ("POST", "/exec/nc-none/resize?h=1&w=1"),
    ("POST", "/containers/nc-none/stop?t=x"), ("POST", "/containers/nc-none/stop?t=1.5"),
    ("POST", "/containers/nc-none/stop?t=1_0"), ("POST", "/containers/nc-none/stop?t=-"),
    ("POST", "/containers/nc-none/stop?t=%2B1"), ("POST", "/containers/nc-none/stop?t=99999999999999999999"),
    ("POST", "/containers/nc-none/stop?signal=x"), ("POST", "/containers/nc-none/restart?t=x"),
    ("POST", "/containers/nc-none/rename"), ("POST", "/containers/nc-none/rename?name="),
]
NOT_CREATED = [
    ("/containers/create", b'{"Image":""}'), ("/containers/create", b'{"Cmd":[]}'),
    ("/containers/create", b'{"Tty":false}'), ("/containers/create", b'{"Image":"","Entrypoint":[""]}'),
    ("/containers/create", b'{"HostConfig":{}}'), ("/containers/create", b'{"Unknown":1}'),
    ("/containers/create?name=/", b'{"Image":"busybox"}'),
]
YES_AND_NO = ["", "0", "no", "No", "false", "FALSE", "none", "%20", "1", "true", "yes", "2", "x"]


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_a_query_is_refused_in_the_same_words(method: str, path: str, real_address: str,
                                              simulated_address: str) -> None:
    refusal = answer(simulated_address, path, b"", method)

    assert refusal == answer(real_address, path, b"", method)
    assert refusal[0] >= 400


@pytest.mark.parametrize(("path", "body"), NOT_CREATED)
def test_a_container_without_command_or_name_is_refused_in_the_same_words(path: str, body: bytes, real_address: str,
                                                                          simulated_address: str) -> None:
    assert answer(simulated_address, path, body) == answer(real_address, path, body)


@pytest.mark.parametrize("word", YES_AND_NO)
def test_the_same_words_mean_yes(word: str, real_address: str, simulated_address: str) -> None:
    path = f"/containers/nc-none/logs?stdout={word}"

    assert answer(simulated_address, path, b"", "GET") == answer(real_address, path, b"", "GET")
