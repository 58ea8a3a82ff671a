"""What cannot be run, told in one sentence in English and Chinese: to a person, and through its log to the process that started it."""

from __future__ import annotations

from itertools import pairwise

_EN = "shapan: "
_ZH = " " * len(_EN)


class SandboxError(Exception):
    """The sandbox cannot be run as wished. One sentence with a remedy, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def sentences_of(error: Exception) -> tuple[str, str] | None:
    """(English, Chinese) for what may be wrong with an installation, a world, a folder or a wish; None for anything else, a fault of ours."""
    # Imported when something is wrong: whoever has nothing to complain about starts sooner.
    from shapan.kernel.bundle import ContractError
    from shapan.kernel.database import DatabaseError
    from shapan.kernel.resources import ResourceMissing
    from shapan.kernel.trust import TrustError
    from shapan.quality.errors import QualityError
    from shapan.world import WorldError

    match error:
        case SandboxError() | WorldError() | QualityError() | TrustError():
            return error.en, error.zh
        case ContractError():
            return str(error), f"接口契约无法使用，请按此改正，或重新安装 shapan：{error}"
        case DatabaseError():
            return str(error), f"数据库文件无法使用，请检查该文件，或用 --data 指定其他目录：{error}"
        case ResourceMissing():
            return str(error), f"找不到随 shapan 安装的文件夹，请重新安装，或用环境变量指定其位置：{error}"
        case _:
            return None


def told(en: str, zh: str) -> str:
    """Two lines as a person reads them on standard error, and as `heard` finds them again."""
    return f"{_EN}{' '.join(en.split())}\n{_ZH}{' '.join(zh.split())}"


def heard(text: str) -> tuple[str, str] | None:
    """(English, Chinese) that was `told` last in a text; None when nothing was."""
    for en, zh in reversed(list(pairwise(text.splitlines()))):
        if en.startswith(_EN) and zh.startswith(_ZH):
            return en.removeprefix(_EN), zh.removeprefix(_ZH)
    return None
