"""No secret reaches the journal, whichever way it comes, and what is none stays readable."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.kernel.journal import masking

SECRET = "s3cr3t-Value"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0ZXN0cyJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    ["client_secret", "clientSecret", "CLIENT-SECRET", "password", "access_token", "refreshToken", "X-Api-Key", "Authorization",
     "Proxy-Authorization", "Cookie", "Set-Cookie", "webhook-signature", "private_key", "client_assertion", "encryptionKey"],
)  # fmt: skip
def test_names_of_secrets(name):
    assert masking.is_secret(name)


@pytest.mark.parametrize(
    "name",
    ["token_type", "expires_in", "Idempotency-Key", "external_key", "key", "number", "scope", "token_endpoint", "accept", "client_id"],
)  # fmt: skip
def test_names_that_are_no_secrets(name):
    assert not masking.is_secret(name)


def test_headers_lose_their_secrets_and_keep_the_scheme():
    shown = masking.headers(
        [("Authorization", f"Bearer {SECRET}"), ("Cookie", f"a={SECRET}"), ("X-Note", f"see {JWT}"), ("Accept", "a"), ("Accept", "b")]
    )  # fmt: skip
    assert shown == {"authorization": "Bearer ***", "cookie": "***", "x-note": "see ***", "accept": "a, b"}


@pytest.mark.parametrize("given_value", [SECRET, f"{SECRET} and more", f"Basic-{SECRET}"])
def test_an_authorization_without_a_scheme_is_struck_out_whole(given_value):
    assert SECRET not in masking.headers([("Authorization", given_value)])["authorization"]


def test_queries_and_forms_lose_the_values_of_secret_names():
    assert masking.query(f"a=1&client_secret={SECRET}&b=%20") == "a=1&client_secret=***&b=%20"
    assert masking.query(f"client%5Fsecret={SECRET}") == "client%5Fsecret=***"
    # Of a token request only what is known to be none is shown.
    token = masking.query(f"grant_type=client_credentials&client_id=me&secrt={SECRET}&{SECRET}", "issueToken")
    assert token == "grant_type=client_credentials&client_id=me&secrt=***&***"


def test_a_url_loses_user_information_and_secret_parameters():
    assert masking.url(f"amqp://me:{SECRET}@host/x?token={SECRET}&a=1") == "amqp://***@host/x?token=***&a=1"


def test_json_loses_secret_members_at_any_depth():
    body = {"url": "http://x", "secret": "whsec_QUJD", "a": [{"password": SECRET, "n": 1}], "note": f"token {JWT}"}
    text = json.dumps(body)
    shown = json.loads(masking.json_text(text, body))
    assert shown == {"url": "http://x", "secret": "***", "a": [{"password": "***", "n": 1}], "note": "token ***"}


@pytest.mark.parametrize("parsed", [True, False])
def test_a_url_in_json_loses_its_secrets(parsed):
    text = json.dumps({"note": f"see http://me:{SECRET}@host/a and http://h/b?token={SECRET}&x=1"})
    assert masking.may_hold_secrets(text.encode())
    shown = masking.json_text(text, json.loads(text) if parsed else None)
    assert json.loads(shown) == {"note": "see http://***@host/a and http://h/b?token=***&x=1"}


def test_whatever_stands_under_a_secret_name_is_struck_out():
    body = {
        "password": 123456,
        "token": [SECRET, {"a": SECRET}],
        "credentials": {"user": "u", "pin": 7},
        "secret": None,
        "clientSecret": True,
    }
    shown = json.loads(masking.json_text(json.dumps(body), body))
    assert shown == {
        "password": "***",
        "token": ["***", {"a": "***"}],
        "credentials": {"user": "***", "pin": "***"},
        "secret": None,
        "clientSecret": True,
    }


def test_json_without_secrets_stays_as_it_was_written():
    text = '{"key":  "A-1",\n "price": 1.50}'
    assert masking.json_text(text, json.loads(text)) == text


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "client_secret": "%s', '{"client_secret" : "%s", broken', '{"client_\\u0073ecret": "%s"', "{'x': 1, \"token\": %s}"],
)  # fmt: skip
def test_json_that_is_cut_off_or_broken_loses_its_secrets_too(text):
    shown = masking.json_text(text % SECRET, None)
    assert SECRET not in shown
    assert masking.MASK in shown


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(["a", "clientSecret", "token"]), x, max_size=3), max_leaves=8))  # fmt: skip
def test_whatever_the_json_every_text_under_a_secret_name_is_struck_out(value):
    shown = json.loads(masking.json_text(json.dumps(value), value))

    def check(before, after, secret=False):
        if isinstance(before, dict):
            for name, inner in before.items():
                check(inner, after[name], secret or name != "a")
        elif isinstance(before, list):
            for one, other in zip(before, after, strict=True):
                check(one, other, secret)
        else:
            assert after == (masking.MASK if secret and before is not None else before)

    check(value, shown)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_query_makes_it_stumble(name, value):
    masking.query(f"{name}={value}&{value}")
    masking.url(value)
