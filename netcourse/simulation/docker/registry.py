"""The engine's containers: creating with dockerd's checks, finding, naming, removing, restarting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker import connecting, mounts, sharing
from netcourse.simulation.docker.checking import check_rest, check_settings
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.drivers import Endpoint, Network
from netcourse.simulation.docker.errors import EngineError, bad_request, conflict, not_found
from netcourse.simulation.docker.images import NO_IMAGE
from netcourse.simulation.docker.mac_addresses import parse_mac
from netcourse.simulation.docker.names import random_name
from netcourse.simulation.docker.signalling import kill
from netcourse.simulation.docker.starting import make_directory
from netcourse.simulation.linux.clock import MILLISECOND
from netcourse.simulation.linux.signals import Signal

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
FIRST_RESTART_DELAY = 100 * MILLISECOND


class Containers:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._containers: dict[str, Container] = {}
        self._by_name: dict[str, Container] = {}

    def __iter__(self) -> Iterator[Container]:
        return iter(list(self._containers.values()))

    def __contains__(self, reference: str) -> bool:
        return self._find(reference) is not None

    def _find(self, reference: str) -> Container | None:
        if reference in self._containers:
            return self._containers[reference]
        name = reference.removeprefix("/")
        if name in self._by_name:
            return self._by_name[name]
        found = [container for id_, container in self._containers.items() if name and id_.startswith(name)]
        return found[0] if len(found) == 1 else None

    def get(self, reference: str) -> Container:
        """By id, name, or the beginning of an id. Raises EngineError."""
        if not reference:
            raise bad_request('invalid name or ID supplied: ""')
        container = self._find(reference)
        if container is None:
            raise not_found(f"No such container: {reference}")
        return container

    # Creating

    def create(self, name: str, request: dict[str, Any]) -> Container:
        """Raises EngineError; nothing is created then."""
        host_config = dict(request.get("HostConfig") or {})
        check_settings(request, host_config)
        image_name = str(request.get("Image") or "")
        image = self._engine.images.get(image_name) if image_name else NO_IMAGE
        identifier = self._engine.new_id()
        config = _config(request, image.config)
        if not config.get("Cmd") and not config.get("Entrypoint"):
            raise bad_request("no command specified")
        container = Container(self._engine, identifier, name.removeprefix("/") or self._free_name(), image, config,
                              host_config, self._engine.now)
        self._plan_networks(container, request.get("NetworkingConfig") or {})
        sharing.name_mates_by_id(self, host_config)
        check_rest(request, host_config)
        self._check_name(name)
        container.mounts = mounts.plan(container, config, host_config)
        config["Hostname"] = config.get("Hostname") or ("" if container.network_mode.startswith("container:")
                                                         else container.configured_hostname)
        make_directory(container.directory, container.files, container.root)
        self._engine.links.register(container)
        self._containers[identifier] = self._by_name[container.name] = container
        container.emit("create")
        return container

    def _check_name(self, text: str) -> None:
        """With or without a slash at its beginning. Raises EngineError."""
        name = text.removeprefix("/")
        if text and not NAME.fullmatch(name):
            raise bad_request(f"Invalid container name ({text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        taken = self._by_name.get(name)
        if taken is not None:
            raise conflict(f'Conflict. The container name "/{name}" is already in use by container "{taken.id}". You '
                           "have to remove (or rename) that container to be able to reuse that name.")

    def _free_name(self) -> str:
        while (name := random_name(self._engine.machine.random)) in self._by_name:
            # names run out; dockerd too puts a digit behind one that is taken
            name += str(self._engine.machine.random.randrange(10 * len(self._by_name)))
            if name not in self._by_name:
                break
        return name

    def _plan_networks(self, container: Container, request: dict[str, Any]) -> None:
        """The endpoints that it will have: those that are described, or else one on the network of its mode.

        A network that isn't there is found out at the start, as dockerd does.
        """
        mode = container.network_mode
        wanted = dict(request.get("EndpointsConfig") or {})
        for name, asked in wanted.items():
            _check_endpoint(name, asked)
        networks = self._engine.networks
        if mode.startswith("container:"):
            for name, settings in wanted.items():
                connecting.check_settings(None, settings, container_name=f"invalid config for network {name}: ")
            return
        if "default" in wanted:
            wanted["bridge"] = wanted.pop("default")
        names = dict.fromkeys([*([mode] if mode in wanted or not wanted else []), *wanted])
        known = {reference for network in networks.all() for reference in (network.name, network.id)}
        for name in names:
            if name not in known:
                container.endpoints[name] = Endpoint(Network("", name, "", 0), container.id, container.name,
                                                     wanted.get(name, {}))
                continue
            network, settings = networks.get(name), wanted.get(name, {})
            connecting.check_settings(network, settings, container_name=f"invalid config for network {name}: ")
            container.endpoints[network.name] = Endpoint(network, container.id, container.name, settings)

    # Life

    def rename(self, container: Container, name: str) -> None:
        """The new name counts at once, in DNS too. Raises EngineError."""
        name = name.removeprefix("/")
        if name == container.name:
            raise bad_request("Renaming a container with the same name as its current name")
        try:
            self._check_name(f"/{name}")
        except EngineError as error:
            raise EngineError(error.status, f"Error when allocating new name: {error}") from None
        old, container.name = container.name, name
        self._by_name[name] = self._by_name.pop(old)
        for endpoint in container.endpoints.values():
            endpoint.container_name = name
            if container.is_running:
                endpoint.known_as, endpoint.was_renamed = name, True
        container.emit("rename", oldName=f"/{old}")

    def remove(self, container: Container, *, force: bool, volumes: bool = False) -> None:
        """``volumes`` without a name of their own go too. Raises EngineError for one that runs, unless ``force``."""
        if container.is_up:
            if not force:
                raise conflict(f'cannot remove container "{container.name}": {_IN_THE_WAY[container.state]}')
            kill(container, Signal.SIGKILL)
        self._containers.pop(container.id, None)
        self._by_name.pop(container.name, None)
        self._engine.links.forget(container)
        container.state = "dead"
        if volumes:
            mounts.remove_nameless(container)
        container.emit("destroy")

    def ended(self, container: Container) -> None:
        """Its process has ended: restart or remove it if it was asked for."""
        policy = container.host_config.get("RestartPolicy") or {}
        limit = int(policy.get("MaximumRetryCount") or 0)
        again = {"always": True, "unless-stopped": True,
                 "on-failure": container.exit_code != 0 and (not limit or container.restarts < limit)}
        if again.get(str(policy.get("Name") or "no"), False) and not container.asked_to_stop:
            container.state = "restarting"
            delay = FIRST_RESTART_DELAY << min(container.restarts, 9)
            container.restarts += 1
            self._engine.machine.clock.call_later(delay, lambda: self._restart(container))
        elif container.host_config.get("AutoRemove"):
            self._engine.machine.clock.call_soon(lambda: self._remove_ended(container))

    def _restart(self, container: Container) -> None:
        if container.state != "restarting" or container.id not in self._containers:
            return
        try:
            container.start()
        except EngineError:
            container.state = "exited"

    def _remove_ended(self, container: Container) -> None:
        if container.id in self._containers and not container.is_running:
            self.remove(container, force=False, volumes=True)


_IN_THE_WAY = {"running": "container is running: stop the container before removing or force remove",
               "paused": "container is paused and must be unpaused first",
               "restarting": "container is restarting: stop the container before removing or force remove"}


def _config(request: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, with what the image gives where nothing was."""
    entrypoint, command = request.get("Entrypoint"), request.get("Cmd")
    if not entrypoint:
        command = command or image.get("Cmd")
        entrypoint = image.get("Entrypoint")
    elif entrypoint == [""]:
        entrypoint = None
    own = list(request.get("Env") or [])
    names = {entry.partition("=")[0] for entry in own}
    environment = own + [entry for entry in image.get("Env") or [] if entry.partition("=")[0] not in names]
    ports = {**(image.get("ExposedPorts") or {}), **(request.get("ExposedPorts") or {})}
    return {
        "Hostname": request.get("Hostname") or "", "Domainname": request.get("Domainname") or "",
        "User": request.get("User") or "", "AttachStdin": bool(request.get("AttachStdin")),
        "AttachStdout": bool(request.get("AttachStdout")), "AttachStderr": bool(request.get("AttachStderr")),
        **({"ExposedPorts": ports} if ports else {}),
        "Tty": bool(request.get("Tty")), "OpenStdin": bool(request.get("OpenStdin")),
        "StdinOnce": bool(request.get("StdinOnce")), "Env": environment or request.get("Env"), "Cmd": command,
        **_given(request, "Healthcheck"), "Image": request.get("Image"), "Volumes": request.get("Volumes") or None,
        "WorkingDir": _clean(request.get("WorkingDir") or ""), "Entrypoint": entrypoint, **_mac(request),
        "OnBuild": None, "Labels": request.get("Labels") or ({} if image else None),
        **_given(request, "StopSignal", "StopTimeout"),
    }


def _check_endpoint(network: str, settings: dict[str, Any] | None) -> None:
    """Raises EngineError."""
    try:
        if settings is None:
            raise bad_request("EndpointsConfig is nil")
        if settings.get("MacAddress"):
            parse_mac(settings["MacAddress"])
    except EngineError as error:
        raise EngineError(error.status, f"invalid config for network {network}: {error}") from None


def _clean(directory: str) -> str:
    """Go's filepath.Clean."""
    return normpath(directory).replace("//", "/") if directory else ""


def _mac(request: dict[str, Any]) -> dict[str, Any]:
    """The one that was asked for on the container's own network."""
    mode = (request.get("HostConfig") or {}).get("NetworkMode") or "default"
    wanted = (request.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
    settings = wanted.get(mode) or (wanted.get("bridge") if mode == "default" else wanted.get("default")
                                    if mode == "bridge" else None) or {}
    on_it = settings.get("MacAddress") if mode not in ("none", "host") else None
    return _given({"MacAddress": on_it}, "MacAddress")


def _given(request: dict[str, Any], *names: str) -> dict[str, Any]:
    """Fields that show only where they were given."""
    return {name: request[name] for name in names if request.get(name)}
