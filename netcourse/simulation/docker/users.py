"""Whom ``--user`` and ``--group-add`` name: by name or number, looked up in the container's files (moby/sys user)."""

from __future__ import annotations

from collections.abc import Iterable

from netcourse.simulation.docker.errors import bad_request
from netcourse.simulation.linux.credentials import GROUP, PASSWD, Credentials, Entry, entries
from netcourse.simulation.linux.files import FileSystem

LARGEST_NUMBER = (1 << 31) - 1


def credentials(text: str, more_groups: Iterable[str], files: FileSystem) -> Credentials:
    """``text`` is "", "user" or "user:group". Raises EngineError for somebody who isn't there."""
    user_text, _, group_text = text.partition(":")
    user, group = 0, 0
    if user_text:
        found = _find(user_text, entries(files, PASSWD), "user")
        user, group = (found.number, int(found.fields[3])) if isinstance(found, Entry) else (found, 0)
    if group_text:
        group = _number(_find(group_text, entries(files, GROUP), "group"))
    others = [_number(_find(text, entries(files, GROUP), "group")) for text in more_groups]
    return Credentials(user, group, tuple(dict.fromkeys([group, *others])))


def home(user: Credentials, files: FileSystem) -> str:
    """Somebody whom /etc/passwd doesn't know lives in /."""
    return next((entry.fields[5] for entry in entries(files, PASSWD)
                 if entry.number == user.user and len(entry.fields) > 5), "/")


def _find(text: str, known: list[Entry], kind: str) -> Entry | int:
    found = next((entry for entry in known if text in (entry.name, str(entry.number))), None)
    if found is not None:
        return found
    if not text.removeprefix("-").isdecimal():
        file = "passwd" if kind == "user" else "group"
        raise bad_request(f"unable to find {kind} {text}: no matching entries in {file} file")
    if not text.isdecimal() or len(text) > 10 or int(text) > LARGEST_NUMBER:
        raise bad_request(f"uids and gids must be in range 0-{LARGEST_NUMBER}")
    return int(text)


def _number(found: Entry | int) -> int:
    return found.number if isinstance(found, Entry) else found
