"""Having an image: it is pulled when it isn't there, and the learner is told, for that may take minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcourse.errors import ImageMissing

if TYPE_CHECKING:
    import docker


def have_image(client: docker.DockerClient, image: str, *, advice: str = "look at its name, or at your connection",
               ) -> None:
    """Raises ImageMissing, which ends with ``advice``."""
    from docker.errors import APIError, ImageNotFound

    try:
        client.images.get(image)
    except ImageNotFound:
        print(f"pulling {image} ...")
        try:
            client.images.pull(image, tag=None if ":" in image.rpartition("/")[2] else "latest")
        except APIError as error:
            raise ImageMissing(f"The image {image} isn't here and can't be pulled ({error.explanation}): "
                               f"{advice}.") from None
