"""One HTTP exchange of curl: find the address, connect, ask, read; each with curl's words for its failure."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.resolver import NameNotFound, find_address
from netcourse.simulation.linux.tcp import ANY, TCPSocket

UNSUPPORTED, NOT_RESOLVED, NOT_CONNECTED, PARTIAL, HTTP_ERROR, TIMED_OUT = 1, 6, 7, 18, 22, 28
NOT_BOUND, EMPTY, RECEIVE_ERROR = 45, 52, 56
Endpoint = tuple[str, int]


class Failure(Exception):
    """What curl says in the end, and its exit code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Request:
    """Where to (``detour``: where instead), the bytes to send, and the seconds that the whole and the connection may
    take (0: any). ``stops_at_errors``: nothing is read of a page that tells of one."""

    host: str
    port: int
    head: bytes
    body: bytes
    most_seconds: float
    connect_seconds: float
    wants_head: bool
    stops_at_errors: bool
    user: str = ""
    interface: str = ""
    known: IPv4Address | None = None
    detour: Endpoint | None = None


@dataclass
class Response:
    """What has come so far."""

    head: bytes = b""
    body: bytes = b""
    shown: bool = False

    @property
    def status(self) -> int:
        found = re.match(rb"HTTP/[\d.]+ (\d{3})", self.head)
        return int(found[1]) if found else 0

    @property
    def length(self) -> int | None:
        """The size of the body, where the server has told it."""
        found = re.search(rb"(?im)^content-length: *(\d+)", self.head)
        return int(found[1]) if found else None

    @property
    def location(self) -> str:
        found = re.search(rb"(?im)^location: *([^\r\n]+)", self.head)
        return found[1].decode(errors="replace").strip() if found else ""

    @property
    def received(self) -> int:
        return len(self.body)

    @property
    def ends_connection(self) -> bool:
        is_old = self.head.startswith(b"HTTP/1.0")
        return is_old or self.length is None or bool(re.search(rb"(?im)^connection: *close", self.head))


@dataclass
class Progress:
    """What is known of a transfer, redirections included; ``times`` are nanoseconds since it ``began``."""

    began: int
    trace: Callable[[str], None]
    url: str = ""
    method: str = "GET"
    referer: str = ""
    response: Response = field(default_factory=Response)
    redirects: int = 0
    redirect_url: str = ""
    connects: int = 0
    sent_bytes: int = 0
    head_bytes: int = 0
    uploaded: int = 0
    local: Endpoint = ("", 0)
    remote: Endpoint | None = None
    times: dict[str, int] = field(default_factory=lambda: dict.fromkeys(
        ("namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "redirect", "total"), 0))


@dataclass
class Session:
    """What outlives a transfer: how many connections there have been, and the names that were found."""

    connections: int = 0
    names: set[str] = field(default_factory=set)


@dataclass
class _Watch:
    """The time since a transfer began."""

    process: Process
    request: Request
    progress: Progress

    def mark(self, name: str) -> None:
        self.progress.times[name] = self.process.machine.clock.now - self.progress.began

    @property
    def milliseconds(self) -> int:
        return (self.process.machine.clock.now - self.progress.began) // MILLISECOND

    def left(self) -> float | None:
        """Seconds until the whole must be over."""
        if not self.request.most_seconds:
            return None
        passed = (self.process.machine.clock.now - self.progress.began) / SECOND
        return max(self.request.most_seconds - passed, 0.001)


async def transfer(process: Process, request: Request, progress: Progress, session: Session) -> None:
    """Fill the response of ``progress``. Raises Failure; what had come until then stays in it."""
    watch = _Watch(process, request, progress)
    host, port = request.detour or (request.host, request.port)
    if request.detour is not None:
        progress.trace(f"* Connecting to hostname: {host}\n* Connecting to port: {port}\n")
    address = request.known or await _find(process, host, progress)
    if host in session.names or request.known is not None:
        progress.trace(f"* Hostname {host} was found in DNS cache\n")
    session.names.add(host)
    watch.mark("namelookup")
    socket = TCPSocket(process.namespace)
    try:
        await _connect(socket, address, port, watch)
        progress.trace(f"* Connected to {'(nil)' if request.detour else request.host} ({address}) port {port} "
                       f"(#{session.connections})\n")
        progress.remote, progress.local = (str(address), port), (str(socket.local[0]), socket.local[1])
        progress.connects += 1
        await _send(socket, watch)
        await _receive(socket, watch)
    finally:
        watch.mark("total")
        socket.close()


async def _find(process: Process, host: str, progress: Progress) -> IPv4Address:
    try:
        return await find_address(process, host)
    except NameNotFound:
        progress.trace(f"* Could not resolve host: {host}\n")
        raise Failure(NOT_RESOLVED, f"Could not resolve host: {host}") from None


async def _connect(socket: TCPSocket, address: IPv4Address, port: int, watch: _Watch) -> None:
    request, trace = watch.request, watch.progress.trace
    trace(f"*   Trying {address}:{port}...\n")
    where, left = f"{request.host} port {port}", watch.left()
    _bind(socket, watch, where)
    patience = min(left or request.connect_seconds, request.connect_seconds or left or 0) or None
    try:
        await socket.connect((address, port), patience)
    except OSError as error:
        raise _not_connected(error, watch, where, address, is_last=left == patience) from None
    watch.mark("connect")


def _not_connected(error: OSError, watch: _Watch, where: str, address: IPv4Address, *, is_last: bool) -> Failure:
    trace, is_over = watch.progress.trace, isinstance(error, TimeoutError) and error.errno is None
    if is_over and is_last:
        said = f"Connection timed out after {watch.milliseconds} milliseconds"
        trace(f"* {said}\n")
        return Failure(TIMED_OUT, said)
    why = "Timeout was reached" if is_over else "Couldn't connect to server"
    said = f"Failed to connect to {where} after {watch.milliseconds} ms: {why}"
    if not is_over:
        trace(f"* connect to {address} port {where.rpartition(' ')[2]} failed: {error.strerror}\n")
    trace(f"* {said}\n")
    return Failure(TIMED_OUT if isinstance(error, TimeoutError) else NOT_CONNECTED, said)


def _bind(socket: TCPSocket, watch: _Watch, where: str) -> None:
    """Leave by the address that --interface names, or by that of a device. Raises Failure."""
    name, trace = watch.request.interface, watch.progress.trace
    if not name:
        return
    device = socket.namespace.devices.get(name)
    try:
        address = device.addresses[0].ip if device is not None and device.addresses else IPv4Address(name)
        if device is None:
            trace(f"* Name '{name}' family 2 resolved to '{name}' family 2\n")
        socket.bind(address if address != ANY else ANY)
        return
    except ValueError:
        said = f"Couldn't bind to '{name}'"
        trace(f"* Could not resolve host: {name}\n")
    except OSError as error:
        said = f"bind failed with errno {error.errno}: {os.strerror(error.errno or errno.EINVAL)}"
    trace(f"* {said}\n* Failed to connect to {where} after {watch.milliseconds} ms: "
          "Failed binding local connection end\n")
    raise Failure(NOT_BOUND, said)


async def _send(socket: TCPSocket, watch: _Watch) -> None:
    request, progress = watch.request, watch.progress
    watch.mark("pretransfer")
    if request.user:
        progress.trace(f"* Server auth using Basic with user '{request.user}'\n")
    progress.trace("".join(f"> {line}\n" for line in request.head.decode(errors="replace").split("\n")[:-1]))
    if request.body:
        progress.trace(f"}} [{len(request.body)} bytes data]\n")
    progress.sent_bytes += len(request.head) + len(request.body)
    progress.uploaded += len(request.body)
    await socket.send(request.head + request.body)


async def _receive(socket: TCPSocket, watch: _Watch) -> None:
    data, response = b"", watch.progress.response
    while not _is_whole(response, watch):
        try:
            piece = await socket.receive(timeout=watch.left())
        except TimeoutError:
            said = _late(watch, response)
            watch.progress.trace(f"* {said}\n")
            raise Failure(TIMED_OUT, said) from None
        except OSError as error:
            raise Failure(RECEIVE_ERROR, f"Recv failure: {error.strerror}") from None
        if not data:
            watch.mark("starttransfer")
        if not piece:
            _check_end(data, response, watch)
            return
        data += piece
        _split(data, response, watch)


def _split(data: bytes, response: Response, watch: _Watch) -> None:
    end = re.search(rb"\r?\n\r?\n", data)
    if data[:5] != b"HTTP/"[:len(data)]:
        raise Failure(UNSUPPORTED, "Received HTTP/0.9 when not allowed")
    if not end:
        return
    response.head = data[:end.end()]
    excess = len(data) - end.end()
    response.body = data[end.end():][:response.length]
    if re.search(rb"(?im)^transfer-encoding:", response.head):
        raise Failure(UNSUPPORTED, "Transfer-Encoding is not simulated")
    if not response.shown:
        response.shown = True
        watch.progress.head_bytes += len(response.head)
        _show(response, watch, excess)


def _show(response: Response, watch: _Watch, excess: int) -> None:
    """The head, and how much of the body has come with it."""
    trace, lines = watch.progress.trace, response.head.decode(errors="replace").split("\n")[:-1]
    if watch.request.stops_at_errors and response.status >= 400:
        said = f"The requested URL returned error: {response.status}"
        trace("".join(f"< {line}\n" for line in lines[:-1]) + f"* {said}\n")
        raise Failure(HTTP_ERROR, said)
    trace("".join(f"< {line}\n" for line in lines))
    if not watch.request.wants_head:
        trace(f"{{ [{response.received} bytes data]\n")
    elif excess:
        path = watch.request.head.split()[1].decode(errors="replace")
        trace(f"* Excess found: excess = {excess} url = {path} (zero-length body)\n")


def _is_whole(response: Response, watch: _Watch) -> bool:
    if not response.head:
        return False
    has_no_body = watch.request.wants_head or response.status in (204, 304)
    if has_no_body:
        response.body = b""
    return has_no_body or response.received == response.length


def _check_end(data: bytes, response: Response, watch: _Watch) -> None:
    """The server has closed: was that all? Raises Failure."""
    said = ""
    if not data:
        said, code = "Empty reply from server", EMPTY
    elif response.length is not None:
        said = f"transfer closed with {response.length - response.received} bytes remaining to read"
        code = PARTIAL
    if said:
        watch.progress.trace(f"* {said}\n")
        raise Failure(code, said)


def _late(watch: _Watch, response: Response) -> str:
    out_of = "" if response.length is None else f" out of {response.length}"
    return (f"Operation timed out after {watch.milliseconds} milliseconds with {response.received}{out_of} "
            "bytes received")
