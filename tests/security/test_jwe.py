"""Encrypted bodies, over sockets and in process: what was encrypted does what the plain body does, and nothing is told of what cannot be opened."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc import jwe
from joserfc.jwk import OctKey

from shapan.kernel.auth import Client
from shapan.kernel.jwe import encryption_key, opened, sealed, wants_encryption
from shapan.kernel.wire import Reply

if TYPE_CHECKING:
    from tests.conftest import Api

JOSE = "application/jose"
KEY = OctKey.import_key(encryption_key("tests-secret"))


def _encrypt(content: bytes, key: OctKey = KEY, **header: Any) -> str:
    protected = {"alg": "dir", "enc": "A256GCM", "cty": "json", **header}
    return jwe.encrypt_compact({k: v for k, v in protected.items() if v is not None}, content, key)


def _decrypt(answer: httpx.Response) -> tuple[str, bytes]:
    assert answer.headers["Content-Type"] == JOSE
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    opened_ = jwe.decrypt_compact(answer.content, KEY)
    assert opened_.plaintext is not None
    return str(opened_.headers()["cty"]), opened_.plaintext


@pytest.fixture
def order(crm: Api) -> dict[str, Any]:
    customer = crm.get("/customers").json()["items"][0]
    product = crm.get("/products").json()["items"][0]
    return {
        "customerId": customer["id"],
        "lines": [{"productCode": product["code"], "quantity": 1}],
    }


def test_an_encrypted_order_is_created_and_its_answer_encrypted(crm: Api, order: dict[str, Any]) -> None:
    body = _encrypt(json.dumps(order).encode())
    headers = {"Content-Type": JOSE, "Accept": JOSE, "Idempotency-Key": "once"}
    answer = crm.post("/orders", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    kind, plain = _decrypt(answer)
    assert kind.startswith("json")
    made = json.loads(plain)
    assert (
        crm.get(answer.headers["Location"].removeprefix(str(crm.http.base_url).rstrip("/"))).json()["id"] == made["id"]
    )
    # The key is of what is inside: another encryption of the same content is the same request, and so is the plain one.
    again = crm.post("/orders", content=_encrypt(json.dumps(order).encode()), headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert json.loads(_decrypt(again)[1])["id"] == made["id"]
    plainly = crm.post("/orders", json=order, headers={"Idempotency-Key": "once"})
    assert (plainly.headers["Idempotency-Replayed"], plainly.json()["id"]) == ("true", made["id"])


def test_answers_are_encrypted_on_demand_and_only_then(crm: Api) -> None:
    kind, plain = _decrypt(crm.get("/customers", headers={"Accept": f"{JOSE}, application/json;q=0.5"}))
    assert json.loads(plain)["items"] == crm.get("/customers").json()["items"]
    for accept in ("*/*", "application/*", "application/json", f"{JOSE};q=0"):
        assert crm.get("/customers", headers={"Accept": accept}).json()["items"]
    assert kind == "json; charset=utf-8"


def test_refusals_are_encrypted_too_once_the_client_is_known(crm: Api) -> None:
    answer = crm.post("/customers", content=_encrypt(b"{}"), headers={"Content-Type": JOSE, "Accept": JOSE})
    assert answer.status_code == 400
    kind, plain = _decrypt(answer)
    assert kind.startswith("problem+json")
    assert json.loads(plain)["type"] == "urn:shapan:problem:validation-failed"
    # Without a token nobody's key can be used.
    unknown = crm.http.get("/customers", headers={"Accept": JOSE})
    assert (unknown.status_code, unknown.json()["status"]) == (401, 401)


def test_a_file_can_be_uploaded_encrypted(crm: Api) -> None:
    body = _encrypt("name\n甲".encode("gb18030"), cty="text/csv; charset=gb18030")
    answer = crm.post("/imports?resource=customers&mode=by_row", content=body, headers={"Content-Type": JOSE})
    assert answer.status_code == 202, answer.text
    large = _encrypt(("name\n" + "甲" * 99 + "\n" * 200_000).encode("gb18030"), cty="text/csv; charset=gb18030")
    answer = crm.post("/imports?resource=customers&mode=by_row", content=large, headers={"Content-Type": JOSE})
    assert answer.status_code == 202, answer.text


def _broken() -> list[tuple[str, bytes]]:
    good = _encrypt(b"{}").encode()
    head, key, nonce, text, tag = good.split(b".")
    other = OctKey.import_key(encryption_key("another-secret"))

    def header(**members: Any) -> bytes:
        made = {"alg": "dir", "enc": "A256GCM", "cty": "json", **members}
        return base64.urlsafe_b64encode(json.dumps(made).encode()).rstrip(b"=")

    def rest(first: bytes) -> bytes:
        return b".".join((first, key, nonce, text, tag))

    return [
        ("nothing", b""),
        ("no JWE", b"{}"),
        ("too few parts", head + b".."),
        ("too many parts", good + b".x"),
        ("the key of another client", _encrypt(b"{}", other).encode()),
        ("a changed text", b".".join((head, key, nonce, b"AAAA", tag))),
        ("a changed tag", b".".join((head, key, nonce, text, tag[::-1]))),
        ("a short tag", b".".join((head, key, nonce, text, tag[:4]))),
        ("a short nonce", b".".join((head, key, nonce[:4], text, tag))),
        ("a wrapped key", b".".join((head, b"AAAA", nonce, text, tag))),
        ("another algorithm", rest(header(alg="A256KW"))),
        ("none", rest(header(alg="none"))),
        ("another encryption", rest(header(enc="A128GCM"))),
        ("compression", rest(header(zip="DEF"))),
        ("what must be understood", rest(header(crit=["exp"], exp=1))),
        ("a header that is no object", rest(b"W10")),
        ("a header that is no text", rest(b"_w")),
        ("a header with a list for a name", rest(header(alg=["dir"]))),
        ("no content type", _encrypt(b"{}", cty=None).encode()),
        ("a content type that is none", rest(header(cty=7))),
        ("no ASCII", "加密".encode()),
    ]


def test_whatever_cannot_be_opened_is_refused_with_the_same_words(crm: Api) -> None:
    said = set()
    for name, body in _broken():
        answer = crm.post("/customers", content=body, headers={"Content-Type": JOSE})
        assert answer.status_code == 400, name
        problem = answer.json()
        assert problem["type"] == "urn:shapan:problem:malformed-jwe", name
        said.add((problem["title"], problem["detail"], tuple(sorted(problem))))
    assert len(said) == 1


def test_a_compressed_body_is_never_unpacked(crm: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def decrypt(*_: Any, **__: Any) -> None:
        raise AssertionError("it came to be decrypted")

    monkeypatch.setattr("joserfc.jwe.decrypt_compact", decrypt)
    bomb = _encrypt(b"[" + b"0," * 4_000_000 + b"0]", zip="DEF")
    assert len(bomb) < 100_000
    answer = crm.post("/customers", content=bomb, headers={"Content-Type": JOSE})
    assert answer.json()["type"] == "urn:shapan:problem:malformed-jwe"


def test_bounds_hold_for_what_is_inside_as_well(crm: Api) -> None:
    large = crm.post("/customers", content=_encrypt(b" " * 1024 * 1024), headers={"Content-Type": JOSE})
    assert large.status_code == 413
    deep = crm.post("/customers", content=_encrypt(b"[" * 100 + b"]" * 100), headers={"Content-Type": JOSE})
    assert (deep.status_code, deep.json()["type"]) == (400, "urn:shapan:problem:malformed-body")
    media = crm.post("/customers", content=_encrypt(b"a,b", cty="text/csv"), headers={"Content-Type": JOSE})
    assert media.status_code == 415


def test_where_no_client_is_known_nothing_is_decrypted(crm: Api) -> None:
    form = _encrypt(b"grant_type=client_credentials", cty="application/x-www-form-urlencoded")
    assert crm.http.post("/oauth/token", content=form, headers={"Content-Type": JOSE}).status_code == 415
    assert crm.http.post("/_shapan/clock", content=_encrypt(b"{}"), headers={"Content-Type": JOSE}).status_code == 415


def test_each_client_has_a_key_of_its_own_and_every_message_its_own_nonce() -> None:
    client = Client("a", "secret-a")
    reply = Reply(200, (("Content-Type", "text/csv; charset=gb18030"), ("ETag", '"1"')), b"x")
    first, second = sealed(client, reply), sealed(client, reply)
    assert first.body != second.body
    assert ("ETag", '"1"') in first.headers
    assert opened(client, first.body) == ("text/csv; charset=gb18030", b"x")
    assert encryption_key("secret-a") != encryption_key("secret-b")
    assert sealed(client, Reply(204, (), b"")) == Reply(204, (), b"")
    assert wants_encryption({"accept": "Application/JOSE"})


def test_the_journal_has_the_content_and_that_it_came_encrypted(crm: Api) -> None:
    secret = b'{"name": "x", "client_secret": "hidden-in-the-body"}'
    refused = crm.post("/customers", content=_encrypt(secret), headers={"Content-Type": JOSE})
    assert refused.status_code == 400
    [whole] = crm.http.get("/_shapan/journal?operation_id=createCustomer&bodies=true").json()["items"]
    assert whole["request_headers"]["content-type"] == JOSE
    assert '"name":"x"' in whole["request_body"].replace(" ", "")
    assert "hidden-in-the-body" not in whole["request_body"]
