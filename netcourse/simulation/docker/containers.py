"""A container: its configuration, its process, its namespace and endpoints, its life from created to removed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, NoReturn

from netcourse.simulation.docker import sandbox, starting
from netcourse.simulation.docker.checking import capability
from netcourse.simulation.docker.drivers import Endpoint
from netcourse.simulation.docker.errors import EngineError, conflict, failed
from netcourse.simulation.docker.images import Image
from netcourse.simulation.docker.networks import default_gateway
from netcourse.simulation.docker.output import Streams
from netcourse.simulation.docker.ports import wanted_ports
from netcourse.simulation.docker.signals import signal_number
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.machine import PATH as DEFAULT_PATH
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import PidNamespace, Process, ProgramNotFound
from netcourse.simulation.linux.procfs import mount_devices, mount_kernel_files
from netcourse.simulation.linux.routes import EVERYWHERE, Route
from netcourse.simulation.linux.signals import Signal

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine
    from netcourse.simulation.docker.execs import Exec

NEVER = 0
RUNTIME_THREADS = 5
"""Numbers of processes that runc's own threads take in a container before each program that it starts."""


@dataclass(eq=False)
class Container:
    """``state`` is created, running, paused, restarting, exited or dead. Times are nanoseconds since the epoch."""

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
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    namespace: Namespace | None = None
    process: Process | None = None
    pids: PidNamespace = field(default_factory=PidNamespace)
    execs: list[Exec] = field(default_factory=list)
    asked_to_stop: bool = False
    dns: sandbox.EmbeddedDNS | None = None

    def __post_init__(self) -> None:
        self.files = FileSystem(self.image.content, self.engine.machine.clock)
        self.files.mount("/etc/hostname", f"{self.hostname}\n".encode())
        self.streams = Streams(self.engine.machine.clock, has_log=self.logging["Type"] != "none")

    # What it is

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def is_running(self) -> bool:
        return self.state in ("running", "paused")

    @property
    def network_mode(self) -> str:
        mode = str(self.host_config.get("NetworkMode") or "default")
        return "bridge" if mode == "default" else mode

    @property
    def hostname(self) -> str:
        if self.network_mode == "host":
            return self.engine.machine.name
        if (mate := self._mate()) is not None:
            return mate.hostname
        domain = self.config.get("Domainname")
        return str(self.config.get("Hostname") or self.short_id) + (f".{domain}" if domain else "")

    def _mate(self) -> Container | None:
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
        found = {"PATH": DEFAULT_PATH, "HOSTNAME": self.hostname} | ({"TERM": "xterm"} if terminal else {})
        for text in (*(self.config.get("Env") or []), *more):
            name, equals, value = text.partition("=")
            if equals:
                found[name] = value
            else:
                found.pop(name, None)
        return found | {"HOME": found.get("HOME", "/root")}

    # Networks

    def join(self, endpoint: Endpoint) -> None:
        """Attach a running container to a network. Raises EngineError, leaving nothing behind."""
        assert self.namespace is not None
        networks = self.engine.networks
        networks.attach(endpoint)
        driver = networks.drivers[endpoint.network.driver]
        try:
            wanted = (endpoint.settings.get("DriverOpts") or {}).get("com.docker.network.endpoint.ifname")
            interface = str(wanted or self._free_interface(driver.interface_prefix(endpoint.network)))
            driver.join(endpoint, self.namespace, interface)
            self._place_default_route()
            self._publish()
        except EngineError:
            networks.detach(endpoint)
            raise
        self._write_names()
        self.ensure_dns()

    def part(self, endpoint: Endpoint) -> None:
        """Take a running container off a network; another one may get the default route and the published ports."""
        self.engine.networks.detach(endpoint)
        self._place_default_route()
        self._publish()
        self._write_names()

    def _free_interface(self, prefix: str) -> str:
        assert self.namespace is not None
        number = 0
        while f"{prefix}{number}" in self.namespace.devices:
            number += 1
        return f"{prefix}{number}"

    def _attached(self) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints.values() if endpoint.address is not None]

    def _place_default_route(self) -> None:
        assert self.namespace is not None
        for route in [route for route in self.namespace.routes.listing() if route.is_default]:
            self.namespace.routes.remove(route)
        chosen = default_gateway(self._attached())
        if chosen is not None:
            self.namespace.routes.add(Route(EVERYWHERE, chosen.interface, gateway=chosen.gateway))

    def _publish(self) -> None:
        """Ports are published on the network that has the default route."""
        chosen = default_gateway(self._attached())
        for endpoint in self._attached():
            driver = self.engine.networks.drivers[endpoint.network.driver]
            if endpoint is not chosen and endpoint.ports:
                driver.unpublish(endpoint)
        if chosen is not None and not chosen.ports:
            requests = wanted_ports(self.config, self.host_config)
            self.engine.networks.drivers[chosen.network.driver].publish(chosen, requests)

    def dns_names(self, endpoint: Endpoint) -> list[str]:
        """The names that others on a user-defined network find it by (moby daemon, buildEndpointDNSNames)."""
        own_hostname = str(self.config.get("Hostname") or "")
        names = [self.name, *(endpoint.settings.get("Aliases") or []), self.short_id, own_hostname]
        return list(dict.fromkeys(name for name in names if name))

    def _write_names(self) -> None:
        if self.network_mode == "host" or self._mate() is not None:
            return
        extra = [tuple(text.split(":", 1)) for text in self.host_config.get("ExtraHosts") or []]
        entries = [(str(self._host_gateway()) if ip == "host-gateway" else ip, name) for name, ip in extra]
        entries += self.engine.links.entries(self)
        own = self.hostname if "." not in self.hostname else f"{self.hostname} {self.hostname.partition('.')[0]}"
        entries += [(str(endpoint.ip), own) for endpoint in self._attached()]
        sandbox.write_hosts(self.files, entries)

    def _host_gateway(self) -> IPv4Address:
        pool = self.engine.networks.get("bridge").pool
        assert pool is not None and pool.gateway is not None
        return pool.gateway

    def _write_resolver(self) -> None:
        mine = self.host_config
        user_defined = any(endpoint.network.is_user_defined for endpoint in self.endpoints.values())
        sandbox.write_resolver(
            self.files, host_servers=self.engine.host_nameservers, servers=mine.get("Dns") or [],
            search=mine.get("DnsSearch") or [], options=mine.get("DnsOptions") or [], internal=user_defined)

    # Life

    def start(self) -> None:
        """Raises EngineError; the container then stays created."""
        if self.is_running:
            return
        try:
            self._check_others()
            self._enter_network()
            self._spawn_or_leave()
        except EngineError:
            self.exit_code = self.exit_code or starting.NEVER_RAN
            if self.host_config.get("AutoRemove"):
                self.engine.containers.remove(self, force=False)
            raise
        self.state, self.started, self.exit_code, self.error = "running", self.engine.now, 0, ""
        self.asked_to_stop = False
        self.emit("start")

    def _check_others(self) -> None:
        """Those whose namespace it shares or whom it is linked to."""
        try:
            self.engine.links.check(self)
            if self.network_mode in (f"container:{self.name}", f"container:{self.id}"):
                raise failed("cannot join own network namespace")
        except EngineError as error:
            self.error = str(error)
            raise

    def _spawn_or_leave(self) -> None:
        try:
            starting.check_user(self.config.get("User") or "", self.files)
            self._spawn()
        except starting.CannotStart as mistake:
            self.exit_code = mistake.code
            self._cannot_start(starting.told_by_runc(mistake))
        except EngineError as error:
            self._cannot_start(error)

    def _cannot_start(self, error: EngineError) -> NoReturn:
        self._leave_network()
        self.error = str(error)
        raise error from None

    def _enter_network(self) -> None:
        try:
            self._find_networks()
            self.namespace = self._make_namespace()
            if self.namespace is self.engine.machine.root or self._mate() is not None:
                self._share_network()
                return
            joined: list[Endpoint] = []
            try:
                for endpoint in self.endpoints.values():
                    self.join(endpoint)
                    joined.append(endpoint)
                    if endpoint.network.driver != "null":
                        self.engine.networks.emit(endpoint.network, "connect", self.id)
            except EngineError:
                for endpoint in joined:
                    self.engine.networks.detach(endpoint)
                raise
        except EngineError as error:
            self.error = f"failed to set up container networking: {error}"
            if self.network_mode.startswith("container:"):
                self.error = f"joining network namespace of container: {error}"
            raise EngineError(error.status, self.error) from None
        self._write_names()
        self._write_resolver()
        self.ensure_dns()

    def _find_networks(self) -> None:
        """Those that its endpoints name now: one may have come since it was created, or gone."""
        for name, endpoint in self.endpoints.items():
            endpoint.network, endpoint.is_named = self.engine.networks.get(name), True

    def _share_network(self) -> None:
        """The files of the one whose namespace it is."""
        mate = self._mate()
        source = mate.files if mate is not None else self.engine.machine_files
        for path in ("/etc/hosts", "/etc/resolv.conf", "/etc/hostname"):
            self.files.mount(path, source.read(path))
        if mate is None:
            for endpoint in self.endpoints.values():
                self.engine.networks.attach(endpoint)

    def _start_dns(self) -> None:
        assert self.namespace is not None
        self.dns = sandbox.EmbeddedDNS(self.namespace, lambda name: self.engine.containers.resolve(self, name),
                                       lambda ip: self.engine.containers.reverse(self, ip))

    def ensure_dns(self) -> None:
        """A container that comes to its first user-defined network while running gets the resolver then."""
        user_defined = any(endpoint.network.is_user_defined for endpoint in self._attached())
        if user_defined and self.dns is None and self.namespace is not None:
            self._write_resolver()
            self._start_dns()

    def _make_namespace(self) -> Namespace:
        mate = self._mate()
        if mate is not None:
            if mate.namespace is None:
                raise conflict(f"cannot join network namespace of a non running container: {mate.name}")
            return mate.namespace
        if self.network_mode == "host":
            return self.engine.machine.root
        if self.network_mode.startswith("container:"):
            raise EngineError(404, f"No such container: {self.network_mode.partition(':')[2]}")
        namespace = Namespace(self.name, self.engine.machine)
        namespace.forwarding = True
        namespace.set_up(namespace.loopback)
        return namespace

    def _spawn(self) -> None:
        assert self.namespace is not None
        mount_kernel_files(self.files, self.namespace, writable=bool(self.host_config.get("Privileged")))
        mount_devices(self.files, self.namespace)
        if self.host_config.get("PidMode") == "host":
            self.files.mount_roots(self._files_of)
        self.pids = PidNamespace()
        process = self.new_process(self.command, terminal=self.has_terminal)
        process.is_init = not process.sees_all_processes
        self.process = process
        self.streams.connect(process, keeps_input=bool(self.config.get("OpenStdin")))
        process.exit.when_done(lambda: self._exited(process))
        process.start()

    def _files_of(self, pid: int) -> FileSystem | None:
        process = self.engine.machine.processes.get(pid)
        return process.files if process is not None else None

    def new_process(self, command: list[str], *, terminal: bool, variables: Iterable[str] = (),
                    directory: str = "") -> Process:
        """A process with what all in this container have, ready to start. Raises CannotStart."""
        assert self.namespace is not None
        directory = directory or self.directory
        try:
            process = self.engine.machine.spawn(command, namespace=self.namespace, files=self.files,
                                                environment=self.environment(variables, terminal=terminal),
                                                pids=self.pids)
        except ProgramNotFound:
            raise starting.cannot_run(command[0], self.files, directory) from None
        except BlockingIOError as error:
            raise starting.CannotStart(f"{starting.PREFIX}{str(error.strerror).lower()}", starting.NEVER_RAN) from None
        self.pids.skip(RUNTIME_THREADS)
        process.hostname, process.has_terminal, process.directory = self.hostname, terminal, directory
        process.privileged = bool(self.host_config.get("Privileged")) or self._has_capability("NET_ADMIN")
        process.sees_all_processes = self.host_config.get("PidMode") == "host"
        if process.sees_all_processes:
            process.pid = process.host_pid
        if self.process is not None:
            process.freezer = self.process.freezer
        return process

    def _has_capability(self, name: str) -> bool:
        added, dropped = ({capability(text) for text in self.host_config.get(option) or []}
                          for option in ("CapAdd", "CapDrop"))
        return name not in dropped and bool(added & {name, "ALL"})

    def _exited(self, process: Process) -> None:
        if self.process is not process:
            return
        self.exit_code, self.finished = process.exit.result(), self.engine.now
        duration = (self.finished - self.started) // 10**9
        self._leave_network()
        self.streams.disconnect()
        self.state, self.process = "exited", None
        for mate in [p for p in self.engine.machine.processes.values() if p.files is self.files]:
            mate.kill(Signal.SIGKILL)
        self.emit("die", execDuration=str(duration), exitCode=str(self.exit_code))
        self.engine.containers.ended(self)

    def _leave_network(self) -> None:
        if self.dns is not None:
            self.dns.close()
            self.dns = None
        shared = self.namespace is self.engine.machine.root or self._mate() is not None
        for endpoint in self.endpoints.values():
            if endpoint.id:
                self.engine.networks.detach(endpoint)
                if endpoint.network.driver != "null":
                    self.engine.networks.emit(endpoint.network, "disconnect", self.id)
        self.files.close_namespaces()
        if self.namespace is not None and not shared:
            self.namespace.close()
        self.namespace = None

    def input_ended(self) -> None:
        """A client has no more to send; where another may come, as after ``run -di``, the input stays open."""
        if self.config.get("StdinOnce"):
            self.streams.end_input()

    @property
    def stop_signal(self) -> int:
        return signal_number(self.config.get("StopSignal") or "SIGTERM")

    @property
    def command_text(self) -> str:
        return shlex.join(self.command)
