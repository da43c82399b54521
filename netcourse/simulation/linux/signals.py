"""Linux's numbers of signals (signal(7)): those of this computer's own system may differ, or be missing."""

from __future__ import annotations

from enum import IntEnum


class Signal(IntEnum):
    """The ones that the simulation does something about."""

    SIGHUP = 1
    SIGINT = 2
    SIGQUIT = 3
    SIGKILL = 9
    SIGSEGV = 11
    SIGPIPE = 13
    SIGTERM = 15
    SIGCHLD = 17
    SIGCONT = 18
    SIGSTOP = 19
    SIGTSTP = 20
    SIGURG = 23
    SIGWINCH = 28


NAMES = dict(enumerate(
    ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
     "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL",
     "PWR", "SYS"], 1))
"""All that have a name of their own, without their SIG."""
