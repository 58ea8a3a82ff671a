"""The data standard over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from shapan.quality import standard_document

from .conftest import Played


def test_the_data_standard_is_that_of_the_checks(control: Callable[..., httpx.Client], played: Played) -> None:
    answer = control().get("/data-standard")
    assert answer.status_code == 200
    assert answer.json() == standard_document()
    # No system is asked for it.
    assert played.asked == []
