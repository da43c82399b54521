"""LOG and NFLOG, which count what they would have written down (iptables-extensions(8)).

Nobody reads the kernel's log in a network namespace of its own.
"""

from __future__ import annotations

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

LOG_LEVELS = {"alert": 1, "crit": 2, "debug": 7, "emerg": 0, "error": 3, "info": 6, "notice": 5, "panic": 0,
              "warning": 4}
SHOWN_LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
WARNING = 4
LOG_FLAGS = {"--log-tcp-sequence": 1, "--log-tcp-options": 2, "--log-ip-options": 4, "--log-uid": 8,
             "--log-macdecode": 32}
LONGEST_PREFIX, LONGEST_NFLOG_PREFIX = 29, 63
HIGHEST_GROUP, HIGHEST_THRESHOLD, HIGHEST_SIZE = 65535, 65535, 2**32 - 1
NFLOG_NUMBERS = {"--nflog-group": (HIGHEST_GROUP, 0), "--nflog-size": (HIGHEST_SIZE, None),
                 "--nflog-threshold": (HIGHEST_THRESHOLD, 1)}


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


def _nflog(given: Given) -> Target:
    """What has its usual value isn't shown."""
    if "--nflog-range" in given:
        raise IptablesError("iptables: the option --nflog-range of the target NFLOG is not simulated")
    words = []
    if "--nflog-prefix" in given:
        words.append(f"--nflog-prefix {quoted(given.text('--nflog-prefix')[:LONGEST_NFLOG_PREFIX])}")
    for option, (highest, usual) in NFLOG_NUMBERS.items():
        if option in given and (number := given.number(option, highest)) != usual:
            words.append(f"{option} {number}")
    return Target("NFLOG", CONTINUE, " ".join(words), " ".join(words).replace("--", ""))


LOGGING = (
    Extension("LOG", options(Option("--log-prefix"), Option("--log-level"),
                             *(Option(name, 0) for name in LOG_FLAGS)), _log),
    Extension("NFLOG", options(Option("--nflog-prefix"), *(Option(name) for name in NFLOG_NUMBERS),
                               Option("--nflog-range")), _nflog),
)
