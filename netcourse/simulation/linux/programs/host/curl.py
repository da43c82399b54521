"""curl 7.88.1 for http: the command line, one transfer after another, and where each goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining
from netcourse.simulation.linux.programs.host.curl_meter import Meter
from netcourse.simulation.linux.programs.host.curl_transfer import NOT_RESOLVED, Failure, Request, Response, transfer

HINT = "curl: try 'curl --help' or 'curl --manual' for more information"
USAGE_ERROR, UNSUPPORTED, MALFORMED, HTTP_ERROR, WRITE_ERROR = 2, 1, 3, 22, 23
_OPTIONS = {"silent": "s", "show-error": "S", "include": "i", "head": "I", "output": "o", "remote-name": "O",
            "fail": "f", "max-time": "m", "connect-timeout": "connect-timeout", "write-out": "w", "header": "H",
            "request": "X", "ipv4": "4"}
_WITH_VALUE = {"o", "m", "connect-timeout", "w", "H", "X"}
_OTHER_PROTOCOLS = {"dict", "file", "ftp", "ftps", "gopher", "gophers", "https", "imap", "imaps", "ldap", "ldaps",
                    "mqtt", "pop3", "pop3s", "rtmp", "rtsp", "scp", "sftp", "smb", "smbs", "smtp", "smtps",
                    "telnet", "tftp"}


@dataclass
class _CommandLine:
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def take(self, option: str, value: str, typed: str) -> None:
        """One option; ``outputs`` has None for what is named as on the server. Raises Complaint."""
        if option in ("m", "connect-timeout"):
            self.seconds[option] = _seconds(value, typed)
        elif option == "H":
            self.headers.append(value)
        elif option in ("o", "O"):
            self.outputs.append(value if option == "o" else None)
        elif option in _WITH_VALUE:
            self.values[option] = value
        else:
            self.flags.add(option)


@complaining
async def curl(process: Process) -> int:
    line = _read(process.arguments[1:])
    if not line.urls:
        raise Complaint(HINT, USAGE_ERROR)
    code = 0
    for number, url in enumerate(line.urls):
        output = line.outputs[number] if number < len(line.outputs) else "-"
        code = await _fetch(process, line, url, output)
    return code


def _read(arguments: list[str]) -> _CommandLine:
    line, rest = _CommandLine(), list(arguments)
    while rest:
        typed = rest.pop(0)
        if not typed.startswith("-") or typed == "-":
            line.urls.append(typed)
        elif typed.startswith("--"):
            option = _long(typed)
            line.take(option, _value(rest, typed) if option in _WITH_VALUE else "", typed)
        else:
            _read_letters(line, typed, rest)
    return line


def _read_letters(line: _CommandLine, typed: str, rest: list[str]) -> None:
    for place, letter in enumerate(typed[1:], start=2):
        if letter not in _OPTIONS.values():
            raise _mistake(typed, "is not simulated")
        if letter in _WITH_VALUE:
            line.take(letter, typed[place:] or _value(rest, typed), typed)
            return
        line.take(letter, "", typed)


def _long(typed: str) -> str:
    name = typed.removeprefix("--")
    if name not in _OPTIONS:
        raise _mistake(typed, "is not simulated")
    return _OPTIONS[name]


def _value(rest: list[str], typed: str) -> str:
    if not rest:
        raise _mistake(typed, "requires parameter")
    return rest.pop(0)


def _seconds(text: str, typed: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise _mistake(typed, "expected a proper numerical parameter") from None
    if seconds < 0:
        raise _mistake(typed, "expected a positive numerical parameter")
    return seconds


def _mistake(typed: str, problem: str) -> Complaint:
    return Complaint(f"curl: option {typed}: {problem}\n{HINT}", USAGE_ERROR)


async def _fetch(process: Process, line: _CommandLine, url: str, output: str | None) -> int:
    """One transfer; its exit code."""
    is_quiet, response, failure = "s" in line.flags, Response(), None
    began = process.machine.clock.now
    try:
        parts = _split(url)
        name = _name(process, parts, is_quiet=is_quiet and "S" not in line.flags) if output is None else output
        request = Request(parts.hostname or "", parts.port or 80, _message(line, parts),
                          line.seconds.get("m", 0), line.seconds.get("connect-timeout", 0), "I" in line.flags)
        on_terminal = process.has_terminal and name == "-"
        meter = Meter(process, response, is_hidden=is_quiet or on_terminal)
        await _run(process, line, request, response, meter, name)
    except Failure as caught:
        failure = caught
        if not is_quiet or "S" in line.flags:
            process.complain(f"curl: ({failure.code}) {failure}")
    process.write(_written_out(line.values.get("w", ""), response, process.machine.clock.now - began))
    return failure.code if failure else 0


def _split(url: str) -> SplitResult:
    """Raises Failure, as curl's own parser does."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() in _OTHER_PROTOCOLS:
        raise Complaint(f"curl: {scheme}: not simulated", UNSUPPORTED)
    try:
        parts = urlsplit(url if separator else f"http://{url}")
        _ = parts.port
    except ValueError:
        raise Failure(MALFORMED, "URL using bad/illegal format or missing URL") from None
    if not parts.hostname or re.search(r"\s", url):
        raise Failure(MALFORMED, "URL using bad/illegal format or missing URL")
    if parts.scheme != "http":
        raise Failure(UNSUPPORTED, f'Protocol "{scheme}" not supported or disabled in libcurl')
    return parts


def _name(process: Process, parts: SplitResult, *, is_quiet: bool) -> str:
    name = parts.path.rpartition("/")[2]
    if name:
        return name
    if not is_quiet:
        process.complain("curl: Remote file name has no length!")
    raise Failure(WRITE_ERROR, "Failed writing received data to disk/application")


def _message(line: _CommandLine, parts: SplitResult) -> bytes:
    method = line.values.get("X") or ("HEAD" if "I" in line.flags else "GET")
    host = parts.netloc if parts.port not in (None, 80) else parts.hostname
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = {"host": f"Host: {host}", "user-agent": "User-Agent: curl/7.88.1", "accept": "Accept: */*"}
    added = [header for header in line.headers if header.partition(":")[2].strip()]
    for header in line.headers:
        own.pop(header.partition(":")[0].strip().lower(), None)
    return ("\r\n".join([f"{method} {target} HTTP/1.1", *own.values(), *added]) + "\r\n\r\n").encode()


async def _run(process: Process, line: _CommandLine, request: Request, response: Response, meter: Meter,
               name: str) -> None:
    """Raises Failure, after what has come is where it belongs."""
    meter.start()
    failure = None
    try:
        await transfer(process, request, response)
    except Failure as caught:
        failure = caught
    refused = "f" in line.flags and response.status >= 400
    if refused:
        response.body = b""
        failure = Failure(HTTP_ERROR, f"The requested URL returned error: {response.status}")
    unwritten = _deliver(process, name, (response.head if line.flags & {"i", "I"} else b"") + response.body)
    if unwritten and "s" not in line.flags:
        process.complain(f"Warning: Failed to open the file {name}: {unwritten}")
    meter.stop(has_begun=failure is None or failure.code != NOT_RESOLVED)
    if failure or unwritten:
        raise failure or Failure(WRITE_ERROR, "Failure writing output to destination")


def _deliver(process: Process, name: str, data: bytes) -> str:
    """Why it can't be written, or nothing."""
    if name == "-":
        process.stdout.write(data)
    elif data:
        try:
            process.files.write(process.files.resolve(name, process.directory), data)
        except OSError as error:
            return error.strerror or ""
    return ""


def _written_out(text: str, response: Response, elapsed: int) -> str:
    """The text of ``--write-out`` with its variables. Raises Complaint for one that isn't simulated."""
    values = {"http_code": f"{response.status:03}", "response_code": f"{response.status:03}",
              "size_download": str(response.received), "remote_ip": response.remote,
              "time_total": f"{elapsed / SECOND:.6f}"}

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise Complaint(f"curl: --write-out %{{{match[1]}}} is not simulated", USAGE_ERROR)
        return values[match[1]]

    for typed, meant in ((r"\n", "\n"), (r"\t", "\t"), (r"\r", "\r")):
        text = text.replace(typed, meant)
    return re.sub(r"%\{(\w+)\}", value, text).replace("%%", "%")
