"""A sandbox that runs already, known by the URL of its control."""

from __future__ import annotations

import os
from typing import Any

import httpx

from shapan.kernel.auth import Client
from shapan.sandbox.options import CONTROL, SandboxError


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
    # Control may know the systems by names that only its own network knows (containers): the caller's word counts more.
    urls = {s["name"]: os.environ.get(f"SHAPAN_{s['name'].upper()}_URL") or s["url"] for s in systems}
    return {CONTROL: base, **urls}, Client(client_id, client_secret)


def operator_tokens() -> dict[str, str]:
    """The operator token for control, where SHAPAN_OPERATOR_TOKEN gives one."""
    token = os.environ.get("SHAPAN_OPERATOR_TOKEN")
    return {CONTROL: token} if token else {}


def control_get(base: str, path: str, **parameters: str) -> Any:
    """A GET at the control. SandboxError with the reason when there is no good answer."""
    token = os.environ.get("SHAPAN_OPERATOR_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(base + path, params=parameters, headers=headers, trust_env=False, timeout=60)
        body = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SandboxError(
            f"No sandbox answers at {base} ({type(error).__name__}). Start one with `shapan up`, or give its control with --url.",
            f"{base} 没有沙盘响应（{type(error).__name__}）。请先运行 shapan up，或用 --url 指定总控地址。",
        ) from error
    if not answer.is_success:
        detail = body.get("detail", answer.text) if isinstance(body, dict) else answer.text
        raise SandboxError(f"The control at {base} refuses: {detail}", f"总控 {base} 拒绝了请求：{detail}")
    return body
