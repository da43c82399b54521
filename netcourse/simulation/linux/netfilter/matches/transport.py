"""Matches on the header behind IPv4's: tcp, tcpmss, udp, icmp, multiport (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.packets import ICMP, TCP, UDP
from netcourse.simulation.linux.netfilter.extension import (
    Extension,
    Given,
    IptablesError,
    Match,
    Option,
    integer,
    options,
    together,
)
from netcourse.simulation.linux.netfilter.names import LAST_PORT, WITH_PORTS, port_name, port_number
from netcourse.simulation.linux.netfilter.passage import Passage

Test = Callable[[Passage], bool]
PortRange = tuple[int, int]
SHOWN = {"--source-port": ("--sport", "spt"), "--destination-port": ("--dport", "dpt")}
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}
SYN_FLAGS = ("SYN,RST,ACK,FIN", "SYN")
MOST_PORTS = 15
HIGHEST_OPTION = 255
ICMP_TYPES: dict[str, tuple[int, int | None]] = {
    "any": (255, None), "echo-reply": (0, None), "pong": (0, None), "destination-unreachable": (3, None),
    "network-unreachable": (3, 0), "host-unreachable": (3, 1), "protocol-unreachable": (3, 2),
    "port-unreachable": (3, 3), "fragmentation-needed": (3, 4), "source-route-failed": (3, 5),
    "network-unknown": (3, 6), "host-unknown": (3, 7), "network-prohibited": (3, 9), "host-prohibited": (3, 10),
    "TOS-network-unreachable": (3, 11), "TOS-host-unreachable": (3, 12), "communication-prohibited": (3, 13),
    "host-precedence-violation": (3, 14), "precedence-cutoff": (3, 15), "source-quench": (4, None),
    "redirect": (5, None), "network-redirect": (5, 0), "host-redirect": (5, 1), "TOS-network-redirect": (5, 2),
    "TOS-host-redirect": (5, 3), "echo-request": (8, None), "ping": (8, None), "router-advertisement": (9, None),
    "router-solicitation": (10, None), "time-exceeded": (11, None), "ttl-exceeded": (11, None),
    "ttl-zero-during-transit": (11, 0), "ttl-zero-during-reassembly": (11, 1), "parameter-problem": (12, None),
    "ip-header-bad": (12, 0), "required-option-missing": (12, 1), "timestamp-request": (13, None),
    "timestamp-reply": (14, None), "address-mask-request": (17, None), "address-mask-reply": (18, None),
}


def port_of(passage: Passage, option: str) -> int | None:
    """The packet's port at that end; None for a packet without ports."""
    payload = passage.packet.payload
    if not isinstance(payload, UDP | TCP):
        return None
    return payload.source_port if option.startswith("--source") else payload.destination_port


def _port(text: str, protocol: int) -> int:
    number = port_number(text, protocol)
    if number is None:
        raise IptablesError(f"invalid port/service `{text}' specified")
    return number


def _tcp_range(given: Given, name: str) -> PortRange:
    first, colon, last = given.text(name).partition(":")
    low = _port(first, given.protocol) if first or not colon else 0
    high = (_port(last, given.protocol) if last else LAST_PORT) if colon else low
    if low > high:
        raise IptablesError("invalid portrange (min > max)")
    return low, high


def _udp_range(given: Given, name: str) -> PortRange:
    parts = given.text(name).split(":")
    if len(parts) > 2:
        given.complain(f'Too many components for option "{name}" (max: 2)\n')
    numbers = [port_number(part, given.protocol) if part else bound
               for part, bound in zip(parts, (0, LAST_PORT), strict=False)]
    for part, number in zip(parts, numbers, strict=True):
        if number is None:
            raise IptablesError(f'Port "{part}" does not resolve to anything.\n')
    known = [number for number in numbers if number is not None]
    if known[0] > known[-1]:
        given.complain("invalid port range (min > max)\n")
    return known[0], known[-1]


def _show(ports: PortRange, name: Callable[[int], str] = str) -> str:
    low, high = ports
    return name(low) if low == high else f"{name(low)}:{name(high)}"


def _ports(given: Given, read: Callable[[Given, str], PortRange]) -> tuple[list[str], list[str], list[str], list[Test]]:
    """The words of -S, of -L -n and of -L, and the tests, for the two options of ports."""
    saved, listed, named, tests = [], [], [], list[Test]()
    for option, (short, label) in SHOWN.items():
        if option not in given or ((ports := read(given, option)) == (0, LAST_PORT) and option not in given.inverted):
            continue
        inverted, plural = option in given.inverted, "" if ports[0] == ports[1] else "s"
        label, bang = f"{label}{plural}:", "!" if inverted else ""
        saved.append(f"{given.bang(option)}{short} {_show(ports)}")
        listed.append(f"{label}{bang}{_show(ports)}")
        named.append(f"{label}{bang}{_show(ports, lambda port: port_name(port, given.protocol))}")
        tests.append(_port_test(option, ports, inverted=inverted))
    return saved, listed, named, tests


def _port_test(option: str, ports: PortRange, *, inverted: bool) -> Test:
    def test(passage: Passage) -> bool:
        port = port_of(passage, option)
        return port is not None and (ports[0] <= port <= ports[1]) is not inverted
    return test


def _flags(text: str) -> int:
    if text in ("ALL", "NONE"):
        return 63 if text == "ALL" else 0
    for name in text.split(","):
        if name not in FLAGS:
            raise IptablesError(f"Unknown TCP flag `{name}'")
    return sum({FLAGS[name] for name in text.split(",")})


def _flag_names(flags: int) -> str:
    return ",".join(name for name, bit in FLAGS.items() if flags & bit) or "NONE"


def _tcp(given: Given) -> Match:
    if given.protocol != 6:
        raise IptablesError("TCP match requires '-p tcp'")
    saved, listed, named, tests = _ports(given, _tcp_range)
    option = "--syn" if "--syn" in given else "--tcp-flags"
    if option in given:
        words = SYN_FLAGS if option == "--syn" else given.values[option]
        mask, wanted = _flags(words[0]), _flags(words[1])
        inverted = option in given.inverted
        bang = "!" if inverted else ""
        saved.append(f"{given.bang(option)}--tcp-flags {_flag_names(mask)} {_flag_names(wanted)}")
        listed.append(f"flags:{bang}0x{mask:02X}/0x{wanted:02X}")
        named.append(f"flags:{bang}{_flag_names(mask)}/{_flag_names(wanted)}")
        tests.append(lambda p: isinstance(p.packet.payload, TCP)
                     and (p.packet.payload.flags & mask == wanted) is not inverted)
    if "--tcp-option" in given:
        number, inverted = given.number("--tcp-option", HIGHEST_OPTION, lowest=1), "--tcp-option" in given.inverted
        saved.append(f"{given.bang('--tcp-option')}--tcp-option {number}")
        listed.append(f"option={'!' if inverted else ''}{number}")
        named.append(listed[-1])
        tests.append(lambda p: isinstance(p.packet.payload, TCP)
                     and (number in p.packet.payload.options.kinds) is not inverted)
    return Match("tcp", " ".join(saved), " ".join(["tcp", *listed]), together(tests), " ".join(["tcp", *named]))


def _udp(given: Given) -> Match:
    if given.protocol != 17:
        raise IptablesError("UDP match requires '-p udp'")
    saved, listed, named, tests = _ports(given, _udp_range)
    return Match("udp", " ".join(saved), " ".join(["udp", *listed]), together(tests), " ".join(["udp", *named]))


def _tcpmss(given: Given) -> Match:
    given.require("--mss")
    first, colon, last = given.text("--mss").partition(":")
    low, high = integer(first), integer(last) if colon else integer(first)
    if low is None or high is None or not low <= high <= LAST_PORT:
        given.complain(f'bad value for option "--mss" near "{first}", or out of range (0-{LAST_PORT}).\n')
    shown = f"{low}" if low == high else f"{low}:{high}"
    bang, inverted = given.bang("--mss"), "--mss" in given.inverted

    def test(passage: Passage) -> bool:
        segment = passage.packet.payload
        size = segment.options.segment_size if isinstance(segment, TCP) else None
        return size is not None and (low <= size <= high) is not inverted
    return Match("tcpmss", f"{bang}--mss {shown}", f"tcpmss match {bang.strip()}{shown}", test)


def _icmp_type(text: str) -> tuple[int, int | None]:
    found = [kind for name, kind in ICMP_TYPES.items() if name.lower().startswith(text.lower())]
    exact = ICMP_TYPES.get(text)
    if exact is not None or len(set(found)) == 1:
        return exact or found[0]
    if len(found) > 1:
        raise IptablesError(f'Ambiguous ICMP type "{text}":')
    number, slash, code = text.partition("/")
    for part in (number, code) if slash else (number,):
        if not part.isdigit() or int(part) > 255:
            raise IptablesError(f"Invalid ICMP type `{text}'")
    return int(number), int(code) if slash else None


def _icmp(given: Given) -> Match:
    given.require("--icmp-type")
    if given.protocol != 1:
        raise IptablesError("icmp: ICMP match requires '-p icmp'")
    kind, code = _icmp_type(given.text("--icmp-type"))
    inverted = "--icmp-type" in given.inverted
    saved = "any" if kind == 255 else f"{kind}" if code is None else f"{kind}/{code}"
    listed = f"type {kind}" if kind == 255 or code is None else f"type {kind} code {code}"
    names = (name for name, known in ICMP_TYPES.items() if known == (kind, code))
    bang = "!" if inverted else ""

    def test(passage: Passage) -> bool:
        payload = passage.packet.payload
        return isinstance(payload, ICMP) and (
            (kind in (255, payload.type) and code in (None, payload.code)) is not inverted)
    return Match("icmp", f"{given.bang('--icmp-type')}--icmp-type {saved}",
                 f"icmp{bang}{listed}" if bang else f"icmp{listed}", test, f"icmp {bang}{next(names, listed)}")


def _port_list(text: str, protocol: int) -> list[PortRange]:
    ranges = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        ranges.append((_port(first, protocol), _port(last, protocol) if colon else _port(first, protocol)))
    if sum(1 if low == high else 2 for low, high in ranges) > MOST_PORTS:
        raise IptablesError("too many ports specified")
    if any(low > high for low, high in ranges):
        raise IptablesError("invalid portrange specified")
    return ranges


MULTIPORT = {"--source-ports": ("--sports", "sports"), "--destination-ports": ("--dports", "dports"),
             "--ports": ("--ports", "ports")}


def _multiport(given: Given) -> Match:
    if given.protocol not in WITH_PORTS:
        raise IptablesError('multiport needs `-p tcp\', `-p udp\', `-p udplite\', `-p sctp\' or `-p dccp\'')
    option = next(iter(given.values), None)
    if option is None:
        raise IptablesError("multiport expection an option")
    short, label = MULTIPORT[option]
    ranges = _port_list(given.text(option), given.protocol)
    ends = tuple(MULTIPORT)[:2] if option == "--ports" else (option,)
    inverted = option in given.inverted

    def test(passage: Passage) -> bool:
        ports = [port for end in ends if (port := port_of(passage, end)) is not None]
        found = any(low <= port <= high for port in ports for low, high in ranges)
        return bool(ports) and found is not inverted
    listed = ",".join(map(_show, ranges))
    named = ",".join(_show(ports, lambda port: port_name(port, given.protocol)) for ports in ranges)
    bang = "!" if inverted else ""
    return Match("multiport", f"{given.bang(option)}{short} {listed}", f"multiport {label} {bang}{listed}", test,
                 f"multiport {label} {bang}{named}")


def _once(name: str, arguments: int = 1) -> Option:
    return Option(name, arguments, invertible=True, repeated=f"Only one `{name}' allowed")


_PORT_ALIASES = {"--sport": "--source-port", "--dport": "--destination-port"}
TRANSPORT = (
    Extension("tcp", options(_once("--source-port"), _once("--destination-port"), _once("--tcp-flags", 2),
                             _once("--syn", 0), _once("--tcp-option"), aliases=_PORT_ALIASES), _tcp),
    Extension("udp", options(Option("--source-port", invertible=True), Option("--destination-port", invertible=True),
                             aliases=_PORT_ALIASES), _udp),
    Extension("icmp", options(Option("--icmp-type", invertible=True)), _icmp),
    Extension("tcpmss", options(Option("--mss", invertible=True)), _tcpmss),
    Extension("multiport", options(*(Option(name, invertible=True) for name in MULTIPORT),
                                   aliases={"--sports": "--source-ports", "--dports": "--destination-ports"}),
              _multiport),
)
