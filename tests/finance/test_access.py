"""What every operation of finance refuses alike: no token, a token of another scope, ids that lead nowhere, bodies that are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from shapan.kernel.bundle import resolve

if TYPE_CHECKING:
    from tests.conftest import Api

ID = "999999"
SOURCE = {"system": "scm", "document": "XSCK-202611-00001"}
LINE = {"description": "电缆", "net_amount": "1.00", "tax_rate": "0.13", "tax_amount": "0.13"}
DAY = "2020-01-01"

# (method, path, scope, body)
OPERATIONS: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("GET", "/accounts", "accounts:read", None),
    ("GET", "/accounts/1999", "accounts:read", None),
    ("GET", "/customers", "customers:read", None),
    ("POST", "/customers", "customers:write", {"short_name": "华信科技（北京）"}),
    ("GET", f"/customers/{ID}", "customers:read", None),
    ("GET", f"/customers/{ID}/balance", "customers:read", None),
    ("GET", "/receivables", "receivables:read", None),
    (
        "POST",
        "/receivables",
        "receivables:write",
        {"customer_id": 1, "business_date": DAY, "source_reference": SOURCE, "lines": [LINE]},
    ),
    ("GET", f"/receivables/{ID}", "receivables:read", None),
    ("GET", "/receipts", "receipts:read", None),
    ("POST", "/receipts", "receipts:write", {"customer_id": 1, "business_date": DAY, "amount": "1.00"}),
    ("GET", f"/receipts/{ID}", "receipts:read", None),
    ("GET", "/settlements", "settlements:read", None),
    (
        "POST",
        "/settlements",
        "settlements:write",
        {"receipt_id": 1, "allocations": [{"receivable_id": 1, "amount": "1.00"}]},
    ),
    ("GET", f"/settlements/{ID}", "settlements:read", None),
    ("GET", "/vouchers", "vouchers:read", None),
    (
        "POST",
        "/vouchers",
        "vouchers:write",
        {"date": DAY, "lines": [{"summary": "甲", "account_code": "6601"}, {"summary": "乙", "account_code": "6602"}]},
    ),
    ("GET", f"/vouchers/{ID}", "vouchers:read", None),
    ("GET", "/trial-balance", "ledger:read", None),
    ("GET", "/periods", "ledger:read", None),
    ("GET", "/periods/2000-01", "ledger:read", None),
]
WITH_ID = [o for o in OPERATIONS if o[0] == "GET" and o[1].endswith((ID, "1999", "2000-01"))]
WITH_BODY = [o for o in OPERATIONS if o[3] is not None]


def ids(operations: list[tuple[str, str, str, dict[str, Any] | None]]) -> list[str]:
    return [f"{method} {path.replace(ID, 'id')}" for method, path, _, _ in operations]


# Values of path parameters that lead nowhere, by the last word of their name; any other is a whole number.
NOWHERE = {"period": "2000-01", "code": "NO-SUCH-1", "kind": "no_such_kind", "step": "no_such_step"}

# Query parameters that an operation cannot do without.
NEEDED = {"from": "2026-01-01", "to": "2026-01-01", "account_code": "1122", "dimension": "customer"}


def everything(api: Api) -> Iterator[tuple[str, str, str, dict[str, Any] | None]]:
    """(method, path that leads nowhere, scope, body of the contract's example) of every operation of the room."""
    kernel = {"oauth", ".well-known", "events", "webhooks", "_shapan", "imports", "exports"}
    document = api.runtime.contract.document
    for operation in api.runtime.contract.operations.values():
        if operation.path.split("/")[1] in kernel:
            continue
        raw = document["paths"][operation.path][operation.method.lower()]
        body = None
        if "requestBody" in raw:
            schema = raw["requestBody"]["content"]["application/json"]["schema"]
            body = resolve(document, schema["$ref"][1:])["examples"][0]
        path = re.sub(
            r"\{(\w+)\}",
            lambda found: "1999" if found[1] == "account_code" else NOWHERE.get(found[1].split("_")[-1], ID),
            operation.path,
        )
        needed = [p.name for p in operation.parameters if p.location == "query" and p.required]
        query = "&".join(f"{name}={NEEDED[name]}" for name in needed)
        [scope] = operation.scopes
        yield operation.method, f"{path}?{query}" if query else path, scope, body


@pytest.mark.in_process
def test_every_operation_needs_its_scope_and_a_body_of_the_contract(
    finance: Api, refusal: Callable[..., list[str]]
) -> None:
    operations = list(everything(finance))
    assert {(method, scope) for method, _, scope, _ in OPERATIONS} <= {
        (method, scope) for method, _, scope, _ in operations
    }
    without: dict[str, Api] = {}
    for method, path, scope, body in operations:
        assert refusal(finance.http.request(method, path, json=body), 401, "token-missing") == []
        if scope not in without:
            without[scope] = finance.with_scopes(*(name for name in finance.runtime.contract.scopes if name != scope))
        stranger = without[scope].request(method, path, json=body)
        assert refusal(stranger, 403, "insufficient_scope") == []
        assert f'scope="{scope}"' in stranger.headers["WWW-Authenticate"]
        if body is not None:
            text = finance.request(method, path, content=b"x=1", headers={"Content-Type": "text/plain"})
            assert refusal(text, 415, "unsupported-media-type") == []
            (pointer,) = refusal(
                finance.request(method, path, json={**body, "colour": "red"}), 400, "validation-failed"
            )
            assert pointer in ("", "/colour")
    assert len(operations) > 100


@pytest.mark.in_process
def test_every_path_that_leads_nowhere_is_not_found(finance: Api, refusal: Callable[..., list[str]]) -> None:
    nowhere = [
        each for each in everything(finance) if re.search(rf"/({ID}|1999|{'|'.join(NOWHERE.values())})\b", each[1])
    ]
    for method, path, scope, body in nowhere:
        allowed = finance.with_scopes(scope).request(method, path, json=body, headers={"Accept-Language": "zh"})
        # A period that the books do not have is a locked one where something would be posted in it.
        if "/2000-01" in path and method == "POST":
            assert allowed.status_code in (404, 409, 422, 423), (method, path, allowed.text)
            continue
        assert refusal(allowed, 404, "not-found") == [], (method, path)
        assert allowed.json()["detail"].startswith("本工作区没有")
    assert len(nowhere) > 40


@pytest.mark.parametrize(("method", "path", "scope", "body"), OPERATIONS, ids=ids(OPERATIONS))
def test_a_token_with_the_scope_is_needed(
    finance: Api, refusal: Callable[..., list[str]], method: str, path: str, scope: str, body: Any
) -> None:
    assert sorted(refusal(finance.http.request(method, path, json=body), 401, "token-missing")) == []
    others = [name for name in finance.runtime.contract.scopes if name != scope]
    stranger = finance.with_scopes(*others).request(method, path, json=body)
    assert sorted(refusal(stranger, 403, "insufficient_scope")) == []
    assert f'scope="{scope}"' in stranger.headers["WWW-Authenticate"]
    allowed = finance.with_scopes(scope).request(method, path, json=body)
    assert allowed.status_code in (200, 201, 404, 422)


@pytest.mark.parametrize(("method", "path", "scope", "body"), WITH_ID, ids=ids(WITH_ID))
def test_ids_that_lead_nowhere_are_told_from_ids_that_are_none(
    finance: Api, refusal: Callable[..., list[str]], method: str, path: str, scope: str, body: Any
) -> None:
    unknown = finance.get(path, headers={"Accept-Language": "zh"})
    assert sorted(refusal(unknown, 404, "not-found")) == []
    assert unknown.json()["detail"].startswith("本工作区没有")
    malformed = finance.get(path.replace(ID, "0").replace("1999", "99x").replace("2000-01", "2000-13"))
    (pointer,) = set(refusal(malformed, 400, "validation-failed"))
    assert pointer.startswith(("/account_code", "/customer_id", "/period", "/rec", "/settlement_id", "/voucher_id"))


@pytest.mark.parametrize(("method", "path", "scope", "body"), WITH_BODY, ids=ids(WITH_BODY))
def test_bodies_are_the_json_of_the_contract(
    finance: Api, refusal: Callable[..., list[str]], method: str, path: str, scope: str, body: dict[str, Any]
) -> None:
    text = finance.post(path, content=b"x=1", headers={"Content-Type": "text/plain"})
    assert sorted(refusal(text, 415, "unsupported-media-type")) == []
    json = {"Content-Type": "application/json"}
    assert sorted(refusal(finance.post(path, content=b"{", headers=json), 400, "malformed-body")) == [""]
    assert sorted(refusal(finance.post(path, content=b"[]", headers=json), 400, "validation-failed")) == [""]
    large = finance.post(path, content=b" " * (1024 * 1024 + 1), headers=json)
    assert sorted(refusal(large, 413, "body-too-large")) == []
    unknown_member = finance.post(path, json={**body, "colour": "red"})
    (pointer,) = refusal(unknown_member, 400, "validation-failed")
    assert pointer in ("", "/colour")


@pytest.mark.parametrize(
    "path", ["/accounts", "/customers", "/receivables", "/receipts", "/settlements", "/vouchers", "/periods"]
)
def test_bad_query_parameters_are_all_named(finance: Api, refusal: Callable[..., list[str]], path: str) -> None:
    answer = finance.get(path, params={"changed_since": "-1", "limit": "501", "colour": "red"})
    assert sorted(refusal(answer, 400, "validation-failed")) == ["/changed_since", "/colour", "/limit"]
