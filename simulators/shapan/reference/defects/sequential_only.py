"""One document after the other."""

from __future__ import annotations

from typing import ClassVar

from shapan.reference.worker import Worker


class OneThread(Worker):
    """A single thread."""

    threads: ClassVar[int] = 1
