"""/proc/net about the filter of packets: followed connections, and what iptables can name (net/netfilter/)."""

from __future__ import annotations

from functools import cache, partial

from netcourse.simulation.linux.kernel import PROCESSORS
from netcourse.simulation.linux.live_files import LiveFile, Tree
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.netfilter.matches import MATCHES
from netcourse.simulation.linux.netfilter.targets import TARGETS, VERDICTS

ONLY_ROOT = 0o440
_CONNECTIONS = ("entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop "
                "icmp_error  expect_new expect_create expect_delete search_restart\n")
_CONNECTION_COLUMNS = 17
_WIDE_GAPS = (1, 13)
_PROXY = "entries\t\tsyn_received\tcookie_invalid\tcookie_valid\tcookie_retrans\tconn_reopened\n"
_PROXY_COLUMNS = 6
_LOGGERS = {2: "nf_log_ipv4", 3: "nf_log_arp", 5: "nf_log_netdev", 7: "nf_log_bridge", 10: "nf_log_ipv6"}
_FAMILIES = 11


def tree(namespace: Namespace) -> Tree:
    return {"netfilter": _settings, "nf_conntrack": LiveFile(partial(_connections, namespace), permissions=ONLY_ROOT),
            "nf_conntrack_expect": LiveFile(lambda: b"", permissions=ONLY_ROOT), **_tables()}


def _connections(namespace: Namespace) -> bytes:
    return namespace.netfilter.conntrack.text().encode()


@cache
def _tables() -> Tree:
    """What the older iptables knows. Its tables aren't used: those of the newer one aren't listed here."""
    matches, targets = (_names(sorted(names, reverse=True)) for names in (
        MATCHES.keys(), TARGETS.keys() - {verdict.name for verdict in VERDICTS}))
    texts = {"matches": matches, "names": "", "targets": targets}
    return {f"{kind}_tables_{name}": LiveFile(text.encode, permissions=ONLY_ROOT)
            for kind in ("arp", "ip", "ip6") for name, text in texts.items()}


def _names(names: list[str]) -> str:
    return "".join(f"{name}\n" for name in names)


def _settings() -> Tree:
    return {"nf_log": LiveFile(lambda: _loggers().encode()),
            "nfnetlink_log": LiveFile(lambda: b"", permissions=ONLY_ROOT),
            "nfnetlink_queue": LiveFile(lambda: b"", permissions=ONLY_ROOT)}


def _loggers() -> str:
    """Who takes what LOG tells, by the number of a protocol's family (net/netfilter/nf_log.c)."""
    lines = []
    for family in range(_FAMILIES):
        name = _LOGGERS.get(family, "")
        lines.append(f"{family:2} {name or 'NONE'} ({f'{name},' if name else ''}nfnetlink_log)\n")
    return "".join(lines)


def connection_counters(namespace: Namespace) -> bytes:
    """A line for each processor (nf_conntrack_standalone.c, ct_cpu_seq_show); only how many there are is counted."""
    count = len(namespace.netfilter.conntrack.listing())
    numbers = [f"{number:08x}" for number in (count, *[0] * (_CONNECTION_COLUMNS - 1))]
    for place in _WIDE_GAPS:
        numbers[place] = f" {numbers[place]}"
    return (_CONNECTIONS + (" ".join(numbers) + "\n") * PROCESSORS).encode()


def proxy_counters(_: Namespace) -> bytes:
    """net/netfilter/nf_synproxy_core.c: nobody uses it here."""
    return (_PROXY + "\t".join(["0" * 8] * _PROXY_COLUMNS) + "\n" * PROCESSORS).encode()
