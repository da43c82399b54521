"""Keeping connections to an engine, which docker-py drops, and sparing each call what it doesn't need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docker.transport import UnixHTTPAdapter

if TYPE_CHECKING:
    from docker import APIClient

SCHEME = "http+docker://"


class OnePool(UnixHTTPAdapter):
    """A pool of connections for the whole socket.

    docker-py makes a pool for each URL (docker/transport/unixconn.py), and as nearly every URL has an id in it, nearly
    every call would open a connection of its own and leave it open.
    """

    def get_connection(self, url: str | bytes, proxies: Any = None) -> Any:
        """Called with the URL of each request."""
        return super().get_connection(SCHEME, proxies)


def lighten_calls(client: APIClient) -> None:
    """Let all calls of ``client`` share their connections, where it talks to a unix socket.

    A proxy that the environment names has no business between us and the engine. Nor are there parameters for all
    calls: where there are none at all, requests doesn't merge them into each.
    """
    client.trust_env = False
    client.params, client.proxies = None, None  # type: ignore[assignment]  # as merge_setting in requests takes them
    adapter = client.adapters.get(SCHEME)
    if isinstance(adapter, UnixHTTPAdapter):
        client.mount(SCHEME, OnePool(adapter.socket_path, adapter.timeout, max_pool_size=adapter.max_pool_size))
        adapter.close()
