"""curl 7.88.1 for http: one transfer after another, where each goes, and what is said of it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining
from netcourse.simulation.linux.programs.host.curl import message, written_out
from netcourse.simulation.linux.programs.host.curl.command_line import HINT, USAGE_ERROR, CommandLine, read
from netcourse.simulation.linux.programs.host.curl.meter import Meter
from netcourse.simulation.linux.programs.host.curl.transfer import (
    HTTP_ERROR,
    NOT_RESOLVED,
    UNSUPPORTED,
    Failure,
    Progress,
    Request,
    Response,
    Session,
    transfer,
)

MALFORMED, WRITE_ERROR, TOO_MANY_REDIRECTS = 3, 23, 47
MOST_REDIRECTS = 50
_REDIRECTING = (301, 302, 303, 307, 308)
_OTHER_PROTOCOLS = {"dict", "file", "ftp", "ftps", "gopher", "gophers", "https", "imap", "imaps", "ldap", "ldaps",
                    "mqtt", "pop3", "pop3s", "rtmp", "rtsp", "scp", "sftp", "smb", "smbs", "smtp", "smtps",
                    "telnet", "tftp"}


@complaining
async def curl(process: Process) -> int:
    line = read(process)
    if not line.urls:
        raise Complaint(HINT, USAGE_ERROR)
    if "u" in line.values and ":" not in line.values["u"]:
        raise Complaint("curl: -u without a password is not simulated", USAGE_ERROR)
    if message.asks_two_ways(line):
        if not line.is_quiet:
            process.complain("Warning: You can only select one HTTP request method! You asked for both POST \n"
                             "Warning: (-d, --data) and HEAD (-I, --head).")
        return USAGE_ERROR
    code, session = 0, Session()
    for number in range(len(line.urls)):
        output = line.outputs[number] if number < len(line.outputs) else "-"
        code = await _fetch(process, line, session, number, output)
    return code


async def _fetch(process: Process, line: CommandLine, session: Session, number: int, output: str | None) -> int:
    """One transfer; its exit code."""
    verbose = process.stderr.write if "v" in line.flags else lambda data: None
    progress = Progress(process.machine.clock.now, lambda text: verbose(text.encode()))
    url, name, failure = line.urls[number], "", None
    try:
        parts = _split(line, url, progress)
        name = _name(process, parts, line) if output is None else output
        progress.url, progress.method = parts.geturl(), message.method(line)
        await _run(process, line, parts, progress, session, name)
    except Failure as caught:
        failure = caught
        if line.tells_errors:
            process.complain(f"curl: ({failure.code}) {failure}")
    if "w" in line.values:
        ended = (failure.code, str(failure)) if failure else (0, "")
        values = written_out.variables(progress, name=name, url=url, number=number, failure=ended)
        written_out.write(process, line.values["w"], values)
    return failure.code if failure else 0


def _split(line: CommandLine, url: str, progress: Progress) -> SplitResult:
    """Raises Failure, as curl's own parser does."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() in _OTHER_PROTOCOLS:
        raise Complaint(f"curl: {scheme}: not simulated", UNSUPPORTED)
    if "g" not in line.flags and re.search(r"[\[\]{}]", url):
        raise Complaint("curl: URL globbing is not simulated: use -g for a plain URL", UNSUPPORTED)
    try:
        parts = urlsplit(url if separator else f"http://{url}")
        _ = parts.port
    except ValueError:
        raise _malformed(progress) from None
    if not parts.hostname or re.search(r"\s", url):
        raise _malformed(progress)
    if parts.scheme != "http":
        raise Failure(UNSUPPORTED, f'Protocol "{scheme}" not supported or disabled in libcurl')
    return parts._replace(path=parts.path or "/", fragment="")


def _malformed(progress: Progress) -> Failure:
    progress.trace("* Closing connection -1\n")
    return Failure(MALFORMED, "URL using bad/illegal format or missing URL")


def _name(process: Process, parts: SplitResult, line: CommandLine) -> str:
    name = parts.path.rpartition("/")[2]
    if name:
        return name
    if line.tells_errors:
        process.complain("curl: Remote file name has no length!")
    raise Failure(WRITE_ERROR, "Failed writing received data to disk/application")


async def _run(process: Process, line: CommandLine, parts: SplitResult, progress: Progress, session: Session,
               name: str) -> None:
    """Raises Failure, after what has come is where it belongs."""
    on_terminal = process.prints_on_terminal and name == "-"
    meter = Meter(process, progress, is_hidden=line.is_quiet or on_terminal or "no-progress-meter" in line.flags)
    for (host, port), ip in line.known.items():
        progress.trace(f"* Added {host}:{port}:{ip} to DNS cache\n")
    meter.start()
    heads, failure = b"", None
    try:
        heads = await _follow(process, line, parts, progress, session)
    except Failure as caught:
        failure = caught
    response = progress.response
    if "fail-with-body" in line.flags and response.status >= 400:
        failure = Failure(HTTP_ERROR, f"The requested URL returned error: {response.status}")
    elif failure is not None and failure.code == HTTP_ERROR:
        response.body = b""
    shown = heads + response.head if line.flags & {"i", "I"} else b""
    unwritten = _deliver(process, name, shown + response.body)
    if unwritten and not line.is_quiet:
        process.complain(f"Warning: Failed to open the file {name}: {unwritten}")
    meter.stop(has_begun=failure is None or failure.code != NOT_RESOLVED)
    _close(progress, session, parts.hostname or "", is_whole=failure is None)
    if failure or unwritten:
        raise failure or Failure(WRITE_ERROR, "Failure writing output to destination")


def _close(progress: Progress, session: Session, host: str, *, is_whole: bool) -> None:
    is_kept = is_whole and not progress.response.ends_connection
    number = session.connections
    progress.trace(f"* Connection #{number} to host {host} left intact\n" if is_kept
                   else f"* Closing connection {number}\n")
    session.connections += 1


async def _follow(process: Process, line: CommandLine, parts: SplitResult, progress: Progress,
                  session: Session) -> bytes:
    """Ask, and ask again where one is sent with -L; the heads of the answers before the last. Raises Failure."""
    heads, most = b"", int(line.values.get("max-redirs", MOST_REDIRECTS))
    while True:
        progress.response = Response()
        await transfer(process, _request(line, parts, is_redirected=bool(heads)), progress, session)
        response = progress.response
        if response.status not in _REDIRECTING or not response.location:
            return heads
        progress.redirect_url = urljoin(parts.geturl(), response.location)
        if "L" not in line.flags:
            return heads
        if progress.redirects == most:
            raise Failure(TOO_MANY_REDIRECTS, f"Maximum ({most}) redirects followed")
        _close(progress, session, parts.hostname or "", is_whole=True)
        progress.trace(f"* Issue another request to this URL: '{progress.redirect_url}'\n")
        heads += response.head
        progress.redirects, progress.url = progress.redirects + 1, progress.redirect_url
        progress.times["redirect"] = process.machine.clock.now - progress.began
        parts = _split(line, progress.redirect_url, progress)
        progress.redirect_url, progress.method = "", message.method(line, is_redirected=True)


def _request(line: CommandLine, parts: SplitResult, *, is_redirected: bool) -> Request:
    host, port = parts.hostname or "", parts.port or 80
    detour = line.detours.get((host, str(port)))
    body = line.data if line.data is not None and message.has_body(line, is_redirected=is_redirected) else b""
    return Request(
        host, port, message.head(line, parts, is_redirected=is_redirected), body, line.seconds.get("m", 0),
        line.seconds.get("connect-timeout", 0), "I" in line.flags, "f" in line.flags,
        (message.user(line, parts) or ("", ""))[0], line.values.get("interface", ""), line.known.get((host, port)),
        (detour[0] or host, int(detour[1] or port)) if detour is not None else None)


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
