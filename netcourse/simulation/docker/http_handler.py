"""One client's connection: requests are read, answers are written. What they mean is in ``routing`` and ``api``."""

from __future__ import annotations

import hmac
import json
import re
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker.api import system
from netcourse.simulation.docker.api.messages import Response, Stream
from netcourse.simulation.docker.client_connection import ClientConnection, wait_until_read
from netcourse.simulation.docker.errors import EngineError, failed
from netcourse.simulation.docker.routing import answer

if TYPE_CHECKING:
    from netcourse.simulation.docker.listening import Server

LARGEST_BODY = 16 << 20
ENGINE_HEADERS = {"Api-Version": system.API_VERSION, "Docker-Experimental": "false", "Ostype": "linux",
                  "Server": system.SERVER}
LAST_HEADERS = ("Date", "Content-Length", "Connection", "Transfer-Encoding")
"""net/http writes these itself, after all others."""
JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class HTTPHandler(BaseHTTPRequestHandler):
    """The standard library reads the head of a request; every method is answered in one way."""

    protocol_version = "HTTP/1.1"
    server: Server

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: the lessons' screen belongs to the lesson."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """No request that can be understood: said in plain text as net/http does, and the connection ends."""
        is_version = code == HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        text = PHRASES[code] + ": unsupported protocol version" * is_version
        self._say_plainly(text, text)

    def _say_plainly(self, status: str, text: str) -> None:
        self.close_connection = True
        self.connection.sendall(f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                f"Connection: close\r\n\r\n{text}".encode())

    def parse_request(self) -> bool:
        """What net/http refuses and the standard library takes."""
        if not super().parse_request():
            return False
        target = self.path.partition("?")[0]
        if self.request_version == "HTTP/1.1" and "Host" not in self.headers:
            text = f"{PHRASES[400]}: missing required Host header"
            self._say_plainly(text, text)
            return False
        understood = target.startswith(("/", "http://", "https://")) or target == "*"
        if not understood or BAD_ESCAPE.search(target) or self.request_version == "HTTP/0.9" or self.headers.defects:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def _answer(self) -> None:
        target = self._behind_token(self.path)
        if target is None:
            self._refuse(Response({"message": "page not found"}, 404, from_engine=False))
            return
        try:
            found = self._ask(target, self._body())
        except _Unreadable as problem:
            if problem.answer is None:
                self._say_plainly(PHRASES[problem.status], problem.text or PHRASES[problem.status])
            else:
                self._refuse(problem.answer)
            return
        if isinstance(found, Response) and found.hijacked:
            self.close_connection = True
            self.connection.sendall(f"HTTP/1.1 {PHRASES[found.status]}\r\nContent-Type: "
                                    f"{found.headers['Content-Type']}\r\n\r\n".encode() + found.content)
        elif isinstance(found, Stream):
            self.close_connection = self.close_connection or found.hijack or self._is_old
            self._stream(found)
        else:
            self._send(found)

    def _refuse(self, found: Response) -> None:
        """Answer without having read the whole request, so that nothing more can be read from this client."""
        self.close_connection = True
        self._send(found)

    def _behind_token(self, target: str) -> str | None:
        """The path after the word that only the engine's owner knows; None without it."""
        token = self.server.token
        if not token:
            return target
        first, slash, rest = target.removeprefix("/").partition("/")
        return slash + rest if hmac.compare_digest(first.encode(), token.encode()) else None

    def _ask(self, target: str, body: bytes) -> Response | Stream:
        try:
            return answer(self.server.world, self.command, target, body, upgrades=self._asks("Upgrade"),
                          content_type=self.headers.get("Content-Type", ""))
        except EngineError as error:
            return Response({"message": str(error)}, error.status)
        except Exception:  # noqa: BLE001  # a mistake of ours must not look like an engine that has gone
            return self._own_mistake()

    def _asks(self, token: str) -> bool:
        return token.lower() in self.headers.get("Connection", "").lower()

    def _own_mistake(self) -> Response:
        refusal = failed(f"netcourse made a mistake over {self.command} {self.path}: please report it")
        return Response({"message": str(refusal)}, refusal.status)

    @property
    def _is_old(self) -> bool:
        """Whether the client speaks HTTP/1.0, which knows no chunks and closes by itself."""
        return self.request_version != "HTTP/1.1"

    # The body

    def _body(self) -> bytes:
        """Raises _Unreadable."""
        coding = self.headers.get("Transfer-Encoding")
        if coding is not None and coding.lower() != "chunked":
            raise _Unreadable(None, 501, "Unsupported transfer encoding")
        if coding:
            return self._chunks()
        text = self.headers.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit()):
            raise _Unreadable(None, 400)
        if len(text) > len(str(LARGEST_BODY)) or int(text) > LARGEST_BODY:
            raise _too_large(text)
        return self.rfile.read(int(text)) if text != "0" else b""

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size = _chunk_size(self.rfile.readline(64))
            if len(body) + size > LARGEST_BODY:
                raise _too_large(len(body) + size)
            body += self.rfile.read(size)
            self.rfile.readline(64)
            if size == 0:
                return body

    # The answer

    def _send(self, found: Response) -> None:
        """Head and body leave together: two pieces would wake the client twice, and for nothing the first time."""
        headers = dict(found.headers)
        body = found.content if isinstance(found.content, bytes) else b""
        if found.content is not None and not isinstance(found.content, bytes):
            body = JSON.encode(found.content).encode(errors="replace") + b"\n"
            headers.setdefault("Content-Type", "application/json")
        if found.status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        body = b"" if self.command == "HEAD" else body
        if self.close_connection is not self._is_old:
            # said only where it isn't what this version of HTTP does by itself
            headers["Connection"] = "close" if self.close_connection else "keep-alive"
        self.connection.sendall(self._head(found.status, ENGINE_HEADERS if found.from_engine else {}, headers) + body)

    def _stream(self, found: Stream) -> None:
        chunked = not (found.hijack or self._is_old)
        if found.hijack:
            self.connection.sendall(self._hijacked(found.content_type))
            wait_until_read(self.connection)
        else:
            coding = {"Transfer-Encoding": "chunked"} if chunked else {}
            self.connection.sendall(self._head(200, ENGINE_HEADERS, {"Content-Type": found.content_type} | coding))
        client = ClientConnection(self.connection, self.rfile, chunked=chunked)
        try:
            found.run(client)
        except EngineError as error:
            client.send(f"{error}\n".encode())
        except OSError:
            self.close_connection = True  # the client has gone
        except Exception:  # noqa: BLE001  # as in _ask; the head has left already
            client.send(f"{self._own_mistake().content['message']}\n".encode())
        finally:
            client.finish()

    def _head(self, status: int, engine: dict[str, str], headers: dict[str, str]) -> bytes:
        fields = engine | headers | {"Date": formatdate(usegmt=True)}
        names = [*sorted(fields.keys() - LAST_HEADERS), *(name for name in LAST_HEADERS if name in fields)]
        lines = "".join(f"{name}: {fields[name]}\r\n" for name in names)
        version = "HTTP/1.0" if self._is_old else "HTTP/1.1"
        return f"{version} {PHRASES[status]}\r\n{lines}\r\n".encode("latin-1", errors="replace")

    def _hijacked(self, content_type: str) -> bytes:
        """dockerd writes these lines itself, past net/http (moby api/server/router/container/exec.go)."""
        if self._asks("Upgrade"):
            return (f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {content_type}\r\n"
                    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n").encode()
        return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode()


class _Unreadable(Exception):
    """A body that isn't taken, and what is answered instead: nothing but a status in plain text, where None."""

    def __init__(self, answer: Response | None, status: int = 400, text: str = "") -> None:
        super().__init__()
        self.answer, self.status, self.text = answer, status, text


def _too_large(size: int | str) -> _Unreadable:
    return _Unreadable(Response({"message": f"netcourse takes {LARGEST_BODY} bytes at most, not {size}"}, 413))


def _chunk_size(line: bytes) -> int:
    """RFC 9112 section 7.1. Raises _Unreadable in net/http's words, as dockerd hands them on."""
    digits = line.split(b";")[0].strip()
    try:
        return int(digits if digits[:1] not in b"+-" else b"", 16)
    except ValueError:
        raise _Unreadable(Response({"message": "invalid JSON: invalid byte in chunk length"}, 400)) from None
