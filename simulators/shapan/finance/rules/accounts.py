"""Adding accounts to the chart (增设科目)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shapan.kernel.errors import Fault, Problem, conflict

_USES = {
    "voucher_line": ("has been posted to", "已有凭证分录"),
    "opening_balance": ("has an opening balance", "已有期初余额"),
    "posting_rule": ("is named by its code in a posting rule", "被凭证模板按编码引用"),
}


def new_account_faults(
    code: str, has_parent: bool, required: Collection[str], optional: Collection[str]
) -> list[Fault]:
    """What is wrong with a new account: nothing above it, a dimension that is both required and optional."""
    found = []
    if len(code) < 6:
        found.append(
            Fault(
                "/code",
                f"{code} is a first-level account; those come with the standard. Add six digits or more, below one of them.",
                f"{code} 是一级科目，由会计准则确定；请在一级科目下增设六位及以上编码的科目。",
            )
        )
    elif not has_parent:
        found.append(
            Fault("/code", f"There is no account {code[:-2]} above {code}.", f"没有 {code} 的上级科目 {code[:-2]}。")
        )
    both = sorted(set(required) & set(optional))
    if both:
        found.append(
            Fault(
                "/optional_dimensions",
                f"{', '.join(both)} cannot be both required and optional.",
                f"辅助核算 {'、'.join(both)} 不能既必填又可选。",
            )
        )
    return found


def demand_faults(required: Sequence[str], lacking: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Dimensions that a new account requires and that what posts by its roles does not name (`rules.posting_rules.role_demands`)."""
    return [
        Fault(
            f"/dimensions/{index}",
            f"The account takes over a role by which {', '.join(lacking[name])} post without naming a {name}, so it cannot"
            f" require {name}. Make it optional, or add an account without a role.",
            f"该科目将承接上级科目的用途，而 {'、'.join(lacking[name])} 记账时不提供 {name}，因此不能必填该辅助核算。"
            "请改为可选辅助核算。",
        )
        for index, name in enumerate(required)
        if name in lacking
    ]


def account_in_use(code: str, controlled: bool, uses: Sequence[str]) -> Problem | None:
    """Why a leaf cannot get accounts below it, or None: then its lines would stand on an account that is no leaf."""
    words = [_USES[use] for use in uses]
    if controlled:
        words.insert(0, ("is controlled by a sub-ledger", "是受控科目"))
    if not words:
        return None
    return conflict(
        "account-in-use",
        f"Account {code} {' and '.join(en for en, _ in words)}, so nothing can be added below it. Use another account.",
        f"科目 {code} {'、'.join(zh for _, zh in words)}，不能增设下级科目，请改用其他科目。",
    )
