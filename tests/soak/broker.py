"""A broker beside the soak: started, restarted, and emptied at the end. The servers are those of tests/delivery."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from receiver import Arrivals

sys.path.append(str(Path(__file__).resolve().parents[1] / "delivery"))

from servers import RabbitConsumer, RabbitServer, RedisConsumer, RedisServer, missing

SERVERS = {"amqp": RabbitServer, "redis": RedisServer}


class Broker:
    """A server of that kind, with what it was sent."""

    def __init__(self, kind: str, folder: Path) -> None:
        if (why := missing(SERVERS[kind].program)) is not None:
            raise SystemExit(f"The soak cannot run with a broker: {why}. Install it, or give --broker none.")
        self.arrivals = Arrivals()
        self._kind = kind
        self._server = SERVERS[kind](folder)
        self._server.start()

    @property
    def url(self) -> str:
        """Where simulators send to."""
        return self._server.url

    def restart(self) -> str:
        """Down in order, and up again with what it kept."""
        self._server.stop()
        self._server.start()
        return self._kind

    def take(self, until: Iterable[dict[str, Any]]) -> bool:
        """Take what is there; whether all of `until` came by now."""
        consumer = (
            RedisConsumer(self.url) if self._kind == "redis" else RabbitConsumer(f"127.0.0.1:{self._server.port}")
        )
        try:
            for event in consumer.take():
                self.arrivals.note(event)
        finally:
            consumer.close()
        return not self.arrivals.missing(until)

    def close(self) -> None:
        """End it for good."""
        self._server.close()
