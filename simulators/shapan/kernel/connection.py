"""The connection under a request (连接): cut as a broken network would, and whether the client has hung up."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
from collections.abc import Iterator

_LISTINGS = ("/proc/self/fd", "/dev/fd")


def cut(connection: socket.socket) -> None:
    """End it in both directions at once. The server finds out by itself."""
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)


def hung_up(connection: socket.socket) -> bool:
    """Whether the client has closed its side. What it sent besides stays unread."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def cut_between(client: str, server: str) -> bool:
    """Cut the connection of this process from `client` to `server`, both as "host:port", where the server itself does not give its socket away.

    False where this system lists no open files, or has none such.
    """
    wanted = _address(client), _address(server)
    for connection in _sockets():
        with connection:
            try:
                if (connection.getpeername()[:2], connection.getsockname()[:2]) == wanted:
                    cut(connection)
                    return True
            except OSError:
                continue
    return False


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _sockets() -> Iterator[socket.socket]:
    """A second handle to every internet socket of this process."""
    listing = next((path for path in _LISTINGS if os.path.isdir(path)), None)
    if listing is None or sys.platform == "win32":
        return
    for name in os.listdir(listing):
        try:
            number = os.dup(int(name))
        except OSError:
            continue  # the listing's own
        try:
            connection = socket.socket(fileno=number)
        except OSError:
            os.close(number)
            continue
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
            yield connection
        else:
            connection.close()
