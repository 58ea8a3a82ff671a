"""Problems (RFC 9457): every refusal a client can meet, in English and Chinese.

A problem lists every fault that was found, each with a JSON Pointer (RFC 6901), so that a caller mends all of them in one go.
Rooms raise what the functions below make; only `dispatch` turns a problem into an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TYPE_PREFIX = "urn:shapan:problem:"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request: where (`pointer` into `where`) and what is wrong, in both languages."""

    pointer: str
    en: str
    zh: str
    where: str = "body"


@dataclass(eq=False)
class Problem(Exception):
    """A refusal on its way to the client.

    `name` is the last part of the problem type `urn:shapan:problem:<name>`; each is described in docs/errors.md.
    """

    status: int
    name: str
    title: str
    en: str
    zh: str
    faults: tuple[Fault, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def body(self, language: str, instance: str, request_id: str) -> dict[str, Any]:
        """The problem document in `language` ("zh" or anything else for English)."""
        chinese = language == "zh"
        document: dict[str, Any] = {
            "type": TYPE_PREFIX + self.name,
            "title": self.title,
            "status": self.status,
            "detail": self.zh if chinese else self.en,
            "instance": instance,
            "request_id": request_id,
        }
        if self.faults:
            document["errors"] = [
                {"in": fault.where, "pointer": fault.pointer, "detail": fault.zh if chinese else fault.en}
                for fault in self.faults
            ]
        return document

    def __str__(self) -> str:
        return f"{self.status} {self.name}: {self.en}"


def invalid(faults: Iterable[Fault]) -> Problem:
    """400: the request does not match the contract."""
    found = tuple(faults)
    number = len(found)
    return Problem(
        400,
        "validation-failed",
        "The request does not match the contract",
        f"{number} fault{'s' if number != 1 else ''} found; each is listed in errors. Mend them all and send it again.",
        f"请求有 {number} 处不符合接口契约，逐条见 errors；请全部改正后重新提交。",
        found,
    )


def malformed(en: str, zh: str) -> Problem:
    """400: the body could not be read at all."""
    return Problem(400, "malformed-body", "The body cannot be read", en, zh, (Fault("", en, zh),))


def refused(faults: Iterable[Fault]) -> Problem:
    """422: the request is well formed, but a business rule refuses it (unknown references, amounts that do not add up)."""
    found = tuple(faults)
    en = " ".join(fault.en for fault in found[:3]) + (" …" if len(found) > 3 else "")
    zh = "".join(fault.zh for fault in found[:3]) + ("……" if len(found) > 3 else "")
    return Problem(422, "business-rule", "A business rule refuses the request", en, zh, found)


def not_found(en: str, zh: str, key: object) -> Problem:
    """404: `en`/`zh` name the kind of thing ("order", "订单"), `key` the one that was asked for."""
    return Problem(
        404,
        "not-found",
        "There is no such resource",
        f"There is no {en} {key!s} in this workspace. Check the number, and that you ask the right workspace.",
        f"本工作区没有{zh} {key!s}。请核对编号以及所用的工作区。",
    )


def no_such(en: str, zh: str) -> Problem:
    """404 for what lies in no workspace: `en`/`zh` are the kind of thing and its name ("snapshot x", "快照 x")."""
    return Problem(
        404,
        "not-found",
        "There is no such resource",
        f"There is no {en}. Check the name; the list shows what there is.",
        f"没有{zh}。请核对名称，可先查看列表。",
    )


def conflict(name: str, en: str, zh: str) -> Problem:
    """409: the state of a document does not allow this now."""
    return Problem(409, name, "The current state does not allow this", en, zh)


def precondition_failed(current: str) -> Problem:
    """412: somebody changed the resource since the caller read it; `current` is its ETag now."""
    return Problem(
        412,
        "precondition-failed",
        "The resource has changed",
        f"The resource has changed since you read it (its ETag is now {current}). Read it again and redo your change.",
        f"资源在您读取之后已被修改（当前 ETag 为 {current}）。请重新读取后再修改。",
        headers=(("ETag", current),),
    )


def precondition_required() -> Problem:
    """428 (RFC 6585): If-Match is missing."""
    return Problem(
        428,
        "precondition-required",
        "If-Match is required",
        "Send the ETag that you last read as If-Match, so that no other change is overwritten.",
        "请在 If-Match 中带上最近一次读取得到的 ETag，以免覆盖他人的修改。",
        (Fault("/If-Match", "The header is missing.", "缺少该请求头。", "header"),),
    )


def locked(en: str, zh: str) -> Problem:
    """423: the accounting period is locked."""
    return Problem(423, "period-locked", "The period is locked", en, zh)


def unauthorized(error: str, en: str, zh: str) -> Problem:
    """401 with the challenge of RFC 6750; `error` is empty when no token was sent at all."""
    challenge = 'Bearer realm="shapan"' + (f', error="{error}", error_description="{en}"' if error else "")
    name = error.replace("_", "-") or "token-missing"
    return Problem(401, name, "No valid access token", en, zh, headers=(("WWW-Authenticate", challenge),))


def insufficient_scope(needed: Iterable[str]) -> Problem:
    """403 with `insufficient_scope` (RFC 6750 section 3.1)."""
    scopes = " ".join(needed)
    return Problem(
        403,
        "insufficient_scope",
        "insufficient_scope",
        f"The token lacks the scope {scopes}. Ask for a token with it, if your client may have it.",
        f"访问令牌缺少权限范围 {scopes}。请申请带有该范围的令牌（前提是该客户端被允许）。",
        headers=(("WWW-Authenticate", f'Bearer realm="shapan", error="insufficient_scope", scope="{scopes}"'),),
    )


def simple(status: int, name: str, title: str, en: str, zh: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Any other problem, with headers given as a mapping."""
    return Problem(status, name, title, en, zh, headers=tuple((headers or {}).items()))


def passed_on(status: int, document: Mapping[str, Any], who: tuple[str, str] = ("", "")) -> Problem:
    """A problem document of another system as our own refusal. It is in one language: ask for it in the caller's. `who` says whose it is."""
    detail = str(document.get("detail", ""))
    found = [fault for fault in document.get("errors", ()) if isinstance(fault, Mapping)]
    return Problem(
        status,
        str(document.get("type", "")).removeprefix(TYPE_PREFIX),
        str(document.get("title", "")),
        who[0] + detail,
        who[1] + detail,
        tuple(
            Fault(str(fault.get("pointer", "")), text, text, str(fault.get("in", "body")))
            for fault in found
            for text in [str(fault.get("detail", ""))]
        ),
    )
