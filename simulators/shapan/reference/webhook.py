"""Receives webhooks (回调) signed as Standard Webhooks says: verify, store, answer 204. The work is done later, by the worker.

A sender retries what it gets no 2xx for, so an event is acknowledged only when it is stored, and a known one is acknowledged again.
"""

from __future__ import annotations

import logging
import socket
import sqlite3
import threading
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from shapan.reference.inbox import Inbox, NoEvent
from shapan.reference.signature import Signature, WrongSignature

log = logging.getLogger("shapan.reference")

PATH = "/webhooks"
MOST_BYTES = 1024 * 1024


class ListenError(OSError):
    """The port cannot be listened on."""


def create_app(inbox: Inbox, signature: Signature) -> Flask:
    """The receiver: POST /webhooks -> 204 stored or known, 401 wrong signature, 400 no event, 503 cannot store now."""
    app = Flask("shapan.reference")
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    @app.post(PATH)
    def receive() -> Response:
        body = request.get_data()
        try:
            signature.check(body, dict(request.headers))
        except WrongSignature as error:
            log.warning("webhook with a wrong signature refused (签名无效): %s", error)
            return _answer(401, "The signature is wrong. 签名无效。")
        try:
            inbox.take(body)
        except NoEvent as error:
            log.error("webhook without a usable event refused: %s", error)
            return _answer(400, f"No usable CloudEvent: {error}. 不是可用的 CloudEvent。")
        except sqlite3.Error as error:
            log.error("webhook cannot be stored (状态库故障): %s", error)
            return _answer(503, "The event cannot be stored now, send it again. 暂时无法保存事件，请稍后重发。")
        return Response(status=204)

    return app


def _answer(status: int, text: str) -> Response:
    return Response(text + "\n", status, content_type="text/plain; charset=utf-8")


class _Handler(WSGIRequestHandler):
    # Senders keep their connections; a new one for each event would cost more than the event.
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: the worker writes a line for what an event moved."""


class WebhookServer:
    """Serves the receiver in threads of its own. ListenError when the port cannot be had."""

    def __init__(self, inbox: Inbox, signature: Signature, host: str, port: int) -> None:
        try:
            # Bound here, because werkzeug would print advice of its own and leave the process when the port is taken.
            listening = socket.create_server((host, port), backlog=128)
        except OSError as error:
            raise ListenError(
                f"Cannot listen on {host}:{port} ({error.strerror}); choose a free port in SHAPAN_WEBHOOK_PORT. "
                f"无法监听 {host}:{port}，请在 SHAPAN_WEBHOOK_PORT 中换一个空闲端口。"
            ) from error
        app = create_app(inbox, signature)
        with listening:
            # The server works on a duplicate of the file descriptor.
            self._server = make_server(host, port, app, threaded=True, request_handler=_Handler, fd=listening.fileno())
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more events, and give the port back."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
