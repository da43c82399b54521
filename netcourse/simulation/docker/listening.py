"""Where a simulated engine is reached: a socket that its owner alone can open, or a loopback port behind a token."""

from __future__ import annotations

import os
import secrets
import socket
import socketserver
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from netcourse.simulation.docker.crew import Crew, Work
from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.http_handler import HTTPHandler

POLL = 0.05
"""Seconds between two looks whether the world closes."""
SOCKET_NAME = "docker.sock"
SETTLED = 60
"""Seconds after which a socket that doesn't answer isn't just being made."""
LONGEST_SOCKET_PATH = 103
"""Bytes: macOS has room for these (sys/un.h), Linux for four more."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each client; docker-py comes as a new one for nearly every call.

    ``token`` has to come first in every path, where there is one. It serves until the world closes.
    """

    request_queue_size = 4096
    token = ""
    address: str

    def __init__(self, family: socket.AddressFamily, world: World) -> None:
        self.address_family, self.world = family, world
        self._clients = set[socket.socket]()
        super().__init__(("", 0), HTTPHandler, bind_and_activate=False)

    def server_activate(self) -> None:
        super().server_activate()
        self.socket.settimeout(POLL)
        self._crew = Crew(self._next_client)

    def _next_client(self) -> Work | None:
        while not self.world.closing.is_set():
            try:
                client, address = self.get_request()
            except TimeoutError:
                continue
            except OSError:
                # too many open files, perhaps: until some are closed, nobody can be let in
                self.world.closing.wait(POLL)
                continue
            self._clients.add(client)
            if not self.world.closing.is_set():
                return partial(self.process_request_thread, client, address)
            self.shutdown_request(client)
        return None

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._clients.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is no news."""

    def server_close(self) -> None:
        """Hang up on every client, and wait until each thread has noticed."""
        self.world.closing.set()
        for client in list(self._clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._crew.join()
        super().server_close()


class UnixServer(Server):
    """At ``path``. Raises FileExistsError when something is there already, OSError when it can't be there."""

    def __init__(self, path: Path, world: World) -> None:
        super().__init__(socket.AF_UNIX, world)
        self._path, self.address = path, f"unix://{path}"
        try:
            if os.path.lexists(path):
                _clear_stale(path)
            self.socket.bind(str(path))
            # nobody can connect before it listens, so that nobody else ever can
            path.chmod(0o600)
            self._inode = path.lstat().st_ino
            self.server_activate()
        except OSError:
            self.socket.close()
            raise

    def server_close(self) -> None:
        super().server_close()
        if os.path.lexists(self._path) and self._path.lstat().st_ino == self._inode:
            self._path.unlink()


class LoopbackServer(Server):
    """At a port of 127.0.0.1 that the system chooses. Others on this computer can reach it, but not guess the token."""

    def __init__(self, world: World) -> None:
        super().__init__(socket.AF_INET, world)
        self.token = secrets.token_hex(16)
        self.server_address = ("127.0.0.1", 0)
        self.server_bind()
        self.server_activate()
        self.address = f"tcp://127.0.0.1:{self.socket.getsockname()[1]}/{self.token}"


def usual_path(folder: Path) -> Path | None:
    """The socket for an engine in ``folder``; None, which is a loopback port, where the system has no room for it."""
    path = folder / SOCKET_NAME
    fits = len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
    return path if hasattr(socket, "AF_UNIX") and fits else None


def remove_deserted(folders: Iterable[Path]) -> None:
    """Remove those folders of ours whose socket nobody listens at any more, as a process leaves them that is killed."""
    for folder in folders:
        path = folder / SOCKET_NAME
        with suppress(OSError):
            is_settled = time.time() - path.lstat().st_mtime > SETTLED
            if is_settled and folder.stat().st_uid == os.getuid() and not _answers(path):
                path.unlink()
                folder.rmdir()


def _clear_stale(path: Path) -> None:
    """Remove what a killed engine left: a socket of our own that nobody listens on. Raises FileExistsError."""
    found = path.lstat()
    if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid() and not _answers(path):
        path.unlink()
        return
    raise FileExistsError(f"{path} exists already: choose another path, or remove it if no engine uses it")


def _answers(path: Path) -> bool:
    """Whether somebody listens on the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True
