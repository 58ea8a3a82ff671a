"""A body cut off (响应体截断): the answer is complete as HTTP, and its JSON ends in the middle."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule
from shapan.kernel.wire import Reply


class TruncatedBody(RequestFault):
    """Only the first part of the body is sent, with a Content-Length that says so."""

    name = "truncated-body"
    en, zh = "A body cut off", "响应体截断"

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Cut it when it is there."""
        keep: float = rule.parameters["keep"]
        return Effect(change=lambda reply: _cut(reply, keep))


def _cut(reply: Reply, keep: float) -> Reply | None:
    # At least the last byte goes, without which no object, list or text of JSON is whole.
    kept = min(int(len(reply.body) * keep), len(reply.body) - 1)
    return replace(reply, body=reply.body[:kept]) if reply.body else None


TRUNCATED_BODY = TruncatedBody()
