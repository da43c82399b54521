"""What all objects of ip have in common: how words are read, and how it refuses."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

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


def abbreviated(names: tuple[str, ...], word: str) -> str:
    """The name that ``word`` is, or is the beginning of, where it is that of one alone (libbb's index_in_substrings);
    empty where it is none."""
    if word in names:
        return word
    found = [name for name in names if name.startswith(word)]
    return found[0] if len(found) == 1 else ""


def value_of(rest: Iterator[str], code: int = 1) -> str:
    """The word that has to follow. Raises Complaint."""
    value = next(rest, None)
    if value is None:
        raise Complaint('ip: command line is not complete, try "help"', code)
    return value


def duplicate(name: str, word: str, code: int = 1) -> Complaint:
    return Complaint(f'ip: either "{name}" is duplicate, or "{word}" is garbage', code)


def is_anything(word: str) -> bool:
    return word in ("default", "all", "any")


def prefix(word: str) -> IPv4Interface | None:
    """10.9 is 10.9.0.0 alone; None for what is no address (libiproute/utils.c, get_prefix). Raises Complaint for a
    length that is none."""
    text, slash, length = word.partition("/")
    ip = _padded(text)
    if ip is None:
        return None
    try:
        return IPv4Interface(f"{ip}/{length}" if slash else ip)
    except ValueError:
        raise Complaint(f'ip: an inet prefix is expected rather than "{text}"') from None


def _padded(text: str) -> IPv4Address | None:
    if not re.fullmatch(r"\d+(\.\d+){0,3}", text):
        return None
    parts = [int(part) for part in text.split(".")]
    return None if max(parts) > 255 else IPv4Address(bytes([*parts, 0, 0, 0][:4]))


def address(word: str) -> IPv4Address:
    """Raises Complaint."""
    ip = IPv4Address(0) if is_anything(word) else _padded(word)
    if ip is None:
        raise Complaint(f'ip: an inet address is expected rather than "{word}"')
    return ip


def number(word: str, name: str, code: int = 1) -> int:
    """Raises Complaint."""
    if not word.isdigit():
        raise Complaint(f"ip: invalid argument '{word}' to '{name}'", code)
    return int(word)
