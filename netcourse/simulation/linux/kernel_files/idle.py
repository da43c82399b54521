"""/proc/net about what the kernel has and nobody here uses: UDP-Lite, ping sockets, packet sockets, routing of groups,
flow labels, accounts of routes by realm, IPsec. Each table has its head and no lines.

``ptype`` and ``psched`` are the same on every machine: who takes which frames, and how finely the scheduler of packets
counts time.
"""

from __future__ import annotations

from netcourse.simulation.linux.kernel_files.sockets import UDP_HEADER, UDP_IPV6_HEADER, UDP_WIDTH

_OLD_CACHE_HEADER = ("Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\t"
                     "HHRef\tHHUptod\tSpecDst")
_OLD_CACHE_WIDTH = 127

_TRANSFORMATIONS = (
    "InError InBufferError InHdrError InNoStates InStateProtoError InStateModeError InStateSeqError InStateExpired "
    "InStateMismatch InStateInvalid InTmplMismatch InNoPols InPolBlock InPolError OutError OutBundleGenError "
    "OutBundleCheckError OutNoStates OutStateProtoError OutStateModeError OutStateSeqError OutStateExpired "
    "OutPolBlock OutPolDead OutPolError FwdHdrError OutStateInvalid AcquireError OutStateDirError InStateDirError "
    "InIptfsError OutNoQueueSpace")
_ACCOUNTS = 256 * 16

TABLES = {
    "anycast6": "",
    "icmp": f"{UDP_HEADER[1:]:<{UDP_WIDTH}}\n",
    "icmp6": UDP_IPV6_HEADER,
    "ip6_flowlabel": "Label S Owner  Users  Linger Expires  Dst                              Opt\n",
    "ip6_mr_cache": ("Group                            Origin                           Iif      Pkts  Bytes     "
                     "Wrong  Oifs\n"),
    "ip6_mr_vif": "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags\n",
    "ip_mr_cache": "Group    Origin   Iif     Pkts    Bytes    Wrong Oifs\n",
    "ip_mr_vif": "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags Local    Remote\n",
    "mcfilter": "Idx Device        MCA        SRC    INC    EXC\n",
    "mcfilter6": "Idx Device                Multicast Address                   Source Address    INC    EXC\n",
    "packet": "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n",
    "psched": "000003e8 00000040 000f4240 3b9aca00\n",
    "ptype": ("Type Device      Function\n0800          ip_rcv\n0004          llc_rcv\n0806          arp_rcv\n"
              "86dd          ipv6_rcv\n"),
    "raw6": UDP_IPV6_HEADER,
    "rt_acct": "\0" * _ACCOUNTS,
    "rt_cache": f"{_OLD_CACHE_HEADER:<{_OLD_CACHE_WIDTH}}\n",
    "udplite": f"{UDP_HEADER:<{UDP_WIDTH}}\n",
    "udplite6": UDP_IPV6_HEADER,
    "xfrm_stat": "".join(f"Xfrm{name:<20}\t0\n" for name in _TRANSFORMATIONS.split()),
}
