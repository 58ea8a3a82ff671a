"""Approval of orders (订单审批): the policy as data, which steps an order needs and why, and what is refused of a decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapan.crm.rules.credit import Credit
from shapan.crm.rules.orders import FULL_BP, STATE_NAMES, Line, hundredths
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import divide_half_up, fen_from_number, number_from_fen


class PolicyStep(NamedTuple):
    """A step of the policy (审批环节): who decides, and what makes it necessary. Thresholds are None where no trigger uses them."""

    role: str
    triggers: tuple[str, ...]
    discount_over_bp: int | None
    gross_from_fen: int | None


class Policy(NamedTuple):
    """The policy in force: its steps, whether each step of an order needs another person, when it was written (None: the default one).

    `discount_basis` is BY_LINE or EFFECTIVE: what counts as the discount of a line.
    """

    steps: Sequence[PolicyStep]
    distinct_approvers: bool
    updated_at: str | None
    discount_basis: str


class Needed(NamedTuple):
    """A step that an order needs, with every reason in wire form (`ApprovalReason`)."""

    role: str
    reasons: list[dict[str, Any]]


BY_LINE, EFFECTIVE = "line", "effective"
"""What a discount (折扣) is measured by: `discountPercent` of the line, or the way from the price that would have been found to what is paid."""

DEFAULT_POLICY = (
    PolicyStep("salesManager", ("discount",), 1_000, None),
    PolicyStep("creditController", ("credit",), None, None),
    PolicyStep("generalManager", ("discount", "amount"), 2_500, 100_000_000),
)
"""The policy that Shapan opens with: discounts beyond 10 %, credit, then discounts beyond 25 % or a million yuan."""

_THRESHOLDS = (("discount", "discountPercentOver"), ("amount", "grossAmountFrom"))


def policy_faults(steps: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Every fault of a policy (wire form, already valid): a role that stands there twice, thresholds missing or without their trigger."""
    faults = []
    roles: set[str] = set()
    for index, step in enumerate(steps):
        if step["role"] in roles:
            faults.append(
                Fault(
                    f"/steps/{index}/role",
                    f"Role {step['role']} decides an earlier step already. Put the triggers of both into one step.",
                    f"角色 {step['role']} 已用于前面的环节，请将触发条件合并到一个环节。",
                )
            )
        roles.add(step["role"])
        for trigger, member in _THRESHOLDS:
            if (trigger in step["triggers"]) == (step.get(member) is not None):
                continue
            if trigger in step["triggers"]:
                en, zh = f"The trigger {trigger} needs {member}.", f"触发条件 {trigger} 需要给出 {member}。"
            else:
                en = f"{member} says nothing without the trigger {trigger}. Leave it away, or add the trigger."
                zh = f"没有触发条件 {trigger}，{member} 不起作用；请去掉它，或加上该触发条件。"
            faults.append(Fault(f"/steps/{index}/{member}", en, zh))
    return faults


def policy_from_wire(steps: Iterable[Mapping[str, Any]]) -> list[PolicyStep]:
    """The steps of `ApprovalPolicyNew`."""
    return [
        PolicyStep(
            step["role"],
            tuple(step["triggers"]),
            None if step.get("discountPercentOver") is None else hundredths(step["discountPercentOver"]),
            None if step.get("grossAmountFrom") is None else fen_from_number(step["grossAmountFrom"]),
        )
        for step in steps
    ]


def effective_discount(line: Line, found_fen: int) -> int:
    """The discount (实际折扣) of a line in basis points, against the price that is found without a given one; 0 when it is dearer.

    Rounded half up from prices, not from the line's rounded sum, so that small quantities do not look like discounts.
    """
    if found_fen <= 0:
        return 0
    paid = line.unit_price_fen * (FULL_BP - line.discount_bp)
    return max(0, FULL_BP - divide_half_up(paid, found_fen))


def needed(policy: Iterable[PolicyStep], discount_bp: int, gross_fen: int, credit: Credit) -> list[Needed]:
    """The steps that an order needs, in their order: `discount_bp` is the largest of its lines, `credit` knows nothing of the order yet."""
    found = []
    for step in policy:
        reasons = [
            reason for trigger in step.triggers for reason in _reasons(trigger, step, discount_bp, gross_fen, credit)
        ]
        if reasons:
            found.append(Needed(step.role, reasons))
    return found


def _reasons(
    trigger: str, step: PolicyStep, discount_bp: int, gross_fen: int, credit: Credit
) -> Iterable[dict[str, Any]]:
    if trigger == "discount" and step.discount_over_bp is not None and discount_bp > step.discount_over_bp:
        yield _reason(trigger, "discountPercent", discount_bp, step.discount_over_bp)
    if trigger == "amount" and step.gross_from_fen is not None and gross_fen >= step.gross_from_fen:
        yield _reason(trigger, "grossAmount", gross_fen, step.gross_from_fen)
    if trigger == "credit":
        if credit.limit_fen is not None and credit.used_fen + gross_fen > credit.limit_fen:
            yield _reason(trigger, "creditLimit", credit.used_fen + gross_fen, credit.limit_fen)
        if credit.hold == "overdue" and (credit.overdue_fen or 0) > 0:
            yield _reason(trigger, "overdue", credit.overdue_fen, 0)
        if credit.hold == "always":
            yield _reason(trigger, "hold", None, None)


def _reason(trigger: str, rule: str, value: int | None, threshold: int | None) -> dict[str, Any]:
    # Basis points and fen are both hundredths of what the wire says.
    return {
        "trigger": trigger,
        "rule": rule,
        "value": None if value is None else number_from_fen(value),
        "threshold": None if threshold is None else number_from_fen(threshold),
    }


def further(needed_now: Iterable[Needed], roles: Collection[str], most: int) -> list[Needed]:
    """What the last approval finds needed beyond the steps of these `roles`: what changed since they were asked for (额度变化)."""
    return [step for step in needed_now if step.role not in roles][: max(0, most - len(roles))]


def approver_refusal(number: str, approver: str, earlier: Mapping[str, str]) -> Problem | None:
    """Why a person cannot decide another step (不相容岗位分离), or None. `earlier` are the roles of the steps that were approved, by approver."""
    role = earlier.get(_person(approver))
    if role is None:
        return None
    return conflict(
        "approver-decided-already",
        f"{approver} approved order {number} as {role} already. Each step needs another person, unless the policy says otherwise "
        "(distinctApprovers).",
        f"{approver} 已以 {role} 身份审批过订单 {number}；每个环节须由不同的人审批，除非审批策略另有规定（distinctApprovers）。",
    )


def deciders(steps: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The roles of the steps that were approved, by approver."""
    return {_person(step["approver"]): step["role"] for step in steps if step["state"] == "approved"}


def _person(name: str) -> str:
    return "".join(name.split()).casefold()


def decision_refusal(number: str, state: str, pending_role: str | None, role: str) -> Problem | None:
    """Why `role` cannot decide (审批) an order now, or None. `pending_role` is that of the step that is pending."""
    if state != "pendingApproval" or pending_role is None:
        return conflict(
            "order-not-pending",
            f"Order {number} is {state} and waits for no approval. Read it to see what happened to it.",
            f"订单 {number} 的状态是“{STATE_NAMES[state]}”，不在审批中；请重新读取该订单。",
        )
    if role != pending_role:
        return conflict(
            "approval-step-not-due",
            f"Order {number} waits for {pending_role}, not for {role}. Steps are decided in their order.",
            f"订单 {number} 当前等待 {pending_role} 审批，而不是 {role}；请按环节顺序审批。",
        )
    return None
