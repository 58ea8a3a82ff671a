"""A request's way, on the memo system, in process and over sockets."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shapan.kernel.flask_app import create_app
from shapan.kernel.validation import Schemas, faults

MEMO = {"text": "你好", "day": "2026-11-24"}


def test_creates_and_lists(memo):
    answer = memo.post("/memos", json=MEMO)
    assert answer.status_code == 201
    assert answer.json() == {"id": 2, "text": "你好", "sealed": False}
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"].endswith("/memos/2")
    assert [m["text"] for m in memo.get("/memos").json()["items"]] == ["seeded", "你好"]


def test_every_fault_of_a_body_is_named_at_once(memo):
    answer = memo.post("/memos", json={"text": "", "pages": 0.5, "kind": "stamp", "colour": "red"})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["type"] == "urn:shapan:problem:validation-failed"
    assert sorted(e["pointer"] for e in problem["errors"]) == ["/colour", "/day", "/kind", "/pages", "/text"]
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_faults_of_query_and_body_come_together(memo):
    answer = memo.get("/memos?limit=99&sealed=maybe&page=2&limit=3")
    assert answer.status_code == 400
    assert {(e["in"], e["pointer"]) for e in answer.json()["errors"]} == {
        ("query", "/limit"),
        ("query", "/sealed"),
        ("query", "/page"),
    }


def test_problems_speak_chinese_when_asked(memo):
    answer = memo.post("/memos", json={}, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "契约" in answer.json()["detail"]
    assert answer.json()["errors"][0]["detail"] == "缺少必填字段。"
    assert answer.headers["content-language"] == "zh-CN"


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "a", "text": "b"}',
        b"{",
        b"\xff\xfe",
        b'{"text": NaN}',
        b'{"text": "\\ud800"}',
        b'{"pages": 1e999}',
        b"[" * 100_000,
    ],
    ids=["member twice", "cut off", "not utf-8", "NaN", "lone surrogate", "too large a number", "too deep"],
)
def test_a_body_that_cannot_be_read_is_one_clear_400(memo, body):
    answer = memo.post("/memos", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:shapan:problem:malformed-body"


def test_an_integer_with_a_point_is_an_integer(memo):
    body = b'{"text": "x", "day": "2026-11-24", "pages": 4.0}'
    assert memo.post("/memos", content=body, headers={"Content-Type": "application/json"}).status_code == 201


def test_media_type_and_size(memo):
    assert memo.post("/memos", content=b"text=x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert memo.post("/memos", json={**MEMO, "text": "x" * 1_100_000}).status_code == 413
    answer = memo.post("/memos")
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (400, "A body is required.")


def test_tokens_and_scopes(memo):
    without = memo.http.get("/memos")
    assert (without.status_code, without.headers["www-authenticate"]) == (401, 'Bearer realm="shapan"')
    wrong = memo.http.get("/memos", headers={"Authorization": "Bearer rubbish"})
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    reader = memo.with_scopes("memos:read")
    assert reader.get("/memos").status_code == 200
    forbidden = reader.post("/memos", json=MEMO)
    assert forbidden.status_code == 403
    assert 'error="insufficient_scope", scope="memos:write"' in forbidden.headers["www-authenticate"]
    assert forbidden.json()["title"] == "insufficient_scope"


def test_a_token_expires_on_the_simulated_clock(memo):
    memo.http.post("/_shapan/clock", json={"advance_seconds": 3601})
    assert memo.get("/memos").json()["detail"].startswith("The token has expired")
    memo.token = memo.fetch_token()
    assert memo.get("/memos").status_code == 200


def test_token_endpoint_refuses_as_the_standard_says(memo):
    def ask(**form: str) -> tuple[int, str]:
        answer = memo.http.post("/oauth/token", data=form)
        return answer.status_code, answer.json()["error"]

    known = {"client_id": "tests", "client_secret": "tests-secret"}
    assert ask(grant_type="client_credentials", client_id="tests", client_secret="no") == (401, "invalid_client")
    assert ask(grant_type="password", **known) == (400, "unsupported_grant_type")
    assert ask(**known) == (400, "invalid_request")
    twice = "grant_type=client_credentials&client_id=tests&client_id=tests"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert memo.http.post("/oauth/token", content=twice, headers=form).status_code == 400
    assert ask(grant_type="client_credentials", scope="memos:burn", **known) == (400, "invalid_scope")
    basic = memo.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("tests", "tests-secret"))
    assert basic.json()["scope"] == "memos:read memos:write events:read webhooks:write"
    assert basic.headers["cache-control"] == "no-store"


def test_metadata_leads_to_tokens_and_keys(memo):
    metadata = memo.http.get("/.well-known/oauth-authorization-server").json()
    assert metadata["token_endpoint"] == f"{metadata['issuer']}/oauth/token"
    assert memo.http.get("/.well-known/jwks.json").json()["keys"][0]["alg"] == "RS256"


def test_one_key_one_creation(memo):
    headers = {"Idempotency-Key": "k-1"}
    first = memo.post("/memos", json=MEMO, headers=headers)
    again = memo.post("/memos", json=dict(reversed(MEMO.items())), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert len(memo.get("/memos").json()["items"]) == 2
    assert len(memo.get("/events").json()["events"]) == 1
    other = memo.post("/memos", json={**MEMO, "text": "other"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:shapan:problem:idempotency-key-reused")


def test_a_refused_creation_leaves_its_key_free(memo):
    headers = {"Idempotency-Key": "k-2"}
    assert memo.post("/memos", json={**MEMO, "text": "crash"}, headers=headers).status_code == 500
    assert memo.post("/memos", json=MEMO, headers=headers).status_code == 201


def test_keys_are_forgotten_after_a_day(memo):
    headers = {"Idempotency-Key": "k-3"}
    memo.post("/memos", json=MEMO, headers=headers)
    memo.http.post("/_shapan/clock", json={"advance_seconds": 25 * 3600})
    memo.token = memo.fetch_token()
    assert memo.post("/memos", json={**MEMO, "text": "new"}, headers=headers).status_code == 201


def test_a_key_whose_request_still_runs_is_409(memo):
    workspace = memo.runtime.workspace("default")
    with workspace.in_flight.hold("tests", "k-4"):
        answer = memo.post("/memos", json=MEMO, headers={"Idempotency-Key": "k-4"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:shapan:problem:request-in-progress")


def test_the_same_key_from_many_threads_makes_one_memo(memo):
    gate = threading.Barrier(8)

    def post(_: int) -> int:
        gate.wait()
        return memo.post("/memos", json=MEMO, headers={"Idempotency-Key": "k-5"}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = set(pool.map(post, range(8)))
    assert codes <= {201, 409}
    assert len(memo.get("/memos").json()["items"]) == 2


def test_preconditions(memo):
    assert memo.put("/memos/1").status_code == 428
    stale = memo.put("/memos/1", headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, '"1"')
    assert memo.put("/memos/1", headers={"If-Match": '"9", "1"'}).headers["etag"] == '"2"'
    assert memo.put("/memos/1", headers={"If-Match": "*"}).status_code == 200


def test_a_crash_is_a_500_that_changes_nothing_and_tells_nothing(memo):
    answer = memo.post("/memos", json={**MEMO, "text": "crash"}, headers={"X-Request-Id": "r-17"})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:shapan:problem:internal")
    assert "Nothing was changed" in answer.json()["detail"]
    assert "on purpose" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "r-17"
    assert len(memo.get("/memos").json()["items"]) == 1
    assert memo.get("/events").json()["events"] == []


def test_strict_mode_finds_an_answer_that_breaks_the_contract(memo):
    answer = memo.post("/memos", json={**MEMO, "text": "break the contract"})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:shapan:problem:contract-broken")
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/id", "/text", "/sealed"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("break the event", "memo.created breaks its contract"), ("unknown event", "memo.burnt is not in the contract")],
)
def test_strict_mode_stops_an_event_that_breaks_the_contract(memo, text, reason, caplog):
    assert memo.post("/memos", json={**MEMO, "text": text}).status_code == 500
    assert reason in caplog.text
    assert memo.get("/events").json()["events"] == []


def test_wrong_paths_and_methods_are_problems_too(memo):
    missing = memo.get("/nothing")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:shapan:problem:no-such-path")
    wrong = memo.delete("/memos")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")
    assert wrong.headers["content-type"].startswith("application/problem+json")


def test_request_ids_are_echoed_or_made(memo):
    assert memo.get("/memos", headers={"X-Request-Id": "abc"}).headers["x-request-id"] == "abc"
    assert len(memo.get("/memos").headers["x-request-id"]) == 36


def test_the_contract_is_served_in_one_piece_with_its_pages(memo):
    document = memo.http.get("/openapi.json").json()
    assert "common.yaml" not in str(document)
    assert document["paths"]["/events"]["get"]["operationId"] == "listEvents"
    page = memo.http.get("/docs/").text
    assert "swagger-ui" in page
    foreign = re.findall(r"https?://(?!127\.0\.0\.1)[^\"' ]+", page)
    assert foreign == []
    assert memo.http.get("/docs/swagger-ui-bundle.js").status_code == 200
    assert memo.http.get("/_shapan/docs/").status_code == 200
    assert memo.http.get("/").json()["system"] == "memo"


def test_times_run_with_the_numbers_however_many_write_at_once(memo):
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda n: memo.post("/memos", json={**MEMO, "text": f"{n}"}).status_code, range(60))) == {
            201
        }
    events = memo.get("/events?limit=100").json()["events"]
    assert len(events) == 60
    assert [e["time"] for e in events] == sorted(e["time"] for e in events)


def test_a_query_may_be_raw_utf_8_and_must_not_be_anything_else(memo):
    app = create_app(memo.runtime).test_client()
    headers = {"Authorization": f"Bearer {memo.token}"}
    for query, status in (("limit=3", 200), ("名=1", 400), ("x=%ff", 400)):
        # As a WSGI server hands on the bytes of the request line.
        raw = query.encode().decode("latin-1")
        answer = app.get("/memos", headers=headers, environ_overrides={"QUERY_STRING": raw})
        assert answer.status_code == status, (query, answer.text)
    assert app.get("/memos", headers=headers, environ_overrides={"QUERY_STRING": "x=\xff"}).status_code == 400
    named = app.get("/memos", headers=headers, environ_overrides={"QUERY_STRING": "名=1".encode().decode("latin-1")})
    assert named.json["errors"][0]["pointer"] == "/名"
    assert memo.get("/memos?x/y=1").json()["errors"][0]["pointer"] == "/x~1y"
    assert memo.get("/memos?limit=３").status_code == 400


def test_a_key_belongs_to_the_operation_however_its_path_is_written(memo):
    headers = {"Idempotency-Key": "k-slash"}
    first = memo.post("/memos", json=MEMO, headers=headers)
    again = memo.post("/memos/", json=MEMO, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())


def test_a_malformed_trace_context_is_ignored(memo):
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    for given in (good, "garbage<x>", f"00-{'0' * 32}-{'b' * 16}-01"):
        memo.post("/memos", json=MEMO, headers={"traceparent": given})
    assert [e.get("traceparent") for e in memo.get("/events").json()["events"]] == [good, None, None]


def test_a_huge_body_is_refused_without_being_read(memo):
    answer = memo.http.post("/memos", content=b"x" * 3_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 401
    assert (
        memo.post("/memos", content=b"x" * 3_000_000, headers={"Content-Type": "application/json"}).status_code == 413
    )


def test_faults_inside_an_alternative_are_named_one_by_one():
    schemas = Schemas(
        {
            "x": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["a"],
                        "additionalProperties": False,
                        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
                    },
                    {"type": "null"},
                ]
            }
        }
    )
    found = faults(schemas.at("x"), {"b": "no", "c": 1}, "body", "/ref")
    assert {f.pointer for f in found} == {"/ref/a", "/ref/b", "/ref/c"}
    assert faults(schemas.at("x"), None, "body") == []
    [fault] = faults(schemas.at("x"), 3, "body")
    assert fault.zh == "必须符合契约给出的形式之一。"
