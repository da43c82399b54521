"""What images are called: ``[registry/]repository[:tag][@digest]`` (github.com/distribution/reference)."""

from __future__ import annotations

import re

from netcourse.simulation.docker.errors import bad_request, not_simulated

LONGEST_NAME = 255
PLATFORMS = ("", "linux", "linux/amd64", "linux/x86_64", "linux/x86-64")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"{_HOST_PART}(?:\.{_HOST_PART})*(?::[0-9]+)?")
_DIGEST = re.compile(r"[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,}")
_REST = re.compile(rf"(?P<path>{_PART}(?:/{_PART})*)(?::\w[\w.-]{{0,127}})?(?:@{_DIGEST.pattern})?", re.ASCII)


def normal_name(reference: str) -> str:
    """"busybox" is "busybox:latest", "docker.io/library/busybox" too."""
    name = reference.removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def check_platform(text: str) -> None:
    """Raises EngineError for any but the one that the catalogue's images are for."""
    if text.lower() not in PLATFORMS:
        raise not_simulated(f"the platform {text}")


def check_reference(text: str) -> None:
    """Raises EngineError for what can be no image's name."""
    if _DIGEST.fullmatch(text):
        return
    host, slash, rest = text.partition("/")
    if not slash or not ({".", ":"} & {*host} or host == "localhost" or host != host.lower()):
        host, rest = "docker.io", text if slash else f"library/{text}"
    path = rest.partition("@")[0].partition(":")[0]
    if path != path.lower():
        raise bad_request(f"invalid reference format: repository name ({path}) must be lowercase")
    found = _REST.fullmatch(rest)
    if found is None or not _HOST.fullmatch(host):
        raise bad_request("invalid reference format")
    if len(f"{host}/{found['path']}") > LONGEST_NAME:
        raise bad_request(f"repository name must not be more than {LONGEST_NAME} characters")
