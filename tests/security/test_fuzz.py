"""Whatever comes in: each parser of what strangers send gives a value or says in its own words why not, and never breaks.

Bounded here. SHAPAN_FUZZ_EXAMPLES=20000 runs long, see CONTRIBUTING.md. Inputs are mutations of good ones, by bytes and by the words of each
language: pure noise gets no further than the first check.
"""

# ruff: noqa: PT017 - to be refused is one of two good ends here, not the one that a test waits for
from __future__ import annotations

import base64
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from shapan.kernel.auth import Client
from shapan.kernel.bulk.delimited import open_csv
from shapan.kernel.bulk.ndjson import open_ndjson
from shapan.kernel.bulk.source import Row, Unreadable, Value
from shapan.kernel.bulk.workbook import open_xlsx
from shapan.kernel.errors import Problem
from shapan.kernel.jwe import opened, sealed
from shapan.kernel.reading import parse_form, parse_json
from shapan.kernel.wire import Reply
from shapan.scenario.criteria import parse_condition, parse_criterion
from shapan.scenario.expressions import ExpressionError, Message, Scope, Unresolved, evaluate, expressions_in, parse

if TYPE_CHECKING:
    from tests.security.conftest import Served

EXAMPLES = int(os.environ.get("SHAPAN_FUZZ_EXAMPLES", "120"))
# No example of a parser may take seconds: that, too, would be a crash of the server it runs in.
FUZZ = settings(max_examples=EXAMPLES, deadline=5000, suppress_health_check=list(HealthCheck))
SLOW = settings(FUZZ, max_examples=max(20, EXAMPLES // 4))


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...], words: tuple[bytes, ...]) -> bytes:
    """A good input with some bytes changed, cut out, doubled, or words of its language put in."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(content)))
        end = min(len(content), at + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["cut", "flip", "word", "double", "bytes", "end"])):
            case "cut":
                del content[at:end]
            case "flip" if at < len(content):
                content[at] ^= draw(st.integers(1, 255))
            case "word":
                content[at:at] = draw(st.sampled_from(words)) * draw(st.sampled_from([1, 1, 1, 2, 100]))
            case "double":
                content[at:at] = content[at:end] * draw(st.integers(1, 40))
            case "bytes":
                content[at:end] = draw(st.binary(max_size=8))
            case "end":
                del content[at:]
    return bytes(content)


def _rows(rows: Iterator[Any]) -> None:
    for row in rows:
        assert isinstance(row, Row | Value)
        if row.fault is not None:
            assert row.fault.en
            assert row.fault.zh


CHARSETS = st.sampled_from([None, "utf-8", "gb18030", "gbk", "utf8", "utf-16", "no-such"])
CSVS = (
    'code,name\nA-1,一\nA-2,"二,\n二"\n'.encode(),
    "\ufeffcode;name\r\nA-1;x\r\n".encode(),
    "编码\t名称\nA-1\t北京\n".encode("gb18030"),
    b"sep=;\ncode;name\n1;2\n",
    b"code\n'=1\n",
)
CSV_WORDS = (
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"sep=",
    b"'=",
    "名".encode(),
    b"\x81\x30\x81\x30",
)


@FUZZ
@given(mutated(CSVS, CSV_WORDS), CHARSETS)
def test_csv(content: bytes, charset: str | None) -> None:
    try:
        _rows(open_csv(content, charset).rows)
    except Unreadable as error:
        assert error.en
        assert error.zh


JSONS = (
    b'{"code":"A-1","name":"\xe4\xb8\x80","lines":[{"quantity":1.5e3,"ok":true}]}\n{"code":null}\n',
    b'[1,2,{"a":{}}]',
    b'"\\ud83d\\ude00"',
)
JSON_WORDS = (
    b"{",
    b"[",
    b"]",
    b"}",
    b'"',
    b"\\u",
    b"\\ud800",
    b"1e999",
    b"-",
    b"NaN",
    b"Infinity",
    b"9" * 400,
    b",",
    b":",
    b"\0",
    b"\xff",
    b'"a":1,',
    b"\xe2\x80\xa8",
)


@FUZZ
@given(mutated(JSONS, JSON_WORDS), CHARSETS)
def test_ndjson_and_json(content: bytes, charset: str | None) -> None:
    try:
        _rows(open_ndjson(content, charset).rows)
    except Unreadable as error:
        assert error.zh
    try:
        value = parse_json(content)
    except Problem as problem:
        assert problem.status == 400
    else:
        # What was taken can be stored and sent again.
        assert json.loads(json.dumps(value, ensure_ascii=False).encode()) == value


@FUZZ
@given(
    mutated(
        (b"grant_type=client_credentials&scope=a+b", b"token=%E4%B8%80"),
        (b"&", b"=", b"%", b"%ff", b"%00", b"+", b";", b"\xff"),
    )
)
def test_forms(content: bytes) -> None:
    try:
        form = parse_form(content)
    except Problem as problem:
        assert problem.status == 400
    else:
        assert all(isinstance(value, str) for value in form.values())


def _book() -> dict[str, bytes]:
    book = Workbook()
    assert book.active is not None
    for row in (["code", "name", "when"], ["A-1", "一", 45000.5], ["A-2", "=1+1", True], [None, "#N/A", None]):
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


PARTS = _book()
XML_WORDS = (
    b"<c r='A1'",
    b"<row r='0'>",
    b"<v>",
    b"</v>",
    b"<f>",
    b"t='s'",
    b"t='e'",
    b"t='d'",
    b"s='9'",
    b"&lt;",
    b"&#0;",
    b"<!DOCTYPE a [",
    b"]>",
    b"XFE1048577",
    b"-1",
    b"<![CDATA[",
    b"1E400",
)


def _zipped(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def _opens(content: bytes) -> None:
    try:
        _rows(open_xlsx(content, None).rows)
    except Unreadable as error:
        assert error.en
        assert error.zh


@SLOW
@given(st.data(), st.sampled_from(sorted(PARTS)))
def test_xlsx_by_its_parts(data: st.DataObject, name: str) -> None:
    _opens(_zipped({**PARTS, name: data.draw(mutated((PARTS[name],), XML_WORDS))}))


@SLOW
@given(
    mutated(
        (_zipped(PARTS),), (b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04", b"\xff\xff\xff\xff", b"\0\0", b"../", b"xl/")
    )
)
def test_xlsx_by_its_archive(content: bytes) -> None:
    _opens(content)


CLIENT = Client("fuzz", "a-secret")
JWES = tuple(
    sealed(CLIENT, Reply(200, (("Content-Type", media),), body)).body
    for media, body in (
        ("application/json", b'{"a":1}'),
        ("text/csv; charset=gbk", b"a"),
        ("application/json", b" " * 500),
    )
)
HEADS = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["dir", "none", "A256KW", "RSA-OAEP", "PBES2-HS256+A128KW", 1, None, [], {}]),
        "enc": st.sampled_from(["A256GCM", "A128CBC-HS256", "", 0, None]),
        "zip": st.sampled_from(["DEF", "XXX", 1]),
        "cty": st.text(max_size=5) | st.sampled_from(["json", "/", 1, None, []]),
        "crit": st.lists(st.text(max_size=3), max_size=2) | st.none(),
        "p2c": st.sampled_from([10**9, -1]),
        "epk": st.just({"kty": "EC"}),
        "kid": st.text(max_size=3),
    },
)


@FUZZ
@given(
    mutated(JWES, (b".", b"..", b"=", b"e30", b"eyJhbGciOiJkaXIifQ", b"\xff", b"-_")),
    st.none() | HEADS | st.recursive(st.none() | st.integers(), st.lists, max_leaves=5),
)
def test_jwe(content: bytes, head: Any) -> None:
    if head is not None:
        text = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=")
        content = b".".join((text, *content.split(b".")[1:]))
    try:
        media, plain = opened(CLIENT, content)
    except Problem as problem:
        assert (problem.status, problem.name) == (400, "malformed-jwe")
    else:
        # Nobody without the key gets anything in but what was encrypted with it.
        assert (media.split(";")[0], plain) in {
            ("application/json", b'{"a":1}'),
            ("text/csv", b"a"),
            ("application/json", b" " * 500),
        }


EXPRESSIONS = (
    "$response.body#/items/0/a~1b",
    "$steps.create.outputs.id",
    "$inputs.a-b",
    "$request.header.X-Request-Id",
    "$statusCode",
    "$sourceDescriptions.crm.url",
    "id={$inputs.a}, {$url}",
)
CONDITIONS = (
    "$statusCode == 200 && ($response.body#/open == null || !$inputs.no)",
    "$response.body#/name == 'it''s'",
    "$steps.s.outputs.rows[1].qty > 5",
    "$response.body.a.b[0] <= -2.5e3",
)
WORDS = (
    b"$",
    b"{",
    b"}",
    b"#",
    b"/",
    b"~",
    b"~2",
    b".",
    b"[",
    b"]",
    b"(",
    b")",
    b"!",
    b"&&",
    b"||",
    b"==",
    b"'",
    b"null",
    b"1e999",
    b"-",
    "北".encode(),
    b"\n",
    b"$response.body",
)
SCOPE = Scope(
    inputs={"a-b": 1, "a": "x", "no": False},
    steps={"s": {"rows": [{"qty": 5}, {"qty": 6}]}},
    message=Message(
        status=200, response_headers={"Content-Type": "application/json"}, response_body={"items": [], "name": "x"}
    ),
)


def _texts(seeds: tuple[str, ...]) -> st.SearchStrategy[str]:
    return mutated(tuple(seed.encode() for seed in seeds), WORDS).map(lambda content: content.decode(errors="replace"))


@FUZZ
@given(_texts(EXPRESSIONS))
def test_expressions(text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        assert error.text.zh
    try:
        list(expressions_in({"a": [text]}))
        evaluate({"a": [text]}, SCOPE)
    except (ExpressionError, Unresolved):
        pass


@FUZZ
@given(_texts(CONDITIONS), st.sampled_from([None, "simple", "regex", "jsonpath"]))
@example("", "jsonpath")
@example("$statusCode == 1e" + "9" * 100, None)
@example("$statusCode == 1e999999999", None)
@example("(" * 5000 + "1" + ")" * 5000, None)
@example("!" * 5000 + "$inputs.a", None)
@example("$" + "[?(@.a" * 2000, "jsonpath")
@example("(" * 5000, "regex")
def test_conditions(text: str, kind: str | None) -> None:
    try:
        parse_condition(text)
    except ExpressionError as error:
        assert error.text.zh
    more = {} if kind is None else {"type": kind, "context": "$response.body"}
    try:
        outcome = parse_criterion({"condition": text, **more}).holds(SCOPE)
    except (ExpressionError, Unresolved):
        return
    assert outcome in (True, False)


RULES = (
    b'{"type":"latency","parameters":{"ms":5},"match":{"operations":["listCustomers"],"probability":0.5}}',
    b'{"type":"error","parameters":{"status":503,"retry_after_seconds":5},"match":{"path":"/orders/*","headers":{"X-A":{"regex":"a+"}}},"times":2}',
    b'{"type":"event-delayed","parameters":{"seconds":60},"match":{"types":["crm.*"]}}',
    b'{"type":"maintenance","parameters":{"seconds":60},"heal_after_seconds":10}',
)
RULE_WORDS = (
    b'"match":{',
    b'"nth":0,',
    b'"regex":"("',
    b'"regex":"(a+)+$"',
    b"-1",
    b"1e9",
    b"null",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"**",
    b'"type":"hang",',
    b'"every":1,',
    b"\\u0000",
)


@settings(SLOW, max_examples=max(20, EXAMPLES // 2))
@given(mutated(RULES, RULE_WORDS))
def _fault_rules(served: Served, content: bytes) -> None:
    answer = served.http.post("/_shapan/faults", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        assert served.http.delete(f"/_shapan/faults/{answer.json()['id']}").status_code == 204
    else:
        assert answer.json()["errors"]


def test_fault_rules(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm")
    _fault_rules(served)
