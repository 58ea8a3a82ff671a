"""The files say what the rows say, each format in its own way, and the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import io
import sqlite3
import zipfile
from contextlib import closing
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from shapan.kernel.bulk.workbook import open_xlsx
from shapan.world import WorldError
from shapan.world.export import Column, Table
from shapan.world.export.run import CHUNK, FORMATS
from shapan.world.export.workbook import Workbooks

from .conftest import CUSTOMERS, ITEMS, ROWS, Few

TEXT = """name,since,balance,weight,price,orders
北京华信科技有限公司,2026-01-05,1234.56,1.5,8.8496,3
"说""你好"", <A&B>",2026年1月5日,-0.05,-2,-0.0001,0
=1+1,1900-01-01," 1,234.56",0.001,1.0000,-7
" \t行1\n行2\r\x07\u200b_x0041_",2024-02-29,0.00,0,0.0000,
,,,,,
"""


@pytest.mark.parametrize(("format_", "name", "encoding"), [("csv", "customers.csv", "utf-8"), ("csv-gb18030", "customers.gb18030.csv", "gb18030")])  # fmt: skip
def test_csv_to_the_byte(export, tmp_path, format_, name, encoding):
    export(None, format_)
    assert (tmp_path / "out" / "crm" / name).read_bytes() == TEXT.encode(encoding)


def test_a_workbook_has_dates_numbers_and_texts_that_are_no_formulas(export, tmp_path):
    export(None, "xlsx")
    book = load_workbook(tmp_path / "out" / "crm" / "customers.xlsx")
    assert book.sheetnames == ["customers"]
    titles, *rows = book["customers"].iter_rows()
    assert [cell.value for cell in titles] == [column.name for column in CUSTOMERS.columns]
    first, second, third, fourth, empty = rows
    assert [cell.value for cell in first] == ["北京华信科技有限公司", datetime(2026, 1, 5), 1234.56, 1.5, 8.8496, 3]
    assert [cell.number_format for cell in first] == ["@", "yyyy\\-mm\\-dd", "#,##0.00", "General", "#,##0.0000", "General"]  # fmt: skip
    assert [cell.value for cell in second] == ['说"你好", <A&B>', "2026年1月5日", -0.05, -2, -0.0001, 0]
    assert [cell.value for cell in third] == ["=1+1", "1900-01-01", " 1,234.56", 0.001, 1, -7]
    assert third[0].data_type == "s"
    # What XML cannot hold is written as spreadsheet programs write it.
    assert fourth[0].value == " \t行1\n行2_x000D__x0007_\u200b_x005F_x0041_"
    assert [cell.value for cell in empty] == [None] * 6


def test_a_workbook_can_be_read_by_imports(export, tmp_path):
    export(None, "xlsx")
    source = open_xlsx((tmp_path / "out" / "finance" / "items.xlsx").read_bytes(), None)
    assert source.columns == ["code", "unit"]
    assert [row.cells for row in source.rows] == [["A-1", "件"]]


def test_rows_that_no_sheet_can_hold_go_to_further_ones(tmp_path):
    table = Table("crm", "a_name_longer_than_sheets_may_have", (Column("n", "integer"),))
    books = Workbooks(tmp_path, most_rows=4)
    _, sink = books.add(table)
    sink([(n,) for n in range(2)])
    sink([(n,) for n in range(2, 7)])
    books.close()
    book = load_workbook(tmp_path / f"{table.path}.xlsx")
    assert book.sheetnames == ["a_name_longer_than_sheets", "a_name_longer_than_sheets (2)", "a_name_longer_than_sheets (3)"]  # fmt: skip
    assert [[row[0] for row in sheet.values] for sheet in book] == [["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6]]


def test_a_cell_that_no_workbook_can_hold(export, tmp_path):
    with pytest.raises(WorldError, match=r"name of crm/customers has more than 32767 characters.*Export as csv"):
        export(Few({CUSTOMERS: [("长" * 32_768, None, None, None, None, None)]}), "xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_database_has_typed_columns(export, tmp_path):
    export(None, "sqlite")
    with closing(sqlite3.connect(tmp_path / "out" / "world.sqlite")) as db:
        assert db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'").fetchall() == [("finance_items", 1), ("crm_customers", 1)]  # fmt: skip
        assert [row[2] for row in db.execute("PRAGMA table_info(crm_customers)")] == ["TEXT", "TEXT", "ANY", "REAL", "REAL", "INTEGER"]  # fmt: skip
        rows = db.execute("SELECT * FROM crm_customers ORDER BY rowid").fetchall()
    assert rows[0] == ("北京华信科技有限公司", "2026-01-05", 1234.56, 1.5, 8.8496, 3)
    assert rows[2][:3] == ("=1+1", "1900-01-01", " 1,234.56")
    assert [row[0] for row in rows] == [row[0] for row in ROWS]
    assert rows[4] == (None,) * 6


def test_the_answer_key_is_csv_whatever_else_is(export, tmp_path):
    manifest = export(None, "xlsx", "sqlite")
    assert [file["path"] for file in manifest["files"]] == ["answer-key/records.csv", "crm/customers.xlsx", "finance/items.xlsx", "world.sqlite"]  # fmt: skip
    assert (tmp_path / "out" / "answer-key" / "records.csv").read_bytes() == b"system,entity,demo\ncrm,E1,1\n"


def test_more_rows_than_are_written_at_a_time(export, tmp_path):
    rows = [(f"A-{n}", "件") for n in range(2 * CHUNK + 5)]
    manifest = export(Few({CUSTOMERS: ROWS, ITEMS: rows}), *FORMATS)
    assert {table["name"]: table["rows"] for table in manifest["tables"]} == {"customers": 5, "items": 2 * CHUNK + 5}
    with (tmp_path / "out" / "finance" / "items.csv").open(encoding="utf-8", newline="") as file:
        assert [*csv.reader(file)] == [["code", "unit"], *map(list, rows)]
    with closing(sqlite3.connect(tmp_path / "out" / "world.sqlite")) as db:
        assert db.execute("SELECT * FROM finance_items ORDER BY rowid").fetchall() == rows
    sheet = load_workbook(tmp_path / "out" / "finance" / "items.xlsx", read_only=True).worksheets[0]
    assert [*sheet.values] == [("code", "unit"), *rows]


def test_the_same_bytes_again(export, tmp_path):
    one = export(None, "csv", "csv-gb18030", "xlsx", to="one")
    again = export(None, "csv", "csv-gb18030", "xlsx", to="again")
    assert one == again
    for file in one["files"]:
        data = (tmp_path / "again" / file["path"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_an_archive_says_neither_when_nor_where_it_was_made(export, tmp_path):
    export(None, "xlsx")
    with zipfile.ZipFile(tmp_path / "out" / "crm" / "customers.xlsx") as archive:
        assert {(entry.date_time, entry.create_system) for entry in archive.infolist()} == {((1980, 1, 1, 0, 0, 0), 3)}


@pytest.mark.parametrize("row", [("A-1",), ("A-1", "件", "x")])
@pytest.mark.parametrize("format_", FORMATS)
def test_a_row_that_does_not_fit_its_table_is_a_fault_of_the_source(export, tmp_path, format_, row):
    with pytest.raises((ValueError, sqlite3.ProgrammingError)):
        export(Few({CUSTOMERS: [], ITEMS: [("A-1", "件"), row]}), format_)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["件", "a\r", "b\r\nc"])
        ),
        min_size=1,
    )
)
def test_any_text_comes_back_from_csv(rows):
    from shapan.world.export.delimited import _lines

    text = _lines(rows)
    assert [*csv.reader(io.StringIO(text, newline=""))] == [[a or "", b] for a, b in rows]
    # And in Pythons that quote a carriage return only where it ends lines too.
    assert text.count("\r") == sum((a or "").count("\r") + b.count("\r") for a, b in rows)
