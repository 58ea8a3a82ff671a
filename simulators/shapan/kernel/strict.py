"""Strict mode (严格模式): what a system answers and tells is held against its own contract."""

from __future__ import annotations

import json
import logging

from shapan.kernel.clock import rfc3339
from shapan.kernel.contract import Contract, is_json, response_faults
from shapan.kernel.errors import Problem
from shapan.kernel.ids import new_uuid
from shapan.kernel.system import Context
from shapan.kernel.validation import faults
from shapan.kernel.wire import Reply, Request, problem_reply

log = logging.getLogger(__name__)


def check_events(contract: Contract, ctx: Context) -> None:
    """AssertionError, before anything is committed, when an event of this request breaks the contract."""
    for event in ctx.events:
        validator = contract.events.get(event.type)
        if validator is None:
            raise AssertionError(f"event {event.type} is not in the contract's webhooks")
        sample = {
            "specversion": "1.0",
            "id": new_uuid(),
            "source": "urn:shapan:check",
            "type": event.type,
            "subject": event.subject,
            "time": rfc3339(ctx.now),
            "datacontenttype": "application/json",
            "sequence": "1",
            "data": event.data,
        }
        wrong = faults(validator, sample, "body")
        if wrong:
            raise AssertionError(f"event {event.type} breaks its contract: {[(f.pointer, f.en) for f in wrong]}")


def checked(reply: Reply, request: Request) -> Reply:
    """The reply, or 500 `contract-broken` when it breaks the contract. A 500 stays: no contract has one."""
    if reply.status == 500:
        return reply
    operation = request.operation
    headers = {name.lower(): value for name, value in reply.headers}
    content_type = headers.get("content-type", "")
    media = content_type.partition(";")[0]
    # What is no text is a file, of which a contract says only the media type.
    body = json.loads(reply.body) if is_json(media) else reply.body.decode(errors="replace") or None
    wrong = response_faults(operation, reply.status, content_type, body)
    if not wrong:
        return reply
    listing = "; ".join(f"{fault.pointer or '/'}: {fault.en}" for fault in wrong)
    log.error(
        "%s answered %s against its contract: %s (%s)", operation.operation_id, reply.status, listing, reply.body[:2000]
    )
    broken = Problem(
        500,
        "contract-broken",
        "The answer breaks the contract",
        f"{operation.operation_id} answered {reply.status} against its contract. This is a fault of the simulator; please report it. The change stands.",
        f"{operation.operation_id} 的响应 {reply.status} 不符合契约，这是模拟器的缺陷，请反馈；数据改变已生效。",
        tuple(wrong),
    )
    return problem_reply(broken, request.language, request.path, request.request_id)
