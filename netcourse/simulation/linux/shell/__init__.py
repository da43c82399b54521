"""The shell of a container: ``parser`` turns text into a tree, ``interpreter`` walks it.

``session`` is what somebody types at: line editor, prompts, jobs.
"""

from netcourse.simulation.linux.shell.sh import sh

__all__ = ["sh"]
