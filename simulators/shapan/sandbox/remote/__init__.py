"""A running sandbox from outside, over HTTP: what the pytest plugin gives to tests, and `shapan.docker` to everybody.

`sandbox`     where it is, and its workspaces
`workspace`   one workspace: URLs, clients, and the hands below
`hands`       faults, clock, journal and oracle of a workspace
`lines`       journal entries for people
`control`     HTTP to control, refusals as sentences
`token`       tokens for httpx
"""

from shapan.sandbox.remote.hands import Clock, Faults, Journal, NotInJournal, Oracle, SystemsDisagree
from shapan.sandbox.remote.sandbox import RunningSandbox
from shapan.sandbox.remote.workspace import Workspace

__all__ = [
    "Clock",
    "Faults",
    "Journal",
    "NotInJournal",
    "Oracle",
    "RunningSandbox",
    "SystemsDisagree",
    "Workspace",
]
