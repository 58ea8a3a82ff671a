"""Requests that no operation served (未受理请求): a path or a method that the contract does not have, or refused at the door (too long a URL, too large
header fields). They are journaled too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapan.kernel.errors import Problem
from shapan.kernel.wire import TRACEPARENT, Reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from shapan.kernel.runtime import Runtime, Workspace

_WORKSPACE = re.compile(r"/ws/([^/]+)(/.*)?")
# Pages for people and the operator's interface are not what integrations are judged by; browsers ask for an icon by themselves.
_LEFT_OUT = re.compile(r"/(_shapan|docs)(/.*)?|/favicon\.ico|/openapi\.json")


def note_unserved(
    runtime: Runtime, request: Request, reply: Reply, request_id: str, operation_id: str | None = None
) -> None:
    """Note such a request in the workspace that its path names; nothing where there is no such workspace."""
    from shapan.kernel.runtime import WorkspaceGone

    found = _WORKSPACE.fullmatch(request.path)
    name, path = (found[1], found[2] or "/") if found else ("default", request.path)
    if _LEFT_OUT.fullmatch(path):
        return
    try:
        workspace = runtime.workspace(name)
    except WorkspaceGone:
        return
    given = request.headers.get("traceparent", "")
    workspace.journal.unserved(
        request.method,
        path,
        request.query_string.decode("utf-8", "replace"),
        {header.lower(): value for header, value in request.headers},
        reply,
        workspace.clock.now(),
        request_id=request_id,
        traceparent=given if TRACEPARENT.fullmatch(given) else None,
        operation_id=operation_id,
        client_id=_client(runtime, workspace, request.headers.get("Authorization")),
    )


def _client(runtime: Runtime, workspace: Workspace, authorization: str | None) -> str:
    """The client whose token came with it, whatever its scopes; nothing for none."""
    if not authorization:
        return ""
    try:
        now = workspace.clock.now()
        return runtime.authority.check(authorization, (), workspace.name, now, workspace.revocations.holds).client_id
    except Problem:
        return ""
