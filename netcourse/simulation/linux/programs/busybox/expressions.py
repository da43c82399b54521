"""Basic and extended regular expressions (POSIX, XBD chapter 9; GNU's \\+ \\? \\| \\< \\> \\w too) for grep and sed."""

from __future__ import annotations

import re

_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
            "blank": r" \t", "xdigit": "0-9A-Fa-f", "cntrl": r"\x00-\x1f\x7f", "print": r"\x20-\x7e",
            "graph": r"\x21-\x7e", "punct": r"!-/:-@\[-`{-~"}
_SPECIAL = set("(){}|+?")
_ESCAPES = {"<": r"\b(?=\w)", ">": r"\b(?<=\w)", "n": r"\n", "t": r"\t", "w": r"\w", "W": r"\W", "s": r"\s",
            "S": r"\S", "b": r"\b", "B": r"\B"}


def compiled(text: str, *, extended: bool, ignoring_case: bool = False) -> re.Pattern[str]:
    """Raises re.error where ``text`` is no regular expression."""
    return re.compile(translated(text, extended=extended), re.IGNORECASE if ignoring_case else 0)


def translated(text: str, *, extended: bool) -> str:
    """The same in Python's own language. Raises re.error."""
    result, at = "", 0
    while at < len(text):
        character = text[at]
        if character == "[":
            piece, at = _bracket(text, at)
        elif character == "\\" and at + 1 < len(text):
            piece, at = _escaped(text[at + 1], extended=extended), at + 2
        else:
            piece = _plain(character, result, text[at + 1:], extended=extended)
            at += 1
        result += piece
    return result


def _escaped(character: str, *, extended: bool) -> str:
    if character in _SPECIAL:
        return re.escape(character) if extended else character
    if character.isdigit():
        return f"\\{character}"
    return _ESCAPES.get(character) or re.escape(character)


def _plain(character: str, before: str, after: str, *, extended: bool) -> str:
    begins = not before or (before.endswith(("(", "|")) and not before.endswith((r"\(", r"\|")))
    if character == "^":
        return "^" if begins or extended else r"\^"
    if character == "$":
        ends = not after or after.startswith(("\\)", "\\|"))
        return r"\Z" if ends or extended else r"\$"
    if character == "*":
        nothing_before = begins or before == "^"
        return "*" if not nothing_before else "" if extended else r"\*"
    if character in _SPECIAL:
        return character if extended else re.escape(character)
    return character if character == "." else re.escape(character)


def _bracket(text: str, at: int) -> tuple[str, int]:
    """A bracket expression, and the place after it: a backslash in it means itself, ``]`` too where it comes first."""
    start = at + 1
    negated = text.startswith("^", start)
    at = start + negated
    inside = ""
    while at < len(text) and (text[at] != "]" or not inside):
        named = re.match(r"\[:(\w+):\]", text[at:])
        if named:
            if named[1] not in _CLASSES:
                raise re.error("no such class of characters")
            inside, at = inside + _CLASSES[named[1]], at + named.end()
        else:
            inside, at = inside + (f"\\{text[at]}" if text[at] in "\\[]^&~|" else text[at]), at + 1
    if at >= len(text):
        raise re.error("unmatched [")
    return f"[{'^' if negated else ''}{inside}]", at + 1
