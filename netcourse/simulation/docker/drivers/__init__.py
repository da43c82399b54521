"""Network drivers: one module each, behind the small interface in ``driver``."""

from netcourse.simulation.docker.drivers.bridge import BridgeDriver
from netcourse.simulation.docker.drivers.driver import Driver, Endpoint, Network
from netcourse.simulation.docker.drivers.plain import HostDriver, NullDriver
from netcourse.simulation.linux.machine import Machine

__all__ = ["Driver", "Endpoint", "Network", "drivers_for"]


def drivers_for(machine: Machine) -> dict[str, Driver]:
    """All drivers of an engine, by name."""
    return {"bridge": BridgeDriver(machine), "host": HostDriver(), "null": NullDriver()}
