"""DNS messages (RFC 1035): one question, answers of type A and PTR."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

from netcourse.packets import MalformedPacket

DEEPEST_POINTERS = 16


class RecordType(IntEnum):
    A = 1
    PTR = 12
    MX = 15
    AAAA = 28


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
    identifier: int
    name: str
    type: int
    is_response: bool = False
    recursion_desired: bool = True
    recursion_available: bool = False
    code: int = ResponseCode.NO_ERROR
    answers: tuple[Answer, ...] = ()

    def encode(self) -> bytes:
        flags = (self.is_response << 15) | (self.recursion_desired << 8) | (self.recursion_available << 7) | self.code
        head = struct.pack("!6H", self.identifier, flags, 1, len(self.answers), 0, 0)
        question = _name_bytes(self.name) + struct.pack("!2H", self.type, 1)
        return head + question + b"".join(_answer_bytes(answer) for answer in self.answers)

    @classmethod
    def decode(cls, data: bytes) -> Message:
        """Raises MalformedPacket."""
        try:
            identifier, flags, questions, count, *_ = struct.unpack_from("!6H", data)
            if questions != 1:
                raise MalformedPacket(f"a DNS message with {questions} questions")
            name, at = _read_name(data, 12)
            kind, _ = struct.unpack_from("!2H", data, at)
            answers, _ = _read_answers(data, at + 4, count)
        except (struct.error, IndexError):
            raise MalformedPacket("DNS message is cut short") from None
        return cls(identifier, name, kind, bool(flags >> 15), bool(flags & 0x100), bool(flags & 0x80), flags & 15,
                   tuple(answers))


def _name_bytes(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _answer_bytes(answer: Answer) -> bytes:
    data = answer.data.packed if isinstance(answer.data, IPv4Address) else _name_bytes(answer.data)
    return _name_bytes(answer.name) + struct.pack("!2HIH", answer.type, 1, answer.ttl, len(data)) + data


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


def _read_answers(data: bytes, at: int, count: int) -> tuple[list[Answer], int]:
    answers = []
    for _ in range(count):
        name, at = _read_name(data, at)
        kind, _, ttl, length = struct.unpack_from("!2HIH", data, at)
        at += 10
        if kind == RecordType.A:
            answers.append(Answer(name, kind, IPv4Address(data[at:at + 4]), ttl))
        elif kind == RecordType.PTR:
            answers.append(Answer(name, kind, _read_name(data, at)[0], ttl))
        at += length
    return answers, at
