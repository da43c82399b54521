"""What the simulated machine is plugged into: a switch, and on it a router that knows the way to one server.

The addresses are those for documentation (RFC 5737); nothing of the real world outside is reached.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.dns import Message, ResponseCode
from netcourse.packets import MalformedPacket
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Physical, Switch
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.routes import EVERYWHERE, Route
from netcourse.simulation.linux.sockets import UDPSocket
from netcourse.simulation.linux.tasks import Task

MACHINE, ROUTER = Address.parse("192.0.2.2/24", broadcast=True), Address.parse("192.0.2.1/24", broadcast=True)
SERVER = Address.parse("198.51.100.10/32")


def plug_in(machine: Machine) -> list[IPv4Address]:
    """Give ``machine`` a card and its way out; returns the nameservers that it is to use."""
    switch = Switch()
    card = Physical("eth0", machine.new_mac(), switch)
    machine.root.add_device(card)
    machine.root.add_address(card, MACHINE)
    machine.root.set_up(card)
    machine.root.routes.add(Route(EVERYWHERE, "eth0", gateway=ROUTER.ip))
    _add_router(machine, switch)
    return [ROUTER.ip]


def _add_router(machine: Machine, switch: Switch) -> None:
    outside = Machine("outside", machine.clock, machine.random, machine.recorder)
    router = outside.root
    router.name = "outside"
    card = Physical("eth0", machine.new_mac(), switch)
    router.add_device(card)
    router.add_address(card, ROUTER)
    router.add_address(router.loopback, SERVER)
    router.set_up(card)
    nameserver = UDPSocket(router)
    nameserver.bind(port=53)
    Task(machine.clock, _know_nothing(nameserver))


async def _know_nothing(socket: UDPSocket) -> None:
    """A nameserver for a world without names."""
    while True:
        try:
            data, client = await socket.receive_from()
            question = Message.decode(data)
            answer = Message(question.identifier, question.name, question.type, is_response=True,
                             recursion_available=True, code=ResponseCode.NAME_ERROR)
            socket.send_to(answer.encode(), client)
        except (OSError, MalformedPacket):
            continue
