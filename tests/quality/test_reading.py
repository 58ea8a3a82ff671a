"""Where records come from: folders as teams hand them in, and systems over HTTP."""

from __future__ import annotations

import importlib
from contextlib import ExitStack

import httpx
import pytest

from shapan.kernel.auth import Client
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.quality import FolderRecords, QualityError, SystemRecords, check_quality, load_standard
from shapan.world import WorldSpec, build_world
from tests.conftest import CLIENT, OPENING

STANDARD = load_standard()
UNITS = "product_code,unit,factor,note\nCAB-3X25-YJV,米,1,x\nCAB-3X25-YJV,卷,100,\n"


def folder_with(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("name", ["scm/product_units.csv", "scm/product_units.gb18030.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_are_read_in_any_usual_encoding(tmp_path, name, encoding):
    folder = folder_with(tmp_path, name, UNITS.replace("\n", "\r\n").encode(encoding))
    source = FolderRecords(folder, STANDARD)
    assert source.kinds() == ["scm/product_units"]
    assert [row["unit"] for row in source.rows(STANDARD.kinds["scm/product_units"])] == ["米", "卷"]


def test_every_missing_column_of_every_file_is_named(tmp_path):
    folder_with(tmp_path, "scm/product_units.csv", b"product_code,unit,unit\n")
    folder_with(tmp_path, "crm/contacts.csv", b"")
    with pytest.raises(QualityError) as refused:
        FolderRecords(tmp_path, STANDARD)
    assert str(refused.value).endswith(
        "crm/contacts.csv has no column id, customer_id, name, title, phone, email; "
        "scm/product_units.csv has no column factor; scm/product_units.csv has unit more than once."
    )
    assert "缺少列 factor" in refused.value.zh


@pytest.mark.parametrize(
    "content", ["product_code,unit,factor\nA,件\n".encode(), b"product_code,unit,factor\nA,\xff\xff,1\n"]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    folder = folder_with(tmp_path, "scm/product_units.csv", content)
    with pytest.raises(QualityError, match=r"product_units\.csv"):
        check_quality(STANDARD, FolderRecords(folder, STANDARD))


def test_a_folder_without_any_is_refused(tmp_path):
    with pytest.raises(QualityError, match="no file of the data standard"):
        FolderRecords(tmp_path, STANDARD)


@pytest.fixture
def messy_systems(tmp_path):
    """The master data of systems with a tiny world in which even the demo set is wrong."""
    spec = WorldSpec("trading", "tiny", 42, OPENING, "filthy", (("demo_set", 0),), history=False)
    world = build_world(spec)
    transports = {}
    with ExitStack() as stack:
        for name in ("crm", "scm", "finance"):
            system = importlib.import_module(f"shapan.{name}").SYSTEM
            runtime = Runtime(system, Settings(tmp_path / name, (CLIENT,), lambda: world, strict=True))
            runtime.start()
            stack.callback(runtime.stop)
            transports[name] = httpx.WSGITransport(create_app(runtime))
        systems = SystemRecords(dict.fromkeys(transports, "http://127.0.0.1"), CLIENT, "here", transports)
        stack.callback(systems.close)
        yield systems


def test_systems_say_the_same_as_the_files_of_their_world(messy_systems, exported):
    over_http = check_quality(STANDARD, messy_systems)
    files = check_quality(STANDARD, FolderRecords(exported("filthy", demo_set=0), STANDARD))
    masters = {kind["record"]: kind for kind in files["records"]}
    assert len(over_http["records"]) == 10
    assert over_http["failed"] > 50
    for kind in over_http["records"]:
        there = masters[kind["record"]]
        assert kind["records"] == there["records"] > 0
        told, written = ({r["rule"]: r for r in one["rules"]} for one in (kind, there))
        if kind["record"] in ("crm/customers", "crm/contacts"):
            # The CRM lists by time of creation: which of two alike comes second, and which example first, may differ.
            assert {n: (r["checked"], r["failed"]) for n, r in told.items()} == {n: (r["checked"], r["failed"]) for n, r in written.items()}  # fmt: skip
        else:
            assert told == written


@pytest.mark.in_process
def test_merged_customers_are_no_records(crm):
    customers = crm.get("/customers").json()["items"]
    one, other = customers[0]["id"], customers[1]["id"]
    crm.post(f"/customers/{one}/merge", json={"into": other, "reason": "entered twice"}).raise_for_status()
    transport = httpx.WSGITransport(create_app(crm.runtime))
    systems = SystemRecords({"crm": "http://127.0.0.1"}, CLIENT, "here", {"crm": transport})
    found = {row["id"] for row in systems.rows(STANDARD.kinds["crm/customers"])}
    systems.close()
    assert found == {customer["id"] for customer in crm.get("/customers").json()["items"]} - {one}


def test_a_system_that_refuses_is_named():
    systems = SystemRecords(
        {"crm": "http://127.0.0.1"},
        Client("shapan", "wrong"),
        "here",
        {"crm": httpx.MockTransport(lambda request: httpx.Response(401))},
    )
    with pytest.raises(QualityError, match="crm does not give its customers"):
        next(systems.rows(STANDARD.kinds["crm/customers"]))
