"""busybox chmod (coreutils/chmod.c)."""

from __future__ import annotations

import stat

from netcourse.simulation.linux import permissions
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage

_OPTIONS = set("Rcvf")


@complaining
async def chmod(process: Process) -> int:
    """``-x`` and its like are modes, not options."""
    words = process.arguments[1:]
    given: set[str] = set()
    while words and len(words[0]) > 1 and words[0][0] == "-" and set(words[0][1:]) <= _OPTIONS:
        given |= set(words.pop(0)[1:])
    if len(words) < 2:
        raise usage("chmod")
    return max([_change(process, given, words[0], name, process.files.resolve(name, process.directory))
                for name in words[1:]])


def _change(process: Process, given: set[str], text: str, name: str, path: str) -> int:
    files, code = process.files, 0
    if not files.exists(path):
        if "f" not in given:
            process.complain(f"chmod: {name}: No such file or directory")
        return 1
    before = files.status(path)
    old = stat.S_IMODE(before.mode)
    try:
        new = permissions.changed(text, old, is_folder=before.is_folder, umask=files.umask)
        files.change_permissions(path, new)
    except ValueError:
        raise Complaint(f"chmod: invalid mode '{text}'") from None
    except OSError as error:
        if "f" not in given:
            process.complain(f"chmod: {name}: {error.strerror}")
        return 1
    if "v" in given or ("c" in given and new != old):
        process.write(f"mode of '{name}' changed to {new:04o} ({stat.filemode(new)[1:]})\n")
    if "R" in given and before.is_folder:
        inner = [entry for entry in files.list(path) if files.link(f"{path}/{entry}") is None]
        code = max([_change(process, given, text, f"{name.rstrip('/')}/{entry}", f"{path.rstrip('/')}/{entry}")
                    for entry in inner], default=0)
    return code
