"""What is wrong with a scenario script: every fault with its file, line and JSON Pointer, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class ScriptFault:
    """One fault of a script: the file, the JSON Pointer (RFC 6901) of the member at fault, its line and column, counted from 1."""

    file: Path
    pointer: str
    line: int | None
    en: str
    zh: str
    column: int | None = None

    @property
    def where(self) -> str:
        """`file:line:column`, as editors understand it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        return f"{self.where}{place}: {self.en}"


class ScenarioError(Exception):
    """Scenarios that cannot be run as they are asked for: unknown names, unreadable files, faulty scripts.

    `en` and `zh` say it in one sentence; `faults` lists every fault that was found in every script.
    """

    def __init__(self, en: str, zh: str, faults: Iterable[ScriptFault] = ()) -> None:
        self.en = en
        self.zh = zh
        self.faults = tuple(faults)
        super().__init__("\n".join([en, *(f"  {fault}" for fault in self.faults)]))


def pointer_of(*tokens: str | int) -> str:
    """A JSON Pointer of these member names and indices, escaped: ("a/b", 0) -> "/a~1b/0"."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
