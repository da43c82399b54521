"""A computer: its namespaces and processes, on the simulation's clock."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from netcourse.journey import Recorder
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import PidNamespace, Process

if TYPE_CHECKING:
    from netcourse.simulation.linux.files import FileSystem

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FIRST_PID = 1000
FIRST_INODE = 20_000
FIRST_NAMESPACE = 4_026_532_200


class Machine:
    """``random`` gives MAC addresses, ports and ids: with the same seed everything happens the same way again."""

    def __init__(self, name: str, clock: Clock, randomness: random.Random, recorder: Recorder) -> None:
        self.name, self.clock, self.random, self.recorder = name, clock, randomness, recorder
        self.booted = clock.now
        self.namespaces: dict[str, Namespace] = {}
        self.processes: dict[int, Process] = {}
        self._released: set[Namespace] = set()
        self._last_pid = FIRST_PID
        self._inodes: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._last_inode = FIRST_INODE
        self._namespace_numbers: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._last_namespace = FIRST_NAMESPACE
        self.pids = PidNamespace()
        self.pids.skip(FIRST_PID)
        self.root = Namespace("host", self)
        self.root.set_up(self.root.loopback)

    def add_namespace(self, name: str) -> Namespace:
        """Raises FileExistsError."""
        if name in self.namespaces:
            raise FileExistsError(name)
        self.namespaces[name] = Namespace(name, self)
        return self.namespaces[name]

    def new_mac(self) -> str:
        """A random locally administered unicast address (eth_random_addr in include/linux/etherdevice.h)."""
        number = self.random.getrandbits(48) & ~(0x03 << 40) | 0x02 << 40
        return number.to_bytes(6).hex(":")

    def inode_of(self, owner: object, *, count: int = 1) -> int:
        """The number by which /proc names a socket (the first of ``count``), given when first asked for."""
        if owner not in self._inodes:
            self._inodes[owner] = self._last_inode + 1
            self._last_inode += count
        return self._inodes[owner]

    def namespace_number(self, owner: object) -> int:
        """By which /proc/PID/ns names a namespace, given when first asked for."""
        if owner not in self._namespace_numbers:
            self._last_namespace += 1
            self._namespace_numbers[owner] = self._last_namespace
        return self._namespace_numbers[owner]

    def spawn(self, arguments: list[str], *, namespace: Namespace, files: FileSystem,
              environment: Mapping[str, str] | None = None, pids: PidNamespace | None = None) -> Process:
        """A process that is ready to ``start()``; set its streams and circumstances first.

        Raises ProgramNotFound when no such program is on its PATH; BlockingIOError when there are too many processes.
        """
        variables = dict(environment or {})
        program = files.find_program(arguments[0], variables.get("PATH", PATH))
        self._last_pid += 1
        process = Process(self, namespace, files, program, arguments, variables, host_pid=self._last_pid)
        process.files = files.seen_from(lambda: process.pid)
        (pids or self.pids).enter(process)
        self.processes[process.host_pid] = process
        process.exit.when_done(partial(self._reap, process))
        return process

    @property
    def started_processes(self) -> int:
        """How many there have been so far."""
        return self._last_pid - FIRST_PID

    def release(self, namespace: Namespace) -> None:
        """It has no name any more, and goes with the last process in it (network_namespaces(7))."""
        if any(process.namespace is namespace for process in self.processes.values()):
            self._released.add(namespace)
        else:
            self._released.discard(namespace)
            namespace.close()

    def _reap(self, process: Process) -> None:
        del self.processes[process.host_pid]
        if process.namespace in self._released:
            self.release(process.namespace)
