"""Faults in all systems at once (故障): listed, added where they belong, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapan.control.changes import coordinator
from shapan.control.clients import SystemAnswer, SystemsClient, bad_answer, require_all, unknown_systems
from shapan.kernel.errors import Fault, Problem, conflict, not_found, passed_on, refused
from shapan.kernel.system import Answer, Context, created, no_content, ok

_FAULTS = "/_shapan/faults"
_IN_SYSTEM = ("created_at", "seen", "applied", "healed", "healed_at", "heals_at")
_LISTS = ("operations", "types")


def list_all_faults(ctx: Context) -> Answer:
    """listAllFaults. 503 when a system does not answer."""
    return ok({"items": _merged(_listed(ctx))})


def show_fault(ctx: Context, fault_id: str) -> Answer:
    """showFault. 404 where no system has it."""
    return ok(_one(_listed(ctx), fault_id))


def add_fault(ctx: Context, body: dict[str, Any]) -> Answer:
    """addFault: into all systems that it concerns, or none. 409 for an id that there is, 422 for what no system has."""
    systems: SystemsClient = ctx.services["systems"]
    named = "systems" in body
    chosen = body.pop("systems", list(systems.names))
    if strange := unknown_systems(systems, ((f"/systems/{place}", name) for place, name in enumerate(chosen))):
        raise refused(strange)
    chosen = [name for name in systems.names if name in chosen]
    # Two that take the next free number at a time would take the same; and a restore amid this would leave the rule in some systems.
    with coordinator(ctx).quiet(ctx.workspace):
        present = {item["id"] for items in _listed(ctx).values() for item in items}
        id_ = body.get("id") or _free(present)
        if id_ in present:
            raise conflict(
                "fault-exists",
                f"There is a fault {id_} already. Take another id, or remove it first.",
                f"故障 {id_} 已存在。请换一个编号，或先移除它。",
            )
        answers = systems.call(
            "POST",
            f"{_FAULTS}?known_only=true",
            ctx.workspace,
            systems=chosen,
            body={**body, "id": id_},
            language=ctx.language,
        )
        taken = {name: [answer.body] for name, answer in answers.items() if answer.good}
        try:
            _require(ctx, body, answers, all_of_them=named)
        except Problem:
            # Also from one whose answer got lost: it may have the rule.
            unsure = [name for name, answer in answers.items() if not _is_refusal(answer)]
            if unsure:
                systems.call("DELETE", f"{_FAULTS}/{id_}", ctx.workspace, systems=unsure)
            raise
    return created(_one(taken, id_), ctx.url(f"/faults/{id_}"))


def _require(ctx: Context, body: Mapping[str, Any], answers: Mapping[str, SystemAnswer], *, all_of_them: bool) -> None:
    """Problem unless every operation and event type of a rule is known to one of the systems, and those that are concerned took it, which
    are `all_of_them` where they were named.
    """
    good = [answer for answer in answers.values() if answer.good]
    unconcerned = [answer for answer in answers.values() if _is_refusal(answer)]
    others = [answer for answer in answers.values() if not answer.good and not _is_refusal(answer)]
    require_all(others, ctx.workspace, "The fault was not added.", "没有添加该故障。")
    if unconcerned and (all_of_them or not good):
        raise _said_by(unconcerned)
    # A webhook is of one system; what else is wrong with a rule is wrong with it everywhere.
    match = body.get("match", {})
    known = {name for answer in good for member in _LISTS for name in answer.body["match"].get(member, ())}
    missing = [
        Fault(f"/match/{member}/{place}", f"No system that was asked has {name}.", f"所选系统中都没有 {name}。")
        for member in _LISTS
        for place, name in enumerate(match.get(member, ()))
        if name not in known
    ]
    if missing:
        raise refused(missing)


def _is_refusal(answer: SystemAnswer) -> bool:
    return answer.status in (409, 422) and isinstance(answer.body, Mapping)


def _said_by(answers: list[SystemAnswer]) -> Problem:
    """What all systems refused, as one problem: every fault once. Their texts are in the caller's language already."""
    faults: dict[str, Fault] = {}
    for answer in answers:
        for error in answer.body.get("errors", ()):
            faults.setdefault(error["pointer"], Fault(error["pointer"], error["detail"], error["detail"]))
    if faults:
        return refused(faults.values())
    return passed_on(answers[0].status or 409, answers[0].body)


def remove_fault(ctx: Context, fault_id: str) -> Answer:
    """removeFault: from every system that has it. 404 where none does, 503 when a system does not answer."""
    systems: SystemsClient = ctx.services["systems"]
    with coordinator(ctx).quiet(ctx.workspace):
        having = [name for name, items in _listed(ctx).items() if any(item["id"] == fault_id for item in items)]
        if not having:
            raise not_found("fault", "故障", fault_id)
        answers = systems.call("DELETE", f"{_FAULTS}/{fault_id}", ctx.workspace, systems=having)
    # Somebody else may have been faster.
    left = [answer for answer in answers.values() if answer.status != 404]
    require_all(left, ctx.workspace, "Remove it again when all answer.", "请在全部系统恢复后重新移除。")
    return no_content()


def remove_all_faults(ctx: Context) -> Answer:
    """removeAllFaults. 503 when a system does not answer; those that do have none then."""
    systems: SystemsClient = ctx.services["systems"]
    with coordinator(ctx).quiet(ctx.workspace):
        answers = systems.call("DELETE", _FAULTS, ctx.workspace)
    require_all(answers.values(), ctx.workspace, "Remove them again when all answer.", "请在全部系统恢复后重新清除。")
    return no_content()


def _listed(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """The rules of each system. Problem when one does not answer."""
    systems: SystemsClient = ctx.services["systems"]
    answers = systems.call("GET", _FAULTS, ctx.workspace)
    require_all(
        answers.values(), ctx.workspace, "Faults are shown for all systems or none.", "任一系统缺失时不列出故障。"
    )
    for name, answer in answers.items():
        if not (isinstance(answer.body, Mapping) and isinstance(answer.body.get("items"), list)):
            raise bad_answer(name, f"{answer.url} did not answer with faults", f"{answer.url} 返回的不是故障规则")
    return {name: answer.body["items"] for name, answer in answers.items()}


def _free(present: set[str]) -> str:
    numbers = [int(id_[6:]) for id_ in present if id_.startswith("fault-") and id_[6:].isdecimal()]
    return f"fault-{max(numbers, default=0) + 1}"


def _one(listed: Mapping[str, list[dict[str, Any]]], fault_id: str) -> dict[str, Any]:
    mine = [item for item in _merged(listed) if item["id"] == fault_id]
    if not mine:
        raise not_found("fault", "故障", fault_id)
    return mine[0]


def _merged(listed: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rules by their id, oldest first. Each system keeps only what it knows of the operations and types; together they are all."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for system, items in listed.items():
        for item in items:
            here = {"system": system, **{name: item[name] for name in _IN_SYSTEM}}
            shared = {name: value for name, value in item.items() if name not in _IN_SYSTEM}
            rule = found.setdefault(
                (item["id"], item["fault"]), {**shared, "match": dict(item["match"]), "systems": []}
            )
            for member in _LISTS:
                more = item["match"].get(member, [])
                if more:
                    rule["match"][member] = list(dict.fromkeys([*rule["match"].get(member, []), *more]))
            rule["systems"].append(here)
    return sorted(found.values(), key=lambda rule: min(str(here["created_at"]) for here in rule["systems"]))
