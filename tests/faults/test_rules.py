"""Rules: which calls they match, when they heal, how they are added and refused, and that they outlive the process."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from shapan.kernel.faults import kinds
from shapan.kernel.faults.draws import draw
from shapan.kernel.faults.kinds import FAULTS
from shapan.kernel.faults.matching import match_of
from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox


def refuse(shop, status, name, **rule):
    """The pointers of the faults of a rule that is refused; no rule may be there afterwards."""
    answer = shop.http.post(f"{shop.url}/_shapan/faults", json=rule)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:shapan:problem:{name}"
    assert shop.http.get(f"{shop.url}/_shapan/faults").json() == {"items": []}
    return sorted(fault["pointer"] for fault in answer.json().get("errors", []))


def hit(shop, path="/orders", **options):
    return shop.get(path, **options).status_code == 418


def test_every_way_to_match(one_shop):
    teapot = {"parameters": {"status": 418}}
    order = one_shop.order().json()["id"]
    cases = [
        ({"operations": ["listOrders", "getOrder"]}, "/orders", "/products"),
        ({"path": "/orders/*"}, f"/orders/{order}", "/orders"),
        ({"path": "/ord?rs"}, "/orders", f"/orders/{order}"),
        ({"path": "/**s"}, "/customers", f"/orders/{order}"),
        ({"method": "GET", "client": "faults"}, "/orders", None),
        ({"headers": {"X-Shop": "one"}}, ("/orders", "one"), ("/orders", "ones")),
        ({"headers": {"x-shop": {"pattern": "on.+"}}}, ("/orders", "ones"), ("/orders", "on")),
    ]
    for match, yes, no in cases:
        one_shop.add("error", id="it", match=match, **teapot)
        for place, wanted in ((yes, True), (no, False)):
            if place is not None:
                path, header = place if isinstance(place, tuple) else (place, None)
                assert hit(one_shop, path, headers={"X-Shop": header} if header else {}) is wanted, (match, place)
        one_shop.remove("it")
    one_shop.add("error", match={"client": "somebody-else"}, **teapot)
    one_shop.add("error", match={"method": "PATCH"}, **teapot)
    assert not hit(one_shop)
    assert one_shop.http.get(f"{one_shop.url}/_shapan/health").status_code == 200


def test_a_client_is_known_by_its_credentials_too(one_shop):
    one_shop.add("error", match={"client": "faults", "operations": ["issueToken"]}, times=1)
    form = {"grant_type": "client_credentials", "client_id": "faults", "client_secret": "faults-secret"}
    wrong = {**form, "client_id": "other"}
    assert one_shop.http.post(f"{one_shop.url}/oauth/token", data=wrong).status_code == 401
    assert one_shop.http.post(f"{one_shop.url}/oauth/token", data=form).status_code == 503
    basic = one_shop.http.post(
        f"{one_shop.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=("faults", "faults-secret")
    )
    assert basic.status_code == 200


def test_nth_every_and_chance(one_shop):
    one_shop.add("error", id="third", match={"operations": ["listOrders"], "nth": 3})
    one_shop.add(
        "error", id="each-second", match={"operations": ["listOrders"], "every": 2}, parameters={"status": 502}
    )
    got = [one_shop.get("/orders").status_code for _ in range(6)]
    assert got == [200, 502, 503, 502, 200, 502]
    one_shop.http.delete(f"{one_shop.url}/_shapan/faults")
    runs = []
    for _ in range(2):
        rule = one_shop.add("error", match={"operations": ["listOrders"], "probability": 0.4})
        runs.append([one_shop.get("/orders").status_code for _ in range(25)])
        one_shop.remove(rule["id"])
    # Ids begin anew, so that the same run meets the same faults.
    assert runs[0] == runs[1]
    chances = [draw(f"42/crm/{one_shop.name}/fault-1", number) for number in range(1, 26)]
    assert runs[0] == [503 if chance < 0.4 else 200 for chance in chances]
    assert 503 in runs[0]


def test_the_first_rule_that_acts_makes_the_answer(one_shop):
    match = {"operations": ["listOrders"]}
    one_shop.add("error", id="once", match=match, parameters={"status": 500}, times=1)
    one_shop.add("wrong-typed-body", id="page", match=match, parameters={"form": "html"}, times=1)
    one_shop.add("error", id="then", match=match, parameters={"status": 502}, times=2)
    got = [one_shop.get("/orders") for _ in range(5)]
    assert [answer.status_code for answer in got] == [500, 200, 502, 502, 200]
    assert "html" in got[1].headers["Content-Type"]
    assert [one_shop.counts(name) for name in ("once", "page", "then")] == [(1, 1, True), (2, 1, True), (4, 2, True)]


def test_healing_by_simulated_time(one_shop):
    one_shop.clock(frozen=True)
    rule = one_shop.add("error", match={"operations": ["listProducts"]}, heal_after_seconds=90)
    born = datetime.fromisoformat(rule["created_at"])
    assert datetime.fromisoformat(rule["heals_at"]) == born + timedelta(seconds=90)
    one_shop.clock(advance_seconds=89)
    assert one_shop.get("/products").status_code == 503
    one_shop.clock(advance_seconds=1)
    assert one_shop.get("/products").status_code == 200
    ended = one_shop.fault(rule["id"])
    assert (ended["healed"], ended["healed_at"]) == (True, rule["heals_at"])


def test_everything_wrong_is_said_at_once(one_shop):
    assert refuse(
        one_shop,
        400,
        "validation-failed",
        fault="latency",
        parameters={"ms": -1, "speed": 3},
        match={"types": ["x"], "nth": 0, "headers": {"A": {"pattern": "("}}},
        times=0,
        feed=True,
        colour="red",
    ) == sorted(
        [
            "/colour",
            "/feed",
            "/match/headers/A/pattern",
            "/match/nth",
            "/match/types",
            "/parameters/ms",
            "/parameters/speed",
            "/times",
        ]
    )
    assert refuse(
        one_shop,
        422,
        "business-rule",
        fault="latency",
        parameters={"median_ms": 100, "p95_ms": 50},
        match={"operations": ["listOrders", "flyToTheMoon"], "headers": {"A": {"pattern": "(?=on)"}}},
    ) == ["/match/headers/A/pattern", "/match/operations/1", "/parameters/p95_ms"]
    assert refuse(
        one_shop, 422, "business-rule", fault="event-lost", match={"types": ["crm.*", "scm.*"], "webhook": "none"}
    ) == ["/match/types/1", "/match/webhook"]
    assert refuse(one_shop, 422, "business-rule", fault="latency", parameters={"median_ms": 5}) == [
        "/parameters/median_ms"
    ]
    maintenance = {"seconds": 5, "until": "2199-01-01T00:00:00+08:00"}
    assert refuse(one_shop, 422, "business-rule", fault="maintenance", parameters=maintenance) == ["/parameters/until"]
    assert refuse(one_shop, 400, "validation-failed", fault="earthquake") == ["/fault"]


def test_ids(one_shop):
    first = one_shop.add("hang", match={"nth": 100})
    assert first["id"] == "fault-1"
    one_shop.add("hang", id="mine", match={"nth": 100})
    again = one_shop.http.post(f"{one_shop.url}/_shapan/faults", json={"fault": "hang", "id": "mine"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:shapan:problem:fault-exists")
    assert one_shop.add("hang", match={"nth": 100})["id"] == "fault-2"
    for method in ("GET", "DELETE"):
        assert one_shop.http.request(method, f"{one_shop.url}/_shapan/faults/none").status_code == 404


def test_so_many_and_no_more(one_shop):
    for _ in range(200):
        one_shop.add("event-lost", match={"nth": 1})
    answer = one_shop.http.post(f"{one_shop.url}/_shapan/faults", json={"fault": "event-lost"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:shapan:problem:too-many-faults")


def test_the_list_of_what_can_go_wrong_is_that_of_the_contract(one_shop, threads):
    items = one_shop.http.get(f"{one_shop.url}/_shapan/fault-types").json()["items"]
    assert [item["name"] for item in items] == list(FAULTS)
    assert all(item["parameters"]["type"] == "object" and item["en"] and item["zh"] for item in items)
    contract = one_shop.http.get(f"{threads.url('crm')}/_shapan/openapi.json").json()
    assert contract["components"]["schemas"]["FaultName"]["enum"] == list(FAULTS)


def test_each_fault_is_a_file_of_its_own():
    files = {path.stem for path in Path(kinds.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {name.replace("-", "_") for name in FAULTS}
    assert all(type(kind).__module__ == f"{kinds.__name__}.{name.replace('-', '_')}" for name, kind in FAULTS.items())


def test_workspaces_have_faults_of_their_own(one_shop, threads):
    one_shop.add("error")
    assert one_shop.get("/orders").status_code == 503
    health = one_shop.http.get(f"{threads.url('crm')}/customers")
    assert health.status_code == 401  # the default workspace is only unauthorized


OUTLIVING = (
    {"fault": "error", "id": "a", "match": {"operations": ["listCustomers"], "every": 2}, "times": 9},
    {"fault": "stale-read", "id": "b"},
    {"fault": "latency", "id": "c", "parameters": {"ms": 1}, "heal_after_seconds": 3600},
)


def crm_alone(folder):
    """The CRM as a process, over a folder that it may have had before."""
    options = plan(size="tiny", port=None, data=folder)
    return replace(options, ports={"crm": options.ports["crm"]})


def listed(http):
    return {rule["id"]: rule for rule in http.get("/_shapan/faults").json()["items"]}


def begin(http):
    """Three rules that have acted a few times; as they are then listed."""
    for rule in OUTLIVING:
        assert http.post("/_shapan/faults", json=rule).status_code == 201
    for _ in range(5):
        http.get("/customers")
    before = listed(http)
    assert (before["a"]["seen"], before["a"]["applied"]) == (5, 2)
    return before


def go_on(http, before):
    """The same rules with the same counts, and they go on counting."""
    assert listed(http) == before
    assert http.get("/customers").status_code == 503
    assert listed(http)["a"]["applied"] == 3


def test_rules_and_counts_outlive_an_orderly_stop(tmp_path):
    options = crm_alone(tmp_path)
    with ProcessSandbox(options), httpx.Client(base_url=options.url("crm"), trust_env=False) as http:
        before = begin(http)
    options = crm_alone(tmp_path)
    with ProcessSandbox(options), httpx.Client(base_url=options.url("crm"), trust_env=False) as http:
        go_on(http, before)


def test_rules_outlive_kill_9_with_the_counts_of_a_second_before(tmp_path, eventually):
    options = crm_alone(tmp_path)
    file = options.folder / "crm" / "workspaces" / "default.sqlite"

    def kept():
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
            return dict(db.execute("SELECT id, seen FROM shapan_fault"))

    with ProcessSandbox(options) as sandbox, httpx.Client(base_url=options.url("crm"), trust_env=False) as http:
        before = begin(http)
        eventually(lambda: kept() == {name: rule["seen"] for name, rule in before.items()})
        os.kill(sandbox.health("crm")["pid"], signal.SIGKILL)
        sandbox.restart("crm")
        go_on(http, before)


def test_matches_are_made_of_texts_that_mean_themselves():
    match = match_of({"path": "/a.b/*", "types": ["crm.*"], "headers": {"H": "a.b"}})
    assert match.path.fits("/a.b/c")
    assert not match.path.fits("/axb/c")
    assert not match.path.fits("/a.b/c/d")
    assert match.fits_event("crm.order", "s", "w")
    assert not match.fits_event("crmxorder", "s", "w")
