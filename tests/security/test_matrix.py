"""The scope matrix of sandbox/clients.yaml: each client may do what stands there, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shapan.kernel.auth import Client
from shapan.kernel.contract import Operation, load_contract
from shapan.kernel.resources import data_folder
from shapan.sandbox.clients import integration_client, registered, roles, secret_of

if TYPE_CHECKING:
    from tests.security.conftest import Served

SYSTEMS = ("crm", "scm", "finance")
OWN = Client("shapan", "the-sandbox-s-own-secret")
CELLS = [
    pytest.param(role.client_id, system, id=f"{role.client_id}-{system}")
    for role in roles()
    for system in SYSTEMS
    if role.scopes.get(system, ()) is not None
]


def _client(client_id: str, system: str) -> Client | None:
    return next((client for client in registered(system, OWN) if client.client_id == client_id), None)


def _operations(system: str) -> list[Operation]:
    found = load_contract(data_folder("contracts") / f"{system}.yaml").operations.values()
    return [operation for operation in found if operation.access == "oauth"]


def _somewhere(path: str) -> str:
    """A path of a record that is not there."""
    return re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", path)


@pytest.mark.parametrize(("client_id", "system"), CELLS)
def test_each_cell_of_the_matrix(client_id: str, system: str, serve_here: Callable[..., Served]) -> None:
    client = _client(client_id, system)
    served = serve_here(system, *registered(system, OWN))
    if client is None:
        stranger = Client(client_id, secret_of(client_id, OWN.secret))
        assert served.grant(stranger).json()["error"] == "invalid_client"
        return
    grant = served.grant(client).json()
    assert client.scopes is not None
    assert set(grant["scope"].split()) == set(client.scopes)
    allowed = refused = 0
    for operation in _operations(system):
        status = served.status(operation.method, _somewhere(operation.path), grant["access_token"])
        if set(operation.scopes) <= set(client.scopes):
            assert status not in (401, 403), operation.operation_id
            allowed += 1
        else:
            assert status == 403, operation.operation_id
            refused += 1
    assert allowed
    assert refused


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_client_gets_a_scope_that_it_has_not(system: str, serve_here: Callable[..., Served]) -> None:
    served = serve_here(system, *registered(system, OWN))
    scopes = served.runtime.contract.scopes
    for client in registered(system, OWN):
        for scope in scopes:
            answer = served.grant(client, scope=scope)
            has = client.scopes is None or scope in client.scopes
            assert answer.status_code == (200 if has else 400), (client.client_id, scope)
            assert has or answer.json()["error"] == "invalid_scope"


def test_the_matrix_names_scopes_that_there_are() -> None:
    for role in roles():
        assert set(role.scopes) <= set(SYSTEMS)
        for system, scopes in role.scopes.items():
            if scopes is None:
                continue
            known = load_contract(data_folder("contracts") / f"{system}.yaml").scopes
            assert set(scopes) <= set(known), (role.client_id, system)
            assert len(scopes) == len(set(scopes))


def test_the_crm_posts_receivables_and_does_not_read_the_ledger(serve_here: Callable[..., Served]) -> None:
    client = _client("crm-integration", "finance")
    assert client is not None
    served = serve_here("finance", *registered("finance", OWN))
    token = served.token(client)
    assert served.status("POST", "/receivables", token) == 400
    for path in ("/trial-balance?period=2026-01", "/vouchers", "/periods"):
        answer = served.http.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403, path
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert served.status("GET", path, served.token(OWN)) == 200


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_integration_may_do_everything_and_is_a_client_of_its_own(
    system: str, serve_here: Callable[..., Served]
) -> None:
    served = serve_here(system, *registered(system, OWN))
    client = integration_client(OWN)
    assert client.client_id == "integration" != OWN.client_id
    assert client.secret not in ("", OWN.secret)
    assert set(served.grant(client).json()["scope"].split()) == set(served.runtime.contract.scopes)
    # Where the sandbox's own client is called so, it is that one.
    assert integration_client(Client("integration", "s")) == Client("integration", "s")


def test_secrets_are_derived_and_differ() -> None:
    secrets = {secret_of(role.client_id, OWN.secret) for role in roles()}
    assert len(secrets) == len(roles())
    assert OWN.secret not in secrets
    assert secret_of("auditor", "a") != secret_of("auditor", "b")
    # A sandbox whose own client is called like one of the matrix keeps its own.
    assert [
        client.scopes for client in registered("crm", Client("marketing", "s")) if client.client_id == "marketing"
    ] == [None]


def test_the_page_shows_the_matrix_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")
    rows = {
        (cells[0].strip("`"), cells[1]): cells[2].split()
        for line in page.splitlines()
        if len(cells := [cell.strip() for cell in line.strip().strip("|").split("|")]) == 3
    }
    for role in roles():
        for system in SYSTEMS:
            scopes = role.scopes.get(system, ("—",))
            assert rows[role.client_id, system] == list(scopes if scopes is not None else ("all",)), (
                role.client_id,
                system,
            )
