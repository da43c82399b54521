"""The verbs of a lab: what lessons do most often with the docker command, under its names, each echoed first.

They take their engine as it is, and don't know how it was found or what is drawn of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from netcourse import arguments
from netcourse.advice import Refusal, advice
from netcourse.arguments import Command, container_name, network_name
from netcourse.errors import LabClosed, NoEngine, Refused, WrongArgument
from netcourse.real.docker.broom import LAB
from netcourse.real.docker.finding import reason_of
from netcourse.real.docker.images import have_image
from netcourse.topology import PREDEFINED_NETWORKS

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container
    from docker.models.networks import Network

    from netcourse.real.docker.probe import Probe

STAY = ("sleep", "1000000")
"""What a container does that isn't told to do anything."""

POOL_FLAGS = {"Subnet": "--subnet", "Gateway": "--gateway", "IPRange": "--ip-range"}


class ExitCode(int):
    """A command's exit code. In a cell, success shows nothing, for the output has said it all."""

    def _ipython_display_(self) -> None:
        if self:
            print(f"[exit code {int(self)}]")


class DockerVerbs:
    """Every verb prints the docker command that does the same. Raises WrongArgument, Refused, NoEngine, LabClosed."""

    id: str
    docker: docker.DockerClient
    _probe: Probe
    _closed = False

    # Networks

    def create_network(self, name: str, *, driver: str | None = None, subnet: str | None = None,
                       gateway: str | None = None, ip_range: str | None = None, internal: bool = False,
                       options: Mapping[str, str | int] | None = None) -> None:
        """``docker network create``: ``lab.create_network("back", subnet="10.60.0.0/24", internal=True)``"""
        network_name(name), arguments.optional_text("A driver", driver, "bridge")
        asked = {"Subnet": arguments.optional_text("A subnet", subnet, "10.60.0.0/24"),
                 "Gateway": arguments.optional_text("A gateway", gateway, "10.60.0.1"),
                 "IPRange": arguments.optional_text("An ip_range", ip_range, "10.60.0.128/25")}
        pool, settings = {key: value for key, value in asked.items() if value}, arguments.driver_options(options or {})
        if pool and subnet is None:
            raise WrongArgument("A gateway or an ip_range needs the subnet that it lies in: give a subnet too.")
        words = ["network", "create"]
        words += ["--driver", driver] if driver else []
        words += [word for key, value in pool.items() for word in (POOL_FLAGS[key], value)]
        words += ["--internal"] if internal else []
        words += [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        with self._typed([*words, name]):
            ipam: Any = {"Config": [pool]} if pool else None
            self.docker.api.create_network(name, driver=driver or "bridge", internal=internal, options=settings,
                                           ipam=ipam)

    def remove_network(self, network: str) -> None:
        """``docker network rm``, for a network of this lab."""
        with self._typed(["network", "rm", network_name(network)]):
            self._own_network(network).remove()

    def connect(self, network: str, container: str, *, ip: str | None = None, aliases: Sequence[str] = (),
                gw_priority: int = 0) -> None:
        """``docker network connect``: a further network for a container of this lab, running or not."""
        network_name(network), container_name(container)
        ip, names = arguments.optional_text("An address", ip, "10.60.0.9"), arguments.alias_names(aliases)
        arguments.whole_number("gw_priority", gw_priority)
        words = [*(["--ip", ip] if ip else []), *(word for name in names for word in ("--alias", name)),
                 *(["--gw-priority", str(gw_priority)] if gw_priority else [])]
        settings: dict[str, Any] = {"IPAMConfig": {"IPv4Address": ip} if ip else None,
                                    "Aliases": names or None, "GwPriority": gw_priority}
        with self._typed(["network", "connect", *words, network, container]):
            self._own(container)
            # docker-py's own method doesn't know gw-priority yet
            api: Any = self.docker.api
            url = api._url("/networks/{0}/connect", network)
            api._raise_for_status(api._post_json(url, data={"Container": container, "EndpointConfig": settings}))

    def disconnect(self, network: str, container: str) -> None:
        """``docker network disconnect``, for a container of this lab."""
        with self._typed(["network", "disconnect", network_name(network), container_name(container)]):
            self._own(container)
            self.docker.api.disconnect_container_from_network(container, network)

    def inspect_network(self, network: str) -> dict[str, Any]:
        """What ``docker network inspect`` tells, as a dict."""
        with self._typed(["network", "inspect", network_name(network)]):
            found: dict[str, Any] = self.docker.api.inspect_network(network)
        return found

    # Containers

    def run(self, image: str, command: Command = STAY, *, name: str, network: str | None = None, ip: str | None = None,
            aliases: Sequence[str] = (), ports: Mapping[int, int] | None = None) -> None:
        """``docker run -d``: ``lab.run("busybox", "httpd -f", name="web", network="front", ports={80: 8080})``

        ``ports`` are pairs of the container's and the host's. Without a command the container just stays there.
        """
        arguments.text("An image", image, "busybox"), container_name(name)
        program = arguments.command_words(command or STAY)
        network = None if network is None else network_name(network)
        ip, names = arguments.optional_text("An address", ip, "10.60.0.9"), arguments.alias_names(aliases)
        published = arguments.published_ports(ports or {})
        words = ["run", "-d", "--name", name]
        words += ["--network", network] if network else []
        words += ["--ip", ip] if ip else []
        words += [word for alias in names for word in ("--network-alias", alias)]
        words += [word for inside, outside in published.items() for word in ("-p", f"{outside}:{inside}")]
        with self._typed([*words, image, *program]):
            have_image(self.docker, image)
            api: Any = self.docker.api
            settings = api.create_endpoint_config(ipv4_address=ip, aliases=names or None)
            host = api.create_host_config(network_mode=network or "bridge", port_bindings=published)
            created = api.create_container(
                image, program, name=name, ports=[_port_and_protocol(port) for port in published], host_config=host,
                networking_config=api.create_networking_config({network or "bridge": settings}))
            try:
                api.start(created["Id"])
            except APIError:
                api.remove_container(created["Id"], force=True)
                raise

    def exec(self, container: str, command: Command) -> ExitCode:
        """``docker exec``: prints the output as it comes, returns the exit code."""
        program = arguments.command_words(command)
        with self._typed(["exec", container_name(container), *program]):
            api: Any = self.docker.api
            started = api.exec_create(container, program)["Id"]
            complaints = b""
            for output, complaint in api.exec_start(started, stream=True, demux=True):
                print((output or b"").decode(errors="replace"), end="")
                # at the end, for the order of the two is chance
                complaints += complaint or b""
            print(complaints.decode(errors="replace"), end="")
            return ExitCode(api.exec_inspect(started)["ExitCode"])

    def ping(self, container: str, target: str, count: int = 1) -> bool:
        """Whether ``target`` answers a ping from ``container``; waits a second at most."""
        arguments.text("What is pinged", target, "10.60.0.2")
        arguments.whole_number("How often one pings", count, lowest=1)
        return self.exec(container, ["ping", "-c", str(count), "-W", "1", target]) == 0

    def stop(self, container: str) -> None:
        """``docker stop -t 0``, for a container of this lab."""
        with self._typed(["stop", "-t", "0", container_name(container)]):
            self._own(container).stop(timeout=0)

    def start(self, container: str) -> None:
        """``docker start``, for a container of this lab."""
        with self._typed(["start", container_name(container)]):
            self._own(container).start()

    def remove(self, container: str) -> None:
        """``docker rm -f``, for a container of this lab."""
        with self._typed(["rm", "-f", container_name(container)]):
            self._own(container).remove(force=True)

    def inspect(self, container: str) -> dict[str, Any]:
        """What ``docker inspect`` tells, as a dict."""
        with self._typed(["inspect", container_name(container)]):
            found: dict[str, Any] = self.docker.api.inspect_container(container)
        return found

    def host(self, command: str) -> ExitCode:
        """Run a command on the Docker host, in its own network namespace; prints the output, returns the exit code."""
        arguments.text("A command for the host", command, "ip address")
        with self._answering():
            print(f"host# {command}")
            code, output = self._probe.run(command)
            print(output, end="")
        return ExitCode(code)

    # What every verb goes through

    def _own(self, name: str) -> Container:
        """A container of this lab. Raises Refused for one that isn't."""
        container = self.docker.containers.get(name)
        if container.labels.get(LAB) != self.id:
            raise Refused(f"The container {name} wasn't made by this lab, so it is left alone: use the docker command.")
        return container

    def _own_network(self, name: str) -> Network:
        """A network of this lab, or one of Docker's own. Raises Refused for any other."""
        network = self.docker.networks.get(name)
        if (network.attrs["Labels"] or {}).get(LAB) != self.id and network.name not in PREDEFINED_NETWORKS:
            raise Refused(f"The network {name} wasn't made by this lab, so it is left alone: use the docker command.")
        return network

    @contextmanager
    def _typed(self, words: list[str]) -> Iterator[None]:
        """Show the docker command; where the engine refuses, say what to do."""
        with self._answering(words):
            print(f"$ docker {shlex.join(words)}")
            yield

    @contextmanager
    def _answering(self, words: Sequence[str] = ()) -> Iterator[None]:
        """Turn a refusal, an engine that is gone and a lab that is closed into one sentence each."""
        if self._closed:
            raise LabClosed("This lab is closed, and what it had made is gone: make a new one with DockerLab().")
        try:
            yield
        except APIError as error:
            refusal = Refusal(self.docker, self.id, tuple(words), str(error.explanation))
            raise Refused(advice(refusal)) from None
        except (RequestException, DockerException) as error:
            raise NoEngine(f"The Docker Engine doesn't answer any more ({reason_of(error)}): start Docker again, and "
                           "then, with lab.start, the containers that have ended.") from None


def _port_and_protocol(port: str) -> tuple[str, str]:
    """As docker-py wants the ports of a container."""
    number, _, protocol = port.partition("/")
    return number, protocol or "tcp"
