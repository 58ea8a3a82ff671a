"""Tokens revoked (令牌被吊销): tokens from before are refused, as after a change of keys or a hand on the emergency brake."""

from __future__ import annotations

import hashlib
import json

from shapan.kernel.errors import unauthorized
from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule
from shapan.kernel.wire import Reply

_MOST_REMEMBERED = 10_000


class TokenRevoked(RequestFault):
    """401 for every token that was not issued while the fault was there.

    It is told by what was issued meanwhile and not by times: a token's time of issue is in whole seconds, and the clock may stand still.
    """

    name = "token-revoked"
    en, zh = "Tokens revoked", "令牌被吊销"

    def concerns(self, rule: Rule, call: Call) -> bool:
        """Only requests with a token, and of these the ones from before."""
        token = _bearer(call.request.headers.get("authorization", ""))
        if call.request.operation.access != "oauth" or not token:
            return False
        return bool(rule.parameters["all"]) or _print(token) not in rule.memory.get("issued", ())

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Refuse it."""
        return Effect(
            problem=unauthorized(
                "invalid_token", "The token was revoked; ask for a new one.", "访问令牌已被吊销，请重新获取。"
            )
        )

    def issued(self, rule: Rule, reply: Reply) -> None:
        """A token was issued: remember that it is a new one."""
        token = json.loads(reply.body)["access_token"]
        remembered: list[str] = rule.memory.setdefault("issued", [])
        remembered.append(_print(token))
        del remembered[:-_MOST_REMEMBERED]
        rule.dirty = True


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _print(token: str) -> str:
    """What tells a token, without being one."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()[:24]


TOKEN_REVOKED = TokenRevoked()
