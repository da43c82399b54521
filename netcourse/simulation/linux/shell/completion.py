"""What a half-typed word could become: commands where one is expected, paths elsewhere (Tab in a shell)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netcourse.simulation.linux.shell.builtins import BUILTINS

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

_LAST_WORD = re.compile(r"""[^\s;|&()<>"'`]*$""")
_COMMAND_BEFORE = re.compile(r"(^|[;|&(`]|\b(then|do|else|if|while|until)\s)\s*$")
_FOLDERS_ONLY = re.compile(r"(^|[;|&(`])\s*cd\s+$")


def words_for(shell: Shell, text: str) -> tuple[int, list[str]]:
    """Where the last word of ``text`` begins, and the names that it could end with: a folder's with a slash behind."""
    found = _LAST_WORD.search(text)
    assert found is not None
    start, before = found.start(), text[:found.start()]
    folder, slash, begun = found[0].rpartition("/")
    is_command = not slash and _COMMAND_BEFORE.search(before) is not None
    names = set(_entries(shell, folder + slash, only_folders=_FOLDERS_ONLY.search(before) is not None or is_command))
    if is_command:
        names |= {*BUILTINS, *shell.functions, *shell.programs()}
    if not begun.startswith("."):
        names = {name for name in names if not name.startswith(".") or name in BUILTINS}
    return start, sorted(name for name in names if name.startswith(begun))


def _entries(shell: Shell, folder: str, *, only_folders: bool) -> list[str]:
    files = shell.process.files
    path = files.resolve(folder or ".", shell.process.directory)
    if not files.is_directory(path):
        return []
    folders = {name: files.is_directory(f"{path.rstrip('/')}/{name}") for name in files.list(path)}
    return [f"{name}/" if is_folder else name for name, is_folder in folders.items() if is_folder or not only_folders]
