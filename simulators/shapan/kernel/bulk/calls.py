"""An operation's own function, called for a job as for a request (调用业务操作)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapan.kernel.bulk.jobs import Job
from shapan.kernel.contract import KERNEL_HEADERS, Operation, response_faults
from shapan.kernel.errors import Fault
from shapan.kernel.strict import check_events
from shapan.kernel.system import Answer, Context
from shapan.kernel.validation import faults

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime


class Caller:
    """Calls operations for one job of one workspace. In strict mode answers and events are held against the contract, as ever."""

    def __init__(self, runtime: Runtime, workspace: str, job: Job) -> None:
        self.runtime = runtime
        self._workspace = workspace
        self._job = job

    def call(
        self, db: sqlite3.Connection, now: datetime, operation: Operation, given: Mapping[str, Any], body: Any = None
    ) -> tuple[Answer, Context]:
        """The answer of an operation and its context, with the events that it would send. `given` are its parameters by name, typed.

        Raises what the operation raises; AssertionError in strict mode when it breaks its contract.
        """
        path = re.sub(r"\{(\w+)\}", lambda found: str(given[found[1]]), operation.path)
        ctx = Context(
            db,
            now,
            self._workspace,
            self._job.client_id,
            self._job.base_url,
            path,
            "",
            self._job.request_id,
            self._job.traceparent,
            None,
            self.runtime.services,
        )
        arguments = {
            p.python_name: given.get(p.name, p.default)
            for p in operation.parameters
            if p.name.lower() not in KERNEL_HEADERS
        }
        if operation.bodies:
            arguments["body"] = body
        answer: Answer = self.runtime.functions[operation.operation_id](ctx, **arguments)
        if self.runtime.settings.strict:
            wrong = response_faults(operation, answer.status, "application/json", answer.body)
            if wrong:
                listing = "; ".join(f"{fault.pointer}: {fault.en}" for fault in wrong)
                raise AssertionError(f"{operation.operation_id} answers against its contract: {listing}")
            check_events(self.runtime.contract, ctx)
        return answer, ctx


def typed(operation: Operation, given: Mapping[str, str], where: str) -> tuple[dict[str, Any], list[Fault]]:
    """Parameters that came as text, in their types, and every fault in them. `where` is "path" or "query"; only those are looked at."""
    values: dict[str, Any] = {}
    found: list[Fault] = []
    for parameter in operation.parameters:
        if parameter.location != where:
            continue
        if parameter.name in given:
            values[parameter.name] = parameter.parse(given[parameter.name])
            found += faults(parameter.validator, values[parameter.name], where, f"/{parameter.name}")
        elif parameter.required:
            found.append(Fault(f"/{parameter.name}", "This parameter is required.", "缺少必填参数。", where))
    return values, found


def parameters_in(operation: Operation, location: str) -> dict[str, str]:
    """The path parameters of an operation in the path of a record; empty when the path is of another form."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
    found = re.fullmatch(pattern, location)
    return {} if found is None else found.groupdict()
