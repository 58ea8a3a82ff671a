"""A sandbox that runs already, known by the URL of its control."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import httpx

from shapan.kernel.auth import Client
from shapan.kernel.trust import VARIABLE, trusted
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.options import CONTROL, SIMULATORS

# What the answers of a control hold, as far as we read them (contracts/control.yaml), with the members of what is in their lists.
_MEMBERS: Mapping[str, Mapping[str, tuple[str, ...] | None]] = {
    "/systems": {"items": ("name", "url")},
    "/reconciliation": {
        "ok": None,
        "checks": ("code", "en", "zh", "compared", "differences"),
        "differences": ("check", "code", "severity", "en", "zh"),
    },
    "/answer-key/score": {
        "accuracy": None,
        "systems": ("system", "judged", "right", "accuracy"),
        "pairwise": None,
        "bcubed": None,
        "counts": None,
        "false_merges": None,
        "rules": ("rule", "en", "zh", "records", "recall"),
        "wrong_pairs": ("wrong", "first", "second", "en", "zh"),
    },
}
_PATIENCE = 60.0
_SCORING_PATIENCE = 600.0
_FILE_PATIENCE = 600.0


class ControlRefusal(SandboxError):
    """Control refuses, and says of each fault of the request where it is (JSON Pointer) and what, in English and Chinese."""

    def __init__(self, en: str, zh: str, faults: tuple[tuple[str, str, str], ...]) -> None:
        super().__init__(en, zh)
        self.faults = faults


def running_sandbox(url: str, client_id: str, client_secret: str | None) -> tuple[dict[str, str], Client]:
    """Base URLs and client of the sandbox whose control is at `url`. SandboxError when it cannot be reached.

    SHAPAN_CRM_URL, SHAPAN_SCM_URL and SHAPAN_FINANCE_URL, where set, count more than what control says.
    """
    base = url.rstrip("/")
    if not client_secret:
        raise SandboxError(
            "A running sandbox needs its client secret: give --client-secret or SHAPAN_CLIENT_SECRET, as `shapan up` printed it.",
            "连接正在运行的沙盘需要客户端密钥：请用 --client-secret 或 SHAPAN_CLIENT_SECRET 提供 shapan up 打印的密钥。",
        )
    systems = control_get(base, "/systems")["items"]
    missing = sorted({*SIMULATORS} - {system["name"] for system in systems})
    if missing:
        raise SandboxError(
            f"The control at {base} does not know {', '.join(missing)}. Give the control of a whole sandbox with --url.",
            f"总控 {base} 不包含系统 {'、'.join(missing)}。请用 --url 指定完整沙盘的总控。",
        )
    # Control may know the systems by names that only its own network knows (containers): the caller's word counts more.
    urls = {s["name"]: os.environ.get(f"SHAPAN_{s['name'].upper()}_URL") or s["url"] for s in systems}
    return {CONTROL: base, **urls}, Client(client_id, client_secret)


def running_world(url: str) -> dict[str, Any]:
    """The world of a running sandbox, as its systems tell it (contracts/operator.yaml, Health); {} where none does. SandboxError."""
    for system in control_get(url.rstrip("/"), "/systems")["items"]:
        health = system.get("health")
        if isinstance(health, dict) and isinstance(health.get("world"), dict):
            return dict(health["world"])
    return {}


def operator_tokens() -> dict[str, str]:
    """The operator token for control, where SHAPAN_OPERATOR_TOKEN gives one."""
    token = os.environ.get("SHAPAN_OPERATOR_TOKEN")
    return {CONTROL: token} if token else {}


def control_get(base: str, path: str, **parameters: str) -> dict[str, Any]:
    """A GET at the control, `path` one of /systems and /reconciliation. SandboxError with the reason when there is no good answer."""
    return _ask(base, "GET", path, _PATIENCE, params=parameters)


def control_score(base: str, kind: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """The report on a crosswalk, as contracts/control/answer-key.yaml has it. ControlRefusal with its faults, or SandboxError."""
    return _ask(base, "POST", "/answer-key/score", _SCORING_PATIENCE, params={"kind": kind}, json=rows)


def control_call(
    base: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    seconds: float = _PATIENCE,
    members: tuple[str, ...] = (),
) -> Any:
    """What control answers to any request: JSON data, None for an empty answer. `params` that are None are left away.

    ControlRefusal with the faults that control found, SandboxError when there is no good answer after so many seconds, or none with these
    `members`: then it is no control that answers.
    """
    query = {name: value for name, value in (params or {}).items() if value is not None}
    request = {"params": query, **({} if body is None else {"json": body})}
    answer = _answer(base.rstrip("/"), method, path, seconds, **request)
    if members and not (isinstance(answer, dict) and answer.keys() >= {*members}):
        raise _no_control(base)
    return answer


def control_fetch(base: str, path: str) -> bytes:
    """A file that control gives. ControlRefusal, SandboxError."""
    content: bytes = _answer(base.rstrip("/"), "GET", path, _FILE_PATIENCE, file=True)
    return content


def control_send(base: str, path: str, content: bytes, media: str) -> dict[str, Any]:
    """What control says of a file that is put there. ControlRefusal with the faults that control found, SandboxError."""
    return dict(_answer(base.rstrip("/"), "PUT", path, _FILE_PATIENCE, media=media, content=content))


def _ask(base: str, method: str, path: str, patience: float, **request: Any) -> dict[str, Any]:
    body = _answer(base, method, path, patience, **request)
    if not _as_promised(body, _MEMBERS[path]):
        raise _no_control(base)
    return dict(body)


def _answer(
    base: str, method: str, path: str, patience: float, *, file: bool = False, media: str | None = None, **request: Any
) -> Any:
    token = os.environ.get("SHAPAN_OPERATOR_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if media is not None:
        headers["Content-Type"] = media
    with httpx.Client(headers=headers, trust_env=False, timeout=patience, verify=trusted()) as http:
        try:
            answer = http.request(method, base + path, **request)
            if not answer.is_success:
                chinese = http.request(method, base + path, headers={"Accept-Language": "zh"}, **request)
                raise _refusal(base, answer, chinese)
            if file:
                return answer.content
            return answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            if (foreign := untrusted(base, error)) is not None:
                raise foreign from error
            raise SandboxError(
                f"No sandbox answers at {base} ({type(error).__name__}). Start one with `shapan up`, or give its control with --url.",
                f"{base} 没有沙盘响应（{type(error).__name__}）。请先运行 shapan up，或用 --url 指定总控地址。",
            ) from error


def untrusted(base: str, error: Exception) -> SandboxError | None:
    """What to do where a server's certificate is by an authority that we do not know; None for any other error."""
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return None
    return SandboxError(
        f"The certificate of {base} is not by an authority that is known here. Set {VARIABLE} to the ca.pem of that sandbox; `shapan up --tls` prints it.",
        f"{base} 的证书不是由已知机构签发的。请将 {VARIABLE} 设为该沙盘的 ca.pem（shapan up --tls 启动时会打印）。",
    )


def _no_control(base: str) -> SandboxError:
    return SandboxError(
        f"What answers at {base} is no control of a sandbox of this version. Give the control with --url; `shapan up` prints its address.",
        f"{base} 的响应不是本版本沙盘总控的内容。请用 --url 指定总控地址，shapan up 启动时会打印该地址。",
    )


def _refusal(base: str, english: httpx.Response, chinese: httpx.Response) -> SandboxError:
    """A problem says one language at a time, so it was asked for both."""
    en, zh = _detail(english), _detail(chinese)
    faults = tuple((a[0], a[1], b[1]) for a, b in zip(_faults(english), _faults(chinese), strict=False))
    # Where the problem itself says what is wrong, only the place is missing.
    listed = "".join(f" ({pointer or '/'})" if a in en else f" {pointer or '/'}: {a}" for pointer, a, _ in faults)
    listed_zh = "".join(f"（{pointer or '/'}）" if b in zh else f" {pointer or '/'}：{b}" for pointer, _, b in faults)
    return ControlRefusal(
        f"The control at {base} refuses: {en}{listed}", f"总控 {base} 拒绝了请求：{zh}{listed_zh}", faults
    )


def _faults(answer: httpx.Response) -> list[tuple[str, str]]:
    try:
        return [(str(fault["pointer"]), str(fault["detail"])) for fault in answer.json()["errors"]]
    except (ValueError, KeyError, TypeError):
        return []


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _as_promised(body: Any, members: Mapping[str, tuple[str, ...] | None]) -> bool:
    if not isinstance(body, dict) or not body.keys() >= members.keys():
        return False
    for name, inner in members.items():
        rows = body[name]
        if inner is not None and not (
            isinstance(rows, list) and all(isinstance(row, dict) and row.keys() >= {*inner} for row in rows)
        ):
            return False
    return True
