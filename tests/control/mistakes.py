"""Mistakes that integrations and systems make, each broken into the facts of the correct flow, with what the oracle must say.

`CASES`: (the mistake, the codes that must be found and no others, the number of a document that one of them is about).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .flow import BOLT, CABLE

Facts = dict[str, Any]


def drop_sales_order(facts: Facts) -> None:
    # 00003 is neither shipped nor booked: only the order itself goes missing.
    del facts["scm"]["sales_orders"][2]
    del facts["scm"]["deliveries"][3:]
    facts["scm"]["stock"][0]["reserved_milli"] = 0


def cancel_sales_order_only(facts: Facts) -> None:
    order = facts["scm"]["sales_orders"][2]
    order["state"] = "cancelled"
    order["lines"][0]["reserved_milli"] = 0
    facts["scm"]["deliveries"][3]["state"] = "cancelled"
    facts["scm"]["stock"][0]["reserved_milli"] = 0


def double_sales_order(facts: Facts) -> None:
    copied = copy.deepcopy(facts["scm"]["sales_orders"][2])
    copied["number"] = "XSDD-202611-00009"
    copied["lines"][0]["reserved_milli"] = 0
    facts["scm"]["sales_orders"].append(copied)


def leave_unapproved(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2]["state"] = "draft"


def forget_unit_conversion(facts: Facts) -> None:
    line = facts["scm"]["sales_orders"][2]["lines"][0]
    line.update(quantity_milli=1000, reserved_milli=1000)
    facts["scm"]["stock"][0]["reserved_milli"] = 1000


def sell_in_unknown_unit(facts: Facts) -> None:
    facts["crm"]["orders"][2]["lines"][0]["unit"] = "托"


def swap_product(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2]["lines"][0].update(product_code=BOLT, quantity_milli=100000)
    facts["scm"]["sales_orders"][2]["lines"][0]["reserved_milli"] = 0
    facts["scm"]["stock"][0]["reserved_milli"] = 0


def lose_a_cent_of_tax(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2]["lines"][0]["tax_fen"] += 1


def lose_a_line(facts: Facts) -> None:
    order = facts["crm"]["orders"][2]
    extra = copy.deepcopy(order["lines"][0])
    extra.update(line=2, product_code=BOLT)
    order["lines"].append(extra)
    for name in ("net_fen", "tax_fen", "gross_fen"):
        order[name] *= 2


def add_a_line(facts: Facts) -> None:
    lines = facts["scm"]["sales_orders"][2]["lines"]
    lines.append({**lines[0], "line": 2, "product_code": BOLT, "reserved_milli": 0, "source_line": None})


def tax_on_the_total(facts: Facts) -> None:
    facts["crm"]["orders"][2]["net_fen"] += 1


def lose_a_receivable(facts: Facts) -> None:
    # The unpaid part of 00001 is never booked: finance is right in itself, CRM shows what finance has.
    del facts["finance"]["receivables"][1]
    facts["finance"]["customers"][0]["open_fen"] -= 49998
    facts["crm"]["customers"][0]["open_fen"] -= 49998
    facts["finance"]["control_account"][0]["ledger_1122_fen"] -= 49998
    facts["finance"]["control_account"][0]["subledger_fen"] -= 49998


def double_receivable(facts: Facts) -> None:
    copied = {**facts["finance"]["receivables"][1], "id": 4, "number": "YS-202611-00004", "voucher": "记-0004"}
    facts["finance"]["receivables"].append(copied)
    book(facts, 49998)


def book(facts: Facts, fen: int) -> None:
    """Finance and CRM carry `fen` more of the first customer, consistently."""
    facts["finance"]["customers"][0]["open_fen"] += fen
    facts["crm"]["customers"][0]["open_fen"] += fen
    facts["finance"]["control_account"][0]["ledger_1122_fen"] += fen
    facts["finance"]["control_account"][0]["subledger_fen"] += fen


def book_whole_order_on_first_shipment(facts: Facts) -> None:
    facts["finance"]["receivables"][0].update(net_fen=97341, tax_fen=12654, gross_fen=109995)
    book(facts, 109995 - 59997)


def shift_a_cent_between_net_and_tax(facts: Facts) -> None:
    row = facts["finance"]["receivables"][1]
    row.update(net_fen=row["net_fen"] - 1, tax_fen=row["tax_fen"] + 1)


def order_on_another_company(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2]["partner_code"] = "KH00002"


def order_on_unknown_partner(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2]["partner_code"] = "KH09999"


def receivable_on_another_company(facts: Facts) -> None:
    facts["finance"]["receivables"][1]["customer_id"] = 2
    book(facts, -49998)
    facts["finance"]["customers"][1]["open_fen"] += 49998
    facts["finance"]["control_account"][1]["ledger_1122_fen"] += 49998
    facts["finance"]["control_account"][1]["subledger_fen"] += 49998


def ship_to_another_company(facts: Facts) -> None:
    facts["scm"]["deliveries"][1]["partner_code"] = "KH00002"


def ship_another_product(facts: Facts) -> None:
    facts["scm"]["deliveries"][1]["lines"][0]["product_code"] = BOLT


def nothing_names_the_newcomer(facts: Facts) -> None:
    facts["scm"]["partners"][2]["tax_number"] = None


def unbalance_a_voucher(facts: Facts) -> None:
    facts["finance"]["vouchers"]["unbalanced"] = ["2026-11 记-0002: debit 49998 fen, credit 49997 fen"]


def unbalance_the_movement(facts: Facts) -> None:
    facts["finance"]["trial_balance"]["movement"]["credit_fen"] -= 1


def finance_says_unbalanced(facts: Facts) -> None:
    facts["finance"]["trial_balance"]["balanced"] = False


def ledger_drifts(facts: Facts) -> None:
    facts["finance"]["control_account"][1]["ledger_1122_fen"] += 1


def balance_drifts_from_documents(facts: Facts) -> None:
    facts["finance"]["customers"][1]["open_fen"] += 1


def lose_a_voucher_number(facts: Facts) -> None:
    facts["finance"]["vouchers"]["gaps"] = ["2026-11 记-0003"]


def post_without_voucher(facts: Facts) -> None:
    facts["finance"]["receivables"][1]["voucher"] = None


def lose_stock(facts: Facts) -> None:
    facts["scm"]["stock"][1]["on_hand_milli"] -= 1000


def sell_what_is_not_there(facts: Facts) -> None:
    facts["scm"]["stock"][1].update(opening_milli=0, on_hand_milli=-500000)


def reserve_what_is_not_there(facts: Facts) -> None:
    facts["scm"]["stock"][0].update(opening_milli=130000, on_hand_milli=10000)


def forget_a_reservation(facts: Facts) -> None:
    facts["scm"]["stock"][0]["reserved_milli"] = 0


def ship_less_than_said(facts: Facts) -> None:
    facts["scm"]["deliveries"][1]["lines"][0]["quantity_milli"] -= 1000


def delivery_header_drifts(facts: Facts) -> None:
    line = facts["scm"]["deliveries"][2]["lines"][0]
    line.update(net_fen=line["net_fen"] - 1, tax_fen=line["tax_fen"] + 1)


def leave_credit_stale(facts: Facts) -> None:
    facts["crm"]["customers"][0]["open_fen"] = 100000


def never_write_credit(facts: Facts) -> None:
    facts["crm"]["customers"][1].update(open_fen=None, overdue_fen=None, balance_as_of=None)


def overdue_is_stale(facts: Facts) -> None:
    facts["crm"]["customers"][0]["overdue_fen"] = 0


def ignore_cancellation(facts: Facts) -> None:
    order = facts["scm"]["sales_orders"][3]
    order["state"] = "approved"
    order["lines"][0]["reserved_milli"] = 24000
    facts["scm"]["stock"][0]["reserved_milli"] += 24000


def sell_a_draft(facts: Facts) -> None:
    facts["crm"]["orders"][2].update(state="draft", confirmed_at=None)


def keep_reservation_of_cancelled(facts: Facts) -> None:
    facts["scm"]["sales_orders"][3]["lines"][0]["reserved_milli"] = 24000
    facts["scm"]["stock"][0]["reserved_milli"] += 24000


def keep_delivery_of_cancelled(facts: Facts) -> None:
    facts["scm"]["deliveries"].append(
        {**facts["scm"]["deliveries"][3], "number": "XSCK-202611-00006", "sales_order": "XSDD-202611-00004"}
    )


def bill_before_shipment(facts: Facts) -> None:
    row = {**facts["finance"]["receivables"][1], "id": 4, "number": "YS-202611-00004", "voucher": "记-0004"}
    facts["finance"]["receivables"].append({**row, "source_document": "XSCK-202611-00004"})
    book(facts, 49998)


def settle_beyond_the_receivable(facts: Facts) -> None:
    facts["finance"]["receivables"][2]["settled_fen"] = 15001


def settle_beyond_the_receipt(facts: Facts) -> None:
    facts["finance"]["settlements"][1]["allocations"][0]["amount_fen"] = 15001


def settle_for_another_customer(facts: Facts) -> None:
    facts["finance"]["settlements"][0]["receipt_id"] = 2


def settle_nothing_known(facts: Facts) -> None:
    facts["finance"]["settlements"][0]["allocations"][0]["receivable_id"] = 77


def settlement_amounts_drift(facts: Facts) -> None:
    facts["finance"]["settlements"][0]["allocations"][0]["amount_fen"] -= 1


def follow_an_unknown_order(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2]["source_document"] = "ORD-202611-00099"


def follow_an_unknown_delivery(facts: Facts) -> None:
    facts["finance"]["receivables"][1]["source_document"] = "XSDD-202611-00001"


def sell_past_the_crm(facts: Facts) -> None:
    line = {**facts["scm"]["sales_orders"][2]["lines"][0], "reserved_milli": 0, "quantity_milli": 7000}
    order = {**facts["scm"]["sales_orders"][2], "number": "XSDD-202611-00009", "lines": [line]}
    facts["scm"]["sales_orders"].append({**order, "source_system": None, "source_document": None})


def bill_for_nothing(facts: Facts) -> None:
    row = {**facts["finance"]["receivables"][1], "id": 4, "number": "YS-202611-00004", "voucher": "记-0004"}
    facts["finance"]["receivables"].append({**row, "source_document": None})
    book(facts, 49998)


def drop_source_of_order(facts: Facts) -> None:
    facts["scm"]["sales_orders"][2].update(source_system=None, source_document=None)


def drop_source_of_receivable(facts: Facts) -> None:
    facts["finance"]["receivables"][1].update(source_system=None, source_document=None)


ORDER, SALES = "ORD-202611-00003", "XSDD-202611-00003"
CASES: list[tuple[Callable[[Facts], None], set[str], str]] = [
    (drop_sales_order, {"order-missing"}, ORDER),
    (cancel_sales_order_only, {"order-missing"}, ORDER),
    (double_sales_order, {"order-duplicated"}, ORDER),
    (leave_unapproved, {"order-unapproved"}, SALES),
    (forget_unit_conversion, {"line-differs"}, SALES),
    (sell_in_unknown_unit, {"line-differs"}, SALES),
    (swap_product, {"line-differs"}, SALES),
    (lose_a_cent_of_tax, {"line-differs"}, SALES),
    (lose_a_line, {"line-missing"}, SALES),
    (add_a_line, {"line-additional"}, SALES),
    (tax_on_the_total, {"order-total-differs"}, SALES),
    (lose_a_receivable, {"receivable-missing"}, "XSCK-202611-00002"),
    (double_receivable, {"receivable-duplicated"}, "XSCK-202611-00002"),
    (book_whole_order_on_first_shipment, {"receivable-amount"}, "XSCK-202611-00001"),
    (shift_a_cent_between_net_and_tax, {"receivable-amount"}, "XSCK-202611-00002"),
    (order_on_another_company, {"wrong-party"}, SALES),
    (order_on_unknown_partner, {"wrong-party"}, SALES),
    (ship_to_another_company, {"wrong-party"}, "XSCK-202611-00002"),
    (receivable_on_another_company, {"wrong-party"}, "YS-202611-00002"),
    (nothing_names_the_newcomer, {"party-unproven"}, "XSDD-202611-00002"),
    (unbalance_a_voucher, {"ledger-unbalanced"}, "2026-11 记-0002"),
    (unbalance_the_movement, {"trial-balance"}, "2026-11"),
    (finance_says_unbalanced, {"trial-balance"}, "2026-11"),
    (ledger_drifts, {"subledger-differs"}, "2"),
    (balance_drifts_from_documents, {"subledger-differs"}, "2"),
    (lose_a_voucher_number, {"voucher-gap"}, "2026-11 记-0003"),
    (post_without_voucher, {"voucher-missing"}, "YS-202611-00002"),
    (lose_stock, {"stock-differs"}, BOLT),
    (sell_what_is_not_there, {"stock-negative"}, BOLT),
    (reserve_what_is_not_there, {"stock-over-reserved"}, CABLE),
    (forget_a_reservation, {"stock-reservation-differs"}, CABLE),
    (ship_less_than_said, {"shipment-differs"}, "XSDD-202611-00001"),
    (ship_another_product, {"shipment-differs"}, "XSDD-202611-00001"),
    (delivery_header_drifts, {"shipment-differs"}, "XSDD-202611-00002"),
    (leave_credit_stale, {"credit-stale"}, "BJ-IT-001"),
    (never_write_credit, {"credit-stale"}, "SU-EL-001"),
    (overdue_is_stale, {"credit-stale"}, "BJ-IT-001"),
    (ignore_cancellation, {"ghost"}, "XSDD-202611-00004"),
    (sell_a_draft, {"ghost"}, SALES),
    (keep_reservation_of_cancelled, {"ghost"}, "XSDD-202611-00004"),
    (keep_delivery_of_cancelled, {"ghost"}, "XSCK-202611-00006"),
    (bill_before_shipment, {"ghost"}, "YS-202611-00004"),
    (settle_beyond_the_receivable, {"settlement-over", "settlement-differs", "subledger-differs"}, "YS-202611-00003"),
    (settle_beyond_the_receipt, {"settlement-over", "settlement-differs"}, "YS-202611-00003"),
    (settle_for_another_customer, {"settlement-party", "settlement-over", "settlement-differs"}, "HX-202611-00001"),
    (settle_nothing_known, {"settlement-party", "settlement-differs"}, "HX-202611-00001"),
    (settlement_amounts_drift, {"settlement-differs"}, "YS-202611-00001"),
    (follow_an_unknown_order, {"order-missing", "order-unknown"}, ORDER),
    (follow_an_unknown_delivery, {"receivable-missing", "receivable-unknown"}, "XSCK-202611-00002"),
    (sell_past_the_crm, {"unlinked"}, "XSDD-202611-00009"),
    (bill_for_nothing, {"unlinked"}, "YS-202611-00004"),
    (drop_source_of_order, {"linked-by-content"}, SALES),
    (drop_source_of_receivable, {"linked-by-content"}, "YS-202611-00002"),
]
