"""Where webhooks may go: what is allowed, what never is, and that a name cannot lead elsewhere between look and call."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.kernel.delivery.targets import TargetRefused, Targets, literal

NOBODY = Targets()
NEVER = ["169.254.169.254", "169.254.0.1", "fd00:ec2::254", "fe80::1", "100.100.100.200", "192.0.0.192"]
NEVER += ["168.63.129.16", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"]


def addresses(targets: Targets, *resolved: str, host: str = "hooks.example") -> list[str]:
    return targets.addresses(host, 80, lambda *_: list(resolved))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "fd12::1"]
)
def test_loopback_and_private_are_allowed(address: str) -> None:
    assert addresses(NOBODY, address) == [address]
    NOBODY.refuse_literal(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2001:db8::1", "100.64.0.1", "2002:808:808::1"])
def test_others_need_somebody_who_allows_them(address: str) -> None:
    with pytest.raises(TargetRefused, match="SHAPAN_ALLOW_WEBHOOKS"):
        addresses(NOBODY, address)
    with pytest.raises(TargetRefused):
        NOBODY.refuse_literal(address)
    assert addresses(Targets(public=True), address) == [address]
    assert addresses(Targets.parse(["Hooks.Example"]), address) == [address]


@pytest.mark.parametrize(
    "address", [*NEVER, *(f"::ffff:{a}" for a in NEVER if ":" not in a), "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"]
)
@pytest.mark.parametrize("targets", [NOBODY, Targets.parse(["*", "0.0.0.0/0", "::/0", "hooks.example"])])
def test_metadata_services_never_are(targets: Targets, address: str) -> None:
    with pytest.raises(TargetRefused, match="never"):
        addresses(targets, address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:0.0.0.0"])
def test_no_address_of_one_receiver(address: str) -> None:
    with pytest.raises(TargetRefused, match="one receiver"):
        addresses(Targets(public=True), address)


def test_of_a_name_only_the_allowed_addresses_are_called() -> None:
    assert addresses(NOBODY, "169.254.169.254", "10.0.0.1", "8.8.8.8", "::1") == ["10.0.0.1", "::1"]
    with pytest.raises(OSError, match="has no address"):
        addresses(NOBODY)


def test_networks_and_hosts_are_read() -> None:
    targets = Targets.parse(["203.0.113.0/24, hooks.example", "[2001:db8::]/32".replace("[", "").replace("]", ""), ""])
    assert addresses(targets, "203.0.113.9", host="x.example") == ["203.0.113.9"]
    assert addresses(targets, "2001:db8::5", host="x.example") == ["2001:db8::5"]
    assert addresses(targets, "8.8.8.8", host="hooks.example.") == ["8.8.8.8"]
    with pytest.raises(TargetRefused):
        addresses(targets, "8.8.8.8", host="other.example")
    with pytest.raises(ValueError, match=re.escape("10.0.0.0/99, ho st, http://x")):
        Targets.parse(["10.0.0.0/99,ho st", "http://x", "fine.example"])


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("127.1", "127.0.0.1"),
        ("2852039166", "169.254.169.254"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("[::1]", "::1"),
        ("10.0.0.1.", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses_are_seen_however_they_are_written(host: str, meant: str) -> None:
    assert literal(host) == ipaddress.ip_address(meant)


@pytest.mark.parametrize("host", ["example", "1.example", "cafe", "0x.example", "999.999.999.999.999", ""])
def test_names_are_no_addresses(host: str) -> None:
    assert literal(host) is None
    NOBODY.refuse_literal(host)


@given(st.ip_addresses())
def test_what_is_allowed_is_here(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Whatever the address: with nothing allowed, only loopback and private ones pass, and none of the metadata services."""
    try:
        [passed] = addresses(NOBODY, str(address))
    except TargetRefused:
        return
    meant = ipaddress.ip_address(passed)
    inner = getattr(meant, "ipv4_mapped", None) or getattr(meant, "sixtofour", None) or meant
    assert inner.is_loopback or inner.is_private
    assert not inner.is_link_local
