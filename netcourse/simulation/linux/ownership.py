"""Whose files are: all root's, but for what others make where they may (inode(7), path_resolution(7))."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Iterable

from netcourse.simulation.linux.credentials import ROOT, Credentials


class Ownership:
    """In a folder that is ``open_to_all``, everybody may make files, and remove his own (it is sticky)."""

    def __init__(self, open_to_all: Iterable[str]) -> None:
        self._open_to_all = set(open_to_all)
        self._owners: dict[str, Credentials] = {}

    def of(self, path: str) -> Credentials:
        return self._owners.get(path, ROOT)

    def take(self, path: str, user: Credentials) -> None:
        """What is new becomes its maker's."""
        self._owners[path] = user

    def forget(self, path: str) -> None:
        """It has been removed."""
        self._owners.pop(path, None)

    def refusal(self, path: str, user: Credentials, *, exists: bool, removing: bool) -> int:
        """The error (EACCES, EPERM) with which ``user``, who isn't root, may not change ``path``; 0 where he may."""
        folder = posixpath.dirname(path)
        is_open, is_own = folder in self._open_to_all, exists and self.of(path).user == user.user
        has_folder = is_open or self.of(folder).user == user.user
        if (is_own and (has_folder or not removing)) or (has_folder and not exists):
            return 0
        return errno.EPERM if removing and is_open else errno.EACCES
