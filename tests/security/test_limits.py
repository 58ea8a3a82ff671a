"""Bounds on what is taken: size, header fields, nesting, what files unpack to; and what files that we make may hold."""

from __future__ import annotations

import csv
import io
import random
import re
import socket
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook

from shapan.kernel.admission import MOST_ADDRESS_BYTES, MOST_HEADER_BYTES, MOST_HEADERS
from shapan.kernel.bulk import workbook
from shapan.kernel.bulk.delimited import open_csv
from shapan.kernel.bulk.formulas import covered, uncovered
from shapan.kernel.bulk.shape import shape_of
from shapan.kernel.bulk.source import Unreadable
from shapan.kernel.bulk.workbook import MOST_OTHER, open_xlsx
from shapan.kernel.bulk.writing import writer
from shapan.kernel.errors import Problem
from shapan.kernel.reading import MOST_LEVELS, members, parse_json

if TYPE_CHECKING:
    from tests.conftest import Api

Refusal = Callable[..., list[str]]
BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY out SYSTEM "file:///etc/passwd">]>'


# -- requests ------------------------------------------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_before_it_is_read(crm: Api, refusal: Refusal) -> None:
    refusal(
        crm.post("/customers", content=bytes(1024 * 1024 + 1), headers={"Content-Type": "application/json"}),
        413,
        "body-too-large",
    )


@pytest.mark.over_sockets
def test_a_body_without_a_length_is_read_no_further_than_its_bound(crm: Api, refusal: Refusal) -> None:
    def endless() -> Any:
        for _ in range(3 * 16):
            yield bytes(64 * 1024)

    refusal(
        crm.post("/customers", content=endless(), headers={"Content-Type": "application/json"}), 413, "body-too-large"
    )


def test_header_fields_are_bounded_in_number_and_size(crm: Api, refusal: Refusal) -> None:
    refusal(crm.get("/customers", headers={"X-Long": "x" * MOST_HEADER_BYTES}), 431, "header-fields-too-large")
    # Through a socket the server itself ends at a hundred.
    many = {f"X-{number}": "x" for number in range(MOST_HEADERS)}
    answer = crm.get("/customers", headers=many)
    assert answer.status_code == 431
    assert crm.get("/customers", headers={"X-Long": "x" * (MOST_HEADER_BYTES // 2)}).status_code == 200


def test_addresses_are_bounded(crm: Api, refusal: Refusal) -> None:
    refusal(crm.get("/customers?q=" + "x" * MOST_ADDRESS_BYTES), 414, "uri-too-long")


def test_nesting_is_bounded(crm: Api, refusal: Refusal) -> None:
    for levels in (MOST_LEVELS + 1, 990, 5000, 200_000):
        for opening, closing in (("[", "]"), ('{"a":', "1}")):
            body = opening * levels + closing + closing[-1] * (levels - 1)
            answer = crm.post("/customers", content=body, headers={"Content-Type": "application/json"})
            if len(body) <= 1024 * 1024:
                refusal(answer, 400, "malformed-body")
                assert str(MOST_LEVELS) in answer.json()["detail"]


@given(
    st.recursive(st.none() | st.text("[]{}", max_size=80), lambda inner: st.lists(inner, max_size=3), max_leaves=20),
    st.integers(0, 90),
)
@example("[" * 100, 0)
def test_nesting_is_counted_in_lists_and_objects_and_not_in_text(value: Any, levels: int) -> None:
    import json

    def depth(of: Any) -> int:
        return 1 + max(map(depth, of), default=0) if isinstance(of, list) else 0

    for _ in range(levels):
        value = [value]
    body = json.dumps(value).encode()
    if depth(value) > MOST_LEVELS:
        with pytest.raises(Problem) as refused:
            parse_json(body)
        assert "levels" in refused.value.en
    else:
        assert parse_json(body) == value


def test_names_that_stand_twice_are_found_in_one_pass() -> None:
    """A body of a hundred thousand names would keep a system busy for minutes if each were looked for among all."""
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    names = [*(f"n{number}" for number in range(1000)), "twice", "twice"]
    with pytest.raises(ValueError, match="the member twice stands more than once"):
        members([(Name(name), None) for name in names])
    assert compared < 10 * len(names)


def test_numbers_beyond_measure_are_refused(crm: Api, refusal: Refusal) -> None:
    for number in ("9" * 10_000, "1e999", "NaN", "Infinity"):
        body = f'{{"name": {number}}}'
        refusal(
            crm.post("/customers", content=body, headers={"Content-Type": "application/json"}), 400, "malformed-body"
        )


PATHS = (
    "%2e%2e",
    "..%2f..%2fcrm",
    "%2e%2e%2f%2e%2e%2ftoken-key",
    "a/../../b",
    "a%00",
    "A",
    "a.sqlite",
    "con%3a",
    "x" * 41,
    "-a",
    "a-",
)


@pytest.mark.parametrize("name", PATHS)
def test_no_workspace_name_leads_out_of_its_folder(crm: Api, name: str, tmp_path: Any) -> None:
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.suffix in ("", ".pem"))
    for method in ("PUT", "DELETE"):
        assert crm.http.request(method, f"/_shapan/workspaces/{name}").status_code in (400, 404, 405), method
    assert crm.http.get(f"/ws/{name}/_shapan/health").status_code in (400, 404)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.suffix in ("", ".pem")) == before
    assert [w["name"] for w in crm.http.get("/_shapan/workspaces").json()["items"]] == ["default"]


@pytest.mark.over_sockets
def test_a_request_that_is_no_http_ends_its_connection_only(crm: Api) -> None:
    address = ("127.0.0.1", crm.http.base_url.port or 0)
    for said in (
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ):
        with socket.create_connection(address, 10) as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            assert b"Traceback" not in connection.recv(65536)
    assert crm.get("/customers").status_code == 200


def test_answers_are_what_their_type_says_and_nothing_else(crm: Api) -> None:
    for path in ("/customers", "/nothing", "/_shapan/health"):
        assert crm.get(path).headers["X-Content-Type-Options"] == "nosniff"


# -- workbooks -----------------------------------------------------------------------------------------------------------------------


SHARED = (
    '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<si><t>code</t></si><si><t>name</t></si><si><t>A-1</t></si><si><t>one</t></si></sst>"
)
SHARED_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def _book() -> bytes:
    """A workbook as spreadsheet programs write it, with a list of shared texts."""
    book = Workbook()
    assert book.active is not None
    book.active.append([0, 1])
    book.active.append([2, 3])
    plain, made = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name == "[Content_Types].xml":
                text = text.replace(
                    "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_TYPE}"/></Types>'
                )
            elif name == "xl/worksheets/sheet1.xml":
                text = text.replace('t="n"', 't="s"')
            new.writestr(name, text)
        new.writestr("xl/sharedStrings.xml", SHARED)
    return made.getvalue()


def _with(parts: dict[str, Callable[[str], str]]) -> bytes:
    """A workbook with some parts rewritten."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_book())) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, parts[name](text) if name in parts else text)
    return made.getvalue()


def _rows(content: bytes) -> list[Any]:
    return [row.cells for row in open_xlsx(content, None).rows]  # type: ignore[union-attr]


def test_the_workbook_that_the_others_are_made_of_is_good() -> None:
    assert _rows(_book()) == [["A-1", "one"]]
    assert _rows(_with({})) == [["A-1", "one"]]


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/sharedStrings.xml"])
def test_no_part_that_is_read_whole_may_be_large(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Smaller than in earnest, or the test would be packing for half a minute. Not to be packed well, so that the ratio is no reason.
    monkeypatch.setattr(workbook, "MOST_OTHER", 2 * 1024 * 1024)
    monkeypatch.setattr(workbook, "MOST_SHARED", 2 * 1024 * 1024)
    noise = random.Random(1).randbytes(64 * 1024).hex() * 17
    swollen = _with({part: lambda text: re.sub(r"(<\?xml[^>]*\?>)?", rf"\1<!--{noise}-->", text, count=1)})
    with pytest.raises(Unreadable, match=r"unpacks to|no XLSX workbook"):
        _rows(swollen)


def test_a_sheet_that_packs_like_a_bomb_is_refused() -> None:
    bomb = _with(
        {"xl/worksheets/sheet1.xml": lambda text: text.replace("<sheetData>", "<sheetData>" + " " * 20 * 1024 * 1024)}
    )
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match="unpacks to 20 MiB"):
        _rows(bomb)


@pytest.mark.parametrize(
    "flood",
    [
        "<row r='3'>" + "<c/>" * 300_000 + "</row>",
        "<row/>" * 5000,
        "<row r='3'><c " + " ".join(f"a{number}=''" for number in range(5000)) + "/></row>",
        "<a>" + "<b/>" * 300_000 + "</a>",
    ],
    ids=["one row", "empty rows", "attributes", "outside of rows"],
)
def test_a_sheet_of_nothing_but_markup_is_refused_before_it_is_held(
    flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred kilobytes would take gigabytes: openpyxl holds each element of a row, and of what stands outside of rows."""
    monkeypatch.setattr(workbook, "load_workbook", lambda *_, **__: pytest.fail("it was opened"))
    monkeypatch.setattr(workbook, "MOST_ENTRIES", 4000)
    monkeypatch.setattr(workbook, "MOST_MARKUP", 4500)
    noise = random.Random(1).randbytes(1024 * 1024).hex()
    for before, after in (("</sheetData>", f"{flood}</sheetData>"), ("<sheetData>", f"<sheetData>{flood}")):
        bomb = _with({"xl/worksheets/sheet1.xml": lambda text: text.replace(before, f"{after}<!--{noise}-->", 1)})  # noqa: B023
        with pytest.raises(Unreadable, match="outside of rows"):
            _rows(bomb)


def test_a_long_sheet_of_wide_rows_is_read() -> None:
    row = "<row r='{}'>" + "<c t='inlineStr'><is><t>x</t></is></c>" * 2 + "</row>"
    rows = "".join(row.format(number) for number in range(3, 30_003))
    content = _with({"xl/worksheets/sheet1.xml": lambda text: text.replace("</sheetData>", f"{rows}</sheetData>")})
    assert len(_rows(content)) == 30_001


def test_shared_texts_do_not_pass_for_a_sheet() -> None:
    def moved(text: str) -> str:
        return text.replace('PartName="/xl/sharedStrings.xml"', 'PartName="/xl/worksheets/shared.xml"')

    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_with({"[Content_Types].xml": moved}))) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr("xl/worksheets/shared.xml" if name == "xl/sharedStrings.xml" else name, old.read(name))
        new.writestr("xl/worksheets/other.xml", b"<a/>")
    assert _rows(made.getvalue()) == [["A-1", "one"]]
    with zipfile.ZipFile(made, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/worksheets/unlisted.xml", bytes(MOST_OTHER + 1))
    with pytest.raises(Unreadable, match="unlisted"):
        _rows(made.getvalue())


@pytest.mark.parametrize(
    "part",
    ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml"],
)
@pytest.mark.parametrize(("prolog", "name"), [(BILLION_LAUGHS, "&a9;"), (OUTSIDE, "&out;")])
def test_entities_are_not_expanded(part: str, prolog: str, name: str) -> None:
    def with_entity(text: str) -> str:
        body = re.sub(r"<\?xml[^>]*\?>", "", text)
        return prolog + re.sub(r"(<[^>]*[^/>]>)", rf"\1{name}", body, count=1)

    try:
        shown = _rows(_with({part: with_entity}))
    except Unreadable:
        return
    # Where it stands beside what is read it is passed over.
    assert shown == [["A-1", "one"]]


# -- formulas in CSV -----------------------------------------------------------------------------------------------------------------

SHAPE = {"type": "object", "properties": {"code": {"type": "string"}, "name": {"type": "string"}}}
FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|'/c calc'!A0",
    "'=1",
    "''=1",
)
HARMLESS = ("", "-12.50", "+8613800138000", "-0", "a=1", "'", "it's", "'quoted'", "北京", "1-2")


def _csv(*names: str, formula_safe: bool = True) -> bytes:
    into = writer("csv", "utf-8", shape_of({}, SHAPE), chinese=False, formula_safe=formula_safe)
    for name in names:
        into.add({"code": "A", "name": name})
    return into.finish()


def test_no_cell_of_a_csv_export_is_run_as_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(_csv(*FORMULAS, *HARMLESS).decode(), newline="")))[1:]
    assert [row[1] for row in rows] == [f"'{text}" for text in FORMULAS] + list(HARMLESS)
    plain = list(csv.reader(io.StringIO(_csv(*FORMULAS, formula_safe=False).decode(), newline="")))[1:]
    assert [row[1] for row in plain] == list(FORMULAS)


@given(st.lists(st.text("=+-@\t\r\n＝＋－＠'\"1a北,", max_size=6), min_size=1, max_size=5))
def test_what_was_exported_comes_back_as_it_was(names: list[str]) -> None:
    rows = [row.cells[1] for row in open_csv(_csv(*names), None).rows]  # type: ignore[union-attr]
    assert rows == names


@given(st.text())
def test_covering_is_undone_and_leaves_nothing_that_begins_like_a_formula(text: str) -> None:
    assert uncovered(covered(text)) == text
    assert covered(text)[:1] not in set("=@\t\r\n＝＋－＠")
    assert covered(text)[:1] not in {"+", "-"} or re.fullmatch(r"[+-]\d+(\.\d+)?", text)


def test_an_export_is_formula_safe_unless_told_otherwise(
    crm: Api, eventually: Callable[[Callable[[], Any]], Any], refusal: Refusal
) -> None:
    customer = crm.get("/customers").json()["items"][0]
    made = crm.post(f"/customers/{customer['id']}/contacts", json={"name": "=1+1"})
    assert made.status_code == 201, made.text

    def export(**wish: Any) -> httpx.Response:
        job = crm.post(
            "/exports", json={"resource": "contacts", "filters": {"customerId": customer["id"]}, **wish}
        ).json()
        done = eventually(lambda: (now := crm.get(f"/exports/{job['id']}").json())["state"] == "done" and now)
        return crm.get(f"/exports/{done['id']}/content")

    assert "'=1+1" in export().text
    assert "'=1+1" not in export(formula_safe=False).text
    assert refusal(
        crm.post("/exports", json={"resource": "contacts", "format": "xlsx", "formula_safe": True}),
        422,
        "business-rule",
    ) == ["/formula_safe"]
