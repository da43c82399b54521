"""For which machines an image is: ``os[/architecture[/variant]]`` (containerd/platforms)."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.api.json_reading import NotJSON, read_value
from netcourse.simulation.docker.errors import EngineError, bad_request, not_found, not_simulated
from netcourse.simulation.docker.images import Images

OURS = "linux/amd64"
"""What the catalogue's images are for."""
SYSTEMS = frozenset([
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
    "openbsd", "plan9", "solaris", "windows", "zos"])
ARCHITECTURES = frozenset([
    "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "ppc64", "ppc64le", "loong64", "mips",
    "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc", "riscv", "riscv64", "s390", "s390x",
    "sparc", "sparc64", "wasm"])
OTHER_NAMES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386"}


def check_pulled(text: str) -> None:
    """Raises EngineError for any but ours, of which there are no images here."""
    if platform_of(text) != OURS:
        raise not_simulated(f"the platform {text}")


def check_created(images: Images, platform: str, reference: str) -> None:
    """Whether a container's image is there for a platform. Raises EngineError."""
    if platform != OURS and reference:
        images.get(reference)
        raise _mismatch(reference, platform)


def platform_of(text: str) -> str:
    """In full; without any it's ours. Raises EngineError."""
    if not text:
        return OURS
    first, *more = text.lower().split("/")
    if more:
        return "/".join([first, OTHER_NAMES.get(more[0], more[0]), *more[1:]])
    architecture = OTHER_NAMES.get(first, first)
    if first not in SYSTEMS and architecture not in ARCHITECTURES:
        raise bad_request(f'"{text}": unknown operating system or architecture: invalid argument')
    return f"{first}/amd64" if first in SYSTEMS else f"linux/{architecture}"


def check_chosen(texts: list[str], reference: str) -> None:
    """Of an image that is there, as the docker command asks: ``{"os": "linux", "architecture": "amd64"}``.

    Raises EngineError.
    """
    for text in texts:
        wanted = _asked(text)
        if wanted != OURS:
            raise _mismatch(reference, wanted)


def _mismatch(reference: str, wanted: str) -> EngineError:
    return not_found(f"image with reference {reference} was found but its platform ({OURS}) does not match the "
                     f"specified platform ({wanted})")


def _asked(text: str) -> str:
    """Raises EngineError."""
    told: Any
    try:
        told, _ = read_value(text)
    except NotJSON as mistake:
        raise bad_request(f"failed to parse platform: {mistake}") from None
    if not isinstance(told, dict) or not (told.get("os") and told.get("architecture")):
        raise bad_request("both OS and Architecture must be provided")
    return "/".join(str(told[part]) for part in ("os", "architecture", "variant") if told.get(part))
