"""Whatever a record holds: written as a table in any encoding and read again, it is the same record."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.kernel.bulk.convert import converter
from shapan.kernel.bulk.delimited import open_csv
from shapan.kernel.bulk.documents import documents, table_in
from shapan.kernel.bulk.encoding import decode
from shapan.kernel.bulk.ndjson import open_ndjson
from shapan.kernel.bulk.records import columns_for, flat_records, values_as_records
from shapan.kernel.bulk.resources import Resource, resources_of
from shapan.kernel.bulk.shape import Shape
from shapan.kernel.bulk.workbook import open_xlsx
from shapan.kernel.bulk.writing import writer
from shapan.kernel.contract import load_contract

RESOURCES = resources_of(load_contract(Path(__file__).parent / "shelf.yaml"), None)

# What JSON can carry and a table can tell from nothing: no lone surrogates, no empty text; XLSX has no control characters either.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), min_size=1, max_size=12
)
LINE = TEXT | st.sampled_from(["007", "=1+1", '"x"', "a,b;c\td", "x\ny", " x ", "是", "2026/1/5", "𠮷", "1e5"])
BOOK = st.fixed_dictionaries(
    {"code": st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=8), "name": LINE},
    optional={
        "pages": st.integers(-(10**15), 10**15),
        "price": st.integers(-(10**9), 10**9).map(lambda fen: fen / 100),
        "printed": st.dates().map(str),
        "sold": st.booleans(),
        "author": st.fixed_dictionaries({"name": LINE}, optional={"city": LINE}),
        "tags": st.lists(LINE, max_size=3),
    },
)
LOAN = st.fixed_dictionaries(
    {
        "loan_no": st.integers(1, 10**6).map(str),
        "reader": LINE,
        "lines": st.lists(
            st.fixed_dictionaries({"book_code": LINE, "days": st.integers(1, 90)}), min_size=1, max_size=4
        ),
    }
)


def written(
    resource: Resource, records: list[dict[str, Any]], format_: str, encoding: str | None, chinese: bool
) -> bytes:
    into = writer(format_, encoding, resource.shown, chinese=chinese)
    for record in records:
        into.add(record)
    return into.finish()


def read(resource: Resource, content: bytes, format_: str, key: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    if format_ == "ndjson":
        return [r.body for r in values_as_records(open_ndjson(content, None).rows, resource, key)]  # type: ignore[arg-type]
    source = open_csv(content, None) if format_ == "csv" else open_xlsx(content, None)
    columns = columns_for(source, resource, key)
    table = table_in(columns)
    rows: Any = source.rows
    found = list(flat_records(rows, columns) if table is None else documents(rows, columns, table))
    assert [record.faults for record in found] == [[]] * len(found)
    return [record.body for record in found]


@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize(
    ("format_", "encoding"),
    [("csv", "utf-8"), ("csv", "utf-8-bom"), ("csv", "gb18030"), ("ndjson", "gb18030"), ("xlsx", None)],
)
@settings(max_examples=20, deadline=None)
@given(records=st.lists(BOOK, max_size=3), loans=st.lists(LOAN, max_size=3, unique_by=lambda loan: loan["loan_no"]))
def test_records_come_back_as_they_were(
    format_: str, encoding: str | None, chinese: bool, records: list[dict[str, Any]], loans: list[dict[str, Any]]
) -> None:
    books = RESOURCES["books"]
    content = written(
        books, [{**dict.fromkeys(books.shown.members), **record} for record in records], format_, encoding, chinese
    )
    got = read(books, content, format_)
    # An explicit null of NDJSON stays one; in a table it is an empty cell.
    assert [{name: value for name, value in record.items() if value is not None} for record in got] == records
    content = written(RESOURCES["loans"], loans, format_, encoding, chinese)
    key = ("借阅单号",) if chinese and format_ != "ndjson" else ("loan_no",)
    assert read(RESOURCES["loans"], content, format_, key) == [
        {"reader": loan["reader"], "lines": loan["lines"]} for loan in loans
    ]


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_an_encoding_is_found_or_at_least_nothing_else_is_read(text: str) -> None:
    plain = text.removeprefix("\ufeff")
    assert decode(plain.encode(), None)[0] == plain or plain.startswith("\ufeff")
    assert decode(plain.encode("gb18030"), "gb18030")[0] == plain
    assert decode(b"\xef\xbb\xbf" + plain.encode(), "gb18030") == (plain, "utf-8-bom")


@pytest.mark.parametrize(
    ("types", "format_", "cell", "value"),
    [
        ({"string"}, None, 100080.0, "100080"),
        ({"string"}, None, 0.00001, "0.00001"),
        ({"string"}, None, True, "true"),
        ({"string"}, "date", "2026年1月5日", "2026-01-05"),
        ({"string"}, "date", "next week", "next week"),
        ({"integer"}, None, "1,234", 1234),
        ({"integer"}, None, "12,34", "12,34"),
        ({"integer"}, None, "20.0", 20),
        ({"number"}, None, " 1.25 ", 1.25),
        ({"number"}, None, "1e5", "1e5"),
        ({"number"}, None, "", ""),
        ({"boolean"}, None, "否", False),
        ({"boolean"}, None, 1.0, True),
        ({"boolean"}, None, "perhaps", "perhaps"),
        ({"object"}, None, "{", "{"),
    ],
)
def test_cells_become_values_of_the_type(types: set[str], format_: str | None, cell: Any, value: Any) -> None:
    got = converter(Shape(frozenset(types), format_))(cell)
    assert (got, type(got)) == (value, type(value))
