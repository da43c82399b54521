"""What curl sends: the request's line, its headers in their order, and the body (lib/http.c)."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import SplitResult, unquote

from netcourse.simulation.linux.programs.host.curl.command_line import FORM, CommandLine


def method(line: CommandLine, *, is_redirected: bool = False) -> str:
    """A form that was sent is not sent again to where one is redirected."""
    if "X" in line.values:
        return line.values["X"]
    if "I" in line.flags:
        return "HEAD"
    return "POST" if has_body(line, is_redirected=is_redirected) else "GET"


def asks_two_ways(line: CommandLine) -> bool:
    """A form is posted; the head alone is asked for otherwise."""
    return "I" in line.flags and has_body(line)


def has_body(line: CommandLine, *, is_redirected: bool = False) -> bool:
    return line.data is not None and "G" not in line.flags and not is_redirected


def user(line: CommandLine, parts: SplitResult) -> tuple[str, str] | None:
    """Name and password, from the option or the URL."""
    if "u" in line.values:
        name, _, password = line.values["u"].partition(":")
        return name, password
    return (unquote(parts.username), unquote(parts.password or "")) if parts.username is not None else None


def target(line: CommandLine, parts: SplitResult) -> str:
    """The path and the question, to which -G adds the data."""
    query = parts.query
    if "G" in line.flags and line.data is not None:
        query = f"{query}&{line.data.decode()}" if query else line.data.decode()
    return (parts.path or "/") + (f"?{query}" if query else "")


def head(line: CommandLine, parts: SplitResult, *, is_redirected: bool) -> bytes:
    own = _own_headers(line, parts)
    added = []
    for header in line.headers:
        name, sign, value = header.partition(":")
        plain = name.rstrip(";").strip().lower()
        if plain == "host" and value.strip():
            own["host"] = header
            continue
        own.pop(plain, None)
        if sign and value.strip():
            added.append(header)
        elif not sign and name.endswith(";"):
            added.append(f"{name[:-1]}:")
    body = _body_headers(line, added) if has_body(line, is_redirected=is_redirected) else []
    version = "1.0" if "0" in line.flags else "1.1"
    first = f"{method(line, is_redirected=is_redirected)} {target(line, parts)} HTTP/{version}"
    return ("\r\n".join([first, *own.values(), *added, *body]) + "\r\n\r\n").encode()


def _own_headers(line: CommandLine, parts: SplitResult) -> dict[str, str]:
    host = parts.netloc.rpartition("@")[2] if parts.port not in (None, 80) else parts.hostname
    own = {"host": f"Host: {host}"}
    known = user(line, parts)
    if known is not None:
        own["authorization"] = f"Authorization: Basic {b64encode(':'.join(known).encode()).decode()}"
    if "r" in line.values:
        own["range"] = f"Range: bytes={line.values['r']}"
    agent = line.values.get("A", "curl/7.88.1")
    own |= {"user-agent": f"User-Agent: {agent}"} if agent else {}
    own["accept"] = "Accept: */*"
    return own | ({"referer": f"Referer: {line.values['e']}"} if line.values.get("e") else {})


def _body_headers(line: CommandLine, added: list[str]) -> list[str]:
    length = f"Content-Length: {len(line.data or b'')}"
    is_typed = any(header.lower().startswith("content-type:") for header in added)
    return [length] if is_typed else [length, f"Content-Type: {FORM}"]
