"""The socket of the simulated engine: whose it is, who may open it, and what is left of it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from netcourse.simulation.docker.server import SimulatedEngine
from tests.conftest import HAS_UNIX_SOCKETS

pytestmark = pytest.mark.skipif(not HAS_UNIX_SOCKETS, reason="no unix sockets here")


def test_only_its_owner_can_open_the_socket(tmp_path: Path) -> None:
    with SimulatedEngine(tmp_path / "docker.sock") as engine:
        assert engine.path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_of_a_closed_engine(tmp_path: Path) -> None:
    SimulatedEngine(tmp_path / "docker.sock").close()

    assert list(tmp_path.iterdir()) == []


def test_the_socket_of_a_killed_engine_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))

    with SimulatedEngine(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_the_socket_of_a_running_engine_is_left_alone(tmp_path: Path) -> None:
    with SimulatedEngine(tmp_path / "docker.sock") as running:
        with pytest.raises(FileExistsError, match="exists already"):
            SimulatedEngine(running.path)

        assert running.path.is_socket()


def test_a_link_at_the_path_is_not_followed(tmp_path: Path) -> None:
    link, target = tmp_path / "docker.sock", tmp_path / "elsewhere"
    link.symlink_to(target)

    with pytest.raises(FileExistsError, match="exists already"):
        SimulatedEngine(link)

    assert not target.exists()
