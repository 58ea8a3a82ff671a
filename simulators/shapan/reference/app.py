"""Wires the integration together, starts and stops it. The only file that knows all the others."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from shapan.reference.client import SystemClient
from shapan.reference.config import SYSTEMS, Config
from shapan.reference.errors import Stopping
from shapan.reference.flows import SCOPES, Flows
from shapan.reference.inbox import Inbox
from shapan.reference.matching import Matcher
from shapan.reference.pull import CATCH_UP_PAUSE, PULL_PAUSE, Puller
from shapan.reference.state import State
from shapan.reference.worker import Worker

if TYPE_CHECKING:
    from shapan.reference.webhook import WebhookServer

log = logging.getLogger("shapan.reference")


class Integration:
    """The running integration. OSError or sqlite3.Error when its folder cannot be used, ListenError for its port."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stop = threading.Event()
        self.state = State(config.state_dir)
        self.inbox = Inbox(self.state)
        self._clients = {
            system: SystemClient(
                system,
                config.urls[system],
                config.client_id,
                config.client_secret,
                scopes=SCOPES[system],
                ca_file=config.ca_file,
                sleep=self._sleep,
            )
            for system in SYSTEMS
        }
        crm, scm, finance = (self._clients[system] for system in SYSTEMS)
        matcher = Matcher(crm, scm, finance, self.state)
        self._worker = Worker(self.state, self.inbox, Flows(crm, scm, finance, matcher, self.state).handlers())
        pause = CATCH_UP_PAUSE if config.mode == "webhook" else PULL_PAUSE
        self._pullers = [
            Puller(self._clients[system], self.inbox, self.state, pause, self._stop.wait) for system in SYSTEMS
        ]
        try:
            self._server = self._listen()
        except OSError:
            self._close()
            raise

    def _listen(self) -> WebhookServer | None:
        """The receiver of pushed events, in webhook mode."""
        config = self._config
        if config.webhook_port is None or config.webhook_secret is None:
            return None
        # Imported here: Flask takes longer to load than all the rest, and pull mode does not need it.
        from shapan.reference.webhook import WebhookServer

        return WebhookServer(self.inbox, config.webhook_secret, config.webhook_host, config.webhook_port)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopping

    def start(self) -> None:
        """Begin: first what was left over in the inbox, then what comes in."""
        self._worker.start()
        if self._server is not None:
            self._server.start()
        for puller in self._pullers:
            puller.start()
        left = len(self.state.waiting())
        log.info(
            "reference integration started in %s mode%s (集成已启动)",
            self._config.mode,
            f", {left} events left over" if left else "",
        )

    def once(self) -> int:
        """Pull and work until the feeds give nothing new, then return how many events were given up meanwhile.

        Work itself causes events (a receivable, then its balance), so it goes round until a round finds none. Raises what pulling raises.
        """
        before = len(self.state.dead_letters())
        self._worker.start()
        self._worker.drain()
        while sum(puller.pull() for puller in self._pullers) and not self._stop.is_set():
            self._worker.drain()
        return len(self.state.dead_letters()) - before

    def stop(self) -> None:
        """Take no more events, finish what is in hand, close everything. What is not finished is done after the next start."""
        if self._server is not None:
            self._server.stop()
        self._stop.set()
        self._worker.stop()
        for puller in self._pullers:
            puller.join(5.0)
        self._close()

    def _close(self) -> None:
        for client in self._clients.values():
            client.close()
        self.state.close()
