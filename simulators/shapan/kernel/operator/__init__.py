"""The operator interface (运维接口), `/_shapan/…`: what whoever runs the sandbox asks of one system. One module a subject."""

from __future__ import annotations

from shapan.kernel.operator import changes, clock, events, facts, faults, journal, snapshots, state, tokens, workspaces

OPERATIONS = (state, workspaces, snapshots, changes, clock, tokens, events, journal, facts, faults)
