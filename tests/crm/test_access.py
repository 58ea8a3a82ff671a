"""What every operation of the CRM refuses alike: no token, a token of another scope, ids that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process

ID = "00000000-0000-4000-8000-000000000000"
BALANCE = {"openAmount": 1, "overdueAmount": 0, "asOf": "2026-01-05T10:00:00+08:00"}
LINE = {"productCode": "NO-1", "quantity": 1}
PRODUCT = {"code": "NO-2", "name": "电缆", "spec": "3×25", "unit": "箱", "listPrice": 1, "taxRate": 0.13}
PRICE = {"productCode": "NO-1", "price": 1}
DEAL = {"name": "一期", "amount": 1, "expectedCloseDate": "2026-12-31"}

# (method, path, scope, body)
OPERATIONS: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("GET", "/customers", "customers:read", None),
    ("POST", "/customers", "customers:write", {"name": "示例有限公司", "region": "BJ", "industry": "IT"}),
    ("GET", f"/customers/{ID}", "customers:read", None),
    ("PATCH", f"/customers/{ID}", "customers:write", {"phone": None}),
    ("PUT", f"/customers/{ID}/balance", "balances:write", BALANCE),
    ("GET", f"/customers/{ID}/contacts", "contacts:read", None),
    ("POST", f"/customers/{ID}/contacts", "contacts:write", {"name": "王小明"}),
    ("GET", f"/contacts/{ID}", "contacts:read", None),
    ("PATCH", f"/contacts/{ID}", "contacts:write", {"phone": None}),
    ("GET", "/products", "products:read", None),
    ("GET", "/products/NO-1", "products:read", None),
    ("GET", "/orders", "orders:read", None),
    ("POST", "/orders", "orders:write", {"customerId": ID, "lines": [LINE]}),
    ("GET", f"/orders/{ID}", "orders:read", None),
    ("PATCH", f"/orders/{ID}", "orders:write", {"note": None}),
    ("POST", f"/orders/{ID}/submit", "orders:write", None),
    ("POST", f"/orders/{ID}/cancel", "orders:write", {"reason": "测试"}),
    ("POST", f"/orders/{ID}/close", "orders:write", {"reason": "测试"}),
    ("GET", f"/customers/{ID}/credit", "customers:read", None),
    ("GET", "/approval-policy", "policies:read", None),
    ("PUT", "/approval-policy", "policies:write", {"steps": []}),
    ("POST", f"/orders/{ID}/approve", "orders:approve", {"role": "salesManager", "approver": "李建国"}),
    ("POST", f"/orders/{ID}/reject", "orders:approve", {"role": "salesManager", "approver": "李建国", "comment": "否"}),
    ("POST", f"/orders/{ID}/change", "orders:write", {"reason": "测试", "note": None}),
    ("GET", f"/orders/{ID}/revisions", "orders:read", None),
    ("GET", "/returns", "returns:read", None),
    (
        "POST",
        "/returns",
        "returns:write",
        {"orderId": ID, "reason": "测试", "lines": [{"lineNumber": 1, "quantity": 1}]},
    ),
    ("GET", f"/returns/{ID}", "returns:read", None),
    ("POST", f"/returns/{ID}/approve", "returns:approve", {"approver": "李建国"}),
    ("POST", f"/returns/{ID}/reject", "returns:approve", {"approver": "李建国", "comment": "否"}),
    ("POST", f"/returns/{ID}/receive", "returns:write", {}),
    ("POST", f"/returns/{ID}/credit", "returns:write", {}),
    ("GET", "/stores", "stores:read", None),
    ("POST", "/stores", "stores:write", {"code": "MD009", "name": "示范路店"}),
    ("GET", "/stores/NO-1", "stores:read", None),
    ("PATCH", "/stores/NO-1", "stores:write", {"phone": None}),
    ("GET", "/members", "members:read", None),
    ("POST", "/members", "members:write", {"phone": "13800009999", "name": "陈晓红"}),
    ("GET", f"/members/{ID}", "members:read", None),
    ("PATCH", f"/members/{ID}", "members:write", {"name": "陈晓红"}),
    ("GET", "/store-sales", "store-sales:read", None),
    ("POST", "/store-sales", "store-sales:write", {"storeCode": "NO-1", "payments": [], "lines": [LINE]}),
    ("GET", f"/store-sales/{ID}", "store-sales:read", None),
    ("POST", f"/store-sales/{ID}/void", "store-sales:write", {"reason": "测试"}),
    (
        "POST",
        f"/store-sales/{ID}/return",
        "store-sales:write",
        {"reason": "测试", "lines": [{"lineNumber": 1, "quantity": 1}], "refunds": []},
    ),
    ("GET", "/kpis?from=2026-01-01&to=2026-01-31", "kpis:read", None),
    ("GET", "/monthly-summaries?month=2026-01", "kpis:read", None),
    ("POST", f"/customers/{ID}/merge", "customers:write", {"into": ID}),
    ("GET", f"/customers/{ID}/history", "customers:read", None),
    ("POST", "/products", "products:write", PRODUCT),
    ("PATCH", "/products/NO-1", "products:write", {"name": "电缆"}),
    ("GET", "/price-lists", "price-lists:read", None),
    ("POST", "/price-lists", "price-lists:write", {"name": "价目表", "validFrom": "2026-01-01", "items": [PRICE]}),
    ("GET", f"/price-lists/{ID}", "price-lists:read", None),
    ("PATCH", f"/price-lists/{ID}", "price-lists:write", {"note": None}),
    ("GET", "/leads", "leads:read", None),
    ("POST", "/leads", "leads:write", {"companyName": "示例有限公司", "contactName": "王小明"}),
    ("GET", f"/leads/{ID}", "leads:read", None),
    ("PATCH", f"/leads/{ID}", "leads:write", {"note": None}),
    ("POST", f"/leads/{ID}/qualify", "leads:write", None),
    ("POST", f"/leads/{ID}/convert", "leads:write", {"opportunity": DEAL}),
    ("POST", f"/leads/{ID}/lose", "leads:write", {"reason": "测试"}),
    ("GET", "/opportunities", "opportunities:read", None),
    ("POST", "/opportunities", "opportunities:write", {"customerId": ID, **DEAL}),
    ("GET", f"/opportunities/{ID}", "opportunities:read", None),
    ("PATCH", f"/opportunities/{ID}", "opportunities:write", {"note": None}),
    ("POST", f"/opportunities/{ID}/stage", "opportunities:write", {"stage": "won"}),
    ("GET", "/quotations", "quotations:read", None),
    ("POST", "/quotations", "quotations:write", {"customerId": ID, "validUntil": "2026-12-31", "lines": [LINE]}),
    ("GET", f"/quotations/{ID}", "quotations:read", None),
    ("PATCH", f"/quotations/{ID}", "quotations:write", {"note": None}),
    ("POST", f"/quotations/{ID}/send", "quotations:write", None),
    ("POST", f"/quotations/{ID}/accept", "quotations:write", None),
    ("POST", f"/quotations/{ID}/reject", "quotations:write", {"reason": "测试"}),
    ("GET", "/activities", "activities:read", None),
    ("POST", "/activities", "activities:write", {"customerId": ID, "kind": "call", "subject": "测试"}),
    ("GET", f"/activities/{ID}", "activities:read", None),
    ("PATCH", f"/activities/{ID}", "activities:write", {"detail": None}),
]
WITH_ID = [operation for operation in OPERATIONS if ID in operation[1] or "NO-1" in operation[1]]
IDS = {
    "customerId",
    "contactId",
    "orderId",
    "productCode",
    "priceListId",
    "leadId",
    "opportunityId",
    "quotationId",
    "activityId",
    "returnId",
    "storeCode",
    "memberId",
    "storeSaleId",
}
# What every system has, of the kernel: tested there.
KERNEL = {"events", "webhooks", "imports", "exports"}
WITH_BODY = [operation for operation in OPERATIONS if operation[3] is not None]
IF_MATCH = {"If-Match": "*"}
JSON = {**IF_MATCH, "Content-Type": "application/json"}


def test_the_table_has_every_operation_of_the_room(crm: Api) -> None:
    served = {
        (operation.method, operation.path.count("/"), operation.scopes)
        for operation in crm.runtime.contract.operations.values()
        if operation.access == "oauth" and operation.path.split("/")[1] not in KERNEL
    }
    assert {(method, path.count("/"), (scope,)) for method, path, scope, _ in OPERATIONS} == served


def test_a_token_of_another_scope_is_refused(crm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, scope, body in OPERATIONS:
        stranger = crm.with_scopes(*(name for name in crm.runtime.contract.scopes if name != scope))
        answer = stranger.request(method, path, json=body, headers=IF_MATCH)
        assert sorted(refusal(answer, 403, "insufficient_scope")) == []
        assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]
        allowed = crm.with_scopes(scope).request(method, path, json=body, headers=IF_MATCH)
        assert allowed.status_code not in (401, 403)


def test_no_token_is_refused(crm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, _, body in OPERATIONS:
        answer = crm.http.request(method, path, json=body, headers=IF_MATCH)
        assert sorted(refusal(answer, 401, "token-missing")) == []
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_unknown_id_is_not_found(crm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, _, body in WITH_ID:
        answer = crm.request(method, path, json=body, headers={**IF_MATCH, "Accept-Language": "zh"})
        assert sorted(refusal(answer, 404, "not-found")) == []
        assert answer.json()["detail"].startswith("本工作区没有")


def test_a_malformed_id_is_named(crm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, _, body in WITH_ID:
        wrong = path.replace(ID, "BJ-IT-001").replace("NO-1", "no_1")
        answer = crm.request(method, wrong, json=body, headers=IF_MATCH)
        (pointer,) = set(refusal(answer, 400, "validation-failed"))
        assert pointer.removeprefix("/") in IDS


def test_bodies_are_json(crm: Api, refusal: Callable[..., list[str]]) -> None:
    for method, path, _, _ in WITH_BODY:
        text = crm.request(method, path, content=b"x=1", headers={**IF_MATCH, "Content-Type": "text/plain"})
        assert sorted(refusal(text, 415, "unsupported-media-type")) == []
        half = crm.request(method, path, content=b"{", headers=JSON)
        assert sorted(refusal(half, 400, "malformed-body")) == [""]
        array = crm.request(method, path, content=b"[]", headers=JSON)
        assert sorted(refusal(array, 400, "validation-failed")) == [""]
        large = crm.request(method, path, content=b" " * (1024 * 1024 + 1), headers=JSON)
        assert sorted(refusal(large, 413, "body-too-large")) == []


def test_the_desk_opens_with_a_seeded_world(desk: Desk) -> None:
    assert len(desk.customers) >= 12
    assert len(desk.products) >= 12
