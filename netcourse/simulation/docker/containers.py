"""A container: its configuration, its process, its namespace and endpoints, its life from created to removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from netcourse.simulation.docker import devices, init, joining, mounts, sharing, starting
from netcourse.simulation.docker.cgroups import check_groups
from netcourse.simulation.docker.checking import DEFAULT_CAPABILITIES, capability
from netcourse.simulation.docker.dns import EmbeddedDNS
from netcourse.simulation.docker.drivers import Endpoint
from netcourse.simulation.docker.errors import EngineError, conflict, failed
from netcourse.simulation.docker.health import Health, command_of
from netcourse.simulation.docker.images import Image
from netcourse.simulation.docker.log_options import rotation
from netcourse.simulation.docker.output import Streams
from netcourse.simulation.docker.signals import signal_number
from netcourse.simulation.docker.users import credentials, home
from netcourse.simulation.linux.credentials import Credentials
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.kernel_files import mount_devices, mount_kernel_files
from netcourse.simulation.linux.kernel_files.device_nodes import mount_terminal
from netcourse.simulation.linux.kernel_files.processes import visible_to
from netcourse.simulation.linux.machine import PATH as DEFAULT_PATH
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import MOST_PROCESSES, PidNamespace, Process, ProgramNotFound
from netcourse.simulation.linux.signals import Signal

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine
    from netcourse.simulation.docker.execs import Exec

NEVER = 0
RUNTIME_THREADS = 5
"""Numbers of processes that runc's own threads take in a container before each program that it starts."""


@dataclass(eq=False)
class Container:
    """``state`` is created, running, paused, restarting, exited or dead. Times are nanoseconds since the epoch.

    ``resolver_file`` is what the engine last wrote into its /etc/resolv.conf. ``has_own_files`` and ``has_log``: so far
    it has come when it was started.
    """

    engine: Engine
    id: str
    name: str
    image: Image
    config: dict[str, Any]
    host_config: dict[str, Any]
    created: int
    state: str = "created"
    exit_code: int = 0
    error: str = ""
    started: int = NEVER
    finished: int = NEVER
    restarts: int = 0
    mounts: list[mounts.MountPoint] = field(default_factory=list)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    namespace: Namespace | None = None
    process: Process | None = None
    pids: PidNamespace = field(default_factory=PidNamespace)
    execs: list[Exec] = field(default_factory=list)
    asked_to_stop: bool = False
    is_being_stopped: bool = False
    dns: EmbeddedDNS | None = None
    resolver_file: bytes = b""
    has_own_files: bool = False
    has_log: bool = False

    def __post_init__(self) -> None:
        self.files = FileSystem(self.image.content, self.engine.machine.clock)
        check = command_of(self.config)
        self.health = Health(self, check) if check else None
        self.streams = Streams(self.engine.machine.clock, has_log=self.logging["Type"] != "none")

    # What it is

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def root(self) -> str:
        """Where its files would be on the machine."""
        return f"/var/lib/docker/overlay2/{self.id}/merged"

    @property
    def is_running(self) -> bool:
        return self.state in ("running", "paused")

    @property
    def is_up(self) -> bool:
        """To dockerd one that is about to be started again is running too."""
        return self.is_running or self.state == "restarting"

    def check_runs(self) -> None:
        """Raises EngineError for one that has no process, or none at the moment."""
        if self.state == "restarting":
            raise conflict(f"Container {self.id} is restarting, wait until the container is running")
        if not self.is_running:
            raise conflict(f"container {self.id} is not running")

    @property
    def network_mode(self) -> str:
        mode = str(self.host_config.get("NetworkMode") or "default")
        return "bridge" if mode == "default" else mode

    @property
    def hostname(self) -> str:
        if self.host_config.get("UTSMode") == "host":
            return self.engine.machine.name
        return self.configured_hostname

    @property
    def configured_hostname(self) -> str:
        """What its environment tells, whosever name it really has."""
        if (mate := self.mate()) is not None:
            return mate.hostname
        own = self.engine.machine.name if self.network_mode == "host" else self.short_id
        return str(self.config.get("Hostname") or own)

    def mate(self) -> Container | None:
        """The container whose namespace this one shares."""
        if not self.network_mode.startswith("container:"):
            return None
        reference = self.network_mode.partition(":")[2]
        found = self.engine.containers.get(reference) if reference in self.engine.containers else None
        return found if found is not self else None

    @property
    def command(self) -> list[str]:
        entrypoint = self.config.get("Entrypoint") or []
        return [*entrypoint, *(self.config.get("Cmd") or [])]

    @property
    def attributes(self) -> dict[str, str]:
        """What its events tell."""
        return {"image": str(self.config.get("Image")), "name": self.name, **(self.config.get("Labels") or {})}

    def emit(self, action: str, **more: str) -> None:
        self.engine.events.emit("container", action, self.id, self.attributes | more)

    @property
    def has_terminal(self) -> bool:
        return bool(self.config.get("Tty"))

    @property
    def logging(self) -> dict[str, Any]:
        """The logging driver's name and options."""
        asked = self.host_config.get("LogConfig") or {}
        return {"Type": asked.get("Type") or "json-file", "Config": asked.get("Config") or {}}

    @property
    def directory(self) -> str:
        return str(self.config.get("WorkingDir") or "/")

    def environment(self, more: Iterable[str] = (), *, terminal: bool) -> dict[str, str]:
        """A name without "=" takes the variable away (moby daemon/container, ReplaceOrAppendEnvVars)."""
        found = {"PATH": DEFAULT_PATH, "HOSTNAME": self.configured_hostname} | ({"TERM": "xterm"} if terminal else {})
        found |= self.engine.links.environment(self)
        for text in (*(self.config.get("Env") or []), *more):
            name, equals, value = text.partition("=")
            if equals:
                found[name] = value
            else:
                found.pop(name, None)
        return found

    def dns_names(self, endpoint: Endpoint) -> list[str]:
        """The names that others on a user-defined network find it by (moby daemon, buildEndpointDNSNames)."""
        own_hostname = str(self.config.get("Hostname") or "")
        names = [endpoint.known_as or self.name, *(endpoint.settings.get("Aliases") or []), self.short_id, own_hostname]
        return list(dict.fromkeys(name for name in names if name))

    def attached(self) -> list[Endpoint]:
        """Those of its endpoints that have an address at the moment."""
        return [endpoint for endpoint in self.endpoints.values() if endpoint.address is not None]

    # Life

    def start(self) -> None:
        """Raises EngineError; the container then stays created."""
        if self.is_running:
            return
        try:
            self._prepare()
            joining.enter(self)
            self._spawn_or_leave()
            joining.tell_connected(self)
        except EngineError:
            self.exit_code = self.exit_code or starting.NEVER_RAN
            if self.host_config.get("AutoRemove"):
                self.engine.containers.remove(self, force=False, volumes=True)
            raise
        self.state, self.started, self.exit_code, self.error = "running", self.engine.now, 0, ""
        self.has_log = True
        self.asked_to_stop = False
        self.emit("start")
        if self.health is not None:
            self.health.begin()

    def _prepare(self) -> None:
        """What has to be right before it may come to its networks. Raises EngineError."""
        try:
            self.engine.links.check(self)
            if self.network_mode in (f"container:{self.name}", f"container:{self.id}"):
                raise failed("cannot join own network namespace")
            sharing.check_mates(self)
            starting.check_domain(self.host_config, self.config)
            self.has_own_files = True
            self._check_user()
            devices.check_devices(self.host_config, self.engine.machine_files)
            starting.check_ulimits(self.host_config.get("Ulimits") or [])
            check_groups(self.id, self.host_config)
            mounts.mount_all(self)
        except starting.CannotStart as mistake:
            error = starting.told_by_runc(mistake)
            self.exit_code, self.error, self.has_log = mistake.code, str(error), True
            joining.tell_disconnected(self)
            raise error from None
        except EngineError as error:
            self.error = str(error)
            raise

    def _check_user(self) -> None:
        """Somebody who isn't there might have been: it's nothing that was asked for wrongly. Raises EngineError."""
        try:
            self.user()
        except EngineError as error:
            raise failed(str(error)) from None

    def _spawn_or_leave(self) -> None:
        try:
            self._spawn()
        except starting.CannotStart as mistake:
            self.exit_code, self.has_log = mistake.code, True
            self._cannot_start(starting.told_by_runc(mistake))
        except EngineError as error:
            self._cannot_start(error)

    def _cannot_start(self, error: EngineError) -> NoReturn:
        joining.leave(self)
        if not self.started:
            joining.forget_networks(self)
        mounts.unmount_all(self)
        self.error = str(error)
        raise error from None

    def _spawn(self) -> None:
        assert self.namespace is not None
        shared_pids = sharing.others_pids(self)
        self.pids = shared_pids or PidNamespace(self.most_processes)
        sysctls = self.host_config.get("Sysctls")
        if sysctls:
            self._mount_kernel_files(self.namespace, writable=True)
            starting.set_kernel_settings(sysctls, self.files, on_machine=self.namespace is self.engine.machine.root)
        is_privileged = bool(self.host_config.get("Privileged"))
        self._mount_kernel_files(self.namespace, writable=is_privileged)
        mount_devices(self.files, self.namespace, writable=is_privileged)
        devices.mount_devices(self.host_config, self.files)
        if self.has_terminal:
            mount_terminal(self.files)
        self.files.mount_roots(self._files_of)
        self.streams.rotate(rotation(self))
        if self.host_config.get("Init"):
            self.files.mount_program(init.PATH, init.docker_init)
        command = [init.PATH, "--", *self.command] if self.host_config.get("Init") else self.command
        process = self.new_process(command, terminal=self.has_terminal)
        process.is_init = not process.sees_all_processes and shared_pids is None
        self.process = process
        self.streams.connect(process, keeps_input=bool(self.config.get("OpenStdin")),
                             has_terminal=self.has_terminal)
        process.exit.when_done(lambda: self._exited(process))
        process.start()

    def _mount_kernel_files(self, namespace: Namespace, *, writable: bool) -> None:
        mount_kernel_files(self.files, namespace, self._visible_processes, hostname=self.hostname,
                           domain=str(self.config.get("Domainname") or ""), writable=writable)

    def _visible_processes(self) -> Mapping[int, Process]:
        return visible_to(self.process) if self.process is not None else {}

    def _files_of(self, pid: int) -> FileSystem | None:
        process = self._visible_processes().get(pid)
        return process.files if process is not None else None

    @property
    def most_processes(self) -> int:
        limit = self.host_config.get("PidsLimit") or 0
        return min(limit, MOST_PROCESSES) if limit > 0 else MOST_PROCESSES

    def user(self, text: str = "") -> Credentials:
        """Somebody, or whom the container runs as. Raises EngineError when nobody has the name."""
        return credentials(text or str(self.config.get("User") or ""), self.host_config.get("GroupAdd") or [],
                           self.files)

    def new_process(self, command: list[str], *, terminal: bool, variables: Iterable[str] = (),
                    directory: str = "", user: str = "") -> Process:
        """A process with what all in this container have, ready to start. Raises CannotStart, EngineError."""
        assert self.namespace is not None
        directory, who = directory or self.directory, self.user(user)
        files = self.files if who.is_root else self.files.seen_by(who)
        environment = self.environment(variables, terminal=terminal)
        environment.setdefault("HOME", home(who, files))
        starting.check_circumstances(self.hostname, environment, in_container=self.process is None)
        if "PATH" not in environment and "/" not in command[0]:
            raise starting.cannot_run(command[0], self.files, directory)
        try:
            process = self.engine.machine.spawn(command, namespace=self.namespace, files=files,
                                                environment=environment, pids=self.pids)
        except ProgramNotFound:
            raise starting.cannot_run(command[0], self.files, directory) from None
        except BlockingIOError as error:
            raise starting.CannotStart(f"{starting.PREFIX}{str(error.strerror).lower()}", starting.NEVER_RAN) from None
        self.pids.skip(RUNTIME_THREADS)
        process.hostname, process.directory = self.hostname, directory
        process.user = who
        process.privileged = who.is_root and self._has_capability("NET_ADMIN")
        process.has_raw_sockets = who.is_root and self._has_capability("NET_RAW")
        process.sees_all_processes = self.host_config.get("PidMode") == "host"
        if process.sees_all_processes:
            process.pid = process.host_pid
        if self.process is not None:
            process.freezer = self.process.freezer
        process.limits = starting.limits(self.host_config.get("Ulimits") or [])
        return process

    def _has_capability(self, name: str) -> bool:
        """moby daemon/pkg/oci/caps, TweakCapabilities."""
        added, dropped = ({capability(text) for text in self.host_config.get(option) or []}
                          for option in ("CapAdd", "CapDrop"))
        if self.host_config.get("Privileged"):
            return True
        if "ALL" in added:
            return name not in dropped
        return name in added or (name in DEFAULT_CAPABILITIES and not dropped & {name, "ALL"})

    def _exited(self, process: Process) -> None:
        if self.process is not process:
            return
        self.exit_code, self.finished = process.exit.result(), self.engine.now
        duration = (self.finished - self.started) // 10**9
        joining.leave(self)
        mounts.unmount_all(self)
        self.streams.disconnect()
        self.state, self.process = "exited", None
        if self.health is not None:
            self.health.end()
        for mate in [p for p in self.engine.machine.processes.values() if self._is_mate(p, of=process)]:
            mate.kill(Signal.SIGKILL)
        if self.is_being_stopped:
            self.emit("stop")
        self.emit("die", execDuration=str(duration), exitCode=str(self.exit_code))
        self.engine.containers.ended(self)

    def _is_mate(self, other: Process, *, of: Process) -> bool:
        """Whether it ends with the container's first process ``of``: with an init all that has its numbers ends."""
        return other.files.shares_with(self.files) or (of.is_init and other.pids is of.pids)

    def input_ended(self) -> None:
        """A client has no more to send; where another may come, as after ``run -di``, the input stays open."""
        if self.config.get("StdinOnce"):
            self.streams.end_input()

    @property
    def stop_signal(self) -> int:
        return signal_number(self.config.get("StopSignal") or "SIGTERM")

    @property
    def command_text(self) -> str:
        """As ``docker ps`` shows it: arguments with a blank stand between quotes (moby daemon/container/view.go)."""
        program, *arguments = self.command
        return " ".join([program, *(f"'{word}'" if " " in word else word for word in arguments)])
