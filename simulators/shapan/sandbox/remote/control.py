"""HTTP to a control, for one workspace or another: the answer's JSON, or what is wrong in English and Chinese."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from shapan.kernel.trust import trusted
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.running import ControlRefusal

# Above all that control does itself: it gives its systems 30 s.
_PATIENCE = 120.0


@functools.cache
def _public() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def trust() -> ssl.SSLContext | bool:
    """What httpx takes as `verify`; made once, because to read all public authorities takes longer than to make a workspace."""
    found = trusted()
    return _public() if found is True else found


class Control:
    """A client of the control at `base`. Safe to be used by several threads."""

    def __init__(self, base: str, operator_token: str | None = None) -> None:
        self.base = base.rstrip("/")
        headers = {"Authorization": f"Bearer {operator_token}"} if operator_token else {}
        self._http = httpx.Client(headers=headers, trust_env=False, timeout=_PATIENCE, verify=trust())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, workspace: str = "default", **request: Any) -> Any:
        """The JSON at a path of contracts/control.yaml, None where there is none; `request` is what httpx takes (params, json).

        ControlRefusal with every fault when control says no; SandboxError when nobody answers.
        """
        url = self.base + ("" if workspace == "default" else f"/ws/{workspace}") + path
        try:
            answer = self._http.request(method, url, **request)
            if not answer.is_success:
                # A problem says one language at a time. What was refused has changed nothing, so it may be asked again.
                again = self._http.request(method, url, **{**request, "headers": {"Accept-Language": "zh"}})
                if not again.is_success:
                    raise _refusal(self.base, answer, again)
                answer = again
            return answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise SandboxError(
                f"No sandbox answers at {self.base} ({type(error).__name__}). Start one with `shapan up`, or correct the URL.",
                f"{self.base} 没有沙盘响应（{type(error).__name__}）。请先运行 shapan up，或更正地址。",
            ) from error


def _refusal(base: str, english: httpx.Response, chinese: httpx.Response) -> ControlRefusal:
    first, second = _problem(english), _problem(chinese)
    pairs = zip(_faults(first), _faults(second), strict=False)
    faults = tuple((pointer, en, zh) for (pointer, en), (_, zh) in pairs)
    listed = "".join(f" {pointer or '/'}: {en}" for pointer, en, _ in faults)
    listed_zh = "".join(f" {pointer or '/'}：{zh}" for pointer, _, zh in faults)
    return ControlRefusal(
        f"The control at {base} refuses: {first.get('detail', f'HTTP {english.status_code}')}{listed}",
        f"总控 {base} 拒绝了请求：{second.get('detail', f'HTTP {chinese.status_code}')}{listed_zh}",
        faults,
    )


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _faults(problem: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        return [(str(fault["pointer"]), str(fault["detail"])) for fault in problem.get("errors", [])]
    except (KeyError, TypeError):
        return []
