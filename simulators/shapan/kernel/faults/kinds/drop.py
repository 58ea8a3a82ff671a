"""A connection cut (断开连接): before anything is done, amid the answer, or after the commit, where the answer is lost and the document exists."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule


class Drop(RequestFault):
    """The connection ends."""

    name = "drop"
    en, zh = "A connection cut", "断开连接"

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Cut it at once, or when the answer is there."""
        match rule.parameters["at"]:
            case "before":
                return Effect(cut=True)
            case "amid":
                # Of an answer without a body there is no half that would look cut.
                return Effect(change=lambda reply: replace(reply, sent="half" if reply.body else "nothing"))
            case _:
                return Effect(change=lambda reply: replace(reply, sent="nothing"))


DROP = Drop()
