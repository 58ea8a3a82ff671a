"""Redis: events are appended to the stream `shapan:events`.

Each entry has `event`, the CloudEvent in structured JSON, and its attributes `id`, `type`, `source` and `subject` beside it. The stream
keeps about the latest 100,000 entries. What Redis does with them when it stops is its own configuration (appendonly).
"""

from __future__ import annotations

from typing import Any

import redis

from shapan.kernel.delivery.brokers import SECONDS, Batch, BrokerDown

STREAM = "shapan:events"
KEPT = 100_000
# Errors of the server itself rather than of an entry: it starts, it is a replica, it is out of memory. Later it may take the same entry.
_NOT_NOW = (
    redis.exceptions.BusyLoadingError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.NoPermissionError,
    redis.exceptions.AuthenticationError,
)


class Redis:
    """One connection, found anew when it was lost."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=SECONDS,
            socket_timeout=SECONDS,
            health_check_interval=0,
            client_name="shapan",
            # When to try again is the publisher's business.
            retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        )

    def publish(self, batch: Batch) -> None:
        """See Broker."""
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for message in batch.messages:
                    entry: dict[Any, Any] = {
                        "id": message.id,
                        "type": message.type,
                        "source": message.source,
                        "subject": message.subject,
                        "event": message.body,
                    }
                    pipeline.xadd(STREAM, entry, maxlen=KEPT, approximate=True)
                answers = pipeline.execute(raise_on_error=False)
        except (redis.exceptions.RedisError, OSError) as error:
            raise self._down(error) from error
        failure: Exception | None = None
        for index, answer in enumerate(answers):
            if isinstance(answer, _NOT_NOW):
                failure = answer
            else:
                batch.said[index] = f"{answer}"[:200] if isinstance(answer, Exception) else True
        if failure is not None:
            raise self._down(failure)

    def check(self) -> None:
        """See Broker."""
        try:
            self._redis.ping()
        except (redis.exceptions.RedisError, OSError) as error:
            raise self._down(error) from error

    def close(self) -> None:
        """See Broker."""
        self._redis.close()

    def _down(self, error: Exception) -> BrokerDown:
        self._redis.connection_pool.disconnect()
        return BrokerDown(f"{type(error).__name__}: {error}".replace("\n", " ")[:200])
