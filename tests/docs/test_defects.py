"""docs/defects.md has every seeded defect with the scenario that is made for it and what that said.

    shapan verify --reference --defects --json > run.json
    python tests/docs/test_defects.py run.json

writes the page anew from a run.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from shapan.reference.defects import DEFECTS, Defect

FILE = Path(__file__).resolve().parents[2] / "docs" / "defects.md"
HEAD = """\
# Seeded defects

Who tests the tests (预埋缺陷)? The reference integration can be started with one mistake, each of them one that real integrations make. The scenario that is made for it
must then fail, and say what the mistake is. `shapan verify --reference --defects` tries them all and prints this table; it exits with 1 when one is missed.
One alone: `shapan verify partial-shipments --reference --defect float-money`. The code of each is a small file in `simulators/shapan/reference/defects/`.

This page is written by `python tests/docs/test_defects.py run.json` from what `shapan verify --reference --defects --json` printed: {caught} of {total} caught.
"""


def page(run: dict[str, Any]) -> str:
    """The page for a run, in the order of the defects."""
    lines = [
        HEAD.format(caught=run["caught"], total=len(run["defects"])),
        "| defect | scenario | caught at step |",
        "|---|---|---|",
    ]
    for row in run["defects"]:
        step = f"`{row['step']}`" if row["caught"] else "**missed**"
        lines.append(f"| [`{row['defect']}`](#{row['defect']}) | `{row['scenario']}` | {step} |")
    for row in run["defects"]:
        lines += [
            "",
            f"## {row['defect']}",
            "",
            f"{row['title']['en']} ({row['title']['zh']}). {row['mistake']['en']} {row['mistake']['zh']}",
            "",
            f"`{row['scenario']}` says:",
            "",
            f"> {_shortened(row['reason']['en'])}",
            ">",
            f"> {_shortened(row['reason']['zh'])}",
        ]
    return "\n".join(lines) + "\n"


def _shortened(reason: str) -> str:
    """The sentence without the condition behind it, which the report has, and safe in a page."""
    plain = re.sub(r"\s*[(（](?:expected|期望) .*[)）]([.。])", r"\1", reason)
    return plain.replace("<", "&lt;").replace("\n", " ")


def _section(text: str, defect: Defect) -> str:
    found = re.search(rf"^## {re.escape(defect.name)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, f"{defect.name} is not in docs/defects.md; write the page anew"
    return found[1]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_page_has_each_defect_with_its_scenario_and_what_it_said(defect: Defect) -> None:
    text = FILE.read_text("utf-8")
    assert f"| [`{defect.name}`](#{defect.name}) | `{defect.scenario}` | `" in text, "missed, or not there"
    section = _section(text, defect)
    for told in (defect.title_en, defect.title_zh, defect.mistake_en, defect.mistake_zh, f"`{defect.scenario}` says:"):
        assert told in section
    english, _, chinese = re.findall(r"^>(.*)$", section, re.M)
    assert len(english) > 40
    assert re.search("[\u4e00-\u9fff]{5}", chinese)


def test_the_page_has_no_defect_that_is_none() -> None:
    listed = re.findall(r"^## (\S+)$", FILE.read_text("utf-8"), re.M)
    assert listed == [defect.name for defect in DEFECTS]


def test_what_the_page_leaves_away() -> None:
    assert _shortened("It was lost (expected $x == 1; found $x = (2)).") == "It was lost."
    assert _shortened("丢失了（期望 $x == 1；实际 $x = 2）。") == "丢失了。"
    assert _shortened("A plain one (as it is).") == "A plain one (as it is)."


if __name__ == "__main__":
    FILE.write_text(page(json.loads(Path(sys.argv[1]).read_text("utf-8"))), "utf-8")
