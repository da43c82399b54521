"""Which ports of the host are taken by published ones, and which a new one gets.

Seen on Engine 28.5.2 (moby daemon/libnetwork/portallocator, drivers/bridge/port_mapping_linux.go).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from ipaddress import IPv4Address
from itertools import groupby

from netcourse.simulation.docker.drivers.driver import PortBinding, PortRequest
from netcourse.simulation.docker.errors import EngineError, failed
from netcourse.simulation.linux.namespace import Namespace

EVERY_ADDRESS = IPv4Address(0)
PROTOCOLS = ("tcp", "udp")
BIND_ERRORS = {errno.EADDRINUSE: "address already in use", errno.EADDRNOTAVAIL: "cannot assign requested address"}


class PortAllocator:
    def __init__(self, host: Namespace) -> None:
        self._host = host
        self._held: list[PortBinding] = []
        self._last: dict[tuple[str, int, int], int] = {}

    def allocate(self, requests: Iterable[PortRequest], default_ip: IPv4Address,
                 container_ip: IPv4Address) -> list[PortBinding]:
        """Exact ports before ranges, then by the container's port, the host's and its address.

        Raises EngineError; nothing is held then.
        """
        bindings: list[PortBinding] = []
        try:
            in_order = sorted(requests, key=lambda request: (_order(request), request.host_ip or EVERY_ADDRESS))
            for _, alike in groupby(in_order, key=_order):
                bindings += self._allocate_alike(list(alike), default_ip, container_ip)
        except EngineError:
            self.release(bindings)
            raise
        return bindings

    def release(self, bindings: Iterable[PortBinding]) -> None:
        for binding in bindings:
            self._held.remove(binding)

    def _allocate_alike(self, requests: list[PortRequest], default_ip: IPv4Address,
                        container_ip: IPv4Address) -> list[PortBinding]:
        """Requests that differ in the host's address alone get the same port."""
        first = requests[0]
        addresses = [request.host_ip if request.host_ip is not None else default_ip for request in requests]
        port = self._free_port(first, addresses, f"{container_ip}:{first.container_port}/{first.protocol}")
        if first.protocol == "tcp" and any(_overlap(a, b) for i, a in enumerate(addresses) for b in addresses[:i]):
            raise failed("failed to listen on TCP socket: address already in use")
        bindings = [PortBinding(first.container_port, first.protocol, str(ip), port,
                                on_every_address=request.host_ip is None and ip == EVERY_ADDRESS)
                    for request, ip in zip(requests, addresses, strict=True)]
        self._held += bindings
        return bindings

    def _free_port(self, request: PortRequest, addresses: list[IPv4Address], target: str) -> int:
        if request.protocol not in PROTOCOLS:
            raise failed(f"error starting userland proxy: failed to listen on {addresses[0]}:{request.first}: protocol "
                         "not supported")
        refusal: EngineError | None = None
        for port in self._candidates(request):
            problem = self._problem(request.protocol, addresses, port, target)
            if problem is None:
                self._last[request.protocol, request.first, request.last] = port
                return port
            refusal = refusal or problem
        raise refusal if refusal is not None and request.first == request.last else failed("all ports are allocated")

    def _candidates(self, request: PortRequest) -> list[int]:
        """Round and round: after the port that the range gave last."""
        ports = list(range(request.first, request.last + 1))
        begin = self._last.get((request.protocol, request.first, request.last), request.first - 1) + 1 - request.first
        return ports[begin:] + ports[:begin]

    def _problem(self, protocol: str, addresses: list[IPv4Address], port: int, target: str) -> EngineError | None:
        """Why this port can't be had: another container has it, or the host's own sockets."""
        for ip in addresses:
            holder = next((held for held in self._held if (held.protocol, held.host_port) == (protocol, port)
                           and _overlap(IPv4Address(held.host_ip), ip)), None)
            if holder is not None:
                return failed(f"Bind for {holder.host_ip}:{port} failed: port is already allocated")
            try:
                self._host.sockets.check_free(protocol, ip, port)
            except OSError as error:
                return failed(f"failed to bind host port for {ip}:{port}:{target}: {BIND_ERRORS[error.errno or 0]}")
        return None


def distinct(bindings: Iterable[PortBinding]) -> list[PortBinding]:
    """Without those that another one covers: UDP allows that."""
    kept: list[PortBinding] = []
    for binding in sorted(bindings, key=lambda binding: IPv4Address(binding.host_ip)):
        if not any((other.protocol, other.host_port) == (binding.protocol, binding.host_port)
                   and _overlap(IPv4Address(other.host_ip), IPv4Address(binding.host_ip)) for other in kept):
            kept.append(binding)
    return kept


def _overlap(one: IPv4Address, other: IPv4Address) -> bool:
    return one == other or EVERY_ADDRESS in (one, other)


def _order(request: PortRequest) -> tuple[bool, int, int, int, int]:
    protocol = PROTOCOLS.index(request.protocol) if request.protocol in PROTOCOLS else len(PROTOCOLS)
    return (request.first != request.last, request.container_port, protocol, request.first, request.last)
