"""A rule: matched as and printed in the form of ``iptables -S`` (iptables(8))."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux.netfilter.extension import Match, Target
from netcourse.simulation.linux.netfilter.names import protocol_name
from netcourse.simulation.linux.netfilter.passage import Passage, fits

ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class Header:
    """What a rule asks of addresses, interfaces and the protocol. ``inverted`` names the options with a ``!``.

    ``fragment`` is None where fragments aren't asked about: they are put together before any rule sees them.
    """

    source: IPv4Network = ANYWHERE
    destination: IPv4Network = ANYWHERE
    incoming: str = ""
    outgoing: str = ""
    protocol: int = 0
    fragment: bool | None = None
    inverted: frozenset[str] = frozenset()

    def matches(self, passage: Passage) -> bool:
        packet = passage.packet
        return (not self.fragment
                and self._is_in("-s", packet.source, self.source)
                and self._is_in("-d", packet.destination, self.destination)
                and self._is_named("-i", passage.incoming, self.incoming)
                and self._is_named("-o", passage.outgoing, self.outgoing)
                and (not self.protocol or (packet.protocol == self.protocol) is not ("-p" in self.inverted)))

    def _is_in(self, option: str, ip: IPv4Address, network: IPv4Network) -> bool:
        return network is ANYWHERE or (ip in network) is not (option in self.inverted)

    def _is_named(self, option: str, name: str | None, pattern: str) -> bool:
        return not pattern or fits(pattern, name) is not (option in self.inverted)

    def sign(self, option: str, otherwise: str = "") -> str:
        return "!" if option in self.inverted else otherwise

    @property
    def words(self) -> list[str]:
        """In the order of ``iptables -S``."""
        conditions = {
            "-s": str(self.source) if self.source is not ANYWHERE else "",
            "-d": str(self.destination) if self.destination is not ANYWHERE else "",
            "-i": self.incoming, "-o": self.outgoing,
            "-p": protocol_name(self.protocol) if self.protocol else ""}
        words = [f"{'! ' * (option in self.inverted)}{option} {value}" for option, value in conditions.items() if value]
        return words if self.fragment is None else [*words, "-f" if self.fragment else "! -f"]


@dataclass(slots=True, eq=False)
class Rule:
    """``target`` is a chain's name or that of ``action``; "" for a rule that only counts."""

    header: Header = field(default_factory=Header)
    matches: tuple[Match, ...] = ()
    target: str = ""
    action: Target | None = None
    goto: bool = False
    packets: int = 0
    bytes: int = 0

    def matches_packet(self, passage: Passage) -> bool:
        return self.header.matches(passage) and all(match.test(passage) for match in self.matches)

    @property
    def needs_tracking(self) -> bool:
        """Whether the kernel begins to track connections because of it."""
        return any(match.tracks for match in self.matches) or (self.action is not None and self.action.tracks)

    @property
    def text(self) -> str:
        """The rule without ``-A CHAIN``."""
        return " ".join([*self._conditions, *self._jump])

    @property
    def counted_text(self) -> str:
        """The same with its counters, as ``iptables -S -v`` has it."""
        return " ".join([*self._conditions, f"-c {self.packets} {self.bytes}", *self._jump])

    @property
    def _conditions(self) -> list[str]:
        return self.header.words + [f"-m {match.module} {match.saved}".rstrip() for match in self.matches]

    @property
    def _jump(self) -> list[str]:
        if not self.target:
            return []
        jump = f"{'-g' if self.goto else '-j'} {self.target}"
        return [f"{jump} {self.action.saved}" if self.action is not None and self.action.saved else jump]
