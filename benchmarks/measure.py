"""Measures the simulation beside a real engine, and writes benchmarks/README.md (``make bench``)."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bare_server import bare_server
from docker import DockerClient
from docker.models.containers import Container
from docker.models.networks import Network
from rounds import duration, medians

from netcourse.real.docker.connections import lighten_calls
from netcourse.real.docker.finding import find_engine, open_client
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.server import SimulatedEngine
from netcourse.simulation.linux.clock import SECOND

ROUNDS, CALLS = 25, 200
IN_A_ROW = 5
"""A cell of a lesson starts several containers, one after the other."""
CROWDS = (10, 100, 1000)
FIRST_DRAWING = """
import sys, time
from netcourse import DockerLab
start = time.perf_counter()
with DockerLab(sys.argv[1]) as lab:
    lab.draw()._repr_mimebundle_()
    print((time.perf_counter() - start) * 1000)
"""


@dataclass(frozen=True)
class Target:
    """``figure`` is met when it is at most (or, where more is better, at least) ``wanted``."""

    what: str
    figure: float | None
    wanted: float
    unit: str
    more_is_better: bool = False

    def __str__(self) -> str:
        comparison = "at least" if self.more_is_better else "at most"
        wanted = f"{comparison} {self.wanted:g}{self.unit}"
        if self.figure is None:
            return f"| {self.what} | {wanted} | not measured | - |"
        is_met = self.figure >= self.wanted if self.more_is_better else self.figure <= self.wanted
        return f"| {self.what} | {wanted} | {self.figure:.3g}{self.unit} | {'yes' if is_met else '**no**'} |"


class Bench:
    """Two networks and the containers on them, on one engine; what it made is removed at the end."""

    def __init__(self, client: DockerClient) -> None:
        self._client, self._suffix = client, uuid.uuid4().hex[:6]
        self._made: list[Container] = []
        self._network, self._other = self._make_network("a"), self._make_network("b")
        self.run()
        self.run()

    def _make_network(self, name: str) -> Network:
        return self._client.networks.create(f"netcourse-bench-{self._suffix}-{name}")

    def run(self) -> None:
        self._made.append(self._client.containers.run("busybox", ["sleep", "1000"], detach=True,
                                                      network=self._network.name))

    def exec_true(self) -> None:
        self._made[0].exec_run(["true"])

    def exec_ping(self) -> None:
        assert self._made[0].exec_run(["ping", "-c", "1", self._made[1].name]).exit_code == 0

    def connect(self) -> None:
        self._other.connect(self._made[0])
        self._other.disconnect(self._made[0])

    def ping(self) -> None:
        self._client.ping()

    def close(self) -> None:
        for container in self._made:
            container.remove(force=True)
        self._network.remove()
        self._other.remove()


OPERATIONS: dict[str, tuple[Callable[[Bench], None], int]] = {
    "docker run -d": (Bench.run, ROUNDS), "docker exec true": (Bench.exec_true, ROUNDS),
    "docker exec ping -c 1": (Bench.exec_ping, ROUNDS),
    "docker network connect, disconnect": (Bench.connect, ROUNDS), "_ping, one API call": (Bench.ping, CALLS),
}


def real_client() -> DockerClient | None:
    """The engine that DockerLab would take."""
    found, _ = find_engine(os.environ, Path.home())
    return None if found is None else found.client


def operations(clients: dict[str, DockerClient]) -> dict[str, dict[str, float]]:
    """Milliseconds: for each operation, for each engine."""
    with ExitStack() as stack:
        benches = {name: Bench(client) for name, client in clients.items()}
        for bench in benches.values():
            stack.callback(bench.close)
        return {what: medians({name: partial(action, bench) for name, bench in benches.items()}, rounds // IN_A_ROW,
                              in_a_row=IN_A_ROW)
                for what, (action, rounds) in OPERATIONS.items()}


def call_overhead(client: DockerClient, folder: Path) -> float:
    """How many times longer the simulated engine's _ping takes than a call of a server that does nothing."""
    with bare_server(folder / "bare.sock") as address:
        bare = DockerClient(base_url=address, version="1.51")
        lighten_calls(bare.api)
        found = medians({"engine": client.ping, "bare": bare.ping}, CALLS)
        bare.close()
    return found["engine"] / found["bare"]


def python(*words: str) -> str:
    return subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout


def import_cost() -> float:
    """What ``import netcourse`` costs beyond the interpreter, in milliseconds."""
    found = medians({code: partial(python, "-c", code) for code in ("pass", "import netcourse")}, ROUNDS)
    return found["import netcourse"] - found["pass"]


def first_drawing(mode: str) -> float:
    """From DockerLab() to a picture in a fresh interpreter, in milliseconds."""
    return min(float(python("-c", FIRST_DRAWING, mode).splitlines()[-1]) for _ in range(3))


def crowd(count: int) -> Engine:
    """An engine with ``count`` containers on one network."""
    engine = Engine(seed=1)
    engine.networks.create({"Name": "crowd", "IPAM": {"Config": [{"Subnet": "10.0.0.0/16"}]}})
    for number in range(count):
        engine.containers.create(f"c{number}", {"Image": "busybox", "Cmd": ["sleep", "1000000"],
                                                "HostConfig": {"NetworkMode": "crowd"}}).start()
    engine.machine.clock.run_until(engine.machine.clock.now + SECOND)
    return engine


def crowd_cost(count: int) -> tuple[float, float]:
    """Seconds to build a crowd, and the megabytes that the whole process took; in a process of its own."""
    return duration(lambda: crowd(count)) / 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ping_in(engine: Engine) -> None:
    """One ping between two containers of a crowd."""
    found = engine.create_exec(next(iter(engine.containers)), {"Cmd": ["ping", "-c", "1", "10.0.0.3"]})
    found.start(lambda _, data: None)
    engine.machine.clock.run_while(lambda: not found.is_over)
    assert found.exit_code == 0


def crowds() -> dict[int, tuple[float, float, float]]:
    """For each size: seconds to build, megabytes, milliseconds of one ping."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes:
        costs = dict(zip(CROWDS, processes.map(crowd_cost, CROWDS), strict=True))
    pings = medians({str(count): partial(ping_in, crowd(count)) for count in CROWDS}, CALLS)
    return {count: (*costs[count], pings[str(count)]) for count in CROWDS}


def report() -> str:
    """The whole page."""
    big = crowds()
    real = real_client()
    with tempfile.TemporaryDirectory() as folder, SimulatedEngine(Path(folder) / "docker.sock") as served:
        client = open_client(served.address, {})
        overhead = call_overhead(client, Path(folder))
        beside = operations({"simulated": client} | ({"real": real} if real is not None else {}))
        client.close()
    run = beside["docker run -d"]
    targets = [
        Target("real `docker run -d` / simulated", run["real"] / run["simulated"] if "real" in run else None, 50, "",
               more_is_better=True),
        Target("an API call / a bare HTTP round trip", overhead, 1.5, ""),
        Target("`import netcourse` beyond the interpreter", import_cost(), 50, " ms"),
        Target("one ping among 1000 containers / among 10", big[1000][2] / big[10][2], 1.2, ""),
        Target("1000 containers built", big[1000][0], 5, " s"),
        Target("memory with 1000 containers", big[1000][1], 300, " MB"),
    ]
    drawings = {"simulated": first_drawing("simulated")} | ({"real": first_drawing("real")} if real else {})
    return f"""# Measurements

Written by `make bench`: medians of rounds of {IN_A_ROW} calls on one engine, then on the other, through the same
docker-py client.
Measured on {machine()}, beside {engine_name(real)}.

| target | wanted | measured | met |
|---|---|---|---|
{_lines(map(str, targets))}

| operation | simulated, ms | real, ms | real / simulated |
|---|---|---|---|
{_lines(_beside(what, times) for what, times in (beside | {"DockerLab() to the first drawing": drawings}).items())}

| containers | built in, s | memory, MB | one ping, ms |
|---|---|---|---|
{_lines(f"| {count} | {built:.2f} | {memory:.0f} | {ping:.2f} |" for count, (built, memory, ping) in big.items())}
"""


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(rows)


def _beside(what: str, times: dict[str, float]) -> str:
    if "real" not in times:
        return f"| {what} | {times['simulated']:.2f} | - | - |"
    return f"| {what} | {times['simulated']:.2f} | {times['real']:.2f} | {times['real'] / times['simulated']:.1f} |"


def machine() -> str:
    return (f"{platform.machine()} with {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
            f"Python {platform.python_version()}")


def engine_name(real: DockerClient | None) -> str:
    return "no real engine" if real is None else f"Docker Engine {real.version()['Version']}"


if __name__ == "__main__":
    page = report()
    print(page)
    (Path(__file__).parent / "README.md").write_text(page, encoding="utf-8")
