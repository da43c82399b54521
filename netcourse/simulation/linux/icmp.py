"""What a stack says by itself: echo replies, and errors to the sender of a packet (RFC 792, RFC 1122)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import ICMP, ICMPType, IPv4, Protocol, RedirectCode, Unreachable
from netcourse.simulation.linux.routes import NoRoute

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

INTERNETWORK_CONTROL = 0xC0
KEPT_TOS = 0x1E


def answer_echo(namespace: Namespace, packet: IPv4, request: ICMP) -> None:
    """Send back what was asked, from the address that was asked; where all were, from the one on the way back."""
    is_for_all = namespace.is_for_all(packet.destination)
    if is_for_all and namespace.settings.get("icmp_echo_ignore_broadcasts"):
        namespace.counted["IcmpInErrors"] += 1
        namespace.record("icmp", "dropped", packet, "nobody answers for all (net.ipv4.icmp_echo_ignore_broadcasts = 1)")
        return
    if namespace.settings.get("icmp_echo_ignore_all"):
        namespace.record("icmp", "dropped", packet, "echo is ignored here (net.ipv4.icmp_echo_ignore_all = 1)")
        return
    reply = replace(request, type=ICMPType.ECHO_REPLY)
    answer = IPv4(packet.destination, packet.source, Protocol.ICMP, reply, namespace.settings.default_ttl,
                  tos=packet.tos)
    if not is_for_all:
        _try_to_send(namespace, answer)
        return
    with suppress(NoRoute):
        _try_to_send(namespace, replace(answer, source=namespace.source_for(packet.source)))


def send_error(namespace: Namespace, packet: IPv4, kind: int, code: int, *, mtu: int = 0) -> None:
    """Tell the sender of ``packet``; never about an ICMP error, a broadcast or a later fragment (RFC 1122 3.2.2)."""
    is_about_size = kind == ICMPType.UNREACHABLE and code == Unreachable.FRAGMENTATION_NEEDED
    if not _may_be_told(namespace, packet):
        return
    if is_about_size or namespace.is_local(packet.source) or namespace.ipv4.peers.may_get_error(packet.source):
        _tell_sender(namespace, packet, ICMP(kind, code, 0, mtu, packet))
    else:
        namespace.counted["IcmpOutRateLimitHost"] += 1
        namespace.record("routing", "dropped", packet, "its sender got enough ICMP errors (net.ipv4.icmp_ratelimit)")


def send_redirect(namespace: Namespace, packet: IPv4, gateway: IPv4Address) -> None:
    """Tell the sender of ``packet`` that it could have sent it to ``gateway`` itself (RFC 1812 section 4.3.3.2)."""
    if _may_be_told(namespace, packet) and namespace.ipv4.peers.may_get_redirect(packet.source):
        high, low = divmod(int(gateway), 1 << 16)
        _tell_sender(namespace, packet, ICMP(ICMPType.REDIRECT, RedirectCode.HOST, high, low, packet))


def _may_be_told(namespace: Namespace, packet: IPv4) -> bool:
    about_error = isinstance(packet.payload, ICMP) and packet.payload.is_error
    return not (about_error or packet.fragment_offset or namespace.is_broadcast(packet.destination)
                or packet.destination.is_multicast)


def _tell_sender(namespace: Namespace, packet: IPv4, message: ICMP) -> None:
    """From the address that the packet was sent to, if it is ours; else from the one on the way back."""
    try:
        to_us = namespace.is_local(packet.destination)
        source = packet.destination if to_us else namespace.source_for(packet.source)
    except OSError:
        return
    tos = packet.tos & KEPT_TOS | INTERNETWORK_CONTROL
    ttl = namespace.settings.default_ttl
    _try_to_send(namespace, IPv4(source, packet.source, Protocol.ICMP, message, ttl, tos=tos))


def _try_to_send(namespace: Namespace, packet: IPv4) -> None:
    try:
        namespace.ipv4.send(packet)
    except OSError as reason:
        namespace.record("routing", "dropped", packet, reason.strerror or "")
