"""What a notebook holds in its hand: DockerLab, which is docker-py, a terminal's echo, a camera and a broom."""

from __future__ import annotations

import atexit
import html
import os
import shlex
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from netcourse.advice import advice
from netcourse.difference import Difference, difference
from netcourse.errors import LabClosed, NoEngine, Refused
from netcourse.real.docker.broom import LAB, OWNER, Labels, made_by_labs, owner, remove, was_left_behind
from netcourse.real.docker.finding import find_engine, open_client, reason_of
from netcourse.real.docker.images import have_image
from netcourse.real.docker.probe import DEFAULT_IMAGE, PROBE_LABEL, Probe
from netcourse.topology import Topology

if TYPE_CHECKING:
    from docker.models.containers import Container

    from netcourse.checks import Result
    from netcourse.drawing import Picture
    from netcourse.reachability import Reachability
    from netcourse.simulation.docker.server import SimulatedEngine

MODES = ("auto", "real", "simulated")
HOST = "host"


class ExitCode(int):
    """A command's exit code. In a cell, success shows nothing, for the output has said it all."""

    def _ipython_display_(self) -> None:
        if self:
            print(f"[exit code {int(self)}]")


class Watch:
    """What ``lab.watch()`` hands out; ``difference`` is there when the block has ended."""

    def __init__(self) -> None:
        self.difference: Difference = Difference(())


class DockerLab:
    """A Docker Engine to practise on: your own where there is one, else a simulated one in this process.

    ``mode`` (or NETCOURSE_MODE) is auto, real or simulated. Everything that the lab makes carries a label and is
    removed by ``close()``, at the end of a ``with`` block and at the end of the kernel; nothing else is ever touched.
    Its verbs print the docker command that they stand for. Raises NoEngine, Refused, ImageMissing, LabClosed.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode or os.environ.get("NETCOURSE_MODE", "auto")
        if self.mode not in MODES:
            raise NoEngine(f"The mode {self.mode!r} isn't one of {', '.join(MODES)}: choose one of these.")
        self.id, self._owner = uuid.uuid4().hex[:12], owner()
        self._simulated: SimulatedEngine | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.docker, self.reason = self._find_engine()
        self.version = str(self.docker.version()["Version"])
        self._probe = Probe(self.docker, self._labels, os.environ.get("NETCOURSE_PROBE_IMAGE", DEFAULT_IMAGE))
        self._closed = False
        atexit.register(self.close)
        print(self)
        if not self.is_simulated:
            self._remove_leftovers()

    # Finding an engine

    def _find_engine(self) -> tuple[docker.DockerClient, str]:
        if self.mode == "simulated":
            return self._simulate(), "asked for"
        client, told = find_engine(os.environ, Path.home())
        if client is not None:
            return client, told
        if self.mode == "real":
            raise NoEngine(f"No Docker Engine answers: {told}. Start Docker, or use mode='simulated'.")
        return self._simulate(), f"no Docker Engine answers ({told})"

    def _simulate(self) -> docker.DockerClient:
        from netcourse.simulation.docker.listening import usual_path
        from netcourse.simulation.docker.server import SimulatedEngine

        self._folder = tempfile.TemporaryDirectory(prefix="netcourse-")
        self._simulated = SimulatedEngine(usual_path(Path(self._folder.name)))
        return open_client(self._simulated.address, {})

    @property
    def is_simulated(self) -> bool:
        """Whether the engine is the simulated one in this process."""
        return self._simulated is not None

    @property
    def _labels(self) -> dict[str, str]:
        return {LAB: self.id, OWNER: self._owner}

    def __str__(self) -> str:
        kind = "simulated" if self.is_simulated else "real"
        return f"Docker Engine {self.version}, {kind}: {self.reason}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        kind = "simulated" if self.is_simulated else "real"
        return (f"<div><strong>Docker Engine {html.escape(self.version)}</strong>, {kind} "
                f"<span style='opacity:.7'>({html.escape(self.reason)})</span></div>")

    # Verbs

    def create_network(self, name: str, *, driver: str = "bridge", subnet: str | None = None,
                       gateway: str | None = None, ip_range: str | None = None, internal: bool = False,
                       options: Mapping[str, str] | None = None) -> None:
        """``docker network create``"""
        words = ["network", "create"]
        words += ["--driver", driver] if driver != "bridge" else []
        for flag, value in (("--subnet", subnet), ("--gateway", gateway), ("--ip-range", ip_range)):
            words += [flag, value] if value else []
        words += ["--internal"] if internal else []
        words += [word for key, value in (options or {}).items() for word in ("-o", f"{key}={value}")]
        pool = {"Subnet": subnet, "Gateway": gateway, "IPRange": ip_range}
        chosen = {key: value for key, value in pool.items() if value}
        with self._typed([*words, name]):
            ipam: Any = {"Config": [chosen]} if chosen else None
            self.docker.api.create_network(name, driver=driver, internal=internal, options=dict(options or {}),
                                           labels=self._labels, ipam=ipam)

    def run(self, image: str, command: str = "", *, name: str, network: str | None = None, ip: str | None = None,
            aliases: Sequence[str] = (), ports: Mapping[int, int] | None = None) -> None:
        """``docker run -d``; ``ports`` are container port: host port. Without a command it just stays there."""
        words = ["run", "-d", "--name", name]
        words += ["--network", network] if network else []
        words += ["--ip", ip] if ip else []
        words += [word for alias in aliases for word in ("--network-alias", alias)]
        words += [word for inside, outside in (ports or {}).items() for word in ("-p", f"{outside}:{inside}")]
        command = command or "sleep 1000000"
        with self._typed([*words, image, *shlex.split(command)]):
            have_image(self.docker, image)
            api: Any = self.docker.api
            settings = api.create_endpoint_config(ipv4_address=ip, aliases=list(aliases) or None)
            host = api.create_host_config(network_mode=network or "bridge", port_bindings=dict(ports or {}))
            created = api.create_container(
                image, shlex.split(command), name=name, labels=self._labels, ports=list(ports or {}), host_config=host,
                networking_config=api.create_networking_config({network or "bridge": settings}))
            try:
                api.start(created["Id"])
            except APIError:
                api.remove_container(created["Id"], force=True)
                raise

    def connect(self, network: str, container: str, *, ip: str | None = None, aliases: Sequence[str] = (),
                gw_priority: int = 0) -> None:
        """``docker network connect``"""
        words = [*(["--ip", ip] if ip else []), *(w for alias in aliases for w in ("--alias", alias)),
                 *(["--gw-priority", str(gw_priority)] if gw_priority else [])]
        settings: dict[str, Any] = {"IPAMConfig": {"IPv4Address": ip} if ip else None,
                                    "Aliases": list(aliases) or None, "GwPriority": gw_priority}
        with self._typed(["network", "connect", *words, network, container]):
            # docker-py's own method doesn't know gw-priority yet
            api: Any = self.docker.api
            url = api._url("/networks/{0}/connect", network)
            api._raise_for_status(api._post_json(url, data={"Container": container, "EndpointConfig": settings}))

    def disconnect(self, network: str, container: str) -> None:
        """``docker network disconnect``"""
        with self._typed(["network", "disconnect", network, container]):
            self.docker.api.disconnect_container_from_network(container, network)

    def exec(self, container: str, command: str) -> ExitCode:
        """``docker exec``: prints the output as it comes, returns the exit code."""
        with self._typed(["exec", container, *shlex.split(command)]):
            api: Any = self.docker.api
            started = api.exec_create(container, shlex.split(command))["Id"]
            complaints = b""
            for output, complaint in api.exec_start(started, stream=True, demux=True):
                print((output or b"").decode(errors="replace"), end="")
                # at the end, for the order of the two is chance
                complaints += complaint or b""
            print(complaints.decode(errors="replace"), end="")
            return ExitCode(api.exec_inspect(started)["ExitCode"])

    def ping(self, container: str, target: str, count: int = 1) -> bool:
        """Whether ``target`` answers a ping from ``container``; waits a second at most."""
        return self.exec(container, f"ping -c {count} -W 1 {target}") == 0

    def stop(self, container: str) -> None:
        """``docker stop -t 0``"""
        with self._typed(["stop", "-t", "0", container]):
            self._own(container).stop(timeout=0)

    def start(self, container: str) -> None:
        """``docker start``"""
        with self._typed(["start", container]):
            self._own(container).start()

    def remove(self, container: str) -> None:
        """``docker rm -f``, for a container of this lab."""
        with self._typed(["rm", "-f", container]):
            self._own(container).remove(force=True)

    def remove_network(self, network: str) -> None:
        """``docker network rm``"""
        with self._typed(["network", "rm", network]):
            self.docker.networks.get(network).remove()

    def inspect(self, container: str) -> dict[str, Any]:
        """What ``docker inspect`` tells, as a dict."""
        with self._typed(["inspect", container]):
            found: dict[str, Any] = self.docker.api.inspect_container(container)
        return found

    def inspect_network(self, network: str) -> dict[str, Any]:
        """What ``docker network inspect`` tells, as a dict."""
        with self._typed(["network", "inspect", network]):
            found: dict[str, Any] = self.docker.api.inspect_network(network)
        return found

    def host(self, command: str) -> ExitCode:
        """Run a command on the Docker host, in its own network namespace; prints the output, returns the exit code."""
        with self._answering():
            print(f"host# {command}")
            code, output = self._probe.run(command)
            print(output, end="")
        return ExitCode(code)

    def _own(self, name: str) -> Container:
        """A container of this lab. Raises Refused for one that isn't."""
        container = self.docker.containers.get(name)
        if container.labels.get(LAB) != self.id:
            raise Refused(f"The container {name} wasn't made by this lab, so it is left alone: use the docker command.")
        return container

    @contextmanager
    def _typed(self, words: list[str]) -> Iterator[None]:
        """Show the docker command; where the engine refuses, say what to do."""
        with self._answering():
            print(f"$ docker {shlex.join(words)}")
            try:
                yield
            except APIError as error:
                raise Refused(advice(self.docker, str(error.explanation), words)) from None

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn an engine that is gone, or a lab that is closed, into one sentence."""
        self._check_open()
        try:
            yield
        except APIError as error:
            raise Refused(str(error.explanation)) from None
        except (RequestException, DockerException) as error:
            raise NoEngine(f"The Docker Engine doesn't answer any more ({reason_of(error)}): look whether Docker still "
                           "runs, then make a new lab.") from None

    def _check_open(self) -> None:
        if self._closed:
            raise LabClosed("This lab is closed, and what it had made is gone: make a new one with DockerLab().")

    # The camera

    def topology(self) -> Topology:
        """What there is at this moment: the lab's own containers and networks, and the default bridge."""
        with self._answering():
            if self._simulated is not None:
                from netcourse.simulation.reading import read_topology as read_simulated

                with self._simulated.world.enter() as engine:
                    return read_simulated(engine, hidden_label=PROBE_LABEL)
            from netcourse.real.docker.reading import read_topology

            return read_topology(self.docker, self._probe, label=LAB, lab=self.id)

    def draw(self) -> Picture:
        """A picture of it."""
        from netcourse.drawing import draw

        return draw(self.topology())

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """``with lab.watch():`` prints what the commands inside have changed: interfaces, routes, names, rules."""
        watched, before = Watch(), self.topology()
        yield watched
        watched.difference = difference(before, self.topology())
        print(watched.difference)

    def reachability(self) -> Reachability:
        """Who reaches whom, by name and by address, from every container and from the host, and what decided it.

        It sends one ping for each cell, and waits a second at most for each that is lost.
        """
        from netcourse.reachability import measure

        machine = self.topology().machine
        with self._answering():
            return measure(machine, self._try_ping, lambda: self._probe.run("iptables-save -c")[1])

    def _try_ping(self, source: str, target: str) -> tuple[int, str]:
        words = ["ping", "-c", "1", "-W", "1", target]
        if source == HOST:
            return self._probe.run(shlex.join(words))
        code, output = self.docker.containers.get(source).exec_run(words)
        assert isinstance(output, bytes)
        return int(code or 0), output.decode(errors="replace")

    def check(self, exercise: str) -> Result:
        """Look at what you built and say what is missing."""
        from netcourse.checks import check

        return check(exercise, self)

    def answers(self, container: str, target: str) -> bool:
        """Whether ``target`` answers a ping from ``container``, without printing anything."""
        with self._answering():
            return self._try_ping(container, target)[0] == 0

    # The broom

    def close(self) -> None:
        """Remove everything that the lab made. Closing twice does no harm."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        if self._simulated is None:
            self._sweep(lambda labels: labels[LAB] == self.id)
        self.docker.close()
        if self._simulated is not None and self._folder is not None:
            self._simulated.close()
            self._folder.cleanup()

    def _remove_leftovers(self) -> None:
        names = self._sweep(was_left_behind)
        if names:
            print(f"Removed what a kernel that was killed had left: {', '.join(names)}.")

    def _sweep(self, is_wanted: Callable[[Labels], bool]) -> list[str]:
        try:
            return remove(made_by_labs(self.docker, is_wanted))
        except (RequestException, DockerException) as error:
            print(f"What a lab made couldn't be removed ({reason_of(error)}): run `netcourse clean` when Docker is "
                  "back.")
            return []

    def __enter__(self) -> DockerLab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()
