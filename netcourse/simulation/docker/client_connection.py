"""A client that is being sent a long answer, and what its socket tells of it on Linux, macOS and Windows."""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import BufferedIOBase

HEAD_READ_SECONDS, GLANCE_SECONDS, LAST_RESORT_SECONDS = 0.5, 0.0002, 0.01
_SIOCOUTQ, _SO_NWRITE = 0x5411, 0x1024
"""How many bytes the other end hasn't taken yet: linux/sockios.h, and sys/socket.h of Darwin."""


class ClientConnection:
    """``chunked``: each piece behind its length (RFC 9112 section 7.1)."""

    def __init__(self, connection: socket.socket, incoming: BufferedIOBase, *, chunked: bool) -> None:
        self._connection, self._incoming, self._chunked = connection, incoming, chunked

    def send(self, data: bytes) -> None:
        """Raises OSError when the client has gone."""
        if data:
            self._connection.sendall(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def finish(self) -> None:
        """Say that this was all."""
        with suppress(OSError):
            if self._chunked:
                self._connection.sendall(b"0\r\n\r\n")
            else:
                # a thread that still receives ends too
                self._connection.shutdown(socket.SHUT_RDWR)

    def hung_up(self) -> bool:
        """Whether nobody is at the other end. After an upgrade, one who has only finished sending is still there."""
        if not hasattr(select, "poll"):
            return False  # Windows doesn't say it: the next send will
        poller = select.poll()
        poller.register(self._connection, select.POLLIN)
        seen = poller.poll(0)
        if not seen:
            return False
        if seen[0][1] & (select.POLLHUP | select.POLLERR):
            return True
        # dockerd takes the end of what is sent for the end of the client, as net/http does
        return self._chunked and self._connection.recv(1, socket.MSG_PEEK) == b""

    def receive(self, give: Callable[[bytes], None], end: Callable[[], None]) -> None:
        """Hand on what the client sends, in a thread of its own, and tell its end."""
        threading.Thread(target=self._receive, args=(give, end), daemon=True).start()

    def _receive(self, give: Callable[[bytes], None], end: Callable[[], None]) -> None:
        with suppress(OSError, ValueError):
            # what the buffered reader took together with the head comes first
            while data := self._incoming.read1(65536):
                give(data)
        end()


def wait_until_read(connection: socket.socket) -> None:
    """docker-py loses bytes that arrive together with the head: wait until the client has taken it."""
    end = time.monotonic() + HEAD_READ_SECONDS
    while (left := _unread(connection)) and time.monotonic() < end:
        time.sleep(GLANCE_SECONDS)
    if left is None:
        time.sleep(LAST_RESORT_SECONDS)


def _unread(connection: socket.socket) -> int | None:
    """How many bytes the client has yet to take; None where the system doesn't tell."""
    try:
        if sys.platform == "linux":
            import fcntl

            return int(struct.unpack("i", fcntl.ioctl(connection, _SIOCOUTQ, bytes(4)))[0])
        if sys.platform == "darwin":
            return connection.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)
    except OSError:
        return None
    return None
