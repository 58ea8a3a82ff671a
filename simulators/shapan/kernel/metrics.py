"""What is counted when Prometheus asks (指标): events and deliveries in each workspace, from the databases themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shapan.kernel.database import DatabaseGone
from shapan.kernel.delivery import lines

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime


class WorkspaceMetrics(Collector):
    """`shapan_events` by workspace, `shapan_deliveries` by workspace and state."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing beforehand: the registry would otherwise ask for all values when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The values of this moment."""
        events = GaugeMetricFamily("shapan_events", "Events in the outbox", labels=["workspace"])
        deliveries = GaugeMetricFamily(
            "shapan_deliveries", "Webhook deliveries by state", labels=["workspace", "state"]
        )
        for workspace in self._runtime.workspaces():
            try:
                with workspace.database.read() as db:
                    number = db.execute("SELECT count(*) FROM shapan_outbox").fetchone()[0]
                    states = lines.count_by_state(db)
            except DatabaseGone:
                continue
            events.add_metric([workspace.name], number)
            for state, count in states.items():
                deliveries.add_metric([workspace.name, state], count)
        yield events
        yield deliveries
        if (journal := self._runtime.journal_store) is not None:
            yield CounterMetricFamily(
                "shapan_journal_given_up", "Entries that the journal could not write", journal.given_up
            )
        if (publisher := self._runtime.courier.publisher) is not None:
            yield GaugeMetricFamily(
                "shapan_broker_connected", "Whether the broker answered when last spoken to", publisher.connected
            )
