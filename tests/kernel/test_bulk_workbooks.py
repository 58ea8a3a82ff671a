"""Workbooks with cells and rows that are not what they say: told by row, and the others enter."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.kernel.test_bulk_imports import XLSX, Office, office, workbook

__all__ = ["office"]

pytestmark = pytest.mark.in_process


def with_sheet(book: bytes, old: str, new: str) -> bytes:
    """The workbook with something else in its sheet."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode(), 1)
            target.writestr(name, text)
    return made.getvalue()


BROKEN = {
    "no number": ('t="n"><v>7</v>', 't="n"><v>abc</v>'),
    "not a number": ('t="n"><v>7</v>', 't="n"><v>NaN</v>'),
    "a number without end": ('t="n"><v>7</v>', f't="n"><v>{"9" * 5000}</v>'),
    "no day": ('t="n"><v>7</v>', 't="d"><v>9999-99-99T00:00:00</v>'),
    "no truth": ('t="n"><v>7</v>', 't="b"><v>x</v>'),
    "a text that is not there": ('t="n"><v>7</v>', 't="s"><v>999</v>'),
    "an error": ('t="n"><v>7</v>', 't="e"><v>#N/A</v>'),
    "no style": ('t="n"><v>7</v>', 's="x" t="n"><v>7</v>'),
    "no style and no place": ('r="C3" t="n"><v>7</v>', 's="x" t="n"><v>7</v>'),
}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_a_cell_that_is_not_what_it_says_spoils_its_row_only(office: Office, broken: str) -> None:
    rows = [["code", "name", "pages", "sold"], ["A-1", "a", 5, True], ["A-2", "b", 7, True], ["A-3", "c", 9, True]]
    job = office.take("books", with_sheet(workbook(rows), *BROKEN[broken]), XLSX)
    found = office.rows(job)
    assert [(row["line"], row["state"]) for row in found] == [(2, "created"), (3, "failed"), (4, "created")]
    assert [(error["column"], error["line"]) for error in found[1]["errors"]] == [("pages", 3)]
    assert len(found[1]["errors"][0]["detail"]) < 300


def test_a_cell_without_a_place_spoils_the_workbook(office: Office) -> None:
    book = workbook([["code", "name"], ["A-1", "a"]])
    job = office.take("books", with_sheet(book, 'r="B2"', 'r="2B"'), XLSX)
    assert (job["state"], job["failure"]["type"]) == ("failed", "urn:shapan:problem:file-unreadable")


def test_a_far_row_has_its_number_and_a_row_that_stands_twice_or_goes_back_is_told(office: Office) -> None:
    book = workbook([["code", "name"], ["A-1", "a"], ["A-2", "b"]])
    job = office.take("books", with_sheet(book, '<row r="3">', '<row r="1048576">'), XLSX)
    assert [(row["line"], row["state"]) for row in office.rows(job)] == [(2, "created"), (1048576, "created")]
    job = office.take("books", with_sheet(book, '<row r="3">', '<row r="2">'), XLSX)
    assert [(row["line"], row["state"]) for row in office.rows(job)] == [(2, "unchanged"), (2, "failed")]


def test_a_formula_that_was_computed_to_nothing_is_an_empty_cell(office: Office) -> None:
    book = workbook([["code", "name", "pages"], ["A-1", "a", 7], ["A-2", "b", 7]])
    book = with_sheet(book, 't="n"><v>7</v>', 't="str"><f>IF(TRUE,"")</f><v></v>')
    book = with_sheet(book, 't="n"><v>7</v>', 't="str"><f>IF(TRUE,"")</f>')
    job = office.take("books", book, XLSX)
    assert [(row["line"], row["state"]) for row in office.rows(job)] == [(2, "created"), (3, "failed")]
    assert "formula" in office.rows(job)[1]["errors"][0]["detail"]
