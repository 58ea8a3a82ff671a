"""RabbitMQ, or another broker that speaks AMQP 0-9-1 with publisher confirms.

Events go to the durable topic exchange `shapan` with their type as routing key, persistent. The durable queue `shapan.events` is bound to
all of them, so that nothing is lost while nobody listens; whoever wants only some binds a queue of his own. Messages are CloudEvents in
structured mode (the AMQP binding's `application/cloudevents+json`), with the attributes also as headers, for exchanges that route by them.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import SplitResult, unquote

import amqp

from shapan.kernel.delivery.brokers import CONTENT_TYPE, SECONDS, Batch, BrokerDown, Message, address, credentials

EXCHANGE = "shapan"
QUEUE = "shapan.events"
_PERSISTENT = 2
_FAILURES = (*amqp.Connection.connection_errors, *amqp.Connection.channel_errors)


class Amqp:
    """One connection with one channel in confirm mode."""

    def __init__(self, parts: SplitResult) -> None:
        self._parts = parts
        self._connection: Any = None
        self._channel: Any = None
        self._tags: dict[int, int] = {}
        self._last_tag = 0

    def publish(self, batch: Batch) -> None:
        """See Broker."""
        try:
            self._connect()
            self._tags.clear()
            self._batch = batch
            for index, message in enumerate(batch.messages):
                self._last_tag += 1
                self._tags[self._last_tag] = index
                self._channel.basic_publish(_wire(message), EXCHANGE, message.type, timeout=SECONDS)
            deadline = time.monotonic() + SECONDS
            while self._tags:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("it does not confirm; it may be short of memory or disk")
                self._connection.drain_events(timeout=left)
        except _FAILURES as error:
            self.close()
            raise BrokerDown(_reason(error)) from error

    def check(self) -> None:
        """See Broker."""
        try:
            self._connect()
            # A channel method that the broker answers; nothing else tells a silent connection from a dead one.
            self._channel.exchange_declare(EXCHANGE, "topic", passive=True)
        except _FAILURES as error:
            self.close()
            raise BrokerDown(_reason(error)) from error

    def close(self) -> None:
        """See Broker."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except _FAILURES:
                connection.collect()

    def _connect(self) -> None:
        if self._connection is not None:
            return
        host, port = address(self._parts)
        user, password = credentials(self._parts)
        connection = amqp.Connection(
            f"{f'[{host}]' if ':' in host else host}:{port}",
            userid=user or "guest",
            password=password or "guest",
            login_method="PLAIN",
            virtual_host=unquote(self._parts.path[1:]) or "/",
            ssl={"server_hostname": host} if self._parts.scheme == "amqps" else False,
            connect_timeout=SECONDS,
            read_timeout=SECONDS,
            write_timeout=SECONDS,
            client_properties={"product": "shapan"},
        )
        try:
            connection.connect()
            channel = connection.channel()
            channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
            channel.queue_declare(QUEUE, durable=True, exclusive=False, auto_delete=False)
            channel.queue_bind(QUEUE, EXCHANGE, "#")
            channel.confirm_select()
            channel.events["basic_ack"].add(self._acknowledged)
            channel.events["basic_nack"].add(self._refused)
        except BaseException:
            connection.collect()
            raise
        self._connection, self._channel, self._last_tag = connection, channel, 0

    def _acknowledged(self, tag: int, multiple: bool) -> None:
        self._said(tag, multiple, True)

    def _refused(self, tag: int, multiple: bool) -> None:
        self._said(tag, multiple, "the broker refused it (nack)")

    def _said(self, tag: int, multiple: bool, what: bool | str) -> None:
        for known in [t for t in self._tags if t <= tag] if multiple else [tag] if tag in self._tags else []:
            self._batch.said[self._tags.pop(known)] = what


def _wire(message: Message) -> Any:
    attributes = {"id": message.id, "type": message.type, "source": message.source, "subject": message.subject}
    return amqp.Message(
        message.body.encode(),
        content_type=CONTENT_TYPE,
        delivery_mode=_PERSISTENT,
        message_id=message.id,
        type=message.type,
        app_id="shapan",
        application_headers={
            "cloudEvents_specversion": "1.0",
            **{f"cloudEvents_{name}": value for name, value in attributes.items()},
        },
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
