"""Finance (财务): customers, receivables, receipts, settlement, and the general ledger behind them.

How to read this room, from the outside in:

contracts/finance.yaml  what it promises: every path, member, bound and refusal
operations/             one function per operationId; load → rules → store → event → answer
posting.py              the one way into the ledger, shared by receivables, receipts and manual vouchers
rules/                  vouchers, receivables and settlement, periods, trial balance; pure
store/                  every SQL statement, by subject
tables.py               the schema; triggers keep posted documents as they are, as a last line of defence
views.py                rows → JSON in this system's convention
data/                   chart of accounts (会计科目表) and posting rules (凭证模板), both data
seed.py, facts.py       what it starts with; what the oracle reads of it

The books in four sentences: a receivable and a receipt post a voucher in the transaction that makes them, by the posting rule of their
kind; a settlement links the two and posts nothing. Opening balances are balances, not vouchers. Only receivables and receipts post to
1122 应收账款, so its balance per customer is always open receivables less unapplied receipts. What is posted never changes.
"""

from __future__ import annotations

from shapan.finance.facts import facts
from shapan.finance.operations import accounts, customers, periods, receipts, receivables, settlements, vouchers
from shapan.finance.seed import seed
from shapan.finance.tables import MIGRATIONS
from shapan.kernel.system import System

SYSTEM = System(
    name="finance",
    title="Shapan finance",
    contract="finance.yaml",
    operations=(accounts, customers, receivables, receipts, settlements, vouchers, periods),
    migrations=MIGRATIONS,
    seed=seed,
    facts=facts,
)
