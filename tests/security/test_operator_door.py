"""Who gets in at the operator interface: this machine, or whoever has the token. In each system and in control."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from shapan.cli import main

if TYPE_CHECKING:
    from tests.security.conftest import Served

ACTS = (
    ("POST", "/_shapan/reset"),
    ("GET", "/_shapan/journal"),
    ("POST", "/_shapan/tokens/revoke"),
    ("PUT", "/_shapan/workspaces/x"),
)
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "192.0.2.1:8101"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "[2001:db8::1]:8101"},
    {"Host": "0.0.0.0:8101"},
    {"Host": "localhost.:8101"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Via": "1.1 proxy"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: "-".join(*headers.items()))
def test_without_a_token_only_this_machine_itself_gets_in(
    headers: dict[str, str], serve_here: Callable[..., Served]
) -> None:
    served = serve_here("crm")
    for method, path in ACTS:
        for prefix in ("", "/ws/default"):
            answer = served.http.request(method, prefix + path, headers=headers)
            assert answer.status_code == 403, (method, path)
            assert answer.json()["type"] == "urn:shapan:problem:foreign-origin"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8101", "[::1]:8101"])
def test_this_machine_gets_in_by_each_of_its_names(host: str, serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm")
    same = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    assert served.http.get("/_shapan/journal", headers=same).status_code == 200
    assert served.http.get("/_shapan/journal", headers={"Host": host}).status_code == 200


def test_a_webhook_is_no_operator(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm")
    delivery = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    for method, path in ACTS:
        answer = served.http.request(method, path, headers=delivery)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:shapan:problem:foreign-origin")
    assert served.http.get("/_shapan/health", headers=delivery).status_code == 200


def test_with_a_token_nobody_gets_in_without_it_from_wherever(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm", operator_token="the-operators")
    for method, path in ACTS:
        for authorization in (
            None,
            "Bearer",
            "Bearer wrong",
            "Bearer the-operator",
            "Basic the-operators",
            "bearer the-operators",
        ):
            headers = {} if authorization is None else {"Authorization": authorization}
            answer = served.http.request(method, path, headers=headers)
            assert answer.status_code == 401, (path, authorization)
            assert "the-operators" not in answer.text
    proxied = {"Authorization": "Bearer the-operators", "Host": "shapan.example", "X-Forwarded-For": "192.0.2.1"}
    assert served.http.get("/_shapan/journal", headers=proxied).status_code == 200
    # A client's token opens nothing here.
    token = served.token(next(iter(served.runtime.settings.clients)))
    assert served.status("GET", "/_shapan/journal", token) == 401


def test_every_operation_of_the_operator_and_of_control_is_guarded(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm", operator_token="the-operators")
    operations = served.runtime.operator_contract.operations
    open_ones = {name for name, operation in operations.items() if operation.access != "operator"}
    assert open_ones == {"getHealth"}
    from shapan.kernel.contract import load_contract
    from shapan.kernel.resources import data_folder

    control = load_contract(data_folder("contracts") / "control.yaml").operations
    assert {operation.access for operation in control.values()} == {"operator"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
@pytest.mark.parametrize("command", [["serve", "crm", "--port", "8101"], ["up", "--port", "18300"]])
def test_nobody_listens_beyond_loopback_without_a_token(
    host: str, command: list[str], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHAPAN_OPERATOR_TOKEN", raising=False)
    monkeypatch.setenv("SHAPAN_CLIENT_SECRET", "x")
    result = CliRunner().invoke(main, [*command, "--host", host, "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "SHAPAN_OPERATOR_TOKEN" in result.output


def test_what_a_page_may_be_told_is_not_more_than_its_own(serve_here: Callable[..., Served]) -> None:
    """No answer allows other origins to read it."""
    served = serve_here("crm")
    for path in ("/customers", "/oauth/token", "/_shapan/health", "/openapi.json"):
        answer: httpx.Response = served.http.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
