"""From the words and signs of a script to its tree, a line at a time (POSIX, Shell Command Language, section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from netcourse.simulation.linux.shell.tokens import Scanner, ShellSyntaxError, Token, Unfinished
from netcourse.simulation.linux.shell.tree import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirection,
    Sequence,
)

RESERVED = {"case", "esac", "for", "while", "until", "if", "then", "elif", "else", "fi", "do", "done", "in", "{", "}",
            "!"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")

# what a word at the beginning of a command stands for, and whether the next one may stand for something too
Expansion = Callable[[Token], tuple[list[Token], bool]]


def parse(text: str, line: int = 0, expand: Expansion | None = None) -> Sequence:
    """The tree of a whole script, whose first line has the number ``line``. Raises ShellSyntaxError."""
    return Sequence(tuple(part for tree, _ in lines(text, line, expand) for part in tree.parts))


def lines(text: str, line: int = 0, expand: Expansion | None = None) -> Iterator[tuple[Sequence, bool]]:
    """The tree of each line of a script, or of several where one isn't a whole command; and whether it is the last.

    Raises ShellSyntaxError, which knows its line.
    """
    scanner = Scanner(text, line)
    parser = _Parser(scanner, expand or (lambda token: ([token], False)))
    try:
        while not parser.is_over:
            yield parser.line(), parser.is_over
    except ShellSyntaxError as error:
        error.line = scanner.line
        raise


def _with_list_in_background(parts: list[tuple[Node, str]]) -> list[tuple[Node, str]]:
    """``a && b &`` lets the whole list go on in the background."""
    start = len(parts) - 1
    while start and parts[start - 1][1] in ("&&", "||"):
        start -= 1
    if start == len(parts) - 1:
        return parts
    *chain, (last, _) = parts[start:]
    return [*parts[:start], (Sequence((*chain, (last, ";"))), "&")]


class _Parser:
    """Reads no further than it has to: what a line does may change what the next one means."""

    def __init__(self, scanner: Scanner, expand: Expansion) -> None:
        self._scanner, self._tokens, self._expand = scanner, scanner.found, expand
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Whether the end of the script has been read."""
        return bool(self._tokens) and self._tokens[-1].kind == "end"

    def _peek(self, ahead: int = 0) -> Token:
        while self._at + ahead >= len(self._tokens) and not self.is_over:
            self._scanner.read()
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    @property
    def next(self) -> Token:
        return self._peek()

    def take(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _expand_aliases(self) -> None:
        ahead, goes_on = 0, True
        while goes_on:
            found, goes_on = self._expand(self._peek(ahead))
            self._tokens[self._at + ahead:self._at + ahead + 1] = found
            ahead += len(found)

    def _read_documents(self) -> None:
        """The here-documents of a line stand after it."""
        while not (self.is_over or self._tokens[-1].text == "\n"):
            self._scanner.read()

    def unexpected(self, expecting: str = "") -> ShellSyntaxError:
        shown = {"end": "end of file", "operator": f'"{self.next.text}"'}.get(self.next.kind, f'"{self.next.text}"')
        shown = "newline" if self.next.text == "\n" else shown
        wanted = f' (expecting "{expecting}")' if expecting else ""
        kind = Unfinished if self.next.kind == "end" else ShellSyntaxError
        return kind(f"syntax error: unexpected {shown}{wanted}")

    def _skip_newlines(self) -> None:
        while self.next == Token("operator", "\n"):
            self.take()

    def _expect(self, word: str) -> None:
        self._skip_newlines()
        if self.next.text != word:
            raise self.unexpected(word)
        self.take()

    def line(self) -> Sequence:
        """Raises ShellSyntaxError."""
        return self.sequence(set(), is_line=True)

    def sequence(self, ends: set[str], *, is_line: bool = False) -> Sequence:
        parts: list[tuple[Node, str]] = []
        self._skip_newlines()
        while self.next.kind != "end" and self.next.text not in ends:
            node = self._pipeline()
            separator = self.next.text if self.next.text in (";", "&", "\n", "&&", "||") else ""
            if separator:
                self.take()
            elif self.next.kind != "end" and self.next.text not in ends:
                raise self.unexpected()
            parts.append((node, ";" if separator in ("", "\n") else separator))
            if separator == "&":
                parts = _with_list_in_background(parts)
            if is_line and (separator == "\n" or (separator in (";", "&") and self.next.text == "\n")):
                break
            self._skip_newlines()
            if separator in ("&&", "||") and self.next.kind == "end":
                raise self.unexpected()
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
        self._expand_aliases()
        compounds: dict[str, Callable[[], Node]] = {
            "for": self._for, "while": self._loop, "until": self._loop, "if": self._if, "(": self._subshell,
            "{": self._group, "case": self._case}
        compound = compounds.get(self.next.text)
        if compound is not None:
            line, node = self.next.line, compound()
            redirections = self._redirections()
            return Group(Sequence(((node, ";"),)), False, redirections, line) if redirections else node
        if self.next == Token("word", "function"):
            self.take()
            name = self.take().text
            return self._function(name)
        if self.next.kind == "word" and self._has_parentheses(1):
            return self._function(self.take().text)
        return self._simple()

    def _has_parentheses(self, ahead: int) -> bool:
        return self._peek(ahead).text == "(" and self._peek(ahead + 1).text == ")"

    def _function(self, name: str) -> Function:
        self._at += 2 if self._has_parentheses(0) else 0
        self._skip_newlines()
        return Function(name, self._command())

    def _case(self) -> Case:
        line = self.take().line
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
        return Case(word, tuple(branches), line)

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
        line = self.next.line
        while self.next.kind in ("word", "redirection"):
            if self.next.kind == "redirection":
                redirections.append(self._redirection())
            elif not words and _NAME.match(self.next.text):
                assignments.append(self.take().text)
            else:
                words.append(self.take().text)
        if not (assignments or words or redirections) or (words and words[0] in RESERVED):
            self._at -= 1 if words else 0
            raise self.unexpected()
        return Command(tuple(assignments), tuple(words), tuple(redirections), line)

    def _redirection(self) -> Redirection:
        text = self.take().text
        if self.next.kind not in ("word", "document"):
            raise self.unexpected("word")
        if "<<" in text:
            self._read_documents()
        target = self.take()
        operator = text.lstrip("0123456789").replace(">|", ">").replace("<<-", "<<")
        number = int(text[0]) if text[0].isdigit() else int(not operator.startswith("<"))
        return Redirection(operator, number, target.text, target.literal)

    def _for(self) -> For:
        line = self.take().line
        name = self.take().text
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ShellSyntaxError("syntax error: bad for loop variable")
        words = ['"$@"']
        self._skip_newlines()
        if self.next.text == "in":
            self.take()
            words = []
            while self.next.kind == "word":
                words.append(self.take().text)
        if self.next.text in (";", "\n"):
            self.take()
        return For(name, tuple(words), self._body(), line)

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
        line = self.take().line
        body = self.sequence({")"})
        self._expect(")")
        return Group(body, True, self._redirections(), line)

    def _group(self) -> Group:
        line = self.take().line
        body = self.sequence({"}"})
        self._expect("}")
        return Group(body, False, self._redirections(), line)

    def _redirections(self) -> tuple[Redirection, ...]:
        found = []
        while self.next.kind == "redirection":
            found.append(self._redirection())
        return tuple(found)
