"""Jobs in the database (任务存储): what was asked for, how far it is, its file, and the result of each row."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shapan.kernel.errors import Problem

IMPORT, EXPORT = "import", "export"
QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
CREATED, UNCHANGED, UPDATED, REFUSED, NOT_APPLIED = "created", "unchanged", "updated", "failed", "not_applied"
ROW_STATES = (CREATED, UNCHANGED, UPDATED, REFUSED, NOT_APPLIED)
MOST_WAITING = 50
KEPT = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record. `location` is a path; `problem` the name of a problem; `errors` have pointer, column, line, en, zh."""

    row: int
    line: int
    state: str
    key: str | None = None
    location: str | None = None
    problem: str | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was asked for."""

    id: str
    kind: str
    resource: str
    parameters: Mapping[str, Any]
    client_id: str
    base_url: str
    request_id: str
    traceparent: str | None


def add(db: sqlite3.Connection, job: Job, now: str, content: bytes | None = None) -> None:
    """A new job in the queue, with the file to import. Old jobs that have ended make room."""
    db.execute(
        "INSERT INTO shapan_job (id, kind, state, resource, parameters, client_id, base_url, request_id, traceparent, created_at)"
        " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.kind,
            job.resource,
            json.dumps(dict(job.parameters), ensure_ascii=False),
            job.client_id,
            job.base_url,
            job.request_id,
            job.traceparent,
            now,
        ),
    )
    if content is not None:
        db.execute("INSERT INTO shapan_job_content (job_id, content) VALUES (?, ?)", (job.id, content))
    old = db.execute(
        "SELECT id FROM shapan_job WHERE kind = ? AND state IN ('done', 'failed') ORDER BY seq DESC LIMIT -1 OFFSET ?",
        (job.kind, KEPT),
    ).fetchall()
    for (job_id,) in old:
        for table, column in (("shapan_import_row", "job_id"), ("shapan_job_content", "job_id"), ("shapan_job", "id")):
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (job_id,))  # noqa: S608


def waiting(db: sqlite3.Connection) -> int:
    """How many jobs are not done with."""
    return int(db.execute("SELECT count(*) FROM shapan_job WHERE state IN ('queued', 'running')").fetchone()[0])


def next_open(db: sqlite3.Connection) -> Job | None:
    """The oldest job that is not done with: one found running was interrupted and is gone on with."""
    row = db.execute("SELECT * FROM shapan_job WHERE state IN ('queued', 'running') ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else _job(row)


def _job(row: sqlite3.Row) -> Job:
    return Job(
        row["id"],
        row["kind"],
        row["resource"],
        json.loads(row["parameters"]),
        row["client_id"],
        row["base_url"],
        row["request_id"],
        row["traceparent"],
    )


def get(db: sqlite3.Connection, kind: str, job_id: str) -> sqlite3.Row | None:
    """The row of a job."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM shapan_job WHERE id = ? AND kind = ?", (job_id.lower(), kind)
    ).fetchone()
    return row


def page(db: sqlite3.Connection, kind: str, after: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """Jobs of a kind after a sequence number, and whether there are more."""
    rows = db.execute(
        "SELECT * FROM shapan_job WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?",
        (kind, min(after, 2**63 - 1), limit + 1),
    ).fetchall()
    return rows[:limit], len(rows) > limit


def begin(db: sqlite3.Connection, job_id: str, now: str) -> bool:
    """Say that a job runs. False when it is gone: a reset dropped it."""
    return (
        db.execute(
            "UPDATE shapan_job SET state = 'running', started_at = coalesce(started_at, ?) WHERE id = ?", (now, job_id)
        ).rowcount
        == 1
    )


def note_file(db: sqlite3.Connection, job_id: str, file: Mapping[str, Any], total: int) -> None:
    """What was found in the file."""
    db.execute(
        "UPDATE shapan_job SET file = ?, total = ? WHERE id = ?",
        (json.dumps(dict(file), ensure_ascii=False), total, job_id),
    )


def note_done(db: sqlite3.Connection, job_id: str, done: int) -> bool:
    """How many records an export has. False when it is gone."""
    return db.execute("UPDATE shapan_job SET done = ? WHERE id = ?", (done, job_id)).rowcount == 1


def end(db: sqlite3.Connection, job_id: str, now: str, failure: Problem | None = None) -> None:
    """A job has ended, well or not; the file that was imported is not needed any more."""
    told = None if failure is None else json.dumps([failure.name, failure.en, failure.zh], ensure_ascii=False)
    db.execute(
        "UPDATE shapan_job SET state = ?, failure = ?, finished_at = ? WHERE id = ?",
        (DONE if failure is None else FAILED, told, now, job_id),
    )
    db.execute(
        "DELETE FROM shapan_job_content WHERE job_id = (SELECT id FROM shapan_job WHERE id = ? AND kind = 'import')",
        (job_id,),
    )


def content(db: sqlite3.Connection, job_id: str) -> bytes:
    """The file of a job; empty when there is none."""
    row = db.execute("SELECT content FROM shapan_job_content WHERE job_id = ?", (job_id,)).fetchone()
    return b"" if row is None else bytes(row[0])


def content_size(db: sqlite3.Connection, job_id: str) -> int | None:
    """The size of a job's file in bytes, None when there is none."""
    row = db.execute("SELECT length(content) FROM shapan_job_content WHERE job_id = ?", (job_id,)).fetchone()
    return None if row is None else int(row[0])


def keep_content(db: sqlite3.Connection, job_id: str, made: bytes) -> None:
    """Store the file that an export made."""
    db.execute("INSERT OR REPLACE INTO shapan_job_content (job_id, content) VALUES (?, ?)", (job_id, made))


def add_outcomes(db: sqlite3.Connection, job_id: str, outcomes: list[Outcome]) -> bool:
    """The results of some rows, also in the counts of the job. False when the job is gone."""
    number = Counter(outcome.state for outcome in outcomes)
    sums = ", ".join(f"{state} = {state} + ?" for state in ROW_STATES)
    there = db.execute(
        f"UPDATE shapan_job SET done = done + ?, {sums} WHERE id = ?",  # noqa: S608
        (len(outcomes), *(number[state] for state in ROW_STATES), job_id),
    ).rowcount
    db.executemany(
        "INSERT INTO shapan_import_row (job_id, row, line, state, key, location, problem, errors) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                job_id,
                o.row,
                o.line,
                o.state,
                o.key,
                o.location,
                o.problem,
                json.dumps(o.errors, ensure_ascii=False) if o.errors else None,
            )
            for o in outcomes
        ),
    )
    return there == 1


def outcomes(
    db: sqlite3.Connection, job_id: str, state: str | None, after: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """Results after a row, of one state or of all, and whether there are more."""
    where, values = ("AND state = ?", [state]) if state is not None else ("", [])
    rows = db.execute(
        f"SELECT * FROM shapan_import_row WHERE job_id = ? {where} AND row > ? ORDER BY row LIMIT ?",  # noqa: S608
        (job_id, *values, min(after, 2**63 - 1), limit + 1),
    ).fetchall()
    return rows[:limit], len(rows) > limit
