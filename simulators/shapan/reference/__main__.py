"""`python -m shapan.reference`: run the reference integration until it is told to stop (SIGTERM, Ctrl-C)."""

from __future__ import annotations

import argparse
import logging
import os
import queue
import signal
import sys
from collections.abc import Sequence

from shapan.reference.config import Config, ConfigError

_EXAMPLE = """\
example: SHAPAN_CRM_URL=http://127.0.0.1:8101 SHAPAN_SCM_URL=http://127.0.0.1:8102 SHAPAN_FINANCE_URL=http://127.0.0.1:8103 \\
         SHAPAN_CLIENT_ID=... SHAPAN_CLIENT_SECRET=... python -m shapan.reference --mode pull --state ./reference-state
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shapan.reference",
        description="The reference integration: moves documents between CRM, SCM and finance (参考集成).",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--mode", choices=("webhook", "pull"), help="how events come in; webhook when SHAPAN_WEBHOOK_PORT is set"
    )
    parser.add_argument("--state", metavar="DIR", help="folder of its own database; overrides SHAPAN_STATE_DIR")
    parser.add_argument(
        "--once", action="store_true", help="pull and work until nothing is new, then end; 1 when events were given up"
    )
    parser.add_argument("--retry-parked", action="store_true", help="first put all dead letters (死信) back to work")
    parser.add_argument("--defect", metavar="NAME", help="make one mistake that real integrations make (预埋缺陷)")
    parser.add_argument("--list-defects", action="store_true", help="say which mistakes there are, then end")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 stopped as asked, 1 with --once when events were given up, 2 when it could not be run."""
    options = _parser().parse_args(arguments)
    if options.list_defects:
        _list_defects()
        return 0
    try:
        config = Config.from_environment(
            os.environ, mode="pull" if options.once else options.mode, state_dir=options.state
        )
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("shapan.reference").setLevel(logging.INFO)
    return _run(config, once=options.once, retry_parked=options.retry_parked, defect=options.defect)


def _list_defects() -> None:
    from shapan.reference.defects import DEFECTS

    for defect in sorted(DEFECTS, key=lambda defect: defect.name):
        print(f"{defect.name}  ({defect.scenario})\n    {defect.mistake_en}\n    {defect.mistake_zh}")


def _run(config: Config, *, once: bool, retry_parked: bool, defect: str | None) -> int:
    # Imported here, after the settings were found good, so that a mistake in them is told at once.
    import sqlite3

    from shapan.reference.app import Integration
    from shapan.reference.errors import Refused, Stopping, Unavailable
    from shapan.reference.parts import STANDARD

    parts = STANDARD
    if defect is not None:
        from shapan.reference.defects import UnknownDefect, find_defect

        try:
            parts = find_defect(defect).parts()
        except UnknownDefect as error:
            print(error, file=sys.stderr)
            return 2

    try:
        integration = Integration(config, parts)
    except (OSError, sqlite3.Error) as error:
        print(
            f"The reference integration cannot start (参考集成无法启动): {error} [{config.state_dir}]", file=sys.stderr
        )
        return 2

    # A SimpleQueue, because a signal handler may interrupt the main thread anywhere, even inside a lock that it would need.
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()

    def ask_to_stop(number: int, _: object) -> None:
        first = asked.empty()
        asked.put(number)
        if once and first:
            # Nobody reads the queue then: leave whatever it is that the main thread does.
            raise Stopping

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    try:
        if retry_parked:
            integration.state.unpark()
        if once:
            return 1 if integration.once() else 0
        integration.start()
        _wait(asked)
    except Stopping:
        print("Stopped before all was done (尚未处理完即被停止).", file=sys.stderr)
        return 2
    except (Unavailable, Refused) as error:
        print(f"The feeds cannot be read (无法读取事件源): {error}", file=sys.stderr)
        return 2
    finally:
        integration.stop()
    return 0


def _wait(asked: queue.SimpleQueue[int]) -> None:
    """Return when a signal came."""
    while True:
        try:
            # With a time limit, since on Windows a wait without one does not notice Ctrl-C.
            asked.get(timeout=1.0)
        except queue.Empty:
            continue
        return


if __name__ == "__main__":
    sys.exit(main())
