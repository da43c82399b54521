"""Where a simulated engine is reached: a socket that its owner alone can open, or a loopback port behind a token."""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import stat
import threading
from contextlib import suppress
from pathlib import Path

from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.http_handler import HTTPHandler

BACKLOG, ACCEPT_AGAIN_SECONDS = 256, 0.1
LONGEST_SOCKET_PATH = 103
"""Bytes: macOS has room for these (sys/un.h), Linux for four more."""


class Server:
    """Serves each client in a thread. ``token`` has to come first in every path, where there is one.

    Threads wait for clients, not clients for threads: to start one costs more than most answers. One thread at a time,
    whose turn it is, looks out for the next client, and sees to it that another one can take over.
    """

    def __init__(self, listener: socket.socket, world: World, address: str, token: str = "") -> None:
        self.world, self.address, self.token = world, address, token
        self._listener = listener
        self._bell, self._rope = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._turn, self._idle = threading.Lock(), threading.Semaphore(0)
        self._threads: list[threading.Thread] = []
        self._clients: set[socket.socket] = set()
        for source in (listener, self._bell):
            source.setblocking(False)
            self._selector.register(source, selectors.EVENT_READ)
        listener.listen(BACKLOG)
        self._add_thread()

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._serve, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while (client := self._next_client()) is not None:
            with suppress(OSError), client:  # one that has hung up is no news
                HTTPHandler(client, self.world, self.token).handle()
            self._clients.discard(client)
            self._idle.release()

    def _next_client(self) -> socket.socket | None:
        """None when the engine closes."""
        with self._turn:
            while True:
                self._selector.select()
                if self.world.closing.is_set():
                    return None
                try:
                    client, _ = self._listener.accept()
                except OSError:  # gone already, or this process may open no more files
                    self.world.closing.wait(ACCEPT_AGAIN_SECONDS)
                    continue
                client.setblocking(True)
                self._clients.add(client)
                if not self._idle.acquire(blocking=False):
                    self._add_thread()
                return client

    def close(self) -> None:
        """Hang up on every client, and wait until each thread has noticed."""
        self.world.closing.set()
        self._rope.send(b"!")
        with self._turn:
            clients = list(self._clients)
        for client in clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._selector.close()
        for source in (self._listener, self._bell, self._rope):
            source.close()


class UnixServer(Server):
    """At ``path``. Raises FileExistsError when something is there already, OSError when it can't be there."""

    def __init__(self, path: Path, world: World) -> None:
        if os.path.lexists(path):
            _clear_stale(path)
        self._path = path
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(str(path))
            # nobody can connect before it listens, so that nobody else ever can
            path.chmod(0o600)
            self._inode = path.lstat().st_ino
        except OSError:
            listener.close()
            raise
        super().__init__(listener, world, f"unix://{path}")

    def close(self) -> None:
        super().close()
        if os.path.lexists(self._path) and self._path.lstat().st_ino == self._inode:
            self._path.unlink()


class LoopbackServer(Server):
    """At a port of 127.0.0.1 that the system chooses. Others on this computer can reach it, but not guess the token."""

    def __init__(self, world: World) -> None:
        listener = socket.socket(socket.AF_INET)
        listener.bind(("127.0.0.1", 0))
        token = secrets.token_hex(16)
        super().__init__(listener, world, f"tcp://127.0.0.1:{listener.getsockname()[1]}/{token}", token)


def usual_path(folder: Path) -> Path | None:
    """The socket for an engine in ``folder``; None, which is a loopback port, where the system has no room for it."""
    path = folder / "docker.sock"
    fits = len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
    return path if hasattr(socket, "AF_UNIX") and fits else None


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
