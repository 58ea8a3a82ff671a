"""What a sandbox may call: a message broker that gets every event, and webhooks beyond loopback and private addresses."""

from __future__ import annotations

from dataclasses import dataclass, field

from shapan.kernel.delivery.targets import ANY, Targets
from shapan.sandbox.errors import SandboxError

BROKER = "SHAPAN_BROKER_URL"
WEBHOOKS = "SHAPAN_ALLOW_WEBHOOKS"


@dataclass(frozen=True)
class Outgoing:
    """`broker` is its URL, or None; `webhooks` are host names, addresses and networks that may be called, `*` for any."""

    broker: str | None = field(default=None, repr=False)
    webhooks: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """The same for a process of the sandbox. Not on its command line: the URL may hold a password."""
        return {BROKER: self.broker or "", WEBHOOKS: ",".join(self.webhooks)}

    def targets(self) -> Targets:
        """Where webhooks may go."""
        return Targets.parse(self.webhooks)


def outgoing(broker: str | None, allowed: str | None, public: bool) -> Outgoing:
    """From somebody's wishes; `allowed` as SHAPAN_ALLOW_WEBHOOKS has it. SandboxError when a URL, a name or the installation is wrong."""
    texts = tuple(piece.strip() for piece in (allowed or "").split(",") if piece.strip()) + ((ANY,) if public else ())
    try:
        Targets.parse(texts)
    except ValueError as error:
        raise SandboxError(
            f"{WEBHOOKS} takes host names, addresses and networks such as 203.0.113.0/24, separated by commas, and not {error}.",
            f"{WEBHOOKS} 应为以逗号分隔的主机名、地址或网段（如 203.0.113.0/24），而不是 {error}。",
        ) from error
    if broker:
        from shapan.kernel.delivery.brokers import BrokerError, broker_of

        try:
            broker_of(broker)
        except BrokerError as error:
            raise SandboxError(error.en, error.zh) from error
    return Outgoing(broker or None, texts)
