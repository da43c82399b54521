"""What the kernel shows of a namespace as files, read from its state at the moment of reading.

``processes`` is /proc/PID, ``settings`` is /proc/sys/net, ``devices`` is /sys/class/net, the others are /proc/net. A
file that isn't simulated isn't there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.kernel_files import devices, fib_trie, idle, network, settings, sockets, statistics
from netcourse.simulation.linux.kernel_files import processes as process_files
from netcourse.simulation.linux.live_files import LiveFile, Tree, locked
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process

_NETWORK = {"arp": network.neighbours, "dev": network.counters, "dev_mcast": network.link_layer_groups,
            "fib_trie": fib_trie.both_tables, "fib_triestat": fib_trie.statistics, "if_inet6": network.ipv6_addresses,
            "igmp": network.groups, "igmp6": network.ipv6_groups, "netstat": statistics.netstat,
            "nf_conntrack": network.connections, "raw": sockets.raw, "route": network.routes,
            "snmp": statistics.snmp, "sockstat": sockets.summary, "sockstat6": sockets.summary_ipv6,
            "tcp": sockets.tcp, "tcp6": sockets.tcp_ipv6, "udp": sockets.udp, "udp6": sockets.udp_ipv6,
            "unix": sockets.unix}


def mount_kernel_files(files: FileSystem, namespace: Namespace, processes: Callable[[], Mapping[int, Process]], *,
                       hostname: str, writable: bool) -> None:
    """Show /proc: of ``namespace``, where a process finds its own, and of the ``processes`` that it can see. In a
    container that isn't privileged, /proc/sys is mounted read-only."""
    set_there: Tree = {"kernel": partial(process_files.kernel_settings, hostname),
                       "net": partial(settings.tree, namespace)}
    settings_seen = set_there if writable else locked(set_there)
    of_machine = process_files.of_machine(namespace.machine)
    own = {"net": partial(_network_tree, namespace), "sys": lambda: settings_seen, **of_machine}
    files.mount_tree("/proc", lambda: {**own, **process_files.folders(processes(), _network_tree)})


def _network_tree(namespace: Namespace) -> Tree:
    idle_tables = {name: LiveFile(text.encode) for name, text in idle.TABLES.items()}
    return idle_tables | {name: LiveFile(partial(table, namespace)) for name, table in _NETWORK.items()}


def mount_devices(files: FileSystem, namespace: Namespace, *, writable: bool) -> None:
    """/dev, and /sys/class/net, which stays with the namespace in which /sys was mounted."""
    files.mount_tree("/sys/class/net",
                     lambda: devices.tree(namespace) if writable else locked(devices.tree(namespace)))
    files.mount_live("/dev/null", lambda: b"", lambda data: None)
