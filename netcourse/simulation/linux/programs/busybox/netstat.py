"""busybox netstat (networking/netstat.c): sockets and the routing table."""

from __future__ import annotations

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options
from netcourse.simulation.linux.programs.busybox.route import list_routes
from netcourse.simulation.linux.sockets import ANY, Endpoint
from netcourse.simulation.linux.tcp import State, TCPSocket

_TOLD = {"l": "only servers", "a": "servers and established", "": "w/o servers"}


@complaining
async def netstat(process: Process) -> int:
    given, _ = options(process, "ralntuwxe")
    if "r" in given:
        list_routes(process, numeric="n" in given, extended=True)
        return 0
    which = "l" if "l" in given else "a" if "a" in given else ""
    kinds = given.keys() & {"t", "u", "w", "x"} or {"t", "u", "w", "x"}
    if kinds & {"t", "u", "w"}:
        process.write(f"Active Internet connections ({_TOLD[which]})\n"
                      "Proto Recv-Q Send-Q Local Address           Foreign Address         State       \n")
    if "t" in kinds:
        _tcp(process, which)
    if "u" in kinds:
        _udp(process, which)
    if "x" in kinds:
        # no program of the simulation opens a UNIX socket inside a container
        process.write(f"Active UNIX domain sockets ({_TOLD[which]})\n"
                      "Proto RefCnt Flags       Type       State         I-Node Path\n")
    return 0


def _tcp(process: Process, which: str) -> None:
    table = process.namespace.sockets.tcp
    listeners = [socket for group in table.listeners.values() for socket in group] if which else []
    connections = list(table.connections.values()) if which != "l" else []
    for socket in [*listeners, *connections]:
        local, remote = _ends(socket)
        process.write(f"tcp        0      0 {local:<23} {remote:<23} {socket.state.value:<11} \n")


def _ends(socket: TCPSocket) -> tuple[str, str]:
    """A program listens on every address by IPv6, which takes IPv4 too."""
    if socket.state is not State.LISTEN:
        return _shown(socket.local), _shown(socket.remote)
    port = socket.local[1]
    return (f":::{port}", ":::*") if socket.local[0] == ANY else (_shown(socket.local), "0.0.0.0:*")


def _shown(end: Endpoint) -> str:
    return f"{end[0]}:{end[1]}"


def _udp(process: Process, which: str) -> None:
    """A socket of UDP without another end counts as a server."""
    for sockets in process.namespace.sockets.udp.values() if which else ():
        for socket in sockets:
            assert socket.local is not None
            process.write(f"udp        0      0 {_shown(socket.local):<23} {'0.0.0.0:*':<23} {'':<11} \n")
