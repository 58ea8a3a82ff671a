"""The most instructive wrong pairs (典型错例): two records that were put together wrongly, or not put together, and why that was hard.

Pairs that are wrong for the same reason are alike; of each reason there is one before there are two of any, the commonest reasons first.
Linear in the number of records: a cluster or entity of n parts gives n - 1 pairs, and each pair of lookalikes one.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shapan.world.answers import AnswerKey, Record
from shapan.world.entities import Relation
from shapan.world.scoring.wording import relation_words, rule_words

MOST = 50
_ROOM = {"lookalike": 20, "merge": 10, "miss": 20}
"""How many of each sort there are at most while there are others to show."""
assert sum(_ROOM.values()) == MOST
_SYSTEMS = {"crm": ("CRM", "CRM"), "scm": ("SCM", "SCM"), "finance": ("finance", "财务")}
_NOUNS = {"customer": ("company", "企业"), "supplier": ("company", "企业"), "product": ("product", "产品")}
_DESTROYED = "surface.kuntao"
_SAME, _DIFFERENT = "same name", "different names"
# What a matcher can go by: names, tax numbers, telephones, product codes, and that a record is one of several.
_TELLING = ("style.", "surface.", "row.", "field.uscc", "field.phone", "product.")


@dataclass(frozen=True, slots=True)
class Shown:
    """A record of a wrong pair, as it is called and what is wrong with it (rules of the noise log)."""

    system: str
    record_id: str
    entity: str
    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A wrong pair: `wrong` is merged (put together and two things) or missed (one thing and not put together). `alike` pairs are wrong for the
    same `cause`, this one among them.
    """

    wrong: str
    cause: str
    alike: int
    first: Shown
    second: Shown
    en: str
    zh: str

    def as_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        plain = asdict(self)
        for side in ("first", "second"):
            plain[side]["rules"] = list(plain[side]["rules"])
        return plain


@dataclass(frozen=True)
class Links:
    """A crosswalk beside the truth: the entity and the cluster of every record of one kind, and which share which."""

    key: AnswerKey
    kind: str
    anchor: str
    truth: Mapping[Record, str]
    predicted: Mapping[Record, Hashable]
    entities_of: Mapping[Hashable, set[str]]
    clusters_of: Mapping[str, set[Hashable]]

    @functools.cached_property
    def rules(self) -> Mapping[Record, tuple[str, ...]]:
        """What was made wrong in each record that anything was made wrong in, in the order of the noise log; not in its stock."""
        found: defaultdict[Record, dict[str, None]] = defaultdict(dict)
        for noise in self.key.noise:
            record = (noise.system, noise.kind, noise.record_id)
            if record in self.truth and not noise.rule.startswith("stock."):
                found[record][noise.rule] = None
        return {record: tuple(rules) for record, rules in found.items()}

    def relations(self) -> Iterator[Relation]:
        """The pairs of entities that look alike and both have records."""
        for relation in self.key.relations:
            if relation.entity in self.clusters_of and relation.other in self.clusters_of:
                yield relation

    def entity_name(self, entity: str) -> str:
        """The true name of an entity."""
        known = self.key.entities.get(entity)
        return known.name if known else entity

    def code(self, entity: str) -> str:
        """The credit code or product code of an entity."""
        known = self.key.entities.get(entity)
        return known.code if known else ""


def relation_name(relation: Relation) -> str:
    """hard-negative.region, parent, branch, twin."""
    return f"{relation.kind}.{relation.detail}" if relation.kind == "hard-negative" else relation.kind


def lessons(links: Links) -> tuple[Lesson, ...]:
    """At most fifty wrong pairs: lookalikes that were merged, other merges, what was missed."""
    merged, between = _merged(links)
    causes: dict[str, defaultdict[str, list[tuple[Record, Record]]]] = {name: defaultdict(list) for name in _ROOM}
    for pair in merged:
        relation = between.get(frozenset((links.truth[pair[0]], links.truth[pair[1]])))
        if relation is not None:
            causes["lookalike"][relation_name(relation)].append(pair)
        else:
            same = links.key.name(pair[0]) == links.key.name(pair[1])
            causes["merge"][f"{_SAME if same else _DIFFERENT}, {_why(links, pair)}"].append(pair)
    for pair in _missed(links):
        causes["miss"][_why(links, pair)].append(pair)
    chosen = {name: _in_turn(links, groups) for name, groups in causes.items()}
    take = {name: min(room, len(chosen[name])) for name, room in _ROOM.items()}
    for name in ("lookalike", "miss", "merge"):
        take[name] += min(MOST - sum(take.values()), len(chosen[name]) - take[name])
    return tuple(_lesson(links, name, *one) for name in _ROOM for one in chosen[name][: take[name]])


def _merged(links: Links) -> tuple[list[tuple[Record, Record]], dict[frozenset[str], Relation]]:
    """Pairs of records of different entities in one cluster, and the relations between entities that are lookalikes."""
    mixed: defaultdict[Hashable, defaultdict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record, cluster in links.predicted.items():
        if len(links.entities_of[cluster]) > 1:
            mixed[cluster][links.truth[record]].append(record)
    pairs: dict[frozenset[str], tuple[Record, Record]] = {}
    between: dict[frozenset[str], Relation] = {}
    for relation in links.relations():
        both = frozenset((relation.entity, relation.other))
        between.setdefault(both, relation)
        shared = links.clusters_of[relation.entity] & links.clusters_of[relation.other]
        if shared and both not in pairs:
            inside = mixed[min(shared, key=str)]
            pairs[both] = (
                _closest(links, inside[relation.other], inside[relation.entity]),
                _closest(links, inside[relation.entity], inside[relation.other]),
            )
    for inside in mixed.values():
        (main, first), *others = sorted(inside.items(), key=lambda item: (-len(item[1]), item[0]))
        for entity, records in others:
            both = frozenset((main, entity))
            if both not in pairs:
                pairs[both] = (_closest(links, first, records), _closest(links, records, first))
    return list(pairs.values()), between


def _closest(links: Links, records: list[Record], others: list[Record]) -> Record:
    """The record that explains best: one of the anchor beside one of another system, else the one with most faults."""
    beside = {record[0] for record in others}
    return max(
        records,
        key=lambda r: (r[0] == links.anchor and beside != {links.anchor}, len(links.rules.get(r, ())), r),
    )


def _missed(links: Links) -> Iterator[tuple[Record, Record]]:
    """Pairs of records of one entity in different clusters: one of the main cluster beside one of each other."""
    split: defaultdict[str, defaultdict[Hashable, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record, entity in links.truth.items():
        if len(links.clusters_of[entity]) > 1:
            split[entity][links.predicted[record]].append(record)
    for parts in split.values():
        groups = sorted(
            parts.values(), key=lambda records: (-sum(r[0] == links.anchor for r in records), -len(records), records)
        )
        for records in groups[1:]:
            yield _closest(links, groups[0], records), _plainest(links, records)


def _plainest(links: Links, records: Iterable[Record]) -> Record:
    return min(records, key=lambda r: (r[0] == links.anchor, len(links.rules.get(r, ())), r))


def _telling(links: Links, record: Record) -> tuple[str, ...]:
    return tuple(rule for rule in links.rules.get(record, ()) if rule.startswith(_TELLING))


def _why(links: Links, pair: tuple[Record, Record]) -> str:
    """What is wrong with the names of a missed pair, and with its tax numbers where that is all."""
    rules = {rule for record in pair for rule in _telling(links, record)}
    if _DESTROYED in rules:
        # Whatever else became of the name, nobody can see it any more.
        return _DESTROYED
    named = sorted(rule for rule in rules if not rule.startswith("field."))
    return " + ".join(named or sorted(rules)) or "none"


def _in_turn(
    links: Links, groups: Mapping[str, list[tuple[Record, Record]]]
) -> list[tuple[str, int, tuple[Record, Record]]]:
    """(cause, how many are alike, pair): one of each cause, then a second one of each, the commonest cause first; simple pairs first."""
    order = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    sorted_groups = [
        (
            cause,
            sorted(pairs, key=lambda pair: (sum(len(links.rules.get(r, ())) for r in pair), pair))[:MOST],
            len(pairs),
        )
        for cause, pairs in order
    ]
    return [
        (cause, number, pairs[turn])
        for turn in range(MOST)
        for cause, pairs, number in sorted_groups
        if turn < len(pairs)
    ]


def _lesson(links: Links, name: str, cause: str, alike: int, pair: tuple[Record, Record]) -> Lesson:
    first, second = (Shown(r[0], r[2], links.truth[r], links.key.name(r), links.rules.get(r, ())) for r in pair)
    faults = [_faults(links, record) for record in pair]
    noun, nomen = _NOUNS[links.kind]
    if name == "miss":
        en = f"One {noun} in two clusters. {faults[0][0]}; {faults[1][0]}."
        zh = f"同一{nomen}被分在两组。{faults[0][1]}；{faults[1][1]}。"
        if cause == "none":
            same = first.name == second.name
            en += f" The names are {'the same' if same else 'written in two ways'}."
            zh += "两处名称相同。" if same else "两处名称写法不同。"
        return Lesson("missed", cause, alike, first, second, en, zh)
    codes = [links.code(shown.entity) or "–" for shown in (first, second)]
    like, wie = relation_words(cause) if name == "lookalike" else _plain_merge(cause)
    mark = f" ({cause})" if name == "lookalike" else ""
    en = f"Two {'companies' if noun == 'company' else noun + 's'} in one cluster, {like}{mark}: in truth {codes[0]} and {codes[1]}. {faults[0][0]}; {faults[1][0]}."
    zh = f"两个不同{nomen}被并入一组，{wie}{f'（{cause}）' if mark else ''}：实际代码为 {codes[0]} 与 {codes[1]}。{faults[0][1]}；{faults[1][1]}。"
    return Lesson("merged", cause, alike, first, second, en, zh)


def _plain_merge(cause: str) -> tuple[str, str]:
    if cause.startswith(_SAME):
        return "whose records bear the same name", "两条记录名称相同"
    return "whose records bear different names", "两条记录名称不同"


def _faults(links: Links, record: Record) -> tuple[str, str]:
    """SCM KH00017: the name lost its legal form (style.drop_form), the tax number is empty (field.uscc_missing)."""
    rules = _telling(links, record)
    en, zh = _SYSTEMS.get(record[0], (record[0], record[0]))
    shown = record[2] if len(record[2]) <= 20 else record[2][:8] + "…"
    if not rules:
        return f"{en} {shown}: nothing is wrong with it that a match goes by", f"{zh} {shown}：用于匹配的内容无误"
    words = [(rule_words(rule), rule) for rule in rules]
    return (
        f"{en} {shown}: " + ", ".join(f"{text[0]} ({rule})" for text, rule in words),
        f"{zh} {shown}：" + "，".join(f"{text[1]}（{rule}）" for text, rule in words),
    )
