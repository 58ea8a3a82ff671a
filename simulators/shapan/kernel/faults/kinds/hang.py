"""No answer (挂起): the request hangs until the fault heals or goes, as with a system that is stuck."""

from __future__ import annotations

from shapan.kernel.faults.kind import Call, Effect, Hold, RequestFault
from shapan.kernel.faults.rule import Rule


class Hang(RequestFault):
    """Nothing happens for `seconds` of real time, or as long as the fault is there."""

    name = "hang"
    en, zh = "No answer", "挂起"
    makes_answers = False

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Wait."""
        return Effect(hold=Hold(rule.parameters.get("seconds"), abandon=rule.parameters["abandoned"] == "forget"))


HANG = Hang()
