"""/proc/net about sockets: tcp, udp and their IPv6 sisters, in which a server that listens on :: is found; raw, and how
many of each there are.

What isn't simulated of a connection (congestion window, timers) has the value that it begins with.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from netcourse.packets import Protocol
from netcourse.simulation.linux.kernel_files.network import hexadecimal
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.sockets import ANY, UDPSocket
from netcourse.simulation.linux.tcp import TCPSocket
from netcourse.simulation.linux.tcp_states import State

TCP_HEADER = ("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode")
TCP_IPV6_HEADER = ("  sl  local_address                         remote_address                        st tx_queue "
                   "rx_queue tr tm->when retrnsmt   uid  timeout inode\n")
UDP_HEADER = ("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode "
              "ref pointer drops")
UDP_IPV6_HEADER = TCP_IPV6_HEADER.rstrip() + " ref pointer drops\n"
TCP_WIDTH, UDP_WIDTH = 149, 127
_NUMBERS = {State.ESTABLISHED: 1, State.SYN_SENT: 2, State.SYN_RECEIVED: 3, State.FIN_WAIT_1: 4, State.FIN_WAIT_2: 5,
            State.CLOSED: 7, State.CLOSE_WAIT: 8, State.LAST_ACK: 9, State.LISTEN: 10}
_UNCONNECTED = 7
# retransmission timeout, delayed acknowledgement, quick mode, congestion window, slow start threshold
_LISTENING, _CONNECTED = "100 0 0 10 0", "20 4 0 10 -1"


def tcp(namespace: Namespace) -> bytes:
    """net/ipv4/tcp_ipv4.c, tcp4_seq_show."""
    lines = [TCP_HEADER, *_tcp_lines(namespace, ipv6=False)]
    return "".join(f"{line:<{TCP_WIDTH}}\n" for line in lines).encode()


def tcp_ipv6(namespace: Namespace) -> bytes:
    """net/ipv6/tcp_ipv6.c, tcp6_seq_show."""
    return (TCP_IPV6_HEADER + "".join(f"{line}\n" for line in _tcp_lines(namespace, ipv6=True))).encode()


def udp(namespace: Namespace) -> bytes:
    """net/ipv4/udp.c, udp4_seq_show."""
    lines = [UDP_HEADER, *_udp_lines(namespace, ipv6=False)]
    return "".join(f"{line:<{UDP_WIDTH}}\n" for line in lines).encode()


def udp_ipv6(namespace: Namespace) -> bytes:
    """net/ipv6/datagram.c, __ip6_dgram_sock_seq_show."""
    return (UDP_IPV6_HEADER + "".join(f"{line}\n" for line in _udp_lines(namespace, ipv6=True))).encode()


def unix(_: Namespace) -> bytes:
    """net/unix/af_unix.c: nothing here uses one."""
    return b"Num       RefCount Protocol Flags    Type St Inode Path\n"


def raw(namespace: Namespace) -> bytes:
    """net/ipv4/raw.c, raw_sock_seq_show: the port is the protocol."""
    text = UDP_HEADER[1:] + "\n"
    for socket in namespace.sockets.icmp:
        local = (socket.source or ANY, int(Protocol.ICMP))
        text += f"{Protocol.ICMP:4}: {_datagram_line(local, namespace.machine.inode_of(socket))}\n"
    return text.encode()


def summary(namespace: Namespace) -> bytes:
    """/proc/net/sockstat (net/ipv4/proc.c, sockstat_seq_show). Nobody accounts for memory here; what the kernel counts
    of all namespaces together (orphans, allocated sockets) is this one's alone."""
    tcp4, tcp6 = tcp_sockets(namespace, ipv6=False), tcp_sockets(namespace, ipv6=True)
    lasting = lasting_sockets(namespace, ipv6=False)
    orphans = sum(socket.is_orphan for socket in lasting)
    datagrams, raw_count = len(udp_sockets(namespace, ipv6=False)), len(namespace.sockets.icmp)
    used = len(lasting) + len(tcp6) + datagrams + len(udp_sockets(namespace, ipv6=True)) + raw_count
    return (f"sockets: used {used + namespace.sockets.of_others}\n"
            f"TCP: inuse {len(lasting)} orphan {orphans} tw {len(tcp4) - len(lasting)} "
            f"alloc {len(lasting) + len(tcp6)} mem 0\n"
            f"UDP: inuse {datagrams} mem 0\nUDPLITE: inuse 0\nRAW: inuse {raw_count}\n"
            "FRAG: inuse 0 memory 0\n").encode()


def summary_ipv6(namespace: Namespace) -> bytes:
    """/proc/net/sockstat6 (net/ipv6/proc.c, sockstat6_seq_show)."""
    connected, bound = len(lasting_sockets(namespace, ipv6=True)), len(udp_sockets(namespace, ipv6=True))
    return (f"TCP6: inuse {connected}\nUDP6: inuse {bound}\n"
            "UDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n").encode()


def lasting_sockets(namespace: Namespace, *, ipv6: bool) -> list[TCPSocket]:
    return [socket for socket in tcp_sockets(namespace, ipv6=ipv6) if not _lingers(socket)]


def _lingers(socket: TCPSocket) -> bool:
    """Whether only a small note is left of it: it has ended, but for what may still come."""
    return socket.state is State.TIME_WAIT or (socket.state is State.FIN_WAIT_2 and socket.is_orphan)


def tcp_sockets(namespace: Namespace, *, ipv6: bool) -> list[TCPSocket]:
    """Listeners first, then connections."""
    table = namespace.sockets.tcp
    listeners = [socket for group in table.listeners.values() for socket in group]
    alone = [socket for socket in namespace.sockets.ipv6_only if isinstance(socket, TCPSocket)]
    return [socket for socket in (*listeners, *alone, *table.connections.values()) if socket.is_ipv6 == ipv6]


def udp_sockets(namespace: Namespace, *, ipv6: bool) -> list[UDPSocket]:
    bound = [socket for group in namespace.sockets.udp.values() for socket in group]
    alone = [socket for socket in namespace.sockets.ipv6_only if isinstance(socket, UDPSocket)]
    return [socket for socket in (*bound, *alone) if socket.is_ipv6 == ipv6]


def _tcp_lines(namespace: Namespace, *, ipv6: bool) -> Iterable[str]:
    for place, socket in enumerate(tcp_sockets(namespace, ipv6=ipv6)):
        ends = [_end(*end, ipv6=ipv6) for end in (socket.local, socket.remote)]
        listening = socket.state is State.LISTEN
        waiting, unsent = socket.queues
        yield (f"{place:4}: {ends[0]} {ends[1]} {_NUMBERS[socket.state]:02X} {unsent:08X}:{waiting:08X} 00:00000000 "
               f"00000000     0        0 {namespace.machine.inode_of(socket)} 1 {_POINTER} "
               f"{_LISTENING if listening else _CONNECTED}")


def _udp_lines(namespace: Namespace, *, ipv6: bool) -> Iterable[str]:
    for socket in udp_sockets(namespace, ipv6=ipv6):
        assert socket.local is not None
        yield f"{socket.local[1]:5}: " + _datagram_line(socket.local, namespace.machine.inode_of(socket), ipv6=ipv6)


def _datagram_line(local: tuple[IPv4Address, int], inode: int, *, ipv6: bool = False) -> str:
    ends = [_end(*end, ipv6=ipv6) for end in (local, (ANY, 0))]
    return (f"{ends[0]} {ends[1]} {_UNCONNECTED:02X} 00000000:00000000 00:00000000 00000000     0        0 "
            f"{inode} 2 {_POINTER} 0")


# the kernel tells nobody where a socket lies in its memory (%pK)
_POINTER = "0" * 16


def _end(ip: IPv4Address, port: int, *, ipv6: bool) -> str:
    """An IPv4 address in an IPv6 socket is a mapped one (RFC 4291 section 2.5.5.2)."""
    if not ipv6:
        return f"{hexadecimal(ip)}:{port:04X}"
    mapped = "0" * 16 + ("0" * 16 if ip == ANY else "FFFF0000" + hexadecimal(ip))
    return f"{mapped}:{port:04X}"
