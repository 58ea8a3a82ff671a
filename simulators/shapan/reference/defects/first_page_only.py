"""Reads only the first page of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import httpx

from shapan.reference.client import SystemClient


class FirstPage(SystemClient):
    """A list that is longer than a page ends there."""

    def pages(
        self, path: str, query: Mapping[str, Any], following: Callable[[httpx.Response, Any], dict[str, Any] | None]
    ) -> Iterator[Any]:
        """The first page."""
        return islice(super().pages(path, query, following), 1)
