"""What records are checked against (数据标准). The check itself reads the systems as a client does, which control is not."""

from __future__ import annotations

from shapan.kernel.system import Answer, Context, ok
from shapan.quality.standard import standard_document


def get_data_standard(ctx: Context) -> Answer:
    """getDataStandard: the data standard, the same in every workspace."""
    return ok(standard_document())
