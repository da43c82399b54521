"""Removing images: a name after the other, and with the last one the image (moby daemon/images/image_delete.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcourse.simulation.docker.errors import EngineError, conflict
from netcourse.simulation.docker.image_names import ImageName, parse_name
from netcourse.simulation.docker.images import Image

if TYPE_CHECKING:
    from netcourse.simulation.docker.engine import Engine

Records = list[dict[str, str]]


def remove_image(engine: Engine, reference: str, *, force: bool) -> Records:
    """What was untagged and deleted. Raises EngineError."""
    image = engine.images.get(reference)
    records: Records = []
    if not _is_id(image, reference):
        _check_last_name(engine, image, reference, force=force)
        _untag(engine, image, parse_name(reference).full, records)
        if engine.images.names_of(image):
            return records
        if _obstacle(engine, image, force=force):
            return records
    elif not force and not _in_one_repository(engine.images.names_of(image)):
        raise _conflict(image, "must be forced", "image is referenced in multiple repositories")
    if (obstacle := _obstacle(engine, image, force=force)) is not None:
        raise obstacle
    for name in engine.images.names_of(image):
        engine.images.untag(name)
        _told(engine, image, "untag", records, Untagged=name.shown)
    engine.images.forget(image)
    _told(engine, image, "delete", records, Deleted=image.id)
    is_needed = any(container.image is image for container in engine.containers)
    return records if is_needed else [*records, {"Deleted": image.layer}]


def _is_id(image: Image, reference: str) -> bool:
    return image.id.startswith(reference) or image.id.removeprefix("sha256:").startswith(reference)


def _check_last_name(engine: Engine, image: Image, reference: str, *, force: bool) -> None:
    """Raises EngineError."""
    user = next((container for container in engine.containers if container.image is image), None)
    if user is not None and not force and _in_one_repository(engine.images.names_of(image)):
        raise conflict(f'conflict: unable to remove repository reference "{reference}" (must force) - container '
                       f"{user.short_id} is using its referenced image {image.short_id}")


def _untag(engine: Engine, image: Image, name: ImageName, records: Records) -> None:
    """With a repository's last tag its digests go."""
    engine.images.untag(name)
    _told(engine, image, "untag", records, Untagged=name.shown)
    others = [other for other in engine.images.names_of(image) if other.repository == name.repository]
    if name.digest or any(other.tag for other in others):
        return
    for other in others:
        engine.images.untag(other)
        records.append({"Untagged": other.shown})


def _in_one_repository(names: list[ImageName]) -> bool:
    """One tag, and perhaps digests of the same repository."""
    tags = [name for name in names if name.tag]
    return len(names) <= 1 or (len(tags) <= 1 and len({name.repository for name in names}) == 1)


def _obstacle(engine: Engine, image: Image, *, force: bool) -> EngineError | None:
    """The container that needs it: one that runs can't be done without."""
    users = [container for container in engine.containers if container.image is image]
    running = next((container for container in users if container.is_up), None)
    if running is not None:
        return _conflict(image, "cannot be forced", f"image is being used by running container {running.short_id}")
    if users and not force:
        return _conflict(image, "must be forced", f"image is being used by stopped container {users[0].short_id}")
    return None


def _conflict(image: Image, remedy: str, reason: str) -> EngineError:
    return conflict(f"conflict: unable to delete {image.short_id} ({remedy}) - {reason}")


def _told(engine: Engine, image: Image, action: str, records: Records, **record: str) -> None:
    engine.events.emit("image", action, image.id, {"name": image.id})
    records.append(record)
