"""Command lines as iproute2 reads them: keywords with a value, keywords alone, and one word without a keyword."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from ipaddress import AddressValueError, IPv4Address, IPv4Interface

from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.refusal import Refused

WRONG_WORD = 255
REFUSED = 2


@dataclass(frozen=True)
class Request:
    """One call of ip: the ``namespace`` that it is about, the options before the object, and what it may do.

    ``family`` is "", "4" or "6"; ``options`` are the full names of those given (json, brief, oneline ...).
    """

    process: Process
    namespace: Namespace
    family: str
    options: frozenset[str]

    def need_privilege(self) -> None:
        """Raises Complaint: changing the network takes CAP_NET_ADMIN."""
        if not self.process.privileged:
            raise answers(1)


def answers(number: int) -> Complaint:
    """The kernel refused, with an error number only."""
    return Complaint(f"RTNETLINK answers: {os.strerror(number)}", REFUSED)


def kernel_error(sentence: str) -> Complaint:
    """The kernel refused in words (NLMSGERR_ATTR_MSG)."""
    return Complaint(f"Error: {sentence}", REFUSED)


def refused(refusal: Refused) -> Complaint:
    return kernel_error(refusal.sentence) if refusal.sentence else answers(refusal.number)


def wrong_argument(word: str, problem: str) -> Complaint:
    return Complaint(f'Error: argument "{word}" is wrong: {problem}\n', WRONG_WORD)


def not_simulated(what: str, program: str = "ip") -> Complaint:
    return Complaint(f"{program}: {what} is not simulated", WRONG_WORD)


def usage(name: str) -> Complaint:
    """What the program prints for ``help``."""
    file = resources.files("netcourse.simulation.linux.programs.host").joinpath("usage.json")
    usages: dict[str, str] = json.loads(file.read_text())
    return Complaint(usages[name], WRONG_WORD)


def read(words: list[str], keywords: Mapping[str, str], *, flags: Collection[str] = (),
         bare: str = "") -> dict[str, str]:
    """What follows each word: ``keywords`` maps a word to the name that its value gets, ``bare`` names a word that
    stands alone. Raises Complaint."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word in keywords:
            value = next(rest, None)
            if value is None:
                raise Complaint('Command line is not complete. Try option "help"', WRONG_WORD)
            found[keywords[word]] = value
        elif word in flags:
            found[word] = word
        elif not bare or bare in found:
            raise Complaint(f'Error: either "{bare or "dev"}" is duplicate, or "{word}" is a garbage.', WRONG_WORD)
        else:
            found[bare] = word
    return found


def to_change(namespace: Namespace, name: str) -> Device:
    """Raises Complaint in the words of a change."""
    if name not in namespace.devices:
        raise Complaint(f'Cannot find device "{name}"')
    return namespace.devices[name]


def to_show(namespace: Namespace, name: str) -> Device:
    """Raises Complaint in the words of a listing."""
    if name not in namespace.devices:
        raise Complaint(f'Device "{name}" does not exist.')
    return namespace.devices[name]


def _whole(word: str) -> str:
    """10/8 is 10.0.0.0/8 (iproute2 lib/utils.c, get_addr_ipv4)."""
    ip, slash, length = word.partition("/")
    missing = 3 - ip.count(".")
    return ip + ".0" * missing + slash + length if slash and re.fullmatch(r"[\d.]+", ip) else word


def prefix(word: str) -> IPv4Interface:
    """A prefix as it was typed: its host bits are the kernel's to complain about. Raises Complaint."""
    if word in ("default", "all", "any"):
        return IPv4Interface("0.0.0.0/0")
    try:
        return IPv4Interface(_whole(word))
    except ValueError:
        raise Complaint(f'Error: any valid prefix is expected rather than "{word}".') from None


def address_with_prefix(word: str) -> Address:
    """Raises Complaint."""
    try:
        return Address.parse(_whole(word))
    except ValueError:
        raise Complaint(f'Error: any valid prefix is expected rather than "{word}".') from None


def ip_address(word: str, kind: str = "inet") -> IPv4Address:
    """Raises Complaint; ``kind`` is how it calls what it expected."""
    try:
        return IPv4Address(word)
    except AddressValueError:
        raise Complaint(f'Error: {kind} address is expected rather than "{word}".') from None


def mac_address(word: str) -> str:
    """Raises Complaint."""
    if not re.fullmatch(r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", word):
        raise Complaint(f'"{word}" is invalid lladdr.')
    return ":".join(f"{int(part, 16):02x}" for part in word.split(":"))


def number(word: str, name: str) -> int:
    """Raises Complaint."""
    if not word.isdigit():
        raise wrong_argument(word, f'Invalid "{name}" value')
    return int(word)
