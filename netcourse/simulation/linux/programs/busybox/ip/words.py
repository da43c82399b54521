"""What all objects of ip have in common: how words are read, and how it refuses."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint

Words = list[str]
SHOW = {"show", "list", "lst", "sh", "s", "l"}


@dataclass(frozen=True)
class Manner:
    """How to print: ``family`` is "", inet, inet6 or link; on one line each where ``is_oneline``."""

    family: str = ""
    is_oneline: bool = False

    @property
    def newline(self) -> str:
        return "\\" if self.is_oneline else "\n"


def refused(number: int) -> Complaint:
    return Complaint(f"ip: RTNETLINK answers: {os.strerror(number)}", 2)


def invalid(word: str, code: int = 1) -> Complaint:
    return Complaint(f"ip: invalid argument '{word}' to 'ip'", code)


def need_privilege(process: Process) -> None:
    """Changing the network takes CAP_NET_ADMIN, which a container hasn't got."""
    if not process.privileged:
        raise refused(errno.EPERM)


def find_device(namespace: Namespace, name: str, code: int = 1) -> Device:
    if name not in namespace.devices:
        raise Complaint(f"ip: can't find device '{name}'", code)
    return namespace.devices[name]


def by_index(namespace: Namespace) -> list[Device]:
    return sorted(namespace.devices.values(), key=lambda device: device.index)


def arguments(words: Words, known: set[str]) -> tuple[dict[str, str], Words]:
    """Keywords with their values, and the rest."""
    found, rest, at = {}, [], 0
    while at < len(words):
        if words[at] in known and at + 1 < len(words):
            found[words[at]] = words[at + 1]
            at += 2
        else:
            rest.append(words[at])
            at += 1
    return found, rest
