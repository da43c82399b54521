"""busybox programs about file systems: df, mount (coreutils/df.c, util-linux/mount.c)."""

from __future__ import annotations

from netcourse.simulation.linux.kernel_files.mounts import DISK, MountPoint, Room, mount_points, room_on
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, refuse
from netcourse.simulation.linux.programs.busybox.sizes import readable

_KIB = 1024
_NOT_PERMITTED = "permission denied (are you root?)"


@complaining
async def df(process: Process) -> int:
    given, names = options(process, "PkmhTaiB:t:")
    refuse(process, given, "i")
    points, code = list(mount_points(process.files)), 0
    if names:
        chosen = []
        for name in names:
            point = _point_of(process, name, points)
            if point is None:
                process.complain(f"df: {name}: can't find mount point")
                code = 1
            else:
                chosen.append(point)
    else:
        chosen = [point for point in points if "a" in given or room_on(process.files, point).total]
    unit = number(process, given["B"], 1, 1 << 40) if "B" in given else _KIB * _KIB if "m" in given else _KIB
    _print_head(process, given, unit)
    for point in chosen:
        if given.get("t", point.kind) == point.kind:
            _print_room(process, given, point, unit)
    return code


def _point_of(process: Process, name: str, points: list[MountPoint]) -> MountPoint | None:
    """A disk that is mounted at several places is told by the first."""
    files = process.files
    path = files.resolve(name, process.directory)
    if not files.exists(path):
        return None
    innermost = max((point for point in points if f"{path}/".startswith(f"{point.place.rstrip('/')}/")),
                    key=lambda point: len(point.place))
    return next(point for point in points if point == innermost or (point.source == DISK == innermost.source))


def _print_head(process: Process, given: dict[str, str], unit: int) -> None:
    kind = "Type       " if "T" in given else ""
    percent = "Capacity" if "P" in given else "Use%"
    title = "     Size      Used" if "h" in given else f"{unit}-blocks    Used" if "P" in given else (
        f"{readable(unit).replace('.0', '')}-blocks      Used")
    process.write(f"{'Filesystem':<20} {kind}{title} Available {percent} Mounted on\n")


def _print_room(process: Process, given: dict[str, str], point: MountPoint, unit: int) -> None:
    room = room_on(process.files, point)
    total, used, available = (readable(size) if "h" in given else str((size + unit // 2) // unit)
                              for size in (room.total, room.used, room.available))
    kind = f"{point.kind:<10} " if "T" in given else ""
    process.write(f"{point.source:<20} {kind}{total:>9} {used:>9} {available:>9} {_percent(room):3}% {point.place}\n")


def _percent(room: Room) -> int:
    whole = room.used + room.available
    return (room.used * 100 + whole // 2) // whole if whole else 0


@complaining
async def mount(process: Process) -> int:
    """Only what is mounted can be seen."""
    given, names = options(process, "afiro:t:T:O:")
    if len(names) == 1 or "a" in given:
        raise Complaint("mount: can't read '/etc/fstab': No such file or directory")
    if names:
        is_allowed = not process.files.has_covered_kernel
        raise Complaint("mount: mounting is not simulated by netcourse" if is_allowed else f"mount: {_NOT_PERMITTED}")
    for point in mount_points(process.files):
        if given.get("t", point.kind) == point.kind:
            process.write(f"{point.source} on {point.place} type {point.kind} ({point.all_options})\n")
    return 0
