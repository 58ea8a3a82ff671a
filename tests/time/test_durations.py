"""Spans of time as people type them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.cli.durations import Span, parse_moment, parse_span
from shapan.kernel.clock import SHANGHAI

NOW = datetime(2026, 1, 31, 10, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("90s", NOW + timedelta(seconds=90)),
        ("15min", NOW + timedelta(minutes=15)),
        ("2h", NOW + timedelta(hours=2)),
        ("30d", NOW + timedelta(days=30)),
        ("2w", NOW + timedelta(days=14)),
        ("1d12h", NOW + timedelta(hours=36)),
        ("1mo", datetime(2026, 2, 28, 10, tzinfo=SHANGHAI)),
        ("1y1mo", datetime(2027, 2, 28, 10, tzinfo=SHANGHAI)),
        ("1mo1d", datetime(2026, 3, 1, 10, tzinfo=SHANGHAI)),
    ],
)
def test_a_span_is_counted_from_now(text, then):
    assert parse_span(text).after(NOW) == then


@pytest.mark.parametrize("text", ["", "30", "d", "1 d", "1m", "-1d", "1.5h", "1d,2h", "1dd", "一天"])
def test_other_texts_are_none(text):
    with pytest.raises(ValueError):
        parse_span(text)


@given(st.text(alphabet="0123456789smindhwoy .-", max_size=12))
def test_whatever_is_typed_is_a_span_or_refused(text):
    try:
        span = parse_span(text)
    except ValueError:
        return
    assert isinstance(span, Span)
    try:
        assert span.after(NOW) >= NOW
    except OverflowError:
        assert span.months > 12 * 7000 or span.seconds > 86_400 * 365 * 7000


def test_a_moment_without_an_offset_is_in_shanghai():
    assert parse_moment("2026-12-01T09:00") == datetime(2026, 12, 1, 9, tzinfo=SHANGHAI)
    assert parse_moment("2026-12-01") == datetime(2026, 12, 1, tzinfo=SHANGHAI)
    assert parse_moment("2026-12-01T01:00Z") == datetime(2026, 12, 1, 9, tzinfo=SHANGHAI)
