"""How a path is walked: dots, and symbolic links on the way (path_resolution(7))."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Callable
from functools import lru_cache

LONGEST_NAME, DEEPEST_PATH, MOST_LINKS = 255, 4096, 40


@lru_cache(maxsize=10_000)
def without_dots(directory: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(directory, path)).replace("//", "/")


@lru_cache(maxsize=10_000)
def parents_of(path: str) -> tuple[str, ...]:
    """The folders above it, the innermost first."""
    parents = []
    while path != "/":
        path = posixpath.dirname(path)
        parents.append(path)
    return tuple(parents)


def resolve(path: str, directory: str, link_at: Callable[[str], str | None], *, follow: bool) -> str:
    """Where a path leads, over the links that ``link_at`` knows; a link at its very end is followed if need be.

    Raises OSError: ENAMETOOLONG, ELOOP.
    """
    if len(path) > LONGEST_NAME and (len(path) > DEEPEST_PATH or len(max(path.split("/"), key=len)) > LONGEST_NAME):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
    place = without_dots(directory if path.startswith("/") else _end_of(directory, link_at, directory), path)
    if not follow and not path.endswith("/"):
        return posixpath.join(_end_of(posixpath.dirname(place), link_at, path), posixpath.basename(place))
    return _end_of(place, link_at, path)


def _end_of(place: str, link_at: Callable[[str], str | None], path: str) -> str:
    """Beyond all links on the way to ``place`` and there. Raises OSError about ``path``."""
    for _ in range(MOST_LINKS):
        beyond = _beyond_first_link(place, link_at)
        if beyond is None:
            return place
        place = beyond
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _beyond_first_link(path: str, link_at: Callable[[str], str | None]) -> str | None:
    for place in (*parents_of(path)[-2::-1], path):
        target = link_at(place)
        if target is not None:
            return without_dots(posixpath.dirname(place), target + path[len(place):])
    return None
