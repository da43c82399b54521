"""busybox wget, httpd and nc: programs that talk over TCP."""

from __future__ import annotations

import errno
from email.utils import formatdate
from ipaddress import IPv4Address
from urllib.parse import unquote, urlsplit

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, usage
from netcourse.simulation.linux.programs.busybox.ping import address_of
from netcourse.simulation.linux.sockets import ANY
from netcourse.simulation.linux.tcp import TCPSocket

DEFAULT_TIMEOUT = 900
TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".css": "text/css",
         ".json": "application/json"}


@complaining
async def wget(process: Process) -> int:
    given, rest = options(process, "cqSO:o:P:U:T:Y:")
    if not rest:
        raise usage("wget")
    for url in rest:
        await _fetch(process, given, url)
    return 0


async def _fetch(process: Process, given: dict[str, str], url: str) -> None:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise Complaint(f"wget: not an http or ftp url: {url}")
    target = await address_of(process, parts.hostname)
    port = parts.port or 80
    if "q" not in given:
        process.complain(f"Connecting to {parts.netloc} ({target}:{port})")
    patience = float(given.get("T", DEFAULT_TIMEOUT))
    response = await _request(process, target, port, parts.hostname if port == 80 else parts.netloc,
                              (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), patience)
    head, _, body = response.partition(b"\r\n\r\n")
    lines = head.decode(errors="replace").split("\r\n")
    if not lines[0].startswith("HTTP/"):
        raise Complaint("wget: error getting response")
    if "S" in given:
        for line in [*lines, ""]:
            process.complain(f"  {line}")
    if lines[0].split()[1:2] != ["200"]:
        raise Complaint(f"wget: server returned error: {lines[0]}")
    _save(process, given, parts.path, body)


async def _request(process: Process, target: IPv4Address, port: int, host: str, path: str, patience: float) -> bytes:
    socket = TCPSocket(process.namespace)
    try:
        await socket.connect((target, port), patience)
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Wget\r\nConnection: close\r\n\r\n"
        await socket.send(request.encode())
        response = b""
        while data := await socket.receive(timeout=patience):
            response += data
        if not response:
            raise Complaint("wget: error getting response")
        return response
    except OSError as error:
        raise _explain(error, target, connected=socket.remote[1] != 0 and error.errno == errno.ECONNRESET) from None
    finally:
        socket.close()


def _explain(error: OSError, target: IPv4Address, *, connected: bool) -> Complaint:
    if isinstance(error, TimeoutError) and error.errno is None:
        return Complaint("wget: download timed out")
    if connected:
        return Complaint("wget: error getting response: Connection reset by peer")
    return Complaint(f"wget: can't connect to remote host ({target}): {error.strerror}")


def _save(process: Process, given: dict[str, str], path: str, body: bytes) -> None:
    name = given.get("O") or path.rpartition("/")[2] or "index.html"
    quiet = "q" in given
    if name == "-":
        if not quiet:
            process.complain("writing to stdout")
        process.stdout.write(body)
        if not quiet:
            process.complain(f"{_progress('-', body)}\nwritten to stdout")
        return
    if not quiet:
        process.complain(f"saving to '{name}'")
    try:
        process.files.write(process.files.resolve(name, given.get("P", process.directory)), body)
    except OSError as error:
        raise Complaint(f"wget: can't open '{name}': {error.strerror}") from None
    if not quiet:
        process.complain(f"{_progress(name.rpartition('/')[2], body)}\n'{name}' saved")


def _progress(name: str, body: bytes) -> str:
    return f"{name:<20.20} 100% |********************************| {len(body):>5}  0:00:00 ETA"


@complaining
async def httpd(process: Process) -> int:
    given, _ = options(process, "ifvp:M:K:u:r:h:c:m:e:d:")
    address, _, port = given.get("p", "80").rpartition(":")
    home = process.files.resolve(given.get("h", "."), process.directory)
    if not process.files.is_directory(home):
        raise Complaint(f"httpd: can't change directory to '{given['h']}': No such file or directory")
    listener = TCPSocket(process.namespace)
    listener.is_ipv6 = not address
    try:
        listener.bind(IPv4Address(address) if address else ANY, number(process, port, 1, 65535))
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        raise Complaint(f"httpd: bind: {'Address already in use' if in_use else error.strerror}") from None
    listener.listen()
    server = process.do(_serve(process, listener, home))
    if "f" not in given:
        return 0
    try:
        await server
    finally:
        server.cancel()
        listener.close()
    return 0


async def _serve(process: Process, listener: TCPSocket, home: str) -> None:
    while True:
        connection = await listener.accept()
        process.do(_answer(process, connection, home))


async def _answer(process: Process, connection: TCPSocket, home: str) -> None:
    try:
        request = b""
        while b"\r\n\r\n" not in request and (data := await connection.receive(timeout=60)):
            request += data
        if request:
            await connection.send(_response(process, request, home))
    except OSError:
        connection.abort()
    finally:
        connection.close()


def _response(process: Process, request: bytes, home: str) -> bytes:
    words = request.split(b"\r\n", 1)[0].decode(errors="replace").split()
    if len(words) != 3:
        return _page(process, "400 Bad Request", "Unsupported method")
    if words[0] not in ("GET", "HEAD"):
        return _page(process, "501 Not Implemented", "The requested method is not recognized")
    path = process.files.resolve(unquote(words[1].partition("?")[0]).lstrip("/"), home)
    if path != home and not path.startswith(home.rstrip("/") + "/"):
        return _page(process, "400 Bad Request", "Unsupported method")
    if process.files.is_directory(path):
        path = path.rstrip("/") + "/index.html"
    try:
        body = process.files.read(path)
    except OSError:
        return _page(process, "404 Not Found", "The requested URL was not found")
    kind = next((f"Content-type: {value}\r\n" for end, value in TYPES.items() if path.endswith(end)), "")
    head = _head(process, "200 OK") + f"{kind}Accept-Ranges: bytes\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + (body if words[0] == "GET" else b"")


def _head(process: Process, status: str) -> str:
    date = formatdate(process.machine.clock.now / SECOND, usegmt=True)
    return f"HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: close\r\n"


def _page(process: Process, status: str, text: str) -> bytes:
    body = f"<HTML><HEAD><TITLE>{status}</TITLE></HEAD>\n<BODY><H1>{status}</H1>\n{text}\n</BODY></HTML>\n"
    return (_head(process, status) + f"Content-type: text/html\r\n\r\n{body}").encode()


@complaining
async def nc(process: Process) -> int:
    given, rest = options(process, "lp:w:i:f:e:u")
    if "e" in given or "f" in given or "u" in given:
        raise Complaint(f"nc: -{next(o for o in 'efu' if o in given)} is not simulated")
    if "l" in given:
        return await _listen(process, number(process, given.get("p", rest[0] if rest else "0"), 0, 65535))
    if len(rest) != 2:
        raise usage("nc")
    target = await address_of(process, rest[0])
    socket = TCPSocket(process.namespace)
    if "p" in given:
        socket.bind(port=number(process, given["p"], 1, 65535))
    try:
        await socket.connect((target, number(process, rest[1], 1, 65535)),
                             float(given["w"]) if "w" in given else None)
    except TimeoutError as error:
        raise Complaint(f"nc: {'timed out' if error.errno is None else 'Operation timed out'}") from None
    except OSError as error:
        raise Complaint(f"nc: can't connect to remote host ({target}): {error.strerror}") from None
    return await _relay(process, socket)


async def _listen(process: Process, port: int) -> int:
    listener = TCPSocket(process.namespace)
    listener.is_ipv6 = True
    try:
        listener.bind(port=port)
    except OSError as error:
        raise Complaint(f"nc: bind: {error.strerror}") from None
    listener.listen()
    try:
        connection = await listener.accept()
    finally:
        listener.close()
    return await _relay(process, connection)


async def _relay(process: Process, socket: TCPSocket) -> int:
    """Standard input goes out; what comes in is printed until the other side has closed."""
    sender = process.do(_send_input(process, socket))
    try:
        while data := await socket.receive():
            process.stdout.write(data)
    except OSError as error:
        raise Complaint(f"nc: read error: {error.strerror}") from None
    finally:
        sender.cancel()
        socket.close()
    return 0


async def _send_input(process: Process, socket: TCPSocket) -> None:
    while data := await process.stdin.read():
        await socket.send(data)
    socket.shutdown()
