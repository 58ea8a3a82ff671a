"""The answer key of the world, page by page, and the scoring of crosswalks by it (答案与评分)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from shapan.control.worlds import answer_key_of
from shapan.kernel.errors import Fault, invalid, refused, simple
from shapan.kernel.paging import decode_cursor, encode_cursor, next_link
from shapan.kernel.system import Answer, Context, ok
from shapan.kernel.wire import Upload
from shapan.world import AnswerKey
from shapan.world.entities import Noise, Relation
from shapan.world.scoring import CrosswalkError, grade, read_crosswalk
from shapan.world.scoring.crosswalk import crosswalk_of

T = TypeVar("T")

FAULTS_LISTED = 1_000


def list_answer_key_entities(ctx: Context, kind: str | None, cursor: str | None, limit: int) -> Answer:
    """listAnswerKeyEntities: the true things."""
    return _page(
        ctx,
        tuple(_key(ctx).entities.values()),
        lambda one: kind in (None, one.kind),
        lambda one: {"entity": one.key, "kind": one.kind, "name": one.name, "code": one.code, "demo": one.demo},
        cursor,
        limit,
    )


def list_answer_key_records(
    ctx: Context, system: str | None, kind: str | None, entity: str | None, cursor: str | None, limit: int
) -> Answer:
    """listAnswerKeyRecords: what each record is in truth."""
    key = _key(ctx)
    rows = key.rows if entity is None else tuple((record, entity) for record in key.records(entity))

    def shown(row: tuple[tuple[str, str, str], str]) -> dict[str, Any]:
        record, thing = row
        return {
            "system": record[0], "kind": record[1], "record_id": record[2], "entity": thing, "name": key.name(record)
        }  # fmt: skip

    return _page(
        ctx,
        rows,
        lambda row: system in (None, row[0][0]) and kind in (None, row[0][1]),
        shown,
        cursor,
        limit,
    )


def list_answer_key_relations(
    ctx: Context, relation: str | None, entity: str | None, cursor: str | None, limit: int
) -> Answer:
    """listAnswerKeyRelations: how the true things belong together, or only seem to."""

    def wanted(one: Relation) -> bool:
        return relation in (None, one.kind) and entity in (None, one.entity, one.other)

    def shown(one: Relation) -> dict[str, Any]:
        return {"relation": one.kind, "entity": one.entity, "other": one.other, "detail": one.detail}

    return _page(ctx, _key(ctx).relations, wanted, shown, cursor, limit)


def list_answer_key_noise(
    ctx: Context,
    system: str | None,
    kind: str | None,
    record_id: str | None,
    rule: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """listAnswerKeyNoise: what was made wrong."""

    def wanted(one: Noise) -> bool:
        return (
            system in (None, one.system)
            and kind in (None, one.kind)
            and record_id in (None, one.record_id)
            and (rule in (None, one.rule) or (rule is not None and rule.endswith(".") and one.rule.startswith(rule)))
        )

    return _page(ctx, _key(ctx).noise, wanted, asdict, cursor, limit)


def score_crosswalk(ctx: Context, kind: str, body: Any) -> Answer:
    """scoreCrosswalk: the report on a crosswalk. 422 with every fault of it."""
    key = _key(ctx)
    try:
        crosswalk = read_crosswalk(body.content, key) if isinstance(body, Upload) else crosswalk_of(body, key)
    except CrosswalkError as error:
        faults = [
            Fault(f.where, f.en, f.zh)
            if f.where.startswith("/")
            else Fault("", f"{f.where}: {f.en}".removeprefix(": "), f"{f.ort}：{f.zh}".removeprefix("："))
            for f in error.faults[:FAULTS_LISTED]
        ]
        if len(error.faults) > FAULTS_LISTED:
            more = len(error.faults) - FAULTS_LISTED
            faults.append(Fault("", f"{more:,} faults more are not listed.", f"另有 {more:,} 处错误未列出。"))
        raise refused(faults) from error
    return ok(grade(key, crosswalk, kind).as_json())


def _key(ctx: Context) -> AnswerKey:
    key = answer_key_of(ctx)
    if key is None:
        raise simple(
            404,
            "no-answer-key",
            "There is no answer key",
            "This control was started without a world, so that there is no answer key. Ask the control of a sandbox.",
            "该总控未关联世界，没有答案。请访问沙盘的总控。",
        )
    return key


def _page(
    ctx: Context,
    rows: Sequence[T],
    wanted: Callable[[T], bool],
    shown: Callable[[T], dict[str, Any]],
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of the wanted rows; the cursor is the place in all of them at which it begins."""
    start = _start(cursor)
    places = (at for at in range(start, len(rows)) if wanted(rows[at]))
    found = list(itertools.islice(places, limit + 1))
    following = encode_cursor({"at": found[limit]}) if len(found) > limit else None
    return ok(
        {"items": [shown(row) for row in _at(rows, found[:limit])], "next_cursor": following},
        link=next_link(ctx, following) if following else None,
    )


def _at(rows: Sequence[T], places: Iterable[int]) -> list[T]:
    return [rows[place] for place in places]


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    at = decode_cursor(cursor).get("at")
    if isinstance(at, bool) or not isinstance(at, int) or at < 0:
        raise invalid(
            [
                Fault(
                    "/cursor",
                    "Not a cursor of this list; take it from next_cursor.",
                    "不是该列表给出的游标，请取自 next_cursor。",
                    "query",
                )
            ]
        )
    return at
