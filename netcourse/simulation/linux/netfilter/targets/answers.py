"""REJECT: a packet that is dropped, and an answer to its sender (iptables-extensions(8))."""

from __future__ import annotations

from netcourse.packets import TCP, ICMPType
from netcourse.simulation.linux import icmp
from netcourse.simulation.linux.netfilter.extension import Extension, Given, IptablesError, Option, Target, options
from netcourse.simulation.linux.netfilter.passage import Passage

REJECTIONS = {
    "icmp-net-unreachable": ("net-unreach", 0), "icmp-host-unreachable": ("host-unreach", 1),
    "icmp-proto-unreachable": ("proto-unreach", 2), "icmp-port-unreachable": ("port-unreach", 3),
    "icmp-net-prohibited": ("net-prohib", 9), "icmp-host-prohibited": ("host-prohib", 10),
    "tcp-reset": ("tcp-rst", -1), "icmp-admin-prohibited": ("admin-prohib", 13),
}


def _reject(given: Given) -> Target:
    typed = given.text("--reject-with") if "--reject-with" in given else "icmp-port-unreachable"
    known = (name for name, (short, _) in REJECTIONS.items()
             if name.startswith(typed.lower()) or short.startswith(typed.lower()))
    name = next(known, None)
    if name is None:
        raise IptablesError(f'unknown reject type "{typed}"')

    def act(passage: Passage) -> None:
        payload = passage.packet.payload
        if name == "tcp-reset" and isinstance(payload, TCP):
            passage.namespace.sockets.tcp.refuse(passage.packet, payload, by_rule=True)
        elif name != "tcp-reset" and passage.hook != "OUTPUT":  # an error to oneself arrives nowhere (seen on 6.18)
            icmp.send_error(passage.namespace, passage.packet, ICMPType.UNREACHABLE, REJECTIONS[name][1])
    only_tcp = name == "tcp-reset" and given.protocol != 6
    return Target("REJECT", "DROP", f"--reject-with {name}", f"reject-with {name}", act=act,
                  tables=() if only_tcp else ("filter", "mangle"),
                  hooks=("nowhere",) if only_tcp else ("INPUT", "FORWARD", "OUTPUT"))


ANSWERS = (Extension("REJECT", options(Option("--reject-with")), _reject),)
