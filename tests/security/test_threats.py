"""The threat model of docs/security.md: every test that it names is there; and threats that no other test has a place for."""

from __future__ import annotations

import ast
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapan.kernel.auth import Client

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.security.conftest import Served

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (T\d+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.M)


@pytest.mark.parametrize(("number", "shown_by"), [(row[0], row[3]) for row in ROWS])
def test_each_threat_names_tests_that_there_are(number: str, shown_by: str) -> None:
    named = re.findall(r"`(tests/[^`:]+)::(\w+)`", shown_by)
    assert named, f"{number} names no test"
    for file, test in named:
        path = ROOT / file
        assert path.is_file(), path
        functions = {
            node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
        }
        assert test in functions, f"{number}: there is no {test} in {file}"


def test_threats_are_numbered_without_gaps() -> None:
    assert [row[0] for row in ROWS] == [f"T{number}" for number in range(1, len(ROWS) + 1)]
    assert len(ROWS) >= 20


def test_secrets_are_compared_in_constant_time(
    serve_here: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Client secrets and the operator token go through compare_digest, right or wrong, and a client that there is not as well."""
    compared: list[tuple[Any, Any]] = []
    real = hmac.compare_digest

    def watching(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watching)
    served = serve_here("crm", Client("a", "right"), operator_token="operator")
    for client in (Client("a", "right"), Client("a", "wrong"), Client("nobody", "right")):
        compared.clear()
        served.grant(client)
        assert [b for _, b in compared] == [client.secret.encode()]
    for token in ("operator", "wrong"):
        compared.clear()
        served.status("GET", "/_shapan/journal", token)
        assert (f"Bearer {token}".encode(), b"Bearer operator") in compared


def test_no_secret_is_compared_in_another_way() -> None:
    found = []
    for path in (ROOT / "simulators" / "shapan").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                names = {
                    n.attr if isinstance(n, ast.Attribute) else n.id
                    for n in ast.walk(node)
                    if isinstance(n, ast.Attribute | ast.Name)
                }
                if names & {"secret", "client_secret", "operator_token", "signature"}:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


INJECTIONS = (
    "'; DROP TABLE customer; --",
    '" OR 1=1 --',
    "%' OR '1'='1",
    "x'); DELETE FROM shapan_meta; --",
    "\\'; --",
    "$(id)",
    "{{7*7}}",
    "%_",
)


def test_what_is_entered_is_never_sql(crm: Api) -> None:
    """Written, it is text; as filter, sort or path it finds nothing or is refused; and nothing is gone afterwards."""
    customers = crm.get("/customers?limit=100").json()["items"]
    entered = 0
    for text in INJECTIONS:
        made = crm.post("/customers", json={"name": text, "region": "BJ", "industry": "IT"})
        assert made.status_code in (201, 400, 422), made.text
        if made.status_code == 201:
            entered += 1
            assert crm.get(f"/customers/{made.json()['id']}").json()["name"] == text
        for path in (f"/customers/{text}", "/customers", "/events", "/orders"):
            for name in ("q", "limit", "cursor", "after", "status", "code"):
                assert crm.get(path.replace("?", "%3F"), params={name: text}).status_code in (200, 400, 404, 422), (
                    path,
                    name,
                )
    assert [c["id"] for c in crm.get("/customers?limit=100").json()["items"]][: len(customers)] == [
        c["id"] for c in customers
    ]
    assert entered >= 3
