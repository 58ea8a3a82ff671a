"""Short ways through the life of sales documents, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.finance.conftest import Office

WHY = {"reason": "客户要求"}


def act(office: Office, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """An action that is taken; what a GET of its document shows then."""
    answer = office.api.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert office.api.get("/" + "/".join(path.split("/")[1:3])).json() == answer.json()
    return dict(answer.json())


def entries(office: Office, voucher_id: int) -> list[tuple[str, str, str]]:
    """(account, debit, credit) of a voucher; each line on 1122 and 2204 names the office's customer."""
    voucher = office.api.get(f"/vouchers/{voucher_id}").json()
    for line in voucher["lines"]:
        if line["account_code"] in ("1122", "2203", "2204"):
            assert line["customer_id"] == office.customer_id
    return [(line["account_code"], line["debit"], line["credit"]) for line in voucher["lines"]]


def settle(office: Office, receipt: dict[str, Any], item: dict[str, Any], amount: str, **members: Any) -> Any:
    body = {"receipt_id": receipt["id"], "allocations": [{"receivable_id": item["id"], "amount": amount}], **members}
    return office.api.post("/settlements", json=body)


def latest(office: Office, number: int = 1) -> list[tuple[str, str, Any]]:
    """(type, subject, data) of the last events."""
    return [(event["type"], event["subject"], event["data"]) for event in office.events()[-number:]]


def pending(office: Office, **members: Any) -> dict[str, Any]:
    item = office.api.get("/inventory-items").json()["items"][0]
    costs = [{"product_code": item["code"], "amount": "624.00", "quantity": "60"}]
    return office.receivable(recognition="on_acceptance", cost_lines=costs, **members)
