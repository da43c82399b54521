"""DNS messages (RFC 1035): one question, answers of type A and PTR; and how long an answer may be (RFC 6891)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

from netcourse.packets import MalformedPacket

DEEPEST_POINTERS = 16
LONGEST_LABEL, LONGEST_NAME = 63, 255
SHORTEST_LIMIT = 512
"""Bytes of a message over UDP that everybody takes."""
QUESTION = b"\xc0\x0c"
"""A pointer to the question's name, which stands behind the head."""
TRUNCATED = 0x0200


class RecordType(IntEnum):
    A = 1
    PTR = 12
    MX = 15
    AAAA = 28
    OPT = 41


class ResponseCode(IntEnum):
    NO_ERROR = 0
    FORMAT_ERROR = 1
    SERVER_FAILURE = 2
    NAME_ERROR = 3
    REFUSED = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """``data`` is an address for A, a name for PTR. ``ttl`` in seconds."""

    name: str
    type: int
    data: IPv4Address | str
    ttl: int = 600


@dataclass(frozen=True, slots=True)
class Message:
    """``limit`` is how many bytes the asker takes over UDP."""

    identifier: int
    name: str
    type: int
    is_response: bool = False
    recursion_desired: bool = True
    recursion_available: bool = False
    code: int = ResponseCode.NO_ERROR
    answers: tuple[Answer, ...] = ()
    limit: int = SHORTEST_LIMIT

    def encode(self, limit: int | None = None) -> bytes:
        """Where it would be longer than ``limit``, names are shortened, and answers are left out if need be.

        Raises MalformedPacket for a name that can't be written.
        """
        plain = self._bytes(self.answers, b"")
        if limit is None or len(plain) <= limit:
            return plain
        shorter = self._bytes(self.answers, QUESTION)
        kept = len(self.answers)
        while len(shorter) > limit:
            kept -= 1
            shorter = self._bytes(self.answers[:kept], QUESTION, TRUNCATED)
        return shorter

    def _bytes(self, answers: tuple[Answer, ...], name: bytes, flags: int = 0) -> bytes:
        flags |= (self.is_response << 15) | (self.recursion_desired << 8) | (self.recursion_available << 7) | self.code
        head = struct.pack("!6H", self.identifier, flags, 1, len(answers), 0, 0)
        question = _name_bytes(self.name) + struct.pack("!2H", self.type, 1)
        return head + question + b"".join(_answer_bytes(answer, name or _name_bytes(answer.name)) for answer in answers)

    @classmethod
    def decode(cls, data: bytes) -> Message:
        """Raises MalformedPacket."""
        try:
            identifier, flags, questions, *counts = struct.unpack_from("!6H", data)
            if questions != 1:
                raise MalformedPacket(f"a DNS message with {questions} questions")
            name, at = _read_name(data, 12)
            kind, _ = struct.unpack_from("!2H", data, at)
            answers, limit = _read_records(data, at + 4, sum(counts))
        except (struct.error, IndexError):
            raise MalformedPacket("DNS message is cut short") from None
        return cls(identifier, name, kind, bool(flags >> 15), bool(flags & 0x100), bool(flags & 0x80), flags & 15,
                   tuple(answers), limit)


def _name_bytes(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    if any(len(label) > LONGEST_LABEL for label in labels) or sum(len(label) + 1 for label in labels) >= LONGEST_NAME:
        raise MalformedPacket(f"a DNS name has no room for {name}")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _answer_bytes(answer: Answer, name: bytes) -> bytes:
    data = answer.data.packed if isinstance(answer.data, IPv4Address) else _name_bytes(answer.data)
    return name + struct.pack("!2HIH", answer.type, 1, answer.ttl, len(data)) + data


def _read_name(data: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    after = None
    for _ in range(DEEPEST_POINTERS * 8):
        length = data[at]
        if length == 0:
            return ".".join(labels), after or at + 1
        if length >= 0xC0:
            after = after or at + 2
            at = ((length & 0x3F) << 8) | data[at + 1]
            continue
        labels.append(data[at + 1:at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    raise MalformedPacket("a DNS name that never ends")


def _read_records(data: bytes, at: int, count: int) -> tuple[list[Answer], int]:
    """Answers, and the limit that an OPT record tells in the place of a class."""
    answers, limit = [], SHORTEST_LIMIT
    for _ in range(count):
        name, at = _read_name(data, at)
        kind, record_class, ttl, length = struct.unpack_from("!2HIH", data, at)
        at += 10
        if kind == RecordType.A:
            answers.append(Answer(name, kind, IPv4Address(data[at:at + 4]), ttl))
        elif kind == RecordType.PTR:
            answers.append(Answer(name, kind, _read_name(data, at)[0], ttl))
        elif kind == RecordType.OPT:
            limit = max(limit, record_class)
        at += length
    return answers, limit
