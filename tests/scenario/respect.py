"""Runs scenario files unchanged with Redocly's `respect` and with our own runner, against one sandbox, and compares the verdicts.

    python tests/scenario/respect.py REDOCLY

REDOCLY is the program of the npm package @redocly/cli (`bash .ci/run respect` installs it). First the reference integration is judged, which
both must pass; then, for each file, the reference with the defect that the file is made for, which both must fail. `respect` has no OAuth 2.0
client credentials, so it speaks to the systems through a gateway that adds nothing but the access token.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from shapan.kernel.auth import Client
from shapan.sandbox.clients import secret_of
from shapan.sandbox.integration import REFERENCE
from shapan.sandbox.session import Session, session
from shapan.scenario import Environment, Scenario, load_scenarios, run_scenario
from shapan.scenario.generate import GENERATORS

FILES = {
    "order-to-receivable": "stale-credit",
    "cancel-before-ship": "ignores-cancellation",
    "three-names-one-customer": "joins-on-exact-name",
    "duplicates-in-crm": "joins-on-exact-name",
    "unit-of-measure": "no-unit-conversion",
}
"""The scenarios, by name, each with the defect with which it must fail. They compare nothing that may be absent with null: respect cannot."""

_SECONDS = 120
_NOT_PASSED_ON = {"host", "connection", "transfer-encoding", "content-length", "accept-encoding", "keep-alive"}


@dataclass(frozen=True)
class Verdict:
    """What a runner says of a file: whether it passed, and where it failed."""

    passed: bool
    step: str | None

    def __str__(self) -> str:
        return "passed" if self.passed else f"failed at step {self.step}"


def main() -> int:
    """Exit code 0 when both runners agree everywhere and are right, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("redocly", help="the program of the npm package @redocly/cli")
    parser.add_argument("--only", default="", help="files whose name holds this text")
    parser.add_argument("--show", action="store_true", help="what respect writes")
    options = parser.parse_args()
    scenarios = load_scenarios([name for name in FILES if options.only in name])
    wrong = judge(options, scenarios, None)
    for defect in sorted(set(FILES.values())):
        made_for_it = [scenario for scenario in scenarios if FILES[scenario.name] == defect]
        wrong += judge(options, made_for_it, defect) if made_for_it else []
    print(f"{len(wrong)} disagreement(s)", *wrong, sep="\n")
    return 1 if wrong else 0


def judge(options: argparse.Namespace, scenarios: list[Scenario], defect: str | None) -> list[str]:
    """Both runners on each scenario, with the reference that has this defect; the sentences say what is wrong."""
    command = [*REFERENCE, *([] if defect is None else ["--defect", defect])]
    wanted = defect is None
    wrong = []
    with session(command, size="tiny", seed=42) as here, ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        gates = {name: stack.enter_context(gateway(url, here.client)) for name, url in here.urls.items()}
        theirs = [pool.submit(by_respect, options, scenario, gates) for scenario in scenarios]
        ours = [pool.submit(by_us, scenario, here) for scenario in scenarios]
        for scenario, first, second in zip(scenarios, theirs, ours, strict=True):
            respect, own = first.result(), second.result()
            line = f"{scenario.name} ({defect or 'no defect'}): respect {respect}; shapan {own}"
            print(line, flush=True)
            if (respect.passed, own.passed) != (wanted, wanted) or respect.step != own.step:
                wrong.append(line)
    return wrong


def by_respect(options: argparse.Namespace, scenario: Scenario, gates: Mapping[str, str]) -> Verdict:
    """What `respect` says. RuntimeError when it said nothing."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "respect.json"
        inputs = {name: make(random.SystemRandom()) for name, make in generated(scenario)}
        command = [options.redocly, "respect", str(scenario.file), "--json-output", str(answer)]
        command += [part for name in scenario.main for part in ("--workflow", name)]
        command += ["--server", ",".join(f"{name}={url}" for name, url in gates.items())]
        command += [part for name, value in inputs.items() for part in ("--input", f"{name}={value}")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if options.show:
            print(done.stdout, done.stderr)
        if not answer.exists():
            raise RuntimeError(f"respect did not run {scenario.file}:\n{done.stdout}\n{done.stderr}")
        return Verdict(done.returncode == 0, failed_step(json.loads(answer.read_text(encoding="utf-8"))))


def by_us(scenario: Scenario, here: Session) -> Verdict:
    """What our own runner says."""
    environment = Environment(
        here.urls, here.client.client_id, here.client.secret, secret_of=lambda name: secret_of(name, here.client.secret)
    )
    result = run_scenario(scenario, environment)
    # The step itself, not the one that called its workflow: that is what respect names.
    inner = next((step.step for step in result.steps if step.failure and step.failure == result.failure), result.step)
    return Verdict(result.passed, inner)


def generated(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """The inputs that want a new value in each run, with what makes one; `respect` knows nothing of them."""
    for name in scenario.main:
        for key, kind in scenario.workflows[name].generate.items():
            yield key, GENERATORS[kind]


def failed_step(report: Mapping[str, Any]) -> str | None:
    """The step at which the last workflow ended, when a check of its last attempt has failed; from the JSON that `respect` writes."""
    last: Mapping[str, Any] | None = None
    for file in report["files"].values():
        for workflow in file["executedWorkflows"]:
            last = next(reversed(list(_steps(workflow))), last)
    failed = last is not None and any(check["status"] == "error" for check in last["checks"])
    return str(last["stepId"]) if last is not None and failed else None


def _steps(workflow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The steps that were run, in order, those of workflows that others called in their place."""
    for step in workflow["executedSteps"]:
        if step.get("type") == "workflow":
            yield from _steps(step)
        else:
            yield step


@contextmanager
def gateway(url: str, client: Client) -> Iterator[str]:
    """A server that passes every request on to `url`, with an access token where the system there issues them; its own URL."""
    target = urlsplit(url)
    token = _token(url, client)

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
            if token is not None:
                headers.setdefault("Authorization", f"Bearer {token}")
            there = http.client.HTTPConnection(target.hostname or "", target.port, timeout=_SECONDS)
            try:
                there.request(self.command, target.path.rstrip("/") + self.path, body or None, headers)
                answer = there.getresponse()
                content = answer.read()
            finally:
                there.close()
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the sandbox keeps a journal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _token(url: str, client: Client) -> str | None:
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.secret}
    answer = httpx.post(f"{url}/oauth/token", data=form, trust_env=False)
    return str(answer.json()["access_token"]) if answer.is_success else None


if __name__ == "__main__":
    sys.exit(main())
