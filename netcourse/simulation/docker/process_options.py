"""What ``docker top`` asks the machine's ``ps`` for: ps(1) of procps-ng 4.0.2, with its words for what makes no sense.

It understands options of two kinds: with a dash (``-ef``), and without one as BSD has them (``aux``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from netcourse.simulation.docker.errors import EngineError, failed, not_simulated
from netcourse.simulation.docker.process_listing import COLUMNS, OTHER_COLUMNS, Column, name_of_program
from netcourse.simulation.linux.process import Process

Choice = Callable[[Process], bool]

DASH_FORMATS = {
    "": "pid tname time ucmd", "j": "pid pgid sid tname time ucmd",
    "f": "user=UID pid ppid c stime tname time cmd", "fj": "user=UID pid ppid pgid sid c stime tname time cmd",
    "F": "user=UID pid ppid c sz rss psr stime tname time cmd",
    "l": "f s uid pid ppid c opri ni addr sz wchan tname time ucmd",
    "jl": "f s uid pid ppid pgid sid c opri ni addr sz wchan tname time ucmd",
    "fl": "f s user=UID pid ppid c opri ni addr sz wchan stime tname time cmd",
    "fjl": "f s user=UID pid ppid pgid sid c opri ni addr sz wchan stime tname time cmd",
    "ly": "s uid pid ppid c opri ni rss sz wchan tname time ucmd",
}
"""By the letters that choose one, in the order of the alphabet."""
BSD_FORMATS = {
    "": "pid tname stat bsdtime args", "j": "ppid pid pgid sid tname tpgid stat uid bsdtime args",
    "l": "f uid pid ppid priority ni vsz rss wchan stat tname bsdtime args",
    "u": "user pid pcpu pmem vsz rss tname stat bsdstart bsdtime args",
}
WIDENED = "pid {} s tname time args"
"""``-O`` puts columns into this."""
WITHOUT_EFFECT, BSD_WITHOUT_EFFECT = "Aadew", "acgwx"
"""Which processes, and how wide: dockerd asks for those of the container, and there is no terminal. ``c`` is seen to
afterwards."""
UNSIMULATED, BSD_UNSIMULATED = "cGgHLMmNnPqsTtVZ", "efHhkLMmNnOqrsStTUvVXZ"
MISSING = {"o": "format specification must follow {}", "O": "format or sort specification must follow {}",
           "C": "list of command names must follow {}", "p": "list of process IDs must follow {}",
           "U": "list of real users must follow {}", "u": "list of users must follow {}"}
HEADLESS = {"--no-headers", "--no-heading", "--no-headings", "--noheader", "--noheaders", "--noheading",
            "--noheadings", "--no-header", "--help", "--info", "--version"}
LONG = ("--Group", "--User", "--cols", "--columns", "--context", "--cumulative", "--deselect", "--forest", "--format",
        "--group", "--header", "--heading", "--lines", "--pid", "--ppid", "--quick-pid", "--rows", "--sid",
        "--signames", "--sort", "--tty", "--user", "--width")
NO_PID = "Couldn't find PID field in ps output"


@dataclass
class Listing:
    """What is to be shown of which processes: of those that any of ``choices`` takes, or of all."""

    columns: list[Column] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)


def read_options(text: str) -> Listing:
    """Raises EngineError."""
    reader = _Reader(text)
    reader.read()
    return Listing([reader.shortened(column) for column in reader.columns()], reader.choices)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._words = text, text.split(" ")
        self._dash: set[str] = set()
        self._bsd: set[str] = set()
        self._is_bsd = self._without_arguments = False
        self._asked: list[Column] = []
        self._widened = False
        self.choices: list[Choice] = []

    def read(self) -> None:
        while self._words:
            word = self._words.pop(0)
            if word.startswith("--") and len(word) > 2:
                self._long(word)
            elif word.startswith("-") and word.strip("-"):
                self._dashed(word[1:])
            elif word[:1].isalpha():
                self._bsd_letters(word)
            elif word.isdecimal():
                raise not_simulated(f"ps {self._text}")
            else:
                raise _error("garbage option")

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if name in HEADLESS:
            raise failed(NO_PID)
        if name not in LONG:
            raise _error("unknown gnu long option")
        if name != "--format":
            raise not_simulated(f"ps {self._text}")
        self._list_columns("o", value if equals else self._value("", "o", "--format"))

    def _dashed(self, letters: str) -> None:
        for place, letter in enumerate(letters):
            if letter in MISSING:
                if letter == "u" and place == len(letters) - 1 and not self._words:
                    self._bsd_letters(letters)  # a usual mistake, which ps forgives
                else:
                    self._with_value(letter, self._value(letters[place + 1:], letter, f"-{letter}"), letters)
                return
            if letter == "x":
                self._undashed(letters)
                return
            if letter in "fFjly":
                self._dash.add(letter)
            elif letter in UNSIMULATED:
                raise not_simulated(f"ps {self._text}")
            elif letter not in WITHOUT_EFFECT:
                raise _error("unsupported SysV option")

    def _undashed(self, letters: str) -> None:
        if not set(letters) <= {*BSD_FORMATS, *BSD_WITHOUT_EFFECT, *BSD_UNSIMULATED}:
            raise _error("must set personality to get -x option")
        self._bsd_letters(letters)

    def _bsd_letters(self, letters: str) -> None:
        self._is_bsd, self._without_arguments = True, self._without_arguments or "c" in letters.partition("o")[0]
        for place, letter in enumerate(letters):
            if letter in "op":
                self._with_value(letter, self._value(letters[place + 1:], letter, letter), letters)
                return
            if letter in BSD_FORMATS:
                self._bsd.add(letter)
            elif letter in BSD_UNSIMULATED:
                raise not_simulated(f"ps {self._text}")
            elif letter not in BSD_WITHOUT_EFFECT:
                raise _error("unsupported option (BSD syntax)")

    def _value(self, rest: str, letter: str, told: str) -> str:
        """What stands behind an option, in its own word or as the next."""
        if rest:
            return rest
        if not self._words:
            raise _error(MISSING[letter].format(told))
        return self._words.pop(0)

    def _with_value(self, letter: str, value: str, letters: str) -> None:
        if letter in "oO":
            self._list_columns(letter, value)
        elif letter == "C":
            names = value.split(",")
            self.choices.append(lambda process: name_of_program(process) in names)
        elif letter == "p":
            if not all(number.isdecimal() for number in value.split(",")):
                raise _error("process ID list syntax error")
            self.choices.append(lambda process: str(process.host_pid) in value.split(","))
        elif letter == "u" and set(value) <= {*BSD_FORMATS, *BSD_WITHOUT_EFFECT}:
            self._undashed(letters)  # -aux, which isn't about a user named x
        else:
            users = [_user(name) for name in value.split(",")]
            self.choices.append(lambda process: process.user.user in users)

    def _list_columns(self, letter: str, value: str) -> None:
        self._widened = self._widened or letter == "O"
        self._asked += _columns(value)

    def shortened(self, column: Column) -> Column:
        """A command's name alone, where ``c`` asks for it."""
        return replace(column, value=name_of_program) if column.is_command and self._without_arguments else column

    def columns(self) -> list[Column]:
        """Raises EngineError where formats don't go together."""
        letters = self._dash - {"f"} if "F" in self._dash else self._dash
        if len(self._bsd) + bool(self._dash) + bool(self._asked) > 1:
            raise _error("conflicting format options")
        if "y" in letters and "l" not in letters:
            raise _error("modifier -y without format -l makes no sense")
        if self._asked:
            return self._widen() if self._widened else self._asked
        if self._is_bsd and letters:
            raise not_simulated(f"ps {self._text}")
        chosen = "".join(sorted(self._bsd if self._is_bsd else letters))
        formats = BSD_FORMATS if self._is_bsd else DASH_FORMATS
        if chosen not in formats:
            raise not_simulated(f"ps {self._text}")
        return [column for name in formats[chosen].split() for column in _columns(name)]

    def _widen(self) -> list[Column]:
        before, after = (_columns(",".join(part.split())) for part in WIDENED.split("{}"))
        return [*before, *self._asked, *after]


def _columns(value: str) -> list[Column]:
    """``pid,user=WHO,cmd:20``: with titles of one's own, and widths. Raises EngineError."""
    return [_column(text) for text in value.removesuffix(",").split(",")]


def _column(text: str) -> Column:
    name, equals, title = text.partition("=")
    specifier, _, width = name.partition(":")
    if not specifier or (width and not width.isdecimal()):
        raise _error("improper format list")
    if specifier in COLUMNS:
        return replace(COLUMNS[specifier], title=title) if equals else COLUMNS[specifier]
    if specifier in OTHER_COLUMNS.split() or specifier[0] in "%_":
        raise not_simulated(f"ps -o {specifier}")
    raise _error(f'unknown user-defined format specifier "{specifier}"')


def _user(name: str) -> int:
    """On the machine, where root alone has a name. Raises EngineError."""
    if not name.isdecimal() and name != "root":
        raise _error("user name does not exist")
    return int(name) if name.isdecimal() else 0


def _error(text: str) -> EngineError:
    return failed(f"ps: error: {text}")
