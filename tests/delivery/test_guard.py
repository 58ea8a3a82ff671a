"""The guard of webhook targets over real sockets: where a call goes, and where it never does."""

from __future__ import annotations

import base64
import socket
import threading

import pytest

from shapan.kernel.delivery import Targets

pytestmark = pytest.mark.in_process

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def memo(serve, memo_system):
    api = serve(memo_system)
    api.http.post("/_shapan/clock", json={"frozen": True}).raise_for_status()
    return api


def subscribe(memo, url):
    return memo.post("/webhooks", json={"url": url, "secret": SECRET})


def write(memo, text):
    memo.post("/memos", json={"text": text, "day": "2026-01-01"}).raise_for_status()


def delivery(memo):
    [entry] = memo.http.get("/_shapan/events").json()["events"]
    return entry["deliveries"][0]


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "2852039166",
        "0xa9.0xfe.0xa9.0xfe",
        "100.100.100.200",
        "8.8.8.8",
        "[2001:4860:4860::8888]",
        "0.0.0.0",
        "[fe80::1]",
    ],
)
def test_an_address_that_must_not_be_called_is_refused_at_once(memo, refusal, host):
    answer = subscribe(memo, f"http://{host}/latest/meta-data")
    assert refusal(answer, 422, "business-rule") == ["/url"]
    assert memo.get("/webhooks").json()["items"] == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "[::1]", "10.0.0.7", "192.168.1.1", "hooks.example", "localhost"]
)
def test_others_are_taken(memo, host):
    assert subscribe(memo, f"http://{host}:8080/hook").status_code == 201


def test_what_was_allowed_is_allowed(serve, memo_system):
    memo = serve(memo_system, webhook_targets=Targets.parse(["203.0.113.0/24"]))
    assert subscribe(memo, "http://203.0.113.9/hook").status_code == 201
    assert subscribe(memo, "http://203.0.114.9/hook").status_code == 422


def test_a_name_is_looked_at_whenever_it_is_called(memo, receiver, eventually, monkeypatch):
    """DNS rebinding: a name that was harmless when it was registered leads to the metadata service later, and nothing is sent there."""
    leads_to = ["127.0.0.1"]
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    asked, real = [], socket.getaddrinfo

    def resolve(host, *rest, **more):
        if host == "hooks.example":
            asked.append(host)
            host = leads_to[0]
        return real(host, *rest, **more)

    connected, connect = [], socket.socket.connect

    def watch(self, address):
        connected.append(address[0])
        return connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", watch)
    assert subscribe(memo, f"http://hooks.example:{port}/hook").status_code == 201
    write(memo, "a")
    receiver.wait_for(1)
    assert receiver.got[0][0]["host"] == f"hooks.example:{port}"
    eventually(lambda: delivery(memo)["state"] == "delivered")
    # The name was asked for once: the call went to the address that was looked at.
    assert asked == ["hooks.example"]
    leads_to[0] = "169.254.169.254"
    event = memo.http.get("/_shapan/events").json()["events"][0]["event"]["id"]
    memo.http.post(f"/_shapan/events/{event}/resend").raise_for_status()
    eventually(lambda: delivery(memo)["attempts"] == 1 and delivery(memo)["state"] == "waiting")
    assert "never go there" in delivery(memo)["last_result"]
    assert "169.254.169.254" not in connected
    assert len(receiver.got) == 1


def test_of_several_addresses_the_first_that_answers_is_taken(memo, receiver, eventually, monkeypatch):
    real = socket.getaddrinfo
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])

    def resolve(host, *rest, **more):
        if host != "hooks.example":
            return real(host, *rest, **more)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("169.254.169.254", "127.0.0.2", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert subscribe(memo, f"http://hooks.example:{port}/hook").status_code == 201
    write(memo, "a")
    receiver.wait_for(1)


def test_redirects_are_not_followed(memo, receiver, eventually):
    """A receiver that sends the call on to another place gets a failed attempt."""
    with _Raw(
        f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {receiver.url}\r\nContent-Length: 0\r\n\r\n".encode()
    ) as raw:
        assert subscribe(memo, raw.url).status_code == 201
        write(memo, "a")
        eventually(lambda: delivery(memo)["attempts"] == 1)
        assert delivery(memo)["last_result"] == "HTTP 307"
    assert receiver.got == []


def test_an_answer_without_end_is_not_read_to_its_end(memo, eventually):
    with _Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x" * 65536) as raw:
        assert subscribe(memo, raw.url).status_code == 201
        write(memo, "a")
        eventually(lambda: delivery(memo)["state"] == "delivered")


def test_tls_is_checked_by_the_name_and_not_by_the_address(memo, eventually, monkeypatch, tmp_path):
    """The call goes to an address, but the certificate must be for the name."""
    import ssl

    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *r, **m: real("127.0.0.1" if host.endswith(".example") else host, *r, **m)
    )
    monkeypatch.setenv("SHAPAN_CA_FILE", str(tmp_path / "ca.pem"))
    from shapan.kernel.delivery.webhooks import Webhooks

    monkeypatch.setattr(memo.runtime.courier, "_webhooks", Webhooks(Targets()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("right.example").configure_cert(context)
    with _Raw(b"HTTP/1.1 204 No Content\r\n\r\n", tls=context) as raw:
        assert subscribe(memo, raw.url.replace("127.0.0.1", "right.example")).status_code == 201
        write(memo, "a")
        eventually(lambda: delivery(memo)["state"] == "delivered")
        [webhook] = memo.get("/webhooks").json()["items"]
        memo.delete(f"/webhooks/{webhook['id']}")
        assert subscribe(memo, raw.url.replace("127.0.0.1", "wrong.example")).status_code == 201
        memo.http.post("/_shapan/events/resend", json={"since": "2026-01-01T00:00:00Z"}).raise_for_status()
        eventually(lambda: delivery(memo)["attempts"] == 1)
        assert "CERTIFICATE_VERIFY_FAILED" in delivery(memo)["last_result"]


def test_a_webhook_that_leads_to_the_operator_interface_does_nothing(memo, eventually):
    """A system reaches its own operator interface by loopback; a client that has none of it must not borrow that."""
    from werkzeug.serving import make_server

    from shapan.kernel.flask_app import create_app

    server = make_server("127.0.0.1", 0, create_app(memo.runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        here = f"http://127.0.0.1:{server.port}/_shapan"
        for act in ("reset?webhooks=true", "tokens/revoke"):
            assert subscribe(memo, f"{here}/{act}").status_code == 201
        write(memo, "a")

        def tried():
            entries = memo.http.get("/_shapan/events").raise_for_status().json()["events"]
            return [each for entry in entries for each in entry["deliveries"] if each["attempts"]]

        eventually(lambda: len(tried()) == 2)
        assert {each["last_result"] for each in tried()} == {"HTTP 403"}
        assert memo.get("/memos").json()["items"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _read_request(connection) -> None:
    """All of it: what is closed with something unread is reset, and the answer lost."""
    with connection.makefile("rb") as file:
        length = 0
        while line := file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        file.read(length)


class _Raw:
    """A server on a real port that answers every connection with the same bytes, and then with `more` for as long as it is read."""

    def __init__(self, answer: bytes, more: bytes = b"", tls=None) -> None:
        self._answer, self._more, self._tls = answer, more, tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._socket.getsockname()[1]}/hook"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                with connection:
                    connection.settimeout(10)
                    _read_request(connection)
                    connection.sendall(self._answer)
                    while self._more:
                        connection.sendall(self._more)
            except OSError:
                continue

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(15)
