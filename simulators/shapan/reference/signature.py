"""Who sent this webhook? The signature (签名) of Standard Webhooks, over the body as it came."""

from __future__ import annotations

from collections.abc import Mapping

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class WrongSignature(ValueError):
    """Nobody who knows the secret has sent this, or it was sent too long ago."""


class Signature:
    """Checks what claims to come from one of the systems. `secret` as the subscription was given it, `whsec_…`."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)

    def check(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Return when the body is signed with the secret, and lately; else WrongSignature. Names of headers in any case."""
        try:
            self._webhook.verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            # ValueError: a signature header that is not even Base64, or a body that is no text.
            raise WrongSignature(str(error)) from error
