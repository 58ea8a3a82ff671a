"""What the faults make of one attempt to deliver an event (投递安排). The courier does what it says and knows nothing else of faults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """One attempt to deliver one event to one receiver, in this order:

    delay_seconds         simulated; greater than 0: do not send now, look again that much later. No attempt is counted. It is said once.
    hold_back             with a delay only: send it earlier, as soon as any later event of the receiver went, also one of the same document.
    send                  False: send nothing and take it for delivered.
    copies                how often it is sent, one after the other; the result is that of the last.
    break_signature       sign it with another secret.
    replay_after_seconds  simulated; greater than 0: once it was delivered, send it again that much later, unless it is said again.
    faults                ids of the rules that acted, for the journal.
    """

    send: bool = True
    copies: int = 1
    delay_seconds: float = 0.0
    hold_back: bool = False
    break_signature: bool = False
    replay_after_seconds: float = 0.0
    faults: tuple[str, ...] = ()


PLAIN = DeliveryPlan()
"""Nothing is the matter: send it once."""
