"""The line editor of an interactive shell: keys, history and completion, as busybox has them (libbb/lineedit.c)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from netcourse.simulation.linux.columns import in_columns
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.shell.edited_line import EditedLine
from netcourse.simulation.linux.shell.leaving import Interrupted
from netcourse.simulation.linux.terminal import USUAL_COLUMNS

Complete = Callable[[str], tuple[int, list[str]]]
"""Of what stands before the cursor: where the last word begins, and what it could become."""

BELL, WHERE_IS_CURSOR = "\a", "\x1b[6n"
INTERRUPT, END, TAB, ESCAPE = "\x03", "\x04", "\t", "\x1b"
MOST_LINES = 255
_SEQUENCE = re.compile(r"\[[0-9;]*[A-Za-z~]|O[A-Z]|[^\[O]")
_POSITION = re.compile(r"\[\d+;(\d+)R")
_EDITING: dict[str, Callable[[EditedLine], object]] = {
    "\x01": EditedLine.to_start, "\x02": EditedLine.back, "\x05": EditedLine.to_end, "\x06": EditedLine.forward,
    "\x08": EditedLine.erase, "\x7f": EditedLine.erase, "\x0b": EditedLine.cut_end, "\x0c": EditedLine.clear_screen,
    "\x15": EditedLine.cut_start, "\x17": EditedLine.erase_word,
    **dict.fromkeys(("\x1b[C", "\x1bOC"), EditedLine.forward), **dict.fromkeys(("\x1b[D", "\x1bOD"), EditedLine.back),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"), EditedLine.to_start),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"), EditedLine.to_end),
    **dict.fromkeys(("\x1b[1;5C", "\x1bf"), EditedLine.word_forward),
    **dict.fromkeys(("\x1b[1;5D", "\x1bb"), EditedLine.word_back),
    "\x1b[3~": EditedLine.delete, "\x1bd": EditedLine.delete_name, "\x1b\x7f": EditedLine.erase_name,
    "\x1b\x08": EditedLine.erase_name,
}
_OLDER, _NEWER = ("\x10", "\x1b[A", "\x1bOA"), ("\x0e", "\x1b[B", "\x1bOB")


class LineEditor:
    """Reads line after line from the terminal of ``process``; ``history`` are those that there were."""

    def __init__(self, process: Process, history: list[str], complete: Complete) -> None:
        self._process, self._complete = process, complete
        self._history = history
        self._may_list = False

    async def read(self, prompt: str) -> str | None:
        """A line without its newline; None when Ctrl-D ends the session. Raises Interrupted for Ctrl-C."""
        terminal = self._process.terminal
        assert terminal is not None
        terminal.is_raw = True
        try:
            text = await self._edit(EditedLine(_in_bytes(prompt), lambda: terminal.columns, self._show))
        finally:
            terminal.is_raw = False
        if not text:
            return text
        typed = _in_letters(text)
        if self._history[-1:] != [typed]:
            self._history[:] = [*self._history, typed][-MOST_LINES:]
        return typed

    def _show(self, text: str) -> None:
        self._process.stdout.write(text.encode("latin-1"))

    async def _edit(self, line: EditedLine) -> str | None:
        if not self._process.stdin.has_data:
            self._process.write(WHERE_IS_CURSOR)
        lines, place = [*map(_in_bytes, self._history), ""], len(self._history)
        self._may_list = False
        while True:
            key = await self._key()
            if key in ("", END) and not line.text:
                return None
            if key == "\n":
                line.finish()
                return line.text
            if key == INTERRUPT:
                self._process.write("^C\n")
                raise Interrupted
            if key in _OLDER or key in _NEWER:
                place = self._leaf(line, lines, place, place + (1 if key in _NEWER else -1))
            elif key == TAB:
                self._finish_word(line)
                continue
            elif position := _POSITION.fullmatch(key[1:]):
                line.begin_at(int(position[1]) - 1)
            elif key in _EDITING or key == END:
                _EDITING.get(key, EditedLine.delete)(line)
            elif key >= " ":
                line.insert(key)
            self._may_list = False

    async def _key(self) -> str:
        """A character, a control character, or a whole sequence that begins with Escape."""
        key = await self._letter()
        if key != ESCAPE:
            return key
        while self._process.stdin.has_data and not _SEQUENCE.fullmatch(key[1:]):
            key += await self._letter()
        return key

    async def _letter(self) -> str:
        """Empty at the end of the input."""
        return (await self._process.stdin.read(1)).decode("latin-1")

    def _leaf(self, line: EditedLine, lines: list[str], place: int, wanted: int) -> int:
        """To an older line or a newer one; what was changed in this one stays changed. The new place."""
        lines[place] = line.text
        if place < len(self._history) and line.text:
            self._history[place] = _in_letters(line.text)
        if not 0 <= wanted < len(lines):
            self._process.write(BELL * (2 if wanted < 0 else 1))
            return place
        line.replace(lines[wanted])
        return wanted

    def _finish_word(self, line: EditedLine) -> None:
        """What all possible words have in common; all of them, when Tab is pressed once more."""
        again, self._may_list = self._may_list, False
        behind = line.text[line.cursor:]
        start, words = self._complete(line.text[:line.cursor])
        if again:
            if len(words) > 1:
                columns = self._process.terminal.columns if self._process.terminal else USUAL_COLUMNS
                line.show_below("".join(f"{row}\n" for row in in_columns(words, columns)))
            return
        found = os.path.commonprefix(words)  # noqa: RUF071  # letter by letter is just what is wanted
        if len(words) != 1:
            self._may_list = True
            self._process.write(BELL)
        elif not found.endswith("/"):
            found += " "
        if found:
            folder = line.text[start:line.cursor].rpartition("/")
            text = line.text[:start] + folder[0] + folder[1] + found
            line.replace(text + behind, cursor=len(text))


def _in_bytes(text: str) -> str:
    """As the editor has it, which knows of no letters of several bytes: one character for each byte."""
    return text.encode().decode("latin-1")


def _in_letters(text: str) -> str:
    return text.encode("latin-1").decode(errors="replace")
