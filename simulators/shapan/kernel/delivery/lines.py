"""Deliveries in the database (投递队列): who waits for what. Every SQL statement about them is here.

A delivery is one event for one receiver: a webhook subscription, or the broker. Of each document the oldest waiting event goes first and
the next waits for it. States as they are stored:

    waiting    in line; `next_attempt_at` says from when on
    held       a fault holds it back; later events of its document may overtake it
    again      it was delivered, and a fault has it sent once more later
    delivered  the receiver has it
    given-up   a dead letter (死信): twelve attempts failed, or the receiver ended the subscription
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.faults.plan import PLAIN, DeliveryPlan

if TYPE_CHECKING:
    from shapan.kernel.runtime import Workspace

BROKER = "broker"
"""The receiver that is no webhook."""

MOST_ATTEMPTS = 12
ENDED = "HTTP 410 ended the subscription"


def backoff(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts: 1, 2, 4 … 512 seconds of simulated time."""
    return timedelta(seconds=2 ** min(attempts - 1, 9))


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a workspace's events go. `secret` signs what goes to a webhook; the broker has none."""

    id: str
    url: str
    secret: str = field(default="", repr=False)


@dataclass(slots=True)
class Parcel:
    """One event on its way to one receiver. `attempts` were made before; `started` is real time (seconds since 1970)."""

    workspace: Workspace
    receiver: Receiver
    seq: int
    subject: str
    attempts: int
    event: dict[str, Any]
    plan: DeliveryPlan = PLAIN
    started: float = 0.0
    body: str = field(init=False)

    def __post_init__(self) -> None:
        self.body = json.dumps(self.event, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: `result` in a few words, `status` where HTTP gave one, `seconds` of real time. `gone`: it wants no more."""

    delivered: bool
    result: str
    gone: bool = False
    status: int | None = None
    seconds: float = 0.0


def receivers(db: sqlite3.Connection) -> list[Receiver]:
    """The webhooks of a workspace."""
    rows = db.execute("SELECT id, url, secret FROM shapan_subscription WHERE active = 1")
    return [Receiver(row["id"], row["url"], row["secret"]) for row in rows]


# Of each document the oldest waiting event: a walk over the partial index of waiting rows.
_FIRST = "SELECT min(seq) AS seq FROM shapan_delivery WHERE state = 'waiting' AND subscription_id = :receiver GROUP BY subject"
_DUE = f"""
SELECT d.attempts, o.* FROM (
    SELECT d.seq, d.attempts FROM ({_FIRST}) AS first
    JOIN shapan_delivery AS d ON d.subscription_id = :receiver AND d.seq = first.seq
    WHERE d.next_attempt_at <= :now ORDER BY d.seq LIMIT :limit
) AS d JOIN shapan_outbox AS o ON o.seq = d.seq ORDER BY o.seq
"""  # noqa: S608
_NEXT = f"""
SELECT min(d.next_attempt_at) FROM ({_FIRST}) AS first
JOIN shapan_delivery AS d ON d.subscription_id = :receiver AND d.seq = first.seq WHERE d.next_attempt_at > :now
"""  # noqa: S608


def due(db: sqlite3.Connection, receiver: str, now: str, limit: int) -> list[sqlite3.Row]:
    """The events that a receiver should get now, oldest first, one a document: rows of the outbox with `attempts`."""
    return db.execute(_DUE, {"receiver": receiver, "now": now, "limit": limit}).fetchall()


def next_due(db: sqlite3.Connection, receiver: str, now: str) -> str | None:
    """When the next event for a receiver falls due; None when none will."""
    found: str | None = db.execute(_NEXT, {"receiver": receiver, "now": now}).fetchone()[0]
    return found


def next_later(db: sqlite3.Connection) -> str | None:
    """When the first of those that a fault put off falls due."""
    found: str | None = db.execute(
        "SELECT min(next_attempt_at) FROM shapan_delivery WHERE state IN ('held', 'again')"
    ).fetchone()[0]
    return found


def recall_later(db: sqlite3.Connection, now: str) -> None:
    """Put those back in line that a fault had put off until now."""
    db.execute(
        "UPDATE shapan_delivery SET attempts = iif(state = 'again', 0, attempts), state = 'waiting'"
        " WHERE state IN ('held', 'again') AND next_attempt_at <= ?",
        (now,),
    )


def put_off(db: sqlite3.Connection, parcel: Parcel, now: datetime) -> None:
    """Do not send it now: its plan says for how long."""
    until = rfc3339(now + timedelta(seconds=parcel.plan.delay_seconds))
    state = "held" if parcel.plan.hold_back else "waiting"
    _set(db, parcel, state=state, attempts=parcel.attempts, due=until, result=f"put off by {_by(parcel.plan)}")


def lose(db: sqlite3.Connection, parcel: Parcel) -> None:
    """A fault lost it: nothing is sent, and nobody here knows."""
    _set(db, parcel, state="delivered", attempts=parcel.attempts + 1, due=None, result=lost_by(parcel.plan))


def lost_by(plan: DeliveryPlan) -> str:
    """What is said of a delivery that a fault lost."""
    return f"lost by {_by(plan)}"


def note(db: sqlite3.Connection, parcel: Parcel, outcome: Outcome, now: datetime) -> str:
    """Write down what became of an attempt; the state in which the delivery is now."""
    attempts, plan = parcel.attempts + 1, parcel.plan
    if outcome.delivered:
        if plan.replay_after_seconds > 0:
            again = rfc3339(now + timedelta(seconds=plan.replay_after_seconds))
            result = f"{outcome.result}; to be replayed by {_by(plan)}"
            _set(db, parcel, state="again", attempts=attempts, due=again, result=result)
        else:
            _set(db, parcel, state="delivered", attempts=attempts, due=None, result=outcome.result)
        # What was held back until a later one went may go now. The `+` keeps SQLite from walking all deliveries of the receiver.
        db.execute(
            "UPDATE shapan_delivery SET state = 'waiting', next_attempt_at = ? WHERE state IN ('held', 'again') AND next_attempt_at > ''"
            " AND +state = 'held' AND +subscription_id = ? AND +seq < ?",
            (rfc3339(now), parcel.receiver.id, parcel.seq),
        )
        return "delivered"
    if outcome.gone:
        db.execute("UPDATE shapan_subscription SET active = 0 WHERE id = ?", (parcel.receiver.id,))
        db.execute(
            "UPDATE shapan_delivery SET state = 'given-up', next_attempt_at = NULL, last_result = ?"
            " WHERE subscription_id = ? AND state IN ('waiting', 'held', 'again')",
            (ENDED, parcel.receiver.id),
        )
    given_up = outcome.gone or attempts >= MOST_ATTEMPTS
    state, next_one = ("given-up", None) if given_up else ("waiting", rfc3339(now + backoff(attempts)))
    _set(db, parcel, state=state, attempts=attempts, due=next_one, result=ENDED if outcome.gone else outcome.result)
    return state


def _set(db: sqlite3.Connection, parcel: Parcel, *, state: str, attempts: int, due: str | None, result: str) -> None:
    # The event's id too: after a reset or a restore another event may stand in this place.
    db.execute(
        "UPDATE shapan_delivery SET state = ?, attempts = ?, next_attempt_at = ?, last_result = ?"
        " WHERE subscription_id = ? AND seq = ? AND EXISTS (SELECT 1 FROM shapan_outbox WHERE seq = ? AND id = ?)",
        (state, attempts, due, result, parcel.receiver.id, parcel.seq, parcel.seq, parcel.event["id"]),
    )


def _by(plan: DeliveryPlan) -> str:
    return f"fault {', '.join(plan.faults)}" if plan.faults else "a fault"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events are meant; all that is given must fit. `dead`: only deliveries that were given up, to the receivers that gave up."""

    ids: Sequence[str] | None = None
    since: str | None = None
    types: Sequence[str] | None = None
    subject: str | None = None
    dead: bool = False


_SELECTED = (
    "(:ids IS NULL OR o.id IN (SELECT value FROM json_each(:ids))) AND (:since IS NULL OR o.time >= :since)"
    " AND (:types IS NULL OR o.type IN (SELECT value FROM json_each(:types))) AND (:subject IS NULL OR o.subject = :subject)"
)


def resend(db: sqlite3.Connection, selection: Selection, now: str, *, broker: bool) -> tuple[int, int]:
    """Put events back in line, in their order: for each receiver that takes their type, or only where they are dead letters.

    Gives (events, deliveries) that are in line now. Receivers that ended their subscription get nothing.
    """
    values = {
        "now": now,
        "broker": broker,
        "since": selection.since,
        "subject": selection.subject,
        "ids": None if selection.ids is None else json.dumps(list(selection.ids)),
        "types": None if selection.types is None else json.dumps(list(selection.types)),
    }
    anew = "state = 'waiting', attempts = 0, next_attempt_at = :now"
    if selection.dead:
        statement = (
            f"UPDATE shapan_delivery SET {anew} WHERE state = 'given-up'"  # noqa: S608
            f" AND seq IN (SELECT o.seq FROM shapan_outbox AS o WHERE {_SELECTED})"
            " AND ((subscription_id = 'broker' AND :broker) OR subscription_id IN (SELECT id FROM shapan_subscription WHERE active = 1))"
            " RETURNING seq"
        )
    else:
        statement = (
            "INSERT INTO shapan_delivery (subscription_id, seq, subject, state, attempts, next_attempt_at)"  # noqa: S608
            " SELECT r.id, o.seq, o.subject, 'waiting', 0, :now FROM shapan_outbox AS o JOIN ("
            "  SELECT id, types FROM shapan_subscription WHERE active = 1 UNION ALL SELECT 'broker', NULL WHERE :broker"
            " ) AS r ON (r.types IS NULL OR EXISTS (SELECT 1 FROM json_each(r.types) WHERE value = o.type))"
            f" WHERE {_SELECTED}"
            f" ON CONFLICT (subscription_id, seq) DO UPDATE SET {anew} RETURNING seq"
        )
    rows = [row[0] for row in db.execute(statement, values)]
    return len(set(rows)), len(rows)


def unknown_ids(db: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """Those that are no event's."""
    rows = db.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM shapan_outbox)", (json.dumps(list(ids)),)
    )
    return [str(row[0]) for row in rows]


def waiting_for(db: sqlite3.Connection, receiver: str) -> int:
    """How many events wait for a receiver."""
    found: int = db.execute(
        "SELECT (SELECT count(*) FROM shapan_delivery WHERE state = 'waiting' AND subscription_id = :receiver)"
        " + (SELECT count(*) FROM shapan_delivery WHERE state IN ('held', 'again') AND next_attempt_at > '' AND +subscription_id = :receiver)",
        {"receiver": receiver},
    ).fetchone()[0]
    return found


def count_by_state(db: sqlite3.Connection) -> dict[str, int]:
    """How many deliveries there are by state, as the outside calls them."""
    found: dict[str, int] = {}
    for state, number in db.execute("SELECT state, count(*) FROM shapan_delivery GROUP BY state"):
        found[_SHOWN.get(state, state)] = found.get(_SHOWN.get(state, state), 0) + number
    return found


# What the outside calls them.
_SHOWN = {"held": "waiting", "again": "waiting"}


def events_with(
    db: sqlite3.Connection, after: int, limit: int, selection: Selection, state: str | None
) -> tuple[list[sqlite3.Row], bool]:
    """At most `limit` events after a sequence number that fit and have a delivery in the state, and whether there are more."""
    states = {"waiting": ("waiting", "held", "again")}.get(state or "", (state,))
    rows = db.execute(
        f"SELECT o.* FROM shapan_outbox AS o WHERE o.seq > :after AND {_SELECTED}"  # noqa: S608
        " AND (:states IS NULL OR EXISTS (SELECT 1 FROM shapan_delivery AS d WHERE d.seq = o.seq"
        "  AND d.state IN (SELECT value FROM json_each(:states)))) ORDER BY o.seq LIMIT :limit",
        {
            "after": min(after, 2**63 - 1),
            "limit": limit + 1,
            "since": selection.since,
            "subject": selection.subject,
            "ids": None if selection.ids is None else json.dumps(list(selection.ids)),
            "types": None if selection.types is None else json.dumps(list(selection.types)),
            "states": None if state is None else json.dumps(states),
        },
    ).fetchall()
    return rows[:limit], len(rows) > limit


def deliveries_of(db: sqlite3.Connection, seqs: Sequence[int], broker: str | None) -> dict[int, list[dict[str, Any]]]:
    """What became of the deliveries of these events, by sequence number; `broker` is the broker's URL as it may be shown."""
    found: dict[int, list[dict[str, Any]]] = {seq: [] for seq in seqs}
    for row in db.execute(
        "SELECT d.*, s.url FROM shapan_delivery AS d LEFT JOIN shapan_subscription AS s ON s.id = d.subscription_id"
        " WHERE d.seq IN (SELECT value FROM json_each(?)) ORDER BY d.seq, d.subscription_id",
        (json.dumps(list(seqs)),),
    ):
        found[row["seq"]].append(
            {
                "webhook_id": row["subscription_id"],
                "url": row["url"] or broker or "",
                "state": _SHOWN.get(row["state"], row["state"]),
                "attempts": row["attempts"],
                "next_attempt_at": row["next_attempt_at"],
                "last_result": row["last_result"],
                "reason": _reason(row),
            }
        )
    return found


def _reason(row: sqlite3.Row) -> dict[str, str] | None:
    """Why it was given up."""
    if row["state"] != "given-up":
        return None
    last = row["last_result"] or "?"
    if row["attempts"] >= MOST_ATTEMPTS:
        return {
            "en": f"{row['attempts']} attempts failed, the last with: {last}. Mend the receiver and send it again.",
            "zh": f"{row['attempts']} 次尝试均失败，最后一次：{last}。请修复接收方后重新投递。",
        }
    return {
        "en": f"The receiver ended its subscription ({last}). Subscribe anew, and send it again.",
        "zh": f"接收方已终止订阅（{last}）。请重新订阅后再投递。",
    }
