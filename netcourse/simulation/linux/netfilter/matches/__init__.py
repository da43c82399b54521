"""The matches that ``-m`` can name here, by their names."""

from netcourse.simulation.linux.netfilter.extension import Extension, Match
from netcourse.simulation.linux.netfilter.matches.chance import CHANCE
from netcourse.simulation.linux.netfilter.matches.connection import CONNECTION
from netcourse.simulation.linux.netfilter.matches.header import HEADER
from netcourse.simulation.linux.netfilter.matches.link import LINK
from netcourse.simulation.linux.netfilter.matches.marks import MARKS
from netcourse.simulation.linux.netfilter.matches.transport import TRANSPORT

MATCHES: dict[str, Extension[Match]] = {
    extension.name: extension for extension in (*TRANSPORT, *CONNECTION, *MARKS, *HEADER, *LINK, *CHANCE)}
NOT_SIMULATED = frozenset((
    "ah", "bpf", "cgroup", "cluster", "connbytes", "connlabel", "connlimit", "cpu", "dccp", "devgroup", "dscp", "ecn",
    "esp", "hashlimit", "helper", "ipvs", "nfacct", "osf", "owner", "policy", "quota", "rateest", "realm", "recent",
    "rpfilter", "sctp", "set", "socket", "string", "time", "tos", "u32", "unclean"))

__all__ = ["MATCHES", "NOT_SIMULATED"]
