"""Files are whole or not there; streams can say everything."""

from __future__ import annotations

import io
import sys

import pytest

from shapan.sandbox.text import use_utf8, write_whole


def test_a_write_that_breaks_off_leaves_the_old_text_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "note.json"
    write_whole(path, "旧")

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", broken)
        with pytest.raises(OSError, match="full"):
            write_whole(path, "新" * 1000)
    assert path.read_text("utf-8") == "旧"
    assert list(tmp_path.iterdir()) == [path]
    write_whole(path, "新")
    assert path.read_text("utf-8") == "新"


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii"])
def test_streams_become_utf_8(encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    use_utf8()
    print("✓ 沙盘 \N{GRINNING FACE}", flush=True)
    assert raw.getvalue().decode("utf-8").strip() == "✓ 沙盘 \N{GRINNING FACE}"
