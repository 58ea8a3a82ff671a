"""The answer key (答案): which records in the three systems are, in truth, the same thing, and what was made wrong in them."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shapan.world.entities import Noise, Relation

Record = tuple[str, str, str]
"""A record: system, kind, record id."""
_NAME_FIELDS = {"name", "short_name"}


@dataclass(frozen=True, slots=True)
class Entity:
    """A true thing. `kind` is customer, supplier or product; `code` its credit code or product code; `demo` marks the demo set (演示集)."""

    key: str
    kind: str
    name: str
    code: str
    demo: bool = False


class AnswerKey:
    """Made from (system, kind, record id, entity) rows; kind is "customer", "supplier" or "product"."""

    def __init__(
        self,
        rows: Iterable[tuple[str, str, str, str]],
        entities: Iterable[Entity] = (),
        relations: Iterable[Relation] = (),
        noise: Iterable[Noise] = (),
        names: Mapping[Record, str] | None = None,
    ) -> None:
        self._entities: dict[Record, str] = {}
        self._records: defaultdict[str, list[Record]] = defaultdict(list)
        self._names = names or {}
        for system, kind, record_id, entity in rows:
            self._entities[system, kind, record_id] = entity
            self._records[entity].append((system, kind, record_id))
        self.entities: Mapping[str, Entity] = {entity.key: entity for entity in entities}
        self.relations: tuple[Relation, ...] = tuple(relations)
        self.noise: tuple[Noise, ...] = tuple(noise)

    def entity(self, system: str, kind: str, record_id: str) -> str | None:
        """The true entity behind a record, or None for one that was made at run time."""
        return self._entities.get((system, kind, str(record_id)))

    def records(self, entity: str) -> tuple[Record, ...]:
        """All records of an entity, as (system, kind, record id)."""
        return tuple(self._records.get(entity, ()))

    def all(self) -> Mapping[Record, str]:
        """The whole key."""
        return dict(self._entities)

    @functools.cached_property
    def rows(self) -> tuple[tuple[Record, str], ...]:
        """The whole key, in order."""
        return tuple(self._entities.items())

    def name(self, record: Record) -> str:
        """What a record calls its thing: the name it was made with, else the true one with all that the noise log did to it."""
        known = self._names.get(record) or self._spoilt.get(record)
        if known is not None:
            return known
        entity = self.entities.get(self._entities.get(record, ""))
        return entity.name if entity else record[2]

    @functools.cached_property
    def _spoilt(self) -> Mapping[Record, str]:
        return {(n.system, n.kind, n.record_id): n.after for n in self.noise if n.field in _NAME_FIELDS}
