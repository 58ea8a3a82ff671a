"""Real brokers for tests: redis-server and rabbitmq-server on free ports, each with everything it writes in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from shapan.sandbox.ports import free_ports

_START_SECONDS = 60.0


def missing(program: str) -> str | None:
    """Why a broker cannot be had here; None when it can."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/lib/rabbitmq/bin")
    return None if found else f"{program} is not installed"


class _Server(ABC):
    """A process that can be started, killed and started again on the same port with the same data."""

    name = ""
    program = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_ports([self.name])[self.name]
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    def environment(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves."""

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                start_new_session=True,
            )
        pause, deadline = threading.Event(), time.monotonic() + _START_SECONDS
        while not self.answers():
            said = (self.folder / "log").read_text("utf-8", "replace")[-2000:]
            assert self._process.poll() is None, f"{self.name} ended: {said}"
            assert time.monotonic() < deadline, f"{self.name} does not answer: {said}"
            pause.wait(0.05)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, by default in order; SIGKILL is a crash."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)
            self._process = None

    def close(self) -> None:
        """End it for good."""
        self.stop(signal.SIGKILL)


class RedisServer(_Server):
    """redis-server that writes each command to disk before it answers, so that what it acknowledged survives a crash."""

    name = "redis"
    program = "redis-server"

    def command(self) -> list[str]:
        return [
            *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
        ]

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            try:
                probe.connect(("127.0.0.1", self.port))
                probe.sendall(b"PING\r\n")
                return probe.recv(100).startswith(b"+PONG")
            except OSError:
                return False

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class RabbitServer(_Server):
    """rabbitmq-server with one node, its own port mapper (epmd) and no plugin."""

    name = "rabbitmq"
    program = "rabbitmq-server"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        ports = free_ports(["distribution", "epmd"])
        self._distribution, self._epmd_port = ports["distribution"], ports["epmd"]
        self._epmd: subprocess.Popen[bytes] | None = None
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "advanced.config").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\nlog.console.level = error\nlog.file = false\n"
        )

    def command(self) -> list[str]:
        # The script of the distribution wants to become the user rabbitmq; the one behind it runs as whoever starts it.
        behind = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        return [str(behind) if behind.exists() else "rabbitmq-server"]

    def environment(self) -> dict[str, str]:
        home = str(self.folder)
        return {
            "HOME": home,
            "RABBITMQ_NODENAME": f"shapan-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/logs",
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{home}/advanced.config",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def start(self) -> None:
        if self._epmd is None:
            # Started by us, or the server would leave one of its own behind that nobody ends.
            self._epmd = subprocess.Popen(
                ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        super().start()

    def close(self) -> None:
        """Also the port mapper."""
        self.stop(signal.SIGKILL)
        if self._epmd is not None:
            self._epmd.terminate()
            self._epmd.wait(10)

    def answers(self) -> bool:
        """Whether it speaks AMQP: it answers another protocol's header with its own."""
        with socket.socket() as probe:
            probe.settimeout(2)
            try:
                probe.connect(("127.0.0.1", self.port))
                probe.sendall(b"AMQP\x09\x09\x09\x09")
                return probe.recv(8).startswith(b"AMQP")
            except OSError:
                return False

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"


class RedisConsumer:
    """Reads the stream by itself."""

    def __init__(self, url: str) -> None:
        import redis

        self._redis = redis.Redis.from_url(url, decode_responses=True)
        self._after = "0"

    def take(self) -> list[dict[str, Any]]:
        found: Any = self._redis.xread({"shapan:events": self._after})
        entries = [entry for _, entries in (found.items() if isinstance(found, dict) else found) for entry in entries]
        entries = [e for entry in entries for e in (entry if isinstance(entry, list) else [entry])]
        if entries:
            self._after = entries[-1][0]
        for _, fields in entries:
            event = json.loads(fields["event"])
            assert {name: event[name] for name in ("id", "type", "source", "subject")} == {
                name: fields[name] for name in ("id", "type", "source", "subject")
            }
        return [json.loads(fields["event"]) for _, fields in entries]

    def drop(self) -> None:
        self._redis.delete("shapan:events")

    def close(self) -> None:
        self._redis.close()


class RabbitConsumer:
    """Takes from the durable queue `shapan.events`."""

    def __init__(self, host: str) -> None:
        import amqp

        self._connection = amqp.Connection(host, userid="guest", password="guest", login_method="PLAIN")
        self._connection.connect()
        self._channel = self._connection.channel()
        # As the simulator declares it; whoever comes first makes it.
        self._channel.queue_declare("shapan.events", durable=True, auto_delete=False)

    def take(self) -> list[dict[str, Any]]:
        found = []
        while (message := self._channel.basic_get("shapan.events", no_ack=True)) is not None:
            event = json.loads(message.body)
            assert message.delivery_info["routing_key"] == event["type"]
            assert message.properties["content_type"].startswith("application/cloudevents+json")
            assert message.properties["delivery_mode"] == 2
            assert message.properties["message_id"] == event["id"]
            assert message.headers["cloudEvents_subject"] == event["subject"]
            found.append(event)
        return found

    def drop(self) -> None:
        self._channel.queue_purge("shapan.events")

    def close(self) -> None:
        with suppress(Exception):  # the broker may have been restarted meanwhile
            self._connection.close()


class _Anew:
    """A consumer that connects anew where its broker was restarted."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._consumer: Any = make()

    def take(self) -> list[dict[str, Any]]:
        try:
            return list(self._consumer.take())
        except AssertionError:
            raise
        except Exception:  # whatever a client library says of a connection that is gone
            self._consumer = self._make()
            return list(self._consumer.take())

    def drop(self) -> None:
        self._consumer.drop()

    def close(self) -> None:
        self._consumer.close()


def consumer_of(server: RedisServer | RabbitServer) -> _Anew:
    """A consumer of what the simulators publish."""
    if isinstance(server, RedisServer):
        return _Anew(lambda: RedisConsumer(server.url))
    return _Anew(lambda: RabbitConsumer(f"127.0.0.1:{server.port}"))
