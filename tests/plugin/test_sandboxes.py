"""Where the sandbox of a run comes from: this process, one for each worker of xdist, or one that runs already; and integrations in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox
from shapan.sandbox.remote import RunningSandbox
from tests.plugin.conftest import Run
from tests.plugin.test_fixtures import HELPERS

pytestmark = pytest.mark.long

MANY = """
    import os
    import pytest
    from pathlib import Path
    from helpers import order

    @pytest.mark.parametrize("n", range(8))
    def test_order(n, crm, shapan, workspace):
        order(crm)
        worker = os.environ["PYTEST_XDIST_WORKER"]
        with Path("seen.txt").open("a") as seen:
            seen.write(f"{worker} {shapan.urls['control']} {workspace.name}\\n")
"""


def seen(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "seen.txt").read_text("utf-8").splitlines()]


def test_each_worker_of_xdist_has_a_sandbox_of_its_own_as_the_ini_file_and_the_command_line_wish(
    run: Callable[..., Run], tmp_path: Path
) -> None:
    world = """
        import httpx

        def test_world(shapan):
            world = httpx.get(shapan.urls["crm"] + "/_shapan/health").json()["world"]
            assert (world["profile"], world["size"], world["seed"], world["mess"]) == ("ecommerce", "tiny", 8, "clean")

        def test_there_is_none(shapan_integration):
            pass
    """
    ini = "[pytest]\nshapan_world = ecommerce\nshapan_seed = 7\nshapan_mess = clean\nshapan_strict = true\n"
    files = {"test_it.py": MANY, "helpers.py": HELPERS, "test_world.py": world, "pytest.ini": ini}
    done = run(files, "-n", "2", "--dist", "each", "--shapan-seed", "8")
    orders = {f"test_order[{n}]": "passed" for n in range(8)}
    assert done.outcomes == {**orders, "test_world": "passed", "test_there_is_none": "error"}, done.text
    assert "name one with --shapan-integration" in done.text
    assert "没有可启动的集成程序" in done.text
    rows = seen(tmp_path)
    assert {worker for worker, _, _ in rows} == {"gw0", "gw1"}
    assert len({url for _, url, _ in rows}) == 2
    assert len({name for _, _, name in rows}) == len(rows) == 16


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    """A sandbox of processes, as somebody's `shapan up`."""
    with ProcessSandbox(plan(size="tiny", port=None, strict=True)) as sandbox:
        found = RunningSandbox(sandbox.options.urls, sandbox.options.client, sandbox.options.operator_token)
        yield found
        found.close()


def test_workers_share_one_that_runs_already_each_test_with_an_integration_of_its_own_and_leave_nothing(
    run: Callable[..., Run], tmp_path: Path, running: RunningSandbox
) -> None:
    control, secret = running.urls["control"], running.client.secret
    joined = """
        import pytest
        from helpers import order

        @pytest.mark.parametrize("n", range(2))
        def test_joined(n, crm, scm, oracle, shapan_integration):
            number = order(crm)
            oracle.check(number, within=60)
            [sales_order] = scm.get("/sales-orders", params={"source_document": number}).json()["items"]
            assert sales_order["state"] != "draft"
    """
    done = run(
        {"test_it.py": MANY, "test_joined.py": joined, "helpers.py": HELPERS},
        *("-n", "2", "--shapan-url", control, "--shapan-reference"),
        SHAPAN_CLIENT_SECRET=secret,
    )
    done.passed(10)
    rows = seen(tmp_path)
    assert {url for _, url, _ in rows} == {control}
    assert len({name for _, _, name in rows}) == 8
    assert [one["name"] for one in running.control.call("GET", "/workspaces")["items"]] == ["default"]
