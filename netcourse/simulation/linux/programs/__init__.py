"""Sets of programs that an image or a machine is equipped with."""

from netcourse.simulation.linux.process import Program
from netcourse.simulation.linux.programs import busybox, host

PROGRAM_SETS: dict[str, dict[str, Program]] = {"busybox": busybox.PROGRAMS, "host": host.PROGRAMS}
