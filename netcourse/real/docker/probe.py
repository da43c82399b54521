"""A privileged container in the Docker host's own network and process namespaces, to look around from.

It works wherever the daemon is, on Docker Desktop too; it carries a label and goes with the lab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcourse.real.docker.images import have_image

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

DEFAULT_IMAGE = "nicolaka/netshoot"
PROBE_LABEL = "netcourse.probe"
GONE = (404, 409)
"""Status codes for a container that isn't there and for one that has ended."""


class Probe:
    """Started when it is first needed, and again when it has gone: with the daemon, or by the learner's own hand."""

    def __init__(self, client: docker.DockerClient, image: str = DEFAULT_IMAGE) -> None:
        self._client, self._image = client, image
        self._container: Container | None = None

    def run(self, script: str) -> tuple[int, str]:
        """The exit code and the output of a shell script on the Docker host. Raises ImageMissing."""
        from docker.errors import APIError

        container = self._container or self._start()
        try:
            code, output = container.exec_run(["sh", "-c", script])
        except APIError as error:
            if error.status_code not in GONE:
                raise
            code, output = self._start().exec_run(["sh", "-c", script])
        assert isinstance(output, bytes)
        return int(code or 0), output.decode(errors="replace")

    def _start(self) -> Container:
        have_image(self._client, self._image, advice="pull it yourself, or name another one in NETCOURSE_PROBE_IMAGE")
        self._container = self._client.containers.run(
            self._image, ["sleep", "1000000"], detach=True, privileged=True, network_mode="host", pid_mode="host",
            labels={PROBE_LABEL: "1"}, init=True)
        return self._container
