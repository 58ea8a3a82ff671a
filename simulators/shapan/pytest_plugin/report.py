"""What a failing test shows of its workspace: the latest of the journal, and the last words of the integration."""

from __future__ import annotations

import pytest

from shapan.pytest_plugin import options
from shapan.pytest_plugin.session import INTEGRATION, WORKSPACE

MOST = 50
_LIMIT = 1000  # of contracts/operator/journal.yaml


def sections(item: pytest.Item) -> list[tuple[str, str]]:
    """(heading, text) of each section for the report. What cannot be had is said in its place: it must not hide the failure."""
    from shapan.sandbox.remote.lines import entry_line

    workspace = item.stash[WORKSPACE]
    most = options.number(item.config, "entries")
    found = []
    try:
        entries = workspace.journal.entries(limit=min(MOST if most is None else most, _LIMIT)) if most != 0 else []
        lines = [entry_line(entry) for entry in reversed(entries)]
    except Exception as error:  # whatever it is, the test's own failure is what must be read
        lines = [f"The journal cannot be read ({type(error).__name__}: {error})."]
    if lines:
        found.append((f"shapan journal of workspace {workspace.name}", "\n".join(lines)))
    if (integration := item.stash.get(INTEGRATION, None)) is not None and (said := integration.tail()):
        found.append(("shapan integration", said))
    return found
