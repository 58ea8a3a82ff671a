"""The integration in Node: what it believes, and that it passes the scenarios that it is for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

NODE = shutil.which("node")
FOLDER = Path(__file__).parents[2] / "examples" / "node"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

pytestmark = pytest.mark.skipif(NODE is None, reason="needs node")


def node(program: str) -> str:
    """What a program prints."""
    command = [str(NODE), "--input-type=module", "--eval", program]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_only_what_is_signed_now_with_the_secret_rings_the_bell() -> None:
    body = '{"type":"crm.order.confirmed","data":{"note":"请整箱发货"}}'
    now = datetime.now(UTC).replace(microsecond=0)

    def headers(at: datetime = now, signed: str = body) -> dict[str, str]:
        stamp = str(int(at.timestamp()))
        signature = Webhook(SECRET).sign("evt-1", at, signed)
        return {"webhook-id": "evt-1", "webhook-timestamp": stamp, "webhook-signature": f"v1,AAAA {signature}"}

    good = headers()
    tries = [
        good,
        headers(at=now - timedelta(minutes=6)),
        headers(signed=body + " "),
        {**good, "webhook-id": "evt-2"},
        {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        {},
    ]
    program = (
        'import { isSigned } from "./webhook.mjs";'
        f"const body = Buffer.from({json.dumps(body)});"
        f"console.log(JSON.stringify({json.dumps(tries)}.map((one) => isSigned(body, one, {json.dumps(SECRET)}))));"
    )
    assert json.loads(node(program)) == [True, False, False, False, False, False]


def test_what_it_remembers_is_there_after_a_restart(tmp_path: Path) -> None:
    folder = json.dumps(str(tmp_path / "state"))
    node(
        'import { State } from "./state.mjs";'
        f'const state = new State({folder}); state.setLink("order ORD-1", "XSDD-1"); state.save("crm", "17");'
        'state.setLink("order ORD-2", "XSDD-2");'
    )
    program = (
        'import { State } from "./state.mjs";'
        f"const state = new State({folder});"
        'console.log(JSON.stringify([state.cursor("crm"), state.cursor("scm") ?? null, state.link("order ORD-1"),'
        ' state.link("order ORD-2") ?? null]));'
    )
    assert json.loads(node(program)) == ["17", None, "XSDD-1", None]
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["state.json"]


def test_without_its_settings_it_names_each_that_is_missing() -> None:
    done = subprocess.run(
        [str(NODE), "integration.mjs"], cwd=FOLDER, env={}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "SHAPAN_CRM_URL" in done.stderr
    assert "SHAPAN_STATE_DIR" in done.stderr


@pytest.mark.long
def test_it_passes_the_scenarios_that_it_is_for() -> None:
    names = ["order-to-receivable", "partial-shipments", "lost-answer", "events-duplicated", "cancel-before-ship"]
    command = [
        sys.executable,
        "-m",
        "shapan",
        "verify",
        *names,
        "--integration",
        f"{NODE} {FOLDER / 'integration.mjs'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"passed  {name}" in done.stdout for name in names)
