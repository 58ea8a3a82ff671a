"""What is exported: tables of one system, their columns, and the source that feeds the rows of all of them in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["text", "date", "integer", "amount", "quantity", "price"]
Value = str | int | None
Row = tuple[Value, ...]
Put = Callable[[Row], None]
"""Takes the next row of one table: a value for each column, in their order."""
Sink = Callable[[list[Row]], None]
"""Takes the next rows of one table into one file."""

DECIMALS = {"amount": 2, "quantity": 3, "price": 4}
"""How many decimals an integer of these kinds carries: fen, thousandths, 1/10000 yuan."""
ANSWERS = "answer-key"
"""The system of the tables that make the answer key (答案)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. What its values are, by `kind`; None is an empty cell in each:

    - text: text;
    - date: ISO text (2026-01-05), or any other text where the file is meant to be wrong;
    - integer: int, written as it is;
    - amount: int fen, written as 1234.56; quantity: int thousandths, written 1.5; price: int 1/10000 yuan, written 8.8496.

    A number column that is `loose` takes text too (" 1,234.56"): what somebody typed goes into the file as it was typed.
    """

    name: str
    kind: Kind = "text"
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one system: `system` is the folder (crm, scm, finance, answer-key), `name` that of the file (customers)."""

    system: str
    name: str
    columns: tuple[Column, ...]

    @property
    def path(self) -> str:
        """What `--only` calls it: crm/customers."""
        return f"{self.system}/{self.name}"


class TableSource(Protocol):
    """A world as rows. One pass feeds all tables, because each by itself would have to make everything anew."""

    @property
    def tables(self) -> Sequence[Table]:
        """The tables, in the order in which they are listed."""
        ...

    @property
    def customers(self) -> int:
        """How many customers there are, for the progress bar."""
        ...

    def run(self, puts: Sequence[Put], advance: Callable[[int], None]) -> None:
        """Give the rows: `puts[i](row)` for `tables[i]`, tables in any order, each one's own rows in theirs.

        `advance(n)` says that n more customers are done; the writers may stop the run there by raising.
        """
        ...
