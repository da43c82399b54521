"""Names side by side, as many columns as a screen has room for, all of one width."""

from __future__ import annotations

import math
from collections.abc import Sequence

GAP = 2


def in_columns(names: Sequence[str], width: int, *, by_row: bool = False) -> list[str]:
    """The lines of the table, read downwards or, ``by_row``, across."""
    if not names:
        return []
    column = max(len(name) for name in names) + GAP
    columns = max(1, width // column)
    rows = math.ceil(len(names) / columns)
    table = [names[at:at + columns] for at in range(0, len(names), columns)] if by_row else \
        [names[row::rows] for row in range(rows)]
    return ["".join(f"{name:<{column}}" for name in row[:-1]) + row[-1] for row in table]
