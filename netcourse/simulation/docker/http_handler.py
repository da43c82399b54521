"""One client's connection: requests are read, answers are written. What they mean is in ``routing`` and ``api``."""

from __future__ import annotations

import hmac
import json
import socketserver
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from netcourse.simulation.docker.api import system
from netcourse.simulation.docker.api.messages import Response, Stream
from netcourse.simulation.docker.client_connection import ClientConnection, wait_until_read
from netcourse.simulation.docker.errors import EngineError, failed
from netcourse.simulation.docker.request_head import MalformedRequest, RequestHead, read_head
from netcourse.simulation.docker.routing import answer

if TYPE_CHECKING:
    from netcourse.simulation.docker.listening import Server

LARGEST_BODY = 16 << 20
ENGINE_HEADERS = {"Api-Version": system.API_VERSION, "Docker-Experimental": "false", "Ostype": "linux",
                  "Server": f"Docker/{system.VERSION} (linux)"}
PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class HTTPHandler(socketserver.StreamRequestHandler):
    """Answers one request after the other until the client, or an answer, ends the connection."""

    server: Server

    def handle(self) -> None:
        try:
            while self._answer_next():
                pass
        except MalformedRequest as problem:
            self.connection.sendall(f"HTTP/1.1 {problem.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                    f"Connection: close\r\n\r\n{problem.body}".encode())

    def _answer_next(self) -> bool:
        """Whether the connection stays. Raises MalformedRequest."""
        head = read_head(self.rfile)
        if head is None:
            return False
        target = self._behind_token(head.target)
        if target is None:
            self._send(head, Response({"message": "page not found"}, 404, from_engine=False), keeps_open=False)
            return False
        try:
            found = self._ask(head, target, self._body(head))
        except _Unreadable as problem:
            self._send(head, problem.answer, keeps_open=False)
            return False
        if isinstance(found, Stream):
            self._stream(head, found)
            return False
        self._send(head, found, keeps_open=head.keeps_open)
        return head.keeps_open

    def _behind_token(self, target: str) -> str | None:
        """The path after the word that only the engine's owner knows; None without it."""
        token = self.server.token
        if not token:
            return target
        first, slash, rest = target.removeprefix("/").partition("/")
        return slash + rest if hmac.compare_digest(first.encode(), token.encode()) else None

    def _ask(self, head: RequestHead, target: str, body: bytes) -> Response | Stream:
        try:
            return answer(self.server.world, head.method, target, body, upgrades=head.asks("connection", "upgrade"))
        except EngineError as error:
            return Response({"message": str(error)}, error.status)
        except Exception:  # noqa: BLE001  # a mistake of ours must not look like an engine that has gone
            return _own_mistake(head)

    # The body

    def _body(self, head: RequestHead) -> bytes:
        expected = head.headers.get("expect")
        if expected is not None and expected.lower() != "100-continue":
            raise _Unreadable(Response(status=417, from_engine=False))
        coding = head.headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise MalformedRequest("501 Not Implemented", "Unsupported transfer encoding")
        text = head.headers.get("content-length", "0")
        if not (text.isascii() and text.isdigit()):
            raise MalformedRequest("400 Bad Request")
        if expected:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if coding:
            return self._chunks()
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

    def _send(self, head: RequestHead, found: Response, *, keeps_open: bool) -> None:
        """Head and body leave together: two pieces would wake the client twice, and for nothing the first time."""
        headers = dict(found.headers)
        body = found.content if isinstance(found.content, bytes) else b""
        if found.content is not None and not isinstance(found.content, bytes):
            text = json.dumps(found.content, separators=(",", ":"), ensure_ascii=False)
            body = text.encode(errors="replace") + b"\n"
            headers.setdefault("Content-Type", "application/json")
        body = b"" if head.method == "HEAD" else body
        if found.status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        if keeps_open is (head.version == (1, 0)):
            # said only where it isn't what this version of HTTP does by itself
            headers["Connection"] = "keep-alive" if keeps_open else "close"
        self.connection.sendall(_head(head, found.status, ENGINE_HEADERS if found.from_engine else {}, headers) + body)

    def _stream(self, head: RequestHead, found: Stream) -> None:
        chunked = not found.hijack and head.version > (1, 0)
        if found.hijack:
            self.connection.sendall(_hijacked(head, found.content_type))
            wait_until_read(self.connection)
        else:
            coding = {"Transfer-Encoding": "chunked"} if chunked else {}
            self.connection.sendall(_head(head, 200, ENGINE_HEADERS, {"Content-Type": found.content_type} | coding))
        client = ClientConnection(self.connection, self.rfile, chunked=chunked)
        try:
            found.run(client)
        except EngineError as error:
            client.send(f"{error}\n".encode())
        except OSError:
            return  # the client has gone
        except Exception:  # noqa: BLE001  # as in _ask; the head has left already
            client.send(f"{_own_mistake(head).content['message']}\n".encode())
        finally:
            client.finish()


class _Unreadable(Exception):
    """A body that isn't taken, and what is answered instead."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


def _too_large(size: int | str) -> _Unreadable:
    return _Unreadable(Response({"message": f"netcourse takes {LARGEST_BODY} bytes at most, not {size}"}, 413))


def _chunk_size(line: bytes) -> int:
    """RFC 9112 section 7.1. Raises _Unreadable in net/http's words, as dockerd hands them on."""
    digits = line.split(b";")[0].strip()
    try:
        return int(digits if digits[:1] not in b"+-" else b"", 16)
    except ValueError:
        raise _Unreadable(Response({"message": "invalid JSON: invalid byte in chunk length"}, 400)) from None


def _head(head: RequestHead, status: int, engine: dict[str, str], headers: dict[str, str]) -> bytes:
    fields = engine | headers | {"Date": formatdate(usegmt=True)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sorted(fields.items()))
    return f"HTTP/1.{min(head.version[1], 1)} {PHRASES[status]}\r\n{lines}\r\n".encode("latin-1", errors="replace")


def _hijacked(head: RequestHead, content_type: str) -> bytes:
    """dockerd writes these lines itself, past net/http (moby api/server/router/container/exec.go)."""
    if head.asks("connection", "upgrade"):
        return (f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {content_type}\r\n"
                "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n").encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode()


def _own_mistake(head: RequestHead) -> Response:
    refusal = failed(f"netcourse made a mistake over {head.method} {head.target}: please report it")
    return Response({"message": str(refusal)}, refusal.status)
