"""What a stack says by itself: echo replies, and errors to the sender of a packet (RFC 792, RFC 1122)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import ICMP, ICMPType, IPv4, Protocol

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace


def answer_echo(namespace: Namespace, packet: IPv4, request: ICMP) -> None:
    """Send back what was asked, from the address that was asked."""
    if namespace.ignores_echo:
        namespace.record("icmp", "dropped", packet, "echo is ignored here (net.ipv4.icmp_echo_ignore_all = 1)")
        return
    reply = replace(request, type=ICMPType.ECHO_REPLY)
    _try_to_send(namespace, IPv4(packet.destination, packet.source, Protocol.ICMP, reply))


def send_error(namespace: Namespace, packet: IPv4, kind: int, code: int, *, mtu: int = 0,
               source: IPv4Address | None = None) -> None:
    """Tell the sender of ``packet``; never about an ICMP error, a broadcast or a later fragment (RFC 1122 3.2.2)."""
    about_error = isinstance(packet.payload, ICMP) and packet.payload.is_error
    if about_error or packet.fragment_offset or namespace.is_broadcast(packet.destination):
        return
    try:
        sender = source or namespace.source_for(packet.source)
    except OSError:
        return
    _try_to_send(namespace, IPv4(sender, packet.source, Protocol.ICMP, ICMP(kind, code, 0, mtu, packet), tos=0xC0))


def _try_to_send(namespace: Namespace, packet: IPv4) -> None:
    try:
        namespace.send(packet)
    except OSError as reason:
        namespace.record("routing", "dropped", packet, reason.strerror or "")
