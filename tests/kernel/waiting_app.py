"""A small app whose answers wait and break off as the query wishes, served by granian through the edge: `python waiting_app.py PORT`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from multiprocessing.util import Finalize

from flask import Flask, Response, request

from shapan.kernel.edge import OUTCOME, PASSED, Edge, serving_loop
from shapan.kernel.waiting import Passed, Pause, Signal
from shapan.kernel.wire import Reply

BODY_LIMIT = 1000
healed = Signal()
asked: Counter[str] = Counter()


def app() -> Edge:
    """The edge over it, in granian's worker."""
    Finalize(None, lambda: print("ended in order", flush=True), exitpriority=0)
    flask = Flask("waiting")

    @flask.route("/<path:path>", methods=["GET", "POST"])
    def view(path: str) -> Response:
        wish = request.args
        passed: Passed = request.environ[PASSED]
        if "hang" in wish and "hang" not in passed:
            request.environ[OUTCOME] = Pause("hang", None, healed, abandon=True)
            return Response()
        if "serve" in wish and not healed.is_set:
            # As a fault does: asked before it is over, it says again what is to be waited for.
            asked["serve"] += 1
            request.environ[OUTCOME] = Pause("serve", None, healed)
            return Response()
        if "pause" in wish and "pause" not in passed:
            request.environ[OUTCOME] = Pause("pause", float(wish["pause"]))
            return Response()
        if "heal" in wish:
            healed.set()
        asked["posted"] += request.method == "POST"
        sent = request.stream.read(BODY_LIMIT + 1)
        told = {
            "waiting": edge.waiting,
            "asked": asked["serve"],
            "posted": asked["posted"],
            "path": path,
            "bytes": len(sent),
            "passed": sorted(passed),
            "multi": request.headers.get("X-Multi"),
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        request.environ[OUTCOME] = Reply(200, (), body, float(wish.get("delay", 0)), wish.get("sent", "whole"))
        return Response(body, 200, content_type="application/json")

    edge = Edge(flask, 2, BODY_LIMIT)
    return edge


if __name__ == "__main__":
    from granian import Granian, loops
    from granian.constants import HTTPModes, Interfaces

    loops.register("shapan")(serving_loop)
    Granian(
        "waiting_app:app",
        factory=True,
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        loop="shapan",
        log_enabled=False,
        workers_kill_timeout=30,
    ).serve()
