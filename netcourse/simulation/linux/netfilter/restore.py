"""What iptables-restore reads: tables with their chains and rules, each taken over as a whole at its COMMIT."""

from __future__ import annotations

import re
from copy import copy

from netcourse.simulation.linux.netfilter.commands import carry_out
from netcourse.simulation.linux.netfilter.extension import IptablesError
from netcourse.simulation.linux.netfilter.parser import parse
from netcourse.simulation.linux.netfilter.tables import BUILT_IN, Chain, Netfilter, Table
from netcourse.simulation.linux.netfilter.words import words_of

PROGRAM = "iptables-restore"
COUNTERS = re.compile(r"\[(\d+):(\d+)\]")


class RestoreError(Exception):
    """A line that can't be followed; ``usage`` where it is written wrongly (exit code 2 and a hint, else 1)."""

    def __init__(self, message: str, *, usage: bool = False) -> None:
        super().__init__(message)
        self.usage = usage


class Restore:
    """``flush`` empties a table first; ``counted`` takes the counters that stand in the text.

    ``printed`` is what the commands in the text have to say.
    """

    def __init__(self, netfilter: Netfilter, *, flush: bool, counted: bool, tested: bool, only: str | None) -> None:
        self._netfilter, self._only = netfilter, only
        self._flush, self._counted, self._tested = flush, counted, tested
        self._draft: Table | None = None
        self._skipped = False
        self._number = 0
        self.printed = ""

    def follow(self, text: str) -> None:
        """Raises RestoreError; tables that were committed before stay."""
        for self._number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                self._line(line.strip())
        if self._draft is not None:
            raise RestoreError(f"{PROGRAM}: COMMIT expected at line {self._number + 1}")

    def _line(self, line: str) -> None:
        if self._draft is None:
            if not line.startswith("*"):
                raise RestoreError(f"{PROGRAM}: line {self._number} failed")
            self._begin(line[1:])
        elif line == "COMMIT":
            self._commit()
        elif self._skipped:
            return
        elif line.startswith(":"):
            self._chain(self._draft, line[1:].split())
        else:
            self._command(line)

    def _begin(self, name: str) -> None:
        if name not in BUILT_IN:
            raise self._wrong(f"{PROGRAM}: line {self._number} table name '{name}' invalid")
        self._skipped = self._only not in (None, name)
        self._draft = Table(name) if self._flush else _copied(self._netfilter.table(name, to_change=False))

    def _commit(self) -> None:
        assert self._draft is not None
        if not self._skipped and not self._tested:
            self._netfilter.tables[self._draft.name] = self._draft
            self._netfilter.rules_changed()
        self._draft = None

    def _chain(self, table: Table, words: list[str]) -> None:
        if len(words) < 2:
            raise self._wrong(f"{PROGRAM}: line {self._number} policy invalid")
        chain = table.chains.get(words[0])
        if chain is None or chain.policy is None:
            table.chains[words[0]] = Chain(words[0])
            return
        if words[1] == "-":
            return
        if words[1] not in ("ACCEPT", "DROP"):
            raise RestoreError(f"{PROGRAM}: line {self._number} failed: Bad policy name.")
        chain.policy, chain.counts = words[1], True
        counters = COUNTERS.fullmatch(words[2]) if len(words) > 2 and self._counted else None
        chain.packets, chain.bytes = (int(counters[1]), int(counters[2])) if counters else (0, 0)

    def _command(self, line: str) -> None:
        counters = COUNTERS.match(line)
        words = words_of(line[counters.end():] if counters else line)
        if any(word.startswith(("-t", "--table")) for word in words):
            raise self._wrong("The -t option cannot be used in iptables-restore.\n")
        if counters and self._counted:
            words += ["-c", counters[1], counters[2]]
        assert self._draft is not None
        drafted = Netfilter(self._netfilter.namespace)
        drafted.tables[self._draft.name] = self._draft
        try:
            self.printed += carry_out(drafted, parse([*words, "-t", self._draft.name]), {})
        except IptablesError as error:
            raise self._refused(error) from None

    def _refused(self, error: IptablesError) -> RestoreError:
        message = str(error)
        if error.code == 2:
            return RestoreError(message, usage=True) if error.bare else self._wrong(message)
        return RestoreError(f"{PROGRAM}: line {self._number} failed: {message.removeprefix('iptables: ')}")

    def _wrong(self, message: str) -> RestoreError:
        return RestoreError(f"{PROGRAM} v1.8.9 (nf_tables): {message}", usage=True)

    @property
    def line(self) -> int:
        """The line that was read last."""
        return self._number


def _copied(table: Table) -> Table:
    """A table to try things on; its rules are the same, so that their counters go on."""
    draft = Table(table.name)
    for name, chain in table.chains.items():
        draft.chains[name] = copy(chain)
        draft.chains[name].rules = list(chain.rules)
    return draft
