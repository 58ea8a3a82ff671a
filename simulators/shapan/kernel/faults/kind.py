"""What every fault declares (故障类型): its name, its titles, what it befalls, and what it does to that.

A fault is one file in `kinds/` with one object, registered by one line in `kinds/__init__.py`. The JSON Schema of its parameters, with their
defaults, stands in the contract (operator/fault-parameters.yaml) under its name.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shapan.kernel.bundle import ContractError
from shapan.kernel.contract import load_contract
from shapan.kernel.errors import Fault, Problem
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.resources import data_folder
from shapan.kernel.wire import Reply, Request

if TYPE_CHECKING:
    from shapan.kernel.faults.rule import Rule
    from shapan.kernel.faults.stale import StaleCopy


class Kind(ABC):
    """A fault by its name. `en` and `zh` say what it does, in a few words."""

    name: ClassVar[str]
    en: ClassVar[str]
    zh: ClassVar[str]
    acts_on: ClassVar[Literal["request", "row", "event"]]

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of the parameters."""
        return _schema(self.name)

    def parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the defaults of those that are not given."""
        properties: Mapping[str, Mapping[str, Any]] = self.schema.get("properties", {})
        return {**{name: one["default"] for name, one in properties.items() if "default" in one}, **given}

    def refuses(self, parameters: Mapping[str, Any], now: datetime) -> list[Fault]:
        """What is wrong with parameters that have the form of the contract; pointers begin with /parameters."""
        return []

    def ends_at(self, rule: Rule) -> datetime | None:
        """When it heals by its own parameters, in simulated time."""
        return None


@functools.cache
def _schema(name: str) -> Mapping[str, Any]:
    schemas = load_contract(data_folder("contracts") / "operator.yaml").document["components"]["schemas"]
    for clause in schemas["FaultConditions"]["allOf"]:
        if clause["if"]["properties"]["fault"].get("const") == name:
            schema: Mapping[str, Any] = clause["then"]["properties"]["parameters"]
            return schema
    raise ContractError(f"operator.yaml: the parameters of the fault {name} are not described.")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a fault meets it. `caller` says who sends it ("" where that cannot be known), `draw` a chance in [0, 1) for a purpose."""

    request: Request
    now: datetime
    caller: Callable[[], str]
    draw: Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Hold:
    """The request waits before anything is done: `seconds` of real time, or as long as the fault is there (None).

    `fixed`: also where the fault goes meanwhile. `abandon`: it is forgotten when its client hangs up.
    """

    seconds: float | None
    fixed: bool = False
    abandon: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does to a request.

    hold          it waits before anything is done
    problem, cut  it is answered with a problem, or not at all; nothing is done
    change        what becomes of the reply after the commit; None where there is nothing to change
    late_seconds  the reply waits, in real time
    headers       the reply has these too
    older         it reads this instead of the present
    acted         False where the fault only looked on; it is then not counted
    """

    hold: Hold | None = None
    problem: Problem | None = None
    cut: bool = False
    change: Callable[[Reply], Reply | None] | None = None
    late_seconds: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    older: StaleCopy | None = None
    acted: bool = True

    @property
    def answers(self) -> bool:
        """Whether it makes the answer, of which there is only one."""
        return self.problem is not None or self.cut or self.change is not None


class RequestFault(Kind):
    """A fault that befalls requests. `makes_answers`: it is left out where an earlier rule has made the answer."""

    acts_on = "request"
    makes_answers: ClassVar[bool] = True

    def concerns(self, rule: Rule, call: Call) -> bool:
        """Whether a request that matches is one that this fault can befall; others are not counted."""
        return True

    @abstractmethod
    def meet(self, rule: Rule, call: Call) -> Effect | None:
        """What it does to a request that is hit; None for nothing. Called under the book's lock: it must not wait."""


class RowFault(Kind):
    """A fault that befalls rows of imports."""

    acts_on = "row"

    @abstractmethod
    def refusal(self, rule: Rule) -> Problem:
        """Why the row that is hit is not entered."""


class EventFault(Kind):
    """A fault that befalls deliveries of events.

    `each_attempt`: it is asked at every attempt, and not only at the first one to a receiver. `once`: it acts once for each event and receiver, also
    where that is asked again later. `until_delivered`: what it makes of the first attempt it makes of the next ones too, where that fails.
    """

    acts_on = "event"
    each_attempt: ClassVar[bool] = False
    once: ClassVar[bool] = False
    until_delivered: ClassVar[bool] = False

    def concerns(self, receiver: str) -> bool:
        """Whether what goes to a receiver is something that this fault can befall; others are not counted."""
        return True

    @abstractmethod
    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """What becomes of a delivery that is hit, for which `plan` is what the rules before made of it."""
