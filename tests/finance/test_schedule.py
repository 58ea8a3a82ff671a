"""What finance does by itself: receivables fall overdue; the month-end close runs where it was set, and forces nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.finance.rules.periods import first_day, next_period, period_of
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.scheduled import day_after, day_of, next_monthly

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def advance(office: Office, day: date, at: str = "12:00") -> list[dict[str, Any]]:
    """What is done until then."""
    answer = office.api.post("/_shapan/clock", json={"advance_to": f"{day}T{at}:00+08:00"})
    assert answer.status_code == 200, answer.text
    office.today = day
    office.api.token = office.api.fetch_token()
    return answer.json()["done"]


def schedule(office: Office, **members: Any) -> dict[str, Any]:
    body = {"enabled": True, "day": 5, "time": "09:00", "close_period": True, **members}
    answer = office.api.put("/closing-schedule", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def closes(done: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in done if each["work"] == "periods.close"]


def test_receivables_fall_overdue_at_the_end_of_their_due_date(office: Office) -> None:
    due = office.today + timedelta(days=10)
    open_, paid = (office.receivable(due_date=due.isoformat()) for _ in range(2))
    # One that is overdue when it is entered does not fall overdue any more.
    office.receivable(business_date=office.today.isoformat(), due_date=office.today.isoformat())
    receipt = office.receipt(amount=paid["gross_amount"])
    body = {
        "receipt_id": receipt["id"],
        "allocations": [{"receivable_id": paid["id"], "amount": paid["gross_amount"]}],
    }
    office.post("/settlements", body)
    done = [each for each in advance(office, due) if each["work"] == "receivables.fall_overdue"]
    assert open_["number"] not in [number for each in done for number in each["detail"]["receivables"]]

    [fell] = [
        each
        for each in advance(office, due + timedelta(days=30))
        if each["work"] == "receivables.fall_overdue" and open_["number"] in each["detail"]["receivables"]
    ]
    assert fell["at"] == f"{due + timedelta(days=1)}T00:00:00.000+08:00"
    assert paid["number"] not in fell["detail"]["receivables"]
    [event] = [
        event
        for event in office.events()
        if event["type"] == "finance.receivable.overdue" and event["data"]["id"] == open_["id"]
    ]
    assert event["subject"] == str(open_["customer_id"])
    assert event["data"] == office.api.get(f"/receivables/{open_['id']}").json()


def test_the_close_is_off_until_somebody_sets_it_and_begins_with_the_next_day(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    assert office.api.get("/closing-schedule").json() == {
        "enabled": False,
        "day": 5,
        "time": "09:00",
        "close_period": True,
        "next_run_at": None,
    }
    now = office.clock.now()
    shown = schedule(office, day=28, time="23:59")
    assert shown["next_run_at"] == next_monthly(now, 28, datetime(2000, 1, 1, 23, 59).time()).isoformat(
        timespec="milliseconds"
    )
    assert office.api.get("/closing-schedule").json() == shown
    assert schedule(office, enabled=False)["next_run_at"] is None
    bad = {"enabled": True, "day": 29, "time": "24:00", "close_period": True}
    assert refusal(office.api.put("/closing-schedule", json=bad), 400, "validation-failed") == ["/day", "/time"]


def test_the_close_runs_its_steps_and_closes_the_period_by_itself(office: Office) -> None:
    period = period_of(office.today)
    following = next_period(period)
    schedule(office, day=3, time="08:30")
    [run] = closes(advance(office, first_day(next_period(following)) + timedelta(days=1)))
    assert run["at"] == f"{following}-03T08:30:00.000+08:00"
    periods = run["detail"]["periods"]
    assert periods[-1]["period"] == period
    assert [each["closed"] for each in periods] == [True] * len(periods)
    assert office.api.get(f"/periods/{period}").json()["state"] == "locked"
    [closed] = [
        entry for entry in office.api.get(f"/periods/{period}/log").json()["entries"] if entry["action"] == "closed"
    ]
    assert (closed["actor"], closed["at"]) == ("schedule", run["at"])
    told = [event["subject"] for event in office.events() if event["type"] == "finance.period.closed"]
    assert told == [each["period"] for each in periods]


def test_what_blocks_the_close_is_told_and_not_forced(office: Office) -> None:
    period = period_of(office.today)
    office.receivable()  # revenue without its cost
    schedule(office)
    [run] = closes(advance(office, first_day(next_period(period)) + timedelta(days=20)))
    last = run["detail"]["periods"][-1]
    assert last["closed"] is False
    assert {each["step"] for each in last["blocked"]} == {"cost_of_sales"}
    assert last["blocked"][0]["en"] in run["en"]
    assert last["blocked"][0]["zh"] in run["zh"]
    checklist = office.api.get(f"/periods/{last['period']}/checklist").json()
    states = {step["step"]: step["state"] for step in checklist["steps"]}
    assert states["cost_of_sales"] == "open"
    assert checklist["state"] == "closing"
    # A person says why, and the next run goes on with it.
    step = f"/periods/{last['period']}/steps/cost_of_sales"
    assert office.api.post(step, json={"note": "服务收入，无成本"}).status_code == 200
    [again] = closes(advance(office, first_day(next_period(next_period(period))) + timedelta(days=6)))
    assert again["detail"]["periods"][0] | {"steps_run": []} == {
        "period": last["period"],
        "steps_run": [],
        "closed": True,
        "blocked": [],
    }


def test_steps_without_closing_leave_the_period_open(office: Office) -> None:
    period = period_of(office.today)
    schedule(office, close_period=False)
    [run] = closes(advance(office, first_day(next_period(period)) + timedelta(days=20)))
    assert [each["closed"] for each in run["detail"]["periods"]] == [False]
    assert office.api.get(f"/periods/{run['detail']['periods'][0]['period']}").json()["state"] != "locked"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-05T08:59:59+08:00", "2026-11-05T09:00:00+08:00"),
        ("2026-11-05T09:00:00+08:00", "2026-12-05T09:00:00+08:00"),
        ("2026-12-31T23:59:59+08:00", "2027-01-05T09:00:00+08:00"),
        ("2026-12-05T00:59:59Z", "2026-12-05T09:00:00+08:00"),
    ],
)
def test_the_next_of_a_month(after: str, expected: str) -> None:
    found = next_monthly(datetime.fromisoformat(after), 5, datetime(2000, 1, 1, 9).time())
    assert found == datetime.fromisoformat(expected)


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    assert day_after("2026-12-31") == datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert day_of(datetime.fromisoformat("2026-12-31T16:00:00Z")) == "2027-01-01"
    assert day_of(datetime.fromisoformat("2026-12-31T15:59:59Z")) == "2026-12-31"
