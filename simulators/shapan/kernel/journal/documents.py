"""Which documents an entry is about (单据): numbers and ids in paths and bodies, by which the journal is searched and correlated.

No list of the systems' documents stands here: what is called id, number or code, or ends so, names one. The subject of an entry is what it
made, changed or showed: what its path names and the head of its answer; everything else in it is a reference.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

MOST = 40
"""So many documents are kept of one entry; a file with thousands of records is about none of them in particular."""
_NAME = re.compile(r"(?:^|[a-z0-9_])(?:id|ids|number|numbers|no|code|reference|subject|document|documents)$", re.I)
_HEAD = ("id", "number", "code")
# Names with such an ending that say nothing about a document.
_NOT = {"request_id", "requestid", "client_id", "clientid", "tax_number", "taxnumber", "phone_number", "phonenumber", "currency_code"}  # fmt: skip
_VALUE = re.compile(r"[^\s,;\"<>\x00-\x1f]{2,60}")


def subjects(path_parameters: Mapping[str, str], answer: Any) -> list[str]:
    """What an entry is about: the values of its path's parameters, and id, number and code at the head of the answer.

    Where documents have none of these, their own number is the first member: `sales_order_no` of a sales order.
    """
    found = [value for value in path_parameters.values() if _VALUE.fullmatch(value) or value.isdigit()]
    if isinstance(answer, Mapping):
        first = next(iter(answer), "")
        heads = _HEAD if not first.endswith(("_no", "_code")) else (first, *_HEAD)
        found += [str(value) for name in heads if (value := answer.get(name)) is not None and _names_one(value)]
    return list(dict.fromkeys(found))


def references(*bodies: Any) -> list[str]:
    """What bodies name anywhere: texts whose member is called a number, id, code or reference."""
    found: dict[str, None] = {}
    for body in bodies:
        _collect(body, 0, found)
    return list(found)[:MOST]


def _collect(value: Any, depth: int, found: dict[str, None]) -> None:
    if depth > 6 or len(found) >= MOST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                if _is_naming(name) and _VALUE.fullmatch(inner):
                    found[inner] = None
            elif isinstance(inner, dict):
                _collect(inner, depth + 1, found)
            elif isinstance(inner, list):
                if _is_naming(name):
                    found.update((item, None) for item in inner if isinstance(item, str) and _VALUE.fullmatch(item))
                _collect(inner, depth + 1, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, depth + 1, found)


@functools.lru_cache(4096)
def _is_naming(name: str) -> bool:
    return name.lower() not in _NOT and _NAME.search(name) is not None


def _names_one(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and _VALUE.fullmatch(value) is not None)


def together(subject: Iterable[str], others: Iterable[str]) -> list[str]:
    """The references that are not the subject itself, at most MOST of both."""
    first = list(subject)
    return [value for value in others if value not in first][: MOST - len(first)]
