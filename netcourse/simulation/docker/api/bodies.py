"""The bodies of requests: which fields dockerd knows, and of which types, with its words for a wrong one.

The names of types are Go's, as they show in messages (moby api/types; docker/go-connections/nat). A field that isn't
listed is handed on as it is.
"""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.api.json_reading import LongNumber

Fields = dict[str, str]


def _fields(**names_by_type: str) -> Fields:
    """``string="Name Driver"``: the types' names as Python can write them stand in ``_SHORT``."""
    return {name: _SHORT.get(kind, kind) for kind, names in names_by_type.items() for name in names.split()}


_SHORT = {"strings": "[]string", "texts": "map[string]string", "set": "map[string]struct {}", "size": "[2]uint"}

_RESOURCES = _fields(
    int64="CpuShares Memory NanoCpus CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime MemoryReservation "
          "MemorySwap MemorySwappiness PidsLimit CpuCount CpuPercent KernelMemory KernelMemoryTCP",
    string="CgroupParent CpusetCpus CpusetMems", bool="OomKillDisable", strings="DeviceCgroupRules",
    uint16="BlkioWeight", uint64="IOMaximumIOps IOMaximumBandwidth") | {
    "BlkioWeightDevice": "[]*blkiodev.WeightDevice", "DeviceRequests": "[]container.DeviceRequest",
    "Devices": "[]container.DeviceMapping", "Ulimits": "[]units.Ulimit"} | dict.fromkeys(
    ("BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"),
    "[]*blkiodev.ThrottleDevice")

STRUCTS: dict[str, Fields] = {
    "network.CreateRequest": _fields(
        string="Name Driver Scope", texts="Options Labels",
        bool="CheckDuplicate EnableIPv4 EnableIPv6 Internal Attachable Ingress ConfigOnly")
    | {"IPAM": "network.IPAM", "ConfigFrom": "network.ConfigReference"},
    "network.IPAM": _fields(string="Driver", texts="Options") | {"Config": "[]network.IPAMConfig"},
    "network.IPAMConfig": _fields(string="Subnet IPRange Gateway", texts="AuxiliaryAddresses"),
    "network.ConfigReference": _fields(string="Network"),
    "network.ConnectOptions": _fields(string="Container") | {"EndpointConfig": "network.EndpointSettings"},
    "network.DisconnectOptions": _fields(string="Container", bool="Force"),
    "network.NetworkingConfig": {"EndpointsConfig": "map[string]*network.EndpointSettings"},
    "network.EndpointSettings": _fields(
        strings="Links Aliases DNSNames", texts="DriverOpts", int="GwPriority IPPrefixLen GlobalIPv6PrefixLen",
        string="MacAddress NetworkID EndpointID Gateway IPAddress IPv6Gateway GlobalIPv6Address")
    | {"IPAMConfig": "network.EndpointIPAMConfig"},
    "network.EndpointIPAMConfig": _fields(string="IPv4Address IPv6Address", strings="LinkLocalIPs"),
    "container.CreateRequest": _fields(
        string="Hostname Domainname User Image WorkingDir MacAddress StopSignal",
        bool="AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce ArgsEscaped NetworkDisabled",
        strings="Env OnBuild", texts="Labels", set="Volumes", int="StopTimeout")
    | {"Cmd": "words", "Entrypoint": "words", "Shell": "words", "ExposedPorts": "nat.PortSet",
       "Healthcheck": "v1.HealthcheckConfig", "HostConfig": "container.HostConfig",
       "NetworkingConfig": "network.NetworkingConfig"},
    "container.HostConfig": _RESOURCES | _fields(
        strings="Binds Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links SecurityOpt VolumesFrom MaskedPaths "
                "ReadonlyPaths",
        bool="AutoRemove PublishAllPorts Privileged ReadonlyRootfs Init",
        string="ContainerIDFile VolumeDriver Runtime", texts="StorageOpt Tmpfs Sysctls Annotations",
        int="OomScoreAdj", int64="ShmSize", size="ConsoleSize")
    | {mode: f"container.{mode}" for mode in ("NetworkMode", "IpcMode", "PidMode", "UTSMode", "UsernsMode",
                                              "CgroupnsMode", "Isolation")}
    | {"PortBindings": "nat.PortMap", "Cgroup": "container.CgroupSpec", "CapAdd": "words", "CapDrop": "words",
       "Mounts": "[]mount.Mount", "RestartPolicy": "container.RestartPolicy", "LogConfig": "container.LogConfig"},
    "container.RestartPolicy": _fields(int="MaximumRetryCount") | {"Name": "container.RestartPolicyMode"},
    "container.LogConfig": _fields(string="Type", texts="Config"),
    "container.DeviceMapping": _fields(string="PathOnHost PathInContainer CgroupPermissions"),
    "container.ExecOptions": _fields(
        string="User WorkingDir DetachKeys", bool="Privileged Tty AttachStdin AttachStdout AttachStderr Detach",
        strings="Env Cmd", size="ConsoleSize"),
    "container.ExecStartOptions": _fields(bool="Detach Tty", size="ConsoleSize"),
    "container.UpdateConfig": _RESOURCES | {"RestartPolicy": "container.RestartPolicy"},
    "volume.CreateOptions": _fields(string="Name Driver", texts="DriverOpts Labels"),
    "nat.PortBinding": _fields(string="HostIp HostPort"),
    "container.DeviceRequest": _fields(string="Driver", int="Count", strings="DeviceIDs", texts="Options")
    | {"Capabilities": "[][]string"},
    "blkiodev.WeightDevice": _fields(string="Path", uint16="Weight"),
    "blkiodev.ThrottleDevice": _fields(string="Path", uint64="Rate"),
    "mount.Mount": _fields(string="Source Target", bool="ReadOnly") | {"Type": "mount.Type"} | {
        name: f"mount.{name}" for name in ("Consistency", "BindOptions", "VolumeOptions", "ImageOptions",
                                           "TmpfsOptions", "ClusterOptions")},
    "mount.VolumeOptions": _fields(bool="NoCopy", texts="Labels", string="Subpath") | {"DriverConfig": "mount.Driver"},
    "mount.Driver": _fields(string="Name", texts="Options"),
    "mount.TmpfsOptions": _fields(int64="SizeBytes") | {"Mode": "fs.FileMode", "Options": "[][]string"},
    "mount.BindOptions": {}, "mount.ImageOptions": {}, "mount.ClusterOptions": {},
    "v1.HealthcheckConfig": _fields(strings="Test", int="Retries")
    | dict.fromkeys(("Interval", "Timeout", "StartPeriod", "StartInterval"), "time.Duration"),
    "units.Ulimit": _fields(string="Name", int64="Soft Hard"),
    "struct {}": {},
}
NAMED = {
    "nat.PortSet": "map[string]struct {}", "nat.PortMap": "map[string][]nat.PortBinding",
    "container.RestartPolicyMode": "string", "container.CgroupSpec": "string", "mount.Type": "string",
    "mount.Consistency": "string", "time.Duration": "int64", "fs.FileMode": "uint32",
} | {f"container.{mode}": "string" for mode in ("NetworkMode", "IpcMode", "PidMode", "UTSMode", "UsernsMode",
                                               "CgroupnsMode", "Isolation")}
_PROPER_NAMES = {struct: {name.lower(): name for name in fields} for struct, fields in STRUCTS.items()}
NAMELESS = ("container.CreateRequest",)
"""dockerd embeds this one in a struct without a name, which its messages show."""

_INTEGERS = {"int": range(-(1 << 63), 1 << 63), "int64": range(-(1 << 63), 1 << 63), "uint": range(1 << 64),
             "uint16": range(1 << 16), "uint32": range(1 << 32), "uint64": range(1 << 64)}
_KINDS: tuple[tuple[type, str], ...] = ((bool, "bool"), (LongNumber, "number"), (int, "number"), (str, "string"),
                                        (list, "array"), (dict, "object"))


class WrongType(ValueError):
    """The message is what Go's encoding/json says of a value that doesn't fit."""


def fitted(value: Any, struct: str) -> dict[str, Any]:
    """``value`` with its fields by their proper names; null is an empty struct. Raises WrongType."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WrongType(f"json: cannot unmarshal {_kind(value)} into Go value of type {struct}")
    path = "" if struct in NAMELESS else struct.rpartition(".")[2]
    return _struct(value, struct, (path,))


def _kind(value: Any) -> str:
    return next(name for kind, name in _KINDS if isinstance(value, kind))


def _struct(value: dict[str, Any], struct: str, path: tuple[str, ...]) -> dict[str, Any]:
    """Go takes a field's name in any mixture of cases."""
    fields, proper = STRUCTS[struct], _PROPER_NAMES[struct]
    result: dict[str, Any] = {}
    for name, item in value.items():
        known = proper.get(name.lower())
        if known is None:
            result[name] = item
        elif item is not None:
            result[known] = _fit(item, fields[known], (*path, name))
    return result


def _fit(value: Any, kind: str, path: tuple[str, ...]) -> Any:
    inner = NAMED.get(kind, kind).removeprefix("*")
    if inner == "words":
        return _words(value)
    if inner in STRUCTS and isinstance(value, dict):
        return _struct(value, inner, path)
    if inner.startswith("[") and isinstance(value, list):
        element = inner.partition("]")[2]
        return [_element(item, element, (*path, str(place))) for place, item in enumerate(value)]
    if inner.startswith("map[string]") and isinstance(value, dict):
        element = inner.removeprefix("map[string]")
        return {_without_half_pairs(key): _element(item, element, (*path, key)) for key, item in value.items()}
    if inner == "string" and isinstance(value, str) and not isinstance(value, LongNumber):
        return _without_half_pairs(value)
    if inner == "bool" and isinstance(value, bool):
        return value
    if inner in _INTEGERS:
        return _integer(value, kind, path)
    raise _wrong(_kind(value), kind, path)


def _element(value: Any, kind: str, path: tuple[str, ...]) -> Any:
    """In an array or a map null is a place of its own: "" for a text, nothing for a pointer or a list."""
    if value is not None:
        return _fit(value, kind, path)
    return "" if kind == "string" else {} if kind in STRUCTS else None


def _without_half_pairs(text: str) -> str:
    """Half of a surrogate pair is no character."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _words(value: Any) -> list[str]:
    """One word may stand without the array's brackets (moby api/types/strslice)."""
    if isinstance(value, str) and not isinstance(value, LongNumber):
        return [value]
    if isinstance(value, list) and all(word is None or type(word) is str for word in value):
        return [_without_half_pairs(word or "") for word in value]
    raise WrongType(f"json: cannot unmarshal {_kind(value)} into Go value of type string")


def _integer(value: Any, kind: str, path: tuple[str, ...]) -> int:
    allowed = _INTEGERS[NAMED.get(kind, kind)]
    if isinstance(value, LongNumber) or (type(value) is int and value not in allowed):
        raise _wrong(f"number {value}", kind, path)
    if type(value) is not int:
        raise _wrong(_kind(value), kind, path)
    return value


def _wrong(what: str, kind: str, path: tuple[str, ...]) -> WrongType:
    """A place in an array isn't called a field; "/" in a key is written as in a JSON pointer (RFC 6901)."""
    place = ".".join(part.replace("~", "~0").replace("/", "~1") for part in path)
    field = "" if path[-1].isdecimal() else "Go struct field "
    return WrongType(f"json: cannot unmarshal {what} into {field}{place} of type {kind.removeprefix('*')}")
