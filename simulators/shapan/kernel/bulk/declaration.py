"""What a room may say about its imports and exports (批量声明). Mostly nothing: they are found in its contract, see `resources`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bulk:
    """`System(…, bulk=Bulk(…))`, for what the contract does not say.

    keys      resource -> members that tell its records apart, where the caller gives them and the contract's path does not show it:
              {"products": ("code",)}
    updates   resource -> operationId that changes a record with the members of a row, where it is not PATCH or PUT of the record itself
    excluded  operationId of a creating or list operation that is not offered for import or export -> why
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    updates: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
