"""The shell of a container: ``parser`` turns text into a tree, ``interpreter`` walks it."""

from netcourse.simulation.linux.shell.interpreter import sh

__all__ = ["sh"]
