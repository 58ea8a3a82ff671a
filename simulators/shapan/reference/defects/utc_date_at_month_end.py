"""Takes the business date from the time in UTC: what leaves the house in the first eight hours of a month is booked in the month before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shapan.reference.flows.base import Json
from shapan.reference.flows.deliveries import DeliveryFlow


class DayInUtc(DeliveryFlow):
    """Its day begins at eight in the morning of Asia/Shanghai."""

    def receivable_body(self, delivery: Json, order: Json | None) -> dict[str, Any]:
        """The date of the time of shipment, in UTC."""
        shipped = datetime.fromisoformat(delivery["shipped_at"]).astimezone(UTC)
        return super().receivable_body(delivery, order) | {"business_date": shipped.date().isoformat()}
