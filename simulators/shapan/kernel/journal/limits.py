"""How much of the journal is kept (日志上限)."""

from __future__ import annotations

from dataclasses import dataclass

ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept at most: entries and bytes of a workspace, bytes of all workspaces of a system. The oldest go first."""

    entries: int = ENTRIES
    workspace_bytes: int = 64 * 1024**2
    bytes: int = 256 * 1024**2
