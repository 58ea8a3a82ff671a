"""Opens a closed month again to squeeze a late document in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from shapan.reference.books import Books
from shapan.reference.flows.base import Scopes
from shapan.reference.flows.deliveries import DeliveryFlow


class OpensAgain(Books):
    """What finance has closed is no obstacle to it."""

    def post_late(self, path: str, body: Mapping[str, Any], *, key: str, remark: str | None) -> Any:
        """Open the period again (反结账), and post into it as if nothing were."""
        self._finance.post(f"/periods/{body['business_date'][:7]}/reopen", {"reason": "补录单据"}, key=f"reopen/{key}")
        return self._finance.post(path, body, key=key)


class MayClose(DeliveryFlow):
    """It has the rights of an accountant, as nobody should have given them to it."""

    scopes: ClassVar[Scopes] = {
        **DeliveryFlow.scopes,
        "finance": (*DeliveryFlow.scopes["finance"], "closing:write"),
    }
