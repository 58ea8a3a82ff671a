"""What every operation of the SCM refuses alike: no token, a token of another scope, keys that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api

pytestmark = pytest.mark.in_process

ORDER, DELIVERY, MOVEMENT = "XSDD-209901-00001", "XSCK-209901-00001", "KCLS-209901-00001"
MOVE = {"kind": "other_receipt", "warehouse_code": "NO99", "product_code": "NO-1", "quantity": "1"}
REQUISITION, PURCHASE, RECEIPT = "CGSQ-209901-00001", "CGDD-209901-00001", "CGRK-209901-00001"
SENT_BACK, ADJUSTMENT = "CGTH-209901-00001", "TZCB-209901-00001"
PRODUCT = {"name": "示例", "category": "NO9", "base_unit": "件", "tax_rate": "0.13"}
NEEDED, BACK = {"product_code": "NO-1", "quantity": "1"}, {"receipt_line": 1, "quantity": "1"}
LINE = {"product_code": "NO-1", "quantity": "1", "unit_price": "1", "tax_rate": "0.13"}
PIECE = {"product_code": "NO-1", "quantity": "1"}
PART = {"line_no": 1, "quantity": "1"}
COUNTED = {"product_code": "NO-1", "counted_quantity": "1"}


def _no(kind: str) -> str:
    """A number that no document has."""
    return f"{kind}-209901-00001"


# (method, path, scope, body)
OPERATIONS: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("GET", "/partners", "partners:read", None),
    ("POST", "/partners", "partners:write", {"short_name": "示例贸易"}),
    ("GET", "/partners/KH99999", "partners:read", None),
    ("GET", "/products", "products:read", None),
    ("GET", "/products/NO-1", "products:read", None),
    ("GET", "/warehouses", "warehouses:read", None),
    ("GET", "/warehouses/NO99", "warehouses:read", None),
    ("GET", "/stock", "stock:read", None),
    ("GET", "/stock-movements", "stock:read", None),
    ("POST", "/stock-movements", "stock:write", MOVE),
    ("GET", f"/stock-movements/{MOVEMENT}", "stock:read", None),
    ("GET", "/sales-orders", "sales-orders:read", None),
    ("POST", "/sales-orders", "sales-orders:write", {"partner_code": "KH99999", "lines": [LINE]}),
    ("GET", f"/sales-orders/{ORDER}", "sales-orders:read", None),
    ("POST", f"/sales-orders/{ORDER}/approve", "sales-orders:write", None),
    ("POST", f"/sales-orders/{ORDER}/allocate", "sales-orders:write", None),
    ("POST", f"/sales-orders/{ORDER}/cancel", "sales-orders:write", None),
    ("POST", f"/sales-orders/{ORDER}/close", "sales-orders:write", {"reason": "不再需要"}),
    ("GET", "/deliveries", "deliveries:read", None),
    ("POST", "/deliveries", "deliveries:write", {"sales_order_no": ORDER}),
    ("GET", f"/deliveries/{DELIVERY}", "deliveries:read", None),
    ("POST", f"/deliveries/{DELIVERY}/ship", "deliveries:write", {}),
    ("POST", f"/deliveries/{DELIVERY}/cancel", "deliveries:write", None),
    # products, suppliers and purchasing
    ("GET", "/categories", "products:read", None),
    ("POST", "/categories", "products:write", {"category_code": "NO9", "name": "示例", "parent_code": "NO8"}),
    ("GET", "/categories/NO99", "products:read", None),
    ("POST", "/products", "products:write", {"product_code": "NO-1", **PRODUCT}),
    ("PUT", "/products/NO-1", "products:write", PRODUCT),
    ("GET", "/suppliers", "suppliers:read", None),
    ("POST", "/suppliers", "suppliers:write", {"name": "示例供应商"}),
    ("GET", "/suppliers/GY99999", "suppliers:read", None),
    ("PUT", "/suppliers/GY99999", "suppliers:write", {"name": "示例供应商"}),
    ("GET", "/purchase-requisitions", "purchase-requisitions:read", None),
    ("POST", "/purchase-requisitions", "purchase-requisitions:write", {"lines": [NEEDED]}),
    ("GET", f"/purchase-requisitions/{REQUISITION}", "purchase-requisitions:read", None),
    ("POST", f"/purchase-requisitions/{REQUISITION}/approve", "purchase-requisitions:write", None),
    ("POST", f"/purchase-requisitions/{REQUISITION}/close", "purchase-requisitions:write", None),
    ("GET", "/purchase-orders", "purchase-orders:read", None),
    ("POST", "/purchase-orders", "purchase-orders:write", {"supplier_code": "GY99999", "lines": [LINE]}),
    ("GET", f"/purchase-orders/{PURCHASE}", "purchase-orders:read", None),
    ("POST", f"/purchase-orders/{PURCHASE}/approve", "purchase-orders:write", None),
    ("POST", f"/purchase-orders/{PURCHASE}/close", "purchase-orders:write", None),
    ("POST", f"/purchase-orders/{PURCHASE}/cancel", "purchase-orders:write", None),
    ("GET", "/goods-receipts", "goods-receipts:read", None),
    ("POST", "/goods-receipts", "goods-receipts:write", {"purchase_order_no": PURCHASE}),
    ("GET", f"/goods-receipts/{RECEIPT}", "goods-receipts:read", None),
    ("POST", f"/goods-receipts/{RECEIPT}/post", "goods-receipts:write", None),
    ("POST", f"/goods-receipts/{RECEIPT}/cancel", "goods-receipts:write", None),
    ("GET", "/purchase-returns", "purchase-returns:read", None),
    (
        "POST",
        "/purchase-returns",
        "purchase-returns:write",
        {"goods_receipt_no": RECEIPT, "reason": "示例", "lines": [BACK]},
    ),
    ("GET", f"/purchase-returns/{SENT_BACK}", "purchase-returns:read", None),
    ("POST", f"/purchase-returns/{SENT_BACK}/post", "purchase-returns:write", None),
    ("POST", f"/purchase-returns/{SENT_BACK}/cancel", "purchase-returns:write", None),
    ("GET", "/cost-adjustments", "cost-adjustments:read", None),
    (
        "POST",
        "/cost-adjustments",
        "cost-adjustments:write",
        {"goods_receipt_no": RECEIPT, "lines": [{"receipt_line": 1}]},
    ),
    ("GET", f"/cost-adjustments/{ADJUSTMENT}", "cost-adjustments:read", None),
    ("GET", "/stock-ledger", "stock:read", None),
    ("GET", "/kpis", "reports:read", None),
    ("GET", "/monthly-summaries", "reports:read", None),
    # Warehouses and stores, transfers, counts
    ("POST", "/warehouses", "warehouses:write", {"warehouse_code": "MD98", "name": "示例门店", "address": "示范路1号"}),
    ("PUT", "/warehouses/NO99", "warehouses:write", {"name": "示例门店", "address": "示范路1号"}),
    ("GET", "/transfers", "transfers:read", None),
    (
        "POST",
        "/transfers",
        "transfers:write",
        {"from_warehouse_code": "NO99", "to_warehouse_code": "NO98", "lines": [PIECE]},
    ),
    ("GET", f"/transfers/{_no('DBDD')}", "transfers:read", None),
    ("POST", f"/transfers/{_no('DBDD')}/send", "transfers:write", {}),
    ("POST", f"/transfers/{_no('DBDD')}/receive", "transfers:write", {}),
    ("POST", f"/transfers/{_no('DBDD')}/cancel", "transfers:write", None),
    ("GET", "/stock-counts", "stock-counts:read", None),
    ("POST", "/stock-counts", "stock-counts:write", {"warehouse_code": "NO99"}),
    ("GET", f"/stock-counts/{_no('PDDD')}", "stock-counts:read", None),
    ("POST", f"/stock-counts/{_no('PDDD')}/enter", "stock-counts:write", {"lines": [COUNTED]}),
    ("POST", f"/stock-counts/{_no('PDDD')}/post", "stock-counts:write", None),
    ("POST", f"/stock-counts/{_no('PDDD')}/cancel", "stock-counts:write", None),
    # Bills of materials and production
    ("GET", "/boms", "boms:read", None),
    ("POST", "/boms", "boms:write", {"product_code": "NO-2", "lines": [PIECE]}),
    ("GET", "/boms/BOM99999", "boms:read", None),
    ("POST", "/boms/BOM99999/retire", "boms:write", None),
    ("GET", "/production-orders", "production:read", None),
    ("POST", "/production-orders", "production:write", PIECE),
    ("GET", f"/production-orders/{_no('SCDD')}", "production:read", None),
    ("POST", f"/production-orders/{_no('SCDD')}/release", "production:write", None),
    ("POST", f"/production-orders/{_no('SCDD')}/complete", "production:write", None),
    ("POST", f"/production-orders/{_no('SCDD')}/cancel", "production:write", None),
    ("GET", "/material-issues", "production:read", None),
    ("POST", "/material-issues", "production:write", {"production_order_no": _no("SCDD")}),
    ("GET", f"/material-issues/{_no('SCLL')}", "production:read", None),
    ("GET", "/material-returns", "production:read", None),
    ("POST", "/material-returns", "production:write", {"production_order_no": _no("SCDD"), "lines": [PART]}),
    ("GET", f"/material-returns/{_no('SCTL')}", "production:read", None),
    ("GET", "/production-receipts", "production:read", None),
    ("POST", "/production-receipts", "production:write", {"production_order_no": _no("SCDD"), "quantity": "1"}),
    ("GET", f"/production-receipts/{_no('CPRK')}", "production:read", None),
    # Store sales, returns, reports
    ("GET", "/store-sales", "store-sales:read", None),
    ("POST", "/store-sales", "store-sales:write", {"warehouse_code": "NO99", "lines": [PIECE]}),
    ("GET", f"/store-sales/{_no('MDXS')}", "store-sales:read", None),
    ("POST", f"/store-sales/{_no('MDXS')}/void", "store-sales:write", {}),
    ("GET", "/sales-returns", "sales-returns:read", None),
    ("POST", "/sales-returns", "sales-returns:write", {"delivery_no": DELIVERY, "reason": "破损", "lines": [PART]}),
    ("GET", f"/sales-returns/{_no('XSTH')}", "sales-returns:read", None),
    ("POST", f"/sales-returns/{_no('XSTH')}/receive", "sales-returns:write", {}),
    ("POST", f"/sales-returns/{_no('XSTH')}/cancel", "sales-returns:write", None),
    ("GET", "/back-orders", "sales-orders:read", None),
    ("GET", "/reservations", "sales-orders:read", None),
    ("GET", "/reports/stale-stock", "stock:read", None),
    ("GET", "/reports/expiring-batches", "stock:read", None),
]
WITH_KEY = [
    operation
    for operation in OPERATIONS
    if any(key in operation[1] for key in ("KH99999", "GY99999", "BOM99999", "NO-1", "NO99", "-209901-"))
]
# What the kernel serves in every room alike; tests/kernel has it.
SHARED = {"oauth", ".well-known", "events", "webhooks", "imports", "exports"}


def test_the_table_has_every_operation_of_the_room(scm: Api) -> None:
    served = sorted(
        (operation.method, operation.path.count("/"), operation.path.split("/")[1], operation.scopes)
        for operation in scm.runtime.contract.operations.values()
        if operation.path.split("/")[1] not in SHARED
    )
    assert served == sorted(
        (method, path.count("/"), path.split("/")[1], (scope,)) for method, path, scope, _ in OPERATIONS
    )


def test_a_token_of_another_scope_is_refused(scm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, scope, body in OPERATIONS:
        stranger = scm.with_scopes(*(name for name in scm.runtime.contract.scopes if name != scope))
        answer = stranger.request(method, path, json=body)
        assert refusal(answer, 403, "insufficient_scope") == []
        assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]
        assert scm.with_scopes(scope).request(method, path, json=body).status_code not in (401, 403)


def test_without_a_token_nothing_is_answered(scm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, _, body in OPERATIONS:
        assert refusal(scm.http.request(method, path, json=body), 401, "token-missing") == []


def test_keys_that_lead_nowhere(scm: Api, refusal: Callable[..., list[str]]) -> None:
    assert len(WITH_KEY) >= 27
    for method, path, _, body in WITH_KEY:
        answer = scm.request(method, path, json=body)
        assert refusal(answer, 404, "not-found") == []
        assert path.split("/")[2] in answer.json()["detail"]


def test_keys_that_cannot_be(scm: Api, refusal: Callable[..., list[str]]) -> None:
    for path, pointer in [
        ("/partners/BJ-IT-001", "/partner_code"),
        ("/products/a%20b", "/product_code"),
        ("/warehouses/ck", "/warehouse_code"),
        ("/stock-movements/1", "/movement_no"),
        ("/sales-orders/ORD-202611-00001", "/sales_order_no"),
        ("/deliveries/XSDD-202611-00001", "/delivery_no"),
    ]:
        answer = scm.get(path)
        assert refusal(answer, 400, "validation-failed") == [pointer]
        assert answer.json()["errors"][0]["in"] == "path"


def test_bodies_of_another_kind(scm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, _, body in OPERATIONS:
        if body is not None:
            answer = scm.request(method, path, content=b"short_name=x", headers={"Content-Type": "text/plain"})
            assert refusal(answer, 415, "unsupported-media-type") == []
            big = scm.request(method, path, content=b" " * 1_048_577, headers={"Content-Type": "application/json"})
            assert refusal(big, 413, "body-too-large") == []
