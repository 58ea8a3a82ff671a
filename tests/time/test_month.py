"""A month of all three systems by control, over real sockets: what falls in between is done in order, and told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from shapan.cli import main
from shapan.sandbox.options import plan
from shapan.sandbox.threads import ThreadSandbox

NAMES = {400: "validation-failed", 422: "business-rule"}


class House:
    """The sandbox: a client of control, and of each system with a token."""

    def __init__(self, sandbox: ThreadSandbox) -> None:
        self.options = sandbox.options
        self.runtimes = sandbox.runtimes
        self.control = httpx.Client(base_url=self.options.url("control"), trust_env=False, timeout=60)

    def desk(self, system: str) -> httpx.Client:
        """A client of a system with a token that is good now."""
        url = self.options.url(system)
        client = self.options.client
        form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.secret}
        token = httpx.post(f"{url}/oauth/token", data=form, trust_env=False).json()["access_token"]
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)

    def clock(self, **change: Any) -> dict[str, Any]:
        answer = self.control.post("/clock", json=change)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def today(self) -> date:
        return datetime.fromisoformat(self.control.get("/clock").json()["now"]).date()

    def shapan(self, *arguments: str) -> tuple[int, str]:
        """Exit code and text of a command about this sandbox."""
        result = CliRunner().invoke(main, [*arguments, "--url", self.options.url("control")], prog_name="shapan")
        return result.exit_code, result.output


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[ThreadSandbox]:
    folder = tmp_path_factory.mktemp("month")
    with ThreadSandbox(plan(size="tiny", data=folder / "sandbox", port=None, strict=True)) as sandbox:
        yield sandbox


@pytest.fixture
def house(running) -> House:
    house = House(running)
    assert house.control.post("/reset").status_code == 200
    house.clock(frozen=True)
    return house


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return answer.json()


def quotation(house: House, days: int) -> str:
    crm = house.desk("crm")
    body = {
        "customerId": crm.get("/customers").json()["items"][0]["id"],
        "validUntil": (house.today + timedelta(days=days)).isoformat(),
        "lines": [{"productCode": crm.get("/products").json()["items"][0]["code"], "quantity": 1}],
    }
    draft = made(crm.post("/quotations", json=body))
    return made(crm.post(f"/quotations/{draft['id']}/send"))["number"]


def receivable(house: House, days: int) -> str:
    finance = house.desk("finance")
    body = {
        "customer_id": finance.get("/customers").json()["items"][0]["id"],
        "business_date": house.today.isoformat(),
        "due_date": (house.today + timedelta(days=days)).isoformat(),
        "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
        "lines": [{"description": "货款", "net_amount": "100.00", "tax_rate": "0.13", "tax_amount": "13.00"}],
    }
    return made(finance.post("/receivables", json=body))["number"]


def test_a_month_is_done_in_order_across_the_systems(house):
    first, last = quotation(house, 4), quotation(house, 12)
    due = receivable(house, 7)
    schedule = {"enabled": True, "day": 5, "time": "09:00", "close_period": True}
    made(house.desk("finance").put("/closing-schedule", json=schedule))
    before = house.today
    told = house.clock(advance_seconds=40 * 86400)
    assert [clock["now"] for clock in told["systems"]] == [told["now"]] * 3
    assert told["now"][:10] == (before + timedelta(days=40)).isoformat()

    at = [each["at"] for each in told["done"]]
    assert at == sorted(at)
    ours = [
        (each["system"], each["work"], each["at"][:10])
        for each in told["done"]
        if each["work"] == "periods.close" or any(number in each["en"] for number in (first, last, due))
    ]
    days = {number: (before + timedelta(days=days)).isoformat() for number, days in ((first, 5), (due, 8), (last, 13))}
    assert [each for each in ours if each[1] != "periods.close"] == [
        ("crm", "quotations.expire", days[first]),
        ("finance", "receivables.fall_overdue", days[due]),
        ("crm", "quotations.expire", days[last]),
    ]
    closes = [each for each in ours if each[1] == "periods.close"]
    assert closes
    assert {each[2][8:] for each in closes} == {"05"}
    # The same again for who looks later, and nothing twice.
    assert house.control.get("/schedule", params={"limit": 1000}).json()["done"] == told["done"]
    assert house.clock(advance_to=told["now"])["done"] == []


def test_the_clocks_are_frozen_as_one_and_run_at_a_rate(house, eventually):
    number = quotation(house, 0)
    frozen = house.control.get("/clock").json()
    assert frozen["frozen"]
    assert {clock["now"] for clock in frozen["systems"]} == {frozen["now"]}
    assert frozen["next_due"]["system"] == "crm"
    assert house.clock(frozen=False, rate=50_000)["rate"] == 50_000
    assert eventually(lambda: house.control.get("/schedule").json()["done"])
    assert number in house.control.get("/schedule").json()["done"][0]["en"]
    stopped = house.clock(frozen=True, rate=1)
    assert stopped["now"] > frozen["now"]
    assert {clock["now"] for clock in stopped["systems"]} == {stopped["now"]}


@pytest.mark.parametrize(
    ("change", "status", "pointers"),
    [
        ({"advance_to": "2020-01-01T00:00:00+08:00"}, 422, ["/advance_to"]),
        ({"advance_to": "2999-01-01T00:00:00+08:00", "advance_seconds": 5}, 422, ["/advance_seconds", "/advance_to"]),
        ({"rate": 0}, 400, ["/rate"]),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_has_moved(house, refusal, change, status, pointers):
    before = house.control.get("/clock").json()
    assert refusal(house.control.post("/clock", json=change), status, NAMES[status]) == pointers
    assert house.control.get("/clock").json() == before


def test_while_a_system_does_not_answer_no_clock_is_moved(house, refusal, monkeypatch):
    systems = house.runtimes["control"].services["systems"]
    before = [house.desk(name).get("/_shapan/clock").json() for name in ("crm", "finance")]
    monkeypatch.setitem(systems._urls, "scm", "http://127.0.0.1:1")
    refusal(house.control.post("/clock", json={"advance_seconds": 60}), 503, "system-unreachable")
    assert [house.desk(name).get("/_shapan/clock").json() for name in ("crm", "finance")] == before


def test_a_system_that_dies_on_the_way_is_named_and_the_same_instant_asked_again_goes_on(house, monkeypatch):
    first, last = quotation(house, 2), quotation(house, 6)
    systems = house.runtimes["control"].services["systems"]
    to = f"{house.today + timedelta(days=20)}T12:00:00+08:00"
    ask, posts = systems._ask, []

    def dying(method: str, name: str, *given: Any, **options: Any) -> Any:
        if (method, name) == ("POST", "scm"):
            posts.append(name)
        url = systems._urls["scm"]
        if name == "scm" and len(posts) > 1:
            systems._urls["scm"] = "http://127.0.0.1:1"
        try:
            return ask(method, name, *given, **options)
        finally:
            systems._urls["scm"] = url

    with monkeypatch.context() as patch:
        patch.setattr(systems, "_ask", dying)
        answer = house.control.post("/clock", json={"advance_to": to})
    assert answer.status_code == 503
    assert "scm at http://127.0.0.1:1" in answer.json()["detail"]
    told = house.clock(advance_to=to)
    assert {clock["now"] for clock in told["systems"]} == {told["now"]}
    done = house.control.get("/schedule", params={"limit": 1000}).json()["done"]
    for number in (first, last):
        assert len([each for each in done if number in each["en"]]) == 1


def test_other_workspaces_have_times_of_their_own(house):
    for name in ("crm", "scm", "finance"):
        made(httpx.put(f"{house.options.url(name)}/_shapan/workspaces/later", trust_env=False))
    before = house.control.get("/clock").json()["now"]
    assert house.control.post("/ws/later/clock", json={"advance_seconds": 86400 * 365}).status_code == 200
    assert house.control.get("/clock").json()["now"] == before
    assert house.control.get("/ws/later/clock").json()["now"] > before


def test_the_command_shows_advances_freezes_and_runs(house):
    number = quotation(house, 2)
    before = house.today
    code, text = house.shapan("clock", "advance", "1mo")
    assert code == 0, text
    assert re.search(rf"^{before + timedelta(days=3)} 00:00:00  crm  .*{number}.* 1 张", text, re.MULTILINE)
    assert "stands still 已冻结" in text
    assert house.today.day == before.day or house.today.day < 31
    code, text = house.shapan("clock", "show", "--log", "5", "--json")
    assert code == 0
    assert any(number in each["en"] for each in json.loads(text)["done"])
    later = house.today + timedelta(days=2)
    assert house.shapan("clock", "advance", "--to", f"{later}T08:30")[0] == 0
    assert house.control.get("/clock").json()["now"] == f"{later}T08:30:00.000+08:00"
    code, text = house.shapan("clock", "run", "--rate", "2.5")
    assert (code, "×2.5" in text) == (0, True)
    assert house.shapan("clock", "freeze")[0] == 0
    assert house.control.get("/clock").json()["frozen"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("advance",),
        ("advance", "30d", "--to", "2030-01-01"),
        ("advance", "30"),
        ("advance", "1x"),
        ("advance", "9999y"),
        ("advance", "--to", "tomorrow"),
        ("advance", "--to", "2020-01-01"),
        ("run", "--rate", "0"),
        ("run", "--rate", "nan"),
        ("show", "--log", "-1"),
    ],
)
def test_what_the_command_cannot_do_is_a_sentence(house, arguments):
    before = house.control.get("/clock").json()
    code, text = house.shapan("clock", *arguments)
    assert code == 2
    assert text.strip()
    assert "Traceback" not in text
    assert house.control.get("/clock").json() == before
