"""The operations of `/oauth/token` and `/.well-known/…`, the same in every system."""

from __future__ import annotations

from typing import Any

from shapan.kernel.auth import Authority, TokenError
from shapan.kernel.system import Answer, Context, ok


def issue_token(ctx: Context, body: dict[str, Any]) -> Answer:
    """issueToken: an access token (访问令牌) for a client's credentials."""
    authority: Authority = ctx.services["kernel.authority"]
    try:
        generation = ctx.services["kernel.runtime"].workspace(ctx.workspace).revocations.generation
        token = authority.issue(body, ctx.authorization, ctx.base_url, ctx.workspace, ctx.now, generation)
    except TokenError as error:
        return error.answer()
    return Answer(200, token, (("Cache-Control", "no-store"),))


def get_authorization_server(ctx: Context) -> Answer:
    """getAuthorizationServer: metadata by RFC 8414."""
    authority: Authority = ctx.services["kernel.authority"]
    served = ctx.services["kernel.runtime"].contract.operations
    return ok(authority.metadata(ctx.base_url, revocation="revokeToken" in served))


def get_jwks(ctx: Context) -> Answer:
    """getJwks: the public keys of the tokens."""
    authority: Authority = ctx.services["kernel.authority"]
    return ok(authority.jwks())
