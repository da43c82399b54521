"""What the kernel shows of a namespace as files, read from its state at the moment of reading.

``machine`` and ``processes`` are /proc, ``settings`` is /proc/sys/net, ``devices`` is /sys/class/net, ``device_nodes``
is /dev, the others are /proc/net. A file that isn't simulated isn't there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.kernel_files import (
    device_nodes,
    devices,
    families,
    fib_trie,
    filters,
    idle,
    ipv6,
    machine,
    network,
    settings,
    sockets,
    statistics,
)
from netcourse.simulation.linux.kernel_files import processes as process_files
from netcourse.simulation.linux.live_files import Link, LiveFile, Tree, locked
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process

_NETWORK = {"arp": network.neighbours, "dev": network.counters, "dev_mcast": network.link_layer_groups,
            "fib_trie": fib_trie.both_tables, "fib_triestat": fib_trie.statistics, "if_inet6": ipv6.addresses,
            "igmp": network.groups, "igmp6": network.ipv6_groups, "ipv6_route": ipv6.routes,
            "netlink": families.netlink, "netstat": statistics.netstat, "protocols": families.protocols,
            "raw": sockets.raw, "route": network.routes, "rt6_stats": ipv6.route_statistics, "snmp": statistics.snmp,
            "snmp6": ipv6.statistics, "sockstat": sockets.summary, "sockstat6": sockets.summary_ipv6,
            "softnet_stat": statistics.received, "tcp": sockets.tcp, "tcp6": sockets.tcp_ipv6, "udp": sockets.udp,
            "udp6": sockets.udp_ipv6, "unix": sockets.unix}
_IDLE = {name: LiveFile(text.encode) for name, text in idle.TABLES.items()}
_PER_PROCESSOR = {"nf_conntrack": filters.connection_counters, "rt_cache": statistics.route_cache,
                  "synproxy": filters.proxy_counters}
_UNUSED_FOLDERS = ("ip6t_hashlimit", "ipt_hashlimit", "xt_recent")


def mount_kernel_files(files: FileSystem, namespace: Namespace, processes: Callable[[], Mapping[int, Process]], *,
                       hostname: str, domain: str = "", writable: bool) -> None:
    """Show /proc: of ``namespace``, where a process finds its own, and of the ``processes`` that it can see. In a
    container that isn't privileged, /proc/sys is mounted read-only."""
    files.has_covered_kernel = not writable

    def set_there() -> Tree:
        found: Tree = {"kernel": partial(process_files.kernel_settings, hostname, domain),
                       "net": partial(settings.tree, namespace)}
        return found if writable else locked(found)

    files.mount_tree("/proc", lambda: {"net": Link("self/net"), "sys": set_there,
                                       **machine.tree(namespace.machine, processes, is_covered=not writable),
                                       **process_files.folders(processes(), _network_tree)})


def _network_tree(namespace: Namespace) -> Tree:
    tables = {name: LiveFile(partial(table, namespace)) for name, table in _NETWORK.items()}
    return {**_IDLE, **tables, **filters.tree(namespace), "dev_snmp6": partial(ipv6.device_statistics, namespace),
            "stat": partial(_per_processor, namespace), **dict.fromkeys(_UNUSED_FOLDERS, dict)}


def _per_processor(namespace: Namespace) -> Tree:
    return {name: LiveFile(partial(table, namespace)) for name, table in _PER_PROCESSOR.items()}


def mount_devices(files: FileSystem, namespace: Namespace, *, writable: bool) -> None:
    """/dev, and /sys, which stays with the namespace in which it was mounted."""
    files.mount_tree("/sys", partial(devices.tree, namespace, is_locked=not writable))
    files.mount_devices(device_nodes.NODES)
