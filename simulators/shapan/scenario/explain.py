"""Says in one sentence, in English and Chinese, why a step failed: which system, which document, what was expected and found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapan.scenario.criteria import Criterion
from shapan.scenario.expressions import MISSING, Scope, render
from shapan.scenario.faults import Text
from shapan.scenario.model import Step
from shapan.scenario.results import Failure, Redactor, system_name

_MOST_FAULTS = 3


def of_criteria(step: Step, failed: Criterion | None, scope: Scope, redactor: Redactor) -> Failure:
    """The step was answered, but `failed` does not hold; None means that it has no criteria and the status is no 2xx.

    The script's own `failure` text is taken when its `when` holds, or, without one, when the answer had the wanted status: a text
    such as "SCM has no sales order" would be wrong for a 503.
    """
    expected = "a 2xx status" if failed is None else str(failed)
    status = f"$statusCode = {scope.message.status}"
    found, found_zh = (status, status) if failed is None else (failed.found(scope), failed.found(scope, "无"))
    expected_zh = "2xx 状态码" if failed is None else expected
    about_status = failed is None or any(str(e) == "$statusCode" for e in failed.expressions())
    for failure in step.failures:
        if failure.when.holds(scope) if failure.when else not about_status:
            text = Text(render(failure.text.en, scope), render(failure.text.zh, scope))
            en = f"{text.en.rstrip('.')} (expected {expected}; found {found})."
            zh = f"{text.zh.rstrip('。')}（期望 {expected_zh}；实际 {found_zh}）。"
            return _failure(step, scope, redactor, expected, found, Text(en, zh), failed)
    detail = _problem(scope.message.response_body) if about_status else ""
    name = system_name(step.source)
    what = step.operation.id if step.operation else f"workflow {step.workflow}"
    document = _document(step, scope)
    en = f"{name.en or 'The called workflow'}: {what}{f' for {document}' if document else ''} should have {expected}, but {found}"
    zh = f"{name.zh or '被调用的工作流'}：{what}{f'（{document}）' if document else ''} 期望 {expected_zh}，实际 {found_zh}"
    return _failure(
        step,
        scope,
        redactor,
        expected,
        found,
        Text(en + (f": {detail}" if detail else "."), zh + (f"：{detail}" if detail else "。")),
        failed,
    )


def of_error(step: Step, scope: Scope, redactor: Redactor, text: Text, expected: str, found: str) -> Failure:
    """The step could not be carried out; `text` is the sentence."""
    return _failure(step, scope, redactor, expected, found, text)


def with_deadline(failure: Failure, seconds: float) -> Failure:
    """The same failure, as it stood when the scenario's deadline made an end of waiting."""
    en, zh = f"The deadline of {seconds:g} s left no time to wait longer.", f"已到 {seconds:g} 秒的期限，不再等待。"
    return with_more(failure, Text(en, zh))


def with_more(failure: Failure, text: Text) -> Failure:
    """The same failure with another sentence after its own."""
    return replace(failure, reason=Text(f"{failure.reason.en} {text.en}", failure.reason.zh + text.zh))


def of_runs(failures: Sequence[Failure], numbers: Sequence[int], times: int) -> Failure:
    """The first failure of a step with `times`, with which run it was and how many failed."""
    first, number = failures[0], numbers[0]
    en = f"{len(failures)} of {times} runs failed; in run {number}: {first.reason.en}"
    zh = f"{times} 次运行中有 {len(failures)} 次失败；第 {number} 次：{first.reason.zh}"
    return replace(first, reason=Text(en, zh))


def _failure(
    step: Step, scope: Scope, redactor: Redactor, expected: str, found: str, text: Text, failed: Criterion | None = None
) -> Failure:
    document = _document(step, scope)
    lines = [line for one, line in zip(step.criteria, step.criteria_lines, strict=False) if one is failed]
    return Failure(
        system=step.source or "",
        document=document if document is None else redactor.text(document),
        expected=redactor.text(expected),
        found=redactor.text(found),
        reason=Text(redactor.text(text.en), redactor.text(text.zh)),
        file=str(step.file) if step.line is not None else "",
        line=lines[0] if lines else step.line,
    )


def _document(step: Step, scope: Scope) -> str | None:
    return None if step.document is None else render(step.document, scope)


def _problem(body: Any) -> str:
    """The detail and the first faults of an RFC 9457 problem; "" for any other body."""
    if body is MISSING or not isinstance(body, Mapping) or not isinstance(body.get("detail"), str):
        return ""
    listed = body.get("errors")
    faults = [fault for fault in listed if isinstance(fault, Mapping)] if isinstance(listed, list) else []
    shown = [f"{fault.get('pointer', '')} {fault.get('detail', '')}".strip() for fault in faults[:_MOST_FAULTS]]
    more = f" … ({len(faults)} faults)" if len(faults) > _MOST_FAULTS else ""
    return str(body["detail"]) + (f" [{'; '.join(shown)}{more}]" if shown else "")
