"""A rule as it is printed is the rule: what iptables -S and iptables-save say can be read again (hypothesis)."""

from __future__ import annotations

import random
import string

from hypothesis import given
from hypothesis import strategies as st

from netcourse.journey import Recorder
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.netfilter import Netfilter, Restore, run_command, saved
from netcourse.simulation.linux.netfilter.words import words_of

Words = tuple[str, ...]
ADDRESSES = st.ip_addresses(v=4).map(str)
NETWORKS = st.builds("{}/{}".format, ADDRESSES, st.integers(1, 32))
INTERFACES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=14) | st.just("veth+")
PORTS = st.integers(0, 65535).map(str)
NUMBERS = st.integers(0, 2**32 - 1).map(str)
STATES = st.lists(st.sampled_from(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"]),
                  min_size=1, unique=True).map(",".join)
FLAGS = st.lists(st.sampled_from(["FIN", "SYN", "RST", "PSH", "ACK", "URG"]), min_size=1, unique=True).map(",".join)
MACS = st.binary(min_size=6, max_size=6).map(lambda parts: parts.hex(":"))
TEXTS = st.text(string.ascii_letters + string.digits + " \"'\\$-_.", min_size=1, max_size=29).filter(str.strip)


def option(name: str, value: st.SearchStrategy[str], *, invertible: bool = True) -> st.SearchStrategy[Words]:
    bangs = st.sampled_from([(), ("!",)]) if invertible else st.just(())
    return st.tuples(bangs, value).map(lambda found: (*found[0], name, found[1]))


def match(name: str, *options: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    return st.tuples(*options).map(lambda found: ("-m", name, *(word for words in found for word in words)))


HEADER = st.tuples(*(st.just(()) | option(name, values) for name, values in (
    ("-s", NETWORKS), ("-d", NETWORKS), ("-i", INTERFACES), ("-o", INTERFACES))))
PROTOCOLS = st.one_of(
    st.just(()), st.sampled_from(["icmp", "udp", "47", "sctp"]).map(lambda name: ("-p", name)),
    st.tuples(st.just(("-p", "tcp")), match("tcp", option("--dport", PORTS), option("--sport", PORTS))),
    st.tuples(st.just(("-p", "tcp")), match("tcp", st.tuples(FLAGS, FLAGS).map(lambda f: ("--tcp-flags", *f)))),
    st.tuples(st.just(("-p", "udp")), match("multiport", option("--dports", st.just("53,67:68,123")))),
).map(lambda found: tuple(w for part in found for w in ((part,) if isinstance(part, str) else part)))
MATCHES = st.lists(st.one_of(
    match("conntrack", option("--ctstate", STATES)), match("mark", option("--mark", NUMBERS)),
    match("connmark", option("--mark", NUMBERS)), match("mac", option("--mac-source", MACS)),
    match("physdev", option("--physdev-in", INTERFACES)),
    match("comment", option("--comment", TEXTS, invertible=False)),
    match("ttl", option("--ttl-eq", st.integers(0, 255).map(str))), match("length", option("--length", PORTS)),
    match("addrtype", option("--dst-type", st.sampled_from(["LOCAL", "BROADCAST,MULTICAST"]))),
    match("iprange", option("--src-range", st.just("10.0.0.1-10.0.0.9"))),
    match("limit", option("--limit", st.sampled_from(["1/sec", "5/min", "7/hour", "13/day"]), invertible=False)),
    match("pkttype", option("--pkt-type", st.sampled_from(["unicast", "broadcast"]))),
), max_size=3)
TARGETS = st.one_of(
    st.sampled_from(["ACCEPT", "DROP", "RETURN", "LOG", "NFLOG"]).map(lambda name: ("-j", name)), st.just(()),
    option("--set-xmark", st.builds("{}/{}".format, NUMBERS, NUMBERS), invertible=False).map(
        lambda words: ("-j", "MARK", *words)),
    st.sampled_from(["--and-mark", "--or-mark", "--xor-mark", "--set-mark"]).flatmap(
        lambda name: option(name, NUMBERS, invertible=False)).map(lambda words: ("-j", "CONNMARK", *words)),
    option("--log-prefix", TEXTS, invertible=False).map(lambda words: ("-j", "LOG", *words)),
    st.sampled_from(["icmp-port-unreachable", "icmp-host-prohibited"]).map(
        lambda kind: ("-j", "REJECT", "--reject-with", kind)),
)
RULES = st.tuples(HEADER, PROTOCOLS, MATCHES, TARGETS).map(lambda parts: [
    *(word for words in parts[0] for word in words), *parts[1], *(word for words in parts[2] for word in words),
    *parts[3]])


def fresh() -> Netfilter:
    return Machine("machine", Clock(), random.Random(0), Recorder()).root.netfilter


@given(RULES)
def test_a_printed_rule_reads_back_as_itself(words: list[str]) -> None:
    first, second = fresh(), fresh()
    run_command(first, ["-A", "FORWARD", *words])

    printed = run_command(first, ["-S", "FORWARD"])
    run_command(second, words_of(printed.splitlines()[1]))

    assert run_command(second, ["-S", "FORWARD"]) == printed


@given(RULES)
def test_a_rule_is_found_again_by_the_words_that_made_it(words: list[str]) -> None:
    netfilter = fresh()
    run_command(netfilter, ["-A", "FORWARD", *words])

    run_command(netfilter, ["-C", "FORWARD", *words])
    run_command(netfilter, ["-D", "FORWARD", *words])

    assert run_command(netfilter, ["-S", "FORWARD"]) == "-P FORWARD ACCEPT\n"


@given(st.lists(RULES, max_size=4))
def test_what_is_saved_and_restored_is_saved_the_same(rules: list[list[str]]) -> None:
    first, second = fresh(), fresh()
    for words in rules:
        run_command(first, ["-A", "FORWARD", *words])

    Restore(second, flush=True, counted=False, tested=False, only=None).follow(saved(first))

    assert saved(second) == saved(first)
