"""Delivering events (投递): at least once, in order per document, to webhooks and to a message broker. The only outgoing sockets of a simulator.

`lines`      what is in line for whom, in SQL: what is due, what became of it, dead letters, resending
`courier`    one thread a system that looks when something is due and sends it off
`webhooks`   one attempt at a webhook, signed as Standard Webhooks says
`targets`    where webhooks may go
`publisher`  the thread that speaks to the broker and waits for it when it is down
`brokers`    RabbitMQ and Redis
"""

from __future__ import annotations

from shapan.kernel.delivery.courier import Courier
from shapan.kernel.delivery.targets import Targets

__all__ = ["Courier", "Targets"]
