"""What dig prints of an answer: the header, the sections in columns of tabs, and where and when it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address

from netcourse.dns import Answer, Message, ResponseCode
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.programs.host.dig.command_line import TYPES, VERSION, CommandLine, Lookup

TAB = 8
TTL_COLUMN, CLASS_COLUMN = 24, 32
_STATUS = {ResponseCode.NO_ERROR: "NOERROR", ResponseCode.FORMAT_ERROR: "FORMERR",
           ResponseCode.SERVER_FAILURE: "SERVFAIL", ResponseCode.NAME_ERROR: "NXDOMAIN",
           ResponseCode.REFUSED: "REFUSED"}
_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Source:
    """Who answered, after how many milliseconds, with how many bytes, and when (nanoseconds since 1970)."""

    server: IPv4Address
    port: int
    milliseconds: int
    size: int
    when: int
    over_tcp: bool


def greeting(line: CommandLine) -> str:
    """The command again, and how many servers it names before the first name."""
    text = f"\n; <<>> DiG {VERSION} <<>>{''.join(f' {word}' for word in line.words)}\n"
    if line.first_servers:
        text += f"; ({line.first_servers} server{'s' if line.first_servers > 1 else ''} found)\n"
    return text + ";; global options: +cmd\n"


def answer(line: CommandLine, lookup: Lookup, message: Message, source: Source) -> str:
    if line.is_short:
        return "".join(f"{_data(record)}\n" for record in message.answers)
    shown = lookup.shown
    text = _header(message) if shown["comments"] else ""
    if shown["question"]:
        text += _section(lookup, "QUESTION", f";{_question(message)}\n")
    if shown["answer"] and message.answers:
        text += _section(lookup, "ANSWER", "".join(f"{_record(record, lookup)}\n" for record in message.answers))
    if shown["stats"]:
        text += _statistics(source)
    return text


def _header(message: Message) -> str:
    status = _STATUS.get(ResponseCode(message.code), str(message.code))
    flags = [name for name, is_set in (("qr", message.is_response), ("rd", message.recursion_desired),
                                       ("ra", message.recursion_available)) if is_set]
    text = (f";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {message.identifier}\n"
            f";; flags: {' '.join(flags)}; QUERY: 1, ANSWER: {len(message.answers)}, AUTHORITY: 0, ADDITIONAL: 0\n")
    if message.recursion_desired and not message.recursion_available:
        text += ";; WARNING: recursion requested but not available\n"
    return text + "\n"


def _section(lookup: Lookup, title: str, lines: str) -> str:
    """With its title and the blank line after it, where comments are shown."""
    return f";; {title} SECTION:\n{lines}\n" if lookup.shown["comments"] else lines


def _name(name: str) -> str:
    return name.rstrip(".") + "."


def _tabs(length: int, column: int) -> str:
    """At least one, up to the column."""
    return "\t" * max(1, -(-(column - length) // TAB))


def _type(number: int) -> str:
    return next((name for name, known in TYPES.items() if known == number), f"TYPE{number}")


def _question(message: Message) -> str:
    name = _name(message.name)
    return f"{name}{_tabs(len(name), CLASS_COLUMN)}IN\t{_type(message.type)}"


def _record(record: Answer, lookup: Lookup) -> str:
    name = _name(record.name)
    ttl = _in_units(record.ttl) if lookup.ttl_in_units else str(record.ttl)
    fields = [ttl] * lookup.shows_ttl + ["IN"] * lookup.shows_class + [_type(record.type), _data(record)]
    return name + _tabs(len(name), TTL_COLUMN) + "\t".join(fields)


def _in_units(seconds: int) -> str:
    """As 1h30m."""
    text = ""
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _data(record: Answer) -> str:
    return str(record.data) if isinstance(record.data, IPv4Address) else _name(record.data)


def _statistics(source: Source) -> str:
    when = datetime.fromtimestamp(source.when / SECOND, UTC)
    return (f";; Query time: {source.milliseconds} msec\n"
            f";; SERVER: {source.server}#{source.port}({source.server}) ({'TCP' if source.over_tcp else 'UDP'})\n"
            f";; WHEN: {when:%a %b %d %H:%M:%S} UTC {when:%Y}\n;; MSG SIZE  rcvd: {source.size}\n\n")
