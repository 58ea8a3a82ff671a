"""Encrypted bodies: closed with the key that both sides derive, opened by it, refusals too; the rest of the client does not notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.jwk import OctKey

from shapan.reference.client import SystemClient
from shapan.reference.errors import Refused, Unavailable
from shapan.reference.sealing import Sealer

from .conftest import Script

Scripted = Callable[..., tuple[SystemClient, Script]]

# As docs/security.md has it, and not by the code under test.
KEY = OctKey.import_key(HKDF(SHA256(), 32, None, b"shapan JWE dir A256GCM").derive(b"a secret"))


def sealed(status: int, body: object, key: OctKey = KEY, **headers: str) -> httpx.Response:
    content = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM", "cty": "json"}, json.dumps(body).encode(), key)
    return httpx.Response(status, content=content, headers={"Content-Type": "application/jose", **headers})


def test_bodies_are_closed_and_answers_opened(scripted: Scripted) -> None:
    client, script = scripted(sealed(201, {"number": "X-1", "amount": 0.1}), sealer=Sealer("a secret"))
    assert client.post("/things", {"名称": "北京"}, key="k") == {"number": "X-1", "amount": Decimal("0.1")}
    [request] = script.requests
    assert (request.headers["Content-Type"], request.headers["Accept"]) == ("application/jose", "application/jose")
    assert request.headers["Idempotency-Key"] == "k"
    opened = jwe.decrypt_compact(request.content, KEY)
    assert opened.headers() == {"alg": "dir", "enc": "A256GCM", "cty": "json"}
    assert json.loads(opened.plaintext or b"") == {"名称": "北京"}


def test_what_is_sent_again_is_the_same_to_the_byte(scripted: Scripted) -> None:
    client, script = scripted(httpx.ConnectError("lost"), sealed(200, {}), sealer=Sealer("a secret"))
    client.post("/things", {"a": 1}, key="k")
    assert len({request.content for request in script.requests}) == 1


def test_links_and_etags_of_a_sealed_answer_count(scripted: Scripted) -> None:
    first = sealed(200, {"items": [1]}, Link='<http://scm.test/things?cursor=2>; rel="next"')
    client, script = scripted(
        first, sealed(200, {"items": [2]}), sealed(200, {}, ETag='"7"'), sealer=Sealer("a secret")
    )
    assert list(client.by_link("/things")) == [1, 2]
    assert client.read("/things/1") == ({}, '"7"')
    assert [request.headers.get("Content-Type") for request in script.requests] == [None] * 3


def test_a_sealed_refusal_is_readable(scripted: Scripted) -> None:
    problem = {"type": "urn:shapan:problem:business-rule", "detail": "That will not do."}
    client, _ = scripted(sealed(422, problem), sealer=Sealer("a secret"))
    with pytest.raises(Refused, match="That will not do") as caught:
        client.get("/things")
    assert caught.value.name == "business-rule"


def test_an_answer_that_is_not_sealed_is_read_as_it_is(scripted: Scripted) -> None:
    client, script = scripted(
        httpx.Response(401, json={}), httpx.Response(200, json={"a": 1}), sealer=Sealer("a secret")
    )
    assert client.get("/things") == {"a": 1}
    assert script.headers("Authorization") == ["Bearer token-1", "Bearer token-2"]


def test_an_answer_that_does_not_open_is_asked_for_again_later(scripted: Scripted) -> None:
    client, _ = scripted(sealed(200, {}, OctKey.generate_key(256)), sealer=Sealer("a secret"))
    with pytest.raises(Unavailable, match="/things answered what the key does not open"):
        client.get("/things")


def test_a_large_answer_opens(scripted: Scripted) -> None:
    client, _ = scripted(sealed(200, {"items": ["x" * 200_000]}), sealer=Sealer("a secret"))
    assert len(client.get("/things")["items"][0]) == 200_000
