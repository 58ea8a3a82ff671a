"""Events of all systems over the control and by `shapan events`: listed, dead letters, sent again."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from shapan.cli.desk import Desk
from shapan.kernel.auth import Client
from shapan.sandbox.integration import Integration
from shapan.sandbox.options import plan
from shapan.sandbox.threads import ThreadSandbox

CLIENT = Client("tests", "tests-secret")
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ThreadSandbox]:
    with ThreadSandbox(plan(size="tiny", port=None, client=CLIENT, strict=True)) as running:
        yield running


@pytest.fixture
def control(sandbox: ThreadSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.options.url("control"), trust_env=False, timeout=60) as http:
        http.post("/reset", params={"webhooks": "true"}).raise_for_status()
        yield http


@pytest.fixture
def desks(sandbox: ThreadSandbox, control: httpx.Client) -> Iterator[dict[str, Desk]]:
    found = {name: Desk(name, sandbox.options.url(name), CLIENT) for name in ("crm", "finance")}
    for name, desk in found.items():
        for webhook in desk.get("/webhooks")["items"]:
            desk._http.delete(f"/webhooks/{webhook['id']}")
        httpx.post(
            sandbox.options.url(name) + "/_shapan/clock", json={"frozen": True}, trust_env=False
        ).raise_for_status()
    yield found
    for desk in found.values():
        desk.close()


def happen(desks: dict[str, Desk], number: int = 2) -> None:
    """Events in two systems."""
    for n in range(number):
        desks["crm"].post("/stores", {"code": f"EV{n}", "name": f"店{n}"})
        product = desks["crm"].get("/products", limit=1)["items"][0]["code"]
        customer = desks["crm"].get("/customers", limit=1)["items"][0]["id"]
        line = {"productCode": product, "quantity": 1}
        desks["crm"].post("/orders", {"customerId": customer, "submit": True, "lines": [line]})
        desks["finance"].post("/stores", {"code": f"EV{n}", "name": f"店{n}"})


def subscribe(desk: Desk, url: str) -> None:
    desk.post("/webhooks", {"url": url, "secret": SECRET})


def every(control: httpx.Client, **query: object) -> list[dict]:
    """All pages."""
    found: list[dict] = []
    after = None
    while True:
        page = control.get("/events", params={**query, **({"after": after} if after else {})}).raise_for_status().json()
        found += page["items"]
        after = page["next"]
        if not page["has_more"]:
            return found


def test_events_of_all_systems_in_order_and_each_once(control, desks):
    happen(desks)
    whole = every(control)
    assert {item["system"] for item in whole} == {"crm", "finance"}
    times = [item["event"]["time"] for item in whole]
    assert times == sorted(times)
    assert every(control, limit=1) == whole
    assert [i for i in whole if i["system"] == "finance"] == every(control, system="finance")
    confirmed = every(control, type="crm.order.confirmed")
    assert {item["event"]["type"] for item in confirmed} == {"crm.order.confirmed"}
    assert every(control, subject=confirmed[0]["event"]["subject"]) == confirmed[:1]
    page = control.get("/events").json()
    assert control.get("/events", params={"after": page["next"]}).json() == {
        "items": [],
        "next": page["next"],
        "has_more": False,
    }


def test_what_cannot_be_asked_is_named(control, refusal):
    assert refusal(control.get("/events", params={"system": "marketing"}), 422, "business-rule") == ["/system"]
    for cursor in ("x", "eyJjcm0iOi0xfQ", "eyJjcm0iOiJhIn0"):
        assert refusal(control.get("/events", params={"after": cursor}), 422, "business-rule") == ["/after"]
    leap = {"since": "2016-12-31T23:59:60Z"}
    assert refusal(control.get("/events", params=leap), 400, "validation-failed") == ["/since"]
    answer = control.post("/events/resend", json={"dead": True, "systems": ["crm", "hr", "wms"]})
    assert refusal(answer, 422, "business-rule") == ["/systems/1", "/systems/2"]


def test_dead_letters_are_listed_and_sent_again(control, desks, receiver, eventually, sandbox):
    receiver.answers = [500]
    for desk in desks.values():
        subscribe(desk, receiver.url)
    happen(desks, 1)
    number = len(every(control))
    for attempt in range(1, 13):
        eventually(
            lambda attempt=attempt: all(d["attempts"] >= attempt for item in every(control) for d in item["deliveries"])
        )
        for name in ("crm", "finance"):
            url = sandbox.options.url(name) + "/_shapan/clock"
            httpx.post(url, json={"advance_seconds": 512}, trust_env=False).raise_for_status()
    eventually(lambda: len(every(control, state="given-up")) == number)
    receiver.answers = [204]
    trial = control.post("/events/resend", json={"dead": True, "dry_run": True}).json()
    assert (trial["events"], trial["deliveries"], trial["dry_run"]) == (number, number, True)
    assert len(every(control, state="given-up")) == number
    done = control.post("/events/resend", json={"dead": True, "systems": ["crm"]}).json()
    assert [item["system"] for item in done["items"]] == ["crm"]
    eventually(lambda: {item["system"] for item in every(control, state="given-up")} == {"finance"})
    assert control.post("/events/resend", json={"dead": True}).json()["events"] == number - done["events"]
    eventually(lambda: every(control, state="given-up") == [])


def test_ids_are_found_in_whichever_system_has_them(control, desks, receiver, refusal):
    happen(desks, 1)
    for desk in desks.values():
        subscribe(desk, receiver.url)
    ids = [item["event"]["id"] for item in every(control)]
    answer = control.post("/events/resend", json={"ids": ["x", *ids, "y"]})
    assert refusal(answer, 422, "business-rule") == ["/ids/0", f"/ids/{len(ids) + 1}"]
    assert receiver.got == []
    assert control.post("/events/resend", json={"ids": ids}).json()["events"] == len(ids)
    assert {event["id"] for event in receiver.wait_for(len(ids))} == set(ids)


def test_the_command_shows_and_sends(control, desks, receiver, invoke, sandbox, eventually):
    at = ("--url", sandbox.options.url("control"))
    assert "No events." in invoke("events", "list", *at).output
    happen(desks, 1)
    subscribe(desks["crm"], receiver.url)
    listed = json.loads(invoke("events", "list", *at, "--system", "crm", "--json").output)["items"]
    ids = [item["event"]["id"] for item in listed]
    trial = invoke("events", "resend", *at, *ids, "--dry-run")
    assert trial.exit_code == 0, trial.output
    assert f"{len(ids)} event(s) would be sent again" in trial.output
    assert receiver.got == []
    sent = invoke("events", "resend", *at, "--since", listed[0]["event"]["time"], "--type", "crm.order.confirmed")
    assert sent.exit_code == 0, sent.output
    [event] = receiver.wait_for(1)
    shown = eventually(
        lambda: (r := invoke("events", "list", *at, "--subject", event["subject"])) and "delivered" in r.output and r
    )
    assert event["id"] in shown.output
    assert receiver.url in shown.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("resend",), "Say which events"),
        (("list", "--dead", "--state", "waiting"), "exclude each other"),
        (("list", "--url", "http://127.0.0.1:9"), "No sandbox answers"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(invoke, arguments, words):
    result = invoke("events", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert len(result.output.strip().splitlines()) == 2


def test_a_wrong_id_is_named_on_the_command_line(control, invoke, sandbox):
    result = invoke("events", "resend", "nonsense", "--url", sandbox.options.url("control"))
    assert result.exit_code == 2
    assert "There is no event nonsense" in result.output


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        (("--broker", "kafka://x:secret@h"), {}, "amqp://user:password@host:port/vhost"),
        ((), {"SHAPAN_ALLOW_WEBHOOKS": "10.0.0.0/99,fine.example"}, "10.0.0.0/99"),
    ],
)
def test_up_refuses_what_it_could_not_call(invoke, options, environment, words):
    result = invoke("up", "--ephemeral", "--size", "tiny", *options, **environment)
    assert result.exit_code == 2
    assert words in result.output
    assert "secret" not in result.output


def test_an_integration_finds_the_broker_in_its_environment(sandbox, control, eventually):
    command = [sys.executable, "-c", "import os; print(os.environ.get('SHAPAN_BROKER_URL'))"]
    for broker in ("redis://127.0.0.1:9/0", None):
        with Integration(command, sandbox.options.urls, CLIENT, broker) as integration:
            eventually(lambda integration=integration: integration.exit_code() is not None)
            assert integration.tail() == str(broker)


def test_client_libraries_are_loaded_only_where_there_is_a_broker():
    code = "import sys, shapan.kernel.runtime, shapan.sandbox.systems, shapan.sandbox.serving; print(sorted({'amqp', 'redis', 'kombu'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
