"""A running sandbox from outside: where it is, who may get in, and its workspaces."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shapan.kernel.auth import Client
from shapan.sandbox.options import CONTROL
from shapan.sandbox.remote.control import Control
from shapan.sandbox.remote.workspace import Workspace

_LONGEST = 40


class RunningSandbox:
    """A sandbox that runs, known by base URLs by system (control included), its client and its operator token.

    Where it is served with TLS, SHAPAN_CA_FILE names its authority.
    """

    def __init__(self, urls: Mapping[str, str], client: Client, operator_token: str | None = None) -> None:
        self.urls = {name: url.rstrip("/") for name, url in urls.items()}
        self.client = client
        self.operator_token = operator_token
        self.control = Control(self.urls[CONTROL], operator_token)
        self.open: set[Workspace] = set()

    def workspace(self, name: str = "default") -> Workspace:
        """A workspace that is there."""
        return Workspace(self, name)

    def create(self, name: str) -> Workspace:
        """A workspace with the sandbox's world as it was at first; one that is there already stays as it is. ControlRefusal."""
        self.control.call("PUT", f"/workspaces/{name}")
        return Workspace(self, name)

    def fork(self, template: str, name: str) -> Workspace:
        """A new workspace that is a copy of another. ControlRefusal."""
        self.control.call("POST", f"/workspaces/{template}/fork", json={"name": name})
        return Workspace(self, name)

    def delete(self, name: str) -> None:
        """Delete a workspace in all systems. ControlRefusal when there is none."""
        self.control.call("DELETE", f"/workspaces/{name}")

    @contextmanager
    def new_workspace(self, template: str | None = None, title: str = "test") -> Iterator[Workspace]:
        """A workspace for as long as the block runs: a copy of `template`, else as new. Its name has `title` in it and is nobody else's."""
        name = unique_name(title)
        made = self.fork(template, name) if template is not None else self.create(name)
        try:
            yield made
        finally:
            made.close()
            self.delete(name)

    def close(self) -> None:
        """Close all connections, those of the workspaces that it gave too."""
        for workspace in list(self.open):
            workspace.close()
        self.control.close()


def unique_name(title: str) -> str:
    """A name for a workspace that no other process or machine makes: the letters and digits of a title, and chance."""
    chance = secrets.token_hex(5)
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{words[: _LONGEST - len(chance) - 1].strip('-') or 'w'}-{chance}"
