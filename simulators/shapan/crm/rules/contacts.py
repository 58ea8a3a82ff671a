"""What a contact (联系人) can be: active or left (已离职), and for at most one of a customer's the primary one (首要联系人)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapan.kernel.errors import Fault


def faults(before: Mapping[str, Any], body: Mapping[str, Any]) -> list[Fault]:
    """Faults of a change: somebody who left cannot be the primary contact. `before` has the contact's `state`."""
    if body.get("primary", False) and body.get("state", before["state"]) == "left":
        return [
            Fault(
                "/primary",
                "Somebody who left cannot be the primary contact. Choose another contact, or set state to active.",
                "已离职的联系人不能设为首要联系人，请选择其他联系人，或将 state 改为 active。",
            )
        ]
    return []


def values(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """All columns that clients write: those that the body names, the others as before; who leaves is no longer the primary one."""
    after = {**before, **{member: value for member, value in body.items() if member != "primary"}}
    after["is_primary"] = int(after["state"] == "active" and body.get("primary", bool(before["is_primary"])))
    return after
