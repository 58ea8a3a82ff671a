"""What `shapan verify` shows while it runs: for each scenario under way its step, and the counts; plain lines where there is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from shapan.scenario import StepEvent
    from shapan.verify import Job, Outcome

MARKS = {"passed": "[green]✓ passed[/]", "failed": "[red]✗ failed[/]", "skipped": "[yellow]– skipped[/]"}


class Live:
    """A listener of a verification, on standard error. A context manager."""

    def __init__(self, total: int, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._total = total
        self._counts = {"passed": 0, "failed": 0, "skipped": 0}
        self._tasks: dict[int, Any] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._all = self._progress.add_task("", total=total)

    def __enter__(self) -> Live:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def began(self, job: Job) -> None:
        """A line for a scenario."""
        steps = sum(len(workflow.steps) for workflow in job.scenario.workflows.values())
        self._tasks[job.index] = self._progress.add_task(escape(job.label), total=steps)

    def stepped(self, job: Job, event: StepEvent) -> None:
        """Its present step."""
        again = f" ({event.attempt})" if event.kind == "waiting" else ""
        self._progress.update(
            self._tasks[job.index],
            description=f"{escape(job.label)}: {escape(event.title.en)}{again}",
            advance=1 if event.kind in ("passed", "failed") else 0,
        )

    def ended(self, outcome: Outcome) -> None:
        """Its line goes; the counts change."""
        self._counts[outcome.verdict] += 1
        task = self._tasks.pop(outcome.job.index, None)
        if task is not None:
            self._progress.remove_task(task)
        passed, failed = self._counts["passed"], self._counts["failed"]
        self._progress.update(
            self._all, advance=1, description=f"{passed} passed, {failed} failed 通过 {passed}，未通过 {failed}"
        )
        if not self._quiet and not self._console.is_terminal and outcome.verdict != "skipped":
            self._console.print(
                f"{MARKS[outcome.verdict]} {escape(outcome.job.label)} {outcome.seconds:.1f} s"
                f" ({sum(self._counts.values())}/{self._total})",
                soft_wrap=True,
            )
