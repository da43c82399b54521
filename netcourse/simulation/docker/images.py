"""Images: a small catalogue instead of a registry; each with the programs that the simulation has for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from netcourse.simulation.docker.errors import bad_request, not_found
from netcourse.simulation.docker.image_names import ImageName, is_digest, parse_name
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.image import Image as Content
from netcourse.simulation.linux.process import Program
from netcourse.simulation.linux.programs import PROGRAM_SETS

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSWD = b"root:x:0:0:root:/root:/bin/sh\n"
GROUP = b"root:x:0:\n"
EMPTY_FOLDERS = ("/home", "/root", "/tmp", "/usr/sbin", "/var/spool", "/var/tmp", "/var/www")
LINKS, MARKS = {"/etc/mtab": "/proc/mounts"}, ("/.dockerenv",)
"""What dockerd adds to each container (moby daemon/initlayer/setup_unix.go)."""


@dataclass(eq=False)
class Image:
    """``id`` and ``layer``, the only one that it has, are "sha256:..."; ``config`` as inspect shows it.

    ``created`` is in nanoseconds since the epoch, ``size`` in bytes.
    """

    id: str
    layer: str
    created: int
    size: int
    config: dict[str, Any]
    content: Content
    last_tagged: int = 0

    @property
    def short_id(self) -> str:
        return self.id.removeprefix("sha256:")[:12]


NO_IMAGE = Image("", "", 0, 0, {}, Content({}, {}))
"""What a container has that was made of a command alone: it can be made, but nothing is there to be run."""


class Images:
    """The images that the engine has, their names, and those that it could pull."""

    def __init__(self) -> None:
        text = resources.files(__package__).joinpath("catalogue.json").read_text()
        self._catalogue: dict[ImageName, dict[str, Any]] = {
            parse_name(name): entry for name, entry in json.loads(text).items()}
        self._images: dict[str, Image] = {}
        self._names: dict[ImageName, Image] = {}
        for name, entry in self._catalogue.items():
            if entry["present"]:
                self.name(self._build(name), name)

    def all(self) -> list[Image]:
        """The newest first."""
        return sorted(self._images.values(), key=lambda image: image.created, reverse=True)

    def names_of(self, image: Image) -> list[ImageName]:
        return sorted((name for name, named in self._names.items() if named is image), key=str)

    def tags_of(self, image: Image) -> list[str]:
        return [name.shown for name in self.names_of(image) if name.tag]

    def digests_of(self, image: Image) -> list[str]:
        return [name.shown for name in self.names_of(image) if name.digest]

    # Finding

    def get(self, reference: str) -> Image:
        """By name, id or the beginning of an id. Raises EngineError."""
        found = self.find(reference)
        if found is None:
            raise not_found(f"No such image: {reference if is_digest(reference) else parse_name(reference).full.shown}")
        return found

    def find(self, reference: str) -> Image | None:
        """Raises EngineError for what can be no image's name."""
        if is_digest(reference):
            return self._images.get(reference)
        named = self._names.get(parse_name(reference).full)
        digits = reference.removeprefix("sha256:")
        fitting = [image for image in self._images.values() if image.id.removeprefix("sha256:").startswith(digits)]
        return named or (fitting[0] if len(fitting) == 1 and digits else None)

    # Names

    def name(self, image: Image, name: ImageName, *, now: int | None = None) -> None:
        """Another image loses the name."""
        self._images[image.id] = image
        self._names[name] = image
        image.last_tagged = image.created if now is None else now

    def tag(self, reference: str, name: ImageName, now: int) -> Image:
        """Raises EngineError."""
        image = self.get(reference)
        if name.short_repository == "sha256":
            raise bad_request("refusing to create an ambiguous tag using digest algorithm as name")
        self.name(image, name, now=now)
        return image

    def untag(self, name: ImageName) -> None:
        del self._names[name]

    def forget(self, image: Image) -> None:
        """One that has no name any more."""
        del self._images[image.id]

    # Pulling

    def offered(self, repository: ImageName) -> list[ImageName]:
        """What the registry has of a repository. Raises EngineError in its words for one that it doesn't know."""
        found = [name for name in self._catalogue if name.repository == repository.repository]
        if not found:
            raise not_found(f"pull access denied for {repository.short_repository}, repository does not exist or may "
                            "require 'docker login': denied: requested access to the resource is denied")
        return found

    def pull(self, wanted: ImageName, now: int) -> tuple[Image, str, bool]:
        """The image, its digest, and whether it's new under this name. Raises EngineError."""
        name = next((name for name in self.offered(wanted) if wanted in (name, _with_digest(name))), None)
        if name is None:
            raise not_found(f"manifest for {wanted.shown} not found: manifest unknown: manifest unknown")
        built = self._build(name)
        image, with_digest = self._images.get(built.id, built), _with_digest(name)
        is_new = self._names.get(wanted) is not image
        if is_new or with_digest not in self._names:
            self.name(image, wanted, now=now)
            self.name(image, with_digest, now=now)
        return image, with_digest.digest, is_new

    def _build(self, name: ImageName) -> Image:
        entry = self._catalogue[name]
        programs: dict[str, Program] = {}
        for chosen in entry["programs"]:
            programs |= PROGRAM_SETS[chosen]
        files = {"/etc/passwd": PASSWD, "/etc/group": GROUP}
        files |= {path: text.encode() for path, text in entry.get("files", {}).items()}
        config = {"Cmd": entry["command"], "Entrypoint": entry.get("entrypoint"),
                  "Env": [PATH, *entry.get("environment", [])],
                  "ExposedPorts": {port: {} for port in entry.get("ports", [])} or None, "Labels": None,
                  "OnBuild": None, "User": "", "Volumes": None, "WorkingDir": entry.get("directory", "")}
        created = int(datetime.fromisoformat(entry["created"]).timestamp()) * SECOND
        return Image(_digest("image", name), _digest("layer", name), created, entry["size"], config,
                     Content(files, {f"/bin/{program}": run for program, run in programs.items()}, created=created,
                             empty_folders=EMPTY_FOLDERS, links=LINKS, marks=MARKS))


def _digest(kind: str, name: ImageName) -> str:
    return f"sha256:{hashlib.sha256(f'netcourse {kind} {name.shown}'.encode()).hexdigest()}"


def _with_digest(name: ImageName) -> ImageName:
    return ImageName(name.repository, digest=_digest("manifest", name))
