"""The events of the room, as its contract announces them; examples and links are tested in tests/contracts."""

from __future__ import annotations

import ast
from pathlib import Path

import shapan.crm
from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

DOCUMENT = bundle(data_folder("contracts") / "crm.yaml")
ROOM = Path(shapan.crm.__file__).parent


def test_the_room_sends_every_event_of_its_contract_and_no_other() -> None:
    texts = {
        node.value
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {text for text in texts if text.startswith("crm.") and text.count(".") == 2} == set(DOCUMENT["webhooks"])
