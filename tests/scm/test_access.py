"""What every operation of the SCM refuses alike: no token, a token of another scope, keys that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Api

ORDER, DELIVERY, MOVEMENT = "XSDD-209901-00001", "XSCK-209901-00001", "KCLS-209901-00001"
MOVE = {"kind": "other_receipt", "warehouse_code": "NO99", "product_code": "NO-1", "quantity": "1"}
LINE = {"product_code": "NO-1", "quantity": "1", "unit_price": "1", "tax_rate": "0.13"}

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
    ("GET", "/deliveries", "deliveries:read", None),
    ("POST", "/deliveries", "deliveries:write", {"sales_order_no": ORDER}),
    ("GET", f"/deliveries/{DELIVERY}", "deliveries:read", None),
    ("POST", f"/deliveries/{DELIVERY}/ship", "deliveries:write", {}),
    ("POST", f"/deliveries/{DELIVERY}/cancel", "deliveries:write", None),
]
WITH_KEY = [
    operation for operation in OPERATIONS if any(key in operation[1] for key in ("KH99999", "NO-1", "NO99", "-209901-"))
]
ROOM = ("partners", "products", "warehouses", "stock", "stock-movements", "sales-orders", "deliveries")


def test_the_table_has_every_operation_of_the_room(scm: Api) -> None:
    served = sorted(
        (operation.method, operation.path.count("/"), operation.path.split("/")[1], operation.scopes)
        for operation in scm.runtime.contract.operations.values()
        if operation.path.split("/")[1] in ROOM
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
    assert len(WITH_KEY) == 11
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
