"""Services and expenses that a supplier invoices without goods (费用发票: freight, rent, fees): where their amount goes."""

from __future__ import annotations

from dataclasses import dataclass

from shapan.finance.rules.dimensions import Dimensions, Known, dimension_faults, stranger_faults
from shapan.finance.rules.vouchers import Account
from shapan.kernel.errors import Fault

_CATEGORIES = ("asset", "cost", "profit_and_loss")
_MONEY = ("1001", "1002", "1012")


@dataclass(frozen=True, slots=True)
class Expense:
    """The account that takes the net amount of a service, and what it names besides; 1405 with a product is freight of goods."""

    account_code: str
    product_code: str | None = None
    store_code: str | None = None

    @property
    def dimensions(self) -> Dimensions:
        """What the line names besides its account."""
        return Dimensions(product_code=self.product_code, store_code=self.store_code)


def expense_faults(
    pointer: str, expense: Expense, supplier_id: int, account: Account | None, direction: str, known: Known
) -> list[Fault]:
    """What is wrong with where a service goes: an account on which expenses or assets stand in debit, that no sub-ledger controls."""
    given = expense.dimensions
    if account is None:
        code = expense.account_code
        return [
            Fault(f"{pointer}/account_code", f"There is no account {code}.", f"没有科目 {code}。"),
            *stranger_faults(pointer, given, known),
        ]
    title = f"{account.code} {account.name}"
    if not account.leaf:
        return [
            Fault(
                f"{pointer}/account_code",
                f"Account {title} has accounts below it; only leaf accounts can be posted to.",
                f"科目 {title} 有下级科目，只能使用末级科目。",
            )
        ]
    takes = direction == "debit" and account.category in _CATEGORIES and not account.code.startswith(_MONEY)
    if account.controlled or not takes:
        return [
            Fault(
                f"{pointer}/account_code",
                f"Account {title} takes no services: name one of expenses, costs, stock or other assets that no sub-ledger controls.",
                f"科目 {title} 不能记采购费用，请使用费用、成本、存货或其他资产类非受控科目。",
            )
        ]
    if "supplier" in account.takes:
        given = Dimensions(supplier_id=supplier_id).within(given)
    return dimension_faults(pointer, title, account.dimensions, account.optional, given, known)
