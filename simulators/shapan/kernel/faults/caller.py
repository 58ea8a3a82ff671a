"""Who sends a request (调用方), as far as can be told before it has been authenticated: faults come first."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_plus

from werkzeug.datastructures import Authorization

from shapan.kernel.auth import Authority
from shapan.kernel.errors import Problem
from shapan.kernel.wire import Request


def caller_of(authority: Authority, request: Request) -> str:
    """The client_id behind a token of this system, expired or not, or of the form of a request for a token; else ""."""
    given = request.headers.get("authorization", "")
    scheme, _, token = given.partition(" ")
    if scheme.lower() == "bearer":
        try:
            return authority.read(token.strip()).client_id
        except Problem:
            return ""
    header = Authorization.from_header(given)
    if header is not None and header.type == "basic":
        return unquote_plus(header.username or "")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        try:
            return dict(parse_qsl(request.body.decode(errors="replace"), max_num_fields=100)).get("client_id", "")
        except ValueError:
            return ""
    return ""
