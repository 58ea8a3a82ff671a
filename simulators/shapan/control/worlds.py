"""Which world a workspace has, and the answer key of it (各工作区的世界): workspaces may have been seeded with another, or come from another machine."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from shapan.control.clients import SystemsClient
from shapan.kernel.errors import Problem
from shapan.kernel.system import Context
from shapan.world import AnswerKey

_KEPT = 4


class AnswerKeys:
    """Answer keys of worlds by their facts; those that were asked for last are kept. `own` are the facts of the sandbox's world. Thread-safe."""

    def __init__(self, own: Mapping[str, Any], build: Callable[[Mapping[str, Any]], AnswerKey]) -> None:
        self.own = dict(own)
        self._build = build
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, AnswerKey] = OrderedDict()

    def of(self, facts: Mapping[str, Any]) -> AnswerKey:
        """The answer key of the world of these facts. Problem when it cannot be built."""
        name = json.dumps(dict(facts), sort_keys=True)
        with self._lock:
            if name not in self._kept:
                self._kept[name] = self._build(facts)
            self._kept.move_to_end(name)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[name]


def answer_key_of(ctx: Context) -> AnswerKey | None:
    """The answer key of the world in the workspace of a request; None where control knows of none."""
    key: AnswerKey | None = ctx.services.get("answer_key")
    keys: AnswerKeys | None = ctx.services.get("answer_keys")
    if key is None or keys is None:
        return key
    systems: SystemsClient = ctx.services["systems"]
    asked = systems.call("GET", "/_shapan/health", ctx.workspace, systems=systems.names[:1])
    facts = next((answer.body.get("world") for answer in asked.values() if isinstance(answer.body, Mapping)), None)
    if not isinstance(facts, Mapping) or dict(facts) == keys.own:
        return key
    try:
        return keys.of(facts)
    except Problem:
        # A profile of another machine, say: without a key the oracle tells parties apart by what they say of themselves.
        return None
