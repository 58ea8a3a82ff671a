"""Control (总控): what spans the three systems. The oracle that judges whether they agree, the trace of an order,
and reset of all.

It is a small system of its own without tables, and reaches CRM, SCM and finance by their operator interface only:

clients.py     HTTP to the systems; one problem names every system that does not answer
facts.py       facts as JSON, checked against contracts/control.yaml -> the oracle's books
keeping.py     the facts of each workspace from look to look: only what changed is read
oracle/        pure: books -> differences. model (the facts as values), books (all of them at one moment), parties (who is
               who), links and followers (what follows what), graph (all documents and their chains), chain (trace and scope),
               delays, checks/ (one family a file, one registration each)
changes.py     a change of a workspace in all systems or in none
package.py     snapshots as one file for another machine
journal/       the journals of all systems as one: verifying, what led to what, which requests made a document, HAR
operations/    one function per operationId

The sandbox gives two services: "systems", a `SystemsClient`, and, when the world is known, "answer_key", its
`AnswerKey`, which no simulator ever serves.
"""

from __future__ import annotations

from shapan.control.clients import SystemsClient
from shapan.control.operations import (
    answer_key,
    clock,
    events,
    faults,
    journal,
    quality,
    reconciliation,
    snapshots,
    systems,
    workspaces,
)
from shapan.kernel.system import System

__all__ = ["SYSTEM", "SystemsClient"]

SYSTEM = System(
    name="control",
    title="Shapan control (总控)",
    contract="control.yaml",
    operations=(reconciliation, systems, workspaces, snapshots, clock, answer_key, quality, journal, faults, events),
    spans_workspaces=True,
)
