"""The settings of a namespace's stack that change what it does (Documentation/networking/ip-sysctl.rst).

How they look as files is told in kernel_files/settings.py. What isn't as usual is kept; the rest stands in the tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile("-?(0[xX][0-9a-fA-F]{1,8}|0[0-7]{0,11}|[1-9][0-9]{0,9})")
_INTEGER = 2**31 - 1
TICK = 4  # milliseconds: the kernel rounds times up to its timer's ticks
ALL, DEFAULT = "all", "default"


def number_in(word: str) -> int:
    """Decimal, octal after 0, hexadecimal after 0x (kernel/sysctl.c, proc_get_long). Raises ValueError."""
    if _NUMBER.fullmatch(word) is None:
        raise ValueError(word)
    digits = word.removeprefix("-")
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    return int(word, base)


@dataclass(frozen=True, slots=True)
class Setting:
    """A number, as it usually is, and its bounds. ``step``: it is rounded up to a multiple."""

    usual: int
    least: int = -_INTEGER - 1
    most: int = _INTEGER
    step: int = 1

    def read(self, text: str) -> int:
        """The first number of ``text``. Raises ValueError for what isn't one within the bounds."""
        number = number_in(text.split()[0])
        if not self.least <= number <= self.most:
            raise ValueError(text)
        return -(-number // self.step) * self.step


OF_STACK = {
    "icmp_echo_ignore_all": Setting(0, 0, 1), "icmp_echo_ignore_broadcasts": Setting(1, 0, 1),
    "icmp_ratelimit": Setting(1000, 0, step=TICK), "ip_default_ttl": Setting(64, 1, 255),
    "ip_nonlocal_bind": Setting(0, 0, 255), "ip_unprivileged_port_start": Setting(1024, 0, 65535),
    "tcp_fin_timeout": Setting(60), "tcp_retries2": Setting(15, 0, 255),
    "tcp_syn_linear_timeouts": Setting(4, 0, 127), "tcp_syn_retries": Setting(6, 1, 127),
    "tcp_synack_retries": Setting(5, 0, 255)}
OF_CONNECTIONS = {
    "nf_conntrack_generic_timeout": Setting(600, 0), "nf_conntrack_icmp_timeout": Setting(30, 0),
    "nf_conntrack_tcp_loose": Setting(1, 0, 1), "nf_conntrack_tcp_timeout_close": Setting(10, 0),
    "nf_conntrack_tcp_timeout_close_wait": Setting(60, 0), "nf_conntrack_tcp_timeout_established": Setting(432_000, 0),
    "nf_conntrack_tcp_timeout_fin_wait": Setting(120, 0), "nf_conntrack_tcp_timeout_last_ack": Setting(30, 0),
    "nf_conntrack_tcp_timeout_syn_recv": Setting(60, 0), "nf_conntrack_tcp_timeout_syn_sent": Setting(120, 0),
    "nf_conntrack_tcp_timeout_time_wait": Setting(120, 0), "nf_conntrack_udp_timeout": Setting(30, 0),
    "nf_conntrack_udp_timeout_stream": Setting(120, 0)}
OF_INTERFACE = {
    "accept_local": Setting(0), "arp_accept": Setting(0), "arp_announce": Setting(0), "arp_filter": Setting(0),
    "arp_ignore": Setting(0), "promote_secondaries": Setting(0), "proxy_arp": Setting(0), "route_localnet": Setting(0),
    "rp_filter": Setting(0), "send_redirects": Setting(1)}
OF_NEIGHBOURS = {
    "base_reachable_time_ms": Setting(30_000), "delay_first_probe_time": Setting(5), "mcast_solicit": Setting(3, 0),
    "retrans_time_ms": Setting(1000, 0, step=TICK), "ucast_solicit": Setting(3, 0)}

_USUAL = {name: setting.usual for name, setting in (OF_STACK | OF_CONNECTIONS).items()}


class Settings:
    """``texts`` are settings without an effect that aren't as usual, by their path below /proc/sys/net."""

    __slots__ = ("_of_interfaces", "_of_stack", "_typed", "texts")

    def __init__(self) -> None:
        self._of_stack: dict[str, int] = {}
        self._of_interfaces: dict[tuple[str, str], int] = {}
        self._typed: set[tuple[str, str]] = set()
        self.texts: dict[str, str] = {}

    def get(self, name: str) -> int:
        return self._of_stack.get(name, _USUAL[name])

    @property
    def default_ttl(self) -> int:
        return self.get("ip_default_ttl")

    def put(self, name: str, value: int) -> None:
        self._of_stack[name] = value

    # Of one interface, of "all", and the "default" of those to come

    def of(self, interface: str, name: str, usual: int) -> int:
        return self._of_interfaces.get((interface, name), usual) if self._of_interfaces else usual

    def put_of(self, interface: str, name: str, value: int) -> None:
        self._of_interfaces[interface, name] = value
        self._typed.add((interface, name))

    def follow(self, interface: str, name: str, value: int) -> None:
        """Have it as "default" says now, unless somebody has said otherwise."""
        if (interface, name) not in self._typed:
            self._of_interfaces[interface, name] = value

    def greater(self, interface: str, name: str) -> int:
        """What holds where the greater one does: the interface's or that of "all"."""
        usual = OF_INTERFACE[name].usual
        if not self._of_interfaces:
            return usual
        return max(self.of(ALL, name, usual), self.of(interface, name, usual))

    def of_neighbours(self, interface: str, name: str) -> int:
        return self.of(interface, name, OF_NEIGHBOURS[name].usual)

    def either(self, interface: str, name: str) -> bool:
        """Where one of the two is enough."""
        return self.greater(interface, name) > 0

    def begin(self, interface: str) -> None:
        """A new interface is as "default" says."""
        for (owner, name), value in list(self._of_interfaces.items()):
            if owner == DEFAULT:
                self.put_of(interface, name, value)

    def forget(self, interface: str) -> None:
        self._of_interfaces = {key: value for key, value in self._of_interfaces.items() if key[0] != interface}
        self._typed = {key for key in self._typed if key[0] != interface}

    def forget_everywhere(self, name: str) -> None:
        """Each interface is as the namespace says again."""
        self._of_interfaces = {key: value for key, value in self._of_interfaces.items() if key[1] != name}

    def rename(self, interface: str, name: str) -> None:
        self._of_interfaces = {(name if key[0] == interface else key[0], key[1]): value
                               for key, value in self._of_interfaces.items()}
        self._typed = {(name if key[0] == interface else key[0], key[1]) for key in self._typed}
