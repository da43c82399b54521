"""busybox wget (networking/wget.c): one file after another over HTTP."""

from __future__ import annotations

import base64
import errno
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    number,
    option_list,
    refuse,
    usage,
)
from netcourse.simulation.linux.programs.busybox.ping import LARGEST_NUMBER, address_of
from netcourse.simulation.linux.tcp import TCPSocket

DEFAULT_TIMEOUT = 900
MOST_REDIRECTIONS = 5
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990}
_REDIRECTIONS = {"301", "302", "303", "307", "308"}
_FOUND = {"200", "201", "202", "203", "204", "206"}
_LONG_NAMES = ("continue=c", "quiet=q", "server-response=S", "output-document=O", "output-file=o",
               "directory-prefix=P", "proxy=Y", "user-agent=U", "timeout=T", "tries=t", "header=", "post-data=",
               "post-file=", "spider", "no-check-certificate", "no-verbose", "no-clobber", "no-host-directories",
               "no-parent", "passive-ftp")


@dataclass(frozen=True)
class _Address:
    """The parts of a URL; ``place`` is the host with the port that was written after it."""

    scheme: str
    user: str
    place: str
    path: str

    @classmethod
    def parse(cls, url: str) -> _Address:
        match = re.fullmatch(r"(?:(\w+)://)?(?:([^/@]*)@)?([^/?#]*)([^#]*)(?:#.*)?", url)
        if match is None or (match[1] or "http") not in _PORTS:
            raise Complaint(f"wget: not an http or ftp url: {url}")
        path = match[4] if match[4].startswith("/") else f"/{match[4]}"
        return cls(match[1] or "http", match[2] or "", match[3], path)

    @property
    def host(self) -> str:
        return self.place.partition(":")[0]

    @property
    def port(self) -> int:
        """Raises Complaint."""
        _, colon, text = self.place.partition(":")
        if colon and (not text.isdigit() or int(text) > 65535):
            raise Complaint(f"wget: bad port '{text}'")
        return int(text) if colon else _PORTS[self.scheme]


@dataclass
class _Task:
    """What the options ask for. ``log`` takes the messages."""

    process: Process
    given: dict[str, str]
    headers: list[str]
    data: bytes | None
    patience: int
    log: Callable[[str], None]

    def tell(self, text: str) -> None:
        if "q" not in self.given:
            self.log(text)


@complaining
async def wget(process: Process) -> int:
    # -n takes what stands right behind it, as in -nv, and means nothing
    process.arguments = [re.sub("^-n.+", "-n", word) for word in process.arguments]
    found, urls = option_list(process, "cqSO:o:P:U:T:Y:t:n", *_LONG_NAMES)
    given = dict(found)
    patience = number(process, given.get("T", str(DEFAULT_TIMEOUT)), 0, LARGEST_NUMBER)
    if not urls:
        raise usage("wget")
    refuse(process, given, "c" if "O" not in given or process.files.exists(_path(process, given["O"])) else "")
    headers = [value for name, value in found if name == "header"]
    task = _Task(process, given, headers, _posted(process, given), patience or DEFAULT_TIMEOUT, process.complain)
    if "o" in given:
        path = _path(process, given["o"])
        process.files.write(path, b"")
        task.log = lambda text: process.files.write(path, f"{text}\n".encode(), append=True)
    for url in urls:
        await _fetch(task, _Address.parse(url))
    return 0


def _path(process: Process, name: str) -> str:
    return process.files.resolve(name, process.directory)


def _posted(process: Process, given: dict[str, str]) -> bytes | None:
    if "post-file" not in given:
        return given["post-data"].encode() if "post-data" in given else None
    try:
        return process.files.read(_path(process, given["post-file"]))
    except OSError as error:
        raise Complaint(f"wget: can't open '{given['post-file']}': {error.strerror}") from None


async def _fetch(task: _Task, address: _Address) -> None:
    stays = False
    for _ in range(MOST_REDIRECTIONS + 1):
        head, body = await _ask(task, address, is_told=not stays)
        status = head[0].split()[1:2]
        if "S" in task.given:
            for line in head if status and status[0] in _FOUND | _REDIRECTIONS else head[:1]:
                task.log(f"  {line}")
        location = next((line[9:].strip() for line in head if line.lower().startswith("location:")), "")
        if not (location and status and status[0] in _REDIRECTIONS):
            break
        stays = location.startswith("/")
        address = replace(address, path=location) if stays else _Address.parse(location)
    else:
        raise Complaint("wget: too many redirections")
    if not status or status[0] not in _FOUND:
        raise Complaint(f"wget: server returned error: {head[0]}")
    if "spider" in task.given:
        task.tell("remote file exists")
    else:
        _save(task, address.path, body)


async def _ask(task: _Task, address: _Address, *, is_told: bool) -> tuple[list[str], bytes]:
    """The lines of the answer's head, and its body."""
    port = address.port
    target = await address_of(task.process, address.host)
    if is_told:
        task.tell(f"Connecting to {address.place} ({target}:{port})")
    response = await _exchange(task, address, target, port)
    head, _, body = response.partition(b"\r\n\r\n")
    lines = head.decode(errors="replace").split("\r\n")
    if not lines[0].startswith("HTTP/"):
        raise Complaint("wget: error getting response")
    return [*lines, ""], body


def _request(task: _Task, address: _Address) -> bytes:
    method = "POST" if task.data is not None else "GET"
    lines = [f"{method} {address.path} HTTP/1.1"]
    defaults = {"Host": address.place, "User-Agent": task.given.get("U", "Wget"), "Connection": "close"}
    named = {header.partition(":")[0].lower() for header in task.headers}
    lines += [f"{name}: {value}" for name, value in defaults.items() if name.lower() not in named]
    lines += [f"Authorization: Basic {base64.b64encode(address.user.encode()).decode()}"] if address.user else []
    lines += task.headers
    if task.data is not None:
        lines += [] if "content-type" in named else ["Content-Type: application/x-www-form-urlencoded"]
        lines += [f"Content-Length: {len(task.data)}"]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + (task.data or b"")


async def _exchange(task: _Task, address: _Address, target: IPv4Address, port: int) -> bytes:
    socket = TCPSocket(task.process.namespace)
    try:
        await socket.connect((target, port), task.patience)
        if address.scheme != "http":
            raise Complaint(f"wget: {address.scheme} is not simulated by netcourse")
        await socket.send(_request(task, address))
        response = b""
        while data := await socket.receive(timeout=task.patience):
            response += data
        if not response:
            raise Complaint("wget: error getting response")
        return response
    except OSError as error:
        raise _explain(error, target, connected=error.errno == errno.ECONNRESET) from None
    finally:
        socket.close()


def _explain(error: OSError, target: IPv4Address, *, connected: bool) -> Complaint:
    if isinstance(error, TimeoutError) and error.errno is None:
        return Complaint("wget: download timed out")
    if connected:
        return Complaint("wget: error getting response: Connection reset by peer")
    return Complaint(f"wget: can't connect to remote host ({target}): {error.strerror}")


def _save(task: _Task, path: str, body: bytes) -> None:
    name = task.given.get("O") or path.partition("?")[0].rpartition("/")[2] or "index.html"
    if name == "-":
        task.tell("writing to stdout")
        task.process.stdout.write(body)
        task.tell(f"{_progress('-', body)}\nwritten to stdout")
        return
    if "O" not in task.given and "P" in task.given:
        name = posixpath.join(task.given["P"], name)
    files, place = task.process.files, _path(task.process, name)
    if "O" not in task.given and files.exists(place):
        raise Complaint(f"wget: can't open '{name}': File exists")
    try:
        files.write(place, body)
    except OSError as error:
        raise Complaint(f"wget: can't open '{name}': {error.strerror}") from None
    task.tell(f"saving to '{name}'")
    task.tell(f"{_progress(name.rpartition('/')[2], body)}\n'{name}' saved")


def _progress(name: str, body: bytes) -> str:
    return f"{name:<20.20} 100% |********************************| {len(body):>5}  0:00:00 ETA"
