"""Finance (财务): customers, receivables, receipts, settlement, and the general ledger behind them.

How to read this room, from the outside in:

contracts/finance.yaml  what it promises: every path, member, bound and refusal
operations/             one function per operationId; load → rules → store → event → answer
posting.py              the one way into the ledger, shared by every document, the steps of the close and manual vouchers
manual.py, opening.py   what people enter themselves: vouchers and drafts, opening balances with the open items behind them
ranges.py, shown.py     which periods a question is about; vouchers and periods as they show themselves
rules/                  vouchers, posting rules, dimensions, receivables and settlement, periods, statements; pure
store/                  every SQL statement, by subject
closing/                the steps of a period's close (结账), in order; each tells whether it is done, and does itself
tables/                 the schema; triggers keep posted documents as they are, as a last line of defence
views/                  rows → JSON in this system's convention
charts.py, tax_rates.py, data/  charts of accounts (会计科目表) of both standards, posting rules (凭证模板), statements, rates: all data
seed.py, history.py     what it starts with: masters and balances; open items and the documents of the past year
facts.py                what the oracle reads of it
schedule.py             what is done by itself when its time comes: receivables fall overdue, the month-end close

dating.py, charging.py, sub_ledger.py  what several documents of the sales side share: their day, their tax, their links
registering.py, invoicing.py, refunds.py  what several documents of the purchasing side share: goods and their value; how an invoice
                        comes into the books; what a refund gives back

The books in four sentences: a receivable and a receipt post a voucher in the transaction that makes them, by the posting rule of their
kind; a settlement links the two and posts nothing unless it applies an advance. Opening balances are balances, not vouchers, and documents of before the books opened have none. Only documents
of the sub-ledger post to 1122 应收账款, so its balance per customer is always open receivables (red ones negative, pending ones not at all)
less unapplied receipts, on every day; 220201 per supplier likewise, and 220202 is what the last close accrued of goods received and not
invoiced (暂估), reversed on the first of the next month. What is posted never changes; it is taken back by red letters or by a link with negative amounts.
"""

from __future__ import annotations

from shapan.finance.facts import facts
from shapan.finance.figures import kpis
from shapan.finance.operations import (
    accounts,
    accruals,
    books,
    cash_sales,
    closing,
    closing_schedule,
    customers,
    drafts,
    goods_receipts,
    inventory_documents,
    ledger,
    masters,
    offsets,
    payable_settlements,
    payables,
    payments,
    periods,
    posting_rules,
    purchase_orders,
    purchase_returns,
    receipts,
    receivable_actions,
    receivable_reports,
    receivables,
    refunds,
    settlements,
    statements,
    supplier_invoices,
    supplier_refunds,
    suppliers,
    vouchers,
    write_offs,
)
from shapan.finance.operations import kpis as kpi_operations
from shapan.finance.schedule import SCHEDULED
from shapan.finance.seed import seed
from shapan.finance.tables import MIGRATIONS
from shapan.kernel.system import System

SYSTEM = System(
    name="finance",
    title="Shapan finance",
    contract="finance.yaml",
    operations=(
        *(accounts, customers, receivables, receipts, settlements, vouchers, periods),
        *(books, posting_rules, masters, drafts, ledger, closing, closing_schedule, statements, kpi_operations),
        *(receivable_actions, offsets, refunds, write_offs, cash_sales, receivable_reports),
        *(suppliers, purchase_orders, goods_receipts, purchase_returns, supplier_invoices),
        *(payables, payments, supplier_refunds, payable_settlements, accruals, inventory_documents),
    ),
    migrations=MIGRATIONS,
    seed=seed,
    facts=facts,
    kpis=kpis,
    scheduled=SCHEDULED,
)
