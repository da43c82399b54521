"""Images: a small catalogue instead of a registry; each with the programs that the simulation has for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from netcourse.simulation.docker.errors import conflict, not_found
from netcourse.simulation.docker.image_names import check_reference, normal_name
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
    """``id`` is "sha256:..."; ``config`` as inspect shows it."""

    id: str
    tags: list[str]
    created: str
    size: int
    config: dict[str, Any]
    content: Content


NO_IMAGE = Image("", [], "", 0, {}, Content({}, {}))
"""What a container has that was made of a command alone: it can be made, but nothing is there to be run."""


class Images:
    """The images that the engine has, and those that it could pull."""

    def __init__(self) -> None:
        text = resources.files(__package__).joinpath("catalogue.json").read_text()
        self._catalogue: dict[str, dict[str, Any]] = json.loads(text)
        self._images: dict[str, Image] = {}
        for name, entry in self._catalogue.items():
            if entry["present"]:
                self.pull(name)

    def all(self) -> list[Image]:
        return list(self._images.values())

    def pull(self, reference: str) -> Image:
        """Raises EngineError in the registry's words for an image that isn't in the catalogue."""
        name = normal_name(reference)
        if name not in self._catalogue:
            repository = name.rpartition(":")[0]
            raise not_found(f"pull access denied for {repository}, repository does not exist or may require 'docker "
                            "login'")
        if all(name not in image.tags for image in self._images.values()):
            image = _build(name, self._catalogue[name])
            self._images[image.id] = image
        return self.get(reference)

    def get(self, reference: str) -> Image:
        """By name, id or the beginning of an id. Raises EngineError."""
        name, digits = normal_name(reference), reference.removeprefix("sha256:")
        for image in self._images.values():
            if name in image.tags or (len(digits) >= 4 and image.id.removeprefix("sha256:").startswith(digits)):
                return image
        check_reference(reference)
        shown = reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
        raise not_found(f"No such image: {shown}")

    def tag(self, reference: str, name: str) -> None:
        image = self.get(reference)
        for other in self._images.values():
            if normal_name(name) in other.tags:
                other.tags.remove(normal_name(name))
        image.tags.append(normal_name(name))

    def remove(self, reference: str, *, used: bool) -> list[dict[str, str]]:
        """What was untagged and deleted. Raises EngineError when containers use it."""
        image, name = self.get(reference), normal_name(reference)
        if name in image.tags and len(image.tags) > 1:
            image.tags.remove(name)
            return [{"Untagged": name}]
        if used:
            raise conflict(f"conflict: unable to remove repository reference \"{reference}\" (must force) - container "
                           f"is using its referenced image {image.id.removeprefix('sha256:')[:12]}")
        del self._images[image.id]
        return [*({"Untagged": tag} for tag in image.tags), {"Deleted": image.id}]


def _build(name: str, entry: dict[str, Any]) -> Image:
    programs: dict[str, Program] = {}
    for chosen in entry["programs"]:
        programs |= PROGRAM_SETS[chosen]
    files = {"/etc/passwd": PASSWD, "/etc/group": GROUP}
    files |= {path: text.encode() for path, text in entry.get("files", {}).items()}
    config = {"Cmd": entry["command"], "Entrypoint": entry.get("entrypoint"),
              "Env": [PATH, *entry.get("environment", [])],
              "ExposedPorts": {port: {} for port in entry.get("ports", [])} or None, "Labels": None, "OnBuild": None,
              "User": "", "Volumes": None, "WorkingDir": entry.get("directory", "")}
    digest = hashlib.sha256(f"netcourse image {name}".encode()).hexdigest()
    return Image(f"sha256:{digest}", [name], entry["created"], entry["size"], config,
                 Content(files, {f"/bin/{program}": run for program, run in programs.items()},
                         created=int(datetime.fromisoformat(entry["created"]).timestamp()) * SECOND,
                         empty_folders=EMPTY_FOLDERS, links=LINKS, marks=MARKS))


