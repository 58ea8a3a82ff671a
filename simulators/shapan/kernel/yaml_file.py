"""Reading YAML as JSON data: dates stay text, and the C parser is used where PyYAML has it (ten times faster at start-up)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML 1.1 without timestamps: `2026-11-24` in an example is a string, as it is in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def load_yaml(path: Path) -> Any:
    """The data in a YAML file. yaml.YAMLError when it is none, OSError when it cannot be read."""
    with path.open("rb") as stream:
        return yaml.load(stream, Loader=_Loader)  # noqa: S506 - derived from the safe loader
