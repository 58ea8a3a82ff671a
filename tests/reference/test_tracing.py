"""What the integration does for an event belongs to the trace of what caused it."""

from __future__ import annotations

import pytest

from shapan.reference import tracing

GIVEN = f"00-{'a' * 32}-{'b' * 16}-01"


def test_requests_belong_to_the_trace_as_a_step_of_their_own():
    with tracing.following(GIVEN):
        version, trace, step, flags = tracing.headers()["traceparent"].split("-")
    assert (version, trace, flags) == ("00", "a" * 32, "01")
    assert len(step) == 16
    assert step != "b" * 16
    assert tracing.headers() == {}


@pytest.mark.parametrize("given", [None, 7, "", "nonsense"])
def test_without_a_trace_there_is_no_header(given):
    with tracing.following(given):
        assert tracing.headers() == {}
