"""Where the systems of a run are, and how the runner may reach them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True)
class Environment:
    """The sandbox that scenarios are run against.

    base_urls         by the name of the source in the script: {"crm": "http://127.0.0.1:8101", …}; `/ws/<name>` may follow
    client_id         and client_secret: the OAuth 2.0 client that plays the people of the script
    bearer_tokens     by source name: a fixed token for operations that ask for no OAuth scope (the operator token, for control)
    timeout_seconds   for one request
    max_attempts      calls in one scenario, repetitions included; a script that goes in circles ends there
    transport         by source name, in place of the network (tests)
    sleep, clock      in seconds; tests pass their own, so that nothing waits
    rng               makes the values of inputs marked x-shapan-generate
    """

    base_urls: Mapping[str, str]
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    bearer_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0
    max_attempts: int = 2000
    transport: Callable[[str], httpx.BaseTransport] | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.SystemRandom)
