"""What a log's lines carry beside the line: labels, variables and a tag (moby daemon/logger, ExtraAttributes).

A tag is a template of Go's; of these the fields are simulated, and what else it may hold is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from netcourse.simulation.docker.errors import not_simulated

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container

_ACTION = re.compile(r"\{\{\s*(?P<inside>.*?)\s*\}\}")
_FIELD = re.compile(r"\.(?P<name>[A-Za-z_]\w*)")


def attributes_of(container: Container) -> dict[str, str]:
    """In the order of their names. Raises ValueError in Go's words; EngineError for what isn't simulated."""
    options = container.logging["Config"]
    variables = dict(text.split("=", 1) for text in container.config.get("Env") or [] if "=" in text)
    found = _chosen(container.config.get("Labels") or {}, options.get("labels"), options.get("labels-regex"))
    found |= _chosen(variables, options.get("env"), options.get("env-regex"))
    tag = _filled_in(options.get("tag") or "", container)
    return dict(sorted((found | ({"tag": tag} if tag else {})).items()))


def _chosen(values: Mapping[str, str], names: str | None, pattern: str | None) -> dict[str, str]:
    wanted = {*(names or "").split(",")}
    return {name: value for name, value in values.items()
            if name in wanted or (pattern and _compiled(pattern).search(name))}


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error:
        missing = "missing closing ]" if "[" in pattern else "missing closing )" if "(" in pattern else None
        if missing is None:
            raise not_simulated(f"the pattern {pattern}") from None
        raise ValueError(f"error parsing regexp: {missing}: `{pattern}`") from None


def _filled_in(template: str, container: Container) -> str:
    if template.rfind("{{") > template.rfind("}}"):
        raise ValueError("template: log-tag:1: unclosed action")
    return _ACTION.sub(lambda action: _field(action["inside"], action.start("inside"), container), template)


def _field(text: str, place: int, container: Container) -> str:
    found = _FIELD.fullmatch(text)
    if found is None:
        raise not_simulated(f"a log's tag with {{{{{text}}}}}")
    fields = _fields(container)
    if found["name"] not in fields:
        raise ValueError(f'template: log-tag:1:{place}: executing "log-tag" at <{text}>: can\'t evaluate field '
                         f"{found['name']} in type *logger.Info")
    return fields[found["name"]]


def _fields(container: Container) -> dict[str, str]:
    image, (program, *arguments) = str(container.config["Image"]), container.command
    return {
        "ID": container.short_id, "FullID": container.id, "Name": container.name, "ImageID": container.image.id[:12],
        "ImageFullID": container.image.id, "ImageName": image, "DaemonName": "docker",
        "Command": " ".join([program, *arguments]), "Hostname": container.engine.machine.name,
        "ContainerID": container.id, "ContainerName": f"/{container.name}", "ContainerImageID": container.image.id,
        "ContainerImageName": image, "ContainerEntrypoint": program, "ContainerArgs": f"[{' '.join(arguments)}]"}
