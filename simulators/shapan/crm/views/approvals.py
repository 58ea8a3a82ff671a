"""The approval policy (审批策略) as the CRM shows it."""

from __future__ import annotations

from typing import Any

from shapan.crm.rules.approvals import Policy, PolicyStep
from shapan.kernel.money import number_from_fen


def policy(found: Policy) -> dict[str, Any]:
    """`ApprovalPolicy` of the contract."""
    return {
        "steps": [_step(step) for step in found.steps],
        "distinctApprovers": found.distinct_approvers,
        "discountBasis": found.discount_basis,
        "updatedAt": found.updated_at,
    }


def _step(step: PolicyStep) -> dict[str, Any]:
    # Basis points and fen are both hundredths of what the wire says.
    return {
        "role": step.role,
        "triggers": list(step.triggers),
        "discountPercentOver": None if step.discount_over_bp is None else number_from_fen(step.discount_over_bp),
        "grossAmountFrom": None if step.gross_from_fen is None else number_from_fen(step.gross_from_fen),
    }
