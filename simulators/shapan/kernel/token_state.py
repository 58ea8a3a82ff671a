"""The operations of `/oauth/revoke` and `/oauth/introspect` (令牌吊销与查询), the same in every system whose contract has them."""

from __future__ import annotations

from typing import Any

from shapan.kernel.auth import Authority, Client, Grant, TokenError
from shapan.kernel.errors import Problem
from shapan.kernel.revocation import Revocations, note_revoked
from shapan.kernel.system import Answer, Context

_NO_STORE = (("Cache-Control", "no-store"),)


def revoke_token(ctx: Context, body: dict[str, Any]) -> Answer:
    """revokeToken: end a token before it expires (RFC 7009). 200 also for one that is none or no longer good: it then is what was wished."""
    try:
        client, grant = _found(ctx, body)
    except TokenError as error:
        return error.answer()
    if grant is None:
        return Answer(200, {}, _NO_STORE)
    if grant.client_id != client.client_id:
        return TokenError(
            "invalid_grant", "The token belongs to another client. 该令牌属于其他客户端，不能吊销。"
        ).answer()
    note_revoked(ctx.db, grant)
    ctx.afterwards.append(_revocations(ctx).reload)
    return Answer(200, {}, _NO_STORE)


def introspect_token(ctx: Context, body: dict[str, Any]) -> Answer:
    """introspectToken: whether a token of the caller's is still good, and for what (RFC 7662). Of others' tokens nothing is said."""
    try:
        client, grant = _found(ctx, body)
    except TokenError as error:
        return error.answer()
    if (
        grant is None
        or grant.client_id != client.client_id
        or grant.audience != _authority(ctx).audience(ctx.workspace)
        or grant.expires_at <= ctx.now.timestamp()
        or _revocations(ctx).holds(grant)
    ):
        return Answer(200, {"active": False}, _NO_STORE)
    said = {
        "active": True,
        "scope": " ".join(sorted(grant.scopes)),
        "client_id": grant.client_id,
        "sub": grant.client_id,
        "token_type": "Bearer",
        "exp": grant.expires_at,
        "iat": grant.issued_at,
        "aud": grant.audience,
        "iss": grant.issuer,
        "jti": grant.token_id,
    }
    return Answer(200, said, _NO_STORE)


def _authority(ctx: Context) -> Authority:
    authority: Authority = ctx.services["kernel.authority"]
    return authority


def _revocations(ctx: Context) -> Revocations:
    revocations: Revocations = ctx.services["kernel.runtime"].workspace(ctx.workspace).revocations
    return revocations


def _found(ctx: Context, body: dict[str, Any]) -> tuple[Client, Grant | None]:
    """The client that asks and the token it asks about, None where it is none of this system. TokenError."""
    client = _authority(ctx).authenticate(body, ctx.authorization)
    try:
        return client, _authority(ctx).read(body["token"])
    except Problem:
        return client, None
