"""Which requests are looked at, at all (准入检查), by their address and headers alone: bounds on their size, and who may ask the operator interface. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shapan.kernel.errors import Problem, simple

MOST_HEADERS = 100
MOST_HEADER_BYTES = 32 * 1024
"""Of all header fields together, names and values. An access token with every scope has less than a tenth of it."""
MOST_ADDRESS_BYTES = 16 * 1024

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def refusal(address: str, headers: Mapping[str, str], *, guarded: bool) -> Problem | None:
    """Why a request is not looked at, or None. `address` is path and query, `headers` by lower-case name.

    `guarded`: it is for the operator interface, and no operator token protects that.
    """
    if len(address) > MOST_ADDRESS_BYTES:
        return _too_long()
    if len(headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in headers.items()) > MOST_HEADER_BYTES:
        return _too_many()
    host = _HOST.fullmatch(headers.get("host", ""))
    if host is None:
        return simple(400, "bad-request", "Bad Request", "The Host header is not a host.", "Host 请求头无效。")
    return _foreign(host[1], headers) if guarded else None


def _foreign(host: str, headers: Mapping[str, str]) -> Problem | None:
    """Why the operator interface must not answer, which then rests on being asked from this machine.

    A web page that is open in somebody's browser can ask from there too: through a name of its own that leads to loopback (DNS rebinding;
    the Host tells), or by a plain POST across sites (Origin and Sec-Fetch-Site tell). A proxy on this machine asks for whoever reaches it,
    which the headers tell that proxies add. And a system itself posts to wherever a client has its webhooks go.
    """
    origin = headers.get("origin")
    elsewhere = origin is not None and origin.partition("://")[2] != headers["host"]
    proxied = any(name in headers for name in _OF_PROXIES)
    delivered = "webhook-id" in headers
    crossed = headers.get("sec-fetch-site") == "cross-site"
    if host in _LOOPBACK and not (elsewhere or proxied or delivered or crossed):
        return None
    return simple(
        403,
        "foreign-origin",
        "The operator interface is for this machine",
        "The operator interface answers only what is asked of a loopback address, without a proxy and neither by a page from elsewhere nor as a "
        "webhook. Call it at 127.0.0.1, or set SHAPAN_OPERATOR_TOKEN.",
        "运维接口只接受直接对本机回环地址的请求，不接受经代理转发、其他来源网页或 webhook 的请求。请通过 127.0.0.1 调用，或设置 SHAPAN_OPERATOR_TOKEN。",
    )


def _too_long() -> Problem:
    size = MOST_ADDRESS_BYTES // 1024
    return simple(
        414,
        "uri-too-long",
        "The address is too long",
        f"Path and query have more than {size} KiB. Send fewer or shorter parameters.",
        f"路径与查询参数超过 {size} KiB，请减少参数。",
    )


def _too_many() -> Problem:
    size = MOST_HEADER_BYTES // 1024
    return simple(
        431,
        "header-fields-too-large",
        "The header fields are too large",
        f"There are more than {MOST_HEADERS} header fields, or more than {size} KiB of them. Send fewer or shorter ones.",
        f"请求头超过 {MOST_HEADERS} 个或总长超过 {size} KiB，请减少请求头。",
    )
