"""sqlite-utils without pandas and numpy: it imports them where they are installed, only to know their types, which no table of ours holds.

They would cost every process of a sandbox a third of a second, and a sandbox has nine. Imported before anything else of ours that
imports sqlite_utils (shapan.kernel.database does).
"""

from __future__ import annotations

import sys
from typing import Any

_left_out: dict[str, Any] = {name: None for name in ("numpy", "pandas") if name not in sys.modules}
# None makes an import fail as if there were none; whoever imports them afterwards gets them.
sys.modules.update(_left_out)
try:
    import sqlite_utils
finally:
    for _name in _left_out:
        del sys.modules[_name]

__all__ = ["sqlite_utils"]
