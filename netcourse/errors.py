"""What can go wrong for a learner, each said in one sentence that ends with what to do."""

from __future__ import annotations


class LabError(Exception):
    """Anything that a lab has to say instead of doing what was asked."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence, and nothing of how the lab came to it."""
        return [f"{type(self).__name__}: {self}"]


class NoEngine(LabError):
    """No Docker Engine can be reached where a real one was asked for."""


class WrongArgument(LabError):
    """A verb was given something that it can't take; nothing was asked of the engine."""


class LabClosed(LabError):
    """The lab was closed, and what it had made is gone."""


class Refused(LabError):
    """The engine said no; the message is its own, with what to do where there is something to do."""


class ImageMissing(LabError):
    """An image isn't here and can't be had."""
