"""Was asked what should have been asked (日志核对)? Pure: what the systems found, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapan.kernel.errors import Fault

MOST_ITEMS = 100
NEAREST = 3


def faults_of(wanted: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a verification beyond its schema."""
    faults = []
    counts = [name for name in ("times", "at_least", "at_most") if name in wanted]
    if ("match" in wanted) == ("sequence" in wanted):
        faults.append(Fault("", "Give either match or sequence.", "match 与 sequence 必须且只能提供一个。"))
    if "sequence" in wanted:
        faults += [Fault(f"/{name}", "A sequence has no number.", "sequence 不能带次数。") for name in counts]
    if "times" in wanted and len(counts) > 1:
        faults += [
            Fault(f"/{name}", "times is exact; leave this away.", "times 已是精确次数，请去掉该项。")
            for name in counts
            if name != "times"
        ]
    if wanted.get("at_most", 1_000_000) < wanted.get("at_least", 0):
        faults.append(Fault("/at_most", "at_most is less than at_least.", "at_most 小于 at_least。"))
    return faults


def counted(wanted: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The verdict on `match`, from what each system found."""
    least, most = _bounds(wanted)
    found = sum(answer["found"] for answer in answers.values())
    items = _in_order(entry for answer in answers.values() for entry in answer["items"])
    good = least <= found and (most is None or found <= most)
    en, zh = _said(least, most)
    near = [] if good or found >= least else nearest(answers)
    return {
        "ok": good,
        "found": found,
        "en": f"Expected {en}, found {found}." + (" The nearest misses say what differs." if near else ""),
        "zh": f"应为{zh}，实为 {found} 条。" + ("差异见最接近的条目。" if near else ""),
        "items": items[:MOST_ITEMS],
        "nearest": near,
    }


def in_sequence(answers: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The verdict on `sequence`, from what each system found for each step: the earliest entry of each step after that of the step before."""
    items: list[dict[str, Any]] = []
    after = ""
    for number, answer in enumerate(answers, 1):
        candidates = _in_order(entry for one in answer.values() for entry in one["items"])
        later = [entry for entry in candidates if entry["started_at"] > after]
        if not later:
            found = sum(one["found"] for one in answer.values())
            en = f"but {found} earlier" if found else "and none at any other time"
            zh = f"此前有 {found} 条" if found else "其他时间也没有"
            return {
                "ok": False,
                "found": len(items),
                "en": f"Step {number} of {len(answers)} was not found after the step before it, {en}.",
                "zh": f"第 {number} 步（共 {len(answers)} 步）未在上一步之后出现，{zh}。",
                "items": items,
                "nearest": nearest(answer),
            }
        items.append(later[0])
        after = later[0]["started_at"]
    return {
        "ok": True,
        "found": len(items),
        "en": f"All {len(items)} steps were found in this order.",
        "zh": f"{len(items)} 个步骤均按顺序出现。",
        "items": items,
        "nearest": [],
    }


def nearest(answers: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries of all systems that come nearest, those with the fewest differences and the latest first."""
    misses = [miss for answer in answers.values() for miss in answer["nearest"]]
    misses.sort(key=lambda miss: miss["entry"]["started_at"], reverse=True)
    misses.sort(key=lambda miss: len(miss["differences"]))
    return misses[:NEAREST]


def _in_order(entries: Any) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: (entry["started_at"], entry["system"], int(entry["cursor"])))


def _bounds(wanted: Mapping[str, Any]) -> tuple[int, int | None]:
    if "times" in wanted:
        return wanted["times"], wanted["times"]
    if "at_least" not in wanted and "at_most" not in wanted:
        return 1, None
    return wanted.get("at_least", 0), wanted.get("at_most")


def _said(least: int, most: int | None) -> tuple[str, str]:
    if most is None:
        return f"at least {least}", f"至少 {least} 条"
    if least == most:
        return f"exactly {least}", f"恰好 {least} 条"
    return (f"{least} to {most}", f"{least} 至 {most} 条") if least else (f"at most {most}", f"至多 {most} 条")
