"""The grade of a crosswalk (评分结果): record accuracy, pairwise and B-cubed figures, false merges, recall by noise rule, wrong pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shapan.world.answers import AnswerKey, Record
from shapan.world.errors import WorldError
from shapan.world.scoring.crosswalk import KINDS, Crosswalk
from shapan.world.scoring.lessons import Lesson, Links, lessons, relation_name
from shapan.world.scoring.measures import Measure, bcubed, contingency, pairwise
from shapan.world.scoring.wording import CLEAN, relation_words, rule_words

__all__ = ["ANCHORS", "KINDS", "FalseMerge", "LookalikeCount", "Report", "RuleRecall", "Share", "grade"]

ANCHORS = {"customer": "crm", "supplier": "scm", "product": "scm"}
"""The system that the records of the others are linked to: the first one to know such a thing."""
MERGES_LISTED = 1_000
"""False merges that a report lists; it counts them all."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many are right."""

    right: int
    of: int

    @property
    def accuracy(self) -> float:
        """The share, 1 of none."""
        return self.right / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class RuleRecall:
    """How records fared in which a noise rule struck.

    `records` carry the rule; of those that are judged, `judged` says how many are right. `pairs` are the true pairs with at least one record that
    carries it, counted once for each such record, and `found` are those put into one cluster; recall is found/pairs, None without pairs.
    """

    rule: str
    records: int
    judged: Share
    found: int
    pairs: int

    @property
    def recall(self) -> float | None:
        """The share of the pairs that was found."""
        return self.found / self.pairs if self.pairs else None


@dataclass(frozen=True, slots=True)
class FalseMerge:
    """Two entities that look alike and share a cluster; `relation` says in what, as in hard-negative.region, parent, branch, twin."""

    relation: str
    entity: str
    other: str
    name: str
    other_name: str
    cluster: str


@dataclass(frozen=True, slots=True)
class LookalikeCount:
    """Of so many pairs of entities that look alike in one way, how many were put together."""

    relation: str
    pairs: int
    merged: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a crosswalk is worth. `unmentioned` records were not in it and stand alone; `mixed_clusters` hold more than one entity,
    `split_entities` are in more than one cluster.
    """

    kind: str
    anchor: str
    records: int
    entities: int
    clusters: int
    unmentioned: int
    mixed_clusters: int
    split_entities: int
    judged: Share
    systems: Mapping[str, Share]
    pairwise: Measure
    bcubed: Measure
    lookalikes: tuple[LookalikeCount, ...]
    merged_pairs: int
    merges: tuple[FalseMerge, ...]
    rules: tuple[RuleRecall, ...]
    lessons: tuple[Lesson, ...]

    @property
    def accuracy(self) -> float:
        """The record accuracy (记录准确率)."""
        return self.judged.accuracy

    def as_json(self) -> dict[str, Any]:
        """Plain JSON data, as contracts/control/answer-key.yaml has it (`ScoreReport`)."""
        return {
            "kind": self.kind,
            "accuracy": self.accuracy,
            "judged": self.judged.of,
            "right": self.judged.right,
            "anchor": self.anchor,
            "systems": [
                {"system": system, "judged": share.of, "right": share.right, "accuracy": share.accuracy}
                for system, share in self.systems.items()
            ],
            "pairwise": _measure(self.pairwise),
            "bcubed": _measure(self.bcubed),
            "counts": {
                name: getattr(self, name)
                for name in ("records", "entities", "clusters", "unmentioned", "mixed_clusters", "split_entities")
            },
            "false_merges": {
                "merged": self.merged_pairs,
                "relations": [{**asdict(count), **_words(relation_words(count.relation))} for count in self.lookalikes],
                "pairs": [asdict(merge) for merge in self.merges],
            },
            "rules": [
                {
                    "rule": one.rule,
                    **_words(rule_words(one.rule)),
                    "records": one.records,
                    "judged": one.judged.of,
                    "right": one.judged.right,
                    "accuracy": one.judged.accuracy if one.judged.of else None,
                    "pairs": one.pairs,
                    "found": one.found,
                    "recall": one.recall,
                }
                for one in self.rules
            ],
            "wrong_pairs": [lesson.as_json() for lesson in self.lessons],
        }


def grade(key: AnswerKey, crosswalk: Crosswalk, kind: str = "customer") -> Report:
    """Judge a crosswalk by the key. WorldError when the key has no records of that kind.

    Judged are the records of all systems but the anchor (the CRM for customers, the SCM for the others). One is right when the anchor's records
    in its cluster are all those of its entity and no others; where the anchor has none of its entity, when there are none in its cluster.
    """
    truth = {record: entity for record, entity in key.rows if record[1] == kind}
    if not truth:
        raise WorldError(f"The answer key has no records of kind {kind}.", f"答案中没有类型为 {kind} 的记录。")
    clusters = crosswalk.clusters(kind)
    # What is not mentioned stands alone, in a cluster that no text can name.
    predicted: dict[Record, Hashable] = {record: clusters.get(record, record) for record in truth}
    table = contingency(predicted, truth)
    entities_of, clusters_of = defaultdict(set), defaultdict(set)
    for cluster, entity in table.both:
        entities_of[cluster].add(str(entity))
        clusters_of[str(entity)].add(cluster)
    links = Links(key, kind, ANCHORS[kind], truth, predicted, entities_of, clusters_of)
    right = _right(links)
    lookalikes, merges = _merges(links)
    systems: dict[str, Share] = {}
    for system in dict.fromkeys(record[0] for record in right):
        own = [good for record, good in right.items() if record[0] == system]
        systems[system] = Share(sum(own), len(own))
    return Report(
        kind=kind,
        anchor=ANCHORS[kind],
        records=len(truth),
        entities=len(clusters_of),
        clusters=len(entities_of),
        unmentioned=sum(record not in clusters for record in truth),
        mixed_clusters=sum(len(inside) > 1 for inside in entities_of.values()),
        split_entities=sum(len(outside) > 1 for outside in clusters_of.values()),
        judged=Share(sum(right.values()), len(right)),
        systems=dict(sorted(systems.items())),
        pairwise=pairwise(table),
        bcubed=bcubed(table),
        lookalikes=lookalikes,
        merged_pairs=len({frozenset((merge.entity, merge.other)) for merge in merges}),
        merges=merges[:MERGES_LISTED],
        rules=tuple(_rules(links, table.both, table.true, right)),
        lessons=lessons(links),
    )


def _right(links: Links) -> dict[Record, bool]:
    """Whether each judged record is right."""
    anchors = [record for record in links.truth if record[0] == links.anchor]
    have = Counter(links.truth[record] for record in anchors)
    inside: defaultdict[Hashable, Counter[str]] = defaultdict(Counter)
    for record in anchors:
        inside[links.predicted[record]][links.truth[record]] += 1
    nothing: Counter[str] = Counter()
    return {
        record: inside.get(links.predicted[record], nothing) == ({entity: have[entity]} if entity in have else nothing)
        for record, entity in links.truth.items()
        if record[0] != links.anchor
    }


def _merges(links: Links) -> tuple[tuple[LookalikeCount, ...], tuple[FalseMerge, ...]]:
    """What looks alike and was put together. Only pairs of which both have records count."""
    pairs: Counter[str] = Counter()
    merges: list[FalseMerge] = []
    merged: Counter[str] = Counter()
    for relation in links.relations():
        name = relation_name(relation)
        pairs[name] += 1
        shared = links.clusters_of[relation.entity] & links.clusters_of[relation.other]
        if shared:
            merged[name] += 1
            cluster = min(map(str, shared))
            named = [links.entity_name(entity) for entity in (relation.entity, relation.other)]
            merges.append(FalseMerge(name, relation.entity, relation.other, named[0], named[1], cluster))
    return tuple(LookalikeCount(name, number, merged[name]) for name, number in sorted(pairs.items())), tuple(merges)


def _rules(
    links: Links,
    both: Mapping[tuple[Hashable, Hashable], int],
    true: Mapping[Hashable, int],
    right: Mapping[Record, bool],
) -> Iterator[RuleRecall]:
    carriers: defaultdict[str, dict[Record, None]] = defaultdict(dict)
    for record, rules in links.rules.items():
        for rule in rules:
            carriers[rule][record] = None
    carriers[CLEAN] = {record: None for record in links.truth if record not in links.rules}
    for rule, records in sorted(carriers.items(), key=lambda item: (item[0] != CLEAN, item[0])):
        judged = [right[record] for record in records if record in right]
        yield RuleRecall(
            rule,
            len(records),
            Share(sum(judged), len(judged)),
            sum(both[links.predicted[record], links.truth[record]] - 1 for record in records),
            sum(true[links.truth[record]] - 1 for record in records),
        )


def _measure(measure: Measure) -> dict[str, float]:
    return {"precision": measure.precision, "recall": measure.recall, "f1": measure.f1}


def _words(words: tuple[str, str]) -> dict[str, str]:
    return {"en": words[0], "zh": words[1]}
