"""The quality report (质量报告) as JSON data, and what changed since an earlier one.

    {"standard": {"id", "version"}, "source": {"kind", "name"},
     "checked": n, "failed": n, "score": 0…1, "dimensions": [{"dimension", "en", "zh", "checked", "failed", "score"}],
     "records": [{"record", "system", "en", "zh", "records": n, "faultless": n, "checked", "failed", "score",
                  "rules": [{"rule", "dimension", "columns", "en", "zh", "checked", "failed", "share",
                             "examples": [{"record", "values": {column: value}}]}]}],
     "absent": [kinds of the standard that the source has not]}

`faultless` records broke no rule. `checked` counts verdicts, one for each record and rule that has something to say of it; a score is the share of them that did not fail,
`share` that which did; both are null where there was nothing to check. With an earlier report there is `before` in it, in each dimension and
rule: the figures of then, null for what it did not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapan.quality.errors import QualityError
from shapan.quality.rules import DIMENSIONS
from shapan.quality.standard import Standard

if TYPE_CHECKING:
    from shapan.quality.checking import Found, Tally


def assemble(standard: Standard, source: Mapping[str, str], found: Sequence[Found]) -> dict[str, Any]:
    """The report from what came of each rule."""
    everything = [tally for one in found for tally in one.tallies]
    names = {one.kind.name for one in found}
    return {
        "standard": {"id": standard.id, "version": standard.version},
        "source": dict(source),
        **_figures(everything),
        "dimensions": [
            {
                "dimension": name,
                "en": title.en,
                "zh": title.zh,
                **_figures(tally for tally in everything if tally.rule.dimension == name),
            }
            for name, title in DIMENSIONS.items()
        ],
        "records": [_kind(one) for one in found],
        "absent": [name for name in standard.kinds if name not in names],
    }


def _kind(found: Found) -> dict[str, Any]:
    kind = found.kind
    return {
        "record": kind.name,
        "system": kind.name.partition("/")[0],
        "en": kind.title.en,
        "zh": kind.title.zh,
        "records": found.records,
        "faultless": found.faultless,
        **_figures(found.tallies),
        "rules": [
            {
                "rule": tally.rule.name,
                "dimension": tally.rule.dimension,
                "columns": list(tally.rule.columns),
                "en": tally.rule.said.en,
                "zh": tally.rule.said.zh,
                "checked": tally.checked,
                "failed": tally.failed,
                "share": tally.failed / tally.checked if tally.checked else None,
                "examples": tally.examples,
            }
            for tally in found.tallies
        ],
    }


def _figures(tallies: Iterable[Tally]) -> dict[str, Any]:
    listed = list(tallies)
    checked, failed = sum(tally.checked for tally in listed), sum(tally.failed for tally in listed)
    return {"checked": checked, "failed": failed, "score": 1 - failed / checked if checked else None}


def compared(report: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The report with the figures of an earlier one under `before`."""
    scores = {one["dimension"]: one for one in before["dimensions"]}
    kinds = {one["record"]: one for one in before["records"]}
    return {
        **report,
        "before": {"source": before["source"], **_of(before)},
        "dimensions": [
            {**one, "before": _of(scores[one["dimension"]]) if one["dimension"] in scores else None}
            for one in report["dimensions"]
        ],
        "records": [_kind_compared(one, kinds.get(one["record"])) for one in report["records"]],
    }


def _kind_compared(now: Mapping[str, Any], then: Mapping[str, Any] | None) -> dict[str, Any]:
    rules = {rule["rule"]: rule for rule in then["rules"]} if then else {}
    told = []
    for rule in now["rules"]:
        earlier = rules.get(rule["rule"])
        members = ("checked", "failed", "share")
        told.append({**rule, "before": {member: earlier[member] for member in members} if earlier else None})
    return {
        **now,
        "before": {"records": then["records"], "faultless": then["faultless"], **_of(then)} if then else None,
        "rules": told,
    }


def _of(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {member: figures[member] for member in ("checked", "failed", "score")}


_FIGURES = {"checked": int, "failed": int}


def read_report(path: Path) -> dict[str, Any]:
    """A report that was written with --json. QualityError when it cannot be read or is none."""
    try:
        report = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise QualityError(
            f"The report {path} cannot be read ({error.strerror}). Check the path given with --before.",
            f"无法读取报告 {path}（{error.strerror}）。请检查 --before 给出的路径。",
        ) from error
    except (ValueError, RecursionError):
        report = None
    if not _is_report(report):
        raise QualityError(
            f"{path} is no quality report. Write one with `shapan quality check … --json > before.json` and give it with --before.",
            f"{path} 不是质量报告。请先用 shapan quality check … --json > before.json 生成，再用 --before 指定。",
        )
    return dict(report)


def _is_report(found: Any) -> bool:
    if not isinstance(found, dict) or not _figured(found) or not isinstance(found.get("source"), dict):
        return False
    dimensions, kinds = found.get("dimensions"), found.get("records")
    if not isinstance(dimensions, list) or not isinstance(kinds, list):
        return False
    if not all(_figured(one) and isinstance(one.get("dimension"), str) for one in dimensions):
        return False
    return all(
        _figured(kind)
        and isinstance(kind.get("record"), str)
        and isinstance(kind.get("records"), int)
        and isinstance(kind.get("faultless"), int)
        and isinstance(kind.get("rules"), list)
        and all(_figured(rule, "share") and isinstance(rule.get("rule"), str) for rule in kind["rules"])
        for kind in kinds
    )


def _figured(found: Any, share: str = "score") -> bool:
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(member), type_) for member, type_ in _FIGURES.items())
        and share in found
        and isinstance(found[share], int | float | None)
    )
