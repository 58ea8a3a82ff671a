"""The edge in a granian of its own: waiting holds up nobody, answers break off, a stop leaves nobody hanging."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from shapan.sandbox.ports import free_ports

HERE = Path(__file__).parent
DEADLINE = 20


class Served:
    """The app of waiting_app.py in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(["app"])["app"]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "waiting_app.py"), str(self.port)],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])},
            )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=DEADLINE)

    def raw(self, target: str) -> socket.socket:
        """A connection on which this was asked."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return connection

    def end(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(DEADLINE)


def received(connection: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    parts = []
    with connection:
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.fixture
def served(tmp_path: Path, eventually: Callable[[Callable[[], object]], object]) -> Iterator[Served]:
    app = Served(tmp_path)

    def ready() -> bool:
        try:
            return app.http.get("/ready").status_code == 200
        except httpx.TransportError:
            assert app.process.poll() is None, app.log.read_text()
            return False

    try:
        eventually(ready)
        yield app
    finally:
        app.end()


def test_requests_come_as_they_were_sent(served: Served) -> None:
    answer = served.http.get("/a%20b/%E4%B8%AD", headers=[("X-Multi", "1"), ("X-Multi", "2")])
    told = answer.json()
    assert (told["path"], told["bytes"], told["passed"], told["multi"]) == ("a b/中", 0, [], "1,2")
    assert served.http.post("/x", content=b"y" * 1000).json()["bytes"] == 1000
    chunked = served.http.post("/x", content=iter([b"y" * 400, b"z" * 500]))
    assert chunked.json()["bytes"] == 900
    # Of more than any operation takes, no more is read than says so.
    assert served.http.post("/x", content=iter([b"y" * 900, b"z" * 900])).json()["bytes"] == 1001
    assert served.http.head("/x").status_code == 200


def test_a_hundred_that_hang_hold_up_nobody_and_go_on_when_it_is_over(served: Served) -> None:
    hanging = [served.raw("/x?hang=1") for _ in range(100)]
    for _ in range(20):
        assert served.http.get("/y").json()["path"] == "y"
    for connection in hanging:
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        connection.settimeout(DEADLINE)
    served.http.get("/y?heal=1")
    for connection in hanging:
        with closing(connection):
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_pause_ends_by_itself_and_is_told(served: Served) -> None:
    assert served.http.get("/x?pause=0.01").json()["passed"] == ["pause"]
    assert served.http.get("/x?delay=0.01").json()["passed"] == []


def test_half_an_answer(served: Served) -> None:
    whole = served.http.get("/x").content
    head, _, body = received(served.raw("/x?sent=half")).partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head.lower()
    assert body == whole[: len(whole) // 2]
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        served.http.get("/x?sent=half")


def test_no_answer_at_all(served: Served) -> None:
    assert received(served.raw("/x?sent=nothing")) == b""
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        served.http.get("/x?sent=nothing")
    # It was this connection only.
    assert served.http.get("/x").status_code == 200


def test_a_stop_in_order_leaves_nobody_hanging(served: Served) -> None:
    hanging = [served.raw("/x?hang=1") for _ in range(10)]
    # They are there once something that was asked later on the same loop was answered.
    assert served.http.get("/y").status_code == 200
    served.process.terminate()
    for connection in hanging:
        assert received(connection) == b""
    assert served.process.wait(DEADLINE) == 0
    assert "ended in order" in served.log.read_text()


def test_a_client_that_hangs_up_frees_its_place(
    served: Served, eventually: Callable[[Callable[[], object]], object]
) -> None:
    def waiting() -> int:
        return int(served.http.get("/y").json()["waiting"])

    hanging = [served.raw("/x?hang=1") for _ in range(5)]
    eventually(lambda: waiting() == 5)
    for connection in hanging[1:]:
        connection.close()
    eventually(lambda: waiting() == 1)
    served.http.get("/y?heal=1")
    with closing(hanging[0]):
        assert hanging[0].recv(65536).startswith(b"HTTP/1.1 200")
    assert waiting() == 0


def test_one_that_is_served_all_the_same_is_not_asked_about_again_once_its_client_has_gone(
    served: Served, eventually: Callable[[Callable[[], object]], object]
) -> None:
    hanging = [served.raw("/x?hang=1"), *(served.raw("/x?serve=1") for _ in range(3))]
    eventually(lambda: served.http.get("/y").json()["asked"] == 3)
    for connection in hanging:
        connection.close()
    # Once the server has noticed it of one, it has had its chance with the others.
    eventually(lambda: served.http.get("/y").json()["waiting"] == 3)
    assert served.http.get("/y").json()["asked"] == 3
    served.http.get("/y?heal=1")
    eventually(lambda: served.http.get("/y").json()["waiting"] == 0)


@pytest.mark.parametrize("rest", [b"ZZ\r\n", None])
def test_a_chunked_body_that_breaks_off_is_not_taken_for_a_whole_one(served: Served, rest: bytes | None) -> None:
    connection = socket.create_connection(("127.0.0.1", served.port), timeout=DEADLINE)
    connection.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    if rest is None:
        connection.shutdown(socket.SHUT_WR)
    else:
        connection.sendall(rest)
    answer = received(connection)
    # Who has closed its side may be told nothing.
    assert answer.startswith(b"HTTP/1.1 400") or (rest is None and answer == b"")
    assert served.http.get("/y").json()["posted"] == 0
    assert served.http.post("/x", content=iter([])).json()["bytes"] == 0
    assert served.http.get("/y").json()["posted"] == 1
