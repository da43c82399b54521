"""/exec."""

from __future__ import annotations

from netcourse.simulation.docker.api.detaching import check_detach_keys
from netcourse.simulation.docker.api.messages import Connection, Request, Response, Route, Stream
from netcourse.simulation.docker.api.numbers import size_of_terminal
from netcourse.simulation.docker.api.streams import MULTIPLEXED, RAW, Outlet, follow
from netcourse.simulation.docker.errors import EngineError, bad_request, conflict
from netcourse.simulation.docker.execs import Exec
from netcourse.simulation.docker.output import STDOUT


def create(request: Request) -> Response:
    wanted = request.json("container.ExecOptions")
    if not wanted.get("Cmd"):
        raise bad_request("No exec command specified")
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        container.check_runs()
        if container.state == "paused":
            raise conflict(f"Container {request.parts['id']} is paused, unpause the container before exec")
        check_detach_keys(str(wanted.get("DetachKeys") or ""), "escape")
        container.user(str(wanted.get("User") or ""))
        return Response({"Id": engine.create_exec(container, wanted).id}, 201)


def start(request: Request) -> Response | Stream:
    wanted = request.json("container.ExecStartOptions")
    with request.world.enter() as engine:
        found = engine.exec(request.parts["id"])
        if found.process is not None or found.is_over:
            raise conflict(f"Error: Exec command {found.id} has already run")
        if wanted.get("Detach"):
            found.start(lambda _, data: None)
            return Response()
    return Stream(lambda connection: _run(request, found, connection), RAW if found.has_terminal else MULTIPLEXED,
                  hijack=True)


def _run(request: Request, found: Exec, connection: Connection) -> None:
    outlet = Outlet(raw=found.has_terminal)
    world = request.world
    try:
        with world.enter():
            found.start(outlet.show)
    except EngineError as error:
        outlet.show(STDOUT, f"{error}\r\n".encode())
        outlet.flush(connection)
        return
    if found.config.get("AttachStdin"):
        connection.receive(lambda data: request.alone(lambda: found.feed(data)), lambda: request.alone(found.end_input))
    follow(world, connection, outlet, found.process, lambda: found.is_over)


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        found = engine.exec(request.parts["id"])
        process = found.process
        return Response({
            "ID": found.id, "Running": process is not None and not found.is_over, "ExitCode": found.exit_code,
            "ProcessConfig": {"tty": found.has_terminal, "entrypoint": found.command[0],
                              "arguments": found.command[1:], "privileged": bool(found.config.get("Privileged"))},
            "OpenStdin": bool(found.config.get("AttachStdin")), "OpenStderr": bool(found.config.get("AttachStderr")),
            "OpenStdout": bool(found.config.get("AttachStdout")), "CanRemove": found.is_over,
            "ContainerID": found.container.id, "DetachKeys": "",
            "Pid": process.host_pid if process is not None else 0})


def resize(request: Request) -> Response:
    rows, columns = size_of_terminal(request.one("h"), request.one("w"))
    with request.world.enter() as engine:
        terminal = engine.exec(request.parts["id"]).terminal
        if terminal is not None:
            terminal.resize(rows, columns)
    return Response()


ROUTES: list[Route] = [
    ("POST", "/containers/{id}/exec", create), ("POST", "/exec/{id}/start", start), ("GET", "/exec/{id}/json", inspect),
    ("POST", "/exec/{id}/resize", resize),
]
