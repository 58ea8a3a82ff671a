"""What is counted when Prometheus asks (指标): events and deliveries in each workspace, from the databases themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shapan.kernel.database import DatabaseGone

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime


class WorkspaceMetrics(Collector):
    """`shapan_events` by workspace, `shapan_deliveries` by workspace and state."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing beforehand: the registry would otherwise ask for all values when this is registered."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The values of this moment."""
        events = GaugeMetricFamily("shapan_events", "Events in the outbox", labels=["workspace"])
        deliveries = GaugeMetricFamily(
            "shapan_deliveries", "Webhook deliveries by state", labels=["workspace", "state"]
        )
        for workspace in self._runtime.workspaces():
            try:
                with workspace.database.read() as db:
                    number = db.execute("SELECT count(*) FROM shapan_outbox").fetchone()[0]
                    states = db.execute("SELECT state, count(*) FROM shapan_delivery GROUP BY state").fetchall()
            except DatabaseGone:
                continue
            events.add_metric([workspace.name], number)
            for state, count in states:
                deliveries.add_metric([workspace.name, state], count)
        yield events
        yield deliveries
