"""/proc/sys/net of a namespace (Documentation/networking/ip-sysctl.rst): settings with an effect, and those without.

What a setting would change but doesn't here can be read, and written with the value that it has; another value is
refused, for it would have no effect.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from functools import partial

from netcourse.simulation.linux import linkwatch
from netcourse.simulation.linux import settings as tunable
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.kernel_files import fixed_settings as fixed
from netcourse.simulation.linux.live_files import LiveFile, Tree, unchangeable
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.settings import Setting, number_in

Reader = Callable[[], str]
Writer = Callable[[str], None]


def tree(namespace: Namespace) -> Tree:
    return _Settings(namespace).tree()


class _Settings:
    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def tree(self) -> Tree:
        return {"bridge": self._bridge, "core": lambda: self._fixed("core", fixed.OF_CORE), "ipv4": self._ipv4,
                "netfilter": self._connections,
                "ipv6": lambda: {"conf": partial(self._of_devices, self._ipv6_configuration, "all", "default")}}

    def _bridge(self) -> Tree:
        filtering = self._switch(self._namespace, "bridge_netfilter")
        return {**self._fixed("bridge", fixed.OF_BRIDGE), "bridge-nf-call-iptables": filtering}

    def _ipv4(self) -> Tree:
        namespace = self._namespace
        shared = ("default",) if namespace is namespace.machine.root else ()
        return {**self._fixed("ipv4", fixed.OF_STACK), **self._of_namespace(tunable.OF_STACK),
                "ip_forward": self._switch(namespace, "forwarding", then=self._forward_everywhere),
                "ip_local_port_range": self._file(partial(_port_range, namespace), partial(_set_port_range, namespace)),
                "conf": partial(self._of_devices, self._configuration, tunable.ALL, tunable.DEFAULT),
                "neigh": partial(self._of_devices, self._neighbours, *shared),
                "route": self._route}

    def _route(self) -> Tree:
        path_mtus = self._namespace.ipv4.path_mtus
        flush = LiveFile(_unreadable, lambda data: path_mtus.forget() if data.strip() else None, 0o200)
        return {**self._fixed("ipv4/route", fixed.OF_ROUTE), "flush": flush}

    def _connections(self) -> Tree:
        connections = self._namespace.netfilter.conntrack
        return {**self._fixed("netfilter", fixed.OF_CONNECTIONS), **self._of_namespace(tunable.OF_CONNECTIONS),
                "nf_conntrack_count": LiveFile(lambda: f"{len(connections.listing())}\n".encode())}

    def _of_namespace(self, table: Mapping[str, Setting]) -> Tree:
        settings = self._namespace.settings
        return {name: self._number(partial(settings.get, name), partial(settings.put, name), setting)
                for name, setting in table.items()}

    def _forward_everywhere(self) -> None:
        self._namespace.settings.forget_everywhere("forwarding")

    def _of_devices(self, build: Callable[[str, Device | None], Tree], *shared: str) -> Tree:
        """A folder for what holds for ``all``, and for the ``default`` of new devices, and one for each device."""
        return {**{name: partial(build, name, None) for name in shared},
                **{name: partial(build, name, device) for name, device in self._namespace.devices.items()}}

    def _configuration(self, name: str, device: Device | None) -> Tree:
        namespace = self._namespace
        of_loopback = fixed.OF_LOOPBACK if device is namespace.loopback else {}
        own = fixed.OF_ALL_INTERFACES if name == tunable.ALL else of_loopback
        forwarding = self._of_interface(name, "forwarding", Setting(int(namespace.forwarding)))
        if name == tunable.ALL:
            forwarding = self._switch(namespace, "forwarding", then=self._forward_everywhere)
        return {**self._fixed(f"ipv4/conf/{name}", fixed.OF_INTERFACE | own), "forwarding": forwarding,
                **{key: self._of_interface(name, key, setting) for key, setting in tunable.OF_INTERFACE.items()}}

    def _of_interface(self, name: str, key: str, setting: Setting) -> LiveFile:
        settings = self._namespace.settings

        def write(value: int) -> None:
            settings.put_of(name, key, value)
            if name == tunable.DEFAULT:
                self._namespace.follow_default(key, value)

        return self._number(lambda: settings.of(name, key, setting.usual), write, setting)

    def _neighbours(self, name: str, _: Device | None) -> Tree:
        numbers = {key: self._of_interface(name, key, setting) for key, setting in tunable.OF_NEIGHBOURS.items()}
        others = {key.removesuffix("_ms"): self._in_other_unit(name, key, unit)
                  for key, unit in (("base_reachable_time_ms", 1000), ("retrans_time_ms", 10))}
        return {**self._fixed(f"ipv4/neigh/{name}", fixed.OF_NEIGHBOURS), **numbers, **others}

    def _in_other_unit(self, name: str, key: str, unit: int) -> LiveFile:
        """The same setting, told in ``unit`` milliseconds."""
        settings = self._namespace.settings
        return self._number(lambda: settings.of_neighbours(name, key) // unit,
                            lambda value: settings.put_of(name, key, value * unit), Setting(0))

    def _number(self, read: Callable[[], int], write: Callable[[int], None], setting: Setting) -> LiveFile:
        return self._file(lambda: str(read()), partial(_set_number, write, setting))

    def _ipv6_configuration(self, name: str, device: Device | None) -> Tree:
        if name == "default":
            return {"disable_ipv6": self._switch(self._namespace, "ipv6_disabled_by_default")}
        if device is None:
            return self._fixed(f"ipv6/conf/{name}", {"disable_ipv6": "0"})
        return {"disable_ipv6": self._switch(device, "ipv6_disabled", then=partial(linkwatch.follow, device))}

    def _fixed(self, folder: str, values: dict[str, str]) -> dict[str, LiveFile]:
        return {name: self._file(*_kept(self._namespace, f"{folder}/{name}", value)) for name, value in values.items()}

    def _switch(self, owner: Namespace | Device, name: str, *, then: Callable[[], None] = lambda: None) -> LiveFile:
        return self._number(lambda: int(getattr(owner, name)), partial(_set_switch, owner, name, then), Setting(0))

    def _file(self, read: Reader, write: Writer) -> LiveFile:
        def take(data: bytes) -> None:
            # who opens a file to write does so without a word at first
            text = data.decode(errors="replace").strip()
            if text:
                write(text)

        return LiveFile(lambda: f"{read()}\n".encode(), take)


def _unreadable() -> bytes:
    """Raises PermissionError: what can only be written to is so even to root (fs/proc/proc_sysctl.c)."""
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _kept(namespace: Namespace, path: str, usual: str) -> tuple[Reader, Writer]:
    """A setting that has its usual value, or the one that the namespace was made with."""
    def read() -> str:
        return namespace.settings.texts.get(path, usual)

    def write(text: str) -> None:
        if text.split() != read().split():
            unchangeable(text.encode())

    return read, write


def _set_number(write: Callable[[int], None], setting: Setting, text: str) -> None:
    """Raises OSError(EINVAL)."""
    try:
        value = setting.read(text)
    except ValueError:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None
    write(value)


def _set_switch(owner: Namespace | Device, name: str, then: Callable[[], None], value: int) -> None:
    if value != getattr(owner, name):
        setattr(owner, name, value != 0)
        then()


def _port_range(namespace: Namespace) -> str:
    first, last = namespace.local_ports
    return f"{first}\t{last}"


def _set_port_range(namespace: Namespace, text: str) -> None:
    """The first, or both. Raises OSError(EINVAL) for what isn't two ports in their order."""
    try:
        numbers = [number_in(word) for word in text.split()[:2]]
    except ValueError:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None
    first, last = (*numbers, namespace.local_ports[1])[:2]
    if not 1 <= first <= last <= 65535:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    namespace.local_ports = (first, last)
