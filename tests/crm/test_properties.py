"""What holds for any prices and quantities, and for any sequence of actions on an order."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shapan.crm import SYSTEM, rules
from shapan.crm.facts import facts
from shapan.crm.operations import approvals, customers, orders
from shapan.kernel.contract import Contract, load_contract, response_faults
from shapan.kernel.database import kernel_tables
from shapan.kernel.errors import Problem
from shapan.kernel.etag import etag
from shapan.kernel.money import fen_from_number
from shapan.kernel.resources import data_folder
from shapan.kernel.system import Answer, Context

CENT = Decimal("0.01")
RATES = st.sampled_from([0, 100, 300, 600, 900, 1300])
PRODUCTS = st.builds(
    rules.products.Product,
    code=st.just("P"),
    name=st.just("电缆"),
    spec=st.just("3×25"),
    unit=st.just("箱"),
    list_price_fen=st.integers(1, 1_000_000_000),
    tax_rate_bp=RATES,
    state=st.just("active"),
)
WANTED = st.fixed_dictionaries(
    {"productCode": st.just("P"), "quantity": st.integers(1, 1_000_000)},
    optional={
        "unitPrice": st.integers(1, 1_000_000_000).map(lambda fen: fen / 100),
        "discountPercent": st.integers(0, 10_000).map(lambda basis_points: basis_points / 100),
    },
)


@given(PRODUCTS, st.lists(WANTED, min_size=1, max_size=20))
def test_amounts_of_any_order_add_up(product: rules.products.Product, wanted: list[dict[str, Any]]) -> None:
    lines, faults = rules.orders.price_lines(wanted, {"P": product})
    for line, order_line in zip(lines, wanted, strict=True):
        price = Decimal(str(order_line.get("unitPrice", Decimal(product.list_price_fen) / 100)))
        paid = 1 - Decimal(str(order_line.get("discountPercent", 0))) / 100
        gross = (price * order_line["quantity"] * paid).quantize(CENT, ROUND_HALF_UP)
        net = (gross / (1 + Decimal(product.tax_rate_bp) / 10000)).quantize(CENT, ROUND_HALF_UP)
        assert (Decimal(line.gross_fen) / 100, Decimal(line.net_fen) / 100) == (gross, net)
        assert line.gross_fen == line.net_fen + line.tax_fen
        assert line.tax_fen >= 0
    header = rules.orders.total(lines)
    assert header.net == sum(line.net_fen for line in lines)
    assert header.tax == sum(line.tax_fen for line in lines)
    assert header.gross == sum(line.gross_fen for line in lines)
    assert [fault.pointer for fault in faults] == (["/lines"] if header.gross > rules.orders.MAX_ORDER_FEN else [])


def contract() -> Contract:
    return load_contract(data_folder("contracts") / SYSTEM.contract)


def database() -> sqlite3.Connection:
    """An empty CRM in memory with two products."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    db = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *SYSTEM.migrations):
        migration(db)
    for code, price, rate in (("CAB-1", 33_33, 1300), ("FRT-1", 88_88, 900)):
        product = {"code": code, "name": code, "spec": "", "unit": "箱", "list_price_fen": price, "tax_rate_bp": rate}
        db.table("product").insert(product)
    return connection


LINES = st.lists(
    st.fixed_dictionaries(
        {"productCode": st.sampled_from(["CAB-1", "FRT-1"]), "quantity": st.integers(1, 50)},
        optional={
            "unitPrice": st.integers(1, 99_999).map(lambda fen: fen / 100),
            "discountPercent": st.sampled_from([0, 10, 10.01, 25, 25.01, 100]),
        },
    ),
    min_size=1,
    max_size=4,
)


RANK = ["none", "partial", "complete"]


class LifeOfAnOrder(RuleBasedStateMachine):
    """Any actions in any order on one order, each answer against the contract and a model of states and events."""

    def __init__(self) -> None:
        super().__init__()
        self.db = database()
        self.now = datetime(2026, 1, 31, 16, tzinfo=UTC)  # February in Shanghai, still January in UTC
        self.sent: list[tuple[str, Any]] = []
        self.state = "draft"
        self.delivered = "none"
        self.revision = 1
        self.agreed: dict[str, Any] | None = None
        self.waiting_for: list[str] = []
        self.expected_events: list[str] = []
        self.order: dict[str, Any] = {}
        self.version = 1

    def teardown(self) -> None:
        self.db.close()

    def call(self, operation_id: str, **arguments: Any) -> Answer | Problem:
        """One request in its transaction, as dispatch does it; a 2xx answer must hold its contract."""
        functions = {**vars(customers), **vars(orders), **vars(approvals)}
        operation = contract().operations[operation_id]
        self.now += timedelta(milliseconds=1)
        ctx = Context(self.db, self.now, "default", "tests", "http://crm.example", "/orders", "", "r")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            answer: Answer = functions[operation.function_name](ctx, **arguments)
        except Problem as problem:
            self.db.execute("ROLLBACK")
            return problem
        self.db.execute("COMMIT")
        assert response_faults(operation, answer.status, "application/json", answer.body) == []
        self.sent += [(event.type, event.data) for event in ctx.events if event.type.startswith("crm.order.")]
        return answer

    def expect(self, result: Answer | Problem, problem: str | None, **changes: Any) -> None:
        """Either the named refusal and nothing changed, or the members given changed and no others."""
        if problem is not None:
            assert isinstance(result, Problem)
            assert result.name == problem
            assert result.status in (409, 412, 422)
            return
        assert isinstance(result, Answer)
        before, after = self.order, result.body
        ignore = {"updatedAt", "submittedAt", "confirmedAt", "completedAt", "cancelledAt", "approval", *changes}
        assert {k: v for k, v in after.items() if k not in ignore} == {
            k: v for k, v in before.items() if k not in ignore
        }
        assert all(after[member] == value for member, value in changes.items() if value is not ...)
        changed = after != before
        assert (after["updatedAt"] > before["updatedAt"]) is changed
        self.version += changed
        assert dict(result.headers)["ETag"] == etag(self.version)
        self.order = after

    @initialize(lines=LINES, submit=st.booleans())
    def enter(self, lines: list[dict[str, Any]], submit: bool) -> None:
        body = {"name": "示例有限公司", "region": "BJ", "industry": "IT"}
        customer = self.call("createCustomer", body=body)
        assert isinstance(customer, Answer)
        answer = self.call("createOrder", body={"customerId": customer.body["id"], "lines": lines, "submit": submit})
        assert isinstance(answer, Answer)
        self.order = answer.body
        assert self.order["number"] == "ORD-202602-00001"
        if submit:
            self.submitted()

    def submitted(self) -> None:
        """The order as it stands is confirmed, or waits for those who decide on its largest discount."""
        discount = max(line["discountPercent"] for line in self.order["lines"])
        self.waiting_for = ["salesManager"] * (discount > 10) + ["generalManager"] * (discount > 25)
        self.state = "pendingApproval" if self.waiting_for else "confirmed"
        self.expected_events.append("crm.order.approval_requested" if self.waiting_for else "crm.order.confirmed")

    @rule()
    def submit(self) -> None:
        allowed = self.state == "draft"
        result = self.call("submitOrder", order_id=self.order["id"])
        self.expect(result, None if allowed else "order-not-draft", state=...)
        if allowed:
            self.submitted()

    @rule(role=st.sampled_from(["salesManager", "generalManager"]), approve=st.booleans())
    def decide(self, role: str, approve: bool) -> None:
        body = {"role": role, "approver": role, "comment": "测试"}
        changes: dict[str, Any] = {"state": ...}
        if not approve and self.agreed is not None:  # only the change is rejected
            changes |= dict.fromkeys(("lines", "netAmount", "taxAmount", "grossAmount", "revision"), ...)
        result = self.call("approveOrder" if approve else "rejectOrder", order_id=self.order["id"], body=body)
        problem = "order-not-pending"
        if self.state == "pendingApproval":
            problem = "" if role == self.waiting_for[0] else "approval-step-not-due"
        self.expect(result, problem or None, **changes)
        if problem:
            return
        self.waiting_for = self.waiting_for[1:] if approve else []
        if not approve and self.agreed is not None:
            self.state = "confirmed"
            self.revision += 1
            self.expected_events += ["crm.order.change_rejected", "crm.order.confirmed"]
            assert {member: self.order[member] for member in self.agreed} == self.agreed
            return
        self.expected_events.append("crm.order.approved" if approve else "crm.order.rejected")
        if not approve:
            self.state = "rejected"
        elif not self.waiting_for:
            self.state = "confirmed"
            self.expected_events.append("crm.order.confirmed")

    @rule(lines=LINES)
    def change(self, lines: list[dict[str, Any]]) -> None:
        allowed = self.state == "confirmed" and self.delivered == "none"
        before = self.order
        result = self.call("changeOrder", order_id=before["id"], body={"lines": lines, "reason": "测试"})
        changes = dict.fromkeys(("lines", "netAmount", "taxAmount", "grossAmount", "state", "revision"), ...)
        self.expect(result, None if allowed else "order-not-changeable", **changes)
        if not allowed or self.order == before:
            return
        self.revision += 1
        self.agreed = {member: before[member] for member in ("lines", "note", "grossAmount")}
        self.expected_events.append("crm.order.changed")
        self.submitted()
        if self.state == "confirmed":
            self.expected_events.pop()  # it stays confirmed, and nothing is said twice

    @rule()
    def cancel(self) -> None:
        allowed = self.state != "cancelled" and self.delivered == "none"
        result = self.call("cancelOrder", order_id=self.order["id"], body={"reason": "测试"})
        self.expect(result, None if allowed else "order-not-cancellable", state="cancelled", cancelReason="测试")
        if allowed:
            self.state = "cancelled"
            self.expected_events.append("crm.order.cancelled")

    @rule(status=st.sampled_from(["none", "partial", "complete"]))
    def report_delivery(self, status: str) -> None:
        result = self.call("updateOrder", order_id=self.order["id"], if_match="*", body={"deliveryStatus": status})
        problem = {
            "draft": "business-rule",
            "pendingApproval": "order-pending-approval",
            "rejected": "business-rule",
            "confirmed": None,
            "cancelled": "order-cancelled",
        }[self.state]
        if problem is None and RANK.index(status) < RANK.index(self.delivered):
            problem = "delivery-backwards"
        self.expect(result, problem, deliveryStatus=status, lines=...)
        if problem is None:
            self.delivered = status

    @rule(lines=LINES, note=st.none() | st.text(max_size=5))
    def rewrite(self, lines: list[dict[str, Any]], note: str | None) -> None:
        result = self.call(
            "updateOrder", order_id=self.order["id"], if_match=etag(self.version), body={"lines": lines, "note": note}
        )
        problem = {
            "draft": None,
            "pendingApproval": "order-pending-approval",
            "rejected": None,
            "confirmed": "business-rule",
            "cancelled": "order-cancelled",
        }[self.state]
        self.expect(result, problem, lines=..., note=note, netAmount=..., taxAmount=..., grossAmount=..., state="draft")
        if problem is None:
            self.state = "draft"
            assert [line["quantity"] for line in self.order["lines"]] == [line["quantity"] for line in lines]

    @rule(behind=st.integers(1, 3))
    def change_what_was_changed(self, behind: int) -> None:
        stale = etag(self.version - behind)
        result = self.call("updateOrder", order_id=self.order["id"], if_match=stale, body={"note": "迟到"})
        self.expect(result, "precondition-failed")

    @invariant()
    def the_order_is_as_the_model_says(self) -> None:
        if not self.order:
            return
        shown = self.call("getOrder", order_id=self.order["id"])
        assert isinstance(shown, Answer)
        assert shown.body == self.order
        assert (self.order["state"], self.order["deliveryStatus"]) == (self.state, self.delivered)
        assert self.order["revision"] == self.revision
        pending = [
            s["role"]
            for s in (self.order["approval"] or {"steps": []})["steps"]
            if s["state"] in ("pending", "waiting")
        ]
        assert pending == (self.waiting_for if self.state == "pendingApproval" else [])
        assert (self.order["confirmedAt"] is not None) == ("crm.order.confirmed" in self.expected_events)
        assert (self.order["cancelledAt"] is not None) == (self.state == "cancelled")
        for amount in ("netAmount", "taxAmount", "grossAmount"):
            total = sum(fen_from_number(line[amount]) for line in self.order["lines"])
            assert fen_from_number(self.order[amount]) == total

    @invariant()
    def events_tell_what_happened(self) -> None:
        assert [type_ for type_, _ in self.sent] == self.expected_events
        if self.sent and self.sent[-1][0] == "crm.order.cancelled":
            assert self.sent[-1][1] == self.order

    @invariant()
    def every_revision_is_kept(self) -> None:
        if not self.order:
            return
        kept = self.call("listOrderRevisions", order_id=self.order["id"], cursor=None, limit=200)
        assert isinstance(kept, Answer)
        assert [entry["revision"] for entry in kept.body["items"]] == list(range(1, self.revision))

    @invariant()
    def the_oracle_reads_the_same(self) -> None:
        for order in facts(self.db, date(2026, 11, 24))["orders"]:
            assert (order["number"], order["state"]) == (self.order["number"], self.state)
            assert order["gross_fen"] == fen_from_number(self.order["grossAmount"])
            assert order["gross_fen"] == sum(line["gross_fen"] for line in order["lines"])
            assert [line["quantity"] for line in order["lines"]] == [line["quantity"] for line in self.order["lines"]]


TestLifeOfAnOrder = LifeOfAnOrder.TestCase
TestLifeOfAnOrder.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
