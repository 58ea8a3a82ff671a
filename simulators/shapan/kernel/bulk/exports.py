"""Running an export (执行导出): the list operation page by page, all of one snapshot, into a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from shapan.kernel.bulk import jobs
from shapan.kernel.bulk.calls import Caller, typed
from shapan.kernel.bulk.jobs import Job
from shapan.kernel.bulk.resources import Parent, Resource, parent_of
from shapan.kernel.bulk.source import Unreadable
from shapan.kernel.bulk.writing import writer
from shapan.kernel.contract import Operation
from shapan.kernel.errors import Fault, Problem, simple

if TYPE_CHECKING:
    import sqlite3

    from shapan.kernel.bulk.worker import Worker
    from shapan.kernel.runtime import Workspace

PAGING = {"cursor", "limit", "page", "page_size"}
"""Parameters with which lists are paged; an export pages by itself."""


def walked(resource: Resource, resources: Mapping[str, Resource], filters: Mapping[str, str]) -> Parent | None:
    """The records that an export goes through because its filters do not say whose list it is about; None when there is no need to."""
    parent = parent_of(resource, resources)
    return None if parent is None or parent.parameter in filters else parent


def filter_faults(operation: Operation, filters: dict[str, str], parent: Parent | None) -> list[Fault]:
    """What is wrong with the filters of an export: unknown ones, those of paging, values that the list does not take."""
    known = {p.name for p in operation.parameters if p.location in ("path", "query")} - PAGING
    found = [
        Fault(f"/filters/{name}", f"The list has no filter {name}.", f"该列表没有筛选条件 {name}。")
        for name in filters
        if name not in known
    ]
    given = {name: value for name, value in filters.items() if name in known}
    # Whose list it is, an export that walks them all says itself.
    for where in ("query",) if parent else ("path", "query"):
        found += [Fault(f"/filters{fault.pointer}", fault.en, fault.zh) for fault in typed(operation, given, where)[1]]
    return found


def every_record(
    caller: Caller,
    db: sqlite3.Connection,
    workspace: Workspace,
    operation: Operation,
    filters: dict[str, str],
    parent: Parent | None,
) -> Iterator[dict[str, Any]]:
    """All records of a list, or of the lists of all `parent` records; then each says on which one it hangs."""
    if parent is None:
        yield from records(caller, db, workspace, operation, filters)
        return
    for above in records(caller, db, workspace, parent.listing, {}):
        whose = {parent.parameter: above[parent.member]}
        given = {**filters, parent.parameter: str(above[parent.member])}
        for record in records(caller, db, workspace, operation, given):
            yield {**whose, **record}


def records(
    caller: Caller, db: sqlite3.Connection, workspace: Workspace, operation: Operation, filters: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """All records of a list, by each of the three ways in which systems page; a list that does not page is one page."""
    given = {**typed(operation, filters, "path")[0], **typed(operation, filters, "query")[0]}
    names = {p.name for p in operation.parameters}
    for size in ("limit", "page_size"):
        if size in names:
            given[size] = _most(operation, size)
    while True:
        body = caller.call(db, workspace.clock.now(), operation, given)[0].body
        yield from body["items"]
        if "cursor" in names:
            given["cursor"] = body["nextCursor"]
            more = body["nextCursor"] is not None
        elif "page" in names:
            given["page"] = body["page"] + 1
            more = body["page"] * body["page_size"] < body["total"]
        elif "changed_since" in names:
            given["changed_since"] = body["watermark"]
            more = body["has_more"]
        else:
            more = False
        if not more:
            return


def _most(operation: Operation, name: str) -> Any:
    """The largest page that an operation gives."""
    parameter = next(p for p in operation.parameters if p.name == name)
    # The bound stands in the contract only; the validator knows it.
    return next(size for size in (1000, 500, 200, 100, 50, 20, 10, 5, 1) if parameter.validator.is_valid(size))


def run_export(worker: Worker, workspace: Workspace, job: Job) -> None:
    """Do an export until it has ended; one that was interrupted begins anew."""
    resource, wish = worker.resources[job.resource], job.parameters
    assert resource.listing is not None
    caller = Caller(worker.runtime, workspace.name, job)
    parent = walked(resource, worker.resources, wish["filters"])
    shown = resource.shown if parent is None else parent.told(resource.shown)
    into = writer(
        wish["format"],
        wish["encoding"],
        shown,
        chinese=wish["titles"] == "chinese",
        # Exports ordered before there was a choice say nothing of it.
        formula_safe=wish.get("formula_safe", True),
    )
    number = 0
    failure: Problem | None = None
    try:
        with workspace.database.read() as db:
            for record in every_record(caller, db, workspace, resource.listing, wish["filters"], parent):
                into.add(record)
                number += 1
                worker.progress[job.id] = number
                if number % 500 == 0:
                    worker.breathe()
        made = into.finish()
    except Unreadable as error:
        failure = simple(422, "export-impossible", "The export cannot be made", error.en, error.zh)
    except Problem as problem:
        failure = problem
    with workspace.database.write() as db:
        if jobs.note_done(db, job.id, number):
            if failure is None:
                jobs.keep_content(db, job.id, made)
            jobs.end(db, job.id, worker.stamp(workspace), failure)
