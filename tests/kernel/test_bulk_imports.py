"""Imports: files in every format and encoding, a result for each row, nothing twice, nothing half-written."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

if TYPE_CHECKING:
    from tests.conftest import Api

pytestmark = pytest.mark.in_process

CSV, NDJSON = "text/csv", "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHINESE = {"Accept-Language": "zh"}


class Office:
    """Imports files and waits for what becomes of them."""

    def __init__(self, api: Api, eventually: Callable[..., Any]) -> None:
        self.api = api
        self._eventually = eventually

    def send(self, resource: str, content: bytes | str, media: str = CSV, **query: Any) -> dict[str, Any]:
        """The import that was taken."""
        data = content.encode() if isinstance(content, str) else content
        query = {"resource": resource, "mode": "by_row", **query}
        answer = self.api.post("/imports", params=query, content=data, headers={"Content-Type": media})
        assert answer.status_code == 202, answer.text
        assert self.api.get(answer.headers["Location"]).json()["id"] == answer.json()["id"]
        return answer.json()

    def wait(self, job: dict[str, Any], path: str = "imports") -> dict[str, Any]:
        """The job, once it has ended."""

        def ended() -> dict[str, Any] | None:
            now = self.api.get(f"/{path}/{job['id']}", headers=CHINESE).json()
            return now if now["state"] in ("done", "failed") else None

        found: dict[str, Any] = self._eventually(ended)
        return found

    def take(self, resource: str, content: bytes | str, media: str = CSV, **query: Any) -> dict[str, Any]:
        """The import of a file, once it has ended."""
        return self.wait(self.send(resource, content, media, **query))

    def rows(self, job: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        """Its results."""
        return self.api.get(f"/imports/{job['id']}/rows", params={"limit": 500, **query}).json()["items"]

    def books(self) -> dict[str, dict[str, Any]]:
        found, cursor = {}, None
        while True:
            page = self.api.get("/books", params={"limit": 5, **({"cursor": cursor} if cursor else {})}).json()
            found |= {book["code"]: book for book in page["items"]}
            cursor = page["nextCursor"]
            if cursor is None:
                return found


@pytest.fixture
def office(shelf: Api, eventually: Callable[..., Any]) -> Office:
    return Office(shelf, eventually)


def counts(job: dict[str, Any]) -> dict[str, int]:
    return {state: number for state, number in job["counts"].items() if number}


def workbook(rows: list[list[Any]], title: str = "图书") -> bytes:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


TITLES = ["code", "name", "pages", "price", "printed", "seen", "sold", "kind", "author.name", "author.city", "tags"]
TYPED = {
    "code": "A-1",
    "name": "红楼梦",
    "pages": 1200,
    "price": 59.5,
    "printed": "2026-01-05",
    "seen": "2026-01-06T09:30:00+08:00",
    "sold": True,
    "kind": "novel",
    "author": {"name": "曹雪芹", "city": "北京"},
    "tags": ["古典", "小说"],
    "version": 1,
}
TEXT = [
    "A-1",
    "红楼梦",
    "1,200",
    "59.50",
    "2026/1/5",
    "2026-01-06T09:30:00+08:00",
    "是",
    "novel",
    "曹雪芹",
    "北京",
    '["古典", "小说"]',
]


def as_csv(rows: list[list[Any]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (as_csv([TITLES, TEXT]).encode(), "utf-8", "comma"),
        (as_csv([TITLES, TEXT], ";").encode("utf-8-sig"), "utf-8-bom", "semicolon"),
        (as_csv([TITLES, TEXT], "\t").encode("gb18030"), "gb18030", "tab"),
    ],
)
def test_a_csv_in_any_encoding_and_with_any_delimiter(
    office: Office, content: bytes, encoding: str, delimiter: str
) -> None:
    job = office.take("books", content)
    assert (job["state"], counts(job), job["progress"]) == ("done", {"created": 1}, {"done": 1, "total": 1})
    assert job["file"] == {
        "format": "csv",
        "encoding": encoding,
        "delimiter": delimiter,
        "sheet": None,
        "columns": TITLES,
        "ignored_columns": [],
    }
    assert office.books() == {"A-1": TYPED}
    [row] = office.rows(job)
    assert (row["row"], row["line"], row["state"], row["key"]) == (1, 2, "created", "A-1")
    assert office.api.get(row["location"]).json() == TYPED


def test_a_workbook_with_typed_cells(office: Office) -> None:
    cells = [
        "A-1",
        "红楼梦",
        1200.0,
        59.5,
        date(2026, 1, 5),
        datetime(2026, 1, 6, 9, 30),
        True,
        "novel",
        "曹雪芹",
        "北京",
        TEXT[-1],
    ]
    book = workbook([TITLES, cells, [None] * 11, ["A-2", 2026.0]])
    job = office.take("books", book, XLSX)
    assert (job["file"]["format"], job["file"]["encoding"], job["file"]["sheet"]) == ("xlsx", None, "图书")
    assert [(row["line"], row["state"]) for row in office.rows(job)] == [(2, "created"), (4, "created")]
    assert office.books()["A-1"] == TYPED
    assert office.books()["A-2"]["name"] == "2026"
    assert office.take("books", book, XLSX, sheet="别的")["failure"]["detail"] == "没有工作表 别的，现有：图书。"
    assert counts(office.take("books", book, XLSX, sheet="图书")) == {"unchanged": 2}


def test_ndjson_is_what_would_be_posted(office: Office) -> None:
    lines = [
        json.dumps(TYPED, ensure_ascii=False),
        "",
        '{"code": "A-2", "name": "b", "pages": null, "sold": null}',
        "{",
        "[1]",
        '{"code": "A-3"}',
    ]
    job = office.take("books", "\n".join(lines), NDJSON)
    assert [(row["line"], row["state"]) for row in office.rows(job)] == [
        (1, "created"),
        (3, "created"),
        (4, "failed"),
        (5, "failed"),
        (6, "failed"),
    ]
    assert office.books()["A-1"] == TYPED
    assert office.rows(job)[4]["errors"] == [
        {"pointer": "/name", "column": None, "line": 6, "detail": "This member is required."}
    ]


def test_titles_may_be_chinese_and_columns_that_are_only_shown_are_left_out(office: Office) -> None:
    job = office.take("books", "编码,书名,作者.姓名,城市,version\nA-1,水浒传,施耐庵,苏州,7\n")
    assert counts(job) == {"created": 1}
    assert job["file"]["ignored_columns"] == ["version"]
    book = office.books()["A-1"]
    assert (book["name"], book["author"], book["version"]) == ("水浒传", {"name": "施耐庵", "city": "苏州"}, 1)


def test_every_fault_of_a_row_is_told_with_its_column_in_the_language_of_who_asks(office: Office) -> None:
    job = office.take("books", "编码,书名,页数,类别,author.city\na,,0,stamp,北京\nB-1,b,x,novel,\n")
    assert counts(job) == {"failed": 2}
    first, second = office.api.get(f"/imports/{job['id']}/rows", headers=CHINESE).json()["items"]
    assert first["problem"] == "urn:shapan:problem:validation-failed"
    assert {(e["pointer"], e["column"]) for e in first["errors"]} == {
        ("/code", "编码"),
        ("/name", "书名"),
        ("/pages", "页数"),
        ("/kind", "类别"),
        ("/author/name", None),
    }
    assert {e["detail"] for e in first["errors"] if e["pointer"] in ("/name", "/author/name")} == {"缺少必填字段。"}
    assert [(e["pointer"], e["column"], e["line"]) for e in second["errors"]] == [("/pages", "页数", 3)]


def test_bytes_of_no_encoding_spoil_their_own_row_only(office: Office) -> None:
    content = "code,name\nA-1,第一\nA-2,第二\nA-3,第三\n".encode().replace("第二".encode(), b"\xe7\xac\xff")
    job = office.take("books", content)
    assert (job["file"]["encoding"], counts(job)) == ("utf-8", {"created": 2, "failed": 1})
    [row] = office.rows(job, state="failed")
    assert (row["line"], row["errors"][0]["column"]) == (3, "name")
    assert row["errors"][0]["detail"] == "The byte 0xE7 in column name is not utf-8."
    told = office.take("books", "code,name\nA-4,中\n".encode("gb18030"), "text/csv; charset=utf-8")
    assert counts(told) == {"failed": 1}
    assert counts(office.take("books", "code,name\nA-4,中\n".encode("gb18030"), "text/csv; charset=GBK")) == {
        "created": 1
    }


@pytest.mark.parametrize(
    ("content", "media", "words"),
    [
        (b"", CSV, "文件为空"),
        (b"\n\n", CSV, "文件为空"),
        (b"name,colour\nx,y\n", CSV, "没有这些列：colour"),
        (b"name,name\nx,y\n", CSV, "列标题重复：name"),
        (b"name,,code\nx,y,z\n", CSV, "第 2 列"),
        ("code,书名,name\n".encode(), CSV, "“书名”列和“name”列对应同一字段"),
        (b"code,author.name,author\n", CSV, "“author”列和“author.name”列对应同一字段"),
        (b'"na', CSV, "无法解析"),
        (b"c\xffde,name\n", CSV, "不是有效的"),
        ("code,name\nA-1,x\n".encode("utf-16"), CSV, "UTF-16"),
        ("{}".encode("utf-16"), NDJSON, "UTF-16"),
        (",".join(f"c{n}" for n in range(501)).encode(), CSV, "500"),
        (b"PK\x03\x04rubbish", XLSX, "不是可读取的 XLSX"),
        (workbook([]), XLSX, "文件为空"),
        (b"code,name\n" + b"A,b\n" * 100_001, CSV, "100000"),
    ],
)
def test_a_file_that_cannot_be_read_fails_as_a_whole(office: Office, content: bytes, media: str, words: str) -> None:
    job = office.take("books", content, media)
    assert job["state"] == "failed"
    assert job["failure"]["type"] == "urn:shapan:problem:file-unreadable"
    assert words in job["failure"]["detail"]
    assert counts(job) == {}
    assert office.books() == {}


def test_a_workbook_that_unpacks_to_too_much_is_refused(office: Office) -> None:
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(201):
            part.write(bytes(1024 * 1024))
    assert len(bomb.getvalue()) < 1024 * 1024
    assert "200 MiB" in office.take("books", bomb.getvalue(), XLSX)["failure"]["detail"]


def test_lines_that_are_no_rows_are_told_and_the_others_enter(office: Office) -> None:
    job = office.take("books", 'code,name\nA-1,"x\ny"\n\nA-2,x,y\nA-3\nA-4,"z"z\nA-5,e\n')
    assert [(row["line"], row["state"]) for row in office.rows(job)] == [
        (2, "created"),
        (5, "failed"),
        (6, "failed"),
        (7, "failed"),
        (8, "created"),
    ]
    assert office.books()["A-1"]["name"] == "x\ny"


def test_an_atomic_import_writes_all_or_nothing(office: Office) -> None:
    content = "code,name\nA-1,a\nA-2,\nA-3,c\n"
    job = office.take("books", content, mode="atomic")
    assert (job["state"], counts(job)) == ("failed", {"failed": 1, "not_applied": 2})
    assert job["failure"]["type"] == "urn:shapan:problem:import-rows-refused"
    assert [row["state"] for row in office.rows(job)] == ["not_applied", "failed", "not_applied"]
    assert office.books() == {}
    job = office.take("books", content.replace("A-2,", "A-2,b"), mode="atomic")
    assert (job["state"], counts(job)) == ("done", {"created": 3})
    assert len(office.books()) == 3


def test_the_same_file_again_changes_nothing_and_another_content_is_a_change(office: Office) -> None:
    office.take("books", "code,name,pages\nA-1,a,5\nA-2,b,6\n")
    before = office.books()
    again = office.take("books", "code;书名;pages\nA-1;a;5\nA-2;b;6\n")
    assert counts(again) == {"unchanged": 2}
    assert office.books() == before
    job = office.take("books", "code,name,pages\nA-1,a,7\nA-2,b,6\n")
    assert [row["state"] for row in office.rows(job)] == ["updated", "unchanged"]
    assert office.books()["A-1"] == {**before["A-1"], "pages": 7, "version": 2}


def test_a_record_that_is_there_otherwise_is_found_by_its_own_code(office: Office) -> None:
    office.api.post("/books", json={"code": "A-1", "name": "a"})
    job = office.take("books", "code,name\nA-1,a\n")
    assert counts(job) == {"unchanged": 1}
    job = office.take("books", "code,name,kind\nA-1,a2,\n")
    assert counts(job) == {"updated": 1}
    job = office.take("books", "code,name,kind\nA-1,a2,poem\n")
    assert office.rows(job)[0]["errors"][0]["column"] == "kind"
    assert office.rows(job)[0]["problem"] == "urn:shapan:problem:business-rule"
    job = office.take("books", "code,pages,name\nA-1,0,a3\n")
    assert counts(job) == {"failed": 1}
    assert office.books()["A-1"]["name"] == "a2"


def test_a_key_may_be_any_column_and_stands_once(office: Office) -> None:
    job = office.take("books-notes", "old,book_code,text\n1,A-1,x\n", key="old")
    assert office.rows(job)[0]["problem"] == "urn:shapan:problem:not-found"
    office.api.post("/books", json={"code": "A-1", "name": "a"})
    content = "old,book_code,text\n1,A-1,x\n2,A-1,x\n2,A-1,y\n2,A-1,x\n,A-1,z\n"
    job = office.take("books-notes", content, key="old")
    assert [(row["key"], row["state"]) for row in office.rows(job)] == [
        ("1", "created"),
        ("2", "created"),
        ("2", "failed"),
        ("2", "unchanged"),
        (None, "failed"),
    ]
    assert office.rows(job)[2]["problem"] == "urn:shapan:problem:import-key-twice"
    other = office.take("books-notes", "old,book_code,text\n1,A-1,changed\n", key="old")
    assert office.rows(other)[0]["problem"] == "urn:shapan:problem:import-not-changeable"
    # Without a key two equal rows are two records, and the same file again changes nothing.
    rows = "book_code,text\nA-1,x\nA-1,x\nA-1,\n"
    assert counts(office.take("books-notes", rows)) == {"created": 2, "failed": 1}
    assert counts(office.take("books-notes", rows)) == {"unchanged": 2, "failed": 1}
    lacking = office.take("books-notes", rows, key="old,text")
    assert "文件中没有标识列：old" in lacking["failure"]["detail"]


def test_path_parameters_are_columns_and_are_checked(office: Office) -> None:
    office.api.post("/books", json={"code": "A-1", "name": "a"})
    job = office.take(
        "books-notes", '{"book_code": "A-1", "text": "x"}\n{"text": "y"}\n{"book_code": "?", "text": "z"}', NDJSON
    )
    assert [row["state"] for row in office.rows(job)] == ["created", "failed", "failed"]
    assert [e["pointer"] for row in office.rows(job, state="failed") for e in row["errors"]] == ["/book_code"] * 2
    job = office.take("books-notes", "图书,text\n?,x\n")
    assert office.rows(job)[0]["errors"][0]["column"] == "图书"


LOANS = "loan_no,reader,lines.book_code,lines.days\n1,王,A-1,7\n,,A-2,8\n2,李,A-1,9\n3,赵,A-9,1\n3,赵,A-1,0\n1,王,A-2,1\n1,张,A-2,2\n"


def test_rows_with_one_key_are_one_document(office: Office) -> None:
    office.take("books", "code,name\nA-1,a\nA-2,b\n")
    job = office.take("loans", LOANS.replace("1,张,A-2,2\n", ""), key="loan_no")
    rows = office.rows(job)
    assert [(row["row"], row["line"], row["key"], row["state"]) for row in rows] == [
        (1, 2, "1", "created"),
        (2, 4, "2", "created"),
        (3, 5, "3", "failed"),
    ]
    assert [(e["pointer"], e["column"], e["line"]) for e in rows[2]["errors"]] == [("/lines/1/days", "lines.days", 6)]
    loans = office.api.get("/loans").json()["items"]
    assert [(loan["loan_no"], loan["reader"], len(loan["lines"])) for loan in loans] == [
        ("L-00001", "王", 3),
        ("L-00002", "李", 1),
    ]
    events = office.api.get("/events").json()["events"]
    assert [event["subject"] for event in events] == ["L-00001", "L-00002"]
    # A rule of the business, with the line of the file; and heads that differ.
    job = office.take("loans", LOANS.replace("A-1,0", "A-1,1"), key="loan_no")
    rows = office.rows(job)
    assert [(e["pointer"], e["line"]) for e in rows[2]["errors"]] == [("/lines/0/book_code", 5)]
    assert "Line 8 has another reader than line 2" in rows[0]["errors"][0]["detail"]


def test_without_a_key_neighbours_with_one_head_are_one_document(office: Office) -> None:
    office.take("books", "code,name\nA-1,a\n")
    job = office.take("loans", "读者,明细.图书,明细.天数\n王,A-1,1\n王,A-1,2\n李,A-1,3\n王,A-1,4\n,,\n")
    assert counts(job) == {"created": 3}
    assert [len(loan["lines"]) for loan in office.api.get("/loans").json()["items"]] == [2, 1]
    indexed = "reader,lines.0.book_code,lines.0.days,lines.1.book_code,lines.1.days\n孙,A-1,1,A-1,2\n钱,,,A-1,2\n"
    job = office.take("loans", indexed)
    assert counts(job) == {"created": 2}
    in_one_cell = as_csv([["reader", "lines"], ["周", '[{"book_code": "A-1", "days": 1}]']])
    assert counts(office.take("loans", in_one_cell)) == {"created": 1}
    both = office.take("loans", "reader,lines.0.days,lines.book_code\nx,1,y\n")
    assert "只能有一个明细列表" in both["failure"]["detail"]


def test_a_row_that_cannot_be_read_spoils_its_document(office: Office) -> None:
    for code in ("A-1", "A-2"):
        office.api.post("/books", json={"code": code, "name": code})
    # The key of the third line can be read, that of the fifth cannot: with a key it may belong to any of them.
    rows = [b"A,a,A-1,1", b"A,a,\xff\xfe,2", b"B,b,A-1,1", b"B,b,A-2,1,9", b"C,c,A-1,1", b"D,d,A-1,1"]
    content = b"\n".join([b"loan_no,reader,lines.book_code,lines.days", *rows])
    job = office.take("loans", content, key="loan_no")
    found = office.rows(job)
    assert [(row["key"], row["line"], row["state"]) for row in found] == [
        ("A", 2, "failed"),
        ("B", 4, "failed"),
        (None, 5, "failed"),
        ("C", 6, "failed"),
        ("D", 7, "failed"),
    ]
    assert "Line 3" in found[0]["errors"][0]["detail"]
    assert "0xFF" in found[0]["errors"][0]["detail"]
    assert all("Line 5" in found[at]["errors"][-1]["detail"] for at in (0, 1, 3, 4))
    # Without a key it can only be a part of its neighbours.
    job = office.take(
        "loans",
        content.replace(b"A,a,\xff\xfe,2\n", b"")
        .replace(b"loan_no,", b"")
        .replace(b"A,a", b"a")
        .replace(b"B,b", b"b")
        .replace(b"C,c", b"c")
        .replace(b"D,d", b"d"),
    )
    assert [row["state"] for row in office.rows(job)] == ["created", "failed", "failed", "failed", "created"]


def test_an_open_quotation_mark_is_told_with_all_that_it_swallows(office: Office) -> None:
    job = office.take("books", 'code,name\nA-1,a\nA-2,"b\nA-3,c\nA-4,d\n')
    rows = office.rows(job)
    assert [(row["line"], row["state"]) for row in rows] == [(2, "created"), (3, "failed")]
    assert "lines 3 to 5" in rows[1]["errors"][0]["detail"]


def test_the_line_that_tells_spreadsheets_the_delimiter_is_none_of_the_table(office: Office) -> None:
    job = office.take("books", "sep=;\r\ncode;name\r\nA-1;a,b\r\nA-2;\r\n")
    assert (job["file"]["delimiter"], counts(job)) == ("semicolon", {"created": 1, "failed": 1})
    assert office.rows(job)[1]["line"] == 4


def test_formulas_that_nobody_computed_are_not_empty_cells(office: Office) -> None:
    job = office.take("books", workbook([["code", "name", "pages"], ["A-1", "a", "=1+1"], ["A-2", "b", 3]]), XLSX)
    rows = office.rows(job)
    assert [(row["line"], row["state"]) for row in rows] == [(2, "failed"), (3, "created")]
    assert "formula" in rows[0]["errors"][0]["detail"]
    assert "pages" in rows[0]["errors"][0]["detail"]
    # A text that was computed and is empty is an empty cell.
    made = io.BytesIO()
    plain = io.BytesIO(workbook([["code", "name", "kind"], ["A-3", "c", "=1"]]))
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(made, "w") as after:
        for part in before.namelist():
            content = before.read(part)
            if part.startswith("xl/worksheets/"):
                assert b'<c r="C2">' in content
                content = content.replace(b'<c r="C2">', b'<c r="C2" t="str">')
            after.writestr(part, content)
    assert counts(office.take("books", made.getvalue(), XLSX)) == {"created": 1}


def test_half_a_character_in_a_cell_of_json_is_told(office: Office) -> None:
    cell = '["\\ud800"]'
    job = office.take("books", as_csv([["code", "name", "tags"], ["A-1", "a", cell], ["A-2", "b", '["x"]']]))
    assert [row["state"] for row in office.rows(job)] == ["failed", "created"]
    assert office.rows(job)[0]["errors"][0]["pointer"] == "/tags"


@pytest.mark.parametrize("name", ["crash", "break the contract"])
def test_a_row_on_which_the_simulator_fails_leaves_nothing(office: Office, name: str) -> None:
    job = office.take("books", f"code,name\nA-1,a\nA-2,{name}\nA-3,c\n")
    assert [row["state"] for row in office.rows(job)] == ["created", "failed", "created"]
    assert office.rows(job)[1]["problem"] == "urn:shapan:problem:internal"
    assert set(office.books()) == {"A-1", "A-3"}


def test_results_come_by_page_and_state_and_as_a_file(office: Office) -> None:
    lines = "".join(f"A-{n},{'' if n % 10 == 0 else n}\n" for n in range(1, 31))
    job = office.take("books", "code,name\n" + lines)
    path = f"/imports/{job['id']}/rows"
    first = office.api.get(path, params={"limit": 20}).json()
    assert (len(first["items"]), first["next"], first["has_more"]) == (20, "20", True)
    rest = office.api.get(path, params={"limit": 20, "after": first["next"]}).json()
    assert ([row["row"] for row in rest["items"]], rest["has_more"]) == (list(range(21, 31)), False)
    assert office.api.get(path, params={"after": "99"}).json() == {"items": [], "next": "99", "has_more": False}
    failed = office.api.get(path, params={"state": "failed", "limit": 2}).json()
    assert ([row["row"] for row in failed["items"]], failed["has_more"]) == ([10, 20], True)
    report = office.api.get(f"/imports/{job['id']}/report", params={"state": "failed"}, headers=CHINESE)
    assert report.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert report.headers["Content-Disposition"] == f'attachment; filename="import-{job["id"]}.csv"'
    table = list(csv.DictReader(io.StringIO(report.content.decode("utf-8-sig"))))
    assert [(line["line"], line["state"], line["pointer"], line["detail"]) for line in table] == [
        (str(n), "failed", "/name", "缺少必填字段。") for n in (11, 21, 31)
    ]
    assert len(office.api.get(f"/imports/{job['id']}/report").content.decode("utf-8-sig").splitlines()) == 31


def test_what_is_refused_at_once(office: Office, refusal: Callable[..., list[str]]) -> None:
    def ask(media: str = CSV, content: bytes = b"code,name\n", **query: str) -> Any:
        return office.api.post("/imports", params=query, content=content, headers={"Content-Type": media})

    assert refusal(ask(), 400, "validation-failed") == ["/resource"]
    assert refusal(ask(resource="books", mode="half"), 400, "validation-failed") == ["/mode"]
    assert refusal(ask(resource="cars", sheet="x"), 422, "business-rule") == ["/resource", "/sheet"]
    assert refusal(ask("text/csv; charset=latin-1", resource="books"), 422, "business-rule") == ["/Content-Type"]
    assert refusal(ask("application/json", resource="books"), 415, "unsupported-media-type") == []
    assert refusal(ask(content=bytes(20 * 1024**2 + 1), resource="books"), 413, "body-too-large") == []
    missing = "/imports/10000000-0000-4000-8000-000000000000"
    for path in ("", "/rows", "/report"):
        assert refusal(office.api.get(missing + path), 404, "not-found") == []
    writer = office.api.with_scopes("imports:write", "imports:read", "books:write")
    answer = writer.post("/imports", params={"resource": "books"}, content=b"", headers={"Content-Type": CSV})
    assert refusal(answer, 403, "insufficient_scope") == []
    assert 'scope="books:write books:change"' in answer.headers["WWW-Authenticate"]
    notes = writer.post("/imports", params={"resource": "books-notes"}, content=b"", headers={"Content-Type": CSV})
    assert notes.status_code == 202


def test_a_large_file_is_taken_and_one_upload_with_one_key_is_one_import(office: Office) -> None:
    content = b"code,name\n" + b"\n" * (3 * 1024**2) + b"A-1,a\n"
    headers = {"Content-Type": CSV, "Idempotency-Key": "k-1"}
    first = office.api.post("/imports", params={"resource": "books"}, content=content, headers=headers)
    again = office.api.post("/imports", params={"resource": "books"}, content=content, headers=headers)
    assert (again.json()["id"], again.headers["Idempotency-Replayed"]) == (first.json()["id"], "true")
    other = office.api.post("/imports", params={"resource": "books"}, content=content + b"\n", headers=headers)
    assert other.status_code == 422
    assert counts(office.wait(first.json())) == {"created": 1}
    listed = office.api.get("/imports").json()
    assert ([job["id"] for job in listed["items"]], listed["next"]) == ([first.json()["id"]], "1")
