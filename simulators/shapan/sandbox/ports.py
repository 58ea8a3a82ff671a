"""Addresses and ports: what a host name means, which ports are free, and that no two servers share one."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Iterable, Mapping

from shapan.sandbox.errors import SandboxError

LOOPBACK = "127.0.0.1"


def address_of(host: str) -> str:
    """The numeric address of a host name or address. SandboxError when it has none."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise SandboxError(
            f"The host {host} has no address ({error}). Name an address of this machine with --host, e.g. {LOOPBACK}.",
            f"无法解析主机 {host}（{error}）。请用 --host 指定本机地址，例如 {LOOPBACK}。",
        ) from error
    # A name may have one of each kind (localhost); documentation and health checks use the older.
    return next((address for address in found if ":" not in address), found[0])


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches a numeric address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def base_of(host: str, port: int, scheme: str = "http") -> str:
    """The base URL at which this machine reaches what listens there: at loopback, when it listens at every address."""
    # By its name: that of a certificate and of a Host header.
    address = {"0.0.0.0": LOOPBACK, "::": "::1", "localhost": LOOPBACK}.get(host, host)  # noqa: S104
    return f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"


def require_free(ports: Mapping[str, int], address: str = LOOPBACK) -> None:
    """SandboxError that names every port, by system name, at which nothing can listen now, and why."""
    refusals = {name: error for name, port in ports.items() if (error := _refusal(address, port)) is not None}
    if not refusals:
        return
    if all(error.errno == errno.EADDRINUSE for error in refusals.values()):
        listed = [f"{ports[name]} ({name})" for name in refusals]
        raise SandboxError(
            f"Port {', '.join(listed)} is in use. Stop what listens there, or choose other ports with --port.",
            f"端口 {'、'.join(listed)} 已被占用。请停止占用它的程序，或用 --port 选择其他端口。",
        )
    listed = [f"{address} port {ports[name]} ({name}): {error.strerror}" for name, error in refusals.items()]
    raise SandboxError(
        f"Nothing can listen at {'; '.join(listed)}. Choose other ports with --port, or another address with --host.",
        f"无法监听 {'；'.join(listed)}。请用 --port 选择其他端口，或用 --host 选择其他地址。",
    )


def _refusal(address: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        if sys.platform != "win32":
            # As servers do: a port whose last connections are still closing is free. (On Windows it would allow taking others' ports.)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error
    return None


def claim(name: str, port: int) -> socket.socket | None:
    """Keep other servers of ours off a port from now until the process ends; SandboxError when one has it.

    granian listens so that several processes may share a port, and then the system lets a second server in without a word. Between
    our look at the port and its listening there would be room for one. On Linux a socket in the abstract namespace closes that gap:
    one process at a time has a name, per network and without a file. Elsewhere None, and the look has to do.
    """
    if sys.platform != "linux":
        return None
    claimed = socket.socket(socket.AF_UNIX)
    try:
        claimed.bind(f"\0shapan-{os.getuid()}-port-{port}")
    except OSError as error:
        claimed.close()
        raise SandboxError(
            f"Port {port} ({name}) is in use by another shapan. Stop it, or choose another port with --port.",
            f"端口 {port}（{name}）已被另一个 shapan 占用。请停止它，或用 --port 选择其他端口。",
        ) from error
    return claimed


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """A free port for each name. Another process may take one before it is used; then the start says so."""
    probes = {name: socket.socket() for name in names}
    for probe in probes.values():
        probe.bind((LOOPBACK, 0))
    ports = {name: int(probe.getsockname()[1]) for name, probe in probes.items()}
    for probe in probes.values():
        probe.close()
    return ports
