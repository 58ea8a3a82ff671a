"""Where webhooks may go (SSRF guard, 服务端请求伪造防护): loopback and private addresses; others only where somebody allowed them.

A simulator calls whatever URL a client gives it. On a machine of a cloud that must not reach the metadata service, which hands out
credentials; in a company it must not reach the internet by accident. The address is looked at when it is about to be called, and the
call goes to that very address: a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], list[str]]

ANY = "*"
# Metadata services of clouds, by whatever is allowed otherwise: link-local (AWS, Azure, Google, OpenStack …), Alibaba, Oracle, Azure's host; by IPv6
# AWS, Google, Oracle, Scaleway, which lie among the private addresses.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",
        "fe80::/10",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
        "fd00:ec2::/32",
        "fd20:ce::/64",
        "fd00:c1::/64",
        "fd00:42::/64",
    )
)
_HERE = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# IPv6 addresses that stand for IPv4 ones behind a translator (RFC 6052, RFC 8215).
_TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48"))


class TargetRefused(Exception):
    """A webhook must not go there; the message says why and what would allow it."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


@dataclass(frozen=True)
class Targets:
    """What may be called beside loopback and private addresses: `hosts` by name, `networks`, or anything `public`."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    public: bool = False

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Targets:
        """From host names, addresses, networks in CIDR notation, and `*` for anything. ValueError naming every one that is none of these."""
        hosts, wrong = set[str](), list[str]()
        networks: list[Network] = []
        public = False
        for text in (piece.strip() for given in texts for piece in given.split(",")):
            if text == ANY:
                public = True
            elif not text:
                continue
            else:
                try:
                    networks.append(ipaddress.ip_network(text.strip("[]")))
                except ValueError:
                    if _is_name(text):
                        hosts.add(text.lower())
                    else:
                        wrong.append(text)
        if wrong:
            raise ValueError(", ".join(wrong))
        return cls(frozenset(hosts), tuple(networks), public)

    def refuse_literal(self, host: str) -> None:
        """Look at a host that is an address already; names are looked at when they are called. TargetRefused."""
        address = literal(host)
        if address is not None:
            self._require(address, host)

    def addresses(self, host: str, port: int, resolve: Resolve | None = None) -> list[str]:
        """The addresses of a host to which a call may go, in the order of the resolver. TargetRefused when there is none; OSError."""
        found = (resolve or _resolve)(host, port)
        allowed, refused = [], None
        for text in found:
            try:
                self._require(ipaddress.ip_address(text), host)
            except TargetRefused as error:
                refused = error
            else:
                allowed.append(text)
        if not allowed:
            raise refused or OSError(f"{host} has no address")
        return allowed

    def _require(self, address: Address, host: str) -> None:
        kinds = (address, *_inner(address))
        if any(_within(kind, _NEVER) for kind in kinds):
            raise TargetRefused(
                f"{host} is an address of a cloud's metadata service or link-local ({address}); webhooks never go there.",
                f"{host} 是云元数据服务或链路本地地址（{address}），不允许作为 webhook 目标。",
            )
        if any(kind.is_multicast or kind.is_unspecified for kind in kinds):
            raise TargetRefused(
                f"{host} ({address}) is no address of one receiver. Give the receiver's own.",
                f"{host}（{address}）不是单个接收方的地址，请填写接收方自己的地址。",
            )
        # What an address stands for counts, not how it is written.
        meant = kinds[-1]
        if self.public or _within(meant, (*_HERE, *self.networks)) or host.lower().rstrip(".") in self.hosts:
            return
        raise TargetRefused(
            f"{host} ({address}) is neither loopback nor private. Allow it with SHAPAN_ALLOW_WEBHOOKS={host} or --allow-public-webhooks.",
            f"{host}（{address}）既不是回环地址也不是内网地址。请用 SHAPAN_ALLOW_WEBHOOKS={host} 或 --allow-public-webhooks 放行。",
        )


def literal(host: str) -> Address | None:
    """The address that a host is, also where it is written as resolvers take it (127.1, 0x7f000001, 2130706433); None for a name."""
    text = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    last = text.rpartition(".")[2]
    if not (last.isdecimal() or last.lower().startswith("0x")):
        return None  # only a number in the last place makes it an address (URL Standard, host parser)
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def _is_name(text: str) -> bool:
    return all(part and part.replace("-", "a").isalnum() for part in text.rstrip(".").split("."))


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _inner(address: Address) -> tuple[Address, ...]:
    """The IPv4 address that an IPv6 address carries, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if _within(address, _TRANSLATED):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
