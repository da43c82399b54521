"""busybox netstat (networking/netstat.c): sockets and the routing table."""

from __future__ import annotations

from netcourse.simulation.linux.kernel_files.sockets import tcp_sockets, udp_sockets
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options
from netcourse.simulation.linux.programs.busybox.route import list_routes
from netcourse.simulation.linux.sockets import ANY, Endpoint
from netcourse.simulation.linux.tcp_states import State

_TOLD = {"l": "only servers", "a": "servers and established", "": "w/o servers"}


@complaining
async def netstat(process: Process) -> int:
    given, _ = options(process, "ralntuwxe")
    if "r" in given:
        await list_routes(process, numeric="n" in given, extended=True)
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
    for ipv6 in (False, True):
        for socket in tcp_sockets(process.namespace, ipv6=ipv6):
            if (which == "") if socket.state is State.LISTEN else (which == "l"):
                continue
            local, remote = _shown(socket.local, ipv6=ipv6), _shown(socket.remote, ipv6=ipv6)
            process.write(f"tcp        0      0 {local:<23} {remote:<23} {socket.state.value:<11} \n")


def _shown(end: Endpoint, *, ipv6: bool) -> str:
    """An IPv4 address on a socket of IPv6 is shown as what it is there (RFC 4291 section 2.5.5.2)."""
    ip, port = end
    address = str(ip) if not ipv6 else "::" if ip == ANY else f"::ffff:{ip}"
    return f"{address}:{port or '*'}"


def _udp(process: Process, which: str) -> None:
    """A socket of UDP without another end counts as a server."""
    for ipv6 in (False, True) if which else ():
        for socket in udp_sockets(process.namespace, ipv6=ipv6):
            assert socket.local is not None
            local, remote = _shown(socket.local, ipv6=ipv6), _shown((ANY, 0), ipv6=ipv6)
            process.write(f"udp        0      0 {local:<23} {remote:<23} {'':<11} \n")
