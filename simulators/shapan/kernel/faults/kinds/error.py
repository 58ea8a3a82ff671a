"""An error (错误响应): a status code that the integration must live with, before or after the work was done."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shapan.kernel.errors import Problem, simple
from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule
from shapan.kernel.wire import Reply, Request, problem_reply


class Error(RequestFault):
    """The answer is a problem `injected-fault` with the wished status."""

    name = "error"
    en, zh = "An error", "错误响应"

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Refuse, or turn what was done into an error."""
        problem = injected(rule.parameters["status"], rule.id, rule.parameters)
        if rule.parameters["at"] == "before":
            return Effect(problem=problem)
        return Effect(change=lambda reply: _instead(call.request, problem))


def injected(status: int, rule_id: str, parameters: Mapping[str, Any]) -> Problem:
    """The problem `injected-fault`, with the rule that made it; `detail` and `retry_after_seconds` of `parameters` count where given."""
    after = parameters.get("retry_after_seconds")
    detail = parameters.get("detail")
    return simple(
        status,
        "injected-fault",
        _title(status),
        detail or f"The fault {rule_id} makes this request fail. It is set on purpose; /_shapan/faults lists it.",
        detail or f"故障规则 {rule_id} 使该请求失败，这是有意设置的，见 /_shapan/faults。",
        {} if after is None else {"Retry-After": str(after)},
    )


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Injected fault"


def _instead(request: Request, problem: Problem) -> Reply:
    return problem_reply(problem, request.language, request.path, request.request_id)


ERROR = Error()
