"""Wire values in the form of the tables."""

from __future__ import annotations

import pytest

from shapan.crm.inputs import moment, uuid_key


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-01-05T02:00:00Z", "2026-01-05T10:00:00.000+08:00"),
        ("2026-01-05T10:00:00.1239+08:00", "2026-01-05T10:00:00.123+08:00"),
        ("2025-12-31T18:30:00-05:00", "2026-01-01T07:30:00.000+08:00"),
    ],
)
def test_times_are_kept_in_one_offset_so_that_their_texts_sort(text: str, stored: str) -> None:
    assert moment(text) == stored


def test_a_uuid_is_read_in_either_case() -> None:
    assert uuid_key("5B0C6C1E-7D1F-4A52-9A4E-0C4F7D3B2A10") == "5b0c6c1e-7d1f-4a52-9a4e-0c4f7d3b2a10"
