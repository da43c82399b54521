"""From shell text to a tree: lists, pipelines, loops and conditions (POSIX, Shell Command Language, section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

RESERVED = {"case", "esac",
            "for", "while", "until", "if", "then", "elif", "else", "fi", "do", "done", "in", "{", "}", "!"}
UNSUPPORTED = {"function"}
OPERATORS = ("&&", "||", ";;", ">>", "2>&1", ">&2", "2>>", "2>", "1>&2", "<<", ";", "&", "|", "<", ">", "(", ")", "\n")
_OPERATOR = re.compile("|".join(re.escape(o) for o in sorted(OPERATORS, key=len, reverse=True)))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


class ShellSyntaxError(Exception):
    """The message is ash's own, without its "sh: " in front."""


@dataclass(frozen=True)
class Token:
    """``kind`` is word, operator or end; a word keeps its quotes, to be expanded later."""

    kind: str
    text: str


@dataclass(frozen=True)
class Redirection:
    """``operator`` is <, >, >>, 2>, 2>>, 2>&1 or >&2."""

    operator: str
    target: str = ""


@dataclass(frozen=True)
class Command:
    assignments: tuple[str, ...]
    words: tuple[str, ...]
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    stages: tuple[Node, ...]
    inverted: bool = False


@dataclass(frozen=True)
class Sequence:
    """Pipelines with what stands between them: ``&&``, ``||``, ``;`` or ``&`` after each."""

    parts: tuple[tuple[Node, str], ...]


@dataclass(frozen=True)
class For:
    name: str
    words: tuple[str, ...]
    body: Sequence


@dataclass(frozen=True)
class Loop:
    """``until`` turns the condition round."""

    condition: Sequence
    body: Sequence
    until: bool


@dataclass(frozen=True)
class If:
    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None


@dataclass(frozen=True)
class Group:
    """A subshell ``( )`` or a group ``{ }``, with its redirections."""

    body: Sequence
    subshell: bool
    redirections: tuple[Redirection, ...] = field(default=())


@dataclass(frozen=True)
class Case:
    """Patterns and what is done for the first that fits."""

    word: str
    branches: tuple[tuple[tuple[str, ...], Sequence], ...]


@dataclass(frozen=True)
class Function:
    name: str
    body: Node


Node = Command | Pipeline | Sequence | For | Loop | If | Group | Case | Function


def tokens(text: str) -> list[Token]:
    """Raises ShellSyntaxError for a quote that isn't closed."""
    found, at = [], 0
    while at < len(text):
        if text[at] in " \t" or text[at:at + 2] == "\\\n":
            at += 1 if text[at] in " \t" else 2
        elif text[at] == "#":
            at = (text.find("\n", at) + len(text) + 1) % (len(text) + 1)
        elif (operator := _OPERATOR.match(text, at)) and not _inside_word(text, at, operator[0]):
            found.append(Token("operator", operator[0]))
            at = operator.end()
        else:
            end = _word_end(text, at)
            found.append(Token("word", text[at:end]))
            at = end
    return [*found, Token("end", "")]


def _inside_word(text: str, at: int, operator: str) -> bool:
    """"2>" begins an operator only where the 2 stands alone."""
    return operator[0].isdigit() and at > 0 and text[at - 1] not in " \t\n;&|("


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
        raise ShellSyntaxError("syntax error: unterminated quoted string")
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
        raise ShellSyntaxError("syntax error: missing '}'")
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
        raise ShellSyntaxError("syntax error: unexpected end of file (expecting \")\")")
    return at


def parse(text: str) -> Sequence:
    """The tree of a whole script. Raises ShellSyntaxError."""
    parser = _Parser(tokens(text))
    sequence = parser.sequence(set())
    if parser.next.kind != "end":
        raise parser.unexpected()
    return sequence


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def unexpected(self, expecting: str = "") -> ShellSyntaxError:
        shown = {"end": "end of file", "operator": f'"{self.next.text}"'}.get(self.next.kind, f'"{self.next.text}"')
        shown = "newline" if self.next.text == "\n" else shown
        wanted = f' (expecting "{expecting}")' if expecting else ""
        return ShellSyntaxError(f"syntax error: unexpected {shown}{wanted}")

    def _skip_newlines(self) -> None:
        while self.next == Token("operator", "\n"):
            self.take()

    def _expect(self, word: str) -> None:
        self._skip_newlines()
        if self.next.text != word:
            raise self.unexpected(word)
        self.take()

    def sequence(self, ends: set[str]) -> Sequence:
        parts: list[tuple[Node, str]] = []
        self._skip_newlines()
        while self.next.kind != "end" and self.next.text not in ends:
            node = self._pipeline()
            separator = self.next.text if self.next.text in (";", "&", "\n", "&&", "||") else ""
            if separator:
                self.take()
            elif self.next.kind != "end" and self.next.text not in ends:
                raise self.unexpected()
            self._skip_newlines()
            parts.append((node, ";" if separator in ("", "\n") else separator))
        if not parts and ends and self.next.kind != "end" and self.next.text not in (";;", "esac"):
            raise self.unexpected()
        return Sequence(tuple(parts))

    def _pipeline(self) -> Node:
        inverted = False
        if self.next.text == "!":
            self.take()
            inverted = True
        stages = [self._command()]
        while self.next.text == "|":
            self.take()
            self._skip_newlines()
            stages.append(self._command())
        return stages[0] if len(stages) == 1 and not inverted else Pipeline(tuple(stages), inverted)

    def _command(self) -> Node:
        compounds: dict[str, Callable[[], Node]] = {
            "for": self._for, "while": self._loop, "until": self._loop, "if": self._if, "(": self._subshell,
            "{": self._group, "case": self._case}
        compound = compounds.get(self.next.text)
        if compound is not None:
            return compound()
        if self.next.text in UNSUPPORTED:
            raise ShellSyntaxError(f"{self.next.text}: not simulated")
        if self.next.kind == "word" and [token.text for token in self._tokens[self._at + 1:self._at + 3]] == ["(", ")"]:
            return self._function()
        return self._simple()

    def _function(self) -> Function:
        name = self.take().text
        self._at += 2
        self._skip_newlines()
        return Function(name, self._command())

    def _case(self) -> Case:
        self.take()
        word = self.take().text
        self._expect("in")
        self._skip_newlines()
        branches = []
        while self.next.text != "esac":
            branches.append((self._choices(), self.sequence({";;", "esac"})))
            if self.next.text == ";;":
                self.take()
            self._skip_newlines()
        self.take()
        return Case(word, tuple(branches))

    def _choices(self) -> tuple[str, ...]:
        if self.next.text == "(":
            self.take()
        choices = []
        while self.next.kind == "word":
            choices.append(self.take().text)
            if self.next.text == "|":
                self.take()
        self._expect(")")
        return tuple(choices)

    def _simple(self) -> Command:
        assignments: list[str] = []
        words: list[str] = []
        redirections: list[Redirection] = []
        while self.next.kind == "word" or self.next.text in _REDIRECTIONS:
            if self.next.kind == "operator":
                redirections.append(self._redirection())
            elif not words and _NAME.match(self.next.text):
                assignments.append(self.take().text)
            else:
                words.append(self.take().text)
        if not (assignments or words or redirections) or (words and words[0] in RESERVED):
            self._at -= 1 if words else 0
            raise self.unexpected()
        return Command(tuple(assignments), tuple(words), tuple(redirections))

    def _redirection(self) -> Redirection:
        operator = self.take().text
        if operator == "<<":
            raise ShellSyntaxError("<<: here documents are not simulated")
        if operator in ("2>&1", ">&2", "1>&2"):
            return Redirection(operator)
        if self.next.kind != "word":
            raise self.unexpected("word")
        return Redirection(operator, self.take().text)

    def _for(self) -> For:
        self.take()
        name = self.take().text
        words: list[str] = []
        self._skip_newlines()
        if self.next.text == "in":
            self.take()
            while self.next.kind == "word":
                words.append(self.take().text)
        if self.next.text in (";", "\n"):
            self.take()
        return For(name, tuple(words), self._body())

    def _body(self) -> Sequence:
        self._expect("do")
        body = self.sequence({"done"})
        self._expect("done")
        return body

    def _loop(self) -> Loop:
        until = self.take().text == "until"
        condition = self.sequence({"do"})
        return Loop(condition, self._body(), until)

    def _if(self) -> If:
        branches, otherwise = [], None
        while self.take().text in ("if", "elif"):
            condition = self.sequence({"then"})
            self._expect("then")
            branches.append((condition, self.sequence({"elif", "else", "fi"})))
            if self.next.text == "else":
                self.take()
                otherwise = self.sequence({"fi"})
            if self.next.text == "fi":
                break
            if self.next.kind == "end":
                raise self.unexpected("fi")
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _subshell(self) -> Group:
        self.take()
        body = self.sequence({")"})
        self._expect(")")
        return Group(body, True, self._redirections())

    def _group(self) -> Group:
        self.take()
        body = self.sequence({"}"})
        self._expect("}")
        return Group(body, False, self._redirections())

    def _redirections(self) -> tuple[Redirection, ...]:
        found = []
        while self.next.text in _REDIRECTIONS:
            found.append(self._redirection())
        return tuple(found)


_REDIRECTIONS = {"<", ">", ">>", "2>", "2>>", "2>&1", ">&2", "1>&2", "<<"}
