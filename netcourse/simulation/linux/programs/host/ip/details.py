"""What ``ip -d`` adds: limits and queues of a device, and what its kind knows (a bridge's timers, a port's state)."""

from __future__ import annotations

from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.forwarding import AGEING_TIME

Fields = dict[str, object]
HUNDREDTHS = 100


def fields(device: Device, *, with_mode: bool) -> Fields:
    """``with_mode``: how IPv6 addresses are made up, which only ``ip link`` says."""
    loopback, port = device.kind == "loopback", int(device.master is not None)
    queues = 2 if device.kind == "veth" else 1
    record: Fields = {"promiscuity": port + ("PROMISC" in device.flags),
                      "allmulti": port + ("ALLMULTI" in device.flags), "min_mtu": 0 if loopback else 68,
                      "max_mtu": 0 if loopback else 65535}
    kind = _kind(device)
    if kind:
        record["linkinfo"] = kind
    if with_mode:
        record["inet6_addr_gen_mode"] = "eui64"
    offload = 65536 if isinstance(device, Bridge) and not device.ports else 524280
    return record | {"num_tx_queues": queues, "num_rx_queues": queues, "gso_max_size": 65536, "gso_max_segs": 65535,
                     "tso_max_size": offload, "tso_max_segs": 65535, "gro_max_size": 65536}


def _kind(device: Device) -> Fields:
    record: Fields = {"info_kind": device.kind} if device.kind in ("veth", "bridge") else {}
    if isinstance(device, Bridge):
        record["info_data"] = _bridge(device)
    if device.master is not None:
        record |= {"info_slave_kind": "bridge", "info_slave_data": port_settings(device)}
    return record


def bridge_identifier(bridge: Bridge) -> str:
    """Priority and MAC address, without the zeros in front of its bytes."""
    return "8000." + ":".join(f"{int(byte, 16):x}" for byte in bridge.mac.split(":"))


def _bridge(bridge: Bridge) -> Fields:
    identifier = bridge_identifier(bridge)
    return {
        "forward_delay": 15 * HUNDREDTHS, "hello_time": 2 * HUNDREDTHS, "max_age": 20 * HUNDREDTHS,
        "ageing_time": AGEING_TIME // SECOND * HUNDREDTHS, "stp_state": 0, "priority": 0x8000, "vlan_filtering": 0,
        "bridge_id": identifier, "root_id": identifier, "root_port": 0, "root_path_cost": 0, "topology_change": 0,
        "topology_change_detected": 0, "hello_timer": 0.0, "tcn_timer": 0.0, "topology_change_timer": 0.0,
        "gc_timer": _until_collection(bridge), "group_fwd_mask": "0", "group_addr": "01:80:c2:00:00:00",
        "mcast_snooping": 1, "no_linklocal_learn": 0, "mcast_vlan_snooping": 0, "mcast_router": 1,
        "mcast_query_use_ifaddr": 0, "mcast_querier": 0, "mcast_hash_elasticity": 16, "mcast_hash_max": 4096,
        "mcast_last_member_cnt": 2, "mcast_startup_query_cnt": 2, "mcast_last_member_intvl": 100,
        "mcast_membership_intvl": 26000, "mcast_querier_intvl": 25500, "mcast_query_intvl": 12500,
        "mcast_query_response_intvl": 1000, "mcast_startup_query_intvl": 3124, "mcast_stats_enabled": 0,
        "mcast_igmp_version": 2, "mcast_mld_version": 1, "nf_call_iptables": 0, "nf_call_ip6tables": 0,
        "nf_call_arptables": 0,
    }


def _until_collection(bridge: Bridge) -> float:
    """Old forwarding entries are collected once in the ageing time."""
    assert bridge.namespace is not None
    return (AGEING_TIME - bridge.namespace.machine.clock.now % AGEING_TIME) / SECOND if bridge.up else 0.0


def port_settings(device: Device) -> Fields:
    """What a bridge knows of one of its ports."""
    bridge = device.master
    assert bridge is not None
    identifier, place = bridge_identifier(bridge), device.port_number
    forwarding = bridge.up and device.up and device.carrier
    return {
        "state": "forwarding" if forwarding else "disabled", "priority": 32, "cost": 2,
        "hairpin": device.name in bridge.hairpin, "guard": False, "root_block": False, "fastleave": False,
        "learning": True, "flood": True, "id": f"{0x8000 + place:#x}", "no": f"{place:#x}",
        "designated_port": 0x8000 + place, "designated_cost": 0, "bridge_id": identifier, "root_id": identifier,
        "hold_timer": 0.0, "message_age_timer": 0.0, "forward_delay_timer": 0.0, "topology_change_ack": 0,
        "config_pending": 0, "proxy_arp": False, "proxy_arp_wifi": False, "multicast_router": 1, "mcast_flood": True,
        "bcast_flood": True, "mcast_to_unicast": False, "neigh_suppress": False, "group_fwd_mask": "0",
        "group_fwd_mask_str": "0x0", "vlan_tunnel": False, "isolated": False, "locked": False,
    }


_WORDS = {"root_id": "designated_root", "group_addr": "group_address", "id": "port_id", "no": "port_no",
          "multicast_router": "mcast_router", "mcast_last_member_cnt": "mcast_last_member_count",
          "mcast_startup_query_cnt": "mcast_startup_query_count"}
_LIMITS = {"promiscuity": "promiscuity {} ", "allmulti": "allmulti {}", "min_mtu": "minmtu {}", "max_mtu": "maxmtu {}"}
_QUEUES = {"num_tx_queues": "numtxqueues", "num_rx_queues": "numrxqueues", "gso_max_size": "gso_max_size",
           "gso_max_segs": "gso_max_segs", "tso_max_size": "tso_max_size", "tso_max_segs": "tso_max_segs",
           "gro_max_size": "gro_max_size"}


def text(record: Fields) -> str:
    """After the second line of a link, up to its end."""
    words = " " + " ".join(form.format(record[key]) for key, form in _LIMITS.items()) + " "
    kind = record.get("linkinfo")
    if isinstance(kind, dict):
        if "info_kind" in kind:
            words += f"\n    {kind['info_kind']} " + settings_text(kind.get("info_data", {}))
        if "info_slave_kind" in kind:
            words += "\n    bridge_slave " + port_text(kind["info_slave_data"])
    words += "addrgenmode eui64 " if "inet6_addr_gen_mode" in record else ""
    return words + "".join(f"{word} {record[key]} " for key, word in _QUEUES.items())


def port_text(settings: Fields) -> str:
    """A port's settings; text says a second time, further on, whether multicast groups are left fast."""
    text = settings_text(settings).replace("bridge_id", "designated_bridge")
    return text.replace("mcast_flood", "mcast_fast_leave off mcast_flood")


def settings_text(settings: Fields) -> str:
    return "".join(f"{_WORDS.get(key, key).replace('intvl', 'interval')} {_value(value)} "
                   for key, value in settings.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:7.2f}" if isinstance(value, float) else str(value)
