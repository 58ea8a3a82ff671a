"""The answer key and the scoring over HTTP, with the key of a small filthy world."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from shapan.control.operations.answer_key import FAULTS_LISTED
from shapan.crm import SYSTEM as CRM
from shapan.finance import SYSTEM as FINANCE
from shapan.kernel.contract import load_contract
from shapan.kernel.resources import data_folder
from shapan.scm import SYSTEM as SCM
from shapan.world import AnswerKey, WorldSpec
from shapan.world.scoring import grade, key_of_world, read_crosswalk

Control = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def key() -> AnswerKey:
    """The key of a world with everything in it."""
    return key_of_world(WorldSpec("trading", "small", 7, date(2026, 11, 1), "filthy"))


@pytest.fixture
def client(control: Control, key: AnswerKey) -> httpx.Client:
    """A control that has it."""
    return control(answer_key=key)


def pages(client: httpx.Client, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Every item of a list; the Link header leads to the same page as the cursor."""
    cursor: dict[str, str] = {}
    while True:
        answer = client.get(path, params={**parameters, **cursor})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        yield from body["items"]
        if body["next_cursor"] is None:
            assert "link" not in answer.headers
            return
        cursor = {"cursor": body["next_cursor"]}
        [link] = re.findall("<(.+)>", answer.headers["link"])
        assert dict(httpx.URL(link).params)["cursor"] == body["next_cursor"]
        assert {name: str(value) for name, value in parameters.items()}.items() <= dict(httpx.URL(link).params).items()


def test_the_whole_key_can_be_read(client: httpx.Client, key: AnswerKey) -> None:
    records = list(pages(client, "/answer-key/records", limit=300))
    assert {(r["system"], r["kind"], r["record_id"]): r["entity"] for r in records} == dict(key.all())
    assert all(r["name"] == key.name((r["system"], r["kind"], r["record_id"])) for r in records)
    entities = list(pages(client, "/answer-key/entities", limit=1000))
    assert [(e["entity"], e["name"], e["code"]) for e in entities] == [
        (e.key, e.name, e.code) for e in key.entities.values()
    ]
    noise = list(pages(client, "/answer-key/noise", limit=999))
    assert [(n["record_id"], n["field"], n["after"]) for n in noise] == [
        (n.record_id, n.field, n.after) for n in key.noise
    ]
    relations = list(pages(client, "/answer-key/relations", limit=50))
    assert [(r["relation"], r["entity"], r["other"]) for r in relations] == [
        (r.kind, r.entity, r.other) for r in key.relations
    ]


def test_filters(client: httpx.Client, key: AnswerKey) -> None:
    suppliers = list(pages(client, "/answer-key/records", system="scm", kind="supplier", limit=5))
    assert {(r["system"], r["kind"]) for r in suppliers} == {("scm", "supplier")}
    assert len(suppliers) == sum(record[:2] == ("scm", "supplier") for record in key.all())
    entity = suppliers[0]["entity"]
    mine = list(pages(client, "/answer-key/records", entity=entity))
    assert {(r["system"], r["kind"], r["record_id"]) for r in mine} == set(key.records(entity))
    assert list(pages(client, "/answer-key/records", entity="nobody")) == []
    assert {e["kind"] for e in pages(client, "/answer-key/entities", kind="product")} == {"product"}
    styles = list(pages(client, "/answer-key/noise", rule="style.", system="finance"))
    assert len(styles) == sum(n.rule.startswith("style.") and n.system == "finance" for n in key.noise) > 0
    one = styles[0]
    exact = list(pages(client, "/answer-key/noise", rule=one["rule"], record_id=one["record_id"], kind="customer"))
    assert one in exact
    assert list(pages(client, "/answer-key/noise", rule="style")) == []
    hard = list(pages(client, "/answer-key/relations", relation="hard-negative"))
    assert {r["relation"] for r in hard} == {"hard-negative"}
    other = hard[0]["other"]
    assert all(other in (r["entity"], r["other"]) for r in pages(client, "/answer-key/relations", entity=other))


@pytest.mark.parametrize("cursor", ["abc", "eyJhdCI6LTF9", "eyJhdCI6dHJ1ZX0", "e30"])
def test_a_made_up_cursor_is_refused(client: httpx.Client, cursor: str) -> None:
    answer = client.get("/answer-key/records", params={"cursor": cursor})
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/cursor"]


def exact(key: AnswerKey) -> list[dict[str, str]]:
    return [
        {"system": system, "kind": kind, "record_id": id_, "cluster": key.name((system, kind, id_)).strip() or "-"}
        for system, kind, id_ in key.all()
    ]


@pytest.mark.parametrize("kind", ["customer", "supplier", "product"])
def test_a_crosswalk_is_scored_as_in_process(client: httpx.Client, key: AnswerKey, kind: str) -> None:
    rows = exact(key)
    answer = client.post("/answer-key/score", params={"kind": kind}, json=rows)
    assert answer.status_code == 200, answer.text
    lines = ['"{system}","{record_id}","{cluster}","{kind}"'.format(**row) for row in rows]
    csv = "\n".join(["system,record_id,cluster,kind", *lines])
    assert answer.json() == grade(key, read_crosswalk(csv.encode(), key), kind).as_json()
    for encoding in ("utf-8", "gb18030"):
        again = client.post(
            "/answer-key/score",
            params={"kind": kind},
            content=csv.encode(encoding),
            headers={"Content-Type": "text/csv"},
        )
        assert again.json() == answer.json()


def test_every_fault_is_named(client: httpx.Client) -> None:
    rows = [
        {"system": "scm", "record_id": "KH00001", "cluster": "1"},
        {"system": "scm", "record_id": "KH77777", "cluster": "1"},
        {"system": "scm", "record_id": "KH00001", "cluster": "2"},
        {"system": "scm", "record_id": " ", "cluster": "2"},
    ]
    answer = client.post("/answer-key/score", json=rows)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/1", "/2", "/3"]
    chinese = client.post("/answer-key/score", json=rows, headers={"Accept-Language": "zh"})
    assert "KH77777" in chinese.json()["errors"][0]["detail"]
    content = "system,record_id,cluster\nscm,KH77777,1\nerp,1,1\n"
    answer = client.post("/answer-key/score", content=content, headers={"Content-Type": "text/csv"})
    assert [fault["detail"][:7] for fault in answer.json()["errors"]] == ["line 2:", "line 3:"]
    many = [{"system": "scm", "record_id": f"X{n}", "cluster": "1"} for n in range(FAULTS_LISTED + 5)]
    answer = client.post("/answer-key/score", json=many)
    assert len(answer.json()["errors"]) == FAULTS_LISTED + 1
    assert "5 faults more" in answer.json()["errors"][-1]["detail"]


@pytest.mark.parametrize(
    "body", [{}, [{"system": "scm"}], [{"system": "scm", "record_id": "1", "cluster": "", "x": 1}], [7]], ids=str
)
def test_what_breaks_the_contract_is_refused(client: httpx.Client, body: Any) -> None:
    assert client.post("/answer-key/score", json=body).status_code == 400


def test_without_a_world_there_is_no_key(control: Control) -> None:
    client = control(answer_key=False)
    asked = [client.get(f"/answer-key/{part}") for part in ("entities", "records", "relations", "noise")]
    asked.append(client.post("/answer-key/score", json=[]))
    assert {answer.status_code for answer in asked} == {404}
    assert {answer.json()["type"] for answer in asked} == {"urn:shapan:problem:no-answer-key"}


def test_the_key_is_guarded_as_all_of_control_is(control: Control, key: AnswerKey) -> None:
    client = control(answer_key=key, operator_token="secret")
    assert client.get("/answer-key/records").status_code == 401
    assert client.post("/answer-key/score", json=[]).status_code == 401
    given = client.get("/answer-key/records", headers={"Authorization": "Bearer secret"})
    assert given.status_code == 200


def test_no_simulator_serves_it() -> None:
    for system in (CRM, SCM, FINANCE):
        contract = load_contract(data_folder("contracts") / system.contract)
        assert not [path for path in contract.document["paths"] if "answer" in path or "score" in path]
        assert not [name for name in contract.operations if "AnswerKey" in name or "score" in name.lower()]
