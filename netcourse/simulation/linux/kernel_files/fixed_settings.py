"""Settings without an effect here, with the values that the kernel gives them (Documentation/networking/ip-sysctl.rst).

Another value would change what isn't simulated. Those that depend on how much memory a machine has aren't there.
"""

OF_STACK = {
    "icmp_errors_use_inbound_ifaddr": "0", "icmp_ignore_bogus_error_responses": "1", "icmp_msgs_burst": "50",
    "icmp_msgs_per_sec": "1000", "icmp_ratemask": "6168", "ip_dynaddr": "0", "ip_forward_use_pmtu": "0",
    "ip_local_reserved_ports": "", "ip_no_pmtu_disc": "0", "ping_group_range": "1\t0", "tcp_abort_on_overflow": "0",
    "tcp_ecn": "2", "tcp_keepalive_intvl": "75", "tcp_keepalive_probes": "9", "tcp_keepalive_time": "7200",
    "tcp_mtu_probing": "0", "tcp_rfc1337": "0", "tcp_sack": "1", "tcp_timestamps": "1", "tcp_window_scaling": "1"}
OF_ROUTE = {"min_adv_mss": "256", "min_pmtu": "552", "mtu_expires": "600"}
OF_INTERFACE = {
    "accept_redirects": "1", "accept_source_route": "1", "arp_evict_nocarrier": "1", "arp_notify": "0",
    "bc_forwarding": "0", "bootp_relay": "0", "disable_policy": "0", "disable_xfrm": "0", "drop_gratuitous_arp": "0",
    "drop_unicast_in_l2_multicast": "0", "force_igmp_version": "0", "igmpv2_unsolicited_report_interval": "10000",
    "igmpv3_unsolicited_report_interval": "1000", "ignore_routes_with_linkdown": "0", "log_martians": "0",
    "mc_forwarding": "0", "medium_id": "0", "proxy_arp_pvlan": "0", "secure_redirects": "1",
    "shared_media": "1", "src_valid_mark": "0", "tag": "0"}
OF_ALL_INTERFACES = {"accept_redirects": "0", "accept_source_route": "0"}
OF_LOOPBACK = {"disable_policy": "1", "disable_xfrm": "1"}
OF_NEIGHBOURS = {
    "anycast_delay": "100", "app_solicit": "0", "gc_stale_time": "60", "interval_probe_time_ms": "5000",
    "locktime": "100", "mcast_resolicit": "0", "proxy_delay": "80", "proxy_qlen": "64", "unres_qlen": "101",
    "unres_qlen_bytes": "212992"}
OF_CONNECTIONS = {
    "nf_conntrack_acct": "0", "nf_conntrack_log_invalid": "0", "nf_conntrack_tcp_be_liberal": "0",
    "nf_conntrack_timestamp": "0"}
OF_CORE = {"somaxconn": "4096"}
OF_BRIDGE = {"bridge-nf-call-arptables": "1", "bridge-nf-call-ip6tables": "1", "bridge-nf-filter-pppoe-tagged": "0",
             "bridge-nf-filter-vlan-tagged": "0", "bridge-nf-pass-vlan-input-dev": "0"}
