"""What every operation of the CRM refuses alike: no token, a token of another scope, ids that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

ID = "00000000-0000-4000-8000-000000000000"
BALANCE = {"openAmount": 1, "overdueAmount": 0, "asOf": "2026-01-05T10:00:00+08:00"}
LINE = {"productCode": "NO-1", "quantity": 1}

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
]
WITH_ID = [operation for operation in OPERATIONS if ID in operation[1] or "NO-1" in operation[1]]
WITH_BODY = [operation for operation in OPERATIONS if operation[3] is not None]
IF_MATCH = {"If-Match": "*"}
JSON = {**IF_MATCH, "Content-Type": "application/json"}


def test_the_table_has_every_operation_of_the_room(crm: Api) -> None:
    served = {
        (operation.method, operation.path.count("/"), operation.scopes)
        for operation in crm.runtime.contract.operations.values()
        if operation.path.split("/")[1] in ("customers", "contacts", "products", "orders")
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
        assert pointer in ("/customerId", "/contactId", "/orderId", "/productCode")


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
