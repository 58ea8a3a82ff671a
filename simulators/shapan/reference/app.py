"""Wires the integration together, starts and stops it. The only file that knows all the others."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from shapan.reference.config import SYSTEMS, Config
from shapan.reference.errors import Stopping
from shapan.reference.flows import Flows, scopes_of
from shapan.reference.parts import STANDARD, Parts
from shapan.reference.pull import CATCH_UP_PAUSE, PULL_PAUSE

if TYPE_CHECKING:
    from shapan.reference.sealing import Sealer
    from shapan.reference.webhook import WebhookServer

log = logging.getLogger("shapan.reference")


class Integration:
    """The running integration. OSError or sqlite3.Error when its folder cannot be used, ListenError for its port."""

    def __init__(self, config: Config, parts: Parts = STANDARD) -> None:
        self._config = config
        self._parts = parts
        self._stop = threading.Event()
        self.state = parts.state(config.state_dir)
        sealer = self._sealer()
        self._clients = {
            system: parts.client(
                system,
                config.urls[system],
                config.client_id,
                config.client_secret,
                scopes=scopes_of(parts.flows, system),
                tokens=parts.tokens,
                ca_file=config.ca_file,
                sealer=sealer,
                sleep=self._sleep,
            )
            for system in SYSTEMS
        }
        crm, scm, finance = (self._clients[system] for system in SYSTEMS)
        flows = Flows(parts.context(crm, scm, finance, self.state), parts.flows)
        self.inbox = parts.inbox(self.state, flows.work_of)
        self._worker = parts.worker(self.state, self.inbox, flows.handlers())
        pause = CATCH_UP_PAUSE if config.mode == "webhook" else PULL_PAUSE
        self._pullers = [
            parts.puller(self._clients[system], self.inbox, self.state, pause, self._stop.wait) for system in SYSTEMS
        ]
        try:
            self._server = self._listen()
        except OSError:
            self._close()
            raise

    def _sealer(self) -> Sealer | None:
        """What closes and opens bodies, where they are to be encrypted."""
        if not self._config.encrypt:
            return None
        # Imported here: most do without.
        from shapan.reference.sealing import Sealer

        return Sealer(self._config.client_secret)

    def _listen(self) -> WebhookServer | None:
        """The receiver of pushed events, in webhook mode."""
        config = self._config
        if config.webhook_port is None or config.webhook_secret is None:
            return None
        # Imported here: Flask takes longer to load than all the rest, and pull mode does not need it.
        from shapan.reference.webhook import WebhookServer

        signature = self._parts.signature(config.webhook_secret)
        return WebhookServer(self.inbox, signature, config.webhook_host, config.webhook_port)

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
