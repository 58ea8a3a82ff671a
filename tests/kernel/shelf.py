"""The operations of the shelf, with which imports and exports are tested. Some names make it misbehave on purpose."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from typing import Any

from shapan.kernel.errors import Fault, conflict, not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.numbering import next_number
from shapan.kernel.system import Answer, Context, created, ok

BOOK = ("code", "name", "pages", "price", "printed", "seen", "sold", "kind", "author", "tags")

# A book called "gate" waits here, inside its transaction.
REACHED, LEAVE = threading.Event(), threading.Event()


def _all(ctx: Context, kind: str) -> list[dict[str, Any]]:
    rows = ctx.db.execute("SELECT record FROM thing WHERE kind = ? ORDER BY rowid", (kind,)).fetchall()
    return [json.loads(row[0]) for row in rows]


def _find(db: sqlite3.Connection, kind: str, key: str) -> dict[str, Any] | None:
    row = db.execute("SELECT record FROM thing WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    return None if row is None else json.loads(row[0])


def _put(db: sqlite3.Connection, kind: str, key: str, record: dict[str, Any]) -> None:
    db.execute(
        "INSERT INTO thing (kind, key, record) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET record = excluded.record",
        (kind, key, json.dumps(record)),
    )


def list_books(ctx: Context, cursor: str | None, limit: int, sold: bool | None) -> Answer:
    books = [book for book in _all(ctx, "book") if sold is None or book["sold"] is sold]
    start = int(cursor or 0)
    following = str(start + limit) if start + limit < len(books) else None
    return ok({"items": books[start : start + limit], "nextCursor": following})


def create_book(ctx: Context, body: dict[str, Any]) -> Answer:
    if _find(ctx.db, "book", body["code"]) is not None:
        raise conflict("book-exists", "There is such a book.", "该书已存在。")
    book = {**dict.fromkeys(BOOK), **body, "version": 1}
    _put(ctx.db, "book", body["code"], book)
    if body["name"] == "gate":
        REACHED.set()
        assert LEAVE.wait(60)
    if body["name"] == "die" and "SHELF_DIES" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
    if body["name"] == "crash":
        raise RuntimeError("on purpose")
    if body["name"] == "break the contract":
        book["version"] = "none"
    return created(book, ctx.url(f"/books/{body['code']}"), etag=etag(1))


def get_book(ctx: Context, book_code: str) -> Answer:
    book = _book(ctx, book_code)
    return ok(book, etag=etag(book["version"]))


def update_book(ctx: Context, book_code: str, if_match: str, body: dict[str, Any]) -> Answer:
    book = _book(ctx, book_code)
    check_if_match(if_match, book["version"])
    book = {**book, **body, "version": book["version"] + 1}
    _put(ctx.db, "book", book_code, book)
    return ok(book, etag=etag(book["version"]))


def _book(ctx: Context, code: str) -> dict[str, Any]:
    book = _find(ctx.db, "book", code)
    if book is None:
        raise not_found("book", "图书", code)
    return book


def list_notes(ctx: Context, book_code: str, changed_since: int, limit: int) -> Answer:
    _book(ctx, book_code)
    notes = [n for n in _all(ctx, "note") if n["book_code"] == book_code and n["note_id"] > changed_since]
    page = notes[:limit]
    mark = page[-1]["note_id"] if page else changed_since
    return ok({"items": page, "watermark": mark, "has_more": len(notes) > limit})


def create_note(ctx: Context, book_code: str, body: dict[str, Any]) -> Answer:
    _book(ctx, book_code)
    number = next_number(ctx.db, "note")
    note = {"note_id": number, "book_code": book_code, "text": body["text"]}
    _put(ctx.db, "note", str(number), note)
    return created(note, ctx.url(f"/notes/{number}"))


def list_loans(ctx: Context, page: int, page_size: int) -> Answer:
    loans = _all(ctx, "loan")
    items = loans[(page - 1) * page_size : page * page_size]
    return ok({"items": items, "page": page, "page_size": page_size, "total": len(loans)})


def create_loan(ctx: Context, body: dict[str, Any]) -> Answer:
    unknown = [
        Fault(f"/lines/{n}/book_code", f"There is no book {line['book_code']}.", f"没有图书 {line['book_code']}。")
        for n, line in enumerate(body["lines"])
        if _find(ctx.db, "book", line["book_code"]) is None
    ]
    number = f"L-{next_number(ctx.db, 'loan'):05d}"
    if unknown:
        raise refused(unknown)
    lines = [{"line_no": n, **line} for n, line in enumerate(body["lines"], 1)]
    loan = {"loan_no": number, "reader": body["reader"], "lines": lines}
    _put(ctx.db, "loan", number, loan)
    ctx.emit("shelf.loan.made", number, loan)
    return created(loan, ctx.url(f"/loans/{number}"))
