"""Chances of faults (抽样): drawn from the world's seed, so that the same run meets the same faults."""

from __future__ import annotations

import hashlib


def draw(stream: str, number: int) -> float:
    """A number in [0, 1), always the same for the same stream and number."""
    digest = hashlib.blake2b(f"{stream}/{number}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53
