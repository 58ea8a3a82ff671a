"""The rules of finance (财务规则): pure, without a database. Amounts are integer fen, rates basis points.

Checks return every fault as a value; operations raise what `refusals.refusal` makes of them.
"""
