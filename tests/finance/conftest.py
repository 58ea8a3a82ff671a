"""Finance with and without a server: `books` in memory, whose operations are called as the kernel does, and an `office` over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import pytest
import sqlite_utils

from shapan.finance.seed import seed_books
from shapan.finance.tables import MIGRATIONS
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.database import kernel_tables
from shapan.kernel.system import Answer, Context, Event
from tests.finance.buyer import Buyer

if TYPE_CHECKING:
    from tests.conftest import Api

OPENING = date(2026, 10, 1)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=SHANGHAI)
"""The books open in 2026-10; today lies in 2026-11; 2026-12 can be posted to (31 days ahead is 2026-12-25)."""


class Books:
    """The books of one workspace. `do` runs an operation in a transaction that is rolled back when it raises."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA foreign_keys = ON")
        self.events: list[Event] = []

    def do(self, operation: Callable[..., Answer], **arguments: Any) -> Any:
        ctx = Context(self.db, NOW, "default", "tests", "http://finance", "/", "", "request-1")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            answer = operation(ctx, **arguments)
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        self.events += ctx.events
        return answer.body


def _prepared() -> sqlite3.Connection:
    books = Books()
    database = sqlite_utils.Database(books.db)
    for migration in (kernel_tables, *MIGRATIONS):
        migration(database)
    books.db.execute("BEGIN")
    seed_books(database, OPENING)
    books.db.execute("COMMIT")
    return books.db


@pytest.fixture(scope="session")
def new_books() -> Callable[[], Books]:
    """new_books() -> empty books with a chart of accounts, open from 2026-10."""
    template = _prepared()

    def make() -> Books:
        books = Books()
        template.backup(books.db)
        return books

    return make


@pytest.fixture
def books(new_books: Callable[[], Books]) -> Iterator[Books]:
    """Empty books, open from 2026-10."""
    made = new_books()
    yield made
    made.db.close()


class Office:
    """An accountant's office: short ways to the documents that the tests need, over HTTP. The clock stands still."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.clock = api.runtime.workspace("default").clock
        self.today: date = self.clock.freeze().date()
        self.customers: list[dict[str, Any]] = api.get("/customers").json()["items"]
        # One that starts without open items, so that the figures in a test are its own.
        owing = {item["customer_id"] for item in api.get("/receivables").json()["items"]}
        self.customer_id: int = next(c["id"] for c in self.customers if c["id"] not in owing)

    @property
    def period(self) -> str:
        """The current period."""
        return f"{self.today:%Y-%m}"

    def go_to(self, day: date) -> None:
        """Let it be half past nine on a later day, with a token that is good then."""
        then = datetime.combine(day, time(9, 30), SHANGHAI)
        self.today = self.clock.advance(then - self.clock.now()).date()
        self.api.token = self.api.fetch_token()

    def set_up(self, standard: str = "enterprise", taxpayer_kind: str = "general", **members: Any) -> None:
        """Blank books that open in the current period."""
        choices = {"standard": standard, "taxpayer_kind": taxpayer_kind, "opening_period": self.period}
        answer = self.api.put("/books", json={**choices, "keep_opening_balances": False, **members})
        assert answer.status_code == 200, answer.text

    def post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """POST that is taken; the new document, which must be where Location says."""
        answer = self.api.post(path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        assert self.api.get(answer.headers["Location"]).json() == answer.json()
        return dict(answer.json())

    def receivable_body(self, **members: Any) -> dict[str, Any]:
        """A receivable of 1,130.00 in two lines."""
        return {
            "customer_id": self.customer_id,
            "business_date": self.today.isoformat(),
            "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
            "lines": [
                {"description": "电缆", "net_amount": "884.96", "tax_rate": "0.13", "tax_amount": "115.04"},
                {"description": "螺栓", "net_amount": "115.04", "tax_rate": "0.13", "tax_amount": "14.96"},
            ],
            **members,
        }

    def receivable(self, **members: Any) -> dict[str, Any]:
        """A posted receivable of 1,130.00."""
        return self.post("/receivables", self.receivable_body(**members))

    def receipt_body(self, **members: Any) -> dict[str, Any]:
        """A receipt of 600.00."""
        body = {"customer_id": self.customer_id, "business_date": self.today.isoformat(), "amount": "600.00"}
        return {**body, **members}

    def receipt(self, **members: Any) -> dict[str, Any]:
        """A posted receipt of 600.00."""
        return self.post("/receipts", self.receipt_body(**members))

    def voucher_body(self, **members: Any) -> dict[str, Any]:
        """A manual voucher of 100.00."""
        lines = [
            {"summary": "支付广告费", "account_code": "6601", "debit": "100.00"},
            {"summary": "支付广告费", "account_code": "100201", "credit": "100.00"},
        ]
        return {"date": self.today.isoformat(), "lines": lines, **members}

    def voucher(self, **members: Any) -> dict[str, Any]:
        """A posted manual voucher of 100.00."""
        return self.post("/vouchers", self.voucher_body(**members))

    def balance(self) -> dict[str, str]:
        """Open, overdue and unapplied amount of the office's customer."""
        balance = self.api.get(f"/customers/{self.customer_id}/balance").json()
        return {name: balance[f"{name}_amount"] for name in ("open", "overdue", "unapplied")}

    def events(self) -> list[dict[str, Any]]:
        """Everything in the event feed."""
        page = self.api.get("/events", params={"limit": 500}).json()
        assert page["has_more"] is False
        return list(page["events"])

    def walk(self, path: str, since: int = 0, **params: Any) -> tuple[list[dict[str, Any]], int]:
        """(all items of a list that changed after `since`, the last watermark), page by page."""
        items: list[dict[str, Any]] = []
        while True:
            answer = self.api.get(path, params={"changed_since": since, **params})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert page["watermark"] > since or not page["items"]
            items, since = items + page["items"], page["watermark"]
            if not page["has_more"]:
                return items, since


@pytest.fixture
def office(finance: Api) -> Office:
    """An office in fresh books with the tiny world."""
    return Office(finance)


@pytest.fixture
def buyer(office: Office) -> Buyer:
    """A purchasing clerk at that office."""
    return Buyer(office)
