"""docker-proxy: listens on a published port of the host and hands on what comes, where DNAT doesn't apply."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.docker.drivers.driver import PortBinding
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.sockets import UDPSocket
from netcourse.simulation.linux.tasks import Task
from netcourse.simulation.linux.tcp import ANY, TCPSocket
from netcourse.simulation.linux.tcp_states import State

REPLY_TIMEOUT = 90


class Proxy:
    """One process of docker-proxy. Raises OSError(EADDRINUSE) when the port is taken."""

    def __init__(self, machine: Machine, binding: PortBinding, container_ip: IPv4Address) -> None:
        self._machine = machine
        self._target = (container_ip, binding.container_port)
        host_ip = IPv4Address(binding.host_ip)
        self._listener: TCPSocket | UDPSocket
        if binding.protocol == "udp":
            self._listener = datagrams = UDPSocket(machine.root)
            datagrams.bind(host_ip, binding.host_port)
            self._task = Task(machine.clock, self._relay_datagrams(datagrams))
        else:
            self._listener = connections = TCPSocket(machine.root)
            connections.bind(host_ip, binding.host_port)
            connections.listen()
            self._task = Task(machine.clock, self._accept(connections))

        self._ipv6_listener = self._listen_on_ipv6(binding) if binding.on_every_address else None

    def _listen_on_ipv6(self, binding: PortBinding) -> TCPSocket | UDPSocket:
        """What is published on every address has a second proxy, on [::], which is only seen."""
        listener = type(self._listener)(self._machine.root)
        listener.is_ipv6, listener.local = True, (ANY, binding.host_port)
        if isinstance(listener, TCPSocket):
            listener.state = State.LISTEN
        self._machine.root.sockets.ipv6_only.append(listener)
        return listener

    def close(self) -> None:
        self._task.cancel()
        self._listener.close()
        if self._ipv6_listener is not None:
            self._machine.root.sockets.ipv6_only.remove(self._ipv6_listener)

    async def _accept(self, listener: TCPSocket) -> None:
        while True:
            client = await listener.accept()
            Task(self._machine.clock, self._serve(client))

    async def _serve(self, client: TCPSocket) -> None:
        server = TCPSocket(self._machine.root)
        try:
            await server.connect(self._target)
        except OSError:
            client.abort()
            return
        there = Task(self._machine.clock, _relay(client, server))
        await _relay(server, client)
        await there
        client.close()
        server.close()

    async def _relay_datagrams(self, socket: UDPSocket) -> None:
        while True:
            try:
                data, client = await socket.receive_from()
            except OSError:
                continue
            Task(self._machine.clock, self._ask(socket, data, client))

    async def _ask(self, socket: UDPSocket, data: bytes, client: tuple[IPv4Address, int]) -> None:
        server = UDPSocket(self._machine.root)
        try:
            server.send_to(data, self._target)
            reply, _ = await server.receive_from(REPLY_TIMEOUT)
            socket.send_to(reply, client)
        except OSError:
            return
        finally:
            server.close()


async def _relay(source: TCPSocket, target: TCPSocket) -> None:
    try:
        while data := await source.receive():
            await target.send(data)
        target.shutdown()
    except OSError:
        target.abort()
