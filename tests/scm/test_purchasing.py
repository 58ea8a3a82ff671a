"""Buying, as P4 has it: requisition, order, receipts in parts, goods refused and sent back, a later price; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.scm.works import Works

if TYPE_CHECKING:
    from tests.conftest import Api

pytestmark = pytest.mark.in_process

Json = dict[str, Any]
CABLE, MILK = "CAB-3X25-T1", "DAI-250ML-T1"


class Buyer(Works):
    """Somebody who buys for a company that has nothing yet."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.product(CABLE, "电力电缆", "goods", "件", units=[{"unit": "箱", "factor": "24"}])
        self.batch_product(MILK, "鲜牛奶", unit="盒", shelf_life_days=21)
        self.supplier = self.new("/suppliers", name="苏州恒泰铜业有限公司", over_receipt_tolerance="0.05")[
            "supplier_code"
        ]

    def order(self, *lines: Json, approve: bool = True, **members: Any) -> Json:
        """A purchase order, approved."""
        order = self.new("/purchase-orders", supplier_code=self.supplier, lines=list(lines), **members)
        return self.act(f"/purchase-orders/{order['purchase_order_no']}/approve") if approve else order

    def arrive(self, order: Json, *lines: Json, post: bool = True, **members: Any) -> Json:
        """A receipt, posted."""
        if lines:
            members["lines"] = list(lines)
        receipt = self.new("/goods-receipts", purchase_order_no=order["purchase_order_no"], **members)
        return self.act(f"/goods-receipts/{receipt['goods_receipt_no']}/post") if post else receipt

    def send_back(self, receipt: Json, *lines: Json, post: bool = True) -> Json:
        """A return, posted."""
        body = {"goods_receipt_no": receipt["goods_receipt_no"], "reason": "绝缘层厚度不合格", "lines": list(lines)}
        made = self.new("/purchase-returns", **body)
        return self.act(f"/purchase-returns/{made['purchase_return_no']}/post") if post else made

    def in_stock(self, code: str) -> tuple[str, str]:
        """Quantity and value in the company, as the last movement tells them."""
        last = self.listed("/stock-movements", product_code=code)[-1]
        return last["stock_quantity_after"], last["stock_value_after"]

    def told(self) -> list[tuple[str, str]]:
        """Type and subject of what was told about purchasing, each carrying its document as it was."""
        feed = self.get("/events?limit=500")["events"]
        return [(e["type"][4:], e["subject"]) for e in feed if e["type"].split(".")[1] not in ("product", "supplier")]


def line(code: str = CABLE, quantity: str = "100", unit_price: str = "10.00", **members: Any) -> Json:
    return {"product_code": code, "quantity": quantity, "unit_price": unit_price, **members}


def part(quantity: str, order_line: int = 1, **members: Any) -> Json:
    return {"order_line": order_line, "quantity": quantity, **members}


@pytest.fixture
def buyer(scm: Api) -> Buyer:
    return Buyer(scm)


def test_from_requisition_to_the_last_receipt(buyer: Buyer) -> None:
    """P4, the SCM's half: requested, ordered, received in parts, over within the tolerance, refused and sent back, paid otherwise."""
    asked = buyer.new(
        "/purchase-requisitions",
        requested_by="李晓梅",
        needed_date="2026-12-05",
        lines=[{"product_code": CABLE, "quantity": "10", "unit": "箱"}, {"product_code": MILK, "quantity": "60"}],
    )
    number = asked["purchase_requisition_no"]
    assert number.startswith("CGSQ-")
    assert (asked["state"], asked["warehouse_code"]) == ("draft", "CK01")
    assert [row["quantity"] for row in asked["lines"]] == ["240", "60"]
    assert buyer.act(f"/purchase-requisitions/{number}/approve")["state"] == "approved"

    first = buyer.order(line(quantity="200", purchase_requisition_no=number, requisition_line=1), approve=False)
    assert (first["purchase_order_no"][:5], first["state"], first["payment_terms"]) == (
        "CGDD-",
        "draft",
        "NET30",
    )
    assert (first["amount"], first["tax_amount"], first["gross_amount"]) == ("2000.00", "260.00", "2260.00")
    asked = buyer.get(f"/purchase-requisitions/{number}")
    assert [(row["ordered_quantity"], row["open_quantity"]) for row in asked["lines"]] == [("200", "40"), ("0", "60")]
    buyer.act(f"/purchase-orders/{first['purchase_order_no']}/cancel")  # given back
    assert buyer.get(f"/purchase-requisitions/{number}")["lines"][0]["open_quantity"] == "240"

    order = buyer.order(
        line(quantity="10", unit="箱", unit_price="249.60", purchase_requisition_no=number, requisition_line=1),
        line(MILK, "60", "4.50", tax_rate="0.09", purchase_requisition_no=number, requisition_line=2),
    )
    assert order["lines"][0]["unit_price"] == "10.4000"
    assert buyer.get(f"/purchase-requisitions/{number}")["state"] == "ordered"

    # 160 arrive, 10 of them broken; then the rest and 12 too many, which the tolerance of 5 % just takes.
    receipt = buyer.arrive(order, part("160", rejected_quantity="10", reject_reason="外皮破损"), delivery_note="SH-03")
    assert receipt["goods_receipt_no"].startswith("CGRK-")
    row = receipt["lines"][0]
    assert (row["arrived_quantity"], row["rejected_quantity"], row["quantity"]) == ("160", "10", "150")
    assert (row["amount"], row["tax_amount"], row["gross_amount"]) == ("1560.00", "202.80", "1762.80")
    assert buyer.in_stock(CABLE) == ("150", "1560.00")
    batch = {"batch_no": "N2601", "production_date": "2026-01-01"}
    rest = buyer.arrive(order, part("102"), part("60", 2, **batch))
    assert [row["amount"] for row in rest["lines"]] == ["1060.80", "270.00"]
    assert rest["lines"][1]["expiry_date"] == "2026-01-22"
    assert buyer.in_stock(CABLE) == ("252", "2620.80")
    order = buyer.get(f"/purchase-orders/{order['purchase_order_no']}")
    assert (order["state"], order["closed_at"] is not None) == ("closed", True)
    shown = ("received_quantity", "rejected_quantity", "returned_quantity", "open_quantity")
    assert [[row[member] for member in shown] for row in order["lines"]] == [
        ["252", "10", "0", "0"],
        ["60", "0", "0", "0"],
    ]

    # What was refused goes back without touching stock; what turns out bad goes back at what it cost.
    refused = buyer.send_back(receipt, {"receipt_line": 1, "quantity": "10", "rejected": True})
    assert (refused["purchase_return_no"][:5], refused["amount"], refused["cost_amount"]) == (
        "CGTH-",
        "0.00",
        "0.00",
    )
    assert buyer.listed("/stock-movements", source_document=refused["purchase_return_no"]) == []
    bad = buyer.send_back(receipt, {"receipt_line": 1, "quantity": "50"})
    assert (bad["amount"], bad["tax_amount"], bad["cost_amount"]) == ("520.00", "67.60", "520.00")
    assert buyer.in_stock(CABLE) == ("202", "2100.80")
    milk = buyer.send_back(rest, {"receipt_line": 2, "quantity": "60"})
    assert (milk["lines"][0]["batch_no"], milk["amount"]) == ("N2601", "270.00")
    assert buyer.in_stock(MILK) == ("0", "0.00")
    receipt = buyer.get(f"/goods-receipts/{receipt['goods_receipt_no']}")
    assert (receipt["lines"][0]["returned_quantity"], receipt["lines"][0]["returned_rejected_quantity"]) == ("50", "10")

    assert buyer.told() == [
        ("purchase_order.cancelled", first["purchase_order_no"]),
        *((event, order["purchase_order_no"]) for event in ("purchase_order.approved", "goods_receipt.posted")),
        *((event, order["purchase_order_no"]) for event in ("goods_receipt.posted", "purchase_order.closed")),
        *[("purchase_return.posted", order["purchase_order_no"])] * 3,
    ]
    last = buyer.get("/events?limit=500")["events"][-1]["data"]
    assert last == buyer.get(f"/purchase-returns/{milk['purchase_return_no']}") == milk


def test_the_worked_month(buyer: Buyer) -> None:
    """100 for 1,000 and 50 for 560 make an average of 10.40; 60 out cost 624; 30 for 345; 40 out cost 427.00, 80 out 854.00."""

    def bought(quantity: str, amount: str, unit_price: str) -> tuple[str, str]:
        buyer.arrive(buyer.order(line(quantity=quantity, unit_price=unit_price, amount=amount)))
        return buyer.in_stock(CABLE)

    def sold(quantity: str) -> tuple[str, str]:
        partner = buyer.listed("/partners")[0]["partner_code"]
        body = {"partner_code": partner, "lines": [{**line(quantity=quantity), "tax_rate": "0.13"}]}
        order = buyer.new("/sales-orders", **body)["sales_order_no"]
        buyer.act(f"/sales-orders/{order}/approve")
        delivery = buyer.new("/deliveries", sales_order_no=order)
        assert delivery["cost_amount"] is delivery["lines"][0]["cost_amount"] is None
        shipped = buyer.act(f"/deliveries/{delivery['delivery_no']}/ship")
        assert shipped["cost_amount"] == shipped["lines"][0]["cost_amount"]
        return shipped["cost_amount"], buyer.in_stock(CABLE)[1]

    assert bought("100", "1000.00", "10.00") == ("100", "1000.00")
    assert bought("50", "560.00", "11.20") == ("150", "1560.00")
    (balance,) = buyer.listed("/stock", product_code=CABLE)
    assert (balance["on_hand"], balance["available"], balance["average_cost"]) == ("150", "150", "10.4000")
    assert sold("60") == ("624.00", "936.00")
    assert bought("30", "345.00", "11.50") == ("120", "1281.00")
    assert buyer.listed("/stock", product_code=CABLE)[0]["average_cost"] == "10.6750"
    assert sold("40") == ("427.00", "854.00")
    assert sold("80") == ("854.00", "0.00")
    (balance,) = buyer.listed("/stock", product_code=CABLE)
    assert (balance["on_hand"], balance["average_cost"]) == ("0", None)


def test_another_price_on_the_invoice(buyer: Buyer) -> None:
    """90 of the 150 are left, so 90/150 of the difference go into stock and the rest to the cost of sales."""
    receipt = buyer.arrive(buyer.order(line(quantity="150", unit_price="10.40")))
    issue = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": CABLE, "quantity": "60"}
    assert buyer.new("/stock-movements", **issue)["cost_amount"] == "624.00"
    source = {"system": "finance", "document": "26110000000000000012"}
    body = {"goods_receipt_no": receipt["goods_receipt_no"], "source_reference": source}
    adjusted = buyer.new("/cost-adjustments", **body, lines=[{"receipt_line": 1, "unit_price": "11.50"}])
    assert adjusted["cost_adjustment_no"].startswith("TZCB-")
    row = adjusted["lines"][0]
    assert (row["quantity"], row["amount_before"], row["amount_after"]) == ("150", "1560.00", "1725.00")
    assert (row["difference"], row["to_stock"], row["to_cost_of_sales"]) == ("165.00", "99.00", "66.00")
    assert buyer.in_stock(CABLE) == ("90", "1035.00")
    (movement,) = buyer.listed("/stock-movements", source_document=adjusted["cost_adjustment_no"])
    assert (movement["kind"], movement["direction"], movement["quantity"], movement["cost_amount"]) == (
        "cost_adjustment",
        "in",
        "0",
        "99.00",
    )
    assert buyer.get(f"/goods-receipts/{receipt['goods_receipt_no']}")["lines"][0]["adjusted_amount"] == "165.00"
    back = buyer.new("/cost-adjustments", **body, lines=[{"receipt_line": 1, "amount": "1560.00"}])
    assert (back["difference"], back["to_stock"], back["to_cost_of_sales"]) == ("-165.00", "-99.00", "-66.00")
    assert buyer.in_stock(CABLE) == ("90", "936.00")
    assert buyer.told()[-2:] == [("cost_adjustment.posted", receipt["purchase_order_no"])] * 2
    assert len(buyer.listed("/cost-adjustments", source_document=source["document"])) == 2
    # Sent back later at the adjusted cost: 90 of 150 for 1,725.
    buyer.new("/cost-adjustments", **body, lines=[{"receipt_line": 1, "unit_price": "11.50"}])
    assert buyer.send_back(receipt, {"receipt_line": 1, "quantity": "90"})["amount"] == "1035.00"
    assert buyer.in_stock(CABLE) == ("0", "0.00")


def test_a_return_never_empties_the_value_of_what_remains(buyer: Buyer) -> None:
    dear = buyer.arrive(buyer.order(line(quantity="10", unit_price="100.00")))
    buyer.arrive(buyer.order(line(quantity="10", unit_price="1.00")))
    issue = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": CABLE, "quantity": "9"}
    buyer.new("/stock-movements", **issue)  # at 50.50: 11 are left for 555.50
    back = buyer.send_back(dear, {"receipt_line": 1, "quantity": "10"})
    # 1,000.00 would be more than all that is left; ten pieces at the average instead.
    assert (back["amount"], back["cost_amount"]) == ("1000.00", "505.00")
    assert back["lines"][0]["cost_difference"] == "495.00"
    assert buyer.in_stock(CABLE) == ("1", "50.50")


def test_parts_of_a_line_add_up_to_it(buyer: Buyer) -> None:
    order = buyer.order(line(quantity="3", unit_price="3.3333", amount="10.00", tax_amount="1.30"))
    receipts = [buyer.arrive(order, part("1")) for _ in range(3)]
    assert [receipt["amount"] for receipt in receipts] == ["3.33", "3.34", "3.33"]
    assert [receipt["tax_amount"] for receipt in receipts] == ["0.43", "0.44", "0.43"]
    assert buyer.in_stock(CABLE) == ("3", "10.00")


def test_what_an_order_refuses(buyer: Buyer, scm: Api, refusal: Callable[..., list[str]]) -> None:
    service = buyer.product("SRV-T1", "上门安装", "service", "次")
    asked = buyer.new("/purchase-requisitions", lines=[{"product_code": CABLE, "quantity": "5"}])
    number = asked["purchase_requisition_no"]
    lines = [
        line("NO-1"),
        line(service),
        line(unit="托"),
        line(amount="1.00"),
        line(purchase_requisition_no=number),
        line(purchase_requisition_no=number, requisition_line=9),
        line(MILK, purchase_requisition_no=number, requisition_line=1),
        line(quantity="6", purchase_requisition_no=number, requisition_line=1),
    ]
    body = {"supplier_code": "GY99999", "warehouse_code": "NO99", "order_date": "2099-01-01", "lines": lines}
    assert refusal(scm.post("/purchase-orders", json=body), 422, "business-rule") == [
        "/supplier_code",
        "/warehouse_code",
        "/order_date",
        "/lines/0/product_code",
        "/lines/1/product_code",
        "/lines/2/unit",
        "/lines/3/amount",
        "/lines/4/purchase_requisition_no",
        "/lines/5/requisition_line",
        "/lines/6/purchase_requisition_no",
        "/lines/6/product_code",
        "/lines/7/purchase_requisition_no",
        "/lines/7/quantity",
    ]
    body = {
        "lines": [{"product_code": "NO-1", "quantity": "1"}, {"product_code": service, "quantity": "1", "unit": "箱"}]
    }
    assert refusal(
        scm.post("/purchase-requisitions", json={**body, "warehouse_code": "NO99"}), 422, "business-rule"
    ) == [
        "/warehouse_code",
        "/lines/0/product_code",
        "/lines/1/product_code",
        "/lines/1/unit",
    ]


def test_what_the_states_allow(buyer: Buyer, scm: Api, refusal: Callable[..., list[str]]) -> None:
    def refused(path: str, name: str, body: Json | None = None) -> None:
        assert refusal(scm.post(path, json=body) if body else scm.post(path), 409, name) == []

    asked = buyer.new("/purchase-requisitions", lines=[{"product_code": CABLE, "quantity": "5"}])
    path = f"/purchase-requisitions/{asked['purchase_requisition_no']}"
    assert buyer.act(f"{path}/close")["state"] == "closed"
    refused(f"{path}/approve", "purchase-requisition-not-draft")
    refused(f"{path}/close", "purchase-requisition-not-open")

    order = buyer.order(line(), approve=False)
    path, number = f"/purchase-orders/{order['purchase_order_no']}", {"purchase_order_no": order["purchase_order_no"]}
    refused("/goods-receipts", "purchase-order-not-approved", number)
    refused(f"{path}/close", "purchase-order-not-approved")
    buyer.act(f"{path}/approve")
    refused(f"{path}/approve", "purchase-order-not-draft")
    draft = buyer.arrive(order, post=False)
    refused("/goods-receipts", "nothing-to-receive", number)
    receipt = f"/goods-receipts/{draft['goods_receipt_no']}"
    back = {
        "goods_receipt_no": draft["goods_receipt_no"],
        "reason": "多收",
        "lines": [{"receipt_line": 1, "quantity": "1"}],
    }
    refused("/purchase-returns", "goods-receipt-not-posted", back)
    adjust = {"goods_receipt_no": draft["goods_receipt_no"], "lines": [{"receipt_line": 1, "amount": "1"}]}
    refused("/cost-adjustments", "goods-receipt-not-posted", adjust)
    assert buyer.act(f"{receipt}/cancel")["state"] == "cancelled"
    refused(f"{receipt}/post", "goods-receipt-not-draft")
    refused(f"{receipt}/cancel", "goods-receipt-not-draft")

    buyer.arrive(order, part("40"))
    refused(f"{path}/cancel", "purchase-order-not-cancellable")
    waiting = buyer.arrive(order, part("1"), post=False)
    assert buyer.act(f"{path}/close")["state"] == "closed"
    assert buyer.get(f"/goods-receipts/{waiting['goods_receipt_no']}")["state"] == "cancelled"
    refused(f"{path}/cancel", "purchase-order-not-cancellable")
    # The tolerance lets a second draft exist beside the one that closes the order.
    order = buyer.order(line(quantity="20"))
    late = buyer.arrive(order, part("1"), post=False)
    buyer.arrive(order, part("20"))
    refused(f"/goods-receipts/{late['goods_receipt_no']}/post", "purchase-order-not-approved")
    assert buyer.told()[-3:] == [
        ("purchase_order.approved", order["purchase_order_no"]),
        ("goods_receipt.posted", order["purchase_order_no"]),
        ("purchase_order.closed", order["purchase_order_no"]),
    ]


def test_what_a_receipt_refuses(buyer: Buyer, scm: Api, refusal: Callable[..., list[str]]) -> None:
    order = buyer.order(line(quantity="20"), line(MILK, "9.999"))
    body = {"purchase_order_no": order["purchase_order_no"]}
    assert refusal(scm.post("/goods-receipts", json=body), 422, "business-rule") == ["/lines"]  # milk wants batches
    batch = {"batch_no": "N1", "production_date": "2026-01-02"}
    lines = [
        part("1", 9),
        part("20.001", rejected_quantity="21", reject_reason="x"),
        part("1", rejected_quantity="0.5"),
        part("1", reject_reason="x"),
        part("20"),  # 1.5 are on the lines above: 0.5 too many
        part("1", batch_no="N1"),
        part("1", 2),
        part("1", 2, **batch, expiry_date="2026-01-01"),
        part("8.501", 2, **batch),  # 10.501 of 9.999 with 5 %, which is 10.498 rounded down
    ]
    answer = scm.post("/goods-receipts", json={**body, "receipt_date": "2099-01-01", "lines": lines})
    assert refusal(answer, 422, "business-rule") == [
        "/receipt_date",
        "/lines/0/order_line",
        "/lines/1/rejected_quantity",
        "/lines/2/reject_reason",
        "/lines/3/reject_reason",
        "/lines/4/quantity",
        "/lines/5/quantity",
        "/lines/8/quantity",
        "/lines/5/batch_no",
        "/lines/6/batch_no",
        "/lines/7/expiry_date",
    ]
    assert refusal(
        scm.post("/goods-receipts", json={"purchase_order_no": "CGDD-209901-00001"}), 422, "business-rule"
    ) == ["/purchase_order_no"]
    before = scm.post("/goods-receipts", json={**body, "receipt_date": "2025-12-31", "lines": [part("1")]})
    assert refusal(before, 422, "business-rule") == ["/receipt_date"]
    # A batch keeps its dates, also when two drafts enter it.
    late = buyer.arrive(order, part("1", 2, **batch), post=False)
    buyer.arrive(order, part("1", 2, batch_no="N1", production_date="2026-01-01"))
    path = f"/goods-receipts/{late['goods_receipt_no']}/post"
    assert refusal(scm.post(path), 409, "batch-differs") == []
    again = scm.post("/goods-receipts", json={**body, "lines": [part("1", 2, **batch)]})
    assert refusal(again, 422, "business-rule") == ["/lines/0/production_date", "/lines/0/expiry_date"]


def test_what_returns_and_adjustments_refuse(buyer: Buyer, scm: Api, refusal: Callable[..., list[str]]) -> None:
    order = buyer.order(line(quantity="20"))
    receipt = buyer.arrive(order, part("20", rejected_quantity="2", reject_reason="x"))
    number = {"goods_receipt_no": receipt["goods_receipt_no"]}
    drafted = buyer.send_back(receipt, {"receipt_line": 1, "quantity": "3"}, post=False)
    lines = [
        {"receipt_line": 2, "quantity": "1"},
        {"receipt_line": 1, "quantity": "15"},
        {"receipt_line": 1, "quantity": "0.001"},
        {"receipt_line": 1, "quantity": "2.001", "rejected": True},
    ]
    body = {**number, "reason": "x", "lines": lines}
    assert refusal(scm.post("/purchase-returns", json={**body, "return_date": "2025-12-31"}), 422, "business-rule") == [
        "/return_date",
        "/lines/0/receipt_line",
        "/lines/2/quantity",
        "/lines/3/quantity",
    ]
    assert refusal(
        scm.post("/purchase-returns", json={**body, "goods_receipt_no": "CGRK-209901-00001"}), 422, "business-rule"
    ) == ["/goods_receipt_no"]
    # Reserved and issued goods do not go back.
    issue = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": CABLE, "quantity": "16"}
    buyer.new("/stock-movements", **issue)
    path = f"/purchase-returns/{drafted['purchase_return_no']}"
    assert refusal(scm.post(f"{path}/post"), 409, "insufficient-stock") == ["/lines/0/quantity"]
    assert buyer.act(f"{path}/cancel")["state"] == "cancelled"
    assert refusal(scm.post(f"{path}/post"), 409, "purchase-return-not-draft") == []
    assert refusal(scm.post(f"{path}/cancel"), 409, "purchase-return-not-draft") == []

    lines = [
        {"receipt_line": 2, "amount": "1"},
        {"receipt_line": 1},
        {"receipt_line": 1, "amount": "180.00"},
        {"receipt_line": 1, "amount": "1", "unit_price": "1"},
        {"receipt_line": 1, "amount": "100000000000.00"},
    ]
    wrong = scm.post("/cost-adjustments", json={**number, "adjustment_date": "2099-01-01", "lines": lines})
    assert refusal(wrong, 422, "business-rule") == [
        "/adjustment_date",
        "/lines/0/receipt_line",
        "/lines/1/amount",
        "/lines/2",
        "/lines/3/receipt_line",
        "/lines/3/amount",
        "/lines/4/receipt_line",
        "/lines/4/amount",
    ]
    gone = buyer.arrive(buyer.order(line()))
    buyer.send_back(gone, {"receipt_line": 1, "quantity": "100"})
    nothing = {"goods_receipt_no": gone["goods_receipt_no"], "lines": [{"receipt_line": 1, "amount": "1"}]}
    assert refusal(scm.post("/cost-adjustments", json=nothing), 422, "business-rule") == ["/lines/0/receipt_line"]


def test_lists_and_their_filters(buyer: Buyer) -> None:
    occasional = [row["supplier_code"] for row in buyer.listed("/suppliers", supplier_class="C")]
    other = buyer.new("/suppliers", name="无锡顺达包装厂", supplier_class="C", tax_number="91320200MAY000031X")[
        "supplier_code"
    ]
    orders = [buyer.order(line()), buyer.order(line(), approve=False)]
    elsewhere = buyer.new(
        "/purchase-orders", supplier_code=other, lines=[line()], source_reference={"system": "crm", "document": "X"}
    )
    receipt = buyer.arrive(orders[0], part("10"))
    buyer.arrive(orders[0], part("1"), post=False)
    returns = [buyer.send_back(receipt, {"receipt_line": 1, "quantity": "1"}, post=post) for post in (True, False)]
    receipt = buyer.get(f"/goods-receipts/{receipt['goods_receipt_no']}")
    first = buyer.get(f"/purchase-orders/{orders[0]['purchase_order_no']}")
    for path, query, found in [
        ("/suppliers", {"supplier_class": "C"}, [*occasional, other]),
        ("/suppliers", {"tax_number": "91320200MAY000031X"}, [other]),
        ("/suppliers", {"name": "苏州恒泰铜业有限公司"}, [buyer.supplier]),
    ]:
        assert [row["supplier_code"] for row in buyer.listed(path, **query)] == found
    assert buyer.listed("/purchase-orders") == [first, orders[1], elsewhere]
    assert buyer.listed("/purchase-orders", state="draft", supplier_code=buyer.supplier) == [orders[1]]
    assert buyer.listed("/purchase-orders", source_document="X") == [elsewhere]
    assert buyer.listed("/goods-receipts", state="posted") == [receipt]
    assert len(buyer.listed("/goods-receipts", purchase_order_no=first["purchase_order_no"])) == 2
    assert buyer.listed("/goods-receipts", supplier_code=other) == []
    assert buyer.listed("/purchase-returns", state="posted", goods_receipt_no=receipt["goods_receipt_no"]) == [
        returns[0]
    ]
    assert buyer.listed("/purchase-returns", supplier_code=other) == []
    assert buyer.listed("/purchase-requisitions", state="draft") == []
    assert buyer.listed("/cost-adjustments", goods_receipt_no=receipt["goods_receipt_no"]) == []
