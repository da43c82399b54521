"""MAC addresses that are asked for: once of a container as a whole, now of its place on a network.

Seen on Engine 28.5.2 (moby daemon/server/router/container, handleMACAddressBC).
"""

from __future__ import annotations

import re
from typing import Any

from netcourse.simulation.docker.errors import bad_request

DEPRECATED = ("The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig "
              "instead.")
WITHOUT_ONE = ("none", "host")
_LENGTHS = (6, 8, 20)
_FORM = re.compile(r"[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2})*)|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4})+")


def parse_mac(text: str) -> str:
    """With colons and small letters, from any form that Go's net.ParseMAC reads. Raises EngineError."""
    digits = re.sub(r"[:.-]", "", text).lower()
    if not _FORM.fullmatch(text) or len(digits) // 2 not in _LENGTHS:
        raise bad_request(f"invalid MAC address {text}")
    return ":".join(digits[place:place + 2] for place in range(0, len(digits), 2))


def move_to_endpoint(request: dict[str, Any]) -> list[str]:
    """Note a container's own MAC address down at the network that it is created for; returns warnings.

    Raises EngineError.
    """
    mac = request.pop("MacAddress", "")
    if not mac:
        return []
    mode = str((request.get("HostConfig") or {}).get("NetworkMode") or "default")
    if mode not in WITHOUT_ONE and not mode.startswith("container:"):
        _note_down(request, "bridge" if mode == "default" else mode, mac)
    return [DEPRECATED]


def _note_down(request: dict[str, Any], network: str, mac: str) -> None:
    wanted = request.setdefault("NetworkingConfig", {}).setdefault("EndpointsConfig", {})
    if not wanted:
        wanted[network] = {}
    name = "default" if network == "bridge" and "default" in wanted else network
    if name not in wanted:
        raise bad_request("unable to migrate container-wide MAC address to a specific network: HostConfig.NetworkMode "
                          "must match the identity of a network in NetworkSettings.Networks")
    settings = wanted[name] = wanted[name] or {}
    if settings.setdefault("MacAddress", mac) not in ("", mac):
        raise bad_request("the container-wide MAC address must match the endpoint-specific MAC address for the main "
                          "network, or be left empty")
    settings["MacAddress"] = mac
