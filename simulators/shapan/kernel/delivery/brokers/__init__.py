"""Message brokers (消息代理) as receivers of events: RabbitMQ by AMQP 0-9-1, Redis by streams. Each adapter is a file of its own.

An adapter connects when it is first used, is used by one thread, and says what became of each message; when to try again is the
publisher's business. The client libraries are an extra (`pip install "shapan[broker]"`) and are imported only where a broker is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SECONDS = 10.0
"""How long a broker may take to connect, and to confirm what it was given; real time."""
_SCHEMES = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}


class BrokerError(Exception):
    """A broker cannot be used as wished: its URL or the installation is wrong. One sentence with a remedy, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class BrokerDown(Exception):
    """The broker cannot be reached, or did not confirm; what was not confirmed is to be sent again. The message says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to a broker. `body` is the CloudEvent in structured JSON; the rest are its attributes."""

    id: str
    type: str
    source: str
    subject: str
    body: str


@dataclass(slots=True)
class Batch:
    """Messages in order, and what the broker has said of each so far: True taken, a text why it was refused, None nothing yet."""

    messages: Sequence[Message]
    said: list[bool | str | None]

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Batch:
        """Messages of which nothing is known yet."""
        return cls(messages, [None] * len(messages))


class Broker(Protocol):
    """What the publisher asks of an adapter. Used by one thread."""

    def publish(self, batch: Batch) -> None:
        """Give all messages to the broker, in order, and wait until it has said of each whether it has it. BrokerDown; `said` then tells how far it came."""

    def check(self) -> None:
        """Is it still there? BrokerDown when not. Connects where there is no connection."""

    def close(self) -> None:
        """Close the connection, if there is one. Never raises."""


def broker_of(url: str) -> Broker:
    """The adapter for a URL; it does not connect yet. BrokerError for a URL that is none, and where the client library is not installed."""
    parts = parsed(url)
    try:
        if parts.scheme.startswith("amqp"):
            from shapan.kernel.delivery.brokers.rabbitmq import Amqp

            return Amqp(parts)
        from shapan.kernel.delivery.brokers.redis_stream import Redis

        return Redis(url)
    except ModuleNotFoundError as error:
        raise BrokerError(
            f'A broker needs its client library ({error.name} is not installed): pip install "shapan[broker]".',
            f'使用消息代理需要客户端库（未安装 {error.name}）：pip install "shapan[broker]"。',
        ) from error


def parsed(url: str) -> SplitResult:
    """The parts of a broker's URL. BrokerError when it is none; what it says has no password in it."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        if good and parts.scheme.startswith("redis"):
            good = parts.path in ("", "/") or parts.path[1:].isdecimal()
        elif good:
            good = "/" not in parts.path[1:]
        good = good and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good:
        raise BrokerError(
            "The broker's URL is not one of amqp://user:password@host:port/vhost, amqps://…, redis://host:port/number and rediss://….",
            "消息代理地址应为 amqp://user:password@host:port/vhost、amqps://…、redis://host:port/number 或 rediss://… 之一。",
        )
    return parts


def address(parts: SplitResult) -> tuple[str, int]:
    """Host and port of a broker."""
    return parts.hostname or "", parts.port or _SCHEMES[parts.scheme]


def credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    """User and password, where the URL has them."""
    return (
        unquote(parts.username) if parts.username is not None else None,
        unquote(parts.password) if parts.password is not None else None,
    )


def shown(url: str) -> str:
    """The URL of a broker without user and password, for health, logs and lists."""
    parts = parsed(url)
    host, port = address(parts)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}{parts.path}"
