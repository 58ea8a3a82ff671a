"""Exports: any list, page by page and of one moment, in every format and encoding; and back in again."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openpyxl import load_workbook

if TYPE_CHECKING:
    from tests.conftest import Api

pytestmark = pytest.mark.in_process

BOOKS = [
    {
        "code": "A-1",
        "name": "红楼梦",
        "pages": 1200,
        "price": 59.5,
        "author": {"name": "曹雪芹", "city": "北京"},
        "tags": ["古典"],
    },
    {"code": "A-2", "name": "=1+1", "sold": True, "printed": "2026-01-05"},
    {"code": "A-3", "name": '𠮷\u0001"x,;\n', "sold": True, "price": 10},
]


class Desk:
    """Makes exports and waits for them."""

    def __init__(self, api: Api, eventually: Callable[..., Any]) -> None:
        self.api = api
        self._eventually = eventually

    def make(self, resource: str, **wish: Any) -> tuple[dict[str, Any], httpx.Response]:
        """The export once it has ended, and its file."""
        answer = self.api.post("/exports", json={"resource": resource, **wish})
        assert answer.status_code == 202, answer.text
        location = answer.headers["Location"]
        job = self._eventually(
            lambda: next((j for j in [self.api.get(location).json()] if j["state"] in ("done", "failed")), None)
        )
        return job, self.api.get(f"{location}/content")


@pytest.fixture
def desk(shelf: Api, eventually: Callable[..., Any]) -> Desk:
    for book in BOOKS:
        assert shelf.post("/books", json=book).status_code == 201
    for reader in ("王", "李", "赵"):
        lines = [{"book_code": "A-1", "days": n} for n in (1, 2)]
        assert shelf.post("/loans", json={"reader": reader, "lines": lines}).status_code == 201
    return Desk(shelf, eventually)


@pytest.mark.parametrize(
    ("encoding", "codec", "charset"),
    [("utf-8", "utf-8", "utf-8"), ("utf-8-bom", "utf-8-sig", "utf-8"), ("gb18030", "gb18030", "gb18030")],
)
def test_csv_in_every_encoding(desk: Desk, encoding: str, codec: str, charset: str) -> None:
    job, file = desk.make("books", encoding=encoding)
    assert (job["state"], job["records"], job["bytes"]) == ("done", 3, len(file.content))
    assert file.headers["Content-Type"] == f"text/csv; charset={charset}; header=present"
    assert file.headers["Content-Disposition"] == f'attachment; filename="{job["file_name"]}"'
    assert re.fullmatch(r"books-\d{8}-\d{6}\.csv", job["file_name"])
    assert desk.api.get(job["content"]).content == file.content
    if encoding == "utf-8":
        assert not file.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(file.content.decode(codec), newline="")))
    assert rows[0] == [
        "code",
        "name",
        "pages",
        "price",
        "printed",
        "seen",
        "sold",
        "kind",
        "author.name",
        "author.city",
        "tags",
        "version",
    ]
    assert rows[1] == ["A-1", "红楼梦", "1200", "59.5", "", "", "", "", "曹雪芹", "北京", '["古典"]', "1"]
    assert rows[3][1] == BOOKS[2]["name"]


def test_a_workbook_has_typed_cells_and_no_formulas(desk: Desk) -> None:
    job, file = desk.make("books", format="xlsx", titles="chinese")
    assert (job["encoding"], file.headers["Content-Type"]) == (
        None,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    rows = list(load_workbook(io.BytesIO(file.content)).active.iter_rows())
    assert [cell.value for cell in rows[0]][:4] == ["编码", "书名", "页数", "价格"]
    assert "作者.城市" in [cell.value for cell in rows[0]]
    assert [cell.value for cell in rows[1]][:4] == ["A-1", "红楼梦", 1200, 59.5]
    assert (rows[2][1].value, rows[2][1].data_type) == ("=1+1", "s")
    assert rows[2][6].value is True
    assert rows[3][1].value == '𠮷\ufffd"x,;\n'


def test_ndjson_is_what_the_list_shows(desk: Desk) -> None:
    job, file = desk.make("books", format="ndjson", filters={"sold": "true"})
    assert job["filters"] == {"sold": "true"}
    assert file.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    listed = desk.api.get("/books", params={"sold": "true"}).json()["items"]
    assert [json.loads(line) for line in file.text.splitlines()] == listed


def test_lines_of_documents_have_rows_of_their_own(desk: Desk) -> None:
    job, file = desk.make("loans", titles="chinese")
    assert job["records"] == 3
    rows = list(csv.reader(io.StringIO(file.text)))
    assert rows[:3] == [
        ["借阅单号", "读者", "明细.行号", "明细.图书", "明细.天数"],
        ["L-00001", "王", "1", "A-1", "1"],
        ["L-00001", "王", "2", "A-1", "2"],
    ]
    assert len(rows) == 7
    again = desk.api.post(
        "/imports",
        params={"resource": "loans", "key": "借阅单号"},
        content=file.content,
        headers={"Content-Type": "text/csv"},
    )
    assert again.status_code == 202


def test_a_list_below_a_record_takes_its_key_as_a_filter(desk: Desk) -> None:
    for text in ("x", "y", "z"):
        desk.api.post("/books/A-2/notes", json={"text": text})
    job, file = desk.make("books-notes", filters={"book_code": "A-2", "changed_since": "1"})
    assert [row["text"] for row in csv.DictReader(io.StringIO(file.text))] == ["y", "z"]
    # Without it, that of every record.
    desk.api.post("/books/A-1/notes", json={"text": "w"})
    job, file = desk.make("books-notes")
    found = [(row["book_code"], row["text"]) for row in csv.DictReader(io.StringIO(file.text))]
    assert found == [("A-1", "w"), ("A-2", "x"), ("A-2", "y"), ("A-2", "z")]
    job, file = desk.make("books-notes", filters={"book_code": "A-9"})
    assert (job["state"], job["failure"]["type"], job["content"]) == ("failed", "urn:shapan:problem:not-found", None)
    assert (file.status_code, file.json()["type"]) == (409, "urn:shapan:problem:export-not-done")


@pytest.mark.parametrize(
    "wish",
    [
        {"encoding": "gb18030"},
        {"encoding": "utf-8-bom", "titles": "chinese"},
        {"format": "xlsx"},
        {"format": "ndjson", "encoding": "gb18030"},
    ],
)
def test_what_was_exported_can_be_imported_elsewhere(
    desk: Desk, serve: Any, shelf_system: Any, eventually: Any, wish: dict[str, Any]
) -> None:
    _, file = desk.make("books", **wish)
    prefix = "/ws/elsewhere"
    assert desk.api.http.put("/_shapan/workspaces/elsewhere").status_code == 200
    token = {"Authorization": f"Bearer {desk.api.fetch_token(prefix=prefix)}"}
    taken = desk.api.http.post(
        f"{prefix}/imports",
        params={"resource": "books"},
        content=file.content,
        headers={**token, "Content-Type": file.headers["Content-Type"]},
    )
    job = eventually(
        lambda: next(
            (j for j in [desk.api.http.get(taken.headers["Location"], headers=token).json()] if j["finished_at"]), None
        )
    )
    assert (job["state"], job["counts"]["created"]) == ("done", 3), job
    there = desk.api.http.get(f"{prefix}/books", params={"limit": 5}, headers=token).json()["items"]
    here = desk.api.get("/books", params={"limit": 5}).json()["items"]
    if wish.get("format") == "xlsx":
        here[2]["name"] = here[2]["name"].replace("\x01", "\ufffd")
    assert there == here


def test_what_is_refused_at_once(desk: Desk, refusal: Callable[..., list[str]]) -> None:
    def ask(**body: Any) -> httpx.Response:
        return desk.api.post("/exports", json=body)

    assert refusal(ask(), 400, "validation-failed") == ["/resource"]
    assert refusal(ask(resource="cars", format="xlsx", encoding="utf-8"), 422, "business-rule") == [
        "/resource",
        "/encoding",
    ]
    wrong = ask(resource="books", filters={"limit": "5", "colour": "red", "sold": "perhaps"})
    assert refusal(wrong, 422, "business-rule") == ["/filters/limit", "/filters/colour", "/filters/sold"]
    wrong = ask(resource="books-notes", filters={"colour": "red"})
    assert refusal(wrong, 422, "business-rule") == ["/filters/colour"]
    missing = "/exports/10000000-0000-4000-8000-000000000000"
    for path in (missing, f"{missing}/content"):
        assert refusal(desk.api.get(path), 404, "not-found") == []
    stranger = desk.api.with_scopes("exports:write", "exports:read", "loans:read")
    answer = stranger.post("/exports", json={"resource": "books"})
    assert refusal(answer, 403, "insufficient_scope") == []
    assert 'scope="books:read"' in answer.headers["WWW-Authenticate"]
    job, _ = desk.make("books")
    assert stranger.get(f"/exports/{job['id']}").status_code == 200
    assert refusal(stranger.get(f"/exports/{job['id']}/content"), 403, "insufficient_scope") == []
    listed = desk.api.get("/exports", params={"limit": 1}).json()
    assert ([each["id"] for each in listed["items"]], listed["has_more"]) == ([job["id"]], False)
