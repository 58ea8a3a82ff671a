"""Hosts and ports: what is taken is told by name, whatever the family of the address."""

from __future__ import annotations

import socket
import sys

import pytest

from shapan.sandbox import SandboxError
from shapan.sandbox.ports import address_of, base_of, claim, free_ports, is_loopback, require_free


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


@pytest.mark.parametrize(
    ("host", "address", "loopback"),
    [
        ("localhost", "127.0.0.1", True),
        ("127.0.0.2", "127.0.0.2", True),
        ("0.0.0.0", "0.0.0.0", False),
        pytest.param("::1", "::1", True, marks=needs_ipv6),
        pytest.param("::", "::", False, marks=needs_ipv6),
    ],
)
def test_a_host_is_resolved(host, address, loopback):
    assert address_of(host) == address
    assert is_loopback(address) is loopback


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300])
def test_a_host_without_an_address_is_one_sentence(host):
    with pytest.raises(SandboxError, match="has no address") as caught:
        address_of(host)
    assert "--host" in caught.value.zh


@pytest.mark.parametrize("address", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_a_taken_port_is_told_and_a_free_one_is_not(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as taken:
        # As granian listens: without our own probe being strict, this port would look free.
        if hasattr(socket, "SO_REUSEPORT"):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind((address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=rf"Port {port} \(crm\) is in use"):
            require_free({"crm": port}, address)
    require_free({"crm": port}, address)


def test_an_address_of_another_machine_is_told():
    # 192.0.2.0/24 is reserved for documentation (RFC 5737): no machine has it.
    with pytest.raises(SandboxError, match=r"Nothing can listen at 192\.0\.2\.1 port 8101 \(crm\)") as caught:
        require_free({"crm": 8101}, "192.0.2.1")
    assert "无法监听 192.0.2.1" in caught.value.zh


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets servers share a port without a word")
def test_a_port_can_be_claimed_once():
    port = free_ports(["x"])["x"]
    first = claim("crm", port)
    with pytest.raises(SandboxError, match=rf"Port {port} \(scm\) is in use by another shapan"):
        claim("scm", port)
    first.close()
    claim("scm", port).close()


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:8100"),
        ("0.0.0.0", "http://127.0.0.1:8100"),
        ("::", "http://[::1]:8100"),
        ("::1", "http://[::1]:8100"),
        ("192.0.2.7", "http://192.0.2.7:8100"),
    ],
)
def test_what_listens_everywhere_is_reached_at_loopback_and_the_rest_where_it_listens(host: str, base: str) -> None:
    assert base_of(host, 8100) == base
    assert base_of(host, 8100, "https") == base.replace("http:", "https:")
