"""One workspace of a running sandbox, as a test has it in its hands."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from shapan.kernel.auth import Client
from shapan.sandbox.clients import secret_of
from shapan.sandbox.options import SIMULATORS
from shapan.sandbox.remote.control import trust
from shapan.sandbox.remote.hands import Clock, Faults, Journal, Oracle
from shapan.sandbox.remote.token import TokenAuth

if TYPE_CHECKING:
    from shapan.sandbox.remote.sandbox import RunningSandbox

_PATIENCE = 30.0


class Workspace:
    """A workspace (工作区) of all three systems: base URLs, clients with tokens, and what can be done to it.

    `urls` are by system name, control included, and lead into this workspace. Clients are made when they are first asked for and
    closed by `close`.
    """

    def __init__(self, sandbox: RunningSandbox, name: str) -> None:
        self.name = name
        self.client: Client = sandbox.client
        prefix = "" if name == "default" else f"/ws/{name}"
        self.urls = {system: url + prefix for system, url in sandbox.urls.items()}
        self.faults = Faults(sandbox.control, name)
        self.clock = Clock(sandbox.control, name)
        self.journal = Journal(sandbox.control, name)
        self.oracle = Oracle(sandbox.control, name)
        self._stack = ExitStack()
        sandbox.open.add(self)
        self._stack.callback(sandbox.open.discard, self)

    def __repr__(self) -> str:
        return f"<workspace {self.name} at {self.urls['control']}>"

    @cached_property
    def crm(self) -> httpx.Client:
        """A client of the CRM, with a token of all scopes."""
        return self.http("crm")

    @cached_property
    def scm(self) -> httpx.Client:
        """A client of the SCM, with a token of all scopes."""
        return self.http("scm")

    @cached_property
    def finance(self) -> httpx.Client:
        """A client of finance, with a token of all scopes."""
        return self.http("finance")

    def http(self, system: str, *, scope: str | None = None, client_id: str | None = None) -> httpx.Client:
        """Another client of a system: with a token of these scopes (parted by spaces) only, or that of a client of the matrix (`shapan clients list`)."""
        made = httpx.Client(
            base_url=self.urls[system],
            auth=self.auth(system, scope=scope, client_id=client_id),
            trust_env=False,
            timeout=_PATIENCE,
            verify=trust(),
        )
        return self._stack.enter_context(made)

    def auth(self, system: str, *, scope: str | None = None, client_id: str | None = None) -> TokenAuth:
        """The tokens alone, as in `httpx.AsyncClient(base_url=workspace.urls["crm"], auth=workspace.auth("crm"))`."""
        client = self.client
        if client_id is not None and client_id != client.client_id:
            client = Client(client_id, secret_of(client_id, client.secret))
        return TokenAuth(self.urls[system], client, scope)

    def environment(self) -> dict[str, str]:
        """What an integration needs to find this workspace; see docs/integration.md."""
        return {
            **{f"SHAPAN_{name.upper()}_URL": self.urls[name] for name in SIMULATORS},
            "SHAPAN_CLIENT_ID": self.client.client_id,
            "SHAPAN_CLIENT_SECRET": self.client.secret,
        }

    def close(self) -> None:
        """Close the clients. The workspace stays."""
        self._stack.close()
