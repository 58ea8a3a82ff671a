"""What cannot be checked, told in one sentence."""

from __future__ import annotations

from collections.abc import Sequence


class QualityError(Exception):
    """Records or a report cannot be read. One sentence with a remedy, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def faulty(en: str, zh: str, faults: Sequence[tuple[str, str]]) -> QualityError:
    """One error that names every fault, each given as (English, Chinese)."""
    return QualityError(f"{en}: {'; '.join(e for e, _ in faults)}.", f"{zh}：{'；'.join(z for _, z in faults)}。")
