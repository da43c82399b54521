"""The kernel's files: whatever is written into them, they can be read, and packets find their way or are dropped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcourse.journey import Recorder
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.kernel_files import mount_devices, mount_kernel_files
from netcourse.simulation.linux.kernel_files.machine import COVERED_FILES
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from tests.simulation.wiring import ping, run, two_networks

FOLDERS = ("/proc", "/sys/devices/virtual/net")
DEEPEST = 9
NUMBERS = st.integers(-2**33, 2**33).map(str) | st.sampled_from(["0", "1", "2", "8", "0x10", "010", "-1", ""])


def files_of(namespace: Namespace, *, writable: bool) -> FileSystem:
    files = FileSystem(Image({}, {}), namespace.machine.clock)
    mount_kernel_files(files, namespace, dict, hostname="machine", writable=writable)
    mount_devices(files, namespace, writable=writable)
    return files


def paths(files: FileSystem, folder: str) -> Iterator[str]:
    """Of all files below, as far as relatives of relatives don't lead round and round."""
    for name in files.list(folder):
        path = f"{folder}/{name}"
        if not files.is_directory(path):
            yield path
        elif path.count("/") < DEEPEST and not name.startswith(("lower_", "upper_", "master", "bridge")):
            yield from paths(files, path)


def every_path(files: FileSystem) -> list[str]:
    return [path for folder in FOLDERS for path in paths(files, folder)]


def read_all(files: FileSystem) -> int:
    """How many files can be read; the others say why not."""
    readable = 0
    for path in every_path(files):
        try:
            files.read(path)
            readable += 1
        except OSError as error:
            assert error.strerror
    return readable


def write(files: FileSystem, path: str, text: str) -> bool:
    """Whether it is taken; else it is told why not."""
    try:
        files.write(path, text.encode())
    except OSError as error:
        assert error.strerror
        return False
    return True


def write_all(files: FileSystem, text: str) -> int:
    """How many files take ``text``; the others say why not."""
    return sum(write(files, path, text) for path in every_path(files))


def router() -> tuple[Machine, Namespace]:
    """A machine that routes between two networks, and a host on one of them."""
    machine = Machine("machine", Clock(), random.Random(0), Recorder())
    bridge = Bridge("br0", machine.new_mac())
    machine.root.add_device(bridge)
    machine.root.add_address(bridge, Address.parse("10.0.0.1/24"))
    machine.root.set_up(bridge)
    machine.root.forwarding = True
    red, _ = two_networks(machine, bridge)
    return machine, red


def ping_ends(machine: Machine, namespace: Namespace) -> bool:
    """Whether there is an answer or an end of waiting."""
    with suppress(OSError):
        run(machine, ping(namespace, "10.0.1.2"))
    return True


def test_a_packet_is_answered_while_all_is_as_usual() -> None:
    machine, red = router()

    assert str(run(machine, ping(red, "10.0.1.2")).source) == "10.0.1.2"


@settings(max_examples=12, deadline=None)
@given(NUMBERS)
def test_whatever_all_settings_are_the_files_can_be_read_and_a_ping_ends(text: str) -> None:
    machine, red = router()
    files = files_of(machine.root, writable=True)
    before = read_all(files)

    write_all(files, text)

    assert read_all(files) == before
    assert ping_ends(machine, red)


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_whatever_one_setting_is_a_ping_ends(data: st.DataObject) -> None:
    machine, red = router()
    files = files_of(data.draw(st.sampled_from([machine.root, red])), writable=True)
    path = data.draw(st.sampled_from(every_path(files)))

    write(files, path, data.draw(NUMBERS | st.text(max_size=8)))

    assert ping_ends(machine, red)


@pytest.mark.parametrize("text", ["0", "1", "x"])
def test_nothing_is_taken_where_the_kernels_trees_are_mounted_read_only(text: str) -> None:
    machine, _ = router()

    # what is hidden by /dev/null takes everything
    assert write_all(files_of(machine.root, writable=False), text) == len(COVERED_FILES)
