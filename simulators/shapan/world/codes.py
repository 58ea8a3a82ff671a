"""Product codes (商品编码) CAT-SPEC-MODEL, and when two of them could be mistaken for each other."""

from __future__ import annotations

# O, I, L, Z, S, B look like 0, 1, 1, 2, 5, 8: codes that differ in these alone could not be told apart once they are dirty.
_LOOKALIKES = str.maketrans("OILZSB", "011258", "-_ ")


def product_code(category: str, spec: str, model: str) -> str:
    """CAB, 3X25, YJV22 -> CAB-3X25-YJV22."""
    return f"{category}-{spec}-{model}"


def skeleton(code: str) -> str:
    """A product code with characters that look alike made equal, and without separators: 8LT-M8X4O and BLT-M8X40 have one."""
    return code.upper().translate(_LOOKALIKES)
