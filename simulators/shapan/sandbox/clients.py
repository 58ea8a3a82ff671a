"""The clients of a sandbox (客户端与权限矩阵): its own, which may do all, and those of clients.yaml, each with the scopes of its part.

Their secrets are derived from the sandbox's own, so that every process of it knows them and nothing more need be kept.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shapan.kernel.auth import Client
from shapan.kernel.yaml_file import load_yaml

INTEGRATION = "integration"
"""The client as which an integration under test is started."""

_FILE = Path(__file__).with_name("clients.yaml")
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Role:
    """A client of the matrix: what it is called and for, in both languages, and its scopes by system; None stands for all of a system."""

    client_id: str
    en: str
    zh: str
    about_en: str
    about_zh: str
    scopes: Mapping[str, tuple[str, ...] | None]


@functools.cache
def roles() -> tuple[Role, ...]:
    """The clients of clients.yaml, in its order."""
    return tuple(
        Role(
            client_id,
            entry["title"]["en"],
            entry["title"]["zh"],
            entry["about"]["en"],
            entry["about"]["zh"],
            {system: None if scopes == _ALL else tuple(scopes) for system, scopes in entry["scopes"].items()},
        )
        for client_id, entry in load_yaml(_FILE).items()
    )


def secret_of(client_id: str, own_secret: str) -> str:
    """The secret of a client of the matrix: HMAC-SHA256 of its name under the sandbox's own client secret, in Base64 for URLs, unpadded."""
    made = hmac.new(own_secret.encode(), b"shapan client " + client_id.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def registered(system: str, own: Client) -> tuple[Client, ...]:
    """Who may ask a system for tokens: the sandbox's own client, and those of the matrix that have to do with the system."""
    others = (
        Client(role.client_id, secret_of(role.client_id, own.secret), role.scopes[system])
        for role in roles()
        if system in role.scopes and role.client_id != own.client_id
    )
    return (own, *others)


def integration_client(own: Client) -> Client:
    """The client of the integration under test in the sandbox whose own client is `own`: one of its own, unless they are called the same."""
    return own if own.client_id == INTEGRATION else Client(INTEGRATION, secret_of(INTEGRATION, own.secret))
