"""Running an import (执行导入): read the file, check each record, enter it; in one transaction, or in short ones.

What was interrupted is gone on with: results are committed with the records that they are about, so that an import by row continues
after its last result, and an atomic one, of which nothing was written, begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from shapan.kernel.bulk import jobs
from shapan.kernel.bulk.delimited import open_csv
from shapan.kernel.bulk.documents import documents, table_in
from shapan.kernel.bulk.entering import Entering
from shapan.kernel.bulk.jobs import IMPORT, NOT_APPLIED, REFUSED, Job, Outcome
from shapan.kernel.bulk.ndjson import open_ndjson
from shapan.kernel.bulk.records import Column, Record, columns_for, flat_records, values_as_records
from shapan.kernel.bulk.resources import Resource
from shapan.kernel.bulk.shape import find_path
from shapan.kernel.bulk.source import CSV, MOST_RECORDS, NDJSON, Source, Unreadable
from shapan.kernel.errors import Problem, simple

if TYPE_CHECKING:
    from shapan.kernel.bulk.worker import Worker
    from shapan.kernel.runtime import Workspace

BATCH_SECONDS = 0.05
"""How long an import by row holds the writers' lock at a time."""
_BATCH_ROWS = 500

Checked = tuple[Record, Problem | None]


class Gone(Exception):
    """The job is no longer there: its workspace was reset."""


class Stopping(Exception):
    """The process stops; the job is gone on with at the next start."""


class _TakenBack(Exception):
    """An atomic import has refused rows."""


def open_file(job: Job, content: bytes) -> Source:
    """The file of an import. Unreadable."""
    charset = job.parameters["charset"]
    if job.parameters["format"] == CSV:
        return open_csv(content, charset)
    if job.parameters["format"] == NDJSON:
        return open_ndjson(content, charset)
    # Few bring a workbook, and openpyxl would cost every start of a system its loading.
    from shapan.kernel.bulk.workbook import open_xlsx

    return open_xlsx(content, job.parameters["sheet"])


def read_records(source: Source, resource: Resource, key: tuple[str, ...]) -> tuple[list[Record], list[Column]]:
    """All records of a file, and its columns. Unreadable."""
    rows = _bounded(source.rows)
    if source.columns is None:
        return list(values_as_records(rows, resource, key)), []
    columns = columns_for(source, resource, key)
    table = table_in(columns)
    if table is not None:
        return list(documents(rows, columns, table)), columns
    repeated = any(None in (find_path(resource.shown, title) or ()) for title in source.ignored)
    return list(flat_records(rows, columns, repeated=repeated)), columns


def _bounded(rows: Iterator[Any]) -> Iterator[Any]:
    for number, row in enumerate(rows, 1):
        if number > MOST_RECORDS:
            raise Unreadable(
                f"There are more than {MOST_RECORDS} rows. Import them in several files.",
                f"行数超过 {MOST_RECORDS}，请拆分文件后导入。",
            )
        yield row


def _unreadable(error: Unreadable) -> Problem:
    return simple(422, "file-unreadable", "The file cannot be read", error.en, error.zh)


def _refused(number: int, total: int) -> Problem:
    return simple(
        422,
        "import-rows-refused",
        "Rows were refused",
        f"{number} of {total} records were refused, so that nothing was written. Mend them, or import with mode=by_row.",
        f"{total} 条记录中有 {number} 条被拒绝，因此没有写入任何数据；请改正后重新导入，或使用 mode=by_row。",
    )


def run_import(worker: Worker, workspace: Workspace, job: Job) -> None:
    """Do an import until it has ended. Gone, Stopping."""
    database, resource = workspace.database, worker.resources[job.resource]
    with database.read() as db:
        content = jobs.content(db, job.id)
    try:
        source = open_file(job, content)
        records, columns = read_records(source, resource, tuple(job.parameters["key"]))
    except Unreadable as error:
        with database.write() as db:
            jobs.end(db, job.id, worker.stamp(workspace), _unreadable(error))
        return
    with database.write() as db:
        jobs.note_file(db, job.id, source.facts(), len(records))
    entering = Entering(worker.runtime, workspace, job, resource, columns)
    checked = ((record, entering.refusal_of(record)) for record in records)
    try:
        if job.parameters["mode"] == "atomic":
            _atomic(worker, workspace, job, entering, list(checked))
        else:
            _by_row(worker, workspace, job, entering, checked)
    finally:
        if entering.in_line:
            worker.runtime.courier.nudge(workspace)


def _by_row(worker: Worker, workspace: Workspace, job: Job, entering: Entering, checked: Iterator[Checked]) -> None:
    with workspace.database.read() as db:
        row = jobs.get(db, IMPORT, job.id)
        done, state = (row["done"] if row is not None else 0), workspace.state
    # What has its result is passed over, but was looked at: a later row may have the same key.
    rest = (pair for pair in checked if pair[0].row > done)
    while batch := list(islice(rest, _BATCH_ROWS)):  # read and checked while others may write
        while batch:
            worker.breathe()
            batch = batch[_enter_some(workspace, job, entering, batch, state) :]
    with workspace.database.write() as db:
        jobs.end(db, job.id, worker.stamp(workspace))


def _enter_some(workspace: Workspace, job: Job, entering: Entering, batch: list[Checked], state: int) -> int:
    """Enter what can be entered in a short time, in one transaction with the results; how many that were."""
    made: list[Outcome] = []
    with workspace.database.write() as db:
        if workspace.state != state:
            # A snapshot was restored. Where the job stands in it, if it does, is where it is gone on with.
            raise Gone
        now, until = workspace.clock.now(), time.monotonic() + BATCH_SECONDS
        for record, refusal in batch:
            made.append(entering.enter(db, now, record, refusal))
            if time.monotonic() > until:
                break
        if not jobs.add_outcomes(db, job.id, made):
            raise Gone
    return len(made)


def _atomic(worker: Worker, workspace: Workspace, job: Job, entering: Entering, checked: list[Checked]) -> None:
    outcomes: list[Outcome] = []
    try:
        with workspace.database.write() as db:
            now = workspace.clock.now()
            for record, refusal in checked:
                outcomes.append(entering.enter(db, now, record, refusal))
                worker.progress[job.id] = len(outcomes)
                if worker.stopping:
                    raise Stopping
            if any(outcome.state == REFUSED for outcome in outcomes):
                raise _TakenBack
            if not jobs.add_outcomes(db, job.id, outcomes):
                raise Gone
            jobs.end(db, job.id, worker.stamp(workspace))
    except _TakenBack:
        entering.in_line = 0
        taken_back = [o if o.state == REFUSED else Outcome(o.row, o.line, NOT_APPLIED, o.key) for o in outcomes]
        failure = _refused(sum(outcome.state == REFUSED for outcome in outcomes), len(outcomes))
        with workspace.database.write() as db:
            if not jobs.add_outcomes(db, job.id, taken_back):
                raise Gone from None
            jobs.end(db, job.id, worker.stamp(workspace), failure)
