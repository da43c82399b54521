"""Pictures of topologies: ``draw`` gives one as SVG, with a text that says the same."""

from netcourse.drawing.figure import Picture, draw

__all__ = ["Picture", "draw"]
