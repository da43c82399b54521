"""Settings of a container that make no sense: the simulated engine refuses them in the real one's words."""

from __future__ import annotations

import json

import pytest

from tests.parity.test_malformed_bodies import answer

HOST_CONFIG = [
    {"StorageOpt": {"size": "1G"}}, {"PidMode": "x"}, {"UTSMode": "x"}, {"CgroupnsMode": "x"}, {"Runtime": "x"},
    {"Isolation": "x"}, {"OomScoreAdj": 2000}, {"IpcMode": "x"}, {"PidMode": "container:nc-none"},
    {"IpcMode": "container:nc-none"}, {"CpuPeriod": 5}, {"CpuQuota": 5}, {"CpusetCpus": "x"}, {"CpusetMems": "x"},
    {"Memory": 5}, {"Memory": -5}, {"MemorySwap": 5}, {"MemorySwappiness": 101}, {"MemoryReservation": 5},
    {"Memory": 9 << 20, "MemorySwap": 8 << 20}, {"Memory": 9 << 20, "MemoryReservation": 10 << 20},
    {"NanoCpus": 5, "CpuPeriod": 5000}, {"NanoCpus": 5, "CpuQuota": 5000}, {"CpuShares": -5}, {"ShmSize": -5},
    {"SecurityOpt": ["x=y"]}, {"SecurityOpt": ["x"]}, {"Annotations": {"": "x"}}, {"CapAdd": ["X"]}, {"CapDrop": ["X"]},
    {"Sysctls": {"net.ipv4.conf.eth0.forwarding": "1"}}, {"ExtraHosts": ["a"]}, {"RestartPolicy": {"Name": "x"}},
    {"LogConfig": {"Type": "json-file", "Config": {"mode": "x"}}}, {"Binds": ["a"]}, {"Binds": ["nc-a:ro"]},
    {"Binds": ["a:b:c:d"]}, {"Binds": [":/x"]}, {"Binds": [""]}, {"Mounts": [{}]}, {"Mounts": [{"Type": "volume"}]},
    {"Mounts": [{"Type": "tmpfs", "Target": "/x", "Source": "y"}]}, {"Mounts": [{"Type": "x", "Target": "/x"}]},
    {"Tmpfs": {"x": ""}}, {"Tmpfs": {"/": ""}}, {"VolumesFrom": ["nc-none"]}, {"VolumesFrom": [""]},
    {"ExtraHosts": ["a:x"]}, {"ExtraHosts": [":1.2.3.4"]}, {"ExtraHosts": [""]},
    {"Binds": ["nc-a:/x:often"]}, {"Binds": ["nc-a:/"]}, {"VolumesFrom": ["x:often"]}, {"VolumesFrom": [":ro"]},
]
CONFIG = [
    {"Healthcheck": {"Interval": 5}}, {"Healthcheck": {"Timeout": 5}}, {"Healthcheck": {"Retries": -5}},
    {"Healthcheck": {"StartPeriod": 5}}, {"Healthcheck": {"StartInterval": 5}}, {"Env": [""]}, {"Env": ["=x"]},
    {"Hostname": "x", "HostConfig": {"UTSMode": "host"}}, {"StopSignal": "x"}, {"WorkingDir": "x"},
    {"StopSignal": "0"}, {"MacAddress": "x"}, {"MacAddress": "02:00:00:00:00"}, {"MacAddress": "02:00:00-00:00:05"},
    {"MacAddress": "02:00:00:00:00:05", "NetworkingConfig": {"EndpointsConfig": {"none": {}}}},
    {"MacAddress": "02:00:00:00:00:05", "NetworkingConfig": {"EndpointsConfig": {"bridge": {
        "MacAddress": "02:00:00:00:00:06"}}}},
    {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"MacAddress": "x"}}}},
    {"NetworkingConfig": {"EndpointsConfig": {"bridge": None}}},
    {"Image": "BUSYBOX"}, {"Image": "a b"}, {"Image": "busybox:"}, {"Image": "x" * 300}, {"Image": ":x"},
    {"Image": "-x"}, {"Image": "busybox@sha256:00"}, {"Image": "localhost:5000/X"}, {"Image": "A/b"},
]
AT_THE_START = [
    {"Hostname": "h" * 65}, {"Hostname": "a\0b"}, {"Env": ["A=\0"]}, {"Env": ["A=\"\0\n"]}, {"Env": ["PATH"]},
    {"User": "nc-nobody"}, {"User": "root:nc-nobody"}, {"User": "-1"}, {"Cmd": ["x" * 300]}, {"Cmd": ["a\"\0\n"]},
    {"Cmd": ["/etc/passwd"]}, {"HostConfig": {"NetworkMode": "container:nc-none"}},
    {"NetworkingConfig": {"EndpointsConfig": {"host": {}}}}, *({"HostConfig": wanted} for wanted in (
        {"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]}, {"Devices": [{"PathOnHost": "/dev/null"}]},
        {"DeviceRequests": [{"Driver": "x", "Capabilities": [["a", "b"], ["c"]]}]}, {"IpcMode": "container:"},
        {"Ulimits": [{"Name": "nc", "Soft": 1, "Hard": 1}]}, {"Ulimits": [{"Name": "nofile", "Soft": 5, "Hard": 1}]},
        {"LogConfig": {"Type": "local", "Config": {"max-file": "x"}}},
        {"LogConfig": {"Type": "local", "Config": {"compress": "x"}}})),
]
WRONG_TYPES = [
    {"Healthcheck": {"Interval": "x"}}, *({"HostConfig": wanted} for wanted in (
        {"BlkioWeight": "x"}, {"BlkioWeight": 99999}, {"BlkioWeightDevice": "x"}, {"BlkioDeviceReadBps": ["x"]},
        {"BlkioDeviceReadBps": [{"Rate": "x"}]}, {"CgroupnsMode": 1}, {"UTSMode": 1}, {"UsernsMode": 1}, {"Cgroup": 1},
        {"Isolation": 1}, {"DeviceRequests": [1]}, {"DeviceRequests": [{"Count": "x"}]},
        {"DeviceRequests": [{"Capabilities": "x"}]}, {"DeviceRequests": [{"Capabilities": ["x"]}]},
        {"Mounts": [{"Type": 1}]}, {"Mounts": [{"Consistency": 1}]}, {"Mounts": [{"TmpfsOptions": 1}]},
        {"Mounts": [{"TmpfsOptions": {"SizeBytes": "x"}}]}, {"Mounts": [{"TmpfsOptions": {"Mode": "x"}}]},
        {"Mounts": [{"VolumeOptions": 1}]}, {"Mounts": [{"VolumeOptions": {"DriverConfig": {"Options": 1}}}]},
        {"Mounts": [{"BindOptions": 1}]}, {"IOMaximumIOps": "x"}, {"IOMaximumBandwidth": -1}, {"KernelMemory": "x"})),
]


def created(address: str, settings: dict[str, object]) -> tuple[int, str]:
    body = {"Image": "busybox", "Cmd": ["true"]} | settings
    found = answer(address, "/containers/create?name=nc-refused", json.dumps(body).encode())
    answer(address, "/containers/nc-refused", b"", "DELETE")
    return found


@pytest.mark.parametrize("settings", [*({"HostConfig": wanted} for wanted in HOST_CONFIG), *CONFIG, *WRONG_TYPES],
                         ids=lambda settings: json.dumps(settings).replace("[", "("))
def test_a_setting_is_refused_in_the_same_words(settings: dict[str, object], real_address: str,
                                                simulated_address: str) -> None:
    refusal = created(simulated_address, settings)

    assert refusal == created(real_address, settings)
    assert refusal[0] >= 400


def started(address: str, settings: dict[str, object]) -> tuple[int, str]:
    body = {"Image": "busybox", "Cmd": ["true"]} | settings
    answer(address, "/containers/create?name=nc-refused", json.dumps(body).encode())
    found = answer(address, "/containers/nc-refused/start", b"")
    answer(address, "/containers/nc-refused?force=1", b"", "DELETE")
    return found


@pytest.mark.parametrize("settings", AT_THE_START, ids=lambda settings: json.dumps(settings).replace("[", "("))
def test_a_container_cannot_start_for_the_same_reason(settings: dict[str, object], real_address: str,
                                                      simulated_address: str) -> None:
    refusal = started(simulated_address, settings)

    assert refusal == started(real_address, settings)
    assert refusal[0] >= 400


@pytest.mark.parametrize("settings", [
    {"HostConfig": {"Binds": ["/etc:/data"]}}, {"HostConfig": {"Mounts": [{"Type": "bind", "Source": "/etc",
                                                                         "Target": "/data"}]}},
    {"HostConfig": {"DeviceCgroupRules": ["c 1:3 rwm"]}}, {"HostConfig": {"LogConfig": {"Type": "syslog"}}},
    {"NetworkDisabled": True}, {"HostConfig": {"MaskedPaths": []}}, {"HostConfig": {"SecurityOpt": ["seccomp={}"]}},
])
def test_what_is_not_simulated_is_refused_by_name(settings: dict[str, object], simulated_address: str) -> None:
    status, text = created(simulated_address, settings)

    assert status == 501
    assert "isn't simulated by netcourse" in text
