"""A line that is being edited, and what a terminal is told so that it shows it (the sequences of a VT100).

What is shown for each change was seen on busybox 1.38 (libbb/lineedit.c), down to the byte.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

CLEAR_TO_END, CLEAR_ALL = "\x1b[J", "\x1b[H\x1b[J"
MOST_BACKSPACES = 4
_UNSEEN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class EditedLine:
    """``text`` with a ``cursor`` in it, behind ``prompt``, on a screen whose width ``columns`` tells."""

    def __init__(self, prompt: str, columns: Callable[[], int], show: Callable[[str], None]) -> None:
        self.text, self.cursor = "", 0
        self._prompt, self._width, self._show = prompt, columns, show
        self._indent = len(_UNSEEN.sub("", prompt.rpartition("\n")[2]))
        self._draw_prompt()

    def _draw_prompt(self) -> None:
        self._show(self._prompt)
        self._column, self._row = self._indent, 0
        self.cursor = 0

    def begin_at(self, column: int) -> None:
        """The terminal says where the cursor is: something stood in the line before the prompt."""
        self._column += max(0, column - self._indent)

    # Moving

    def _pass(self) -> None:
        """Over the character at the cursor, which is drawn again."""
        self._show(self.text[self.cursor])
        self.cursor += 1
        self._column += 1
        if self._column >= self._width():
            self._show("\r\n")
            self._column, self._row = 0, self._row + 1

    def forward(self, count: int = 1) -> None:
        for _ in range(min(count, len(self.text) - self.cursor)):
            self._pass()

    def to_end(self) -> None:
        self.forward(len(self.text))

    def back(self, count: int = 1) -> None:
        count = min(count, self.cursor)
        self.cursor -= count
        if count <= self._column:
            self._column -= count
            self._show("\b" * count if count <= MOST_BACKSPACES else f"\x1b[{count}D")
            return
        width = self._width()
        up = math.ceil((count - self._column) / width)
        self._column = (self._column - count) % width
        self._row -= up
        self._show(f"\r\x1b[{up}A" + (f"\x1b[{self._column}C" if self._column else ""))

    def to_start(self) -> None:
        self.back(self.cursor)

    def _word_start(self) -> int:
        place = self.cursor
        while place and not self.text[place - 1].isalnum():
            place -= 1
        while place and self.text[place - 1].isalnum():
            place -= 1
        return place

    def word_back(self) -> None:
        for _ in range(self.cursor - self._word_start()):
            self.back()

    def word_forward(self) -> int:
        """How far that was."""
        place = self.cursor
        while place < len(self.text) and not self.text[place].isalnum():
            place += 1
        while place < len(self.text) and self.text[place].isalnum():
            place += 1
        distance = place - self.cursor
        self.forward(distance)
        return distance

    # Changing

    def insert(self, letter: str) -> None:
        self.text = self.text[:self.cursor] + letter + self.text[self.cursor:]
        behind = len(self.text) - self.cursor - 1
        self.to_end()
        self.back(behind)

    def delete(self) -> None:
        """The character at the cursor."""
        if self.cursor < len(self.text):
            self.text = self.text[:self.cursor] + self.text[self.cursor + 1:]
            self._draw_rest()

    def _draw_rest(self) -> None:
        behind = len(self.text) - self.cursor
        self.to_end()
        self._show(CLEAR_TO_END)
        self.back(behind)

    def erase(self) -> None:
        """The character before the cursor."""
        if self.cursor:
            self.back()
            self.delete()

    def erase_word(self) -> None:
        """Back to a space, as Ctrl-W does on any terminal."""
        before = self.text[:self.cursor].rstrip(" ")
        for _ in range(self.cursor - before.rfind(" ") - 1):
            self.erase()

    def erase_name(self) -> None:
        """Back over letters and digits, as Alt-Backspace does."""
        distance = self.cursor - self._word_start()
        self.word_back()
        for _ in range(distance):
            self.delete()

    def delete_name(self) -> None:
        distance = self.word_forward()
        self.back(distance)
        for _ in range(distance):
            self.delete()

    def cut_end(self) -> None:
        self.text = self.text[:self.cursor]
        self._show(CLEAR_TO_END)

    def cut_start(self) -> None:
        if self.cursor:
            self.text = self.text[self.cursor:]
            self._redraw(behind=len(self.text))

    def replace(self, text: str, cursor: int | None = None) -> None:
        """Have another text in its place, the cursor at its end."""
        self.text = text
        self._redraw(behind=0 if cursor is None else len(text) - cursor)

    def _redraw(self, *, behind: int) -> None:
        self._show((f"\x1b[{self._row}A" if self._row else "") + "\r")
        self._draw_prompt()
        self.to_end()
        self._show(CLEAR_TO_END)
        self.back(behind)

    def clear_screen(self) -> None:
        self._show(CLEAR_ALL)
        self._row, behind = 0, len(self.text) - self.cursor
        self._redraw(behind=behind)

    def show_below(self, table: str) -> None:
        """Something under the line, and then the line once more."""
        behind = len(self.text) - self.cursor
        self.finish()
        self._show(table)
        self._row = 0
        self._redraw(behind=behind)

    def finish(self) -> None:
        """The cursor on a new line."""
        self.to_end()
        if self._column:
            self._show("\n")
