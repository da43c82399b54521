"""The simulated Docker Engine: its state, and the machine that it runs on."""

from __future__ import annotations

import random
import time

from netcourse.journey import Recorder
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.drivers import drivers_for
from netcourse.simulation.docker.drivers.bridge import BridgeDriver
from netcourse.simulation.docker.errors import not_found
from netcourse.simulation.docker.events import Events
from netcourse.simulation.docker.execs import Exec
from netcourse.simulation.docker.images import Images
from netcourse.simulation.docker.links import Links
from netcourse.simulation.docker.networks import Networks
from netcourse.simulation.docker.outside import plug_in
from netcourse.simulation.docker.registry import Containers
from netcourse.simulation.docker.timestamps import timestamp_text
from netcourse.simulation.docker.volumes import Volumes
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.programs import PROGRAM_SETS

HOST_NAME = "docker-host"
KEPT_EXECS = 200


class Engine:
    """Not thread-safe: whoever serves it sees to it that one thread at a time is in here."""

    def __init__(self, *, seed: int = 0, start: int | None = None) -> None:
        clock = Clock(time.time_ns() if start is None else start)
        self.machine = Machine(HOST_NAME, clock, random.Random(seed), Recorder())
        self.host_nameservers = [str(ip) for ip in plug_in(self.machine)]
        self.machine_files = _machine_files(self.host_nameservers, clock)
        self.id = self.new_id()[:32]
        self.events = Events(clock)
        self.images = Images()
        self.volumes = Volumes(self.events)
        self.containers = Containers(self)
        self.links = Links(self)
        drivers = drivers_for(self.machine)
        bridge = drivers["bridge"]
        assert isinstance(bridge, BridgeDriver)
        bridge.start()
        self.networks = Networks(self, drivers)
        self._execs: dict[str, Exec] = {}
        clock.run_until(clock.now)

    @property
    def now(self) -> int:
        return self.machine.clock.now

    def timestamp(self) -> str:
        return timestamp_text(self.now)

    def new_id(self) -> str:
        return f"{self.machine.random.getrandbits(256):064x}"

    def create_exec(self, container: Container, config: dict[str, object]) -> Exec:
        self.links.check(container)
        new = Exec(self.new_id(), container, config)
        self._forget_ended()
        self._execs[new.id] = new
        container.execs.append(new)
        container.emit(f"exec_create: {new.command_text}", execID=new.id)
        return new

    def _forget_ended(self) -> None:
        """The oldest ones: a health check runs for ever."""
        for old in list(self._execs.values())[:-KEPT_EXECS]:
            if old.is_over or old.container.id not in self.containers:
                del self._execs[old.id]
                old.container.execs.remove(old)

    def exec(self, identifier: str) -> Exec:
        """Raises EngineError."""
        if identifier not in self._execs:
            raise not_found(f"No such exec instance: {identifier}")
        return self._execs[identifier]


def _machine_files(nameservers: list[str], clock: Clock) -> FileSystem:
    programs = {f"/bin/{name}": program for chosen in ("busybox", "host")
                for name, program in PROGRAM_SETS[chosen].items()}
    files = {
        "/etc/hostname": f"{HOST_NAME}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{HOST_NAME}\n",
        "/etc/resolv.conf": "".join(f"nameserver {server}\n" for server in nameservers),
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    }
    return FileSystem(Image({path: text.encode() for path, text in files.items()}, programs), clock)
