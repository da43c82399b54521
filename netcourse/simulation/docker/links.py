"""Links: a container's own name for another one. On the default bridge (legacy) it is written into /etc/hosts and its
target must run; on a user-defined network the embedded DNS server answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcourse.simulation.docker.errors import EngineError, bad_request, conflict, not_found
from netcourse.simulation.docker.link_variables import link_variables

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.engine import Engine


class Links:
    """Legacy ones follow their target through a rename, and outlive it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._linked: dict[str, list[tuple[Container, str]]] = {}

    def register(self, container: Container) -> None:
        """Raises EngineError when a target isn't there. On a user-defined network its endpoint has the links."""
        if container.network_mode in ("bridge", "none"):
            self._linked[container.id] = [self._find(str(text)) for text in container.host_config.get("Links") or []]

    def _find(self, text: str) -> tuple[Container, str]:
        name, alias = link_parts(text)
        try:
            return self._engine.containers.get(name), alias
        except EngineError as error:
            raise bad_request(f"could not get container for {name}: {error}") from None

    def forget(self, container: Container) -> None:
        """It has been removed."""
        self._linked.pop(container.id, None)

    def remove(self, name: str) -> None:
        """``web/db`` is the link that web has to its db. Raises EngineError."""
        owner, slash, alias = name.removeprefix("/").partition("/")
        container = self._engine.containers.get(owner if slash else name)
        if not slash:
            raise conflict("Conflict, cannot remove the default link name of the container")
        links = self._linked.get(container.id, [])
        kept = [link for link in links if link[1] != alias]
        if len(kept) == len(links):
            raise not_found(f"No such container: {name}")
        self._linked[container.id] = kept

    def check(self, container: Container) -> None:
        """Raises EngineError when a linked container isn't running."""
        for target, alias in self._linked.get(container.id, []):
            if not target.is_running:
                raise bad_request(f"Cannot link to a non running container: /{target.name} AS "
                                  f"/{container.name}/{alias}")

    def shown(self, container: Container) -> list[str] | None:
        """As inspect shows them: ``/database:/web/db``."""
        return [f"/{target.name}:/{container.name}/{alias}"
                for target, alias in self._linked.get(container.id, [])] or None

    def leading_to(self, target: Container) -> list[tuple[Container, str]]:
        """Who has a link to it, and under which name."""
        return [(self._engine.containers.get(owner), alias) for owner, links in self._linked.items()
                for linked, alias in links if linked is target]

    def environment(self, container: Container) -> dict[str, str]:
        """What its links tell of their targets."""
        found: dict[str, str] = {}
        for target, alias in self._linked.get(container.id, []):
            endpoint = target.endpoints.get("bridge")
            if endpoint is not None and endpoint.address is not None:
                found |= link_variables(f"/{container.name}/{alias}", endpoint.address.ip,
                                        target.config.get("ExposedPorts") or (), target.config.get("Env") or ())
        return found

    def entries(self, container: Container) -> list[tuple[str, str]]:
        """Lines for /etc/hosts: ``172.17.0.2  database 1234567890ab b1``."""
        lines = []
        for target, alias in self._linked.get(container.id, []):
            endpoint = target.endpoints.get("bridge")
            if endpoint is not None and endpoint.ip is not None:
                names = dict.fromkeys([alias, str(target.config.get("Hostname") or target.short_id), target.name])
                lines.append((str(endpoint.ip), " ".join(names)))
        return lines


def link_parts(text: str) -> tuple[str, str]:
    """The target and the name for it: ``database:db``, or ``database`` for both."""
    name, _, alias = text.partition(":")
    return name, alias or name
