"""OAuth 2.0 client credentials (客户端凭证授权): issuing and checking JWT access tokens.

RFC 6749 section 4.4 (grant), RFC 8414 (metadata), RFC 9068 (JWT access tokens, RS256), RFC 6750 (errors at the resource).
"""

from __future__ import annotations

import functools
import hmac
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from werkzeug.datastructures import Authorization

from shapan.kernel.database import DatabaseError
from shapan.kernel.errors import Problem, insufficient_scope, unauthorized
from shapan.kernel.ids import new_uuid
from shapan.kernel.outbox import source_of
from shapan.kernel.system import Answer

TOKEN_SECONDS = 3600
_MOST_CACHED = 10_000
_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. `scopes` None: all scopes of the system."""

    client_id: str
    # Not in its repr, which stands in reports of failed tests.
    secret: str = field(repr=False)
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token says: who, which scopes, until when (simulated time, epoch seconds).

    `generation` counts how often all tokens of the client had been revoked before this one (kernel/revocation.py).
    """

    client_id: str
    scopes: frozenset[str]
    expires_at: int
    audience: str
    token_id: str = ""
    generation: int = 0
    issuer: str = ""
    issued_at: int = 0


@dataclass
class TokenError(Exception):
    """A refusal of the token endpoint (RFC 6749 section 5.2)."""

    error: str
    description: str

    @property
    def status(self) -> int:
        """401 for a client that we do not know, 400 for the rest."""
        return 401 if self.error == "invalid_client" else 400

    def answer(self) -> Answer:
        """The refusal as the endpoint answers it."""
        challenge = (("WWW-Authenticate", 'Basic realm="shapan"'),) if self.status == 401 else ()
        return Answer(self.status, {"error": self.error, "error_description": self.description}, challenge)


@functools.lru_cache(maxsize=32)
def _read_key(pem: bytes) -> RSAKey:
    """To check a key takes longer than to serve many requests, and it does not change."""
    return RSAKey.import_key(pem)


def load_or_create_key(folder: Path) -> RSAKey:
    """The signing key of a system, kept in its data folder so that tokens outlive a restart. DatabaseError."""
    path = folder / "token-key.pem"
    try:
        if path.exists():
            return _read_key(path.read_bytes())
        key = RSAKey.generate_key(2048)
        folder.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, however this process ends.
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(key.as_pem(private=True))
        fresh.replace(path)
    except (OSError, ValueError, JoseError) as error:
        raise DatabaseError(
            f"The token key {path} cannot be used ({type(error).__name__}). Remove it and start again; tokens from before are then void."
        ) from error
    return key


class Authority:
    """Issues and checks the tokens of one system."""

    def __init__(self, system: str, key: RSAKey, clients: Iterable[Client], scopes: tuple[str, ...]) -> None:
        self.system = system
        self.scopes = scopes
        self._key = key
        self._kid = key.thumbprint()
        self._clients = {client.client_id: client for client in clients}
        self._cache: dict[str, Grant] = {}
        self._lock = threading.Lock()

    @property
    def client_ids(self) -> list[str]:
        """Who is registered."""
        return sorted(self._clients)

    def metadata(self, base_url: str, *, revocation: bool = False) -> dict[str, Any]:
        """RFC 8414. `revocation`: whether the system's contract has the endpoints of RFC 7009 and 7662."""
        more = {}
        if revocation:
            more = {
                "revocation_endpoint": base_url + "/oauth/revoke",
                "revocation_endpoint_auth_methods_supported": _AUTH_METHODS,
                "introspection_endpoint": base_url + "/oauth/introspect",
                "introspection_endpoint_auth_methods_supported": _AUTH_METHODS,
            }
        return {
            "issuer": base_url,
            "token_endpoint": base_url + "/oauth/token",
            "jwks_uri": base_url + "/.well-known/jwks.json",
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": _AUTH_METHODS,
            "scopes_supported": list(self.scopes),
            **more,
        }

    def jwks(self) -> dict[str, Any]:
        """The public key set."""
        return {"keys": [{**self._key.as_dict(private=False), "kid": self._kid, "use": "sig", "alg": "RS256"}]}

    def audience(self, workspace: str) -> str:
        """For whom a token is good: this system, in one workspace."""
        return source_of(self.system, workspace)

    def issue(
        self,
        form: Mapping[str, str],
        basic: str | None,
        issuer: str,
        workspace: str,
        now: datetime,
        generation: Callable[[str], int] = lambda _: 0,
    ) -> dict[str, Any]:
        """The token answer for a form and the value of the Authorization header. TokenError when refused.

        `generation` gives the number that a client's new tokens bear.
        """
        if not form.get("grant_type"):
            raise TokenError(
                "invalid_request", "grant_type is missing; send grant_type=client_credentials. 缺少 grant_type。"
            )
        client = self.authenticate(form, basic)
        if form.get("grant_type") != "client_credentials":
            raise TokenError(
                "unsupported_grant_type", "Only grant_type=client_credentials is served. 仅支持 client_credentials。"
            )
        allowed = self.scopes if client.scopes is None else tuple(s for s in self.scopes if s in client.scopes)
        wanted = form.get("scope", "").split() or list(allowed)
        refused = [scope for scope in wanted if scope not in allowed]
        if refused:
            raise TokenError(
                "invalid_scope",
                f"Unknown here, or not for this client: {' '.join(refused)}. 未知或未授权的权限范围。",
            )
        issued = int(now.timestamp())
        scope = " ".join(dict.fromkeys(wanted))
        claims = {
            "iss": issuer,
            "aud": self.audience(workspace),
            "sub": client.client_id,
            "client_id": client.client_id,
            "iat": issued,
            "exp": issued + TOKEN_SECONDS,
            "jti": new_uuid(),
            "generation": generation(client.client_id),
            "scope": scope,
        }
        token = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": self._kid}, claims, self._key)
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": scope}

    def client(self, client_id: str) -> Client | None:
        """The registered client of this id."""
        return self._clients.get(client_id)

    def authenticate(self, form: Mapping[str, str], basic: str | None) -> Client:
        """The client behind the credentials in a form or a Basic header. TokenError `invalid_client` where there is none."""
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        header = Authorization.from_header(basic)
        if header is not None and header.type == "basic":
            # RFC 6749 section 2.3.1: both are form-encoded before they go into the Basic header.
            client_id, secret = unquote_plus(header.username or ""), unquote_plus(header.password or "")
        client = self._clients.get(client_id)
        if not hmac.compare_digest((client.secret if client else "").encode(), secret.encode()) or client is None:
            raise TokenError(
                "invalid_client",
                "Unknown client or wrong secret; `shapan up` prints both. 客户端不存在或密钥错误，请使用 shapan up 打印的凭证。",
            )
        return client

    def check(
        self,
        authorization: str | None,
        scopes: tuple[str, ...],
        workspace: str,
        now: datetime,
        revoked: Callable[[Grant], bool] = lambda _: False,
    ) -> Grant:
        """The grant behind an Authorization header. 401 without a valid token, 403 when one of `scopes` is missing."""
        if not authorization:
            raise unauthorized(
                "",
                "Send Authorization: Bearer with a token from /oauth/token.",
                "请在 Authorization: Bearer 中带上从 /oauth/token 获取的访问令牌。",
            )
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("invalid_token", "The scheme must be Bearer.", "认证方式必须是 Bearer。")
        grant = self.read(token.strip())
        if grant.audience != self.audience(workspace):
            raise unauthorized(
                "invalid_token",
                "The token is for another workspace; each has its own token endpoint.",
                "访问令牌属于另一个工作区；每个工作区有各自的令牌端点。",
            )
        if grant.expires_at <= now.timestamp():
            raise unauthorized(
                "invalid_token", "The token has expired; ask for a new one.", "访问令牌已过期，请重新获取。"
            )
        if revoked(grant) or grant.client_id not in self._clients:
            raise unauthorized(
                "invalid_token", "The token was revoked; ask for a new one.", "访问令牌已被吊销，请重新获取。"
            )
        if not grant.scopes.issuperset(scopes):
            raise insufficient_scope(scopes)
        return grant

    def read(self, token: str) -> Grant:
        """What a token of this system says, expired or not. 401 when it is none."""
        return self._cache.get(token) or self._decode(token)

    def _decode(self, token: str) -> Grant:
        try:
            decoded = jwt.decode(token, self._key, algorithms=["RS256"])
            claims = decoded.claims
            if decoded.header.get("typ") != "at+jwt":
                raise _not_ours()
            grant = Grant(
                claims["client_id"],
                frozenset(claims["scope"].split()),
                claims["exp"],
                claims["aud"],
                claims["jti"],
                # Tokens of before there were revocations bear none.
                claims.get("generation", 0),
                claims["iss"],
                claims["iat"],
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _not_ours() from error
        with self._lock:
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()
            self._cache[token] = grant
        return grant


def _not_ours() -> Problem:
    return unauthorized(
        "invalid_token",
        "The token is not one of this system; each system issues its own.",
        "访问令牌不是本系统签发的；每个系统各自签发令牌。",
    )
