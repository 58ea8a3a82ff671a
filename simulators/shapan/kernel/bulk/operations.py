"""The operations of `/imports` and `/exports`, the same in every system (批量导入导出)."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from shapan.kernel.bulk import jobs, views
from shapan.kernel.bulk.encoding import CHARSETS
from shapan.kernel.bulk.exports import filter_faults, walked
from shapan.kernel.bulk.jobs import EXPORT, IMPORT, Job
from shapan.kernel.bulk.source import CSV, MEDIA, XLSX
from shapan.kernel.bulk.writing import content_type
from shapan.kernel.errors import Fault, Problem, conflict, insufficient_scope, not_found, refused
from shapan.kernel.ids import new_uuid
from shapan.kernel.system import Answer, Context, ok
from shapan.kernel.wire import Upload

if TYPE_CHECKING:
    from shapan.kernel.bulk.worker import Worker

_NAMES = {IMPORT: "导入任务", EXPORT: "导出任务"}
_PAGE = 500


def _worker(ctx: Context) -> Worker:
    worker: Worker = ctx.services["kernel.runtime"].bulk
    return worker


def list_imports(ctx: Context, after: str | None, limit: int) -> Answer:
    """listImports: oldest first."""
    return _page(ctx, IMPORT, after, limit)


def create_import(
    ctx: Context, resource: str, mode: str, key: str | None, sheet: str | None, body: Upload | None
) -> Answer:
    """createImport: into the queue. 403 without the scope of the resource, 409 when too many wait, 422 for what cannot be imported."""
    assert body is not None
    worker = _worker(ctx)
    found = worker.resources.get(resource)
    format_ = MEDIA[body.media]
    wrong = []
    if found is None or found.create is None:
        wrong.append(_unknown("/resource", [name for name, each in worker.resources.items() if each.create], "query"))
    elif not ctx.scopes.issuperset(found.scopes()):
        raise insufficient_scope(found.scopes())
    if sheet is not None and format_ != XLSX:
        wrong.append(Fault("/sheet", "Only an XLSX file has worksheets.", "只有 XLSX 文件有工作表。", "query"))
    if body.charset is not None and body.charset not in CHARSETS and format_ != XLSX:
        taken = ", ".join(CHARSETS)
        wrong.append(
            Fault(
                "/Content-Type", f"The charset must be one of: {taken}.", f"charset 必须是以下之一：{taken}。", "header"
            )
        )
    if wrong:
        raise refused(wrong)
    columns = [name.strip() for name in (key or "").split(",") if name.strip()]
    parameters = {"mode": mode, "key": columns, "format": format_, "charset": body.charset, "sheet": sheet}
    return _taken(ctx, IMPORT, resource, parameters, body.content)


def get_import(ctx: Context, import_id: str) -> Answer:
    """getImport."""
    return ok(_view(ctx, IMPORT, _load(ctx, IMPORT, import_id)))


def list_import_rows(ctx: Context, import_id: str, state: str | None, after: str | None, limit: int) -> Answer:
    """listImportRows: in the order of the file."""
    job = _load(ctx, IMPORT, import_id)
    rows, more = jobs.outcomes(ctx.db, job["id"], state, int(after or 0), limit)
    items = [views.import_row(row, ctx.base_url, ctx.language) for row in rows]
    return ok({"items": items, "next": str(rows[-1]["row"] if rows else int(after or 0)), "has_more": more})


def get_import_report(ctx: Context, import_id: str, state: str | None) -> Answer:
    """getImportReport: the results as a CSV file."""
    job = _load(ctx, IMPORT, import_id)
    items, more, last = [], True, 0
    while more:
        rows, more = jobs.outcomes(ctx.db, job["id"], state, last, _PAGE)
        items += [views.import_row(row, ctx.base_url, ctx.language) for row in rows]
        last = rows[-1]["row"] if rows else last
    return _file(views.report(items), "text/csv; charset=utf-8; header=present", f"import-{job['id']}.csv")


def list_exports(ctx: Context, after: str | None, limit: int) -> Answer:
    """listExports: oldest first."""
    return _page(ctx, EXPORT, after, limit)


def create_export(ctx: Context, body: dict[str, Any]) -> Answer:
    """createExport: into the queue. 403 without the scope of the list, 409 when too many wait, 422 for what cannot be exported."""
    worker = _worker(ctx)
    found = worker.resources.get(body["resource"])
    filters: dict[str, str] = body.get("filters", {})
    format_ = body.get("format", "csv")
    wrong = []
    if found is None or found.listing is None:
        wrong.append(_unknown("/resource", [name for name, each in worker.resources.items() if each.listing], "body"))
    else:
        parent = walked(found, worker.resources, filters)
        needed = tuple(dict.fromkeys((*found.listing.scopes, *(parent.listing.scopes if parent else ()))))
        if not ctx.scopes.issuperset(needed):
            raise insufficient_scope(needed)
        wrong += filter_faults(found.listing, filters, parent)
    if format_ == XLSX and "encoding" in body:
        wrong.append(Fault("/encoding", "An XLSX file has no encoding to choose.", "XLSX 文件不能选择编码。"))
    if format_ != CSV and "formula_safe" in body:
        wrong.append(
            Fault("/formula_safe", "Only CSV has cells that could be formulas.", "只有 CSV 的单元格可能成为公式。")
        )
    if wrong:
        raise refused(wrong)
    parameters = {
        "format": format_,
        "encoding": None if format_ == XLSX else body.get("encoding", "utf-8"),
        "titles": body.get("titles", "members"),
        "formula_safe": body.get("formula_safe", True),
        "filters": filters,
    }
    return _taken(ctx, EXPORT, body["resource"], parameters, None)


def get_export(ctx: Context, export_id: str) -> Answer:
    """getExport."""
    return ok(_view(ctx, EXPORT, _load(ctx, EXPORT, export_id)))


def get_export_content(ctx: Context, export_id: str) -> Answer:
    """getExportContent: the file. 403 without the scope of the list, 409 until it is made."""
    job = _load(ctx, EXPORT, export_id)
    resource = _worker(ctx).resources.get(job["resource"])
    if resource is None or resource.listing is None or not ctx.scopes.issuperset(resource.listing.scopes):
        raise insufficient_scope(resource.listing.scopes if resource and resource.listing else ())
    if job["state"] != jobs.DONE:
        raise conflict(
            "export-not-done",
            f"The export is {job['state']}; there is no file. Ask for the export until its state is done.",
            f"导出任务的状态为 {job['state']}，尚无文件；请查询任务直到状态为 done。",
        )
    parameters = views.parameters(job)
    made = jobs.content(ctx.db, job["id"])
    return _file(made, content_type(parameters["format"], parameters["encoding"]), views.file_name(job))


def _unknown(pointer: str, there: list[str], where: str) -> Fault:
    names = ", ".join(there)
    return Fault(pointer, f"There is no such resource, only: {names}.", f"没有该资源，可用的有：{names}。", where)


def _taken(ctx: Context, kind: str, resource: str, parameters: dict[str, Any], content: bytes | None) -> Answer:
    """202 with a new job."""
    if jobs.waiting(ctx.db) >= jobs.MOST_WAITING:
        raise _too_many_jobs()
    job = Job(new_uuid(), kind, resource, parameters, ctx.client_id, ctx.base_url, ctx.request_id, ctx.traceparent)
    jobs.add(ctx.db, job, ctx.timestamp, content)
    ctx.afterwards.append(_worker(ctx).nudge)
    return Answer(202, _view(ctx, kind, _load(ctx, kind, job.id)), (("Location", ctx.url(f"/{kind}s/{job.id}")),))


def _too_many_jobs() -> Problem:
    """409: the queue is full."""
    return conflict(
        "too-many-jobs",
        f"{jobs.MOST_WAITING} imports and exports wait already. Try again when some have ended.",
        f"已有 {jobs.MOST_WAITING} 个导入导出任务在等待，请稍后再试。",
    )


def _load(ctx: Context, kind: str, job_id: str) -> sqlite3.Row:
    row = jobs.get(ctx.db, kind, job_id)
    if row is None:
        raise not_found(kind, _NAMES[kind], job_id)
    return row


def _view(ctx: Context, kind: str, row: sqlite3.Row) -> dict[str, Any]:
    progress = _worker(ctx).progress.get(row["id"])
    if kind == IMPORT:
        return views.import_job(row, ctx.language, progress)
    return views.export_job(ctx.db, row, ctx.language, progress)


def _page(ctx: Context, kind: str, after: str | None, limit: int) -> Answer:
    rows, more = jobs.page(ctx.db, kind, int(after or 0), limit)
    return ok(
        {
            "items": [_view(ctx, kind, row) for row in rows],
            "next": str(rows[-1]["seq"] if rows else int(after or 0)),
            "has_more": more,
        }
    )


def _file(content: bytes, media: str, name: str) -> Answer:
    return Answer(200, content, (("Content-Type", media), ("Content-Disposition", f'attachment; filename="{name}"')))
