"""Scoring (评分): how well a team's crosswalk (对照表) found out which records are, in truth, the same thing.

    crosswalk.py   what a team hands in, as CSV or JSON, read with every fault named
    keyfiles.py    the answer key from the files of an export, or made anew from a world
    measures.py    precision, recall and F1 by pairs and by B-cubed; pure arithmetic on clusterings
    grading.py     the report: record accuracy, false merges, recall by noise rule
    lessons.py     the most instructive wrong pairs; wording.py says why in English and Chinese
    rendering.py   the report as HTML; chart.py draws its bars

docs/scoring.md defines every figure.
"""

from __future__ import annotations

from shapan.world.scoring.crosswalk import Crosswalk, CrosswalkError, read_crosswalk
from shapan.world.scoring.grading import KINDS, Report, grade
from shapan.world.scoring.keyfiles import key_of_world, read_key

__all__ = ["KINDS", "Crosswalk", "CrosswalkError", "Report", "grade", "key_of_world", "read_crosswalk", "read_key"]
