"""What must hold in the CRM whatever was done there: numbers, sums, states and their events, revisions, credit, merged customers, points."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from shapan.crm.rules.orders import TRANSITIONS
from tests.machines.harness import WORLD, Json, Worker, gaps

CUSTOMERS = [customer.id for customer in WORLD.crm.customers]
SERIES = ("orders", "quotations", "returns", "store-sales", "leads", "opportunities")
"""Lists of documents that are numbered without gaps."""
FOLLOWS: dict[str, set[str]] = {
    "approval_requested": {"", "rejected", "changed"},
    "approved": {"approval_requested", "approved"},
    "rejected": {"approval_requested", "approved"},
    "change_rejected": {"approval_requested", "approved"},
    "confirmed": {"", "rejected", "approved", "change_rejected"},
    "changed": {"confirmed", "changed"},
    "closed": {"confirmed", "changed", "change_rejected"},
    "cancelled": {"", "approval_requested", "approved", "rejected", "change_rejected", "confirmed", "changed"},
}
"""Event of an order -> the events that may be the one before it. None may come twice but a step's approval and a change."""
STATES: dict[str, set[str]] = {
    "approval_requested": {"pendingApproval"},
    "approved": {"pendingApproval", "confirmed"},
    "rejected": {"rejected"},
    "change_rejected": {"confirmed"},
    "confirmed": {"confirmed"},
    "changed": {"pendingApproval", "confirmed"},
    "closed": {"confirmed"},
    "cancelled": {"cancelled"},
}
"""Event of an order -> the states in which it may show the order."""


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """All invariants. The feed is read on from where it was, and customers are looked at one after the other."""
    documents = {name: worker.pages(f"/{name}") for name in (*SERIES, "customers", "activities")}
    for name in SERIES:
        assert gaps([one["number"] for one in documents[name]]) == [], name
        assert all(_adds_up(one) for one in documents[name] if "lines" in one), name
    orders = documents["orders"]
    shown = {order["number"]: order["state"] for order in orders}
    assert {order["number"]: order["state"] for order in facts["orders"]} == shown
    _went_where_they_may(orders, memory.setdefault("states", {}))
    told = _read_on(worker, memory)
    _told_of_orders(orders, told, memory["last"])
    _told_of_the_rest(documents, told)
    _kept_former_revisions(worker, orders)
    _returned_no_more_than_came(orders, documents["returns"])
    _credit(worker, orders, memory)
    _became_orders_once(documents["quotations"], orders)
    _nothing_is_left_with_merged_customers(documents)
    _members_have_what_they_earned(worker, documents["store-sales"])


def _adds_up(document: Json) -> bool:
    sums = all(
        round(sum(line[amount] for line in document["lines"]), 2) == document[amount]
        for amount in ("netAmount", "taxAmount", "grossAmount")
    )
    return sums and round(document["netAmount"] + document["taxAmount"], 2) == document["grossAmount"]


def _went_where_they_may(orders: list[Json], states: Json) -> None:
    """In a step of two actions, an order goes at most two states on, and a delivery never back."""
    ranks = ["none", "partial", "complete"]
    for order in orders:
        state, rank, revision = order["state"], ranks.index(order["deliveryStatus"]), order["revision"]
        came = [line["deliveredQuantity"] for line in order["lines"]]
        was = states.get(order["id"])
        if was is not None:
            near = {was[0], *TRANSITIONS[was[0]]}
            assert state in near | {after for one in near for after in TRANSITIONS[one]}, (was, order)
            assert rank >= was[1], (was, order)
            assert revision >= was[2], (was, order)
            if rank and was[1]:
                assert all(
                    now is None or before is None or now >= before for now, before in zip(came, was[3], strict=True)
                )
        assert rank == 0 or state == "confirmed", order
        assert (order["cancelledAt"] is not None) == (state == "cancelled")
        states[order["id"]] = (state, rank, revision, came)


def _read_on(worker: Worker, memory: Json) -> Counter[tuple[str, str]]:
    """How often each event came for each subject. The feed has no gaps, and what it tells of an order is a way that an order may go."""
    told: Counter[tuple[str, str]] = memory.setdefault("told", Counter())
    last: Json = memory.setdefault("last", {})
    more = True
    while more:
        page = worker.get("/events", limit=500, after=memory.get("after", 0))
        numbers = [memory.get("after", 0), *(int(event["sequence"]) for event in page["events"])]
        assert all(after == before + 1 for before, after in pairwise(numbers)), numbers
        for event in page["events"]:
            subject, name = event["subject"], event["type"].removeprefix("crm.order.")
            told[event["type"], subject] += 1
            if name != event["type"]:
                before, state = last.get(subject, ("", "draft"))[0], event["data"]["state"]
                assert before in FOLLOWS[name], (before, event)
                assert state in STATES[name], event
                last[subject] = (name, state)
        memory["after"], more = numbers[-1], page["has_more"]
    return told


def _told_of_orders(orders: list[Json], told: Counter[tuple[str, str]], last: Json) -> None:
    """Whoever missed an event could never be right again: each change of state left exactly one."""
    for order in orders:
        number, state = order["number"], order["state"]
        changes = told["crm.order.changed", number] + told["crm.order.change_rejected", number]
        assert changes == order["revision"] - 1, order
        assert (told["crm.order.confirmed", number] > 0) == (order["confirmedAt"] is not None), order
        assert told["crm.order.closed", number] == (order["closedAt"] is not None), order
        event, shown = last.get(number, ("", "draft"))
        # Becoming a draft again is nobody's business but the salesperson's.
        assert state == shown or (event, state) == ("rejected", "draft"), (order, last.get(number))


def _told_of_the_rest(documents: Json, told: Counter[tuple[str, str]]) -> None:
    """Exactly one event for whatever became of each document."""
    due: Counter[tuple[str, str]] = Counter()
    for lead in documents["leads"]:
        due["crm.lead.created", lead["number"]] += 1
        if lead["state"] in ("converted", "lost"):
            due[f"crm.lead.{lead['state']}", lead["number"]] += 1
    for deal in documents["opportunities"]:
        stages = [one["stage"] for one in deal["stages"]]
        assert stages[-1] == deal["stage"], deal
        assert all(now != before and before not in ("won", "lost") for before, now in pairwise(stages)), deal
        assert (deal["closedAt"] is not None) == (deal["stage"] in ("won", "lost")), deal
        due["crm.opportunity.created", deal["number"]] += 1
        due["crm.opportunity.stage_changed", deal["number"]] += len(stages) - 1
    for quotation in documents["quotations"]:
        due["crm.quotation.sent", quotation["number"]] += quotation["sentAt"] is not None
        due["crm.quotation.expired", quotation["number"]] += quotation["state"] == "expired"
        if quotation["decidedAt"] is not None:
            assert quotation["state"] in ("accepted", "rejected"), quotation
            due[f"crm.quotation.{quotation['state']}", quotation["number"]] += 1
    for sale in documents["store-sales"]:
        due["crm.store_sale.completed", sale["number"]] += 1
        due["crm.store_sale.voided", sale["number"]] += sale["state"] == "voided"
        due["crm.store_sale.returned", sale["number"]] += len(sale["returns"])
    for one in documents["returns"]:
        way = ["requested", "approved", "received", "credited"]
        went = ["requested", "rejected"] if one["state"] == "rejected" else way[: way.index(one["state"]) + 1]
        for state in went:
            due[f"crm.return.{state}", one["orderNumber"]] += 1
    survivors = {customer["mergedInto"] for customer in documents["customers"]}
    for customer in documents["customers"]:
        code, names = customer["code"], len(customer["formerNames"])
        due["crm.customer.merged", code] += customer["state"] == "merged"
        renamed = told["crm.customer.renamed", code]
        # The names of those that were merged into it are former names too, also once it was merged itself.
        assert renamed == names or (renamed < names and any(survivors)), customer
    kinds = {kind for kind, _ in due}
    found = Counter({key: number for key, number in told.items() if key[0] in kinds})
    assert not found - due, f"told too often: {found - due}"
    assert not due - found, f"not told: {due - found}"


def _kept_former_revisions(worker: Worker, orders: list[Json]) -> None:
    changed = [order for order in orders if order["revision"] > 1]
    for order in changed[-2:]:
        former = worker.pages(f"/orders/{order['id']}/revisions")
        assert [one["revision"] for one in former] == list(range(1, order["revision"]))


def _returned_no_more_than_came(orders: list[Json], returns: list[Json]) -> None:
    back: Counter[tuple[str, int]] = Counter()
    for one in returns:
        if one["state"] != "rejected":
            for line in one["lines"]:
                back[one["orderId"], line["lineNumber"]] += line["quantity"]
    for order in orders:
        for line in order["lines"]:
            known = line["deliveredQuantity"]
            assert 0 <= back[order["id"], line["lineNumber"]] <= (line["quantity"] if known is None else known), order


def _credit(worker: Worker, orders: list[Json], memory: Json) -> None:
    """One customer after the other: its panel is what its balance and its orders say, to the fen."""
    turn = memory["turn"] = memory.get("turn", -1) + 1
    customer = worker.get(f"/customers/{CUSTOMERS[turn % len(CUSTOMERS)]}")
    panel = worker.get(f"/customers/{customer['id']}/credit")
    open_ = [
        one
        for one in orders
        if one["customerId"] == customer["id"]
        and one["state"] in ("confirmed", "pendingApproval")
        and one["deliveryStatus"] != "complete"
        and one["closedAt"] is None
    ]
    ordered = sum((_still_to_come(line) for one in open_ for line in one["lines"]), Decimal(0))
    used = ordered + Decimal(str((customer["balance"] or {}).get("openAmount") or 0))
    assert (panel["openOrderCount"], Decimal(str(panel["openOrders"]))) == (len(open_), ordered), (panel, open_)
    assert Decimal(str(panel["used"])) == used, (panel, customer)
    limit = customer["creditLimit"]
    assert panel["creditLimit"] == limit
    assert panel["available"] == (None if limit is None else float(Decimal(str(limit)) - used)), (panel, customer)


def _still_to_come(line: Json) -> Decimal:
    """What of a line is worth that did not come yet; what came of an order without saying of which line counts as nothing."""
    gross, came = Decimal(str(line["grossAmount"])), line["deliveredQuantity"] or 0
    share: Decimal = gross * came / line["quantity"]
    return gross - share.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _became_orders_once(quotations: list[Json], orders: list[Json]) -> None:
    made = [one["orderId"] for one in quotations if one["state"] == "accepted"]
    assert len(made) == len(set(made))
    assert set(made) <= {order["id"] for order in orders}
    assert all(one["orderId"] is None for one in quotations if one["state"] != "accepted")


def _nothing_is_left_with_merged_customers(documents: Json) -> None:
    """All that a customer had belongs to the one into which it was merged, which is none that was merged itself."""
    into = {one["id"]: one["mergedInto"] for one in documents["customers"] if one["state"] == "merged"}
    assert not set(into) & set(into.values())
    for name, found in documents.items():
        assert not [one for one in found if one.get("customerId") in into], name
    assert all(one["balance"] is None for one in documents["customers"] if one["id"] in into)


def _members_have_what_they_earned(worker: Worker, sales: list[Json]) -> None:
    earned: Counter[str] = Counter()
    for sale in sales:
        if sale["memberId"] and sale["state"] == "completed":
            earned[sale["memberId"]] += sale["points"] - sum(back["points"] for back in sale["returns"])
        _came_back_over_the_counter(sale)
    members = {member["id"]: member["points"] for member in worker.pages("/members")}
    assert members == {member: earned[member] for member in members}


def _came_back_over_the_counter(sale: Json) -> None:
    back: Counter[int] = Counter()
    money: dict[int, Decimal] = {}
    for one in sale["returns"]:
        assert round(sum(refund["amount"] for refund in one["refunds"]), 2) == one["grossAmount"], sale
        for line in one["lines"]:
            back[line["lineNumber"]] += line["quantity"]
            money[line["lineNumber"]] = money.get(line["lineNumber"], Decimal(0)) + Decimal(str(line["grossAmount"]))
    for line in sale["lines"]:
        number, gross = line["lineNumber"], Decimal(str(line["grossAmount"]))
        assert line["returnedQuantity"] == back[number] <= line["quantity"], sale
        assert money.get(number, Decimal(0)) <= gross, sale
        assert back[number] < line["quantity"] or money[number] == gross, sale
