"""Pairwise and B-cubed figures: equal to those of er-evaluation and of the definitions written out, on random clusterings."""

from __future__ import annotations

import itertools
import warnings
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.world.scoring.measures import bcubed, contingency, pairwise

LABELS = st.integers(0, 6)
CLUSTERINGS = st.lists(st.tuples(LABELS, LABELS), max_size=30)


def both(rows: list[tuple[int, int]]) -> tuple[dict[int, str], dict[int, int]]:
    return {n: f"p{p}" for n, (p, _) in enumerate(rows)}, {n: t for n, (_, t) in enumerate(rows)}


@settings(max_examples=60, deadline=None)
@given(CLUSTERINGS.filter(bool))
def test_pairwise_figures_are_those_of_er_evaluation(rows: list[tuple[int, int]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        from er_evaluation.metrics import pairwise_f, pairwise_precision, pairwise_recall

        predicted, truth = both(rows)
        found = pairwise(contingency(predicted, truth))
        series = pd.Series(predicted), pd.Series(truth)
        assert found.precision == pytest.approx(pairwise_precision(*series), abs=1e-12)
        assert found.recall == pytest.approx(pairwise_recall(*series), abs=1e-12)
        assert found.f1 == pytest.approx(pairwise_f(*series), abs=1e-12)


@given(CLUSTERINGS)
def test_pairwise_figures_are_those_of_every_pair(rows: list[tuple[int, int]]) -> None:
    predicted, truth = both(rows)
    together = {pair for pair in itertools.combinations(predicted, 2) if predicted[pair[0]] == predicted[pair[1]]}
    belong = {pair for pair in itertools.combinations(truth, 2) if truth[pair[0]] == truth[pair[1]]}
    found = pairwise(contingency(predicted, truth))
    assert found.precision == (len(together & belong) / len(together) if together else 1)
    assert found.recall == (len(together & belong) / len(belong) if belong else 1)


@given(CLUSTERINGS)
def test_bcubed_figures_are_those_of_every_record_beside_every_other(rows: list[tuple[int, int]]) -> None:
    predicted, truth = both(rows)

    def mean(of: dict[int, object], other: dict[int, object]) -> Fraction:
        shares = []
        for record in of:
            cluster = [r for r in of if of[r] == of[record]]
            shares.append(Fraction(sum(other[r] == other[record] for r in cluster), len(cluster)))
        return sum(shares, Fraction()) / len(shares) if shares else Fraction(1)

    found = bcubed(contingency(predicted, truth))
    precision, recall = mean({**predicted}, {**truth}), mean({**truth}, {**predicted})
    assert found.precision == pytest.approx(float(precision), abs=1e-12)
    assert found.recall == pytest.approx(float(recall), abs=1e-12)
    assert found.f1 == pytest.approx(float(2 * precision * recall / (precision + recall)), abs=1e-12)


@given(CLUSTERINGS)
def test_a_clustering_beside_itself_is_perfect_and_the_other_way_round_exchanges_the_figures(
    rows: list[tuple[int, int]],
) -> None:
    predicted, truth = both(rows)
    same = contingency(truth, truth)
    assert (pairwise(same).f1, bcubed(same).precision, bcubed(same).recall) == (1, pytest.approx(1), pytest.approx(1))
    one, other = contingency(predicted, truth), contingency(truth, predicted)
    assert (pairwise(one).precision, pairwise(one).recall) == (pairwise(other).recall, pairwise(other).precision)
    assert bcubed(one).precision == pytest.approx(bcubed(other).recall)


def test_nothing_put_together_is_never_wrong_and_finds_nothing() -> None:
    table = contingency({1: "a", 2: "b"}, {1: "x", 2: "x"})
    assert (pairwise(table).precision, pairwise(table).recall, pairwise(table).f1) == (1, 0, 0)
    assert (bcubed(table).precision, bcubed(table).recall) == (1, 0.5)


def test_clusterings_of_different_records_are_refused() -> None:
    with pytest.raises(ValueError, match="same records"):
        contingency({1: "a"}, {2: "a"})
