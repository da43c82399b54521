"""Why a program can't be started in a container: runc's words and exit codes (opencontainers/runc, Go's os/exec)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netcourse.simulation.docker.errors import EngineError, bad_request, failed, not_simulated
from netcourse.simulation.docker.quoting import quoted
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.limits import USUAL, Limit

CANNOT_EXECUTE, NOT_FOUND, NEVER_RAN = 126, 127, 128
PREFIX = "unable to start container process: "
LONGEST_HOSTNAME = 64
ULIMITS = ("cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending",
           "msgqueue", "nice", "rtprio", "rttime")
"""In the order of the kernel's numbers (getrlimit(2))."""
MOST_FILES = 1 << 30
"""What systemd sets /proc/sys/fs/nr_open to."""
NOT_A_DIRECTORY = ("not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the "
                   "specified host path exists and is the expected type")


class CannotStart(Exception):
    """``code`` is the exit code that the process gets."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def cannot_run(name: str, files: FileSystem, directory: str) -> CannotStart:
    """Why a program isn't found."""
    if "/" not in name:
        return CannotStart(f"{PREFIX}exec: {quoted(name)}: executable file not found in $PATH", NOT_FOUND)
    try:
        path = files.resolve(name, directory)
    except OSError as error:
        reason = str(error.strerror).lower()
        return CannotStart(f"{PREFIX}exec: {quoted(name)}: stat {name}: {reason}", NEVER_RAN)
    if files.exists(path):
        return CannotStart(f"{PREFIX}exec: {quoted(name)}: permission denied", CANNOT_EXECUTE)
    return CannotStart(f"{PREFIX}exec: {quoted(name)}: stat {name}: no such file or directory", NOT_FOUND)


def check_directory(directory: str, files: FileSystem) -> None:
    """Where ``docker exec`` shall start. Raises CannotStart."""
    if not directory.startswith("/"):
        raise CannotStart("Cwd must be an absolute path", NEVER_RAN)
    beginning = f'{PREFIX}chdir to cwd ("{directory}") set in config.json failed: '
    try:
        path = files.resolve(directory)
    except OSError as error:
        raise CannotStart(f"{beginning}{str(error.strerror).lower()}", NEVER_RAN) from None
    if not files.is_directory(path):
        reason = NOT_A_DIRECTORY if files.exists(path) else "no such file or directory"
        raise CannotStart(f"{beginning}{reason}", NOT_FOUND)


def cannot_mount(source: str, place: str) -> EngineError:
    """``place`` is a file."""
    flags = "0xe" if source == "tmpfs" else "0x5000"
    return told_by_runc(CannotStart(
        f'{PREFIX}error during container init: error mounting "{source}" to rootfs at "{place}": '
        f"mount {source}:{place} (via /proc/self/fd/6), flags: {flags}: {NOT_A_DIRECTORY}", NOT_FOUND))


def make_directory(directory: str, files: FileSystem, root: str) -> None:
    """A container's own working directory is made, with those above it; its files are at ``root`` on the machine.

    Raises EngineError."""
    if "\0" in directory:
        raise failed(f"lstat {root}{directory}: invalid argument")
    try:
        path = files.resolve(directory)
    except OSError as error:
        raise failed(f"lstat {root}{directory}: {str(error.strerror).lower()}") from None
    if files.exists(path) and not files.is_directory(path):
        raise failed(f"Cannot mkdir: {path} is not a directory")
    for end in [place for place, letter in enumerate(path) if letter == "/" and place] + [len(path)]:
        if not files.is_directory(path[:end]):
            files.make_directory(path[:end])


def set_kernel_settings(wanted: Mapping[str, str], files: FileSystem, *, on_machine: bool) -> None:
    """What ``--sysctl`` asks for, written where /proc/sys is still writable. Raises CannotStart, EngineError."""
    for name, value in wanted.items():
        if on_machine and name.startswith("net."):
            raise CannotStart(f'sysctl "{name}" not allowed in host network namespace', NEVER_RAN)
        path = f"/proc/sys/{name.replace('.', '/')}"
        if not files.exists(path):
            raise not_simulated(f"the kernel's setting {name}")
        try:
            files.write(path, value.encode())
        except OSError as error:
            raise CannotStart(f"{PREFIX}error during container init: write {path}: {str(error.strerror).lower()}",
                              NEVER_RAN) from None


def check_domain(host_config: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Raises CannotStart where the machine's own would be changed."""
    if config.get("Domainname") and host_config.get("UTSMode") == "host":
        raise CannotStart('sysctl "kernel.domainname" is not in a separate kernel namespace', NEVER_RAN)


def check_ulimits(ulimits: Iterable[Mapping[str, Any]]) -> None:
    """``{"Name": "nofile", "Soft": 100, "Hard": 200}``; -1 is no limit (setrlimit(2)). Raises CannotStart."""
    for limit in ulimits:
        name, soft, hard = str(limit.get("Name") or ""), *(_unsigned(limit.get(kind)) for kind in ("Soft", "Hard"))
        if name.lower() not in ULIMITS:
            raise CannotStart(f"wrong rlimit value: RLIMIT_{name.upper()}", NEVER_RAN)
        reason = ("invalid argument" if soft > hard else
                  "operation not permitted" if name.lower() == "nofile" and hard > MOST_FILES else "")
        if reason:
            raise CannotStart(f"{PREFIX}error during container init: error setting rlimits for ready process: error "
                              f"setting rlimit type {ULIMITS.index(name.lower())}: {reason}", NEVER_RAN)


def limits(ulimits: Iterable[Mapping[str, Any]]) -> Mapping[str, Limit]:
    """What the processes of a container may use."""
    changed = {str(limit["Name"]).lower(): Limit(_unsigned(limit.get("Soft")), _unsigned(limit.get("Hard")))
               for limit in ulimits}
    return {**USUAL, **changed} if changed else USUAL


def _unsigned(number: int | None) -> int:
    return (number or 0) % (1 << 64)


def told_by_runc(mistake: CannotStart) -> EngineError:
    """As the start of a container tells it."""
    return refusal(mistake, "failed to create task for container: failed to create shim task: OCI runtime create "
                            "failed: runc create failed")


def refusal(mistake: CannotStart, action: str) -> EngineError:
    """What nobody can know of is the server's error (moby daemon/errors.go, setExitCodeFromError)."""
    return (failed if mistake.code == NEVER_RAN else bad_request)(f"{action}: {mistake}")


def check_circumstances(hostname: str, environment: Mapping[str, str], *, in_container: bool) -> None:
    """What runc is told of a process. Raises CannotStart."""
    during = "error during container init: " if in_container else ""
    if len(hostname.encode()) > LONGEST_HOSTNAME and in_container:
        raise CannotStart(f"{PREFIX}{during}sethostname: invalid argument", NEVER_RAN)
    for name, value in environment.items():
        if "\0" in name + value:
            raise CannotStart(f"{PREFIX}{during}environment variable value can't contain null(\\x00): "
                              f"{quoted(f'{name}={value}')}", NEVER_RAN)

