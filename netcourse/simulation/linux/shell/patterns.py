"""Patterns of the shell (POSIX, section 2.13): matching a word, cutting a value, finding files."""

from __future__ import annotations

import re

from netcourse.simulation.linux.files import FileSystem

MOST_FILES = 10_000


def expression(pattern: str, *, greedy: bool = True) -> re.Pattern[str]:
    """``pattern`` as a regular expression; a backslash takes a character's meaning away."""
    text, at = "", 0
    every = "*" if greedy else "*?"
    while at < len(pattern):
        character = pattern[at]
        end = pattern.find("]", at + 2 + (pattern[at + 1:at + 2] in ("!", "^")))
        if character == "\\":
            at += 1
            text += re.escape(pattern[at:at + 1])
        elif character == "[" and end > 0:
            inside = pattern[at + 1:end].replace("\\", "\\\\")
            text += "[" + ("^" + inside[1:] if inside[0] in "!^" else inside) + "]"
            at = end
        else:
            text += {"*": "." + every, "?": "."}.get(character) or re.escape(character)
        at += 1
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))


def matches(pattern: str, text: str) -> bool:
    return expression(pattern).fullmatch(text) is not None


def has_wildcards(pattern: str) -> bool:
    return re.search(r"(?<!\\)[*?\[]", pattern) is not None


def unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


def without_prefix(value: str, pattern: str, *, longest: bool) -> str:
    """``${x#pattern}`` and ``${x##pattern}``."""
    found = expression(pattern, greedy=longest).match(value)
    return value[found.end():] if found else value


def without_suffix(value: str, pattern: str, *, longest: bool) -> str:
    """``${x%pattern}`` and ``${x%%pattern}``."""
    places = range(len(value) + 1) if longest else range(len(value), -1, -1)
    whole = expression(pattern)
    return next((value[:at] for at in places if whole.fullmatch(value, at)), value)


def replaced(value: str, pattern: str, text: str, *, everywhere: bool) -> str:
    """``${x/pattern/text}`` and ``${x//pattern/text}``."""
    return expression(pattern).sub(lambda _: text, value, count=0 if everywhere else 1) if pattern else value


def files_matching(files: FileSystem, directory: str, pattern: str) -> list[str]:
    """Names of files in their order; none where nothing matches."""
    found = ["/" if pattern.startswith("/") else ""]
    for piece in [part for part in pattern.split("/") if part]:
        found = [name for start in found for name in _step(files, directory, start, piece)][:MOST_FILES]
    return sorted(found) if found != [""] else []


def _step(files: FileSystem, directory: str, start: str, piece: str) -> list[str]:
    folder = files.resolve(start or ".", directory)
    joined = start if not start or start.endswith("/") else start + "/"
    if not has_wildcards(piece):
        name = joined + unescaped(piece)
        return [name] if files.exists(files.resolve(name, directory)) else []
    if not files.is_directory(folder):
        return []
    names = [".", "..", *files.list(folder)]
    whole = expression(piece)
    return [joined + name for name in names if whole.fullmatch(name) and name.startswith(".") <= piece.startswith(".")]
