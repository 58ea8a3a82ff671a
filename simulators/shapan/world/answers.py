"""The answer key (答案): which records in the three systems are, in truth, the same company or product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping


class AnswerKey:
    """Made from (system, kind, record id, entity) rows; kind is "customer" or "product"."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        self._entities: dict[tuple[str, str, str], str] = {}
        self._records: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for system, kind, record_id, entity in rows:
            self._entities[system, kind, record_id] = entity
            self._records[entity].append((system, kind, record_id))

    def entity(self, system: str, kind: str, record_id: str) -> str | None:
        """The true entity behind a record, or None for one that was made at run time."""
        return self._entities.get((system, kind, str(record_id)))

    def records(self, entity: str) -> tuple[tuple[str, str, str], ...]:
        """All records of an entity, as (system, kind, record id)."""
        return tuple(self._records.get(entity, ()))

    def all(self) -> Mapping[tuple[str, str, str], str]:
        """The whole key."""
        return dict(self._entities)
