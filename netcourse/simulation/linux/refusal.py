"""How the kernel says no: an error number, and since Linux 4.12 sometimes a sentence (NLMSGERR_ATTR_MSG)."""

from __future__ import annotations

import os


class Refused(OSError):
    """``sentence`` is what the kernel says besides the error number; empty where it says nothing."""

    def __init__(self, number: int, sentence: str = "") -> None:
        super().__init__(number, os.strerror(number))
        self.number, self.sentence = number, sentence
