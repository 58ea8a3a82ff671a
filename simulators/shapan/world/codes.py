"""Product codes (商品编码) CAT-SPEC-MODEL, and when two of them could be mistaken for each other."""

from __future__ import annotations

# O, I, L, Z, S, B look like 0, 1, 1, 2, 5, 8: codes that differ in these alone could not be told apart once they are dirty.
_LOOKALIKES = str.maketrans("OILZSB", "011258", "-_ ")
# What a person or a scanner takes each of them for.
_TAKEN_FOR = {
    "O": "0",
    "0": "O",
    "I": "1",
    "L": "1",
    "1": "I",
    "Z": "2",
    "2": "Z",
    "S": "5",
    "5": "S",
    "B": "8",
    "8": "B",
}


def product_code(category: str, spec: str, model: str) -> str:
    """CAB, 3X25, YJV22 -> CAB-3X25-YJV22."""
    return f"{category}-{spec}-{model}"


def skeleton(code: str) -> str:
    """A product code with characters that look alike made equal, and without separators: 8LT-M8X4O and BLT-M8X40 have one."""
    return code.upper().translate(_LOOKALIKES)


def lookalikes(text: str) -> tuple[str, ...]:
    """`text` with one of its characters replaced by one that looks like it, for every character that has such: 3X25 -> 3XZ5, 3X2S."""
    return tuple(
        text[:place] + _TAKEN_FOR[character] + text[place + 1 :]
        for place, character in enumerate(text)
        if character in _TAKEN_FOR
    )


def begins(code: str, beginning: str) -> bool:
    """Whether a product code is `beginning`, or goes on after it with another part: STL-3MM-Q235 begins with STL and with STL-3MM."""
    return f"{code}-".startswith(f"{beginning}-")
