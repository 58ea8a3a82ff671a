"""What is wrong with a wish for a sandbox is one sentence with a remedy, in both languages."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from shapan.kernel.auth import Client
from shapan.sandbox import SandboxError
from shapan.sandbox.options import kept_opening, note, plan
from shapan.sandbox.processes import ProcessSandbox


def refused(**wish):
    with pytest.raises(SandboxError) as caught:
        plan(**wish)
    assert caught.value.zh
    assert "\n" not in caught.value.en
    return caught.value.en


def test_a_port_in_use_names_port_and_system():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = refused(port=port - 1)
    assert f"{port} (crm)" in message  # others may be taken as well
    assert "--port" in message


def test_an_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("")
    message = refused(data=tmp_path / "file" / "data", port=None)
    assert "cannot be written" in message
    assert "--data" in message


def test_a_folder_remembers_its_world_and_client(tmp_path):
    first = plan(profile="trading", size="tiny", seed=7, data=tmp_path, port=None)
    note(first)
    again = plan(data=tmp_path, port=None)
    assert (again.world, again.client) == (first.world, first.client)
    assert plan(seed=7, data=tmp_path, port=None).world == first.world
    message = refused(size="small", seed=8, data=tmp_path, port=None)
    assert "another world (size tiny, seed 7)" in message


def test_a_folder_remembers_how_wrong_its_records_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("base: clean\n")
    first = plan(mess="mine.yaml", rates=(("surface.ocr", 0.1),), data=tmp_path / "data", port=None)
    assert (first.world.mess, first.world.rates) == (str(tmp_path / "mine.yaml"), (("surface.ocr", 0.1),))
    note(first)
    monkeypatch.chdir(tmp_path.parent)
    assert plan(data=tmp_path / "data", port=None).world == first.world
    message = refused(mess="article", rates=(("surface.ocr", 0.2),), data=tmp_path / "data", port=None)
    assert f"another world (mess {tmp_path / 'mine.yaml'}, rates {{'surface.ocr': 0.1}})" in message


def test_a_folder_of_the_first_release_says_nothing_of_a_mess(tmp_path):
    note(plan(size="tiny", data=tmp_path, port=None))
    path = tmp_path / "sandbox.json"
    written = json.loads(path.read_text("utf-8"))
    written["world"] = {name: written["world"][name] for name in ("profile", "size", "seed", "opening")}
    path.write_text(json.dumps(written), "utf-8")
    world = plan(data=tmp_path, port=None).world
    assert (world.size, world.mess, world.rates, world.history) == ("tiny", "article", (), True)


def test_the_processes_of_a_sandbox_are_told_its_whole_world(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAPAN_CLIENT_SECRET", "secret")
    from shapan.cli import serve
    from shapan.sandbox import serving

    served = []
    monkeypatch.setattr(serving, "serve", lambda system, options, with_parent: served.append(options.world))
    world = {"seed": 7, "mess": "filthy", "rates": (("surface.ocr", 0.1), ("coverage.scm", 1e-07))}
    options = plan(size="tiny", data=tmp_path, port=None, **world)
    words = ProcessSandbox(options).command("crm")
    serve.command(words[words.index("serve") + 1 :], standalone_mode=False, obj=None)
    assert served == [options.world]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 2}', '{"format": 1, "world": {"seed": "x"}}'], ids=["cut", "list", "newer", "wrong"]
)
def test_a_broken_note_is_told(tmp_path, text):
    (tmp_path / "sandbox.json").write_text(text)
    assert "sandbox.json" in refused(data=tmp_path, port=None)


def test_the_note_is_for_its_owner_only(tmp_path):
    options = plan(size="tiny", data=tmp_path, port=None)
    note(options)
    path = Path(tmp_path / "sandbox.json")
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text("utf-8"))["world"]["size"] == "tiny"


def test_the_note_is_written_once_and_another_sandbox_is_refused(tmp_path):
    first, second = (plan(size="tiny", data=tmp_path, port=None, client=Client("a", secret)) for secret in "bc")
    note(first)
    path = tmp_path / "sandbox.json"
    written = path.stat()
    note(first)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    # Both looked at an empty folder; the second one came too late.
    with pytest.raises(SandboxError, match="has just become another sandbox's"):
        note(second)
    assert plan(data=tmp_path, port=None).client == first.client


def test_an_opening_day_that_breaks_off_is_not_kept(tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", broken)
        with pytest.raises(OSError, match="full"):
            kept_opening(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert kept_opening(tmp_path) == kept_opening(tmp_path)


def test_a_throw_away_folder_is_gone_after_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(port=taken.getsockname()[1])
    assert list(tmp_path.iterdir()) == []
