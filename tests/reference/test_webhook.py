"""The receiver of webhooks: only what is signed is taken, and 204 means stored."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from flask.testing import FlaskClient
from standardwebhooks.webhooks import Webhook

from shapan.reference.inbox import Inbox
from shapan.reference.signature import Signature
from shapan.reference.state import State
from shapan.reference.webhook import PATH, ListenError, WebhookServer, create_app

from .conftest import cloud_event, encoded

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER = "whsec_AAAAMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
BODY = encoded(cloud_event("a", data={"number": "ORD-1", "customerName": "北京华信科技有限公司"}))


def signed(body: bytes, secret: str = SECRET, age: timedelta = timedelta(0), event_id: str = "a") -> dict[str, str]:
    moment = datetime.now(UTC) - age
    signature = Webhook(secret).sign(event_id, moment, body.decode())
    stamp = str(int(moment.timestamp()))
    return {"webhook-id": event_id, "webhook-timestamp": stamp, "webhook-signature": signature}


@pytest.fixture
def client(inbox: Inbox) -> FlaskClient:
    return create_app(inbox, Signature(SECRET)).test_client()


def test_a_signed_event_is_stored_before_it_is_acknowledged(client: FlaskClient, state: State) -> None:
    assert client.post(PATH, data=BODY, headers=signed(BODY)).status_code == 204
    ((work, _),) = state.heads(2)
    assert work.body == BODY.decode()


def test_a_known_event_is_acknowledged_again(client: FlaskClient, state: State) -> None:
    assert [client.post(PATH, data=BODY, headers=signed(BODY)).status_code for _ in range(3)] == [204] * 3
    assert len(state.waiting()) == 1


def test_one_of_several_signatures_may_fit(client: FlaskClient) -> None:
    headers = signed(BODY)
    headers["webhook-signature"] = signed(BODY, OTHER)["webhook-signature"] + " v2,x " + headers["webhook-signature"]
    assert client.post(PATH, data=BODY, headers=headers).status_code == 204


@pytest.mark.parametrize(
    "forge",
    [
        lambda: {},
        lambda: signed(BODY, OTHER),
        lambda: signed(BODY + b" "),
        lambda: {**signed(BODY), "webhook-id": "b"},
        lambda: {**signed(BODY), "webhook-signature": "v1"},
        lambda: {**signed(BODY), "webhook-signature": "v1,äöü"},
        lambda: {**signed(BODY), "webhook-timestamp": "now"},
        lambda: signed(BODY, age=timedelta(hours=1)),
        lambda: signed(BODY, age=timedelta(hours=-1)),
    ],
    ids=[
        "unsigned",
        "other-secret",
        "other-body",
        "other-id",
        "no-base64",
        "no-ascii",
        "no-time",
        "too-old",
        "too-new",
    ],
)
def test_what_is_not_signed_as_it_should_be_is_refused(
    client: FlaskClient, state: State, forge: Callable[[], dict[str, str]]
) -> None:
    assert client.post(PATH, data=BODY, headers=forge()).status_code == 401
    assert state.waiting() == []


def test_a_body_that_is_no_text_is_refused(client: FlaskClient) -> None:
    assert client.post(PATH, data=b"\xff\xfe", headers=signed(BODY)).status_code == 401


def test_signed_nonsense_is_refused(client: FlaskClient, state: State) -> None:
    for body in (b"nonsense", b"{}"):
        assert client.post(PATH, data=body, headers=signed(body)).status_code == 400
    assert state.waiting() == []


def test_what_cannot_be_stored_is_not_acknowledged(
    client: FlaskClient, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: bytes) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(inbox, "take", full)
    assert client.post(PATH, data=BODY, headers=signed(BODY)).status_code == 503


def test_a_body_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    assert client.post(PATH, data=b"x" * (1024 * 1024 + 1)).status_code == 413


def test_it_serves_on_a_real_port_and_gives_it_back(inbox: Inbox, state: State) -> None:
    server = WebhookServer(inbox, Signature(SECRET), "127.0.0.1", 0)
    server.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as sender:
        answers = [sender.post(PATH, content=BODY, headers=signed(BODY)).status_code for _ in range(2)]
        answers.append(sender.get("/").status_code)
    server.stop()
    assert answers == [204, 204, 404]
    assert len(state.waiting()) == 1
    WebhookServer(inbox, Signature(SECRET), "127.0.0.1", server.port).stop()


def test_a_port_in_use_is_told_with_a_remedy(inbox: Inbox, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"Cannot listen on 127\.0\.0\.1:{port} .*SHAPAN_WEBHOOK_PORT"):
            WebhookServer(inbox, Signature(SECRET), "127.0.0.1", port)
    assert capfd.readouterr() == ("", "")
