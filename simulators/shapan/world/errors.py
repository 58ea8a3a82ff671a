"""What can be wrong with a world that somebody asks for."""

from __future__ import annotations


class WorldError(Exception):
    """A world that cannot be built: one sentence per language that says where, what is wrong and what to do."""

    def __init__(self, message_en: str, message_zh: str) -> None:
        super().__init__(message_en, message_zh)
        self.en = message_en
        self.zh = message_zh

    def __str__(self) -> str:
        return f"{self.en}\n{self.zh}"
