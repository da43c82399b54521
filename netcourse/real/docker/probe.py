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


class Probe:
    """Started when it is first needed."""

    def __init__(self, client: docker.DockerClient, labels: dict[str, str], image: str = DEFAULT_IMAGE) -> None:
        self._client, self._labels, self._image = client, labels, image
        self._container: Container | None = None

    def run(self, script: str) -> tuple[int, str]:
        """The exit code and the output of a shell script on the Docker host. Raises ImageMissing."""
        code, output = self._started().exec_run(["sh", "-c", script])
        assert isinstance(output, bytes)
        return int(code or 0), output.decode(errors="replace")

    def _started(self) -> Container:
        if self._container is None:
            have_image(self._client, self._image,
                       advice="pull it yourself, or name another one in NETCOURSE_PROBE_IMAGE")
            self._container = self._client.containers.run(
                self._image, ["sleep", "1000000"], detach=True, privileged=True, network_mode="host",
                pid_mode="host", labels={**self._labels, PROBE_LABEL: "1"}, init=True)
        return self._container
