"""The faults of one workspace (故障登记): which rules there are, and what they do to requests, to rows of imports and to deliveries.

Rules lie in the workspace's database; what they count is kept there once a second, so that kill -9 costs at most the last second of counting.
Waiting is left to whoever serves: the book only says how long.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Any

from shapan.kernel.clock import SimulatedClock
from shapan.kernel.database import Database, DatabaseGone
from shapan.kernel.errors import Problem, conflict, not_found
from shapan.kernel.faults import store
from shapan.kernel.faults.draws import draw
from shapan.kernel.faults.events import EventDesk
from shapan.kernel.faults.kind import Call, RequestFault, RowFault
from shapan.kernel.faults.kinds.stale_read import StaleRead
from shapan.kernel.faults.kinds.token_revoked import TokenRevoked
from shapan.kernel.faults.meeting import Meeting
from shapan.kernel.faults.plan import PLAIN, DeliveryPlan
from shapan.kernel.faults.rule import Rule
from shapan.kernel.faults.stale import StaleCopy, drop_copy, existing_copy, take_copy
from shapan.kernel.waiting import Pause, Signal
from shapan.kernel.wire import Reply, Request

log = logging.getLogger(__name__)

MOST_RULES = 200
_KEEP_SECONDS = 1.0


class FaultBook:
    """The rules of one workspace. `active` is False while there are none; nothing else is then asked. Safe for any number of threads.

    `draws` names the stream that chances are drawn from, `caller` says who sends a request.
    """

    def __init__(
        self, database: Database, clock: SimulatedClock, draws: str, caller: Callable[[Request], str] = lambda _: ""
    ) -> None:
        self._database = database
        self._clock = clock
        self._draws = draws
        self._caller = caller
        self._lock = threading.RLock()
        self._changing = threading.Lock()
        self._rules: dict[str, Rule] = {}
        self._timer: threading.Timer | None = None
        self._closed = False
        self.active = False
        self._desk = EventDesk(clock, self._chance)
        self._load(existing_copy)
        clock.listen(self.nudge)

    # --- rules ---------------------------------------------------------------------------------------------------------------------

    def add(self, given: Mapping[str, Any]) -> Rule:
        """Add a rule in the form of the contract's FaultNew, that acts from now on. 409 for an id that there is, and beyond 200 rules."""
        with self._changing:
            with self._lock:
                id_ = given.get("id") or self._free_id()
                if id_ in self._rules:
                    raise conflict(
                        "fault-exists",
                        f"There is a fault {id_} already. Take another id, or remove it first.",
                        f"故障 {id_} 已存在。请换一个编号，或先移除它。",
                    )
                if len(self._rules) >= MOST_RULES:
                    raise conflict(
                        "too-many-faults",
                        f"There are {MOST_RULES} faults already. Remove those that have healed.",
                        f"故障规则已达 {MOST_RULES} 条，请先移除已恢复的规则。",
                    )
            rule = store.rule_of(id_, given, self._clock.now())
            if isinstance(rule.kind, StaleRead):
                rule.older = take_copy(self._database, id_)
            with self._database.write() as db:
                if rule.feed:
                    # What had been said before is not unsaid.
                    rule.memory["feed"] = db.execute("SELECT coalesce(max(seq), 0) FROM shapan_outbox").fetchone()[0]
                store.insert(db, rule)
            with self._lock:
                self._rules[id_] = rule
                self.active = True
            return rule

    def _free_id(self) -> str:
        # Beginning anew when all have been removed: the same tests in the same workspace draw the same.
        numbers = [int(id_[6:]) for id_ in self._rules if id_.startswith("fault-") and id_[6:].isdecimal()]
        return f"fault-{max(numbers, default=0) + 1}"

    def view(self) -> list[dict[str, Any]]:
        """All rules as the operator interface shows them, in the order in which they were added."""
        with self._lock:
            now = self._clock.now()
            return [rule.view(now) for rule in self._rules.values()]

    def rule(self, id_: str) -> dict[str, Any]:
        """One of them. 404."""
        with self._lock:
            rule = self._rules.get(id_)
            if rule is None:
                raise _no_such(id_)
            return rule.view(self._clock.now())

    def remove(self, id_: str) -> None:
        """It acts no longer, and who waits for it goes on. 404."""
        with self._changing:
            with self._lock:
                rule = self._rules.pop(id_, None)
                if rule is None:
                    raise _no_such(id_)
                self.active = bool(self._rules)
            with self._database.write() as db:
                store.delete(db, id_)
            self._let_go([rule])

    def clear(self) -> None:
        """Remove all of them."""
        with self._changing:
            rules = self._take_all()
            with self._database.write() as db:
                store.delete(db, None)
            self._let_go(rules)

    def reload(self) -> None:
        """The database has become another one: its rules count, and who waits for one of before goes on."""
        with self._changing:
            self._let_go(self._take_all())
            self._load(lambda _, __: None)

    def _take_all(self) -> list[Rule]:
        with self._lock:
            rules, self._rules, self.active = list(self._rules.values()), {}, False
            self._desk.forget()
            return rules

    def _load(self, copy_of: Callable[[Any, str], StaleCopy | None]) -> None:
        with self._database.read() as db:
            rules = store.load(db)
        for rule in rules:
            if isinstance(rule.kind, StaleRead):
                rule.older = copy_of(self._database.path, rule.id) or take_copy(self._database, rule.id)
        with self._lock:
            self._rules = {rule.id: rule for rule in rules}
            self.active = bool(rules)

    def _let_go(self, rules: list[Rule]) -> None:
        for rule in rules:
            rule.gone = True
            rule.wake.set()
            if rule.older is not None:
                drop_copy(self._database.path, rule.id)

    def nudge(self) -> None:
        """The clock was changed: who waits for an instant reckons anew. Does not block."""
        with self._lock:
            woken = []
            for rule in self._rules.values():
                woken.append(rule.wake)
                rule.wake = Signal()
        for signal in woken:
            signal.set()

    # --- requests ------------------------------------------------------------------------------------------------------------------

    def meet(self, request: Request) -> Pause | Reply | None:
        """Before anything else is done: None to go on, what to wait for, or the answer instead. May raise Problem."""
        met: Meeting | None = request.passed.met
        if met is None:
            met = request.passed.met = self._decide(request)
        request.faults[:] = met.faults
        for wait in met.waits:
            if (pause := wait.pause(self._clock)) is not None:
                return pause
        if met.cut:
            return Reply(503, (), b"", sent="nothing")
        if met.problem is not None:
            raise met.problem
        return None

    def _decide(self, request: Request) -> Meeting:
        met = Meeting()
        known: list[str] = []

        def caller() -> str:
            if not known:
                known.append(self._caller(request))
            return known[0]

        with self._lock:
            now = self._clock.now()
            for rule in self._rules.values():
                kind = rule.kind
                if not isinstance(kind, RequestFault) or not rule.is_live(now):
                    continue
                if not rule.match.fits_call(request, caller):
                    continue
                number = rule.seen + 1
                call = Call(request, now, caller, self._chance_for(rule, number))
                if not kind.concerns(rule, call):
                    continue
                rule.seen, rule.dirty = number, True
                if not rule.match.hits(number, self._chance(rule, number)):
                    continue
                if kind.makes_answers and met.answered:
                    continue
                effect = kind.meet(rule, call)
                if effect is not None:
                    met.add(rule, effect)
                    if effect.acted:
                        rule.act(now)
            self._touched()
        return met

    def _chance(self, rule: Rule, number: int) -> Callable[[], float]:
        return lambda: draw(f"{self._draws}/{rule.id}", number)

    def _chance_for(self, rule: Rule, number: int) -> Callable[[str], float]:
        return lambda purpose: draw(f"{self._draws}/{rule.id}/{purpose}", number)

    def answer(self, request: Request, reply: Reply) -> Reply:
        """What becomes of a reply, once everything has been committed."""
        if request.operation.operation_id == "issueToken" and reply.status == 200:
            self._note_token(reply)
        met: Meeting | None = request.passed.met
        if met is None:
            return reply
        if met.change is not None and met.changed_by is not None:
            changed = met.change(reply)
            if changed is None:
                self._take_back(met, met.changed_by, request)
            else:
                reply = changed
        if not met.headers and not met.late_seconds:
            return reply
        return Reply(
            reply.status,
            (*reply.headers, *met.headers),
            reply.body,
            reply.delay_seconds + met.late_seconds,
            reply.sent,
        )

    def _take_back(self, met: Meeting, rule: Rule, request: Request) -> None:
        with self._lock:
            rule.take_back()
            self._touched()
        met.faults.remove(rule.id)
        request.faults[:] = met.faults

    def _note_token(self, reply: Reply) -> None:
        with self._lock:
            for rule in self._rules.values():
                if isinstance(rule.kind, TokenRevoked):
                    rule.kind.issued(rule, reply)
            self._touched()

    def older(self, request: Request) -> StaleCopy | None:
        """The older state that a read gets; None for the present one."""
        met: Meeting | None = request.passed.met
        return None if met is None else met.older

    # --- rows of imports and deliveries of events -------------------------------------------------------------------------------------

    def row(self, operation_id: str, client_id: str) -> Problem | None:
        """Why a row of an import, which would be entered by this operation, is refused; None to go on."""
        if not self.active:
            return None
        with self._lock:
            now = self._clock.now()
            for rule in self._rules.values():
                if not isinstance(rule.kind, RowFault) or not rule.is_live(now):
                    continue
                if not rule.match.fits_row(operation_id, client_id):
                    continue
                rule.seen += 1
                rule.dirty = True
                self._touched()
                if rule.match.hits(rule.seen, self._chance(rule, rule.seen)):
                    rule.act(now)
                    return rule.kind.refusal(rule)
        return None

    def deliver(self, receiver: str, event: Mapping[str, Any], attempt: int) -> DeliveryPlan:
        """What is to be done about one attempt to deliver an event. `attempt` counts those before it, `receiver` is a subscription or "broker"."""
        if not self.active:
            return PLAIN
        with self._lock:
            plan = self._desk.deliver(list(self._rules.values()), receiver, event, attempt)
            self._touched()
            return plan

    def feed(self, rows: list[sqlite3.Row], more: bool, start: int) -> tuple[list[sqlite3.Row], bool, int]:
        """What the pull feed shows of a page that begins after `start`: (the events, whether more follow, up to which number it goes)."""
        end = rows[-1]["seq"] if rows else start
        if not self.active:
            return rows, more, end
        with self._lock:
            shown, more, end = self._desk.feed(list(self._rules.values()), rows, more, start)
            self._touched()
            return shown, more, end

    # --- keeping ----------------------------------------------------------------------------------------------------------------------

    def _touched(self) -> None:
        """Something may have changed: keep it soon. Called under the lock."""
        if self._timer is None and not self._closed and any(rule.dirty for rule in self._rules.values()):
            self._timer = threading.Timer(_KEEP_SECONDS, self.flush)
            self._timer.daemon = True
            self._timer.start()

    def flush(self) -> None:
        """Keep what has been counted since the last time."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            dirty = [rule for rule in self._rules.values() if rule.dirty]
            progress = [store.progress_of(rule) for rule in dirty]
            for rule in dirty:
                rule.dirty, rule.fresh = False, []
        if not progress:
            return
        try:
            with self._database.write() as db:
                store.keep(db, progress)
        except DatabaseGone:
            pass
        except sqlite3.Error:
            # A full disk: the counts go on in memory, and are tried again with the next one.
            log.exception("fault counts of %s", self._database.path.name)
            with self._lock:
                for rule, one in zip(dirty, progress, strict=True):
                    rule.dirty = True
                    rule.fresh = [delivery for delivery, _ in one.done] + rule.fresh

    def close(self) -> None:
        """Keep what has been counted, and let everybody go who waits. May be called twice."""
        self._closed = True
        self.flush()
        with self._lock:
            rules = list(self._rules.values())
        for rule in rules:
            rule.gone = True
            rule.wake.set()


def _no_such(id_: str) -> Problem:
    return not_found("fault", "故障", id_)
