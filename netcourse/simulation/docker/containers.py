"""A container: its configuration, its process, its namespace and endpoints, its life from created to removed."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker import sandbox
from netcourse.simulation.docker.drivers import Endpoint
from netcourse.simulation.docker.errors import EngineError, bad_request, conflict, not_found
from netcourse.simulation.docker.images import Image
from netcourse.simulation.docker.logs import STDERR, STDOUT, Log, LogLine
from netcourse.simulation.docker.networks import default_gateway
from netcourse.simulation.docker.ports import wanted_bindings
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import PidNamespace, Process, ProgramNotFound
from netcourse.simulation.linux.procfs import mount_kernel_files
from netcourse.simulation.linux.routes import EVERYWHERE, Route
from netcourse.simulation.linux.terminal import Terminal

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine

NEVER = 0
RUNTIME_THREADS = 5
MISSING_PROGRAM = ("failed to create task for container: failed to create shim task: OCI runtime create failed: runc "
                   'create failed: unable to start container process: exec: "{}": executable file not found in $PATH')


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
    terminal: Terminal | None = None
    logs: Log = field(default_factory=Log)
    listeners: list[Callable[[int, bytes], None]] = field(default_factory=list)
    execs: list[str] = field(default_factory=list)
    asked_to_stop: bool = False
    missing_network: str = ""
    dns: sandbox.EmbeddedDNS | None = None

    def __post_init__(self) -> None:
        self.files = FileSystem(self.image.content)
        self.files.mount("/etc/hostname", f"{self.hostname}\n".encode())

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
        return self.engine.containers.get(reference) if reference in self.engine.containers else None

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
    def environment(self) -> dict[str, str]:
        pairs = (text.partition("=") for text in self.config.get("Env") or [])
        given = {name: value for name, _, value in pairs}
        tty = {"TERM": "xterm"} if self.config.get("Tty") else {}
        path = {"PATH": given.pop("PATH")} if "PATH" in given else {}
        return path | {"HOSTNAME": self.hostname} | tty | given | {"HOME": "/root"}

    # Networks

    def join(self, endpoint: Endpoint) -> None:
        """Attach a running container to a network. Raises EngineError, leaving nothing behind."""
        assert self.namespace is not None
        networks = self.engine.networks
        networks.attach(endpoint)
        driver = networks.drivers[endpoint.network.driver]
        try:
            wanted = (endpoint.settings.get("DriverOpts") or {}).get("com.docker.network.endpoint.ifname")
            driver.join(endpoint, self.namespace, str(wanted or self._free_interface()))
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

    def _free_interface(self) -> str:
        assert self.namespace is not None
        number = 0
        while f"eth{number}" in self.namespace.devices:
            number += 1
        return f"eth{number}"

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
            bindings = wanted_bindings(self.engine, self.config, self.host_config, chosen.network.options)
            self.engine.networks.drivers[chosen.network.driver].publish(chosen, bindings)

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
        assert pool is not None
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
            self._enter_network()
            self._spawn_or_leave()
        except EngineError:
            if self.host_config.get("AutoRemove"):
                self.engine.containers.remove(self, force=False)
            raise
        self.state, self.started, self.exit_code, self.error = "running", self.engine.now, 0, ""
        self.asked_to_stop = False
        self.emit("start")

    def _spawn_or_leave(self) -> None:
        try:
            self._spawn()
        except ProgramNotFound:
            self._leave_network()
            self.exit_code = 127
            self.error = MISSING_PROGRAM.format(self.command[0])
            raise bad_request(self.error) from None

    def _enter_network(self) -> None:
        try:
            if self.missing_network:
                raise not_found(f"network {self.missing_network} not found")
            self.namespace = self._make_namespace()
            if self.namespace is self.engine.machine.root or self._mate() is not None:
                self._share_network()
                return
            self.engine.links.check(self)
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
        mount_kernel_files(self.files, self.namespace)
        process = self.engine.machine.spawn(self.command, namespace=self.namespace, files=self.files,
                                            environment=self.environment, pids=PidNamespace())
        process.pids.skip(RUNTIME_THREADS)
        directory = str(self.config.get("WorkingDir") or "/")
        self.prepare(process, terminal=bool(self.config.get("Tty")), directory=directory)
        process.is_init = True
        self.process = process
        self._connect_output(process)
        if not self.config.get("OpenStdin"):
            process.stdin.close()
        process.exit.when_done(lambda: self._exited(process))
        process.start()

    def prepare(self, process: Process, *, terminal: bool, directory: str) -> None:
        """What every process in this container has."""
        process.hostname = self.hostname
        process.privileged = bool(self.host_config.get("Privileged")) or "NET_ADMIN" in (
            self.host_config.get("CapAdd") or [])
        process.has_terminal = terminal
        process.directory = directory

    def _connect_output(self, process: Process) -> None:
        if process.has_terminal:
            self.terminal = Terminal(process, lambda data: self._output(STDOUT, data))
            return
        process.stdout.listen(lambda data: self._output(STDOUT, data))
        process.stderr.listen(lambda data: self._output(STDERR, data))

    def _output(self, stream: int, data: bytes) -> None:
        self.logs.append(LogLine(self.engine.now, stream, data))
        for listener in list(self.listeners):
            listener(stream, data)

    def feed(self, data: bytes) -> None:
        """A client's typing or input."""
        if self.process is None or self.process.stdin.closed:
            return
        if self.terminal is not None:
            self.terminal.type(data)
        else:
            self.process.stdin.write(data)

    def end_input(self) -> None:
        if self.process is not None and self.terminal is None:
            self.process.stdin.close()

    def _exited(self, process: Process) -> None:
        if self.process is not process:
            return
        self.exit_code, self.finished = process.exit.result(), self.engine.now
        duration = (self.finished - self.started) // 10**9
        self._leave_network()
        self.state, self.process, self.terminal = "exited", None, None
        for mate in [p for p in self.engine.machine.processes.values() if p.files is self.files]:
            mate.kill(signal.SIGKILL)
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
        if self.namespace is not None and not shared:
            self.namespace.close()
        self.namespace = None

    def kill(self, number: int) -> None:
        """Send a signal. Raises EngineError when it isn't running."""
        if self.process is None:
            raise conflict(f"cannot kill container: {self.id}: container {self.id} is not running")
        self.asked_to_stop = self.asked_to_stop or number in (signal.SIGKILL, signal.SIGTERM)
        self.emit("kill", signal=str(number))
        self.process.signal(number)

    @property
    def command_text(self) -> str:
        return shlex.join(self.command)
