"""A command line of iptables, read: which command, on which chain, about which rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from netcourse.simulation.linux.netfilter import matches, targets
from netcourse.simulation.linux.netfilter.extension import Extension, Given, IptablesError, Match, Option, Target
from netcourse.simulation.linux.netfilter.matches import MATCHES
from netcourse.simulation.linux.netfilter.names import check_interface, protocol_name, protocol_number
from netcourse.simulation.linux.netfilter.rule import ANYWHERE, Header, Rule
from netcourse.simulation.linux.netfilter.targets import TARGETS
from netcourse.simulation.linux.netfilter.words import Words, spelled_out

LONG = {
    "--append": "-A", "--delete": "-D", "--check": "-C", "--insert": "-I", "--replace": "-R", "--list": "-L",
    "--list-rules": "-S", "--flush": "-F", "--zero": "-Z", "--new-chain": "-N", "--delete-chain": "-X",
    "--policy": "-P", "--rename-chain": "-E", "--table": "-t", "--wait": "-w", "--wait-interval": "-W",
    "--ipv4": "-4", "--numeric": "-n", "--verbose": "-v", "--exact": "-x", "--line-numbers": "-0",
    "--set-counters": "-c", "--modprobe": "-M", "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d",
    "--in-interface": "-i", "--out-interface": "-o", "--protocol": "-p", "--proto": "-p", "--fragment": "-f",
    "--match": "-m", "--jump": "-j", "--goto": "-g",
}
COMMANDS = {"-A": 1, "-C": 1, "-N": 1, "-D": 1, "-I": 1, "-R": 1, "-P": 1, "-E": 1, "-L": 0, "-S": 0, "-F": 0, "-Z": 0,
            "-X": 0}
SECOND_WORD = frozenset(("-D", "-I", "-R", "-L", "-S", "-Z", "-P", "-E"))
NUMBERED = frozenset(("-D", "-I", "-R", "-L", "-S", "-Z"))
WITH_RULE = frozenset(("-A", "-C", "-D", "-I", "-R"))
RULE_OPTIONS = frozenset(("-s", "-d", "-p", "-i", "-o", "-f", "-m", "-j", "-g"))
SETTINGS = ("-t", "-w", "-W", "-c", "-4", "-n", "-v", "-x", "-0", "-M")
ALLOWED_ONLY = dict.fromkeys(RULE_OPTIONS, WITH_RULE) | {
    "-n": {"-L"}, "-x": {"-L"}, "-0": {"-L"}, "-c": {"-A", "-I", "-R", "-N", "-P", "-S", "-L"}}
TOGETHER = ({"-L", "-Z"}, {"-S", "-Z"})


@dataclass(slots=True)
class Request:
    """``arguments`` are the words that belong to the command itself: the chain, then a policy, name or number."""

    command: str = ""
    arguments: list[str] = field(default_factory=list)
    number: int | None = None
    table: str = "filter"
    flags: set[str] = field(default_factory=set)
    rules: list[Rule] = field(default_factory=list)
    counters: tuple[int, int] = (0, 0)
    also_zero: bool = False

    @property
    def chain(self) -> str | None:
        return self.arguments[0] if self.arguments else None


def parse(words: list[str]) -> Request:
    """Raises IptablesError with iptables' own text."""
    return _Parser(words).request()


class _Parser:
    def __init__(self, words: list[str]) -> None:
        self._words = Words(words)
        self._request = Request()
        self._seen: dict[str, str] = {}
        self._inverted: set[str] = set()
        self._bang = False
        self._protocol = 0
        self._loaded: list[tuple[Extension[Match], Given]] = []
        self._target: tuple[Extension[Target], Given] | None = None
        self._known: set[str] = set()

    def request(self) -> Request:
        while self._words:
            word = self._words.option()
            if word == "!":
                self._negate()
                continue
            self._option(word)
            self._bang = False
        if self._bang:
            raise IptablesError("nothing appropriate following !")
        self._check_command()
        if self._request.command in WITH_RULE:
            self._request.rules = self._rules()
        return self._request

    def _negate(self) -> None:
        if self._bang:
            raise IptablesError("multiple consecutive ! not allowed")
        self._bang = True

    def _option(self, word: str) -> None:
        is_known = word in _HANDLERS or word in LONG or word in self._known
        name = word if is_known else spelled_out(word, {*LONG, *self._known})
        if name is None:
            self._unknown(word)
            return
        short = LONG.get(name, name)
        if short in _HANDLERS:
            _HANDLERS[short](self, short, word)
        else:
            self._extension_option(name)

    def _unknown(self, word: str) -> None:
        """An option may call for the match of the protocol, which needn't be named."""
        module = protocol_name(self._protocol)
        if word.startswith("--") and module in MATCHES and not any(e.name == module for e, _ in self._loaded):
            name = spelled_out(word, MATCHES[module].options)
            if name is not None:
                self._load(module)
                self._extension_option(name)
                return
        if word[:1] == "-":
            raise IptablesError(f'unknown option "{word}"')
        raise IptablesError(f"Bad argument `{word}'", bare=True)

    # Commands and settings

    def _command(self, command: str, word: str) -> None:
        self._refuse_bang(command)
        request = self._request
        if request.command and {command, request.command} in TOGETHER:
            request.also_zero = True
            request.command = request.command if command == "-Z" else command
            return
        if request.command:
            raise IptablesError(f"Cannot use {command} with {request.command}")
        request.command = command
        first = self._words.value(word) if COMMANDS[command] else self._words.optional()
        second = self._words.optional() if first is not None and command in SECOND_WORD else None
        request.arguments = [given for given in (first, second) if given is not None]
        if second is not None and command in NUMBERED:
            request.number = _rule_number(request.arguments.pop())

    def _refuse_bang(self, option: str) -> None:
        if self._bang:
            raise IptablesError(f"cannot have ! before {option}")

    def _setting(self, option: str, word: str) -> None:
        if option == "-t":
            self._refuse_bang(option)
            self._request.table = self._words.value(word)
        elif option == "-w":
            self._words.optional()
        elif option in ("-W", "-M"):
            self._words.value(word)
        elif option == "-c":
            self._count(word)
        else:
            self._request.flags.add(option)

    def _count(self, word: str) -> None:
        packets, size = self._words.value(word), self._words.optional()
        if size is None:
            raise IptablesError("-c requires packet and byte counter")
        for value, what in ((packets, "packet"), (size, "byte")):
            if not value.isdigit():
                raise IptablesError(f"-c {what} counter not numeric")
        self._request.counters = (int(packets), int(size))
        self._request.flags.add("-c")

    def _check_command(self) -> None:
        command = self._request.command
        if not command:
            raise IptablesError("no command specified")
        for option in (*self._seen, *sorted(self._request.flags)):
            if command not in ALLOWED_ONLY.get(option, COMMANDS):
                raise IptablesError(f"Illegal option `{option}' with this command")

    # What a rule asks

    def _condition(self, option: str, word: str) -> None:
        if self._bang and option in ("-m", "-j", "-g"):
            raise IptablesError(f"cannot have ! before {option}")
        if option in self._seen and option != "-m":
            raise IptablesError(f"multiple {option} flags not allowed")
        value = "" if option == "-f" else self._words.value(word)
        self._seen[option] = value
        if self._bang:
            self._inverted.add(option)
        if option == "-p":
            self._set_protocol(value)
        elif option == "-m":
            self._load(value)
        elif option in ("-j", "-g"):
            self._jump(option, value)
        elif option in ("-i", "-o"):
            check_interface(value)

    def _set_protocol(self, name: str) -> None:
        number = protocol_number(name)
        if number is None:
            raise IptablesError(f'unknown protocol "{name}" specified')
        if not number and self._bang:
            raise IptablesError("rule would never match protocol")
        self._protocol = number
        for _, given in self._loaded:
            given.protocol = number

    def _load(self, module: str) -> None:
        if module in matches.NOT_SIMULATED:
            raise IptablesError(f"iptables: the match {module} is not simulated")
        if module not in MATCHES:
            raise IptablesError(f"Couldn't load match `{module}':No such file or directory\n")
        once = module in ("tcp", "udp")
        if not (once and any(extension.name == module for extension, _ in self._loaded)):
            self._loaded.append((MATCHES[module], Given(module, protocol=self._protocol)))
            self._known.update(MATCHES[module].options)

    def _jump(self, option: str, name: str) -> None:
        if name in targets.NOT_SIMULATED and option == "-j":
            raise IptablesError(f"iptables: the target {name} is not simulated")
        if option == "-j" and name in TARGETS:
            self._target = TARGETS[name], Given(name)
            self._known.update(TARGETS[name].options)

    def _extension_option(self, typed: str) -> None:
        option, given = self._owner(typed)
        if option.name in given and not option.repeated:
            given.complain(f'option "{option.name}" can only be used once.\n')
        if option.name in given:
            raise IptablesError(option.repeated)
        if self._bang and not option.invertible:
            given.complain(f'option "{option.name}" cannot be inverted.\n')
        if self._bang:
            given.inverted.add(option.name)
        values = [self._words.value(typed) for _ in range(min(option.arguments, 1))]
        for _ in range(option.arguments - 1):
            second = self._words.optional()
            if second is None:
                raise IptablesError(f"{option.name} requires two args.")
            values.append(second)
        given.values[option.name] = tuple(values)

    def _owner(self, typed: str) -> tuple[Option, Given]:
        """The target's own, or that of the match which was named last."""
        if self._target is not None and typed in self._target[0].options:
            return self._target[0].options[typed], self._target[1]
        return next((extension.options[typed], given) for extension, given in reversed(self._loaded)
                    if typed in extension.options)

    # The rule

    def _rules(self) -> list[Rule]:
        """One for each pair of the addresses that were given."""
        conditions = tuple(extension.build(given) for extension, given in self._loaded)
        action = None
        if self._target is not None:
            extension, given = self._target
            given.protocol = self._protocol
            action = extension.build(given)
        goto = "-g" in self._seen
        packets, size = self._request.counters
        return [Rule(self._header(source, destination), conditions, self._seen.get("-g") or self._seen.get("-j", ""),
                     action, goto, packets, size)
                for source in self._networks("-s") for destination in self._networks("-d")]

    def _header(self, source: IPv4Network, destination: IPv4Network) -> Header:
        fragment = ("-f" not in self._inverted) if "-f" in self._seen else None
        return Header(source, destination, self._pattern("-i"), self._pattern("-o"), self._protocol, fragment,
                      frozenset(self._inverted))

    def _pattern(self, option: str) -> str:
        value = self._seen.get(option, "")
        return "" if value == "+" else value

    def _networks(self, option: str) -> list[IPv4Network]:
        if option not in self._seen:
            return [ANYWHERE]
        texts = self._seen[option].split(",")
        if len(texts) > 1 and option in self._inverted:
            raise IptablesError("! not allowed with multiple source or destination IP addresses")
        return [network_of(text) for text in texts]


_HANDLERS = {**dict.fromkeys(COMMANDS, _Parser._command), **dict.fromkeys(RULE_OPTIONS, _Parser._condition),
             **dict.fromkeys(SETTINGS, _Parser._setting)}


def _rule_number(word: str) -> int:
    if not word.isdigit() or not int(word):
        raise IptablesError(f"Invalid rule number `{word}'")
    return int(word)


@lru_cache(maxsize=1000)
def network_of(text: str) -> IPv4Network:
    """An address with or without its prefix length or mask. Raises IptablesError."""
    host, slash, mask = ("127.0.0.1" if text == "localhost" else text).partition("/")
    padded = host + ".0" * (3 - host.count(".")) if slash and host.replace(".", "").isdigit() else host
    try:
        network = IPv4Network(f"{padded}/{mask}" if slash else host, strict=False)
    except NetmaskValueError:
        raise IptablesError(f"invalid mask `{mask}' specified") from None
    except (AddressValueError, ValueError):
        raise IptablesError(f"host/network `{host}' not found") from None
    return ANYWHERE if network == ANYWHERE else network
