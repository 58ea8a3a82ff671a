"""The seeded SCM against its world, and what the oracle reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.conftest import Clerk


def facts(scm: Api) -> dict[str, Any]:
    return dict(scm.get("/_shapan/facts").json()["facts"])


def test_the_seed_is_the_worlds_view(scm: Api, tiny_world: Any) -> None:
    view = tiny_world.scm
    got = facts(scm)
    assert [(p["code"], p["short_name"], p["tax_number"]) for p in got["partners"]] == [
        (p.code, p.short_name, p.tax_number) for p in view.partners
    ]
    assert {p["code"]: p["units"] for p in got["products"]} == {p.code: dict(p.units) for p in view.products}
    assert sorted((s["product_code"], s["warehouse_code"], s["opening_milli"]) for s in got["stock"]) == sorted(
        (product, warehouse, milli) for product, warehouse, milli, _ in view.opening_stock
    )
    assert all(
        s["on_hand_milli"] == s["opening_milli"] and s["reserved_milli"] == s["movements_milli"] == 0
        for s in got["stock"]
    )
    assert got["sales_orders"] == got["deliveries"] == []


def test_the_opening_stock_keeps_its_value(scm: Api, tiny_world: Any) -> None:
    with scm.runtime.workspace("default").database.read() as db:
        kept = db.execute("SELECT sum(opening_value_fen) FROM stock").fetchone()[0]
    assert kept == sum(value for *_, value in tiny_world.scm.opening_stock) > 0


def test_documents_in_fen_and_milli(scm: Api, clerk: Clerk) -> None:
    source = {"system": "crm", "document": "ORD-202611-00001"}
    order = clerk.approved(
        clerk.line("3", unit_price="3.3333", amount="10.00", tax_amount="1.30", source_line=2), source_reference=source
    )
    delivery = clerk.shipped(order, (1, "1"))
    got = facts(scm)
    code = clerk.product["product_code"]
    assert got["sales_orders"] == [
        {
            "number": order["sales_order_no"],
            "state": "approved",
            "closed_short": 0,
            "partner_code": order["partner_code"],
            "warehouse_code": "CK01",
            "source_system": "crm",
            "source_document": "ORD-202611-00001",
            "order_date": order["order_date"],
            "created_at": order["created_at"],
            "lines": [
                {
                    "line": 1,
                    "product_code": code,
                    "quantity_milli": 3000,
                    "reserved_milli": 2000,
                    "shipped_milli": 1000,
                    "net_fen": 1000,
                    "tax_fen": 130,
                    "gross_fen": 1130,
                    "source_line": 2,
                }
            ],
            "net_fen": 1000,
            "tax_fen": 130,
            "gross_fen": 1130,
        }
    ]
    (shipped,) = got["deliveries"]
    assert shipped == {
        "number": delivery["delivery_no"],
        "state": "shipped",
        "sales_order": order["sales_order_no"],
        "partner_code": order["partner_code"],
        "warehouse_code": "CK01",
        "source_system": "crm",
        "source_document": "ORD-202611-00001",
        "ship_date": delivery["ship_date"],
        "shipped_at": delivery["shipped_at"],
        "lines": [
            {
                "line": 1,
                "product_code": code,
                "quantity_milli": 1000,
                "net_fen": 333,
                "tax_fen": 43,
                "gross_fen": 376,
                "source_line": 2,
            }
        ],
        "net_fen": 333,
        "tax_fen": 43,
        "gross_fen": 376,
    }
    (stock,) = [s for s in got["stock"] if (s["product_code"], s["warehouse_code"]) == (code, "CK01")]
    assert stock["movements_milli"] == -1000
    assert stock["on_hand_milli"] == stock["opening_milli"] - 1000
    assert stock["reserved_milli"] == 2000


def test_stock_with_its_value_and_what_was_issued(scm: Api, clerk: Clerk) -> None:
    code = clerk.product["product_code"]
    clerk.shipped(clerk.approved(clerk.line("7")))
    clerk.receive(code, "5", "CK02")
    got = facts(scm)
    (main,) = [s for s in got["stock"] if (s["product_code"], s["warehouse_code"]) == (code, "CK01")]
    assert (main["issued_milli"], main["movements_milli"]) == (7000, -7000)
    (value,) = [v for v in got["stock_values"] if v["product_code"] == code]
    held = [s for s in got["stock"] if s["product_code"] == code]
    assert value["quantity_milli"] == sum(s["on_hand_milli"] for s in held)
    assert value["value_fen"] == value["opening_fen"] + value["movements_fen"] > 0
    assert abs(sum(s["value_fen"] for s in held) - value["value_fen"]) <= len(held)
    assert {s["issued_milli"] for s in got["stock"] if s is not main} == {0}
