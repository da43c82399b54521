"""/proc/net/snmp, netstat, softnet_stat and stat/rt_cache: what a namespace's stack has counted (net/ipv4/proc.c,
RFC 4293, RFC 4022, RFC 4113).

Each is a line of names, and a line of numbers below it. What has no place in this stack (selective acknowledgements,
receive offload, several paths, memory that runs out) has never happened here, and is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netcourse.simulation.linux.kernel import PROCESSORS
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.tcp_states import State

_IP = ("Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers "
       "OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates "
       "OutTransmits")
_TCP = ("RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs "
        "RetransSegs InErrs OutRsts InCsumErrors")
_UDP = ("InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti "
        "MemErrors")
_TCP_EXTENDED = (
    "SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts PruneCalled RcvPruned OfoPruned OutOfWindowIcmps "
    "LockDroppedIcmps ArpFilter TW TWRecycled TWKilled PAWSActive PAWSEstab BeyondWindow TSEcrRejected PAWSOldAck "
    "PAWSTimewait DelayedACKs DelayedACKLocked DelayedACKLost ListenOverflows ListenDrops TCPHPHits TCPPureAcks "
    "TCPHPAcks TCPRenoRecovery TCPSackRecovery TCPSACKReneging TCPSACKReorder TCPRenoReorder TCPTSReorder TCPFullUndo "
    "TCPPartialUndo TCPDSACKUndo TCPLossUndo TCPLostRetransmit TCPRenoFailures TCPSackFailures TCPLossFailures "
    "TCPFastRetrans TCPSlowStartRetrans TCPTimeouts TCPLossProbes TCPLossProbeRecovery TCPRenoRecoveryFail "
    "TCPSackRecoveryFail TCPRcvCollapsed TCPBacklogCoalesce TCPDSACKOldSent TCPDSACKOfoSent TCPDSACKRecv "
    "TCPDSACKOfoRecv TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory TCPAbortOnTimeout TCPAbortOnLinger TCPAbortFailed "
    "TCPMemoryPressures TCPMemoryPressuresChrono TCPSACKDiscard TCPDSACKIgnoredOld TCPDSACKIgnoredNoUndo "
    "TCPSpuriousRTOs TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPSackShifted TCPSackMerged TCPSackShiftFallback "
    "TCPBacklogDrop PFMemallocDrop TCPMinTTLDrop TCPDeferAcceptDrop IPReversePathFilter TCPTimeWaitOverflow "
    "TCPReqQFullDoCookies TCPReqQFullDrop TCPRetransFail TCPRcvCoalesce TCPOFOQueue TCPOFODrop TCPOFOMerge "
    "TCPChallengeACK TCPSYNChallenge TCPFastOpenActive TCPFastOpenActiveFail TCPFastOpenPassive "
    "TCPFastOpenPassiveFail TCPFastOpenListenOverflow TCPFastOpenCookieReqd TCPFastOpenBlackhole "
    "TCPSpuriousRtxHostQueues BusyPollRxPackets TCPAutoCorking TCPFromZeroWindowAdv TCPToZeroWindowAdv "
    "TCPWantZeroWindowAdv TCPSynRetrans TCPOrigDataSent TCPHystartTrainDetect TCPHystartTrainCwnd "
    "TCPHystartDelayDetect TCPHystartDelayCwnd TCPACKSkippedSynRecv TCPACKSkippedPAWS TCPACKSkippedSeq "
    "TCPACKSkippedFinWait2 TCPACKSkippedTimeWait TCPACKSkippedChallenge TCPWinProbe TCPKeepAlive TCPMTUPFail "
    "TCPMTUPSuccess TCPDelivered TCPDeliveredCE TCPAckCompressed TCPZeroWindowDrop TCPRcvQDrop TCPWqueueTooBig "
    "TCPFastOpenPassiveAltKey TcpTimeoutRehash TcpDuplicateDataRehash TCPDSACKRecvSegs TCPDSACKIgnoredDubious "
    "TCPMigrateReqSuccess TCPMigrateReqFailure TCPPLBRehash TCPAORequired TCPAOBad TCPAOKeyNotFound TCPAOGood "
    "TCPAODroppedIcmps")
_IP_EXTENDED = ("InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets "
                "InMcastOctets OutMcastOctets InBcastOctets OutBcastOctets InCsumErrors InNoECTPkts InECT1Pkts "
                "InECT0Pkts InCEPkts ReasmOverlaps")
_MULTIPATH = (
    "MPCapableSYNRX MPCapableSYNTX MPCapableSYNACKRX MPCapableACKRX MPCapableFallbackACK MPCapableFallbackSYNACK "
    "MPCapableSYNTXDrop MPCapableSYNTXDisabled MPCapableEndpAttempt MPFallbackTokenInit MPTCPRetrans "
    "MPJoinNoTokenFound MPJoinSynRx MPJoinSynBackupRx MPJoinSynAckRx MPJoinSynAckBackupRx MPJoinSynAckHMacFailure "
    "MPJoinAckRx MPJoinAckHMacFailure MPJoinRejected MPJoinSynTx MPJoinSynTxCreatSkErr MPJoinSynTxBindErr "
    "MPJoinSynTxConnectErr DSSNotMatching DSSCorruptionFallback DSSCorruptionReset InfiniteMapTx InfiniteMapRx "
    "DSSNoMatchTCP DataCsumErr OFOQueueTail OFOQueue OFOMerge NoDSSInWindow DuplicateData AddAddr AddAddrTx "
    "AddAddrTxDrop EchoAdd EchoAddTx EchoAddTxDrop PortAdd AddAddrDrop MPJoinPortSynRx MPJoinPortSynAckRx "
    "MPJoinPortAckRx MismatchPortSynRx MismatchPortAckRx RmAddr RmAddrDrop RmAddrTx RmAddrTxDrop RmSubflow MPPrioTx "
    "MPPrioRx MPFailTx MPFailRx MPFastcloseTx MPFastcloseRx MPRstTx MPRstRx SubflowStale SubflowRecover SndWndShared "
    "RcvWndShared RcvWndConflictUpdate RcvWndConflict MPCurrEstab Blackhole MPCapableDataFallback MD5SigFallback "
    "DssFallback SimultConnectFallback FallbackFailed WinProbe")
_ICMP = ("InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos "
         "InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal "
         "OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps "
         "OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps")
_TYPES = {"DestUnreachs": 3, "TimeExcds": 11, "Redirects": 5, "Echos": 8, "EchoReps": 0}
_MESSAGES = {f"{way}{name}": f"IcmpMsg{way}Type{number}" for way in ("In", "Out") for name, number in _TYPES.items()}
_TYPES_IN_A_LINE = 16
_SOFTNET_COLUMNS, _SOFTNET_INDEX = 15, 12
_ROUTE_CACHE = (
    "entries  in_hit   in_slow_tot in_slow_mc in_no_route in_brd   in_martian_dst in_martian_src out_hit  "
    "out_slow_tot out_slow_mc gc_total gc_ignored gc_goal_miss gc_dst_overflow in_hlist_search out_hlist_search\n")
_ROUTE_CACHE_WIDTHS = (8, 8, 11, 10, 11, 8, 14, 14, 8, 12, 11, 8, 10, 12, 15, 15, 8)
# the retransmission timeout is measured by Van Jacobson's algorithm (RFC 4022), in milliseconds; connections unlimited
_TCP_CONSTANTS = {"TcpRtoAlgorithm": 1, "TcpRtoMin": 200, "TcpRtoMax": 120_000, "TcpMaxConn": -1}
_SYNCHRONISED = (State.ESTABLISHED, State.CLOSE_WAIT)


def snmp(namespace: Namespace) -> bytes:
    connected = sum(socket.state in _SYNCHRONISED for socket in namespace.sockets.tcp.connections.values())
    settings = {"IpForwarding": 1 if namespace.forwarding else 2, "IpDefaultTTL": namespace.settings.default_ttl,
                "TcpCurrEstab": connected}
    values = _TCP_CONSTANTS | settings | namespace.counted
    values |= {f"Icmp{name}": namespace.counted[known] for name, known in _MESSAGES.items()}
    lines = [*_pair("Ip", _IP, values), *_pair("Icmp", _ICMP, values), *_message_lines(namespace.counted),
             *_pair("Tcp", _TCP, values), *_pair("Udp", _UDP, values), *_pair("UdpLite", _UDP, values)]
    return "".join(f"{line}\n" for line in lines).encode()


def netstat(namespace: Namespace) -> bytes:
    lines = [*_pair("TcpExt", _TCP_EXTENDED, namespace.counted), *_pair("IpExt", _IP_EXTENDED, namespace.counted),
             *_pair("MPTcpExt", _MULTIPATH, {})]
    return "".join(f"{line}\n" for line in lines).encode()


def _pair(group: str, names: str, values: Mapping[str, int]) -> list[str]:
    numbers = (str(values.get(group + name, 0)) for name in names.split())
    return [f"{group}: {names}", f"{group}: {' '.join(numbers)}"]


def _message_lines(counted: Mapping[str, int]) -> Iterator[str]:
    """The types of messages that have been seen at all (icmpmsg_put)."""
    seen = [name for name in (f"{way}Type{number}" for way in ("In", "Out") for number in range(256))
            if f"IcmpMsg{name}" in counted]
    for start in range(0, len(seen), _TYPES_IN_A_LINE):
        yield from _pair("IcmpMsg", " ".join(seen[start:start + _TYPES_IN_A_LINE]), counted)


def received(namespace: Namespace) -> bytes:
    """/proc/net/softnet_stat (net/core/net-procfs.c): what each processor has taken in, as far as it was for the
    machine or for this namespace, and what was too much for it."""
    packets = sum(each.counted["IpInReceives"] for each in {namespace, namespace.machine.root})
    rows = [[0] * _SOFTNET_COLUMNS for _ in range(PROCESSORS)]
    rows[0][0] = packets
    for processor, row in enumerate(rows):
        row[_SOFTNET_INDEX] = processor
    return "".join(" ".join(f"{number:08x}" for number in row) + "\n" for row in rows).encode()


def route_cache(_: Namespace) -> bytes:
    """/proc/net/stat/rt_cache (net/ipv4/route.c, rt_cpu_seq_show): nothing is cached here."""
    zeros = (f"{0:08x}".ljust(width) for width in _ROUTE_CACHE_WIDTHS)
    return (_ROUTE_CACHE + (" ".join(zeros).rstrip() + "\n") * PROCESSORS).encode()
