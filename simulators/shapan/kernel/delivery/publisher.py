"""The thread that gives events to the broker, and waits for a broker that is down without losing or giving up any.

Waiting is in real time: a broker that restarts is nothing that a simulated clock should hurry or hold up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shapan.kernel.delivery.brokers import Batch, Broker, BrokerDown, Message
from shapan.kernel.delivery.lines import Outcome, Parcel

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500
"""Messages in one batch."""
_BACK_OFF = (0.25, 0.5, 1.0, 2.0, 5.0)
# An idle connection is looked at so often, so that health tells of a broker that went away.
_IDLE_SECONDS = 5.0

Results = list[tuple[Parcel, Outcome]]


@dataclass(slots=True)
class Shipment:
    """Events of one workspace for the broker, in order, at most one a document."""

    parcels: Sequence[Parcel]


class Publisher:
    """Owns the connection to the broker. `done` is called with what became of a shipment (of what was not confirmed, nothing), `back`
    when the broker is there again; both in the publisher's thread.
    """

    def __init__(
        self, broker: Broker, shown: str, done: Callable[[Shipment, Results], None], back: Callable[[], None]
    ) -> None:
        self._broker = broker
        self._shown = shown
        self._done = done
        self._back = back
        self._queue: deque[Shipment] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._connected = False
        self._reason: str | None = "not connected yet"
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    @property
    def shown(self) -> str:
        """The broker's URL without user and password."""
        return self._shown

    @property
    def connected(self) -> bool:
        """Whether the broker answered when it was last spoken to."""
        return self._connected

    def status(self) -> dict[str, Any]:
        """For health: where it is, whether it is there, and why not."""
        return {"url": self._shown, "connected": self._connected, "reason": self._reason}

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """End after the shipment that is on its way."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join()
        self._broker.close()

    def take(self, shipment: Shipment) -> bool:
        """Put a shipment in the queue; False when the broker is down."""
        with self._wake:
            if not self._connected or self._stopping:
                return False
            self._queue.append(shipment)
            self._wake.notify_all()
            return True

    def _run(self) -> None:
        while not self._stopping:
            if not self._connected:
                self._reach()
                continue
            with self._wake:
                if not self._queue and not self._stopping:
                    self._wake.wait(_IDLE_SECONDS)
                shipment = self._queue.popleft() if self._queue and not self._stopping else None
            if shipment is not None:
                self._ship(shipment)
            elif not self._stopping:
                self._look()
        self._return_all()

    def _reach(self) -> None:
        """Try once to connect; wait after a failure, each time longer."""
        self._look()
        if self._connected:
            self._back()
            return
        with self._wake:
            pause = _BACK_OFF[min(self._failures, len(_BACK_OFF)) - 1]
            self._wake.wait_for(lambda: self._stopping, pause)

    def _look(self) -> None:
        try:
            self._broker.check()
        except BrokerDown as error:
            self._lost(error)
        except Exception as error:
            # Whatever a client library does: the next try is with a new connection.
            log.exception("broker %s", self._shown)
            self._broker.close()
            self._lost(error)
        else:
            if not self._connected and self._failures:
                log.warning("The broker %s is there again.", self._shown)
            self._connected, self._reason, self._failures = True, None, 0

    def _lost(self, error: Exception) -> None:
        if not self._failures:
            log.warning("The broker %s cannot be reached (%s); events wait for it.", self._shown, error)
        self._failures += 1
        with self._wake:
            self._connected, self._reason = False, str(error)
        self._return_all()

    def _return_all(self) -> None:
        """Give back what was not sent: it stays in line."""
        while True:
            with self._wake:
                if not self._queue:
                    return
                shipment = self._queue.popleft()
            self._done(shipment, [])

    def _ship(self, shipment: Shipment) -> None:
        started = time.monotonic()
        copies = [parcel for parcel in shipment.parcels for _ in range(parcel.plan.copies)]
        batch = Batch.of([_message(parcel) for parcel in copies])
        failure: Exception | None = None
        try:
            self._broker.publish(batch)
        except BrokerDown as error:
            failure = error
        except Exception as error:
            log.exception("broker %s", self._shown)
            self._broker.close()
            failure = error
        seconds = time.monotonic() - started
        said = dict(zip((id(parcel) for parcel in copies), batch.said, strict=True))  # of copies, the last
        results = [
            (parcel, _outcome(what, seconds)) for parcel in shipment.parcels if (what := said[id(parcel)]) is not None
        ]
        if failure is not None:
            self._lost(failure)
        self._done(shipment, results)


def _message(parcel: Parcel) -> Message:
    event = parcel.event
    return Message(event["id"], event["type"], event["source"], event["subject"], parcel.body)


def _outcome(said: bool | str, seconds: float) -> Outcome:
    if said is True:
        return Outcome(True, "confirmed by the broker", seconds=seconds)
    return Outcome(False, f"refused by the broker: {said}", seconds=seconds)
