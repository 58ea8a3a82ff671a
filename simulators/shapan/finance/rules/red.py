"""Red receivables (红字应收单, 红字发票): what of a blue one is taken back.

Source: 会计基础工作规范 (a correction keeps the sides and makes the amounts negative); VAT is given back line by line as it was charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapan.finance.rules.receivables import TAX_TOLERANCE_FEN, ReceivableLine
from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, share, text_from_fen


@dataclass(frozen=True, slots=True)
class BlueLine:
    """A line of the blue receivable, and what of it red ones took back already, in fen and positive."""

    line_no: int
    line: ReceivableLine
    taken_net: int
    taken_tax: int

    @property
    def net_left(self) -> int:
        """Net amount that can still be taken back."""
        return self.line.net - self.taken_net

    @property
    def tax_left(self) -> int:
        """Tax that can still be taken back."""
        return self.line.tax - self.taken_tax


@dataclass(frozen=True, slots=True)
class RedPart:
    """What is asked to be taken back of one line, positive; tax None is the share of the net amount."""

    line_no: int
    net: int
    tax: int | None


@dataclass(frozen=True, slots=True)
class RedLine:
    """A line of the red receivable: amounts negative, and the line of the blue one that it takes back."""

    blue_line_no: int
    line: ReceivableLine


def whole_rest(lines: Sequence[BlueLine]) -> list[RedPart]:
    """Everything that is not red yet."""
    return [RedPart(blue.line_no, blue.net_left, blue.tax_left) for blue in lines if blue.net_left or blue.tax_left]


def red_lines(lines: Mapping[int, BlueLine], parts: Sequence[RedPart]) -> tuple[list[Fault], list[RedLine]]:
    """(what is wrong with the parts, with pointers into /lines; the lines of the red receivable). `lines` are by line number."""
    faults: list[Fault] = []
    made: list[RedLine] = []
    seen: set[int] = set()
    for index, part in enumerate(parts):
        pointer = f"/lines/{index}"
        blue = lines.get(part.line_no)
        if blue is None:
            faults.append(
                Fault(
                    f"{pointer}/line_no",
                    f"The receivable has no line {part.line_no}; it has {', '.join(map(str, lines))}.",
                    f"该应收单没有第 {part.line_no} 行，现有行号：{'、'.join(map(str, lines))}。",
                )
            )
            continue
        if part.line_no in seen:
            faults.append(
                Fault(
                    f"{pointer}/line_no",
                    f"Line {part.line_no} is named twice; give it once with the whole amount.",
                    f"第 {part.line_no} 行重复，请合并为一行。",
                )
            )
            continue
        seen.add(part.line_no)
        tax = share_of_tax(blue, part.net) if part.tax is None else part.tax
        found = _part_faults(pointer, blue, part.net, tax)
        faults += found
        if not found:
            line = ReceivableLine(blue.line.description, -part.net, blue.line.rate_bp, -tax, blue.line.simplified)
            made.append(RedLine(part.line_no, line))
    if not faults and sum(red.line.gross for red in made) == 0:
        faults.append(
            Fault(
                "/lines", "There is nothing to take back: all amounts are zero.", "各行金额均为零，没有可冲红的金额。"
            )
        )
    return faults, made


def share_of_tax(blue: BlueLine, net: int) -> int:
    """The tax that goes with a net amount: shares that add up to the tax of the line, the last one takes the rest."""
    if net >= blue.net_left:
        return blue.tax_left
    return min(max(share(blue.line.tax, blue.taken_net + net, blue.line.net, blue.taken_tax), 0), blue.tax_left)


def _part_faults(pointer: str, blue: BlueLine, net: int, tax: int) -> list[Fault]:
    found = []
    if net > blue.net_left:
        found.append(
            Fault(
                f"{pointer}/net_amount",
                f"Only {text_from_fen(blue.net_left)} net of line {blue.line_no} is left to take back.",
                f"第 {blue.line_no} 行可冲红的不含税金额只有 {text_from_fen(blue.net_left)}。",
            )
        )
    if tax > blue.tax_left:
        found.append(
            Fault(
                f"{pointer}/tax_amount",
                f"Only {text_from_fen(blue.tax_left)} tax of line {blue.line_no} is left to take back.",
                f"第 {blue.line_no} 行可冲红的税额只有 {text_from_fen(blue.tax_left)}。",
            )
        )
    whole = (net, tax) == (blue.net_left, blue.tax_left)
    # The blue line may itself be two fen off its rate; what is left of it then is, too.
    if not found and not whole and abs(tax * 10000 - net * blue.line.rate_bp) > 2 * TAX_TOLERANCE_FEN * 10000:
        exact = text_from_fen(divide_half_up(net * blue.line.rate_bp, 10000))
        found.append(
            Fault(
                f"{pointer}/tax_amount",
                f"Tax {text_from_fen(tax)} is not that of net amount and rate ({exact}, at most 0.04 apart).",
                f"税额 {text_from_fen(tax)} 与不含税金额乘税率（{exact}）相差超过 0.04。",
            )
        )
    return found
