"""Access tokens as whoever runs the sandbox ends them (吊销令牌)."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import not_found
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, ok


def revoke_tokens(ctx: Context, body: dict[str, Any] | None) -> Answer:
    """revokeTokens: all of a client, or of all clients. 404 for a client that is not registered."""
    runtime, workspace = here(ctx)
    client_id = (body or {}).get("client_id")
    known = runtime.authority.client_ids
    if client_id is not None and client_id not in known:
        raise not_found("client", "客户端", client_id)
    workspace.revocations.revoke_client(client_id)
    return ok({"client_ids": list(known) if client_id is None else [client_id]})
