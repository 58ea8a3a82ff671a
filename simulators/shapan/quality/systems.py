"""Records of running systems (运行中的系统), over HTTP as any client has them: each list as an export of the system, all of one moment.

Only master data: what the systems take as documents they have checked themselves, and show as values rather than as somebody typed them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from shapan.kernel.auth import Client
from shapan.kernel.trust import trusted
from shapan.quality.consistency import Record
from shapan.quality.errors import QualityError
from shapan.quality.standard import Kind

_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 600

Row = dict[str, Any]


def _crm_customer(row: Row) -> Iterator[Row]:
    if row["state"] != "merged":
        address = row["address"] or {}
        yield {**row, **address, "credit_code": row["unifiedSocialCreditCode"], "payment_terms": row["paymentTerms"]}


def _crm_contact(row: Row) -> Iterator[Row]:
    if row["state"] != "left":
        yield {**row, "customer_id": row["customerId"]}


def _crm_product(row: Row) -> Iterator[Row]:
    yield {
        **row,
        "sales_unit": row["unit"],
        "list_price": f"{row['listPrice']:.2f}",
        "tax_rate_bp": round(row["taxRate"] * 10_000),
    }


def _scm_product(row: Row) -> Iterator[Row]:
    yield {**row, "tax_rate_bp": round(float(row["tax_rate"]) * 10_000)}


def _scm_units(row: Row) -> Iterator[Row]:
    for unit in row["units"]:
        yield {"product_code": row["product_code"], **unit}


def _same(row: Row) -> Iterator[Row]:
    yield row


_LISTS: Mapping[str, tuple[str, Callable[[Row], Iterator[Row]]]] = {
    "crm/customers": ("customers", _crm_customer),
    "crm/contacts": ("contacts", _crm_contact),
    "crm/products": ("products", _crm_product),
    "scm/partners": ("partners", _same),
    "scm/suppliers": ("suppliers", _same),
    "scm/products": ("products", _scm_product),
    "scm/product_units": ("products", _scm_units),
    "finance/customers": ("customers", _same),
    "finance/suppliers": ("suppliers", _same),
    "finance/inventory_items": ("inventory-items", _same),
}
"""By kind: the resource that is exported, and how its rows become records of the standard."""


class SystemRecords:
    """The master data of CRM, SCM and finance at these base URLs, read with the scopes `exports:write`, `exports:read` and those of the lists.

    Customers that were merged into another and contacts that have left are no records. What was read is kept until the end.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        client: Client,
        name: str,
        transports: Mapping[str, httpx.BaseTransport] | None = None,
    ) -> None:
        self._urls = urls
        self._client = client
        self._name = name
        self._transports = transports or {}
        self._read: dict[tuple[str, str], list[Row]] = {}
        self._sessions: dict[str, httpx.Client] = {}

    def describe(self) -> dict[str, str]:
        """Which sandbox."""
        return {"kind": "systems", "name": self._name}

    def kinds(self) -> list[str]:
        """The kinds of master data that the systems serve."""
        return list(_LISTS)

    def rows(self, kind: Kind) -> Iterator[Record]:
        """The records of a list. QualityError when its system does not give it."""
        resource, shaped = _LISTS[kind.name]
        system = kind.name.partition("/")[0]
        if (system, resource) not in self._read:
            self._read[system, resource] = self._export(system, resource)
        for row in self._read[system, resource]:
            for record in shaped(row):
                yield {column: _text(record[column]) for column in kind.needed}

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            session.close()

    def _export(self, system: str, resource: str) -> list[Row]:
        try:
            session = self._session(system)
            job = _json(session.post("/exports", json={"resource": resource, "format": "ndjson"}))
            pause, waited = threading.Event(), 0.0
            while job["state"] in ("queued", "running") and waited < _PATIENCE_SECONDS:
                pause.wait(_PAUSE_SECONDS)
                waited += _PAUSE_SECONDS
                job = _json(session.get(f"/exports/{job['id']}"))
            if job["state"] != "done":
                raise ValueError(f"the export of {resource} is {job['state']}")
            return [json.loads(line) for line in _good(session.get(job["content"])).text.split("\n") if line]
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            what = error if isinstance(error, ValueError) else type(error).__name__
            raise QualityError(
                f"{system} does not give its {resource} ({what}). Check that it runs and that the client may read and export them.",
                f"{system} 未能提供 {resource}（{what}）。请确认系统正在运行，且客户端有读取和导出权限。",
            ) from error

    def _session(self, system: str) -> httpx.Client:
        if system not in self._sessions:
            session = httpx.Client(
                base_url=self._urls[system],
                trust_env=False,
                timeout=60,
                transport=self._transports.get(system),
                verify=trusted(),
            )
            self._sessions[system] = session
            form = {
                "grant_type": "client_credentials",
                "client_id": self._client.client_id,
                "client_secret": self._client.secret,
            }
            session.headers["Authorization"] = (
                f"Bearer {_json(session.post('/oauth/token', data=form))['access_token']}"
            )
        return self._sessions[system]


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise ValueError(f"HTTP {answer.status_code} {_reason(answer)}".strip())
    return answer


def _reason(answer: httpx.Response) -> str:
    """The sentence of a problem, or of what the token endpoint refuses with."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("detail") or body.get("error_description") or "") if isinstance(body, dict) else ""


def _json(answer: httpx.Response) -> Any:
    return _good(answer).json()


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)
