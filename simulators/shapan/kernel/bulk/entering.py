"""One record through its operation (逐条入账): checked, created, found unchanged, or changed. Each stands for itself in a savepoint."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapan.kernel.bulk import identity
from shapan.kernel.bulk.calls import Caller, parameters_in, typed
from shapan.kernel.bulk.identity import Identities, Known
from shapan.kernel.bulk.jobs import CREATED, REFUSED, UNCHANGED, UPDATED, Job, Outcome
from shapan.kernel.bulk.records import Column, Record, enterable
from shapan.kernel.bulk.resources import JSON, Resource
from shapan.kernel.bulk.shape import Shape
from shapan.kernel.contract import Operation
from shapan.kernel.errors import Fault, Problem, conflict, invalid, refused, simple
from shapan.kernel.outbox import write_events
from shapan.kernel.validation import faults

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace

log = logging.getLogger(__name__)


class Entering:
    """Enters the records of one import. `columns` empty for a file without titles. `in_line` counts deliveries for the courier."""

    def __init__(
        self, runtime: Runtime, workspace: Workspace, job: Job, resource: Resource, columns: list[Column]
    ) -> None:
        assert resource.create is not None
        self._caller = Caller(runtime, workspace.name, job)
        self._faults = workspace.faults
        self._job = job
        self._resource = resource
        self._create: Operation = resource.create
        self._titles = {(column.path or (column.parameter or column.title,)): column.title for column in columns}
        self._identities = Identities()
        self._seen: dict[str, tuple[int, str]] = {}
        self._named = bool(job.parameters["key"])
        self.in_line = 0

    def refusal_of(self, record: Record) -> Problem | None:
        """What the contract has against a record, and what stands twice in the file. To be asked for every record once, in their order."""
        _, found = typed(self._create, record.path, "path")
        found = [*record.faults, *found]
        if not record.faults:
            found += faults(self._create.bodies[JSON], record.body, "body")
        if found:
            return invalid(found)
        record.fingerprint = identity.fingerprint(record)
        record.identity = self._identities.of(record)
        # A key stands once; so does the id that a record had elsewhere, unless all of the record does.
        name = record.identity if record.key or record.own is None else f"@{record.own}"
        line, first = self._seen.setdefault(name, (record.line, record.fingerprint))
        if first == record.fingerprint:
            return None
        return conflict(
            "import-key-twice",
            f"Line {line} has the same key with other content. A key may stand once in a file.",
            f"第 {line} 行有相同的标识但内容不同；同一文件中一个标识只能出现一次。",
        )

    def enter(self, db: sqlite3.Connection, now: datetime, record: Record, refusal: Problem | None) -> Outcome:
        """What becomes of a record within the transaction of `db`. A refused one leaves nothing behind. sqlite3.OperationalError."""
        refusal = refusal or self._faults.row(self._create.operation_id, self._job.client_id)
        if refusal is not None:
            return self._refused(record, refusal)
        db.execute("SAVEPOINT shapan_row")
        try:
            state, location = self._apply(db, now, record)
        except Problem as problem:
            db.execute("ROLLBACK TO shapan_row")
            return self._refused(record, problem)
        except sqlite3.OperationalError:
            raise  # the disk, not the record
        except Exception:
            db.execute("ROLLBACK TO shapan_row")
            log.exception("row %s of import %s failed", record.row, self._job.id)
            return self._refused(record, internal(self._job))
        finally:
            db.execute("RELEASE shapan_row")
        return Outcome(record.row, record.line, state, identity.shown_key(record), location)

    def _apply(self, db: sqlite3.Connection, now: datetime, record: Record) -> tuple[str, str]:
        known = identity.recall(db, self._resource.name, record.identity)
        if known is not None and known.fingerprint == record.fingerprint:
            return UNCHANGED, known.location
        location = known.location if known is not None else self._there(db, now, record)
        if location is not None:
            state = self._change(db, now, record, location)
        else:
            parameters, _ = typed(self._create, record.path, "path")
            location = self._call(db, now, self._create, parameters, record.body)
            state = CREATED
        identity.remember(db, self._resource.name, record.identity, Known(record.fingerprint, location))
        return state, location

    def _call(
        self, db: sqlite3.Connection, now: datetime, operation: Operation, parameters: dict[str, Any], body: Any
    ) -> str:
        """Call a writing operation, send its events; the path of the record."""
        answer, ctx = self._caller.call(db, now, operation, parameters, body)
        self.in_line += write_events(ctx, ctx.events)
        return dict(answer.headers).get("Location", "").removeprefix(self._job.base_url)

    def _there(self, db: sqlite3.Connection, now: datetime, record: Record) -> str | None:
        """The path of a record that is there already under its own code or id, however it came.

        A number (of a document, or of a row) says nothing alone: another workspace gives the same ones to other records. It counts
        where the record says all that the row says.
        """
        resource, read = self._resource, self._resource.read
        if self._named or read is None or read.path.count("{") != 1:
            return None
        value = next(iter(record.key.values()), record.own)
        if value is None:
            return None
        name = read.path.rpartition("{")[2].rstrip("}")
        location = read.path.replace(f"{{{name}}}", value)
        shown = self._shown(db, now, location)
        if shown is None:
            return None
        unique = record.key or (resource.own and resource.shown.members[resource.own].format == "uuid")
        return location if unique or _holds(record.body, shown[0]) else None

    def _shown(self, db: sqlite3.Connection, now: datetime, location: str) -> tuple[dict[str, Any], str | None] | None:
        """(the record at a path as it is shown, its ETag); None where there is none."""
        read = self._resource.read
        assert read is not None
        parameters, found = typed(read, parameters_in(read, location), "path")
        if found:
            return None
        try:
            answer, _ = self._caller.call(db, now, read, parameters)
        except Problem as problem:
            if problem.status == 404:
                return None
            raise
        return answer.body, dict(answer.headers).get("ETag")

    def _change(self, db: sqlite3.Connection, now: datetime, record: Record, location: str) -> str:
        """Change the record at a path into what the row says. 409 where there is no operation that could."""
        resource, shown = self._resource, None
        if resource.read is not None:
            shown = self._shown(db, now, location)
        if shown is not None and _holds(record.body, shown[0]):
            return UNCHANGED
        if resource.update is None or shown is None:
            raise conflict(
                "import-not-changeable",
                f"A record with this key was imported before with other content, and {resource.name} cannot be changed by an import.",
                f"该标识已导入过且内容不同，而 {resource.name} 不支持通过导入修改。",
            )
        members = resource.changes.members
        fixed = {name: value for name, value in record.body.items() if name not in members}
        wrong = [
            Fault(f"/{name}", "This member cannot be changed any more.", "该字段创建后不能修改。")
            for name, value in fixed.items()
            if not _holds(value, shown[0].get(name))
        ]
        if wrong:
            raise refused(wrong)
        body = {name: value for name, value in record.body.items() if name in members}
        if resource.update.method == "PUT":
            body = _over(shown[0], body, resource.changes)
        found = faults(resource.update.bodies[JSON], body, "body")
        if found:
            raise invalid(found)
        parameters, _ = typed(resource.update, self._own_parameters(location), "path")
        self._call(db, now, resource.update, {**parameters, "If-Match": shown[1] or "*"}, body)
        return UPDATED

    def _own_parameters(self, location: str) -> dict[str, str]:
        assert self._resource.read is not None
        return parameters_in(self._resource.read, location)

    def _refused(self, record: Record, problem: Problem) -> Outcome:
        found = problem.faults or (Fault("", problem.en, problem.zh),)
        errors = [self._error(record, fault) for fault in found]
        return Outcome(record.row, record.line, REFUSED, identity.shown_key(record), None, problem.name, errors)

    def _error(self, record: Record, fault: Fault) -> dict[str, Any]:
        steps = fault.pointer.replace("~1", "/").replace("~0", "~").split("/")[1:]
        line = record.line
        exact = tuple(int(step) if step.isdecimal() else step for step in steps)
        in_rows = tuple(None if isinstance(step, int) else step for step in exact)
        column = self._titles.get(exact) or self._titles.get(in_rows)
        if column is None and len(exact) == 1 and exact[0] in self._titles.values():
            column = str(exact[0])
        if record.lines and len(exact) > 1 and isinstance(exact[1], int) and exact[1] < len(record.lines):
            line = record.lines[exact[1]]
        return {"pointer": fault.pointer, "column": column, "line": line, "en": fault.en, "zh": fault.zh}


def internal(job: Job) -> Problem:
    """500 for a job or a row of it, without a word about the inside."""
    return simple(
        500,
        "internal",
        "The simulator failed",
        f"The simulator failed; its log has the reason under {job.kind} {job.id}. Please report it.",
        f"模拟器内部出错，原因见日志中的任务 {job.id}，请反馈该问题。",
    )


def _over(shown: Any, given: Any, shape: Shape) -> Any:
    """What a PUT must say so that it changes only what is given: an empty cell does not empty a member."""
    if not (isinstance(shown, dict) and isinstance(given, dict) and shape.members):
        return given
    kept = {
        name: enterable(value, shape.members[name], shape.members[name])
        for name, value in shown.items()
        if name in shape.members and name not in given and (value is not None or shape.members[name].nullable)
    }
    return {**kept, **{name: _over(shown.get(name), value, shape.members[name]) for name, value in given.items()}}


def _holds(wanted: Any, shown: Any) -> bool:
    """Whether what is shown has all that is wanted."""
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return all(name in shown and _holds(value, shown[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) == len(shown) and all(map(_holds, wanted, shown))
    return bool(wanted == shown) and isinstance(wanted, bool) == isinstance(shown, bool)
