"""The control interface for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

SELDOM: list[str] = []


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them: the order that the CRM's own preparation confirms."""
    return {place: [f"ORD-{world.spec.opening:%Y%m}-00001"] for place in ("path.document_number", "query.order")}


def prepare(desk: Desk, world: Any) -> None:
    """Control keeps nothing of its own."""
