"""One attempt to deliver an event to a webhook, signed as Standard Webhooks says.

The signature's timestamp is real time, since receivers compare it with theirs. Redirects are not followed, and the call goes to the
address that was looked at (targets.py), whatever its name leads to by then.
"""

from __future__ import annotations

import base64
import secrets
import time
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook

from shapan.kernel.delivery.lines import Outcome, Parcel
from shapan.kernel.delivery.targets import TargetRefused, Targets
from shapan.kernel.trust import trusted

TIMEOUT_SECONDS = 10.0
# So much of an answer is read: what a receiver says counts for nothing but its status.
_MOST_BYTES = 64 * 1024


class Webhooks:
    """Posts events; safe to be used by several threads."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        # No proxies from the environment: webhooks of a sandbox go where their URL says.
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False, verify=trusted())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, parcel: Parcel) -> Outcome:
        """One attempt; as many posts as its plan says, the result of the last. Never raises for what a receiver does."""
        started = time.monotonic()
        outcome = self._post(parcel)
        for _ in range(parcel.plan.copies - 1):
            outcome = self._post(parcel)
        seconds = time.monotonic() - started
        return Outcome(outcome.delivered, outcome.result, outcome.gone, outcome.status, seconds)

    def _post(self, parcel: Parcel) -> Outcome:
        sent_at = datetime.now(UTC)
        secret = parcel.receiver.secret
        if parcel.plan.break_signature:
            secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        event_id = parcel.event["id"]
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, sent_at, parcel.body),
        }
        try:
            status = self._call(httpx.URL(parcel.receiver.url), headers, parcel.body.encode())
        except TargetRefused as error:
            return Outcome(False, f"not sent: {error.en}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return Outcome(False, f"{type(error).__name__}: {error}"[:200])
        return Outcome(200 <= status < 300, f"HTTP {status}", status == 410, status)

    def _call(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> int:
        """The status of the answer of the first address that takes the connection."""
        host = url.raw_host.decode("ascii").strip("[]")
        port = url.port or (443 if url.scheme == "https" else 80)
        headers = {**headers, "Host": url.netloc.decode("ascii")}
        if url.scheme == "https":
            # Connections are kept by address; one that was opened in the name of another host must not be taken.
            headers["Connection"] = "close"
        addresses = self._targets.addresses(host, port)
        for address in addresses:
            try:
                return self._exchange(url.copy_with(host=address), host, headers, body)
            except httpx.ConnectError:
                if address == addresses[-1]:
                    raise
        raise AssertionError("unreachable: addresses() gives at least one")

    def _exchange(self, url: httpx.URL, host: str, headers: dict[str, str], body: bytes) -> int:
        extensions = {"sni_hostname": host}
        with self._http.stream("POST", url, content=body, headers=headers, extensions=extensions) as response:
            read, deadline = 0, time.monotonic() + TIMEOUT_SECONDS
            for piece in response.iter_raw():
                read += len(piece)
                if read > _MOST_BYTES or time.monotonic() > deadline:
                    break
            return response.status_code
