"""Yes and no as Go reads them (strconv.ParseBool)."""

from __future__ import annotations

TRUE, FALSE = {"1", "t", "T", "TRUE", "true", "True"}, {"0", "f", "F", "FALSE", "false", "False"}


def truth(text: str) -> bool:
    """Raises ValueError in Go's words."""
    if text not in TRUE | FALSE:
        raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')
    return text in TRUE
