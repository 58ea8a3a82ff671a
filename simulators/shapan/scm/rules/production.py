"""Production orders (生产订单): what a state allows, material in and out, and what finished goods cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_fen, text_from_milli
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.parts import part_of_rest
from shapan.scm.rules.references import doubled_line, missing_line


class Material(NamedTuple):
    """A material of an order, with what was issued of it and came back."""

    line_no: int
    product_code: str
    required_milli: int
    issued_milli: int
    returned_milli: int

    @property
    def open_milli(self) -> int:
        """Still to be issued."""
        return max(self.required_milli - self.held_milli, 0)

    @property
    def held_milli(self) -> int:
        """Issued and not returned."""
        return self.issued_milli - self.returned_milli


class Asked(NamedTuple):
    """What a body asks of a line."""

    pointer: str
    line_no: int
    milli: int


def draft_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is released."""
    if state == "draft":
        return None
    return conflict(
        "production-order-not-draft",
        f"{number} is {state}, and only a draft can be released. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以下达。请先查询该单据。",
    )


def released_refusal(number: str, state: str) -> Problem | None:
    """Material and finished goods are booked for a released order only."""
    if state == "released":
        return None
    return conflict(
        "production-order-not-released",
        f"{number} is {state}; this needs a released order.",
        f"{number} 的状态为{STATES_ZH[state]}，该操作要求生产订单已下达。",
    )


def cancel_refusal(number: str, state: str, received_milli: int, held_milli: int) -> Problem | None:
    """A draft, or a released order that holds no material and of which nothing was made, can be cancelled."""
    if state == "draft" or (state == "released" and not received_milli and not held_milli):
        return None
    if state != "released":
        because_en, because_zh = f"it is {state}", f"状态为{STATES_ZH[state]}"
    elif received_milli:
        because_en, because_zh = "some of it was made; complete it", "已有产成品入库，请办理完工"
    else:
        because_en, because_zh = "it holds material; return it first", "仍有未退的领料，请先退料"
    return conflict(
        "production-order-not-cancellable",
        f"{number} cannot be cancelled: {because_en}.",
        f"{number} 不能作废：{because_zh}。",
    )


def complete_refusal(number: str, received_milli: int, in_progress_fen: int, held_milli: int) -> Problem | None:
    """An order is completed short only when what was issued for it is in finished goods or back in stock."""
    if received_milli and not in_progress_fen:
        return None
    if received_milli:
        rest = text_from_fen(in_progress_fen)
        en = f"{rest} yuan of material are in progress; return it, or book the last receipt as final"
        zh = f"在产品尚有 {rest} 元材料，请退料，或以末次入库方式入库"
    elif held_milli:
        en, zh = "nothing was made of its material; return it and cancel the order", "尚无产成品入库，请退料后作废"
    else:
        en, zh = "nothing was made; cancel the order", "尚无产成品入库，请作废该订单"
    return conflict("work-in-progress-left", f"{number} cannot be completed: {en}.", f"{number} 不能完工：{zh}。")


def no_material_refusal(number: str, materials: Iterable[Mapping[str, Any]]) -> Problem | None:
    """Nothing is made of nothing: goods are received only once material of the order was issued (领料), where its bill names any."""
    lines = list(materials)
    if not lines or any(line["issued_milli"] > line["returned_milli"] for line in lines):
        return None
    return conflict(
        "no-material-issued",
        f"No material was issued to {number} (or all of it came back), so its goods would cost nothing. Book a material issue first.",
        f"生产订单 {number} 尚未领料（或已全部退料），产成品将没有材料成本，请先领料。",
    )


def issue_parts(
    number: str, asked: Sequence[Asked] | None, materials: Iterable[Material], *, beyond: bool
) -> tuple[dict[int, int], list[Fault]] | Problem:
    """Line -> quantity to issue, and every fault; None asks for all that is still required, `beyond` lets pass more than that."""
    known = {material.line_no: material for material in materials}
    if asked is None:
        rest = {line_no: material.open_milli for line_no, material in known.items() if material.open_milli}
        if rest:
            return rest, []
        return conflict(
            "nothing-to-issue",
            f"{number} has all the material that it requires. Name lines, with allow_over_issue, to issue more.",
            f"{number} 的应领物料已全部领齐。如需超领，请指定行并设置 allow_over_issue。",
        )
    return _checked(
        number,
        asked,
        known,
        lambda material: None if beyond else material.open_milli,
        "Line {line} requires only {most} more; say allow_over_issue to issue more.",
        "第 {line} 行只剩 {most} 未领；如需超领请设置 allow_over_issue。",
    )


def return_parts(
    number: str, asked: Sequence[Asked], materials: Iterable[Material]
) -> tuple[dict[int, int], list[Fault]]:
    """Line -> quantity that comes back, and every fault: no more than the order holds."""
    return _checked(
        number,
        asked,
        {material.line_no: material for material in materials},
        lambda material: material.held_milli,
        "The order holds only {most} of line {line}.",
        "第 {line} 行已领未退的只有 {most}。",
    )


def _checked(
    number: str,
    asked: Iterable[Asked],
    known: Mapping[int, Material],
    limit: Callable[[Material], int | None],
    en: str,
    zh: str,
) -> tuple[dict[int, int], list[Fault]]:
    """Line -> quantity; a fault for each line that is unknown, doubled or beyond its limit (None: without limit)."""
    parts: dict[int, int] = {}
    faults: list[Fault] = []
    for line in asked:
        material = known.get(line.line_no)
        if material is None:
            faults.append(missing_line(number, line.line_no, f"{line.pointer}/line_no"))
        elif line.line_no in parts:
            faults.append(doubled_line(line.line_no, f"{line.pointer}/line_no"))
        else:
            parts[line.line_no] = line.milli
            most = limit(material)
            if most is not None and line.milli > most:
                words = {"line": line.line_no, "most": text_from_milli(most)}
                faults.append(Fault(f"{line.pointer}/quantity", en.format(**words), zh.format(**words)))
    return parts, faults


def return_refusal(number: str, value_fen: int, in_progress_fen: int) -> Problem | None:
    """What a receipt has absorbed does not come back as material."""
    if value_fen <= in_progress_fen:
        return None
    value, left = text_from_fen(value_fen), text_from_fen(in_progress_fen)
    return conflict(
        "work-in-progress-exceeded",
        f"This material cost {value} yuan, and {number} has only {left} in progress: the rest is in finished goods. Return less.",
        f"所退材料成本 {value} 元，而 {number} 的在产品只有 {left} 元，其余已计入产成品。请减少退料数量。",
    )


def receipt_faults(quantity_milli: int, left_milli: int) -> list[Fault]:
    """No more is received than is still to be made."""
    if quantity_milli <= left_milli:
        return []
    left = text_from_milli(left_milli)
    return [Fault("/quantity", f"Only {left} are still to be made.", f"计划内只剩 {left} 未入库。")]


def in_progress(issued_fen: int, returned_fen: int, absorbed_fen: int) -> int:
    """Material of an order that no receipt has absorbed yet (在产品)."""
    return issued_fen - returned_fen - absorbed_fen


def absorbed(in_progress_fen: int, left_milli: int, quantity_milli: int, *, final: bool) -> int:
    """The material in progress that a receipt takes: its share of what is still to be made; the final one takes all."""
    return in_progress_fen if final else part_of_rest(in_progress_fen, left_milli, quantity_milli)


def bom_faults(
    product_code: str, day: str, bom_code: str | None, made_code: str | None, state: str | None
) -> list[Fault]:
    """An order is made by an active bill of materials of its product. `made_code` and `state` are the bill's, None without one."""
    if bom_code is None:
        en = f"{product_code} has no bill of materials that is in force on {day}. Enter one."
        zh = f"{product_code} 在 {day} 没有生效的物料清单，请先建立。"
    elif made_code is None:
        en, zh = f"There is no bill of materials {bom_code}.", f"没有物料清单 {bom_code}。"
    elif made_code != product_code:
        en, zh = f"{bom_code} makes {made_code}, not {product_code}.", f"{bom_code} 是 {made_code} 的物料清单。"
    elif state == "retired":
        en, zh = f"{bom_code} is retired. Use another version.", f"{bom_code} 已停用，请使用其他版本。"
    else:
        return []
    return [Fault("/bom_code", en, zh)]
