"""What ``-j`` can name besides chains, and what each does to a packet (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address

from netcourse.packets import TCP, ICMPType
from netcourse.simulation.linux import icmp
from netcourse.simulation.linux.netfilter.conntrack import Tuple
from netcourse.simulation.linux.netfilter.extension import (
    CONTINUE,
    Extension,
    Given,
    IptablesError,
    Option,
    Target,
    options,
    quoted,
)
from netcourse.simulation.linux.netfilter.names import WITH_PORTS, port_number
from netcourse.simulation.linux.netfilter.passage import Passage

REJECTIONS = {
    "icmp-net-unreachable": ("net-unreach", 0), "icmp-host-unreachable": ("host-unreach", 1),
    "icmp-proto-unreachable": ("proto-unreach", 2), "icmp-port-unreachable": ("port-unreach", 3),
    "icmp-net-prohibited": ("net-prohib", 9), "icmp-host-prohibited": ("host-prohib", 10),
    "tcp-reset": ("tcp-rst", -1), "icmp-admin-prohibited": ("admin-prohib", 13),
}
LOG_LEVELS = {"alert": 1, "crit": 2, "debug": 7, "emerg": 0, "error": 3, "info": 6, "notice": 5, "panic": 0,
              "warning": 4}
SHOWN_LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
WARNING = 4
LOG_FLAGS = {"--log-tcp-sequence": 1, "--log-tcp-options": 2, "--log-ip-options": 4, "--log-uid": 8,
             "--log-macdecode": 32}
LONGEST_PREFIX = 29
NEEDS_PORTS = "Need TCP, UDP, SCTP or DCCP with port specification"
HIGHEST_TTL = 255
Range = tuple[int, int]


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
            passage.namespace.sockets.tcp.refuse(passage.packet, payload)
        elif name != "tcp-reset" and passage.hook != "OUTPUT":  # an error to oneself arrives nowhere (seen on 6.18)
            icmp.send_error(passage.namespace, passage.packet, ICMPType.UNREACHABLE, REJECTIONS[name][1])
    only_tcp = name == "tcp-reset" and given.protocol != 6
    return Target("REJECT", "DROP", f"--reject-with {name}", f"reject-with {name}", act=act,
                  tables=() if only_tcp else ("filter", "mangle"),
                  hooks=("nowhere",) if only_tcp else ("INPUT", "FORWARD", "OUTPUT"))


def _log(given: Given) -> Target:
    typed = given.text("--log-level") if "--log-level" in given else str(WARNING)
    level = int(typed) if typed.isdigit() and int(typed) < len(SHOWN_LEVELS) else LOG_LEVELS.get(typed.lower())
    if level is None:
        raise IptablesError(f'log level "{typed}" unknown\n')
    prefix = given.text("--log-prefix")[:LONGEST_PREFIX] if "--log-prefix" in given else ""
    flags = [name for name in LOG_FLAGS if name in given]
    saved = [f"--log-prefix {quoted(prefix)}"] if prefix else []
    saved += [f"--log-level {level}"] if level != WARNING else []
    shown = f' prefix "{prefix}"' if prefix else ""
    named = "".join(f" {flag.removeprefix('--log-')}" for flag in flags)
    return Target("LOG", CONTINUE, " ".join([*saved, *flags]),
                  f"LOG flags {sum(LOG_FLAGS[flag] for flag in flags)} level {level}{shown}",
                  f"LOG level {SHOWN_LEVELS[level]}{named}{shown}")


def _connmark(given: Given) -> Target:
    if not given.values:
        raise IptablesError("CONNMARK target: No operation specified")
    option = next(iter(given.values))
    value, mask = given.masked_number(option)
    cleared = value | mask if option == "--set-mark" else mask

    def act(passage: Passage) -> None:
        if passage.connection is not None:
            passage.connection.mark = passage.connection.mark & ~cleared ^ value
    listed = f"CONNMARK set {value:#x}" if cleared == 0xFFFFFFFF else f"CONNMARK xset {value:#x}/{cleared:#x}"
    return Target("CONNMARK", CONTINUE, f"--set-xmark {value:#x}/{cleared:#x}", listed, act=act)


TTL_ACTIONS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "--ttl-set": ("set to", lambda _, value: value), "--ttl-dec": ("decrement by", lambda ttl, value: ttl - value),
    "--ttl-inc": ("increment by", lambda ttl, value: ttl + value),
}


def _ttl(given: Given) -> Target:
    option = next(iter(given.values), None)
    if option is None:
        raise IptablesError("TTL: You must specify an action")
    value = given.number(option, HIGHEST_TTL)
    verb, change = TTL_ACTIONS[option]

    def act(passage: Passage) -> None:
        ttl = min(max(change(passage.packet.ttl, value), 0), HIGHEST_TTL)
        passage.packet = replace(passage.packet, ttl=ttl)
    return Target("TTL", CONTINUE, f"{option} {value}", f"TTL {verb} {value}", act=act, tables=("mangle",))


# Translation

def _ports(text: str) -> Range:
    first, dash, last = text.partition("-")
    numbers = [port_number(part, 6) for part in ((first, last) if dash else (first,))]
    for part, number in zip((first, last), numbers, strict=False):
        if number is None:
            raise IptablesError(f"Port `{part}' not valid")
    known = [number for number in numbers if number is not None]
    if known[0] > known[-1]:
        raise IptablesError(f"Port range `{text}' funky")
    return known[0], known[-1]


def _addresses(text: str) -> IPv4Address | None:
    """The first address of a range: what a connection gets as long as nothing else has it."""
    if not text:
        return None
    first, *_ = [_address(part) for part in text.split("-")]
    return first


@lru_cache(maxsize=1000)
def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise IptablesError(f'Bad IP address "{text}"') from None


def _within(port: int, ports: Range | None) -> int:
    """A port of the range: the packet's own where it lies in it (nf_nat_l4proto_unique_tuple)."""
    return port if ports is None or ports[0] <= port <= ports[1] else ports[0]


def _endpoint(given: Given, option: str) -> tuple[IPv4Address | None, Range | None]:
    """"10.0.0.2:80-90", "10.0.0.2-10.0.0.9" or ":53"."""
    given.require(option)
    address, colon, ports = given.text(option).partition(":")
    if colon and given.protocol not in WITH_PORTS and given.protocol != 1:
        raise IptablesError(NEEDS_PORTS)
    wanted = _ports(ports) if colon else None
    return _addresses(address), wanted if given.protocol in WITH_PORTS else None


def _own_address(passage: Passage, interface: str | None) -> IPv4Address:
    device = passage.namespace.devices.get(interface or "lo")
    return device.addresses[0].ip if device is not None and device.addresses else IPv4Address("127.0.0.1")


def _random_words(given: Given) -> list[str]:
    return [name for name in ("--random", "--random-fully", "--persistent") if name in given]


def _listed(*words: str) -> str:
    return " ".join(word.removeprefix("--") for word in words)


def _dnat(given: Given) -> Target:
    ip, ports = _endpoint(given, "--to-destination")
    text, extra = given.text("--to-destination"), _random_words(given)

    def translate(reply: Tuple, _: Passage) -> Tuple:
        return replace(reply, source=ip or reply.source, source_port=_within(reply.source_port, ports))
    return Target("DNAT", "ACCEPT", " ".join([f"--to-destination {text}", *extra]), _listed(f"to:{text}", *extra),
                  translate=translate, tables=("nat",), hooks=("PREROUTING", "OUTPUT"))


def _snat(given: Given) -> Target:
    ip, ports = _endpoint(given, "--to-source")
    text, extra = given.text("--to-source"), _random_words(given)

    def translate(reply: Tuple, _: Passage) -> Tuple:
        return replace(reply, destination=ip or reply.destination,
                       destination_port=_within(reply.destination_port, ports))
    return Target("SNAT", "ACCEPT", " ".join([f"--to-source {text}", *extra]), _listed(f"to:{text}", *extra),
                  translate=translate, tables=("nat",), hooks=("POSTROUTING", "INPUT"))


def _to_ports(given: Given) -> tuple[Range | None, str]:
    if "--to-ports" not in given:
        return None, ""
    if given.protocol not in WITH_PORTS:
        raise IptablesError(NEEDS_PORTS)
    low, high = _ports(given.text("--to-ports"))
    return (low, high), f"{low}" if low == high else f"{low}-{high}"


def _masquerade(given: Given) -> Target:
    (ports, shown), extra = _to_ports(given), _random_words(given)

    def translate(reply: Tuple, passage: Passage) -> Tuple:
        return replace(reply, destination=_own_address(passage, passage.outgoing),
                       destination_port=_within(reply.destination_port, ports))
    return Target("MASQUERADE", "ACCEPT", " ".join([*([f"--to-ports {shown}"] if shown else []), *extra]),
                  _listed(*([f"masq ports: {shown}"] if shown else []), *extra),
                  translate=translate, tables=("nat",), hooks=("POSTROUTING",))


def _redirect(given: Given) -> Target:
    (ports, shown), extra = _to_ports(given), _random_words(given)

    def translate(reply: Tuple, passage: Passage) -> Tuple:
        return replace(reply, source=_own_address(passage, passage.incoming),
                       source_port=_within(reply.source_port, ports))
    return Target("REDIRECT", "ACCEPT", " ".join([*([f"--to-ports {shown}"] if shown else []), *extra]),
                  _listed(*([f"redir ports {shown}"] if shown else []), *extra),
                  translate=translate, tables=("nat",), hooks=("PREROUTING", "OUTPUT"))


_RANDOM = (Option("--random", 0), Option("--random-fully", 0))
TARGETS: dict[str, Extension[Target]] = {extension.name: extension for extension in (
    *(Extension(verdict, {}, lambda given: Target(given.extension, given.extension))
      for verdict in ("ACCEPT", "DROP", "RETURN")),
    Extension("REJECT", options(Option("--reject-with")), _reject),
    Extension("LOG", options(Option("--log-prefix"), Option("--log-level"),
                             *(Option(name, 0) for name in LOG_FLAGS)), _log),
    Extension("CONNMARK", options(Option("--set-mark"), Option("--set-xmark")), _connmark),
    Extension("TTL", options(*(Option(name) for name in TTL_ACTIONS)), _ttl),
    Extension("DNAT", options(Option("--to-destination"), *_RANDOM, Option("--persistent", 0)), _dnat),
    Extension("SNAT", options(Option("--to-source"), *_RANDOM, Option("--persistent", 0)), _snat),
    Extension("MASQUERADE", options(Option("--to-ports"), *_RANDOM), _masquerade),
    Extension("REDIRECT", options(Option("--to-ports"), *_RANDOM), _redirect),
)}
NOT_SIMULATED = frozenset((
    "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNSECMARK", "CT", "DSCP", "ECN", "HMARK", "IDLETIMER", "LED",
    "MARK", "NETMAP", "NFLOG", "NFQUEUE", "NOTRACK", "QUEUE", "RATEEST", "SECMARK", "SET", "SYNPROXY", "TCPMSS",
    "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "ULOG"))
