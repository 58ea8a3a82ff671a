"""Jobs and results in the form of the contract (任务视图)."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.kernel.bulk import jobs
from shapan.kernel.bulk.formulas import covered
from shapan.kernel.errors import TYPE_PREFIX

_REPORT = ("row", "line", "state", "key", "location", "problem", "column", "pointer", "detail")


def parameters(row: sqlite3.Row) -> dict[str, Any]:
    """What was asked for."""
    wish: dict[str, Any] = json.loads(row["parameters"])
    return wish


def import_job(row: sqlite3.Row, language: str, progress: int | None) -> dict[str, Any]:
    """An import. `progress` is how far the worker is, where it cannot write it down yet."""
    wish = parameters(row)
    return {
        "id": row["id"],
        "resource": row["resource"],
        "mode": wish["mode"],
        "key": wish["key"],
        "state": row["state"],
        "progress": {"done": max(row["done"], progress or 0), "total": row["total"]},
        "counts": {state: row[state] for state in jobs.ROW_STATES},
        "file": json.loads(row["file"]) if row["file"] else None,
        **_common(row, language),
    }


def export_job(db: sqlite3.Connection, row: sqlite3.Row, language: str, progress: int | None) -> dict[str, Any]:
    """An export."""
    wish = parameters(row)
    done = row["state"] == jobs.DONE
    return {
        "id": row["id"],
        "resource": row["resource"],
        "state": row["state"],
        "format": wish["format"],
        "encoding": wish["encoding"],
        "titles": wish["titles"],
        "filters": wish["filters"],
        "records": max(row["done"], progress or 0),
        "bytes": jobs.content_size(db, row["id"]) if done else None,
        "file_name": file_name(row),
        "content": f"{row['base_url']}/exports/{row['id']}/content" if done else None,
        **_common(row, language),
    }


def _common(row: sqlite3.Row, language: str) -> dict[str, Any]:
    failure = None
    if row["failure"] is not None:
        name, en, zh = json.loads(row["failure"])
        failure = {"type": TYPE_PREFIX + name, "detail": zh if language == "zh" else en}
    return {
        "failure": failure,
        "created_at": row["created_at"],
        "started_at": row["started_at"],
        "finished_at": row["finished_at"],
        "request_id": row["request_id"],
    }


def file_name(row: sqlite3.Row) -> str:
    """customers-20261124-093000.csv, by the time at which the export was asked for."""
    moment = row["created_at"][:19].replace("-", "").replace(":", "").replace("T", "-")
    return f"{row['resource']}-{moment}.{parameters(row)['format']}"


def import_row(row: sqlite3.Row, base_url: str, language: str) -> dict[str, Any]:
    """The result of one record."""
    return {
        "row": row["row"],
        "line": row["line"],
        "state": row["state"],
        "key": row["key"],
        "location": base_url + row["location"] if row["location"] else None,
        "problem": TYPE_PREFIX + row["problem"] if row["problem"] else None,
        "errors": [
            {
                "pointer": error["pointer"],
                "column": error["column"],
                "line": error["line"],
                "detail": error["zh" if language == "zh" else "en"],
            }
            for error in json.loads(row["errors"] or "[]")
        ],
    }


def report(rows: Iterable[dict[str, Any]]) -> bytes:
    """Results as a CSV file that spreadsheets open: a line for each fault, and for each row without one."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, _REPORT, extrasaction="ignore")
    table.writeheader()
    for row in rows:
        for error in row["errors"] or [{}]:
            # What a caller wrote stands in it, and it is made to be opened by a spreadsheet.
            cells = {**row, **error}
            table.writerow({name: covered(cell) if isinstance(cell, str) else cell for name, cell in cells.items()})
    return text.getvalue().encode("utf-8-sig")
