"""What somebody may have meant who wrote a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from shapan.scenario.faults import Text


def meant(name: str, known: Iterable[str]) -> Text:
    """The names that look like it, as the rest of a sentence: (" Did you mean 'createOrder'?", …), or empty texts."""
    lower = {one.lower(): one for one in known}
    found = [lower[one] for one in get_close_matches(name.lower(), lower, 3, 0.6)]
    if not found:
        return Text("", "")
    return Text(f" Did you mean {' or '.join(map(repr, found))}?", f"是否指 {'、'.join(map(repr, found))}？")
