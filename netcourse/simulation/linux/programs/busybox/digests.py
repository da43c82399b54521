"""busybox programs that make one text of another's bytes: md5sum and its like, base64 (coreutils/)."""

from __future__ import annotations

import base64 as encoding
import hashlib
import os
import re

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.inputs import STANDARD_INPUT, lines_of, read_all
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    name_of,
    number,
    options,
    usage,
)

LINE = 76
_LETTERS = re.compile(rb"[A-Za-z0-9+/=]")


@complaining
async def checksum(process: Process) -> int:
    """md5sum, sha1sum, sha256sum or sha512sum, by the name it was called by."""
    given, names = options(process, "csw")
    found, code = await read_all(process, names)
    if "c" in given:
        for name, data in found:
            code = max(code, await _check(process, name, data, quiet="s" in given))
        return code
    for name, data in found:
        process.write(f"{_digest(process, data)}  {'-' if name == STANDARD_INPUT else name}\n")
    return code


def _digest(process: Process, data: bytes) -> str:
    return hashlib.new(name_of(process).removesuffix("sum"), data, usedforsecurity=False).hexdigest()


async def _check(process: Process, listing: str, data: bytes, *, quiet: bool) -> int:
    """Each file of a list that an earlier run has printed."""
    failed = 0
    lines = lines_of(data)
    for line in lines:
        digest, _, name = line.partition("  ")
        try:
            is_same = _digest(process, process.files.read(process.files.resolve(name, process.directory))) == digest
        except OSError as error:
            process.complain(f"{name_of(process)}: can't open '{name}': {os.strerror(error.errno or 0)}")
            is_same = False
        failed += not is_same
        if not quiet:
            process.write(f"{name}: {'OK' if is_same else 'FAILED'}\n")
    if failed and not quiet:
        process.complain(f"{name_of(process)}: WARNING: {failed} of {len(lines)} computed checksums did NOT match")
    return int(failed > 0)


@complaining
async def base64(process: Process) -> int:
    given, names = options(process, "dw:")
    width = number(process, given["w"], 0, 2**31 - 1) if "w" in given else LINE
    if len(names) > 1:
        raise usage("base64")
    found, code = await read_all(process, names, verb="")
    for _, data in found:
        if "d" in given:
            process.stdout.write(_decoded(data))
            if len(_LETTERS.findall(data)) % 4:
                raise Complaint("base64: truncated input")
            continue
        text = encoding.b64encode(data).decode()
        lines = [text[at:at + width] for at in range(0, len(text), width)] if width else [text]
        process.write("".join(f"{line}\n" for line in lines) if width else text)
    return code


def _decoded(data: bytes) -> bytes:
    """As far as there are four letters for each three bytes."""
    letters = _LETTERS.findall(data)
    return b"".join(encoding.b64decode(b"".join(letters[at:at + 4])) for at in range(0, len(letters) // 4 * 4, 4))
