"""The verdict on an integration: runs scenarios in a sandbox, each with the company that it needs, and reports.

`planning`   which scenarios run, in which world, alone or together
`stage`      the sandbox: workspaces, and an integration in each that needs one
`running`    several jobs at a time, results in the order of the catalogue
`outcome`    what became of each
`observing`  what the systems knew afterwards: `journal`, `sequence`, `coverage`, `delays`, `figures`
`defects`    the reference integration with one mistake at a time
`report`     JUnit, HTML, JSON
"""

from shapan.verify.observing import Observer
from shapan.verify.outcome import Outcome, Report
from shapan.verify.planning import Job, Plan, Wish, World, make_plan
from shapan.verify.running import Listener, Silent, Verification
from shapan.verify.stage import Place, Stage

__all__ = [
    "Job",
    "Listener",
    "Observer",
    "Outcome",
    "Place",
    "Plan",
    "Report",
    "Silent",
    "Stage",
    "Verification",
    "Wish",
    "World",
    "make_plan",
]
