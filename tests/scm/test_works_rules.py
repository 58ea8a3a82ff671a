"""Rules of transfers, counts, bills of materials, production and returns on their own."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.kernel.errors import Problem
from shapan.scm import rules
from shapan.scm.rules.batches import BatchBalance
from shapan.scm.rules.boms import Bom, BomLine
from shapan.scm.rules.issues import Holding, Wanted
from shapan.scm.rules.parts import Part
from shapan.scm.rules.production import Asked, Material
from shapan.scm.rules.stock_counts import CountLine
from shapan.scm.rules.transfers import Arrived, InTransit

DAY = date(2026, 11, 24)
OLD, NEW, LATE = date(2026, 11, 23), date(2026, 11, 24), date(2026, 12, 31)


def pointers(faults: Any) -> list[str]:
    return [fault.pointer for fault in faults]


# --- Shares of what is left


@given(
    total=st.integers(0, 10_000_000),
    pieces=st.lists(st.integers(1, 100_000), min_size=1, max_size=12),
)
@settings(max_examples=50)
def test_parts_add_up_and_are_never_negative(total: int, pieces: list[int]) -> None:
    left_fen, left_milli = total, sum(pieces)
    for piece in pieces:
        part = rules.parts.part_of_rest(left_fen, left_milli, piece)
        assert 0 <= part <= left_fen
        # Half a fen off the exact share of the moment, at most.
        assert piece == left_milli or abs(Fraction(left_fen * piece, left_milli) - part) <= Fraction(1, 2)
        left_fen, left_milli = left_fen - part, left_milli - piece
    assert left_fen == 0


def part(batch_no: str | None, milli: int) -> Part:
    return Part("D-1", 1, "A", batch_no, milli, 0)


@pytest.mark.parametrize(
    ("went", "came", "milli", "back"),
    [
        ([], [], 5, None),
        ([part(None, 5)], [], 5, None),
        ([part("A", 3), part("B", 4)], [], 5, [("B", 4), ("A", 1)]),
        ([part("A", 3), part("B", 4)], [part("B", 4), part("A", 1)], 2, [("A", 2)]),
        # A batch that went twice counts where it went last.
        ([part("A", 3), part("B", 4), part("A", 1)], [], 5, [("A", 4), ("B", 1)]),
        ([part("A", 3), part("B", 4)], [part("B", 1)], 3, [("B", 3)]),
    ],
)
def test_goods_go_back_to_the_batches_they_came_from(
    went: list[Part], came: list[Part], milli: int, back: list[tuple[str, int]] | None
) -> None:
    assert rules.parts.batches_back(went, came, milli) == back


# --- Issues of several lines

MILK = Holding(9, (BatchBalance("OLD", OLD, 4), BatchBalance("NEW", NEW, 3), BatchBalance("LATE", LATE, 5)))
HOLDINGS = {"MILK": MILK, "COLA": Holding(7, None)}


def wanted(*lines: tuple[str, int, str | None]) -> list[Wanted]:
    return [Wanted(n, f"/lines/{n}", code, milli, batch) for n, (code, milli, batch) in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "plan", "short"),
    [
        ([("COLA", 7, None)], {0: None}, []),
        ([("COLA", 4, None), ("COLA", 4, None)], {0: None}, ["/lines/1"]),
        ([("TEA", 1, None)], {}, ["/lines/0"]),
        # 12 on hand, 3 reserved, 4 expired: 5 may go, first expiry first.
        ([("MILK", 5, None)], {0: [("NEW", 3), ("LATE", 2)]}, []),
        ([("MILK", 6, None)], {}, ["/lines/0"]),
        ([("MILK", 3, None), ("MILK", 2, None)], {0: [("NEW", 3)], 1: [("LATE", 2)]}, []),
        # What names its batch is served first, and takes expired goods too; others do not get them.
        ([("MILK", 2, None), ("MILK", 3, "NEW")], {0: [("LATE", 2)], 1: [("NEW", 3)]}, []),
        ([("MILK", 4, "OLD"), ("MILK", 5, None)], {0: [("OLD", 4)], 1: [("NEW", 3), ("LATE", 2)]}, []),
        ([("MILK", 5, "OLD"), ("MILK", 1, "NONE")], {}, ["/lines/0", "/lines/1"]),
        # Fresh goods under a reservation stay there: 5 of LATE, but only 5 - 3 beside NEW.
        ([("MILK", 5, "LATE"), ("MILK", 1, "NEW")], {0: [("LATE", 5)]}, ["/lines/1"]),
    ],
)
def test_what_an_issue_takes(lines: Any, plan: dict[int, Any], short: list[str]) -> None:
    got, faults = rules.issues.plan_issue(wanted(*lines), HOLDINGS, DAY)
    assert (got, pointers(faults)) == (plan, short)
    refusal = rules.issues.short_refusal("X-1", "CK01", faults)
    assert (refusal is None) == (not short)
    if refusal is not None:
        assert (refusal.status, refusal.name, pointers(refusal.faults)) == (409, "insufficient-stock", short)


# --- Transfers

ON_THE_WAY = [InTransit(1, 2, "B", 4), InTransit(1, 1, "A", 3), InTransit(2, 1, None, 5)]


def arrived(*lines: tuple[int, int, str | None]) -> list[Arrived]:
    return [Arrived(f"/lines/{n}", *line) for n, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "received", "faults"),
    [
        ([(1, 5, None)], [("B", 4), ("A", 1)], []),
        ([(1, 2, None), (1, 4, "B")], [("B", 4), ("A", 2)], []),
        ([(2, 5, None)], [(None, 5)], []),
        ([(2, 6, None)], [(None, 5)], ["/lines/0/quantity"]),
        ([(1, 1, "C")], [], ["/lines/0/quantity"]),
        ([(3, 1, None), (1, 1, None), (1, 1, None)], [("B", 1)], ["/lines/0/line_no", "/lines/2/line_no"]),
    ],
)
def test_what_arrives_of_a_transfer(lines: Any, received: list[tuple[Any, int]], faults: list[str]) -> None:
    got, found = rules.transfers.received_parts("DBDD-1", arrived(*lines), ON_THE_WAY)
    assert ([(piece.batch_no, milli) for piece, milli in got], pointers(found)) == (received, faults)


# --- Counts


def test_a_loss_is_covered_by_a_gain_of_the_same_product() -> None:
    lines = [
        CountLine(1, "MILK", "A", 5, 5, 2),
        CountLine(2, "MILK", "B", 5, 5, 7),
        CountLine(3, "COLA", None, 5, 5, 3),
    ]
    assert rules.stock_counts.reserved_faults(lines, {"MILK": 1, "COLA": 2}) == []
    assert pointers(rules.stock_counts.reserved_faults(lines, {"MILK": 0, "COLA": 1})) == ["/lines/0", "/lines/2"]


# --- Bills of materials


def bom(code: str, base: int, *lines: tuple[str, int, int]) -> Bom:
    return Bom(f"BOM-{code}", code, base, tuple(BomLine(*line) for line in lines))


@pytest.mark.parametrize(
    ("base", "quantity", "scrap", "milli", "needs"),
    [
        (1_000, 2_000, 0, 3_000, 6_000),
        (1_000, 2_000, 500, 10_000, 21_000),
        (30_000, 1_000, 0, 1_000, 34),
        (1_000, 1, 1, 1, 1),
        (3_000, 1_000, 0, 3_000, 1_000),
        (7_000, 1_000, 10_000, 7_000, 2_000),
    ],
)
def test_what_a_bill_requires(base: int, quantity: int, scrap: int, milli: int, needs: int) -> None:
    assert rules.boms.required(bom("P", base, ("M", quantity, scrap)), milli) == [("M", needs)]


def test_a_sale_uses_what_its_dishes_are_made_of_rounded_once() -> None:
    kinds = {"RICE": "material", "SOY": "material", "SAUCE": "dish", "BOWL": "dish", "COLA": "goods", "RIDE": "service"}
    recipes = {
        "SAUCE": bom("SAUCE", 3_000, ("SOY", 1_000, 0)),
        "BOWL": bom("BOWL", 1_000, ("RICE", 200, 1_000), ("SAUCE", 1_000, 0), ("SOY", 1, 0)),
    }
    sold = [("BOWL", 1_000), ("COLA", 2_000), ("RIDE", 1_000), ("BOWL", 1_000), ("SAUCE", 1_000), ("COLA", 500)]
    # Soy: three portions of sauce are exactly 1,000, and 2 beside them; rounding by line would make more of it.
    assert rules.boms.consumption(sold, kinds, recipes) == {"RICE": 440, "SOY": 1_002, "COLA": 2_500}


def test_recipes_may_be_nested_as_deep_as_they_like() -> None:
    depth = 2_000
    kinds = {f"D{n}": "dish" for n in range(depth)} | {f"D{depth}": "material"}
    recipes = {f"D{n}": bom(f"D{n}", 1_000, (f"D{n + 1}", 1_000, 0)) for n in range(depth)}
    assert rules.boms.consumption([("D0", 3_000)], kinds, recipes) == {f"D{depth}": 3_000}


@given(
    portions=st.lists(st.integers(1, 9_999), min_size=1, max_size=8),
    base=st.integers(1, 9_999),
    quantity=st.integers(1, 9_999),
    scrap=st.integers(0, 10_000),
)
@settings(max_examples=50)
def test_consumption_suffices_and_no_thousandth_more(portions: list[int], base: int, quantity: int, scrap: int) -> None:
    kinds, recipes = {"D": "dish", "M": "material"}, {"D": bom("D", base, ("M", quantity, scrap))}
    used = rules.boms.consumption([("D", milli) for milli in portions], kinds, recipes)["M"]
    exact = Fraction(quantity * (10_000 + scrap), base * 10_000) * sum(portions)
    assert exact <= used < exact + 1


@pytest.mark.parametrize(
    ("made", "materials", "made_of", "faults"),
    [
        ("A", ["B"], {}, []),
        ("A", ["A"], {}, ["/lines/0/product_code"]),
        ("A", ["C", "B"], {"B": {"A"}}, ["/lines/1/product_code"]),
        ("A", ["B"], {"B": {"C", "D"}, "D": {"E"}, "E": {"A"}}, ["/lines/0/product_code"]),
        ("A", ["B"], {"B": {"C"}, "C": {"B"}, "X": {"A"}}, []),
        ("A", ["B", "C"], {"A": {"Z"}, "B": {"D"}, "C": {"D"}, "D": {"E"}}, []),
    ],
)
def test_no_product_is_made_of_itself(made: str, materials: list[str], made_of: Any, faults: list[str]) -> None:
    lines = [BomLine(code, 1, 0) for code in materials]
    assert pointers(rules.boms.circle_faults(made, lines, made_of)) == faults


# --- Production

MATERIALS = [Material(1, "A", 10, 4, 1), Material(2, "B", 5, 6, 0), Material(3, "C", 5, 5, 5)]


def asked(*lines: tuple[int, int]) -> list[Asked]:
    return [Asked(f"/lines/{n}", *line) for n, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "beyond", "parts", "faults"),
    [
        (None, False, {1: 7, 3: 5}, []),
        ([(1, 7), (3, 5)], False, {1: 7, 3: 5}, []),
        ([(1, 8), (2, 1)], False, {1: 8, 2: 1}, ["/lines/0/quantity", "/lines/1/quantity"]),
        ([(1, 8), (2, 1)], True, {1: 8, 2: 1}, []),
        ([(4, 1), (1, 1), (1, 1)], True, {1: 1}, ["/lines/0/line_no", "/lines/2/line_no"]),
    ],
)
def test_what_is_issued(lines: Any, beyond: bool, parts: dict[int, int], faults: list[str]) -> None:
    found = rules.production.issue_parts("SCDD-1", lines and asked(*lines), MATERIALS, beyond=beyond)
    assert not isinstance(found, Problem)
    assert (found[0], pointers(found[1])) == (parts, faults)


def test_an_order_that_has_everything_is_issued_nothing() -> None:
    found = rules.production.issue_parts("SCDD-1", None, MATERIALS[1:2], beyond=True)
    assert isinstance(found, Problem)
    assert (found.status, found.name) == (409, "nothing-to-issue")


def test_what_is_returned() -> None:
    found, faults = rules.production.return_parts("SCDD-1", asked((1, 3), (2, 7), (3, 1)), MATERIALS)
    assert (found, pointers(faults)) == ({1: 3, 2: 7, 3: 1}, ["/lines/1/quantity", "/lines/2/quantity"])


def test_a_receipt_absorbs_its_share_and_the_last_one_the_rest() -> None:
    assert rules.production.absorbed(100, 3_000, 1_000, final=False) == 33
    assert rules.production.absorbed(67, 2_000, 1_000, final=False) == 34
    assert rules.production.absorbed(33, 1_000, 1_000, final=False) == 33
    assert rules.production.absorbed(100, 3_000, 1_000, final=True) == 100
