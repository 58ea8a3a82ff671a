"""The fixtures. None is used unless a test names it, and a fixture of the same name in a conftest.py takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from shapan.pytest_plugin import session

if TYPE_CHECKING:
    import httpx

    from shapan.sandbox.integration import Integration
    from shapan.sandbox.remote import Clock, Faults, Journal, Oracle, RunningSandbox, Workspace


@pytest.fixture(scope="session")
def shapan(pytestconfig: pytest.Config) -> Iterator[RunningSandbox]:
    """The sandbox of this run: in this process on free ports, one for each worker of pytest-xdist; or as --shapan-url or --shapan-image say."""
    with session.running(pytestconfig) as found:
        yield found


@pytest.fixture(scope="session")
def shapan_template(shapan: RunningSandbox) -> Iterator[str]:
    """The name of the workspace that each test gets a copy of: here the world as it was at first.

    A fixture of this name in a conftest.py may make and fill one of its own, once a session; see docs/pytest.md.
    """
    with shapan.new_workspace(title="template") as made:
        yield made.name


@pytest.fixture
def workspace(shapan: RunningSandbox, shapan_template: str, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A fresh workspace (工作区) of all three systems, for this test alone; deleted afterwards."""
    with shapan.new_workspace(shapan_template, title=str(request.node.name)) as made:
        request.node.stash[session.WORKSPACE] = made
        try:
            yield made
        finally:
            del request.node.stash[session.WORKSPACE]


@pytest.fixture
def crm(workspace: Workspace) -> httpx.Client:
    """The CRM of the test's workspace: an httpx client with a token."""
    return workspace.crm


@pytest.fixture
def scm(workspace: Workspace) -> httpx.Client:
    """The SCM of the test's workspace: an httpx client with a token."""
    return workspace.scm


@pytest.fixture
def finance(workspace: Workspace) -> httpx.Client:
    """Finance of the test's workspace: an httpx client with a token."""
    return workspace.finance


@pytest.fixture
def faults(workspace: Workspace) -> Iterator[Faults]:
    """The faults (故障) of the test's workspace; all are removed afterwards, so that what they hold up can end."""
    yield workspace.faults
    workspace.faults.clear()


@pytest.fixture
def clock(workspace: Workspace) -> Clock:
    """The simulated clock (模拟时钟) of the test's workspace."""
    return workspace.clock


@pytest.fixture
def journal(workspace: Workspace) -> Journal:
    """The journal (请求日志) of the test's workspace."""
    return workspace.journal


@pytest.fixture
def oracle(workspace: Workspace) -> Oracle:
    """The oracle (对账裁判) over the test's workspace."""
    return workspace.oracle


@pytest.fixture
def shapan_integration(workspace: Workspace, request: pytest.FixtureRequest) -> Iterator[Integration]:
    """The integration that --shapan-integration or --shapan-reference names, at work in the test's workspace; ended afterwards."""
    with session.integration(request.config, workspace) as started:
        request.node.stash[session.INTEGRATION] = started
        try:
            yield started
        finally:
            del request.node.stash[session.INTEGRATION]
