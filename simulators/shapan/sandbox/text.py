"""Text that leaves the process: streams that can take Chinese, files that are whole or not there."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path


def use_utf8() -> None:
    """Make standard output and error UTF-8: elsewhere (Windows code pages) they could not say what we have to say in both languages."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "").replace("_", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="replace")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or a start after a crash, finds the old text or the new one, never a part. For its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
