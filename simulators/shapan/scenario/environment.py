"""Where the systems of a run are, how the runner may reach them, and what it may do to the integration under test."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from shapan.scenario.faults import Text


class RestartFailed(Exception):
    """The integration did not come up again; `text` says why in one sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class Environment:
    """The sandbox that scenarios are run against.

    base_urls         by the name of the source in the script: {"crm": "http://127.0.0.1:8101", …}; `/ws/<name>` may follow. A source
                      that is not here is called at the first server of its contract
    client_id         and client_secret: the OAuth 2.0 client that plays the people of the script
    secret_of         the secret of another client of the sandbox, by its client_id, for steps with `x-shapan.client`; None where nobody knows
    bearer_tokens     by source name: a fixed token for operations that ask for no OAuth scope (the operator token, for control)
    timeout_seconds   for one request
    max_attempts      calls in one scenario, repetitions included (in each run of a step with `times`); a script that goes in circles ends there
    transport         by source name, in place of the network (tests)
    sleep, clock      in seconds; tests pass their own, so that nothing waits
    rng               makes the values of inputs that are generated
    restart_integration  kills the integration and starts it again, and returns when it runs (or raises RestartFailed); None where nobody
                      can, and then a scenario that asks for it is skipped
    hopeless          asked before each repetition, with the seconds that the step has waited: why it is of no use to wait longer, if it is
    """

    base_urls: Mapping[str, str]
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    secret_of: Callable[[str], str] | None = field(default=None, repr=False)
    bearer_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0
    max_attempts: int = 2000
    transport: Callable[[str], httpx.BaseTransport] | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.SystemRandom)
    restart_integration: Callable[[], None] | None = None
    hopeless: Callable[[float], Text | None] = lambda waited: None
