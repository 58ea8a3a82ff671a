"""`shapan clock`: the simulated time of a running sandbox, shown, advanced, stopped and run."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from shapan.cli.common import fail, json_option
from shapan.cli.durations import parse_moment, parse_span
from shapan.cli.journal_options import at_option
from shapan.kernel.clock import FASTEST, SLOWEST, rfc3339
from shapan.sandbox.running import control_call

_MEMBERS = ("now", "frozen", "rate", "next_due", "systems")
# A year of business is done on the way.
_PATIENCE = 3600.0
_TOO_FAR = ("The clock cannot go beyond the year 2200.", "时钟不能超过 2200 年。")


@click.group("clock")
def command() -> None:
    """Show, advance, freeze and run the simulated clocks of all systems.

    What is due on the way (quotations and batches that expire, receivables that fall overdue, a month-end close that was set) is done in its
    order, and told.

    Example: shapan clock advance 30d
    """


@command.command("show")
@at_option
@click.option(
    "--log", "log", type=click.IntRange(0, 1000), default=0, help="Also the last so many things that were done."
)
@json_option
def show(at: str, log: int, as_json: bool) -> None:
    """Show the time, whether it runs, and what is done by itself next.

    Example: shapan clock show --log 10
    """
    clocks = control_call(at, "GET", "/clock", members=_MEMBERS)
    done = control_call(at, "GET", "/schedule", params={"limit": log}, members=("done",))["done"] if log else []
    _tell({**clocks, "done": done} if log else clocks, as_json)


@command.command("advance")
@at_option
@click.argument("span", required=False)
@click.option("--to", "to", metavar="TIME", help="An instant instead, as in 2026-12-01T09:00 (Asia/Shanghai).")
@json_option
def advance(at: str, span: str | None, to: str | None, as_json: bool) -> None:
    """Go forward by SPAN (90s, 15min, 2h, 30d, 2w, 1mo, 1y, or several in a row such as 1d12h), and say what was done on the way.

    Example: shapan clock advance 1mo
    """
    if (span is None) == (to is None):
        fail("Say by how much, as in 30d, or to when, with --to.", "请指定推进的时长（如 30d），或用 --to 指定时刻。")
    _change(at, as_json, _step(at, span) if span is not None else {"advance_to": _moment(to or "")})


@command.command("freeze")
@at_option
@json_option
def freeze(at: str, as_json: bool) -> None:
    """Let the time stand still; `advance` still moves it.

    Example: shapan clock freeze
    """
    _change(at, as_json, {"frozen": True})


@command.command("run")
@at_option
@click.option("--rate", type=float, default=1.0, show_default=True, help="Simulated seconds in a real one.")
@json_option
def run(at: str, rate: float, as_json: bool) -> None:
    """Let the time run, from where it stands.

    Example: shapan clock run --rate 3600
    """
    # So that no number is refused as well.
    if not SLOWEST <= rate <= FASTEST:
        fail(
            f"--rate is a number from {SLOWEST} to {FASTEST:.0f}.", f"--rate 应为 {SLOWEST} 到 {FASTEST:.0f} 之间的数。"
        )
    _change(at, as_json, {"frozen": False, "rate": rate})


def _step(at: str, text: str) -> dict[str, Any]:
    try:
        span = parse_span(text)
    except ValueError:
        fail(
            f"{text} is no span of time; write 90s, 15min, 2h, 30d, 2w, 1mo or 1y, or several in a row such as 1d12h.",
            f"{text} 不是有效的时长，请写成 90s、15min、2h、30d、2w、1mo、1y，或连写如 1d12h。",
        )
    if not span.months and span.seconds <= 315_360_000:
        return {"advance_seconds": span.seconds}
    # Months are of a calendar, so they count from the time that it is.
    now = control_call(at, "GET", "/clock", members=_MEMBERS)["now"]
    try:
        return {"advance_to": rfc3339(span.after(datetime.fromisoformat(now)))}
    except OverflowError:
        fail(*_TOO_FAR)


def _moment(text: str) -> str:
    try:
        return rfc3339(parse_moment(text))
    except ValueError:
        fail(
            f"{text} is no time; write 2026-12-01T09:00, with an offset where it is not Asia/Shanghai.",
            f"{text} 不是有效的时间，请写成 2026-12-01T09:00；非北京时间请带时区偏移。",
        )
    except OverflowError:
        fail(*_TOO_FAR)


def _change(at: str, as_json: bool, change: dict[str, Any]) -> None:
    _tell(control_call(at, "POST", "/clock", body=change, seconds=_PATIENCE, members=(*_MEMBERS, "done")), as_json)


def _tell(clocks: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(clocks, ensure_ascii=False, indent=1))
        return
    for done in clocks.get("done", []):
        click.echo(f"{_shown(done['at'])}  {done['system']}  {done['en']} {done['zh']}")
    running = "stands still 已冻结" if clocks["frozen"] else f"runs 运行中 ×{clocks['rate']:g}"
    click.echo(f"It is {_shown(clocks['now'])}; the time {running}.")
    if (due := clocks["next_due"]) is not None:
        click.echo(f"Next 下一项: {_shown(due['at'])}  {due['system']}  {due['en']} {due['zh']}")


def _shown(text: str) -> str:
    return text[:19].replace("T", " ")
