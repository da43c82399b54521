"""Measures the simulation, beside a real engine where there is one; every ratio comes from one run (``make bench``)."""

from __future__ import annotations

import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.server import SimulatedEngine

ROUNDS = 9


def median_ms(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median duration of ``action`` in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def import_cost() -> float:
    """What ``import netcourse`` costs beyond the interpreter, in milliseconds."""
    bare = median_ms(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    return median_ms(lambda: subprocess.run([sys.executable, "-c", "import netcourse"], check=True)) - bare


def operations(client: docker.DockerClient) -> dict[str, float]:
    """docker run, exec, connect, ping through docker-py, in milliseconds."""
    network = client.networks.create("netcourse-bench")
    other = client.networks.create("netcourse-bench-2")
    made: list[Any] = []
    try:
        def run() -> None:
            made.append(client.containers.run("busybox", ["sleep", "1000"], detach=True, network=network.name))

        results = {"run": median_ms(run)}
        first, second = made[0], made[1]
        results["exec true"] = median_ms(lambda: first.exec_run(["true"]))
        results["exec ping -c 1"] = median_ms(lambda: first.exec_run(["ping", "-c", "1", second.name]))

        def connect() -> None:
            other.connect(first)
            other.disconnect(first)

        results["connect and disconnect"] = median_ms(connect)
        results["_ping (one API call)"] = median_ms(client.ping, 50)
        return results
    finally:
        for container in made:
            container.remove(force=True)
        network.remove()
        other.remove()


def crowd(count: int) -> tuple[float, float, float]:
    """Seconds to build ``count`` containers on one network, ms of one ping between two, MB used by the process."""
    engine = Engine(seed=1)
    start = time.perf_counter()
    engine.networks.create({"Name": "crowd", "IPAM": {"Config": [{"Subnet": "10.0.0.0/16"}]}})
    containers = []
    for number in range(count):
        container = engine.containers.create(f"c{number}", {"Image": "busybox", "Cmd": ["sleep", "1000000"],
                                                            "HostConfig": {"NetworkMode": "crowd"}})
        container.start()
        containers.append(container)
    built = time.perf_counter() - start

    def ping() -> None:
        found = engine.create_exec(containers[0], {"Cmd": ["ping", "-c", "1", "10.0.0.3"]})
        found.start(lambda _, data: None)
        engine.machine.clock.run_while(lambda: not found.is_over)

    ping()
    return built, median_ms(ping), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    print(f"{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()}\n")
    print(f"import netcourse: {import_cost():.0f} ms beyond the interpreter\n")
    with tempfile.TemporaryDirectory() as folder, SimulatedEngine(Path(folder) / "docker.sock") as served:
        simulated = operations(docker.DockerClient(base_url=served.address))
    try:
        real = operations(docker.from_env())
    except DockerException:
        real = {}
    print("| operation | simulated, ms | real, ms | real / simulated |\n|---|---|---|---|")
    for name, value in simulated.items():
        beside = f"{real[name]:.2f} | {real[name] / value:.1f}" if name in real else "- | -"
        print(f"| {name} | {value:.2f} | {beside} |")
    print("\n| containers | built in, s | one ping, ms | memory, MB |\n|---|---|---|---|")
    for count in (10, 100, 1000):
        built, ping, memory = crowd(count)
        print(f"| {count} | {built:.2f} | {ping:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
