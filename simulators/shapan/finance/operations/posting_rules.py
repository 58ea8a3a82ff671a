"""Posting rules (凭证模板): which voucher a kind of document makes, as data that a user can change."""

from __future__ import annotations

import dataclasses
from typing import Any

from shapan.finance import charts, views
from shapan.finance.rules.posting import Kind, PostingLine
from shapan.finance.rules.posting_rules import rule_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import books as store
from shapan.kernel.errors import not_found, refused
from shapan.kernel.system import Answer, Context, ok


def get_posting_rules(ctx: Context) -> Answer:
    """The posting rules of these books, by kind of document."""
    rules = store.rules(ctx.db)
    kinds = _kinds(ctx)
    return ok(
        {"items": [views.books.posting_rule(kinds[name], rules[name]) for name in sorted(kinds) if name in rules]}
    )


def get_posting_rule(ctx: Context, document_kind: str) -> Answer:
    """One posting rule, or 404."""
    return ok(_view(ctx, document_kind))


def put_posting_rule(ctx: Context, document_kind: str, body: dict[str, Any]) -> Answer:
    """Let documents of a kind post by other lines from now on."""
    _view(ctx, document_kind)
    kind = _kinds(ctx)[document_kind]
    lines = tuple(PostingLine(line["side"], line["account"], line["amount"], line["summary"]) for line in body["lines"])
    chart = account_store.family(ctx.db, "")
    wrong = rule_faults(lines, kind, account_store.roles(ctx.db), chart)
    if wrong:
        raise refused(wrong)
    store.replace_rule(ctx.db, dataclasses.replace(kind, word=body.get("word", "记"), lines=lines))
    return ok(_view(ctx, document_kind))


def _kinds(ctx: Context) -> dict[str, Kind]:
    books = store.books(ctx.db)
    return dict(charts.kinds(books.standard, books.taxpayer_kind))


def _view(ctx: Context, name: str) -> dict[str, Any]:
    kind, rows = _kinds(ctx).get(name), store.rules(ctx.db).get(name)
    if kind is None or rows is None:
        raise not_found("kind of document that posts", "凭证模板", name)
    return views.books.posting_rule(kind, rows)
