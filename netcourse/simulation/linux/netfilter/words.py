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


def spelled_out(word: str, known: Collection[str]) -> str | None:
    """The option that ``word`` is, or is the beginning of; None where that could be none or several."""
    if word in known:
        return word
    found = [name for name in known if name.startswith(word)] if word.startswith("--") else []
    return found[0] if len(found) == 1 else None
