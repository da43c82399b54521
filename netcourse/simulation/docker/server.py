"""The Engine API on a socket that its owner alone can open: HTTP and threads are here, what is asked in ``api``."""

from __future__ import annotations

import json
import os
import re
import select
import socket
import socketserver
import stat
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from netcourse.simulation.docker.api import containers, execs, images, networks, system
from netcourse.simulation.docker.api.messages import Handler, Request, Response, Stream
from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.errors import EngineError, bad_request, failed, not_found, not_simulated

LARGEST_BODY = 16 << 20
_VERSION = re.compile(r"^/v([0-9.]+)(?=/)")
_SIOCOUTQ = 0x5411
HEAD_READ_SECONDS = 0.5


def _compiled() -> list[tuple[str, re.Pattern[str], Handler]]:
    routes = [*system.ROUTES, *networks.ROUTES, *containers.ROUTES, *execs.ROUTES, *images.ROUTES]
    return [(method, _pattern(path), handler) for method, path, handler in routes]


def _pattern(path: str) -> re.Pattern[str]:
    """``{id}`` is one piece of the path; ``{name}``, an image's, may hold slashes."""
    return re.compile("^" + path.replace("{id}", "(?P<id>[^/]+)").replace("{name}", "(?P<name>.+)") + "$")


ROUTES = _compiled()


class _Bad(Exception):
    """The request can't be read."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: the lessons' screen belongs to the lesson."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        try:
            body = self._body()
        except _Bad as problem:
            self.close_connection = True
            self._send(Response({"message": str(problem)}, 400))
            return
        try:
            answer = self._dispatch(body)
        except EngineError as error:
            answer = Response({"message": str(error)}, error.status)
        except Exception:  # noqa: BLE001  # a mistake of ours must not look like an engine that has gone
            refusal = failed(f"netcourse made a mistake over {self.command} {self.path}: please report it")
            answer = Response({"message": str(refusal)}, refusal.status)
        if isinstance(answer, Response):
            self._send(answer)
        else:
            self._stream(answer)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        text = self.headers.get("Content-Length", "0") or "0"
        if not text.isdigit() or int(text) > LARGEST_BODY:
            raise _Bad(f"invalid Content-Length: {text}")
        return self.rfile.read(int(text))

    def _chunks(self) -> bytes:
        body = b""
        while True:
            head = self.rfile.readline(64).split(b";")[0].strip()
            try:
                size = int(head, 16)
            except ValueError:
                raise _Bad("malformed chunked encoding") from None
            if size < 0 or len(body) + size > LARGEST_BODY:
                raise _Bad("malformed chunked encoding")
            body += self.rfile.read(size)
            self.rfile.readline(64)
            if size == 0:
                return body

    def _dispatch(self, body: bytes) -> Response | Stream:
        url = urlsplit(self.path)
        version = _VERSION.match(url.path)
        path = unquote(url.path[version.end():] if version else url.path)
        for method, pattern, handler in ROUTES:
            match = pattern.match(path)
            if match is not None and method == self.command:
                _check_version(version[1] if version else system.API_VERSION)
                upgrades = "upgrade" in self.headers.get("Connection", "").lower()
                return handler(Request(self.server.world, method, match.groupdict(),
                                       parse_qs(url.query, keep_blank_values=True), body, upgrades,
                                       version[1] if version else system.API_VERSION))
        known = any(pattern.match(path) for _, pattern, _ in ROUTES)
        if not known and _is_real(path):
            raise not_simulated(f"{self.command} {path}")
        raise not_found("page not found")

    def _head(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        """Head and body leave together: two pieces would wake the client twice, and for nothing the first time."""
        self.send_response_only(status)
        common = {"Api-Version": system.API_VERSION, "Docker-Experimental": "false", "Ostype": "linux",
                  "Server": f"Docker/{system.VERSION} (linux)", "Date": self.date_time_string()}
        for name, value in (common | headers).items():
            self.send_header(name, value)
        self._headers_buffer.extend((b"\r\n", body))
        self.flush_headers()

    def _send(self, answer: Response) -> None:
        content = answer.content
        headers = dict(answer.headers)
        if content is None:
            body = b""
        elif isinstance(content, bytes):
            body = content
        else:
            body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(errors="replace") + b"\n"
            headers.setdefault("Content-Type", "application/json")
        if answer.status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        self._head(answer.status, headers, b"" if self.command == "HEAD" else body)

    def _stream(self, answer: Stream) -> None:
        self.close_connection = True
        if answer.hijack:
            self._hijack(answer)
            return
        self._head(200, {"Content-Type": answer.content_type, "Transfer-Encoding": "chunked"})
        connection = _Connection(self, chunked=True)
        answer.run(connection)
        connection.finish()

    def _hijack(self, answer: Stream) -> None:
        if "upgrade" in self.headers.get("Connection", "").lower():
            head = (f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {answer.content_type}\r\n"
                    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        else:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {answer.content_type}\r\n\r\n"
        self.connection.sendall(head.encode())
        _wait_until_read(self.connection)
        try:
            answer.run(_Connection(self, chunked=False))
        except EngineError as error:
            self.connection.sendall(f"{error}\n".encode())
        finally:
            _close_sending(self.connection)


def _check_version(wanted: str) -> None:
    """Raises EngineError for a version of the API that the engine doesn't speak (moby api/server/middleware)."""
    number, oldest, newest = (tuple(int(part or 0) for part in text.split("."))
                              for text in (wanted, system.OLDEST_API, system.API_VERSION))
    if number > newest:
        raise bad_request(f"client version {wanted} is too new. Maximum supported API version is {system.API_VERSION}")
    if number < oldest:
        raise bad_request(f"client version {wanted} is too old. Minimum supported API version is {system.OLDEST_API}, "
                          "please upgrade your client to a newer version")


def _is_real(path: str) -> bool:
    """Whether dockerd has something there that the simulation hasn't."""
    first = path.strip("/").partition("/")[0]
    return first in {"containers", "images", "networks", "volumes", "exec", "swarm", "nodes", "services", "tasks",
                     "secrets", "configs", "plugins", "build", "commit", "session", "distribution", "grpc"}


def _wait_until_read(connection: socket.socket) -> None:
    """docker-py loses bytes that arrive together with the head: wait until the client has taken it."""
    end = time.monotonic() + HEAD_READ_SECONDS
    try:
        import fcntl
        import termios  # noqa: F401  # SIOCOUTQ is the terminals' TIOCOUTQ, which only Linux answers on sockets
    except ImportError:
        time.sleep(0.01)
        return
    while time.monotonic() < end:
        try:
            left = fcntl.ioctl(connection, _SIOCOUTQ, b"\0\0\0\0")
        except OSError:
            time.sleep(0.01)
            return
        if not int.from_bytes(left, "little"):
            return
        time.sleep(0.0002)


def _close_sending(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _answers(path: Path) -> bool:
    """Whether somebody listens on the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


class _Connection:
    """A client that is being sent a long answer."""

    def __init__(self, handler: _Handler, *, chunked: bool) -> None:
        self._handler, self._chunked = handler, chunked
        self._receiving = False

    def send(self, data: bytes) -> None:
        if not data:
            return
        framed = f"{len(data):x}\r\n".encode() + data + b"\r\n" if self._chunked else data
        self._handler.connection.sendall(framed)

    def finish(self) -> None:
        try:
            self._handler.connection.sendall(b"0\r\n\r\n")
        except OSError:
            return

    def hung_up(self) -> bool:
        """Whether nobody is at the other end; one who has only finished sending is still there."""
        connection = self._handler.connection
        poller = select.poll() if hasattr(select, "poll") else None
        if poller is not None:
            poller.register(connection, select.POLLHUP | select.POLLERR)
            return bool(poller.poll(0))
        if self._receiving:
            return False
        ready, _, _ = select.select([connection], [], [], 0)
        return bool(ready) and connection.recv(1, socket.MSG_PEEK) == b""

    def receive(self, give: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self._receiving = True
        threading.Thread(target=self._receive, args=(give, end), daemon=True).start()

    def _receive(self, give: Callable[[bytes], None], end: Callable[[], None]) -> None:
        try:
            # what the buffered reader took together with the head comes first
            while data := self._handler.rfile.read1(65536):
                give(data)
        except (OSError, ValueError):
            pass
        end()


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 128
    world: World

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is no news."""


class _UnixServer(_Server):
    """At a path of the file system."""

    address_family = getattr(socket, "AF_UNIX", socket.AF_INET)


class SimulatedEngine:
    """An engine served from this process: ``address`` is its DOCKER_HOST. Close it, or use it in a ``with`` block.

    Raises FileExistsError when something is at ``path`` already.
    """

    def __init__(self, path: str | Path, *, seed: int = 0) -> None:
        self.path = Path(path)
        self.world = World(Engine(seed=seed))
        self._server = self._listen()
        self._server.world = self.world
        self.address = f"unix://{self.path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def _listen(self) -> _Server:
        if os.path.lexists(self.path):
            self._clear_stale()
        server = _UnixServer(str(self.path), _Handler, bind_and_activate=False)  # type: ignore[arg-type]  # AF_UNIX
        try:
            server.server_bind()
            # nobody can connect before it listens, so that nobody else ever can
            self.path.chmod(0o600)
            self._inode = self.path.lstat().st_ino
            server.server_activate()
        except OSError:
            server.server_close()
            raise
        return server

    def _clear_stale(self) -> None:
        """Remove what a killed engine left: a socket of our own that nobody listens on. Raises FileExistsError."""
        found = self.path.lstat()
        if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid() and not _answers(self.path):
            self.path.unlink()
            return
        raise FileExistsError(f"{self.path} exists already: choose another path, or remove it if no engine uses it")

    def close(self) -> None:
        """Stop serving and remove the socket."""
        self.world.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if os.path.lexists(self.path) and self.path.lstat().st_ino == self._inode:
            self.path.unlink()

    def __enter__(self) -> SimulatedEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


