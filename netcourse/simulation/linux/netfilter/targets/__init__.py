"""What ``-j`` can name here besides chains, by their names."""

from netcourse.simulation.linux.netfilter.extension import Extension, Target
from netcourse.simulation.linux.netfilter.targets.answers import ANSWERS
from netcourse.simulation.linux.netfilter.targets.headers import HEADERS_CHANGED
from netcourse.simulation.linux.netfilter.targets.logging import LOGGING
from netcourse.simulation.linux.netfilter.targets.marks import MARKS
from netcourse.simulation.linux.netfilter.targets.tracking import TRACKING
from netcourse.simulation.linux.netfilter.targets.translation import TRANSLATION

VERDICTS = tuple(Extension(verdict, {}, lambda given: Target(given.extension, given.extension))
                 for verdict in ("ACCEPT", "DROP", "RETURN"))
TARGETS: dict[str, Extension[Target]] = {extension.name: extension for extension in (
    *VERDICTS, *ANSWERS, *LOGGING, *MARKS, *HEADERS_CHANGED, *TRACKING, *TRANSLATION)}
NOT_SIMULATED = frozenset((
    "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNSECMARK", "DSCP", "ECN", "HMARK", "IDLETIMER", "LED", "NETMAP",
    "NFQUEUE", "QUEUE", "RATEEST", "SECMARK", "SET", "SYNPROXY", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE",
    "ULOG"))

__all__ = ["NOT_SIMULATED", "TARGETS"]
