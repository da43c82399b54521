"""The socket of the simulated engine: whose it is, who may open it, and what is left of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from netcourse.simulation.docker.listening import SOCKET_NAME, remove_deserted
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


def test_the_folder_of_a_killed_engine_is_removed_and_that_of_a_running_one_stays(tmp_path: Path) -> None:
    left, used = tmp_path / "left", tmp_path / "used"
    for folder in (left, used):
        folder.mkdir()
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(left / SOCKET_NAME))
    with SimulatedEngine(used / SOCKET_NAME):
        for folder in (left, used):
            os.utime(folder / SOCKET_NAME, (0, 0))

        remove_deserted(tmp_path.iterdir())

        assert list(tmp_path.iterdir()) == [used]


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
