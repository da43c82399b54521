"""The words of an iptables command line, one option at a time, as getopt_long(3) reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from netcourse.simulation.linux.netfilter.extension import IptablesError

WITHOUT_ARGUMENT = frozenset("nvxfh46V")


class Words:
    """What is left to read. Letters that are typed together (``-nvL``) are taken apart."""

    def __init__(self, words: Iterable[str]) -> None:
        self._left = list(words)

    def __bool__(self) -> bool:
        return bool(self._left)

    def option(self) -> str:
        """The next word, which is an option, a ``!`` or a mistake; a value that is glued to it comes next."""
        word = self._left.pop(0)
        if word[:1] == "-" and word[1:2] not in ("", "-") and len(word) > 2:
            rest = word[2:]
            self._left.insert(0, f"-{rest}" if word[1] in WITHOUT_ARGUMENT else rest)
            return word[:2]
        return word

    def value(self, option: str) -> str:
        """Raises IptablesError where there is none."""
        if not self._left:
            raise IptablesError(f'option "{option}" requires an argument')
        return self._left.pop(0)

    def optional(self) -> str | None:
        """The next word unless it is an option."""
        return self._left.pop(0) if self._left and self._left[0][:1] not in ("-", "!") else None


def words_of(line: str) -> list[str]:
    """The words of a line of iptables-restore (add_param_to_argv in iptables/xshared.c).

    A quotation mark that closes ends the word; a backslash means something between quotation marks alone. What is
    still open at the end of the line has the line's end in it.
    """
    words, word = [], ""
    quoted = escaped = False
    for letter in f"{line}\n":
        ends = letter == '"' if quoted else letter in " \t\n"
        if escaped or not (ends or letter == '"' or (quoted and letter == "\\")):
            word, escaped = word + letter, False
        elif not ends:
            quoted, escaped = True, quoted
        elif word or quoted:
            words.append(word)
            word, quoted = "", False
    return [*words, word] if quoted else words


def spelled_out(word: str, known: Collection[str]) -> str | None:
    """The option that ``word`` is, or is the beginning of; None where that could be none or several."""
    if word in known:
        return word
    found = [name for name in known if name.startswith(word)] if word.startswith("--") else []
    return found[0] if len(found) == 1 else None
