"""busybox httpd (networking/httpd.c): files of a folder over HTTP. It has no CGI programs and no settings file."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from email.utils import formatdate
from ipaddress import IPv4Address
from urllib.parse import unquote

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, refuse
from netcourse.simulation.linux.programs.busybox.ping import address_of
from netcourse.simulation.linux.sockets import ANY
from netcourse.simulation.linux.tcp import TCPSocket

HEADER_SECONDS = 60
LARGEST_HEADER = 65536
_TYPES = {
    "application/javascript": "js", "audio/midi": "midi", "audio/mpeg": "mp3", "audio/wav": "wav", "image/gif": "gif",
    "image/jpeg": "jpg jpeg", "image/png": "png", "image/svg+xml": "svg", "text/css": "css", "text/html": "html htm",
    "text/plain": "txt h c cc cpp", "video/mpeg": "mpe mpeg", "video/quicktime": "qt mov", "video/x-msvideo": "avi"}
_PAGES = {"400 Bad Request": "Unsupported method", "404 Not Found": "The requested URL was not found",
          "501 Not Implemented": "The requested method is not recognized"}


@dataclass
class _Request:
    """``headers`` by their names in small letters."""

    method: str
    path: str
    headers: dict[str, str]


@complaining
async def httpd(process: Process) -> int:
    given, _ = options(process, "ifvp:M:K:u:r:h:c:m:e:d:")
    refuse(process, given, "iMKcmu")
    if "e" in given or "d" in given:
        process.write(_encoded(given["e"]) if "e" in given else unquote(given["d"].replace("+", " ")))
        return 0
    home = _home(process, given.get("h", "."))
    address, port = await _endpoint(process, given.get("p", "80"))
    listener = TCPSocket(process.namespace)
    listener.is_ipv6 = address == ANY
    try:
        listener.bind(address, port, user=process.user)
    except OSError as error:
        raise Complaint(f"httpd: bind: {error.strerror}") from None
    listener.listen()
    verbosity = sum(word[1:].count("v") for word in process.arguments if re.fullmatch("-[fv]+", word))
    server = process.do(_serve(process, listener, home, verbosity if "f" in given else 0))
    if "f" not in given:
        return 0
    try:
        await server
    finally:
        server.cancel()
        listener.close()
    return 0


def _home(process: Process, name: str) -> str:
    home = process.files.resolve(name, process.directory)
    if not process.files.is_directory(home):
        number = errno.ENOTDIR if process.files.exists(home) else errno.ENOENT
        raise Complaint(f"httpd: can't change directory to '{name}': {os.strerror(number)}")
    return home


async def _endpoint(process: Process, text: str) -> tuple[IPv4Address, int]:
    """PORT, ADDRESS or ADDRESS:PORT. Raises Complaint."""
    if text.isdigit() and int(text) < 65536:
        return ANY, int(text)
    host, _, port = text.partition(":")
    return (await address_of(process, host) if host else ANY), int(port) if port.isdigit() else 80


def _encoded(text: str) -> str:
    return "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text)


async def _serve(process: Process, listener: TCPSocket, home: str, verbosity: int) -> None:
    while True:
        connection = await listener.accept()
        process.do(_answer(process, connection, home, verbosity))


async def _answer(process: Process, connection: TCPSocket, home: str, verbosity: int) -> None:
    try:
        data = b""
        while not re.search(rb"\n\r?\n", data) and len(data) < LARGEST_HEADER and \
                (more := await connection.receive(timeout=HEADER_SECONDS)):
            data += more
        if not data.strip():
            return
        request = _read(data)
        peer = f"[::ffff:{connection.remote[0]}]:{connection.remote[1]}"
        if verbosity > 1 and request is not None:
            process.complain(f"{peer}: {request.method} {request.path}")
        response = _response(process, request, home)
        if verbosity:
            process.complain(f"{peer}: response:{response.split()[1].decode()}")
        await connection.send(response)
    except OSError:
        connection.abort()
    finally:
        connection.close()


def _read(data: bytes) -> _Request | None:
    """What is asked for; None for what isn't a question of HTTP about a path."""
    first, *lines = data.decode(errors="replace").splitlines()
    match = re.fullmatch(r"(\S+) (/\S*) HTTP/\S+", first.strip())
    if match is None:
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return _Request(match[1], match[2], headers)


def _response(process: Process, request: _Request | None, home: str) -> bytes:
    if request is None or request.method not in ("GET", "HEAD", "POST"):
        return _page(process, "400 Bad Request")
    asked, mark, query = request.path.partition("?")
    path = _inside(process, asked, home)
    if path is None:
        return _page(process, "400 Bad Request")
    if request.method == "POST":
        return _page(process, "501 Not Implemented")
    if process.files.is_directory(path):
        if not asked.endswith("/"):
            return _head(process, "302 Found", "text/html", f"Location: {asked}/{mark}{query}").encode()
        path = path.rstrip("/") + "/index.html"
    try:
        return _file(process, request, path, process.files.read(path))
    except OSError:
        return _page(process, "404 Not Found")


def _inside(process: Process, asked: str, home: str) -> str | None:
    """The file that a path stands for; None where it leads out of ``home`` or is badly encoded."""
    if re.search(r"%(?![0-9a-fA-F]{2})", asked):
        return None
    depth = 0
    for part in unquote(asked).split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return None
    return process.files.resolve(unquote(asked).lstrip("/"), home)


def _file(process: Process, request: _Request, path: str, body: bytes) -> bytes:
    """A question by HEAD is answered with the body too, as this busybox does."""
    modified = process.files.modified(path) // SECOND
    tag = f'"{modified:08x}-{len(body):x}"'
    kind = next((kind for kind, ends in _TYPES.items() if path.rpartition(".")[2] in ends.split()), "")
    if request.headers.get("if-none-match") == tag:
        return _head(process, "304 Not Modified", "text/html").encode()
    first, last = _range(request.headers.get("range", ""), len(body))
    is_part = (first, last) != (0, len(body) - 1)
    lines = [f"Content-Range: bytes {first}-{last}/{len(body)}"] if is_part else []
    lines += ["Accept-Ranges: bytes", f"Last-Modified: {formatdate(modified, usegmt=True)}", f"ETag: {tag}",
              f"Content-Length: {last + 1 - first}"]
    return _head(process, "206 Partial Content" if is_part else "200 OK", kind, *lines).encode() + body[first:last + 1]


def _range(text: str, size: int) -> tuple[int, int]:
    """The first and last byte asked for; the whole file where the question makes no sense."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", text)
    if match is None:
        return 0, size - 1
    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    return (first, last) if first <= last else (0, size - 1)


def _head(process: Process, status: str, kind: str, *lines: str) -> str:
    date = formatdate(process.machine.clock.now / SECOND, usegmt=True)
    told = [f"HTTP/1.1 {status}", f"Date: {date}", "Connection: close", *([f"Content-type: {kind}"] if kind else []),
            *lines]
    return "".join(f"{line}\r\n" for line in [*told, ""])


def _page(process: Process, status: str) -> bytes:
    body = (f"<HTML><HEAD><TITLE>{status}</TITLE></HEAD>\n<BODY><H1>{status}</H1>\n{_PAGES[status]}\n</BODY></HTML>\n")
    return (_head(process, status, "text/html") + body).encode()
