"""Which engines there are: the simulated one always, a real one where it can be reached.

``NETCOURSE_REQUIRE_DOCKER=1`` turns a missing real engine from a skip into a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker.errors import DockerException

from netcourse.simulation.docker.server import SimulatedEngine

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")
REAL_ADDRESS = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


@dataclass(frozen=True)
class EngineAddress:
    """``kind`` is real or simulated; ``address`` is a DOCKER_HOST."""

    kind: str
    address: str


RAN: Counter[str] = Counter()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """There is one real engine: where several workers share the tests (pytest -n), one of them has all that use it."""
    from xdist.scheduler import LoadScopeScheduling

    class OneForTheRealEngine(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            folders = ("tests/labs", "tests/notebooks", "tests/parity")
            is_simulated = "[simulated" in nodeid or "-simulated]" in nodeid
            return "the real engine" if nodeid.startswith(folders) and not is_simulated else nodeid

    return OneForTheRealEngine(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and not report.skipped:
        for kind in ("real", "simulated"):
            if f"[{kind}" in report.nodeid or f"-{kind}]" in report.nodeid:
                RAN[kind] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"{RAN['real']} tests on the real engine, {RAN['simulated']} on the simulated engine")


def _real_engine_is_there() -> bool:
    if REAL_ADDRESS.startswith("unix:") and not HAS_UNIX_SOCKETS:
        return False
    try:
        with_client = docker.DockerClient(base_url=REAL_ADDRESS)
        with_client.ping()
        with_client.close()
    except DockerException:
        return False
    return True


@pytest.fixture(scope="session")
def real_address() -> str:
    """DOCKER_HOST of a real engine; skips (or fails, where one is required) when there is none."""
    if not _real_engine_is_there():
        if os.environ.get("NETCOURSE_REQUIRE_DOCKER") == "1":
            pytest.fail(f"NETCOURSE_REQUIRE_DOCKER=1, but no Docker Engine answers at {REAL_ADDRESS}")
        pytest.skip("no Docker Engine here")
    return REAL_ADDRESS


@pytest.fixture
def simulated_address(tmp_path: Path) -> Iterator[str]:
    """DOCKER_HOST of a fresh simulated engine: a port where there are no unix sockets, as on Windows."""
    with SimulatedEngine(tmp_path / "docker.sock" if HAS_UNIX_SOCKETS else None) as engine:
        yield engine.address


@pytest.fixture(params=["simulated", "real"])
def engine(request: pytest.FixtureRequest) -> EngineAddress:
    """The test runs once on each engine."""
    return EngineAddress(request.param, request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture(scope="session")
def docker_command() -> str:
    """The docker command; skips where it isn't installed."""
    path = shutil.which("docker")
    if path is None:
        pytest.skip("the docker command isn't installed here")
    return path
