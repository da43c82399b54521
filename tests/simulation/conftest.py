"""A simulated machine, and a bridge in it."""

from __future__ import annotations

import random

import pytest

from netcourse.journey import Recorder
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.machine import Machine


@pytest.fixture
def machine() -> Machine:
    return Machine("machine", Clock(), random.Random(0), Recorder())


@pytest.fixture
def bridge(machine: Machine) -> Bridge:
    bridge = Bridge("br0", machine.new_mac())
    machine.root.add_device(bridge)
    machine.root.add_address(bridge, Address.parse("10.0.0.1/24"))
    machine.root.set_up(bridge)
    return bridge
