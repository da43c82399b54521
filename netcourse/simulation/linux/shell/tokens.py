"""The words and signs of a script, and where a quote or a substitution ends (POSIX, section 2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OPERATORS = ("&&", "||", ";;", ";", "&", "|", "(", ")", "\n")
BEFORE_COMMANDS = ("then", "do", "else", "elif", "if", "while", "until", "{", "!")
_REDIRECTION = re.compile(r"(&>|\d?(?:>>|>&|<&|<<-|<<|>\||>|<))(?!\()")
_OPERATOR = re.compile("|".join(re.escape(o) for o in sorted(OPERATORS, key=len, reverse=True)))


class ShellSyntaxError(Exception):
    """The message is ash's own, without its "sh: " in front; ``line`` is where it was found out in reading."""

    line: int | None = None


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


class Scanner:
    """Reads a script from ``at`` on; ``found`` is what it has read by now, and ``line`` the number of its line."""

    def __init__(self, text: str, line: int = 0, at: int = 0) -> None:
        self._text = text
        self.line, self.at = line, at
        self.found: list[Token] = []
        self._undocumented = 0

    def read(self) -> Token:
        """The next one. Raises ShellSyntaxError for a quote that isn't closed."""
        text = self._text
        while self.at < len(text) and (text[self.at] in " \t#" or text.startswith("\\\n", self.at)):
            if text[self.at] == "#":
                self.at = (text.find("\n", self.at) + len(text) + 1) % (len(text) + 1)
            else:
                self._go_to(self.at + (1 if text[self.at] in " \t" else 2))
        line = self.line
        kind, end = self._next()
        token = Token(kind, text[self.at:end], line=line)
        self.found.append(token)
        self._go_to(end)
        if token.text == "\n" or kind == "end":
            self._read_documents()
        return token

    def _next(self) -> tuple[str, int]:
        """What is at this place, and where it ends."""
        text, at = self._text, self.at
        if at == len(text):
            return "end", at
        if (redirection := _REDIRECTION.match(text, at)) and not _inside_word(text, at):
            return "redirection", redirection.end()
        if operator := _OPERATOR.match(text, at):
            return "operator", operator.end()
        if text[at] in "<>":
            raise ShellSyntaxError(f"{text[at]}(...): not simulated")
        return "word", _word_end(text, at)

    def _go_to(self, place: int) -> None:
        self.line += self._text.count("\n", self.at, place)
        self.at = place

    def _read_documents(self) -> None:
        """Put the here-documents of a line in the places of the words that end them."""
        for place in range(self._undocumented, len(self.found) - 1):
            token, word = self.found[place:place + 2]
            if token.kind == "redirection" and "<<" in token.text and word.kind == "word":
                self.found[place + 1] = self._document(word, without_tabs=token.text.endswith("-"))
        self._undocumented = len(self.found)

    def _document(self, word: Token, *, without_tabs: bool) -> Token:
        body: list[str] = []
        is_ended = False
        end = re.sub(r"['\"\\]", "", word.text)
        while self.at < len(self._text) and not is_ended:
            line, _, _ = self._text[self.at:].partition("\n")
            self._go_to(min(self.at + len(line) + 1, len(self._text)))
            line = line.lstrip("\t") if without_tabs else line
            is_ended = line == end
            body += [] if is_ended else [f"{line}\n"]
        return Token("document", "".join(body), literal=end != word.text, open_ended=not is_ended)


def tokens(text: str, line: int = 0) -> list[Token]:
    """All of a script; ``line`` is the number of the first one. Raises ShellSyntaxError."""
    scanner = Scanner(text, line)
    while scanner.read().kind != "end":
        pass
    return scanner.found


def _inside_word(text: str, at: int) -> bool:
    """"2>" begins a redirection only where the 2 stands alone."""
    return text[at].isdigit() and at > 0 and text[at - 1] not in " \t\n;&|("


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
    """The place after the ``$(...)`` or ``$((...))`` that begins at ``at``."""
    if text.startswith("$((", at):
        return _arithmetic_end(text, at)
    scanner, balance = Scanner(text, at=at + 2), _Balance()
    while not balance.is_closed:
        token = scanner.read()
        if token.kind == "end":
            raise Unfinished("syntax error: unexpected end of file (expecting \")\")")
        balance.take(token)
    return scanner.at


def _arithmetic_end(text: str, at: int) -> int:
    depth, at = 2, at + 3
    while at < len(text) and depth:
        if text[at] in "'\"`":
            at = quote_end(text, at)
            continue
        if text.startswith(("$(", "${"), at):
            at = (substitution_end if text[at + 1] == "(" else brace_end)(text, at)
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 1 and not text.startswith(")", at):
            break
    if depth:
        raise (Unfinished if at >= len(text) else ShellSyntaxError)("syntax error: missing '))'")
    return at


class _Balance:
    """Which parenthesis closes a substitution: not one of a subshell, nor one that ends the patterns of a case."""

    def __init__(self) -> None:
        self.is_closed = False
        self._within: list[str] = []
        self._at_command = True

    def take(self, token: Token) -> None:
        innermost = self._within[-1] if self._within else ""
        if token.kind == "operator":
            self._take_operator(token.text, innermost)
        elif token == Token("word", "case") and self._at_command:
            self._within.append("case")
        elif token == Token("word", "in") and innermost == "case":
            self._within[-1] = "patterns"
        elif token == Token("word", "esac") and (innermost == "patterns" or (innermost == "body" and self._at_command)):
            self._within.pop()
        self._at_command = token.kind == "operator" or (self._at_command and token.text in BEFORE_COMMANDS)

    def _take_operator(self, text: str, innermost: str) -> None:
        if text == ";;" and innermost == "body":
            self._within[-1] = "patterns"
        elif text == "(" and innermost != "patterns":
            self._within.append("(")
        elif text == ")" and innermost == "patterns":
            self._within[-1] = "body"
        elif text == ")" and innermost == "(":
            self._within.pop()
        elif text == ")":
            self.is_closed = True
