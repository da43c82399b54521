"""One HTTP transfer of curl: find the address, connect, ask, read; each with curl's words for its failure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.resolver import NameNotFound, find_address
from netcourse.simulation.linux.tcp import TCPSocket

UNSUPPORTED, NOT_RESOLVED, NOT_CONNECTED, PARTIAL, TIMED_OUT, EMPTY, RECEIVE_ERROR = 1, 6, 7, 18, 28, 52, 56


class Failure(Exception):
    """What curl says in the end, and its exit code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Request:
    """Where to, the bytes to send, and the seconds that the whole and the connection may take (0: any)."""

    host: str
    port: int
    message: bytes
    most_seconds: float
    connect_seconds: float
    wants_head: bool


@dataclass
class Response:
    """What has come so far."""

    remote: str = ""
    head: bytes = b""
    body: bytes = b""

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
    def received(self) -> int:
        return len(self.body)


@dataclass
class _Watch:
    """The time since a transfer began."""

    process: Process
    request: Request
    began: int

    @property
    def milliseconds(self) -> int:
        return (self.process.machine.clock.now - self.began) // MILLISECOND

    def left(self) -> float | None:
        """Seconds until the whole must be over."""
        if not self.request.most_seconds:
            return None
        return max(self.request.most_seconds - (self.process.machine.clock.now - self.began) / SECOND, 0.001)


async def transfer(process: Process, request: Request, response: Response) -> None:
    """Fill ``response``. Raises Failure; what had come until then stays in it."""
    watch = _Watch(process, request, process.machine.clock.now)
    try:
        address = await find_address(process, request.host)
    except NameNotFound:
        raise Failure(NOT_RESOLVED, f"Could not resolve host: {request.host}") from None
    socket = TCPSocket(process.namespace)
    try:
        await _connect(socket, address, watch)
        response.remote = str(address)
        await socket.send(request.message)
        await _receive(socket, watch, response)
    finally:
        socket.close()


async def _connect(socket: TCPSocket, address: IPv4Address, watch: _Watch) -> None:
    request, left = watch.request, watch.left()
    patience = min(left or request.connect_seconds, request.connect_seconds or left or 0) or None
    try:
        await socket.connect((address, request.port), patience)
    except OSError as error:
        is_over = isinstance(error, TimeoutError) and error.errno is None
        if is_over and left == patience:
            raise Failure(TIMED_OUT, f"Connection timed out after {watch.milliseconds} milliseconds") from None
        why = "Timeout was reached" if is_over else "Couldn't connect to server"
        where = f"{request.host} port {request.port}"
        raise Failure(TIMED_OUT if isinstance(error, TimeoutError) else NOT_CONNECTED,
                      f"Failed to connect to {where} after {watch.milliseconds} ms: {why}") from None


async def _receive(socket: TCPSocket, watch: _Watch, response: Response) -> None:
    data = b""
    while not _is_whole(response, watch.request):
        try:
            piece = await socket.receive(timeout=watch.left())
        except TimeoutError:
            raise Failure(TIMED_OUT, _late(watch, response)) from None
        except OSError as error:
            raise Failure(RECEIVE_ERROR, f"Recv failure: {error.strerror}") from None
        if not piece:
            _check_end(data, response)
            return
        data += piece
        _split(data, response)


def _split(data: bytes, response: Response) -> None:
    end = re.search(rb"\r?\n\r?\n", data)
    if data[:5] != b"HTTP/"[:len(data)]:
        raise Failure(UNSUPPORTED, "Received HTTP/0.9 when not allowed")
    if end:
        response.head = data[:end.end()]
        response.body = data[end.end():][:response.length]
        if re.search(rb"(?im)^transfer-encoding:", response.head):
            raise Failure(UNSUPPORTED, "Transfer-Encoding is not simulated")


def _is_whole(response: Response, request: Request) -> bool:
    if not response.head:
        return False
    has_no_body = request.wants_head or response.status in (204, 304)
    if has_no_body:
        response.body = b""
    return has_no_body or response.received == response.length


def _check_end(data: bytes, response: Response) -> None:
    """The server has closed: was that all? Raises Failure."""
    if not data:
        raise Failure(EMPTY, "Empty reply from server")
    if response.length is not None:
        raise Failure(PARTIAL, f"transfer closed with {response.length - response.received} bytes remaining to read")


def _late(watch: _Watch, response: Response) -> str:
    out_of = "" if response.length is None else f" out of {response.length}"
    return (f"Operation timed out after {watch.milliseconds} milliseconds with {response.received}{out_of} "
            "bytes received")
