"""What ``docker volume create --opt`` may ask of the local driver (moby daemon/volume/local, local_unix.go).

Memory (``type=tmpfs``) is simulated; other file systems, and the computer's own folders, are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from netcourse.simulation.docker.errors import EngineError, bad_request, failed, not_simulated
from netcourse.simulation.docker.tmpfs import Memory, memory_of

OPTIONS = frozenset({"device", "o", "size", "type"})
NEEDED = {"device": ("type",), "type": ("device",), "o": ("device", "type")}
"""What an option needs beside it."""
FLAGS = {"ro": 0x1, "nosuid": 0x2, "nodev": 0x4, "noexec": 0x8, "sync": 0x10, "dirsync": 0x80, "noatime": 0x400,
         "nodiratime": 0x800, "relatime": 0x200000, "strictatime": 0x1000000}
OPPOSITES = {"rw": "ro", "suid": "nosuid", "dev": "nodev", "exec": "noexec", "async": "sync", "atime": "noatime",
             "diratime": "nodiratime", "norelatime": "relatime", "nostrictatime": "strictatime"}
OTHER_FLAGS = frozenset({"remount", "mand", "nomand", "bind", "rbind", "private", "shared", "slave", "unbindable",
                         "rprivate", "rshared", "rslave", "runbindable"})
_SIZE = re.compile(r"[0-9]+(?:\.[0-9]+)? ?[kKmMgGtTpP]?[iI]?[bB]?")


def check_options(name: str, options: Mapping[str, str]) -> None:
    """For a volume called ``name``. Raises EngineError."""
    for option in options:
        if option not in OPTIONS:
            raise bad_request(f'create {name}: invalid option: "{option}"')
    for option, others in NEEDED.items():
        for other in others:
            if option in options and other not in options:
                raise bad_request(f'create {name}: missing required option: "{other}"')
    size = options.get("size")
    if size is not None and not _SIZE.fullmatch(size):
        raise bad_request(f"create {name}: invalid size: '{size}'")
    if size is not None and float(re.sub(r"[^0-9.]", "", size)):
        raise bad_request(f"create {name}: quota size requested but no quota support")
    kind = options.get("type")
    if kind not in ("tmpfs", "", None) or (options.get("device") and not kind):
        raise not_simulated(f"a volume of the type {kind or 'that its device has'}")
    for word in options.get("o", "").split(","):
        if word in OTHER_FLAGS:
            raise not_simulated(f"mounting a volume with {word}")


def is_memory(options: Mapping[str, str]) -> bool:
    return options.get("type") == "tmpfs"


def mounted_memory(place: str, options: Mapping[str, str]) -> Memory | None:
    """What is mounted at ``place``, where the volume lies; None for a plain folder. Raises EngineError."""
    if not is_memory(options):
        return None
    if not options.get("device"):
        raise failed(f"error while mounting volume '{place}': missing device in volume options")
    flags, data = _sorted_out(options.get("o", ""))
    try:
        values = dict(text.split("=", 1) for text in data)
        return memory_of(values, writable="ro" not in flags)
    except (KeyError, ValueError):
        raise _cannot_mount(place, options["device"], flags, data) from None


def _sorted_out(text: str) -> tuple[set[str], list[str]]:
    """What is a flag of any mount, and what the file system is told (moby/sys/mount, parseOptions)."""
    flags: set[str] = set()
    data = []
    for option in filter(None, text.split(",")):
        if option in FLAGS:
            flags.add(option)
        elif option in OPPOSITES:
            flags.discard(OPPOSITES[option])
        else:
            data.append(option)
    return flags, data


def _cannot_mount(place: str, device: str, flags: set[str], data: list[str]) -> EngineError:
    number = sum(FLAGS[flag] for flag in flags)
    told = (f", flags: {number:#x}" if number else "") + (f", data: {','.join(data)}" if data else "")
    return failed(f"error while mounting volume '{place}': failed to mount local volume: mount {device}:{place}{told}: "
                  "invalid argument")
