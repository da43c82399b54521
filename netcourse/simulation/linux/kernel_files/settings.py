"""/proc/sys/net of a namespace (Documentation/networking/ip-sysctl.rst): settings with an effect, and those without.

What a setting would change but doesn't here can be read, and written with the value that it has; another value is
refused, for it would have no effect.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.live_files import LiveFile, Tree, read_only
from netcourse.simulation.linux.namespace import Namespace

_IPV4 = {
    "icmp_echo_ignore_broadcasts": "1", "icmp_errors_use_inbound_ifaddr": "0",
    "icmp_ignore_bogus_error_responses": "1", "icmp_msgs_burst": "50", "icmp_msgs_per_sec": "1000",
    "icmp_ratelimit": "1000", "icmp_ratemask": "6168", "ip_default_ttl": "64", "ip_dynaddr": "0",
    "ip_forward_use_pmtu": "0", "ip_local_reserved_ports": "", "ip_no_pmtu_disc": "0", "ip_nonlocal_bind": "0",
    "ip_unprivileged_port_start": "1024", "ping_group_range": "1\t0", "tcp_keepalive_intvl": "75",
    "tcp_keepalive_probes": "9", "tcp_keepalive_time": "7200", "tcp_retries2": "15", "tcp_syn_retries": "6",
    "tcp_synack_retries": "5"}
_INTERFACE = {
    "accept_local": "0", "accept_redirects": "1", "accept_source_route": "1", "arp_accept": "0", "arp_announce": "0",
    "arp_filter": "0", "arp_ignore": "0", "arp_notify": "0", "bc_forwarding": "0", "disable_policy": "0",
    "disable_xfrm": "0", "ignore_routes_with_linkdown": "0", "log_martians": "0",
    "mc_forwarding": "0", "promote_secondaries": "0", "proxy_arp": "0", "proxy_arp_pvlan": "0", "route_localnet": "0",
    "rp_filter": "0", "secure_redirects": "1", "send_redirects": "1", "shared_media": "1", "src_valid_mark": "0"}
_OF_ALL = {"accept_redirects": "0", "accept_source_route": "0"}
_OF_LOOPBACK = {"disable_policy": "1", "disable_xfrm": "1"}
_NEIGHBOURS = {
    "app_solicit": "0", "base_reachable_time": "30", "base_reachable_time_ms": "30000", "delay_first_probe_time": "5",
    "gc_stale_time": "60", "mcast_solicit": "3", "retrans_time_ms": "1000", "ucast_solicit": "3", "unres_qlen": "101"}
_CORE = {"somaxconn": "4096"}
_BRIDGE = {"bridge-nf-call-arptables": "1", "bridge-nf-call-ip6tables": "1", "bridge-nf-filter-pppoe-tagged": "0",
           "bridge-nf-filter-vlan-tagged": "0", "bridge-nf-pass-vlan-input-dev": "0"}


Reader = Callable[[], str]
Writer = Callable[[str], None]


def tree(namespace: Namespace, *, writable: bool) -> Tree:
    return _Settings(namespace, writable=writable).tree()


class _Settings:
    def __init__(self, namespace: Namespace, *, writable: bool) -> None:
        self._namespace, self._writable = namespace, writable

    def tree(self) -> Tree:
        return {"bridge": self._bridge, "core": lambda: self._fixed("core", _CORE), "ipv4": self._ipv4,
                "ipv6": lambda: {"conf": partial(self._of_devices, self._ipv6_configuration, "all", "default")}}

    def _bridge(self) -> Tree:
        filtering = self._switch(self._namespace, "bridge_netfilter")
        return {**self._fixed("bridge", _BRIDGE), "bridge-nf-call-iptables": filtering}

    def _ipv4(self) -> Tree:
        namespace = self._namespace
        shared = ("default",) if namespace is namespace.machine.root else ()
        return {**self._fixed("ipv4", _IPV4), "ip_forward": self._switch(namespace, "forwarding"),
                "icmp_echo_ignore_all": self._switch(namespace, "ignores_echo"),
                "ip_local_port_range": self._file(partial(_port_range, namespace), partial(_set_port_range, namespace)),
                "conf": partial(self._of_devices, self._configuration, "all", "default"),
                "neigh": partial(self._of_devices, self._neighbours, *shared)}

    def _of_devices(self, build: Callable[[str, Device | None], Tree], *shared: str) -> Tree:
        """A folder for what holds for ``all``, and for the ``default`` of new devices, and one for each device."""
        return {**{name: partial(build, name, None) for name in shared},
                **{name: partial(build, name, device) for name, device in self._namespace.devices.items()}}

    def _configuration(self, name: str, device: Device | None) -> Tree:
        own = _OF_ALL if name == "all" else _OF_LOOPBACK if device is self._namespace.loopback else {}
        forwarding = {"forwarding": str(int(self._namespace.forwarding))}
        fixed = self._fixed(f"ipv4/conf/{name}", _INTERFACE | own | forwarding)
        return fixed | ({"forwarding": self._switch(self._namespace, "forwarding")} if name == "all" else {})

    def _neighbours(self, name: str, _: Device | None) -> Tree:
        return self._fixed(f"ipv4/neigh/{name}", _NEIGHBOURS)

    def _ipv6_configuration(self, name: str, device: Device | None) -> Tree:
        if name == "default":
            return {"disable_ipv6": self._switch(self._namespace, "ipv6_disabled_by_default")}
        if device is None:
            return self._fixed(f"ipv6/conf/{name}", {"disable_ipv6": "0"})
        return {"disable_ipv6": self._switch(device, "ipv6_disabled", then=partial(ipv6.follow, device))}

    def _fixed(self, folder: str, values: dict[str, str]) -> dict[str, LiveFile]:
        return {name: self._file(*_kept(self._namespace, f"{folder}/{name}", value)) for name, value in values.items()}

    def _switch(self, owner: Namespace | Device, name: str, *, then: Callable[[], None] = lambda: None) -> LiveFile:
        return self._file(lambda: str(int(getattr(owner, name))), partial(_set_switch, owner, name, then))

    def _file(self, read: Reader, write: Writer) -> LiveFile:
        def take(data: bytes) -> None:
            # who opens a file to write does so without a word at first
            if data:
                write(data.decode(errors="replace").strip())

        return LiveFile(lambda: f"{read()}\n".encode(), take if self._writable else read_only)


def _kept(namespace: Namespace, path: str, usual: str) -> tuple[Reader, Writer]:
    """A setting that has its usual value, or the one that the namespace was made with."""
    def read() -> str:
        return namespace.settings.get(path, usual)

    def write(text: str) -> None:
        if text.split() != read().split():
            raise OSError(errno.EOPNOTSUPP, "another value is not simulated")

    return read, write


def _set_switch(owner: Namespace | Device, name: str, then: Callable[[], None], text: str) -> None:
    if not text.lstrip("-").isdigit():
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    setattr(owner, name, int(text) != 0)
    then()


def _port_range(namespace: Namespace) -> str:
    first, last = namespace.local_ports
    return f"{first}\t{last}"


def _set_port_range(namespace: Namespace, text: str) -> None:
    """Raises OSError(EINVAL) for what isn't two ports in their order."""
    words = text.split()
    ports = [int(word) for word in words if word.isdigit()]
    if len(ports) != 2 or len(words) != 2 or not 1 <= ports[0] <= ports[1] <= 65535:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    namespace.local_ports = (ports[0], ports[1])
