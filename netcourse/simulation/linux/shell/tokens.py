"""The words and signs of a script, and where a quote or a substitution ends (POSIX, section 2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OPERATORS = ("&&", "||", ";;", ";", "&", "|", "(", ")", "\n")
_REDIRECTION = re.compile(r"(&>|\d?(?:>>|>&|<&|<<-|<<|>\||>|<))(?!\()")
_OPERATOR = re.compile("|".join(re.escape(o) for o in sorted(OPERATORS, key=len, reverse=True)))


class ShellSyntaxError(Exception):
    """The message is ash's own, without its "sh: " in front."""


class Unfinished(ShellSyntaxError):
    """The text ends too early: on a terminal more is asked for."""


@dataclass(frozen=True)
class Token:
    """``kind`` is word, operator, redirection, document or end; a word keeps its quotes, to be expanded later.

    ``line``: the number of the line that it stands on.

    A here-document is ``literal`` where its end is quoted: nothing in it is replaced. It is ``open_ended`` where the
    text ends first.
    """

    kind: str
    text: str
    literal: bool = False
    open_ended: bool = False
    line: int = field(default=0, compare=False)


def tokens(text: str, line: int = 0) -> list[Token]:
    """``line`` is the number of the first one. Raises ShellSyntaxError for a quote that isn't closed."""
    found: list[Token] = []
    at = seen = 0
    while at < len(text):
        line, seen = line + text.count("\n", seen, at), at
        if text[at] in " \t" or text[at:at + 2] == "\\\n":
            at += 1 if text[at] in " \t" else 2
        elif text[at] == "#":
            at = (text.find("\n", at) + len(text) + 1) % (len(text) + 1)
        elif (redirection := _REDIRECTION.match(text, at)) and not _inside_word(text, at):
            found.append(Token("redirection", redirection[0], line=line))
            at = redirection.end()
        elif operator := _OPERATOR.match(text, at):
            found.append(Token("operator", operator[0], line=line))
            at = operator.end()
            if operator[0] == "\n":
                at = _read_documents(found, text, at)
        elif text[at] in "<>":
            raise ShellSyntaxError(f"{text[at]}(...): not simulated")
        else:
            end = _word_end(text, at)
            found.append(Token("word", text[at:end], line=line))
            at = end
    _read_documents(found, text, at)
    return [*found, Token("end", "")]


def _inside_word(text: str, at: int) -> bool:
    """"2>" begins a redirection only where the 2 stands alone."""
    return text[at].isdigit() and at > 0 and text[at - 1] not in " \t\n;&|("


def _read_documents(found: list[Token], text: str, at: int) -> int:
    """Put the here-documents of a line in the places of the words that end them; the place after them."""
    for place, token in enumerate(found[:-1]):
        word = found[place + 1]
        if token.kind != "redirection" or "<<" not in token.text or word.kind != "word":
            continue
        body: list[str] = []
        is_ended = False
        end = re.sub(r"['\"\\]", "", word.text)
        while at < len(text):
            line, _, _ = text[at:].partition("\n")
            at += len(line) + 1
            line = line.lstrip("\t") if token.text.endswith("-") else line
            is_ended = line == end
            if is_ended:
                break
            body.append(f"{line}\n")
        found[place + 1] = Token("document", "".join(body), literal=end != word.text, open_ended=not is_ended)
    return min(at, len(text))


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in " \t\n;&|<>()":
        if text[at] == "\\":
            at += 2
        elif text[at] in "'\"`":
            at = quote_end(text, at)
        elif text.startswith("$(", at):
            at = substitution_end(text, at)
        elif text.startswith("${", at):
            at = brace_end(text, at)
        else:
            at += 1
    return min(at, len(text))


def quote_end(text: str, at: int) -> int:
    """The place after the quote that begins at ``at``."""
    quote, at = text[at], at + 1
    while at < len(text) and text[at] != quote:
        if quote != "'" and text.startswith("$(", at):
            at = substitution_end(text, at)
        else:
            at += 2 if text[at] == "\\" and quote != "'" else 1
    if at >= len(text):
        raise Unfinished("syntax error: EOF in backquote substitution" if quote == "`" else
                               "syntax error: unterminated quoted string")
    return at + 1


def brace_end(text: str, at: int) -> int:
    """The place after the ``${...}`` that begins at ``at``."""
    at += 2
    while at < len(text) and text[at] != "}":
        if text[at] in "'\"`":
            at = quote_end(text, at)
        elif text.startswith(("$(", "${"), at):
            at = (substitution_end if text[at + 1] == "(" else brace_end)(text, at)
        else:
            at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise Unfinished("syntax error: missing '}'")
    return at + 1


def substitution_end(text: str, at: int) -> int:
    """The place after the ``$(...)`` that begins at ``at``."""
    depth, at = 1, at + 2
    while at < len(text) and depth:
        if text[at] in "'\"":
            at = quote_end(text, at)
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    if depth:
        raise Unfinished("syntax error: unexpected end of file (expecting \")\")")
    return at
