"""Legacy links on the default bridge: a name for another container, written into /etc/hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcourse.simulation.docker.errors import bad_request

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.engine import Engine


class Links:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def check(self, container: Container) -> None:
        """Raises EngineError when a linked container isn't running."""
        for target, _ in self._links(container):
            if not target.is_running:
                raise bad_request(f"Cannot link to a non running container: /{target.name} AS /{container.name}")

    def _links(self, container: Container) -> list[tuple[Container, str]]:
        found = []
        for text in container.host_config.get("Links") or []:
            name, _, alias = str(text).partition(":")
            found.append((self._engine.containers.get(name), alias or name))
        return found

    def entries(self, container: Container) -> list[tuple[str, str]]:
        """Lines for /etc/hosts: ``172.17.0.2  database 1234567890ab b1``."""
        lines = []
        for target, alias in self._links(container):
            endpoint = target.endpoints.get("bridge")
            if endpoint is not None and endpoint.ip is not None:
                names = dict.fromkeys([alias, str(target.config.get("Hostname") or target.short_id), target.name])
                lines.append((str(endpoint.ip), " ".join(names)))
        return lines
