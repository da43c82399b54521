"""busybox sysctl: settings of the kernel, which it reads and writes below /proc/sys."""

from __future__ import annotations

import errno

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options, usage


@complaining
async def sysctl(process: Process) -> int:
    given, words = options(process, "neqw")
    code = 0
    for word in words:
        key, sign, value = word.partition("=")
        if not sign and "w" in given:
            raise usage("sysctl", f"error: '{key}' must be of the form name=value")
        try:
            text = _setting(process, key, value if sign else None)
        except OSError as error:
            process.complain(_problem(error, key, writing=bool(sign)))
            code = 1
            continue
        if "q" not in given:
            name = "" if "n" in given else key.replace("/", ".") + " = "
            process.write(f"{name}{text}\n")
    return code


def _setting(process: Process, key: str, value: str | None) -> str:
    """Set it where there is a ``value``; what it is then. Raises OSError."""
    path = "/proc/sys/" + key.replace(".", "/")
    if value is None:
        return process.files.read(path).decode().rstrip("\n")
    process.files.read(path)
    process.files.write(path, value.encode())
    return value


def _problem(error: OSError, key: str, *, writing: bool) -> str:
    if error.errno == errno.ENOENT:
        return f"sysctl: error: '{key}' is an unknown key"
    return f"sysctl: error {'setting' if writing else 'reading'} key '{key}': {error.strerror}"
