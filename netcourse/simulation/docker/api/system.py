"""/_ping, /version, /info, /events, /system/df."""

from __future__ import annotations

import json
import queue
from collections import Counter

from netcourse.simulation.docker.api.images import summary
from netcourse.simulation.docker.api.messages import Connection, Request, Response, Route, Stream
from netcourse.simulation.docker.errors import bad_request
from netcourse.simulation.docker.events import Event, matches
from netcourse.simulation.docker.inspecting import sizes, summarise_container
from netcourse.simulation.docker.modes import RUNTIMES
from netcourse.simulation.docker.mounts import users
from netcourse.simulation.linux import kernel

VERSION, API_VERSION, OLDEST_API = "28.5.2", "1.51", "1.24"
SERVER = f"Docker/{VERSION} (linux)"
BUILT = "2025-11-05T14:43:33.000000000+00:00"
POLL = 0.05
REGISTRY = {"IndexConfigs": {"docker.io": {"Mirrors": [], "Name": "docker.io", "Official": True, "Secure": True}},
            "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"], "Mirrors": None}


def ping(request: Request) -> Response:
    return Response(b"" if request.method == "HEAD" else b"OK", headers={
        "Content-Type": "text/plain; charset=utf-8", "Builder-Version": "2", "Swarm": "inactive",
        "Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache"})


def version(request: Request) -> Response:
    details = {"ApiVersion": API_VERSION, "Arch": "amd64", "BuildTime": BUILT, "Experimental": "false",
               "GitCommit": "netcourse", "GoVersion": "none", "KernelVersion": kernel.RELEASE,
               "MinAPIVersion": OLDEST_API,
               "Os": "linux"}
    return Response({
        "Platform": {"Name": "netcourse (simulated)"},
        "Components": [{"Name": "Engine", "Version": VERSION, "Details": details}],
        "Version": VERSION, "ApiVersion": API_VERSION, "MinAPIVersion": OLDEST_API, "GitCommit": "netcourse",
        "GoVersion": "none", "Os": "linux", "Arch": "amd64", "KernelVersion": kernel.RELEASE, "BuildTime": BUILT,
    })


def info(request: Request) -> Response:
    with request.world.enter() as engine:
        states = Counter(container.state for container in engine.containers)
        count, running, paused = states.total(), states["running"], states["paused"]
        return Response({
            "ID": engine.id, "Containers": count, "ContainersRunning": running, "ContainersPaused": paused,
            "ContainersStopped": count - running - paused, "Images": len(engine.images.all()), "Driver": "overlay2",
            "DriverStatus": [["Simulated by", "netcourse"]],
            "Plugins": {"Volume": ["local"], "Network": sorted(engine.networks.drivers), "Authorization": None,
                        "Log": ["json-file", "local"]},
            "MemoryLimit": True, "SwapLimit": True, "CpuCfsPeriod": True, "CpuCfsQuota": True, "CPUShares": True,
            "CPUSet": True, "PidsLimit": True, "IPv4Forwarding": engine.machine.root.forwarding, "Debug": False,
            "OomKillDisable": True, "SystemTime": engine.timestamp(), "LoggingDriver": "json-file",
            "CgroupDriver": "cgroupfs", "CgroupVersion": "1", "NEventsListener": 0, "KernelVersion": kernel.RELEASE,
            "OperatingSystem": "netcourse (simulated)", "OSVersion": "", "OSType": "linux", "Architecture": "x86_64",
            "IndexServerAddress": "https://index.docker.io/v1/", "NCPU": 1, "MemTotal": 1 << 30,
            "DockerRootDir": "/var/lib/docker", "Name": engine.machine.name, "Labels": [], "ExperimentalBuild": False,
            "ServerVersion": VERSION, "DefaultRuntime": "runc",
            "Runtimes": {name: {"path": "runc"} for name in RUNTIMES if name},
            "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False,
                      "Error": "", "RemoteManagers": None},
            "LiveRestoreEnabled": False, "Isolation": "", "InitBinary": "docker-init",
            "SecurityOptions": ["name=seccomp,profile=builtin"], "FirewallBackend": {"Driver": "iptables"},
            "NFd": 0, "NGoroutines": 0, "GenericResources": None, "HttpProxy": "", "HttpsProxy": "", "NoProxy": "",
            "RegistryConfig": REGISTRY, "ContainerdCommit": {"ID": ""}, "RuncCommit": {"ID": ""},
            "InitCommit": {"ID": ""}, "CDISpecDirs": [], "Warnings": None,
        })


def disk_usage(request: Request) -> Response:
    with request.world.enter() as engine:
        images, containers = engine.images.all(), list(engine.containers)
        counts = Counter(container.image.id for container in containers)
        return Response({
            "LayersSize": sum(image.size for image in images),
            "Images": [summary(image, engine.images.names_of(image), counts[image.id], 0) for image in images],
            "Containers": [summarise_container(container) | sizes(container) for container in reversed(containers)],
            "Volumes": [volume.shown | {"UsageData": {"RefCount": len(users(engine, volume.name)), "Size": volume.size}}
                        for volume in engine.volumes.all()],
            "BuildCache": []})


def events(request: Request) -> Stream:
    since, until = request.moment("since"), request.moment("until")
    if since is not None and until is not None and until < since:
        raise bad_request(f"`since` time ({request.one('since')}) cannot be after `until` time "
                          f"({request.one('until')})")
    filters = request.filters()

    def run(connection: Connection) -> None:
        arrived: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with request.world.enter() as engine:
            kept = engine.events.between(since, until)
            stop = engine.events.listen(arrived.put)
        try:
            _send(connection, kept, filters)
            while not connection.hung_up() and not request.world.closing.is_set():
                with request.world.enter() as engine:
                    over = until is not None and engine.now >= until
                if over:
                    return
                try:
                    _send(connection, [arrived.get(timeout=POLL)], filters)
                except queue.Empty:
                    continue
        finally:
            with request.world.enter():
                stop()

    return Stream(run)


def _send(connection: Connection, found: list[Event], filters: dict[str, list[str]]) -> None:
    for event in found:
        if matches(event, filters):
            connection.send(json.dumps(event, separators=(",", ":")).encode() + b"\n")


def auth(request: Request) -> Response:
    return Response({"message": "signing in isn't simulated by netcourse: use a real Docker Engine for it"}, 501)


ROUTES: list[Route] = [
    ("GET", "/_ping", ping), ("HEAD", "/_ping", ping), ("GET", "/version", version), ("GET", "/info", info),
    ("GET", "/events", events), ("GET", "/system/df", disk_usage), ("POST", "/auth", auth),
]
