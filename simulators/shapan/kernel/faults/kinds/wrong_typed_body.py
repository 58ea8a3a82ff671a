"""A body of the wrong form (响应体类型错误): numbers as texts, members missing, or a page in HTML, as proxies and other versions send them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shapan.kernel.contract import is_json
from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule
from shapan.kernel.wire import Reply


class WrongTypedBody(RequestFault):
    """An answer that breaks its contract, with its status unchanged."""

    name = "wrong-typed-body"
    en, zh = "A body of the wrong form", "响应体类型错误"

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Change it when it is there."""
        if rule.parameters["form"] == "html":
            return Effect(change=_page)
        if rule.parameters["form"] == "numbers-as-strings":
            return Effect(change=lambda reply: _rewritten(reply, numbers_as_strings))
        names, chance = rule.parameters.get("members"), call.draw("member")
        return Effect(change=lambda reply: _rewritten(reply, lambda body: without(body, names, chance)))


def _rewritten(reply: Reply, change: Callable[[Any], Any]) -> Reply | None:
    media = next((value for name, value in reply.headers if name.lower() == "content-type"), "").partition(";")[0]
    if not reply.body or not is_json(media):
        return None
    body = json.loads(reply.body)
    changed = change(body)
    if changed == body:
        return None
    return replace(reply, body=json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode())


def numbers_as_strings(value: Any) -> Any:
    """The same data, with every number as text and every text as it was."""
    if isinstance(value, dict):
        return {name: numbers_as_strings(one) for name, one in value.items()}
    if isinstance(value, list):
        return [numbers_as_strings(one) for one in value]
    return json.dumps(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def without(value: Any, names: list[str] | None, chance: float) -> Any:
    """The same data without members of these names, wherever they stand; without names, less one of the outermost."""
    if names is None:
        if not isinstance(value, dict) or not value:
            return value
        lost = list(value)[int(chance * len(value))]
        return {name: one for name, one in value.items() if name != lost}
    if isinstance(value, dict):
        return {name: without(one, names, chance) for name, one in value.items() if name not in names}
    if isinstance(value, list):
        return [without(one, names, chance) for one in value]
    return value


def _page(reply: Reply) -> Reply | None:
    if not reply.body:
        return None
    headers = tuple((name, value) for name, value in reply.headers if name.lower() != "content-type")
    page = f"<!doctype html><html><head><title>{reply.status}</title></head><body><h1>Gateway</h1></body></html>"
    return replace(reply, headers=(("Content-Type", "text/html; charset=utf-8"), *headers), body=page.encode())


WRONG_TYPED_BODY = WrongTypedBody()
