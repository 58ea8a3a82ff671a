"""What cannot be run is told in both languages, and found again in a log."""

from __future__ import annotations

import re

import pytest

from shapan.kernel.bundle import ContractError
from shapan.kernel.database import DatabaseError
from shapan.kernel.resources import ResourceMissing
from shapan.sandbox import SandboxError
from shapan.sandbox.errors import heard, sentences_of, told
from shapan.world import WorldError


def test_what_was_told_last_is_heard():
    log = "\n".join(["a warning", told("First.", "第一。"), told("Second, on\ntwo lines.", "第二。"), "later words"])
    assert heard(log) == ("Second, on two lines.", "第二。")
    assert heard("shapan: alone\nwithout Chinese") is None
    assert heard("") is None


@pytest.mark.parametrize(
    "error",
    [
        SandboxError("What is wrong.", "有误。"),
        WorldError("What is wrong.", "有误。"),
        ContractError("What is wrong."),
        DatabaseError("What is wrong."),
        ResourceMissing("What is wrong."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_each_of_our_errors_is_one_sentence_in_each_language(error):
    en, zh = sentences_of(error)
    assert en == "What is wrong."
    assert re.match("[\u4e00-\u9fff]", zh)
    assert "\n" not in en + zh


def test_a_fault_of_ours_is_none_of_these():
    assert sentences_of(KeyError("x")) is None
