"""Schemathesis against every contract, in process, each answer checked against its contract by the kernel (strict) and by Schemathesis.

One test per operation (the examples of the contract, its boundary values, random data that fit it and that break it), on a fresh
tiny world with a few documents in it, and one test per system that follows the hand-written links of its contract from operation to
operation. All of it is deterministic. Keys that exist are mixed into the data, and a test fails when none of its requests was
answered as wished: a run in which everything ends with 404 proves nothing.

A thorough run, with 200 examples an operation and as many chains, and the same by URL against `shapan up --strict`, where each test has a
workspace of its own:

    SHAPAN_EXAMPLES=200 pytest -n auto tests/contracts/test_schemathesis.py
    SHAPAN_BY_URL=1 pytest tests/contracts/test_schemathesis.py
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
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
from shapan.sandbox.options import SandboxOptions, plan, this_month
from shapan.sandbox.processes import ProcessSandbox
from shapan.world import WorldSpec, build_world

# So few in the suite that it stays short; the build server runs 10.
EXAMPLES = int(os.environ.get("SHAPAN_EXAMPLES", "3"))
THOROUGH = EXAMPLES >= 10
"""Whether boundary values are tried as well, which are some hundred requests for each operation."""
ENOUGH = 15
"""So many examples that each operation must have been answered as wished."""
SEED = 20260101
NOW = "2026-01-15T10:00:00+08:00"
CLIENT = Client("schemathesis", "schemathesis-secret")
# The system is made anew for each test function, not for each example: that is meant.
PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))
SIMULATORS = ("crm", "scm", "finance")
HERE = Path(__file__).parent
# Which system is served for a contract; the operator interface is the same in all of them.
SYSTEMS = {"crm": "crm", "scm": "scm", "finance": "finance", "operator": "crm", "control": "control"}

BY_URL = os.environ.get("SHAPAN_BY_URL") == "1"
# In process it is the middle of January; a sandbox that was started opens its books this month.
WORLD = build_world(WorldSpec("trading", "tiny", 42, this_month() if BY_URL else date(2026, 1, 1), history=BY_URL))


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
                {
                    "include-operation-id": ["issueToken", "revokeToken", "introspectToken"],
                    "checks": {"positive_data_acceptance": {"enabled": False}},
                },
                # What seldom fits by chance: members that the order's state allows, debit that equals credit.
                {
                    "include-operation-id": ROOMS[name].SELDOM,
                    "generation": {"max-examples": 5 * EXAMPLES},
                },
            ][: 2 if ROOMS[name].SELDOM else 1],
            # Inferred links join look-alike resources and find little; the contracts have their own.
            "phases": {"coverage": {"enabled": THOROUGH}, "stateful": {"inference": {"algorithms": []}}},
        }
    )


class Served:
    """A WSGI app that hands on to the app of the test that runs. Schemathesis wants one before the fixtures run."""

    app: Flask | None = None
    token = ""
    url: str | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert self.app is not None
        return self.app(environ, start_response)


@dataclass(frozen=True)
class Subject:
    """A contract under test: its Schemathesis schema and the app behind it."""

    schema: Any
    served: Served

    def options(self) -> dict[str, Any]:
        """How a case is called: with a token of all scopes, and by URL where there is one."""
        options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.served.token}"}}
        return options if self.served.url is None else {**options, "base_url": self.served.url}


def _subject(name: str) -> Subject:
    document = json.loads(load_contract(data_folder("contracts") / f"{name}.yaml").text())
    schema = schemathesis.openapi.from_dict(document, config=_config(name))
    served = Served()
    if not BY_URL:
        schema.app = served
    return Subject(schema, served)


SUBJECTS = {name: _subject(name) for name in KEYS}


class Desk:
    """The documents that a test begins with, made over HTTP, and the real keys of the stand-ins."""

    def __init__(self, client: httpx.Client, token: str, operation: str | None = None) -> None:
        self._client = client
        # What a test begins with is one trace, for whoever asks the journal for it.
        self._headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
        # The operation that is tested, None when several are: some are possible only before anything is posted.
        self.operation = operation
        self.real: dict[str, str] = {}

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """POST that must succeed."""
        answer = self._client.post(path, json=body or None, headers=self._headers)
        assert answer.status_code in (200, 201, 202), f"{path}: {answer.text}"
        made: dict[str, Any] = answer.json()
        return made

    def request(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        """A request that must be answered with `status`; its body."""
        answer = self._client.request(method, path, json=body or None, headers=self._headers)
        assert answer.status_code == status, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

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


class Server(ABC):
    """Puts a fresh system behind a contract, in strict mode; control gets three systems to look at."""

    def __init__(self) -> None:
        self._operations: set[str] = set()
        self._taken: set[str] = set()
        self.desk: Desk | None = None

    @abstractmethod
    def serve(self, name: str, operation: str | None = None) -> Subject:
        """The contract `name` with a fresh system behind it, and what a test of `operation` begins with."""

    @abstractmethod
    def stop(self) -> None:
        """Stop what runs and remove its files."""

    @abstractmethod
    def metrics(self) -> Iterable[Metric]:
        """The counters of the system that is served."""

    def check(self, name: str, case: Any) -> None:
        """Call and check one case; the first one of a test starts the system."""
        operation = case.operation.definition.raw["operationId"]
        subject = SUBJECTS[name] if self.desk is not None else self.serve(name, operation)
        self._operations.add(operation)
        self.fill_in(case)
        answer = case.call(**subject.options())
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
            for metric in self.metrics()
            for sample in metric.samples
            if metric.name == "shapan_requests" and sample.labels["status"].startswith("2") and sample.value
        }
        return self._operations - wished - self._taken


@dataclass(frozen=True)
class Prepared:
    """A system's folder with the documents of its room, the real keys of the stand-ins, and what was answered as wished on the way."""

    folder: Path
    real: dict[str, str]
    taken: set[str]


_prepared: dict[tuple[str, str | None], Prepared] = {}


class InProcess(Server):
    """The system in this process, in the middle of January."""

    def __init__(self, folder: Path, seeded_folder: Callable[[System], Path]) -> None:
        super().__init__()
        self._folder = folder
        self._seeded_folder = seeded_folder
        self._runtimes: list[Runtime] = []
        self._name = ""

    def serve(self, name: str, operation: str | None = None) -> Subject:
        self.stop()
        subject = SUBJECTS[name]
        self._name = name
        services: dict[str, Any] = {}
        if name == "control":
            apps = {port: self._start(simulator, {}) for port, simulator in enumerate(SIMULATORS, 8101)}
            client = _client(apps[8101])
            ROOMS["crm"].prepare(Desk(client, _token(client)), WORLD)
            urls = {simulator: f"http://127.0.0.1:{port}" for port, simulator in enumerate(SIMULATORS, 8101)}
            services = {"systems": SystemsClient(urls, transport=ByPort(apps))}
        # What stands before the test begins is made once and copied; some operations want a beginning of their own.
        key = name, operation if operation in getattr(ROOMS[name], "ALONE", ()) else None
        if name == "control" or key not in _prepared:
            app = self._start(SYSTEMS[name], services)
            client = _client(app)
            token = "" if name == "control" else _token(client)
            self.desk = Desk(client, token, operation)
            ROOMS[name].prepare(self.desk, WORLD)
            if name != "control":
                taken = {
                    s.labels["operation"] for m in self.metrics() for s in m.samples if s.labels["status"][0] == "2"
                }
                self._runtimes.pop().stop()
                folder = Path(tempfile.mkdtemp(prefix="shapan-prepared-"))
                shutil.move(self._folder / SYSTEMS[name], folder / SYSTEMS[name])
                _prepared[key] = Prepared(folder / SYSTEMS[name], self.desk.real, taken)
        if name != "control":
            prepared = _prepared[key]
            app = self._start(SYSTEMS[name], services, prepared.folder)
            client = _client(app)
            token = _token(client)
            self.desk = Desk(client, token, operation)
            self.desk.real = dict(prepared.real)
            self._taken = prepared.taken
        subject.served.app, subject.served.token = app, token
        return subject

    def _start(self, name: str, services: dict[str, Any], template: Path | None = None) -> Flask:
        system: System = importlib.import_module(f"shapan.{name}").SYSTEM
        folder = self._folder / name
        if name != "control":
            shutil.copytree(template or self._seeded_folder(system), folder)
        runtime = Runtime(system, Settings(folder, (CLIENT,), lambda: WORLD, strict=True, services=services))
        runtime.workspace("default").clock = SimulatedClock.from_state(0, NOW)
        self._runtimes.append(runtime)
        return create_app(runtime)

    def metrics(self) -> Iterable[Metric]:
        return self._runtimes[-1].requests.collect() if self._runtimes else []

    def stop(self) -> None:
        for runtime in self._runtimes:
            runtime.stop()
            shutil.rmtree(self._folder / runtime.system.name)
        self._runtimes = []
        self.desk = None
        if self._name:
            SUBJECTS[self._name].served.app = None


class ByUrl(Server):
    """A workspace of a sandbox that runs, made for this test."""

    def __init__(self, options: SandboxOptions) -> None:
        super().__init__()
        self._options = options
        self._url = ""
        self._before = ""

    def serve(self, name: str, operation: str | None = None) -> Subject:
        subject, system = SUBJECTS[name], SYSTEMS[name]
        self._url = self._options.url(system)
        if name == "control":  # it looks at the default workspaces, where the test before has entered its documents
            httpx.post(f"{self._url}/reset", trust_env=False, timeout=60).raise_for_status()
            crm = httpx.Client(base_url=self._options.url("crm"), trust_env=False, timeout=30)
            ROOMS["crm"].prepare(Desk(crm, _token(crm, self._form)), WORLD)
            client, token = httpx.Client(base_url=self._url, trust_env=False, timeout=30), ""
        else:
            workspace = f"t{uuid.uuid4().hex[:12]}"
            httpx.put(f"{self._url}/_shapan/workspaces/{workspace}", trust_env=False).raise_for_status()
            client = httpx.Client(base_url=f"{self._url}/ws/{workspace}", trust_env=False, timeout=30)
            _to_the_middle_of_the_month(client)
            token = _token(client, self._form)
        subject.served.url, subject.served.token = str(client.base_url).rstrip("/"), token
        self.desk = Desk(client, token, operation)
        ROOMS[name].prepare(self.desk, WORLD)
        return subject

    @property
    def _form(self) -> dict[str, str]:
        client = self._options.client
        return {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.secret,
        }

    def metrics(self) -> Iterable[Metric]:
        text = httpx.get(f"{self._url}/_shapan/metrics", trust_env=False).text
        return text_string_to_metric_families(text)

    def stop(self) -> None:
        self.desk = None


def _to_the_middle_of_the_month(client: httpx.Client) -> None:
    now = datetime.fromisoformat(client.get("/_shapan/clock").json()["now"])
    middle = now.replace(day=15, hour=10)
    if now < middle:
        body = {"advance_seconds": int((middle - now).total_seconds())}
        client.post("/_shapan/clock", json=body).raise_for_status()


def _client(app: Flask) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1")


def _token(client: httpx.Client, form: dict[str, str] | None = None) -> str:
    form = form or {"grant_type": "client_credentials", "client_id": CLIENT.client_id, "client_secret": CLIENT.secret}
    return str(client.post("/oauth/token", data=form).raise_for_status().json()["access_token"])


def _not_for(answer: Any) -> list[Any]:
    """The check that does not count: a cursor is opaque, so that a made-up one is refused is right, but no schema can say it."""
    if answer.status_code != 400 or "problem" not in answer.headers["content-type"][0]:
        return []
    pointers = [fault["pointer"] for fault in answer.json().get("errors", [])]
    return [positive_data_acceptance] if pointers == ["/cursor"] else []


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxOptions | None]:
    """A sandbox as `shapan up --strict` starts it, or None."""
    if not BY_URL:
        yield None
        return
    options = plan(size="tiny", port=None, data=tmp_path_factory.mktemp("by-url"), strict=True)
    with ProcessSandbox(options):
        yield options


@pytest.fixture
def server(tmp_path: Path, seeded_folder: Callable[[System], Path], running: SandboxOptions | None) -> Iterator[Server]:
    made: Server = InProcess(tmp_path, seeded_folder) if running is None else ByUrl(running)
    yield made
    never = made.never_answered_as_wished() if EXAMPLES >= ENOUGH else set()
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
            return subject.options()

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
