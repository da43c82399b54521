"""What images are called: ``[registry/]repository[:tag][@digest]`` (github.com/distribution/reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from netcourse.simulation.docker.errors import bad_request, failed

LONGEST_NAME = 255
HUB, OLD_HUB, OFFICIAL = "docker.io", "index.docker.io", "library/"
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"{_HOST_PART}(?:\.{_HOST_PART})*(?::[0-9]+)?")
_DIGEST = re.compile(r"[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,}")
_REST = re.compile(rf"(?P<path>{_PART}(?:/{_PART})*)(?::(?P<tag>{TAG.pattern}))?(?:@(?P<digest>{_DIGEST.pattern}))?",
                   re.ASCII)


@dataclass(frozen=True)
class ImageName:
    """``repository`` begins with its registry, and is shown without the usual one."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def short_repository(self) -> str:
        short = self.repository.removeprefix(f"{HUB}/")
        plain = short.removeprefix(OFFICIAL)
        return short if short == self.repository or "/" in plain else plain

    @property
    def shown(self) -> str:
        return self.short_repository + str(self).removeprefix(self.repository)

    @property
    def full(self) -> ImageName:
        """"busybox" means "busybox:latest"; with a digest the tag means nothing."""
        return ImageName(self.repository, "" if self.digest else self.tag or "latest", self.digest)


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def parse_name(text: str) -> ImageName:
    """Raises EngineError for what can be no image's name."""
    host, slash, rest = text.partition("/")
    if not slash or not ({".", ":"} & {*host} or host == "localhost" or host != host.lower()):
        host, rest = HUB, text
    host = HUB if host == OLD_HUB else host
    if host == HUB and "/" not in rest:
        rest = OFFICIAL + rest
    path = rest.partition("@")[0].partition(":")[0]
    if path != path.lower():
        raise bad_request(f"invalid reference format: repository name ({path}) must be lowercase")
    found = _REST.fullmatch(rest)
    if found is None or not _HOST.fullmatch(host):
        raise bad_request("invalid reference format")
    if len(f"{host}/{found['path']}") > LONGEST_NAME:
        raise bad_request(f"repository name must not be more than {LONGEST_NAME} characters")
    return ImageName(f"{host}/{found['path']}", found["tag"] or "", found["digest"] or "")


def fits(name: ImageName, pattern: str) -> bool:
    """A pattern is for all that is shown of a name, or for its repository (reference.FamiliarMatch).

    Raises EngineError.
    """
    expression = _expression(pattern)
    return any(expression.fullmatch(text) for text in (name.shown, name.short_repository))


_LETTER = r"\\.|[^\]\\-]"
_PIECE = re.compile(rf"(?P<many>\*)|(?P<one>\?)|\[(?P<not>\^?)(?P<range>(?:(?:{_LETTER})(?:-(?:{_LETTER}))?)+)\]"
                    r"|\\(?P<escaped>.)|(?P<plain>[^\[\\])", re.DOTALL)


def _expression(pattern: str) -> re.Pattern[str]:
    """Go's path.Match. Raises EngineError."""
    text, place = "", 0
    while place < len(pattern):
        found = _PIECE.match(pattern, place)
        if found is None:
            raise failed("syntax error in pattern")
        place = found.end()
        letters = found["range"] and found["range"].replace("[", r"\[")
        text += ("[^/]*" if found["many"] else "[^/]" if found["one"] else f"[{found['not']}{letters}]" if letters else
                 re.escape(found["escaped"] or found["plain"]))
    return re.compile(text, re.DOTALL)
