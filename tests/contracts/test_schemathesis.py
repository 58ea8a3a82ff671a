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
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
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
HERE = Path(__file__).parent
# Which system is served for a contract; the operator interface is the same in all of them.
SYSTEMS = {"crm": "crm", "scm": "scm", "finance": "finance", "operator": "crm", "control": "control"}

WORLD = build_world(WorldSpec("trading", "tiny", 42, date(2026, 1, 1)))


def _room(name: str) -> ModuleType:
    """rooms/<name>.py: keys that exist in a system, and the documents that a test begins with."""
    spec = importlib.util.spec_from_file_location(f"schemathesis_{name}", HERE / "rooms" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROOMS = {name: _room(name) for name in SYSTEMS}
# Keys that exist, by contract and by the parameter or member that takes them.
KEYS: dict[str, dict[str, list[Any]]] = {name: room.keys(WORLD) for name, room in ROOMS.items()}


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
                    "include-operation-id": ROOMS[name].SELDOM,
                    "generation": {"max-examples": 5 * EXAMPLES},
                },
            ][: 2 if ROOMS[name].SELDOM else 1],
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

    def request(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        """A request that must be answered with `status`; its body."""
        answer = self._client.open(path, method=method, json=body or None, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def webhook(self, stand_in: str) -> None:
        """A subscription that nobody serves."""
        secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        self.real[stand_in] = self.post("/webhooks", url="http://127.0.0.1:9/hook", secret=secret)["id"]


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
            ROOMS["crm"].prepare(Desk(apps[8101], _token(apps[8101])), WORLD)
            urls = {simulator: f"http://127.0.0.1:{port}" for port, simulator in enumerate(SIMULATORS, 8101)}
            services = {"systems": SystemsClient(urls, transport=ByPort(apps))}
        app = self._start(SYSTEMS[name], services)
        subject.served.app = app
        subject.served.token = "" if name == "control" else _token(app)
        self.desk = Desk(app, subject.served.token)
        ROOMS[name].prepare(self.desk, WORLD)
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
    assert not never, f"{', '.join(never)} was never answered with 2xx: put values that fit into rooms/"


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
