"""Tokens that end before their time: revoked by their client, by the operator, expired, or of a client that is no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapan.kernel.auth import Client

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.security.conftest import Served

OWN = Client("shapan", "the-sandbox-s-own-secret")
OTHER = Client("other", "the-other-s-secret", ("customers:read",))
ME = {"client_id": "tests", "client_secret": "tests-secret"}


def _refused(api: Api, token: str) -> dict[str, Any] | None:
    """The problem with which a token is refused, None when it is taken."""
    answer = api.http.get("/customers", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == 200:
        return None
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    problem: dict[str, Any] = answer.json()
    return problem


def test_a_client_revokes_one_token_and_keeps_the_others(crm: Api) -> None:
    mine, another = crm.fetch_token(), crm.fetch_token()
    answer = crm.http.post("/oauth/revoke", data={**ME, "token": mine, "token_type_hint": "access_token"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["Cache-Control"] == "no-store"
    problem = _refused(crm, mine)
    assert problem is not None
    assert "revoked" in problem["detail"]
    assert _refused(crm, another) is None
    assert crm.http.post("/oauth/revoke", data={**ME, "token": mine}).status_code == 200


def test_revoking_what_is_no_token_is_what_was_wished(crm: Api) -> None:
    for token in ("nothing", "a.b.c", crm.token[:-3]):
        assert crm.http.post("/oauth/revoke", data={**ME, "token": token}).status_code == 200


def test_revoking_asks_for_the_client_s_credentials(crm: Api) -> None:
    for form in ({}, {"client_id": "tests", "client_secret": "wrong"}, {"client_id": "nobody", "client_secret": ""}):
        answer = crm.http.post("/oauth/revoke", data={**form, "token": crm.token})
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert _refused(crm, crm.token) is None
    missing = crm.http.post("/oauth/revoke", data=ME)
    assert [fault["pointer"] for fault in missing.json()["errors"]] == ["/token"]


def test_a_token_of_another_client_stays(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm", OWN, OTHER)
    token = served.token(OWN)
    form = {"client_id": OTHER.client_id, "client_secret": OTHER.secret, "token": token}
    answer = served.http.post("/oauth/revoke", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert served.status("GET", "/customers", token) == 200
    assert served.http.post("/oauth/introspect", data=form).json() == {"active": False}


def test_introspection_says_whether_a_token_is_good(crm: Api) -> None:
    token = crm.fetch_token("customers:read orders:read")
    facts = crm.http.post("/oauth/introspect", data={**ME, "token": token}).json()
    assert facts["active"] is True
    assert (facts["scope"], facts["client_id"], facts["token_type"]) == (
        "customers:read orders:read",
        "tests",
        "Bearer",
    )
    assert facts["exp"] - facts["iat"] == 3600
    crm.http.post("/oauth/revoke", data={**ME, "token": token})
    assert crm.http.post("/oauth/introspect", data={**ME, "token": token}).json() == {"active": False}
    assert crm.http.post("/oauth/introspect", data={**ME, "token": "nothing"}).json() == {"active": False}
    assert crm.http.post("/oauth/introspect", data={"token": crm.token}).status_code == 401


def test_tokens_expire_on_the_simulated_clock(crm: Api) -> None:
    crm.http.post("/_shapan/clock", json={"frozen": True})
    token = crm.fetch_token()
    crm.http.post("/_shapan/clock", json={"advance_seconds": 3599})
    assert _refused(crm, token) is None
    crm.http.post("/_shapan/clock", json={"advance_seconds": 1})
    problem = _refused(crm, token)
    assert problem is not None
    assert "expired" in problem["detail"]
    assert crm.http.post("/oauth/introspect", data={**ME, "token": token}).json() == {"active": False}
    assert _refused(crm, crm.fetch_token()) is None


def test_the_operator_revokes_all_that_a_client_has_even_when_time_stands_still(
    serve_here: Callable[..., Served],
) -> None:
    served = serve_here("crm", OWN, OTHER)
    served.http.post("/_shapan/clock", json={"frozen": True})
    mine, others = served.token(OWN), served.token(OTHER)
    answer = served.http.post("/_shapan/tokens/revoke", json={"client_id": "other"})
    assert answer.json() == {"client_ids": ["other"]}
    assert served.status("GET", "/customers", others) == 401
    assert served.status("GET", "/customers", mine) == 200
    # A new one, issued in the same instant, is good.
    assert served.status("GET", "/customers", served.token(OTHER)) == 200
    assert served.http.post("/_shapan/tokens/revoke").json() == {"client_ids": ["other", "shapan"]}
    assert served.status("GET", "/customers", mine) == 401
    assert served.status("GET", "/customers", served.token(OWN)) == 200
    assert served.http.post("/_shapan/tokens/revoke", json={"client_id": "nobody"}).status_code == 404


def test_what_was_revoked_stays_so_over_a_restart(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm", OWN, OTHER)
    single, kept, all_of_other = served.token(OWN), served.token(OWN), served.token(OTHER)
    form = {"client_id": OWN.client_id, "client_secret": OWN.secret, "token": single}
    assert served.http.post("/oauth/revoke", data=form).status_code == 200
    served.http.post("/_shapan/tokens/revoke", json={"client_id": "other"})
    served.runtime.stop()
    again = serve_here("crm", OWN, OTHER, again=True)
    assert again.status("GET", "/customers", single) == 401
    assert again.status("GET", "/customers", all_of_other) == 401
    assert again.status("GET", "/customers", kept) == 200


def test_what_was_revoked_stays_so_over_a_reset(crm: Api) -> None:
    single, kept = crm.fetch_token(), crm.fetch_token()
    crm.http.post("/oauth/revoke", data={**ME, "token": single})
    assert crm.http.post("/_shapan/reset").status_code == 200
    assert _refused(crm, kept) is None
    crm.http.post("/_shapan/tokens/revoke")
    assert crm.http.post("/_shapan/reset").status_code == 200
    for token in (single, kept):
        assert _refused(crm, token) is not None


def test_what_was_revoked_stays_so_when_the_clock_goes_back(crm: Api) -> None:
    """An expired token that was revoked must not come to life again when a reset makes it young."""
    single = crm.fetch_token()
    crm.http.post("/oauth/revoke", data={**ME, "token": single})
    crm.http.post("/_shapan/clock", json={"advance_seconds": 4000})
    crm.http.post("/oauth/revoke", data={**ME, "token": crm.fetch_token()})
    assert crm.http.post("/_shapan/reset").status_code == 200
    problem = _refused(crm, single)
    assert problem is not None
    assert "revoked" in problem["detail"]


def test_a_client_that_is_no_longer_registered_has_no_good_token(serve_here: Callable[..., Served]) -> None:
    served = serve_here("crm", OWN, OTHER)
    token = served.token(OTHER)
    served.runtime.stop()
    again = serve_here("crm", OWN, again=True)
    assert again.status("GET", "/customers", token) == 401


def test_a_token_is_good_in_its_own_workspace_only(crm: Api) -> None:
    crm.http.put("/_shapan/workspaces/apart")
    answer = crm.http.get("/ws/apart/customers", headers={"Authorization": f"Bearer {crm.token}"})
    assert answer.status_code == 401
    # Nor does it end there.
    crm.http.post("/ws/apart/_shapan/tokens/revoke")
    assert _refused(crm, crm.token) is None


def test_the_metadata_names_the_endpoints(crm: Api) -> None:
    metadata = crm.http.get("/.well-known/oauth-authorization-server").json()
    for name in ("revocation_endpoint", "introspection_endpoint"):
        assert crm.http.post(metadata[name], data={**ME, "token": "x"}).status_code == 200


def test_another_kind_of_token_under_our_own_key_is_refused(crm: Api) -> None:
    """RFC 9068 section 4: an identity token, or whatever else is signed with the same key, opens nothing."""
    from joserfc import jwt

    key = crm.runtime.authority._key
    claims = jwt.decode(crm.token, key, algorithms=["RS256"]).claims
    same, other = (jwt.encode({"alg": "RS256", "typ": typ}, claims, key) for typ in ("at+jwt", "JWT"))
    assert _refused(crm, same) is None
    assert _refused(crm, other) is not None


def test_forged_tokens_are_refused(crm: Api) -> None:
    import base64
    import json

    head, body, signature = crm.token.split(".")

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other_claims = part({**claims, "client_id": "admin"})
    public = crm.http.get("/.well-known/jwks.json").text
    for forged in (
        f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        f"{part({'alg': 'HS256', 'typ': 'at+jwt'})}.{body}.{signature}",
        f"{head}.{other_claims}.{signature}",
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}",
        public,
    ):
        assert _refused(crm, forged.replace("\n", "")) is not None, forged
