"""The report: what counts as right, false merges, recall by rule, and the pairs that teach most."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.world import AnswerKey, World, WorldError
from shapan.world.answers import Record
from shapan.world.dirt import fields, styles, surface
from shapan.world.mess import list_presets, load_mess
from shapan.world.scoring import grade
from shapan.world.scoring.crosswalk import Crosswalk, Row
from shapan.world.scoring.grading import ANCHORS, MERGES_LISTED, Report
from shapan.world.scoring.lessons import MOST
from shapan.world.scoring.wording import RELATIONS, RULES

from .conftest import RECORDS, noise


def crosswalk(clusters: Mapping[Record, str]) -> Crosswalk:
    return Crosswalk(tuple(Row(str(n), record, cluster) for n, (record, cluster) in enumerate(clusters.items(), 2)))


def of(groups: Iterable[str]) -> Crosswalk:
    """A crosswalk of clusters written as "a1 a2 KH1"."""
    known = {record[2]: record for record in RECORDS}
    return crosswalk({known[id_]: str(n) for n, group in enumerate(groups) for id_ in group.split()})


RIGHT = ("a1 a2 KH1 1001", "b1 KH2 1002", "KH3 1003")


def right(key: AnswerKey, *groups: str) -> set[str]:
    """The records that are right: each is judged by itself, in a key whose noise log names it alone."""
    found = set()
    for record in RECORDS:
        marked = AnswerKey(
            ((*r, entity) for r, entity in key.all().items()), key.entities.values(), (), [noise(record, "mark")]
        )
        [rule] = [one for one in grade(marked, of(groups)).rules if one.rule == "mark"]
        if rule.judged.right:
            found.add(record[2])
    return found


@pytest.mark.parametrize(
    ("groups", "wanted"),
    [
        (RIGHT, "KH1 1001 KH2 1002 KH3 1003"),
        ((), "KH3 1003"),  # C is not in the CRM: right when it is linked to none
        (("a1 KH1 1001", "b1 KH2", "a2"), "KH2 KH3 1003"),  # one of the two records of A is missing in the cluster
        (("a1 a2 b1 KH1 KH2",), "KH3 1003"),  # all of A, but not only A
        (
            ("a1 a2 KH1", "b1 KH2 KH3"),
            "KH1 KH2 1003",
        ),  # KH3 is linked to a company that it is not; KH2 is not the worse for it
        (("a1 a2", "b1", "KH1 1001"), "KH3 1003"),  # linked to each other is not linked to the CRM
        (("KH3 KH1",), "KH3 1003"),
    ],
)
def test_what_counts_as_right(groups: tuple[str, ...], wanted: str, key: AnswerKey) -> None:
    report = grade(key, of(groups))
    assert right(key, *groups) == set(wanted.split())
    assert (report.judged.right, report.judged.of) == (len(wanted.split()), 6)
    assert report.accuracy == len(wanted.split()) / 6
    assert sum(share.right for share in report.systems.values()) == report.judged.right
    assert set(report.systems) == {"scm", "finance"}


def test_a_perfect_crosswalk(key: AnswerKey) -> None:
    report = grade(key, of(RIGHT))
    assert report.accuracy == report.pairwise.f1 == 1
    assert report.bcubed.f1 == pytest.approx(1)
    assert (report.records, report.entities, report.clusters) == (9, 3, 3)
    assert (report.unmentioned, report.mixed_clusters, report.split_entities) == (0, 0, 0)
    assert report.merges == report.lessons == ()
    assert all(rule.recall == 1 for rule in report.rules)


def test_an_empty_crosswalk_leaves_every_record_alone(key: AnswerKey) -> None:
    report = grade(key, Crosswalk(()))
    assert (report.clusters, report.unmentioned, report.split_entities) == (9, 9, 3)
    assert (report.pairwise.precision, report.pairwise.recall) == (1, 0)
    assert all(rule.recall == 0 for rule in report.rules)


def test_the_name_of_a_cluster_is_never_that_of_a_record_which_stands_alone(key: AnswerKey) -> None:
    names = {record: str(("scm", "customer", "KH1")) for record in RECORDS if record[2] in ("a1", "a2")}
    assert grade(key, crosswalk(names)).split_entities == 3


def test_false_merges_name_the_lookalikes(key: AnswerKey) -> None:
    report = grade(key, of(["a1 a2 KH1 b1", "1002 1001"]))
    # The branch X of B has no records, so that nobody can merge it.
    assert [(row.relation, row.pairs, row.merged) for row in report.lookalikes] == [
        ("hard-negative.region", 1, 1),
        ("parent", 1, 1),
    ]
    assert report.merged_pairs == 1
    assert [(merge.relation, merge.entity, merge.other, merge.cluster) for merge in report.merges] == [
        ("hard-negative.region", "B", "A", "0"),
        ("parent", "B", "A", "0"),
    ]
    assert report.merges[0].name == "南京华信科技有限公司"
    assert report.mixed_clusters == 2


def test_recall_by_rule_counts_the_pairs_of_the_records_that_carry_it(key: AnswerKey) -> None:
    report = grade(key, of(["a1 a2 KH1", "b1 KH2"]))
    rules = {rule.rule: rule for rule in report.rules}
    assert next(iter(rules)) == "none"
    drop = rules["style.drop_form"]
    assert (drop.records, drop.judged.right, drop.judged.of, drop.found, drop.pairs) == (1, 1, 1, 2, 3)
    traditional = rules["surface.traditional"]  # in the CRM, which is not judged
    assert (traditional.records, traditional.judged.of, traditional.found, traditional.pairs) == (1, 0, 2, 3)
    assert rules["none"].records == 5
    assert rules["style.omit_region"].recall == 0


def test_lessons_come_with_names_and_reasons(key: AnswerKey) -> None:
    report = grade(key, of(["a1 a2 b1 KH2", "KH1", "1001 1002"]))
    first = report.lessons[0]
    assert first.wrong == "merged"
    assert first.cause == "hard-negative.region"
    assert {first.first.entity, first.second.entity} == {"A", "B"}
    assert "91A" in first.en
    assert "91B" in first.zh
    missed = {lesson.cause: lesson for lesson in report.lessons if lesson.wrong == "missed"}
    drop = missed["style.drop_form + surface.traditional"]
    assert (drop.second.name, drop.second.rules) == ("北京华信科技", ("style.drop_form", "field.uscc_missing"))
    assert (
        "SCM KH1: the name lost its legal form (style.drop_form), the tax number is empty (field.uscc_missing)"
        in drop.en
    )
    assert "SCM KH1：名称缺少组织形式（style.drop_form），税号为空（field.uscc_missing）" in drop.zh
    plain = missed["none"]
    assert plain.first.entity == "C"
    assert plain.en.endswith("The names are written in two ways.")


def test_of_a_destroyed_name_nothing_else_is_a_cause(key: AnswerKey) -> None:
    destroyed = [noise(("scm", "customer", number), "surface.kuntao") for number in ("KH1", "KH2")]
    spoilt = AnswerKey(((*record, entity) for record, (entity, _) in RECORDS.items()), (), (), (*key.noise, *destroyed))
    causes = {lesson.cause: lesson for lesson in grade(spoilt, of(["a1 a2 1001", "b1 1002"])).lessons}
    assert causes["surface.kuntao"].alike == 2
    assert not [cause for cause in causes if "surface.kuntao" in cause and cause != "surface.kuntao"]
    assert "style.drop_form" in "".join(lesson.en for lesson in causes.values())


@pytest.fixture(scope="module")
def exact(medium_article: World) -> Crosswalk:
    """Exact names, as a team would join them at first."""
    key = medium_article.answer_key
    return crosswalk({record: key.name(record) for record in key.all() if record[1] == "customer"})


@pytest.fixture(scope="module")
def report(medium_article: World, exact: Crosswalk) -> Report:
    """What that is worth."""
    return grade(medium_article.answer_key, exact)


class TestOnAMediumWorld:
    def test_the_truth_scores_one(self, medium_article: World) -> None:
        key = medium_article.answer_key
        for kind in ANCHORS:
            truth = {record: entity for record, entity in key.all().items() if record[1] == kind}
            report = grade(key, crosswalk(truth), kind)
            assert report.accuracy == report.pairwise.f1 == 1
            assert report.lessons == ()

    def test_exact_names_find_about_60_percent(self, report: Report) -> None:
        assert 0.57 < report.accuracy < 0.63
        assert report.pairwise.precision > 0.98

    def test_lessons_are_fifty_and_diverse(self, report: Report) -> None:
        causes = Counter(lesson.cause for lesson in report.lessons)
        assert len(report.lessons) == MOST
        assert len(causes) > 20
        missed = [lesson for lesson in report.lessons if lesson.wrong == "missed"]
        assert len({lesson.cause for lesson in missed}) == len(missed)
        assert [lesson.alike for lesson in missed] == sorted((lesson.alike for lesson in missed), reverse=True)
        for lesson in report.lessons:
            merged = lesson.first.entity != lesson.second.entity
            assert lesson.wrong == ("merged" if merged else "missed")

    def test_lookalikes_come_first_and_are_diverse(self, medium_article: World) -> None:
        """Everything about one trade name in one cluster: what looks alike is merged."""
        key = medium_article.answer_key
        trade = {company.key: company.trade_name for company in medium_article.companies}
        rows = {r: trade.get(entity, entity) for r, entity in key.all().items() if r[1] == "customer"}
        report = grade(key, crosswalk(rows))
        assert report.merged_pairs > 100
        known = [lesson.cause in RELATIONS for lesson in report.lessons]
        assert known == sorted(known, reverse=True)
        causes = Counter(lesson.cause for lesson in report.lessons)
        assert {"hard-negative.region", "hard-negative.industry"} <= causes.keys()
        assert max(causes.values()) <= MOST / 4
        assert report.pairwise.recall == 1

    def test_the_report_is_the_same_whatever_the_order_of_the_rows(
        self, medium_article: World, exact: Crosswalk, report: Report
    ) -> None:
        other = grade(medium_article.answer_key, Crosswalk(tuple(reversed(exact.rows))))
        assert other.as_json() == report.as_json()

    def test_one_cluster_for_all_is_listed_within_bounds(self, medium_article: World) -> None:
        key = medium_article.answer_key
        report = grade(key, crosswalk({r: "all" for r in key.all() if r[1] == "customer"}))
        assert report.clusters == 1
        assert report.judged.right == 0
        assert all(row.merged == row.pairs for row in report.lookalikes)
        assert len(report.merges) <= MERGES_LISTED
        assert len(report.lessons) == MOST
        assert json.loads(json.dumps(report.as_json()))["counts"]["clusters"] == 1


SMALL = sorted(RECORDS)


@given(st.lists(st.integers(0, 4), min_size=len(SMALL), max_size=len(SMALL)))
def test_accuracy_is_the_definition_word_by_word(labels: list[int]) -> None:
    """Against the definition written out over all records, for any clustering of a small world."""
    clusters = {record: str(label) for record, label in zip(SMALL, labels, strict=True)}
    truth = {record: RECORDS[record][0] for record in SMALL}
    wanted = 0
    for record in SMALL:
        if record[0] == "crm":
            continue
        linked = {r for r in SMALL if r[0] == "crm" and clusters[r] == clusters[record]}
        wanted += linked == {r for r in SMALL if r[0] == "crm" and truth[r] == truth[record]}
    key = AnswerKey((*record, entity) for record, entity in truth.items())
    report = grade(key, crosswalk(clusters))
    assert report.judged.right == wanted
    pairs = [pair for pair in itertools.combinations(SMALL, 2) if clusters[pair[0]] == clusters[pair[1]]]
    assert (report.mixed_clusters == 0) == all(truth[a] == truth[b] for a, b in pairs)
    assert all(
        (clusters_of(clusters, lesson.first) == clusters_of(clusters, lesson.second)) == (lesson.wrong == "merged")
        for lesson in report.lessons
    )


def clusters_of(clusters: Mapping[Record, str], shown: object) -> str:
    return clusters[getattr(shown, "system"), "customer", getattr(shown, "record_id")]  # noqa: B009


def test_a_kind_that_the_key_has_not_is_refused(key: AnswerKey) -> None:
    with pytest.raises(WorldError, match="no records of kind product"):
        grade(key, Crosswalk(()), "product")


def test_every_rule_and_relation_has_words_of_its_own(medium_article: World) -> None:
    rules = {f"style.{name}" for name in styles.STYLES} - {"style.legal"}
    rules |= {f"surface.{name}" for name in surface.RULES}
    rules |= {noise.rule for noise in medium_article.answer_key.noise}
    rules |= {f"product.{name}" for name, _ in fields._CODE_RULES}
    own = [
        rule for rule in rules if not rule.startswith(("items.", "file."))
    ]  # of documents and files, which nobody matches
    assert [rule for rule in own if rule not in RULES] == []
    for preset in list_presets():
        assert all(f"surface.{name}" in RULES for name, _ in load_mess(preset).surface)
    relations = {
        f"{one.kind}.{one.detail}" if one.kind == "hard-negative" else one.kind
        for one in medium_article.answer_key.relations
    } - {"former-name"}
    assert relations <= RELATIONS.keys()
