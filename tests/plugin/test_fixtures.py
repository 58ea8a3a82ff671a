"""What each fixture gives to a test, in a run of pytest as users have it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.docs.test_snippets import programs
from tests.plugin.conftest import Run

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

PAGE = {"page/test_orders.py", "page/conftest.py", "page/test_sync.py"}

HELPERS = """
    def order(crm):
        customer = crm.get("/customers", params={"limit": 1}).json()["items"][0]["id"]
        product = crm.get("/products", params={"limit": 1}).json()["items"][0]["code"]
        body = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
        return crm.post("/orders", json=body).raise_for_status().json()["number"]

    def orders(crm):
        return [one["number"] for one in crm.get("/orders", params={"limit": 200}).raise_for_status().json()["items"]]
"""


OWN = """
    import pytest
    from helpers import order, orders

    @pytest.mark.parametrize("n", range(3))
    def test_mine(n, crm, scm, finance, workspace):
        before = set(orders(crm))
        number = order(crm)
        assert set(orders(crm)) - before == {number}
        assert (len(before), number) == KEPT.setdefault("seen", (len(before), number))
        assert workspace.name not in KEPT.setdefault("names", set())
        KEPT["names"].add(workspace.name)
        assert workspace.name.startswith("test-mine-")
        assert scm.get("/products", params={"page_size": 1}).status_code == 200
        assert finance.get("/customers").status_code == 200
        assert set(workspace.environment()) == {
            "SHAPAN_CRM_URL", "SHAPAN_SCM_URL", "SHAPAN_FINANCE_URL", "SHAPAN_CLIENT_ID", "SHAPAN_CLIENT_SECRET"
        }

    KEPT = {}

    def test_they_are_gone(shapan, shapan_template):
        names = {one["name"] for one in shapan.control.call("GET", "/workspaces")["items"]}
        assert names >= {"default", shapan_template}
        assert not [name for name in names if name.startswith("test-")]
"""

HANDS = """
    from datetime import timedelta
    import pytest
    from shapan.sandbox.remote import NotInJournal, SystemsDisagree
    from shapan.sandbox.running import ControlRefusal
    from helpers import order

    def test_faults(crm, faults):
        added = faults.add("error", parameters={"status": 503}, match={"operations": ["listOrders"]})
        assert crm.get("/orders").status_code == 503
        assert crm.get("/customers").status_code == 200
        [listed] = faults.list()
        assert listed["id"] == added["id"] == faults.get(added["id"])["id"]
        assert [(one["system"], one["applied"]) for one in listed["systems"]] == [("crm", 1)]
        faults.remove(added["id"])
        assert crm.get("/orders").status_code == 200
        faults.add("error", match={"operations": ["listOrders"]})

    def test_no_fault_is_left(crm, faults):
        assert faults.list() == []
        assert crm.get("/orders").status_code == 200

    def test_a_fault_that_is_none_is_refused_with_all_that_is_wrong(faults):
        with pytest.raises(ControlRefusal) as refused:
            faults.add("latency", parameters={"ms": -1}, times=0)
        assert {pointer for pointer, _, _ in refused.value.faults} == {"/parameters/ms", "/times"}
        assert refused.value.zh != refused.value.en

    def test_clock(crm, clock):
        clock.freeze()
        before = clock.now()
        assert crm.get("/customers").status_code == 200
        moved = clock.advance(days=40)
        assert clock.now() - before == timedelta(days=40)
        assert moved["frozen"] is True
        # The token has expired by now, and the client gets another by itself.
        assert crm.get("/customers").status_code == 200
        clock.advance_to(clock.now() + timedelta(hours=1))
        clock.advance(60)
        assert clock.now() - before == timedelta(days=40, hours=1, minutes=1)
        assert clock.run(rate=60)["rate"] == 60

    def test_journal(crm, journal):
        number = order(crm)
        assert journal.verify(match={"operation": "createOrder", "status": 201}, times=1)["found"] == 1
        assert {e["operation_id"] for e in journal.entries(document=number)} == {"createOrder"}
        with pytest.raises(NotInJournal, match="nearest: .*createOrder.*-> 201") as missed:
            journal.verify(match={"operation": "createOrder", "status": 409})
        assert "expected 409, found 201" in str(missed.value)
        crm.post("/orders", json={})
        [violation] = journal.violations()
        assert violation["operation_id"] == "createOrder"

    def test_oracle(crm, oracle):
        assert oracle.check()["ok"]
        number = order(crm)
        with pytest.raises(SystemsDisagree, match=f"order-missing: .*{number}") as differing:
            oracle.check(number, within=0.2)
        assert differing.value.differences[0]["documents"][0]["number"] == number
        assert oracle.trace(number)[0]["number"] == number
"""

TEMPLATE = """
    import pytest
    from helpers import order

    @pytest.fixture(scope="session")
    def shapan_template(shapan):
        with shapan.new_workspace(title="filled") as made:
            made.filled = order(made.crm)
            FILLED.append(made.filled)
            yield made.name

    FILLED = []

    @pytest.fixture
    def filled():
        [number] = FILLED
        return number
"""

FILLED = """
    import pytest
    from helpers import order, orders

    @pytest.mark.parametrize("n", range(2))
    def test_it_is_there_and_nothing_else(n, crm, filled):
        found = [number for number in orders(crm) if number >= filled]
        assert found == [filled]
        order(crm)
"""

ASYNCIO = """
    import asyncio
    import httpx
    import pytest

    def test_async(workspace):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()

        async def ask():
            async with httpx.AsyncClient(base_url=workspace.urls["crm"], auth=workspace.auth("crm")) as crm:
                answers = await asyncio.gather(*(crm.get("/customers") for _ in range(5)))
                return {answer.status_code for answer in answers}

        assert asyncio.run(ask()) == {200}
"""

SCOPES = """
    def test_scopes(workspace):
        assert workspace.http("crm", scope="orders:read").get("/orders").status_code == 200
        assert workspace.http("crm", scope="orders:read").get("/customers").status_code == 403
        assert workspace.crm.get("/orders", headers={"Authorization": "Bearer none"}).status_code == 401

    def test_clients_of_the_matrix(workspace):
        finance = workspace.http("finance", client_id="crm-integration")
        assert finance.get("/receivables").status_code == 200
        assert finance.get("/vouchers").status_code == 403
        assert workspace.http("finance", client_id="shapan").get("/vouchers").status_code == 200
"""


def test_what_the_fixtures_give(run: Callable[..., Run]) -> None:
    """In one run, because to start a sandbox takes longer than all of these: each file is a subject."""
    files = {
        "helpers.py": HELPERS,
        "test_each_test_has_its_own.py": OWN,
        "test_hands.py": HANDS,
        "test_asyncio.py": ASYNCIO,
        "test_scopes.py": SCOPES,
        "prepared/conftest.py": TEMPLATE,
        "prepared/test_filled.py": FILLED,
        # What docs/pytest.md shows, as a reader would paste it into files.
        **{
            f"page/{source.partition(chr(10))[0].removeprefix('# ')}": source
            for source in programs("pytest.md", "python")
        },
    }
    assert {name for name in files if name.startswith("page/")} == PAGE
    run(files, "--shapan-reference").passed(18)


def test_a_fixture_of_the_same_name_in_a_conftest_takes_its_place(run: Callable[..., Run]) -> None:
    conftest = """
        import pytest

        @pytest.fixture
        def crm():
            return "mine"
    """
    source = """
        import sys

        def test_mine(crm):
            assert crm == "mine"
            assert not {"flask", "httpx", "granian", "shapan.sandbox", "shapan.kernel"} & set(sys.modules)
    """
    run({"test_it.py": source, "conftest.py": conftest}).passed(1)


def test_who_asks_for_nothing_gets_nothing(run: Callable[..., Run]) -> None:
    source = """
        import sys

        def test_plain(request):
            assert not {"shapan", "workspace", "crm"} & set(request.fixturenames)
            assert not {"flask", "httpx", "granian", "shapan.sandbox", "shapan.kernel"} & set(sys.modules)
    """
    run({"test_it.py": source}).passed(1)
