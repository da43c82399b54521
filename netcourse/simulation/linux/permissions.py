"""Permissions of files as somebody types them: octal, or u+x,go-w (chmod(1), libbb/parse_mode.c)."""

from __future__ import annotations

import re

HIGHEST = 0o7777
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_WHAT = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_CLAUSE = re.compile(r"(?P<who>[ugoa]*)(?P<changes>(?:[-+=](?:[rwxXst]*|[ugo]))+)")
_CHANGE = re.compile(r"([-+=])([rwxXstugo]*)")


def changed(text: str, current: int, *, is_folder: bool = False, umask: int = 0) -> int:
    """What ``current`` becomes. Raises ValueError."""
    if re.fullmatch("[0-7]+", text):
        value = int(text, 8)
        if value > HIGHEST:
            raise ValueError(text)
        return value
    for part in text.split(","):
        clause = _CLAUSE.fullmatch(part)
        if clause is None:
            raise ValueError(text)
        for sign, letters in _CHANGE.findall(clause["changes"]):
            current = _apply(current, clause["who"], sign, letters, umask, is_folder=is_folder)
    return current


def _bits(letters: str, current: int, *, is_folder: bool) -> int:
    """For everybody: what ``rwx`` stand for, or what the user, the group or the others have now."""
    if letters in ("u", "g", "o"):
        shift = {"u": 6, "g": 3, "o": 0}[letters]
        return (current >> shift & 0o7) * 0o111
    may_enter = is_folder or current & 0o111
    return sum(_WHAT["x"] if letter == "X" and may_enter else _WHAT.get(letter, 0) for letter in set(letters))


def _apply(current: int, who: str, sign: str, letters: str, umask: int, *, is_folder: bool) -> int:
    """Who is left out means everybody, but for what the umask keeps from them."""
    whose = 0
    for letter in who or "a":
        whose |= _WHO[letter]
    current &= ~whose if sign == "=" else HIGHEST
    bits = _bits(letters, current, is_folder=is_folder) & whose & ~(0 if who else umask)
    return current & ~bits if sign == "-" else current | bits


def in_letters(mask: int) -> str:
    """What a umask lets everybody do, as ``umask -S`` prints it."""
    allowed = ~mask
    return ",".join(f"{who}=" + "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True)
                                        if allowed >> shift & bit)
                    for who, shift in (("u", 6), ("g", 3), ("o", 0)))
