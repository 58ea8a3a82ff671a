"""Keys for the tests of scoring: a small one by hand, and that of a world."""

from __future__ import annotations

import pytest

from shapan.world import AnswerKey
from shapan.world.answers import Entity, Record
from shapan.world.entities import Noise, Relation

RECORDS: dict[Record, tuple[str, str]] = {
    ("crm", "customer", "a1"): ("A", "北京华信科技有限公司"),
    ("crm", "customer", "a2"): ("A", "北京華信科技有限公司"),
    ("scm", "customer", "KH1"): ("A", "北京华信科技"),
    ("finance", "customer", "1001"): ("A", "华信科技(北京)"),
    ("crm", "customer", "b1"): ("B", "南京华信科技有限公司"),
    ("scm", "customer", "KH2"): ("B", "南京华信科技有限公司"),
    ("finance", "customer", "1002"): ("B", "华信科技"),
    ("scm", "customer", "KH3"): ("C", "广州力航贸易"),
    ("finance", "customer", "1003"): ("C", "广州力航贸易有限公司"),
}
"""A is in the CRM twice, B once, C not at all."""


def noise(record: Record, rule: str, after: str = "", field: str = "short_name") -> Noise:
    """A line of the noise log."""
    return Noise(*record, field, rule, "", after, "")


@pytest.fixture
def key() -> AnswerKey:
    """The key to RECORDS: A and B differ by their region only."""
    return AnswerKey(
        ((*record, entity) for record, (entity, _) in RECORDS.items()),
        [
            Entity("A", "customer", "北京华信科技有限公司", "91A"),
            Entity("B", "customer", "南京华信科技有限公司", "91B"),
            Entity("C", "customer", "广州力航贸易有限公司", "91C"),
        ],
        [
            Relation("hard-negative", "B", "A", "region"),
            Relation("branch", "B", "X", "上海"),
            Relation("parent", "B", "A", ""),
        ],
        [
            noise(("crm", "customer", "a2"), "surface.traditional", field="name"),
            noise(("scm", "customer", "KH1"), "style.drop_form"),
            noise(("scm", "customer", "KH1"), "field.uscc_missing", field="tax_number"),
            noise(("finance", "customer", "1001"), "style.region_bracket_noform"),
            noise(("finance", "customer", "1002"), "style.omit_region"),
        ],
        {record: name for record, (_, name) in RECORDS.items()},
    )
