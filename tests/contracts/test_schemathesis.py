"""Schemathesis against every contract, in process, each answer checked against its contract by the kernel (strict) and by Schemathesis.

One test per operation (the examples of the contract, its boundary values, random data that fit it and that break it), on a fresh
tiny world with a few documents in it, and one test per system that follows the hand-written links of its contract from operation to
operation. All of it is deterministic. Keys that exist are mixed into the data, and a test fails when none of its requests was
answered as wished: a run in which everything ends with 404 proves nothing.

A thorough run, with 200 examples an operation and as many chains (minutes instead of seconds):

    SHAPAN_EXAMPLES=200 pytest tests/contracts/test_schemathesis.py
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import positive_data_acceptance

from shapan.control import SystemsClient
from shapan.kernel.auth import Client
from shapan.kernel.clock import SimulatedClock
from shapan.kernel.contract import load_contract
from shapan.kernel.flask_app import create_app
from shapan.kernel.resources import data_folder
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System
from shapan.world import WorldSpec, build_world

EXAMPLES = int(os.environ.get("SHAPAN_EXAMPLES", "15"))
SEED = 20260101
NOW = "2026-01-15T10:00:00+08:00"
CLIENT = Client("schemathesis", "schemathesis-secret")
# The system is made anew for each test function, not for each example: that is meant.
PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))
SIMULATORS = ("crm", "scm", "finance")
# Which system is served for a contract; the operator interface is the same in all of them.
SYSTEMS = {"crm": "crm", "scm": "scm", "finance": "finance", "operator": "crm", "control": "control"}

WORLD = build_world(WorldSpec("trading", "tiny", 42, date(2026, 1, 1)))
CUSTOMERS = [c.id for c in WORLD.crm.customers][:2]
SOLD = [p.code for p in WORLD.crm.products][:2]
PARTNERS = [p.code for p in WORLD.scm.partners][:2]
STOCKED = [p.code for p in WORLD.scm.products][:2]
ORDERS = [f"XSDD-202601-0000{n}" for n in (1, 2, 3, 4)]
WAREHOUSES = [code for code, *_ in WORLD.scm.warehouses]
DEBTORS = sorted({row.customer_id for row in WORLD.finance.opening_receivables})[:2]
# Stand-ins for keys that are drawn at random when the document is made; `Server.check` puts the real one in.
DRAFTS = [f"10000000-0000-4000-8000-00000000000{n}" for n in (1, 2)]
CONFIRMED, CONTACT, WEBHOOK, EVENT = (f"10000000-0000-4000-8000-00000000000{n}" for n in (3, 4, 5, 6))


def _each(values: list[Any], *places: str) -> dict[str, list[Any]]:
    """The same values for several parameters and members."""
    return dict.fromkeys(places, values)


# Keys that exist, by contract and by the parameter or member that takes them.
KEYS: dict[str, dict[str, list[Any]]] = {
    "crm": {
        **_each(CUSTOMERS, "path.customerId", "query.customerId", "body.customerId"),
        **_each(SOLD, "path.productCode", "body.lines[*].productCode"),
        "path.orderId": [*DRAFTS, CONFIRMED],
        "path.contactId": [CONTACT],
        "path.webhook_id": [WEBHOOK],
        "header.If-Match": ['"1"', '"2"'],
    },
    "scm": {
        **_each(PARTNERS, "path.partner_code", "query.partner_code", "body.partner_code"),
        **_each(STOCKED, "path.product_code", "query.product_code", "body.product_code", "body.lines[*].product_code"),
        **_each(WAREHOUSES, "path.warehouse_code", "query.warehouse_code", "body.warehouse_code"),
        **_each(ORDERS, "path.sales_order_no", "query.sales_order_no", "body.sales_order_no"),
        "path.delivery_no": ["XSCK-202601-00001", "XSCK-202601-00002"],
        "path.movement_no": ["KCLS-202601-00001"],
        "path.webhook_id": [WEBHOOK],
    },
    "finance": {
        **_each(DEBTORS, "path.customer_id", "query.customer_id", "body.customer_id"),
        **_each([1, 2], "path.receivable_id", "body.allocations[*].receivable_id"),
        **_each([1, 2], "path.receipt_id", "query.receipt_id", "body.receipt_id"),
        **_each([NOW[:7]], "path.period", "query.period"),
        **_each([NOW[:10]], "body.date", "body.business_date"),
        "body.allocations[*].amount": ["0.01", "1.00"],
        "body.lines[*].net_amount": ["100.00"],
        "body.lines[*].tax_rate": ["0.13"],
        "body.lines[*].tax_amount": ["13.00"],
        "body.lines[*].debit": ["5.00"],
        "body.lines[*].credit": ["5.00"],
        "path.settlement_id": [1],
        "path.voucher_id": [1],
        "path.account_code": ["1122", "6001"],
        "body.lines[*].account_code": ["6001", "6602", "100201"],
        "path.webhook_id": [WEBHOOK],
    },
    "operator": {"path.workspace_name": ["other", "third"], "path.event_id": [EVENT]},
    "control": _each(["ORD-202601-00001"], "path.document_number", "query.order"),
}


def _config(name: str) -> SchemathesisConfig:
    keys = KEYS[name]
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "dictionaries": {key: {"values": values} for key, values in keys.items()},
            "parameters": {key: {"dictionary": key, "probability": 0.85} for key in keys},
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
            "checks": {
                # A request that fits the schema may be refused by a business rule, but never with 400.
                "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412", "422", "423"]},
                "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "405", "415", "428"]},
                # 428 is the answer to a missing If-Match (RFC 6585).
                "missing_required_header": {"expected-statuses": ["400", "428"]},
                "ignored_auth": {"enabled": name in SIMULATORS},
            },
            "operations": [
                # Whether a client's credentials are right no schema can say.
                {"include-operation-id": "issueToken", "checks": {"positive_data_acceptance": {"enabled": False}}},
                # What seldom fits by chance: members that the order's state allows, debit that equals credit.
                {
                    "include-operation-id": ["updateOrder", "createVoucher"],
                    "generation": {"max-examples": 5 * EXAMPLES},
                },
            ],
            # Inferred links join look-alike resources and find little; the contracts have their own.
            "phases": {"stateful": {"inference": {"algorithms": []}}},
        }
    )


class Served:
    """A WSGI app that hands on to the app of the test that runs. Schemathesis wants one before the fixtures run."""

    app: Flask | None = None
    token = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert self.app is not None
        return self.app(environ, start_response)


@dataclass(frozen=True)
class Subject:
    """A contract under test: its Schemathesis schema and the app behind it."""

    schema: Any
    served: Served

    def headers(self) -> dict[str, str]:
        """What authorizes every request: a token of all scopes."""
        return {"Authorization": f"Bearer {self.served.token}"}


def _subject(name: str) -> Subject:
    document = json.loads(load_contract(data_folder("contracts") / f"{name}.yaml").text())
    schema = schemathesis.openapi.from_dict(document, config=_config(name))
    served = schema.app = Served()
    return Subject(schema, served)


SUBJECTS = {name: _subject(name) for name in KEYS}


class Desk:
    """The documents that a test begins with, made over HTTP, and the real keys of the stand-ins."""

    def __init__(self, app: Flask, token: str) -> None:
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"}
        self.real: dict[str, str] = {}

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """POST that must succeed."""
        answer = self._client.post(path, json=body or None, headers=self._headers)
        assert answer.status_code in (200, 201), answer.text
        assert isinstance(answer.json, dict)
        return answer.json

    def webhook(self) -> None:
        secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        self.real[WEBHOOK] = self.post("/webhooks", url="http://127.0.0.1:9/hook", secret=secret)["id"]

    def crm(self) -> None:
        self.webhook()
        lines = [{"productCode": code, "quantity": 2} for code in SOLD]
        for stand_in, submit in ((CONFIRMED, True), (DRAFTS[0], False), (DRAFTS[1], False)):
            self.real[stand_in] = self.post("/orders", customerId=CUSTOMERS[0], lines=lines, submit=submit)["id"]
        self.real[CONTACT] = self.post(f"/customers/{CUSTOMERS[0]}/contacts", name="王小明")["id"]

    def scm(self) -> None:
        self.webhook()
        lines = [{"product_code": code, "quantity": "2", "unit_price": "10", "tax_rate": "0.13"} for code in STOCKED]
        orders = [self.post("/sales-orders", partner_code=PARTNERS[0], lines=lines)["sales_order_no"] for _ in range(6)]
        for order in orders[2:]:
            self.post(f"/sales-orders/{order}/approve")
        for order in orders[4:]:
            self.post("/deliveries", sales_order_no=order)
        receipt = {"kind": "other_receipt", "warehouse_code": WAREHOUSES[0], "product_code": STOCKED[0]}
        self.post("/stock-movements", **receipt, quantity="5")

    def finance(self) -> None:
        self.webhook()
        for customer in (DEBTORS[0], DEBTORS[1], DEBTORS[0]):
            self.post("/receipts", customer_id=customer, business_date=NOW[:10], amount="100.00")
        first = next(n for n, row in enumerate(WORLD.finance.opening_receivables, 1) if row.customer_id == DEBTORS[0])
        self.post("/settlements", receipt_id=3, allocations=[{"receivable_id": first, "amount": "1.00"}])

    def operator(self) -> None:
        self.crm()
        feed = self._client.get("/events", headers=self._headers).json
        assert feed is not None
        self.real[EVENT] = feed["events"][0]["id"]
        assert self._client.put("/_shapan/workspaces/other").status_code == 200

    def control(self) -> None:
        """Control keeps nothing of its own."""


class ByPort(httpx.BaseTransport):
    """What is asked of a port goes to the app that has it."""

    def __init__(self, apps: dict[int, Flask]) -> None:
        self._to = {port: httpx.WSGITransport(app) for port, app in apps.items()}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._to[request.url.port or 80].handle_request(request)


class Server:
    """Puts a fresh system behind a contract, in strict mode; control gets three systems to look at."""

    def __init__(self, folder: Path, seeded_folder: Callable[[System], Path]) -> None:
        self._folder = folder
        self._seeded_folder = seeded_folder
        self._runtimes: list[Runtime] = []
        self._name = ""
        self._operations: set[str] = set()
        self.desk: Desk | None = None

    def serve(self, name: str) -> Subject:
        """The contract `name` with a fresh system behind it."""
        self.stop()
        subject = SUBJECTS[name]
        self._name = name
        services: dict[str, Any] = {}
        if name == "control":
            apps = {port: self._start(simulator, {}) for port, simulator in enumerate(SIMULATORS, 8101)}
            Desk(apps[8101], _token(apps[8101])).crm()
            urls = {simulator: f"http://127.0.0.1:{port}" for port, simulator in enumerate(SIMULATORS, 8101)}
            services = {"systems": SystemsClient(urls, transport=ByPort(apps))}
        app = self._start(SYSTEMS[name], services)
        subject.served.app = app
        subject.served.token = "" if name == "control" else _token(app)
        self.desk = Desk(app, subject.served.token)
        getattr(self.desk, name)()
        return subject

    def _start(self, name: str, services: dict[str, Any]) -> Flask:
        system: System = importlib.import_module(f"shapan.{name}").SYSTEM
        folder = self._folder / name
        if name != "control":
            shutil.copytree(self._seeded_folder(system), folder)
        runtime = Runtime(system, Settings(folder, (CLIENT,), lambda: WORLD, strict=True, services=services))
        runtime.workspace("default").clock = SimulatedClock.from_state(0, NOW)
        self._runtimes.append(runtime)
        return create_app(runtime)

    def check(self, name: str, case: Any) -> None:
        """Call and check one case; the first one of a test starts the system."""
        subject = SUBJECTS[name] if self.desk is not None else self.serve(name)
        self._operations.add(case.operation.definition.raw["operationId"])
        self.fill_in(case)
        answer = case.call(headers=subject.headers())
        case.validate_response(answer, excluded_checks=_not_for(answer))

    def fill_in(self, case: Any) -> None:
        """Put real keys in the place of stand-ins."""
        assert self.desk is not None
        for name, value in (case.path_parameters or {}).items():
            if isinstance(value, str):
                case.path_parameters[name] = self.desk.real.get(value, value)

    def never_answered_as_wished(self) -> set[str]:
        """The operations that were called, but never answered with 2xx."""
        wished = {
            sample.labels["operation"]
            for metric in self._runtimes[-1].requests.collect()
            for sample in metric.samples
            if sample.labels["status"].startswith("2")
        }
        return self._operations - wished

    def stop(self) -> None:
        """Stop what runs and remove its files."""
        for runtime in self._runtimes:
            runtime.stop()
            shutil.rmtree(self._folder / runtime.system.name)
        self._runtimes = []
        self.desk = None
        if self._name:
            SUBJECTS[self._name].served.app = None


def _token(app: Flask) -> str:
    form = {"grant_type": "client_credentials", "client_id": CLIENT.client_id, "client_secret": CLIENT.secret}
    answer = app.test_client().post("/oauth/token", data=form).json
    assert answer is not None
    return str(answer["access_token"])


def _not_for(answer: Any) -> list[Any]:
    """The check that does not count: a cursor is opaque, so that a made-up one is refused is right, but no schema can say it."""
    if answer.status_code != 400 or "problem" not in answer.headers["content-type"][0]:
        return []
    pointers = [fault["pointer"] for fault in answer.json().get("errors", [])]
    return [positive_data_acceptance] if pointers == ["/cursor"] else []


@pytest.fixture
def server(tmp_path: Path, seeded_folder: Callable[[System], Path]) -> Iterator[Server]:
    made = Server(tmp_path, seeded_folder)
    yield made
    never = made.never_answered_as_wished()
    made.stop()
    assert not never, f"{', '.join(never)} was never answered with 2xx: put values that fit into KEYS"


@SUBJECTS["crm"].schema.parametrize()
@PATIENT
def test_crm(case: Any, server: Server) -> None:
    server.check("crm", case)


@SUBJECTS["scm"].schema.parametrize()
@PATIENT
def test_scm(case: Any, server: Server) -> None:
    server.check("scm", case)


@SUBJECTS["finance"].schema.parametrize()
@PATIENT
def test_finance(case: Any, server: Server) -> None:
    server.check("finance", case)


@SUBJECTS["operator"].schema.parametrize()
@PATIENT
def test_operator(case: Any, server: Server) -> None:
    server.check("operator", case)


@SUBJECTS["control"].schema.parametrize()
@PATIENT
def test_control(case: Any, server: Server) -> None:
    server.check("control", case)


@pytest.mark.parametrize("name", SIMULATORS)
def test_chains_along_the_links_of_the_contract(name: str, server: Server) -> None:
    subject = SUBJECTS[name]

    class Chain(subject.schema.as_state_machine()):  # type: ignore[misc]
        """Each chain begins in a fresh world, or one would depend on the other."""

        def setup(self) -> None:
            server.serve(name)

        def before_call(self, case: Any) -> None:
            server.fill_in(case)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": subject.headers()}

        def validate_response(self, response: Any, case: Any, *args: Any, **options: Any) -> None:
            case.validate_response(response, excluded_checks=_not_for(response))

    run_state_machine_as_test(
        Chain,
        settings=settings(
            PATIENT,
            max_examples=EXAMPLES,
            stateful_step_count=8,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
        ),
    )
