"""The head of an HTTP request, taken and refused as Go's net/http does; what is asked for is no matter of this file.

The standard library's own reader builds an e-mail message of it, which takes longer than an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BufferedIOBase

LARGEST_HEAD = (1 << 20) + 4096
"""Bytes: net/http's DefaultMaxHeaderBytes and its slack."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(r"HTTP/([0-9])\.([0-9])")
_TARGET = re.compile(r"(/|\*$|[a-z]+://[^/]*(/|$))(?!.*%(?![0-9A-Fa-f]{2}))|/[^?]*\?")
_HOST = re.compile(r"[A-Za-z0-9.:%\[\]_~!$&'()*+,;=-]*")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class MalformedRequest(Exception):
    """No request, or not one that is understood: ``status`` and ``body`` are net/http's answer."""

    def __init__(self, status: str, body: str | None = None) -> None:
        super().__init__(status)
        self.status, self.body = status, status if body is None else body


@dataclass(frozen=True)
class RequestHead:
    """``headers`` are by their names in small letters; one that comes several times is joined by commas (RFC 9110)."""

    method: str
    target: str
    version: tuple[int, int]
    headers: dict[str, str]

    def asks(self, header: str, token: str) -> bool:
        """Whether a header with a list of words has this one."""
        return token in self.headers.get(header, "").lower()

    @property
    def keeps_open(self) -> bool:
        """Whether the client wants to ask again on this connection."""
        if self.version == (1, 0):
            return self.asks("connection", "keep-alive")
        return not self.asks("connection", "close")


def read_head(stream: BufferedIOBase) -> RequestHead | None:
    """The next request's head, None when the client has finished. Raises MalformedRequest."""
    lines = _lines(stream)
    if lines is None:
        return None
    method, target, version = _request_line(lines[0])
    headers: dict[str, str] = {}
    hosts = 0
    for name, value in _fields(lines[1:]):
        hosts += name == "host"
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if version[0] != 1:
        raise MalformedRequest("505 HTTP Version Not Supported: unsupported protocol version")
    if hosts > 1:
        raise MalformedRequest("400 Bad Request")
    if version > (1, 0) and not hosts:
        raise MalformedRequest("400 Bad Request: missing required Host header")
    if not _HOST.fullmatch(headers.get("host", "")):
        raise MalformedRequest("400 Bad Request: malformed Host header")
    return RequestHead(method, target, version, headers)


def _lines(stream: BufferedIOBase) -> list[str] | None:
    lines: list[str] = []
    left = LARGEST_HEAD
    while True:
        line = stream.readline(left)
        left -= len(line)
        if not left:
            raise MalformedRequest("431 Request Header Fields Too Large")
        if not line.endswith(b"\n"):
            return None
        text = line.rstrip(b"\r\n").decode("latin-1")
        if not text and lines:
            return lines
        lines.append(text)


def _request_line(line: str) -> tuple[str, str, tuple[int, int]]:
    method, _, rest = line.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    version = _VERSION.fullmatch(protocol)
    if version is None or not _TOKEN.fullmatch(method) or not _TARGET.match(target) or _UNPRINTABLE.search(target):
        raise MalformedRequest("400 Bad Request")
    return method, target, (int(version[1]), int(version[2]))


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    """A line that begins with a blank goes on with the one before it."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[0] in " \t" and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or _UNPRINTABLE.search(value):
            raise MalformedRequest("400 Bad Request")
        if not _TOKEN.fullmatch(name):
            raise MalformedRequest("400 Bad Request: invalid header name")
        fields.append((name.lower(), value.strip(" \t")))
    return fields
