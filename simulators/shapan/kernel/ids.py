"""Identifiers that systems hand out."""

from __future__ import annotations

import uuid


def new_uuid() -> str:
    """A random UUID in canonical form, for records made at run time. Seeded records get theirs from the world."""
    return str(uuid.uuid4())
