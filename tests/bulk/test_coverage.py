"""Whatever a system lets one create can be imported, whatever it lists can be exported; exceptions have their reason."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from shapan.kernel.bulk.declaration import Bulk
from shapan.kernel.bulk.resources import OWN, Resource, is_creating, is_list, resources_of
from shapan.kernel.bulk.shape import columns_of, find_path, heading
from shapan.kernel.bundle import ContractError
from shapan.kernel.contract import Contract, load_contract
from shapan.kernel.resources import data_folder

SIMULATORS = ("crm", "scm", "finance")
CONTRACTS: dict[str, Contract] = {name: load_contract(data_folder("contracts") / f"{name}.yaml") for name in SIMULATORS}


def resources(name: str) -> dict[str, Resource]:
    return resources_of(CONTRACTS[name], importlib.import_module(f"shapan.{name}").SYSTEM.bulk)


@pytest.mark.parametrize("name", SIMULATORS)
def test_every_creating_and_every_list_operation_is_covered_or_excluded_with_a_reason(name: str) -> None:
    declared: Bulk | None = importlib.import_module(f"shapan.{name}").SYSTEM.bulk
    excluded = {**OWN, **(declared.excluded if declared else {})}
    found = resources(name).values()
    imported = {resource.create.operation_id for resource in found if resource.create}
    exported = {resource.listing.operation_id for resource in found if resource.listing}
    operations = CONTRACTS[name].operations
    for operation in operations.values():
        if operation.method == "GET" and operation.operation_id.startswith("list"):
            assert (operation.operation_id in exported) != (operation.operation_id in excluded), operation.operation_id
        if operation.method == "POST" and "201" in operation.responses:
            if operation.operation_id.startswith("create"):
                assert (operation.operation_id in imported) != (operation.operation_id in excluded)
            else:
                # An action on a document that makes another: its path goes through the document.
                assert re.search(r"\{\w+\}/[\w-]+$", operation.path), (
                    f"{operation.operation_id} creates: call it create…"
                )
    assert set(excluded) - set(OWN) <= set(operations)
    assert all(len(reason) > 20 for reason in excluded.values())
    assert len(imported) >= 3
    assert len(exported) >= 4


@pytest.mark.parametrize("name", SIMULATORS)
def test_every_list_is_paged_in_a_way_that_exports_know(name: str) -> None:
    for resource in resources(name).values():
        if resource.listing is None:
            continue
        shown = set(_members(name, resource))
        parameters = {parameter.name for parameter in resource.listing.parameters}
        ways = [
            {"cursor"} <= parameters and {"nextCursor"} <= shown,
            {"page", "page_size"} <= parameters and {"page", "page_size", "total"} <= shown,
            {"changed_since"} <= parameters and {"watermark", "has_more"} <= shown,
            not {"cursor", "page", "changed_since", "after"} & parameters and shown == {"items"},
        ]
        assert ways.count(True) == 1, resource.name


def _members(name: str, resource: Resource) -> dict[str, object]:
    from shapan.kernel.bulk.resources import _answer
    from shapan.kernel.bulk.shape import shape_of

    assert resource.listing is not None
    contract = CONTRACTS[name]
    return dict(shape_of(contract.document, _answer(contract, resource.listing, "200")).members)


@pytest.mark.parametrize("name", SIMULATORS)
def test_titles_in_both_languages_lead_back_to_their_members(name: str) -> None:
    for resource in resources(name).values():
        for shape in (resource.wanted, resource.shown):
            for path in columns_of(shape):
                for chinese in (False, True):
                    assert find_path(shape, heading(shape, path, chinese=chinese)) == path, (resource.name, path)


@pytest.mark.parametrize("name", SIMULATORS)
def test_whatever_can_be_entered_has_a_chinese_title(name: str) -> None:
    for resource in resources(name).values():
        titles = [heading(resource.wanted, path, chinese=True) for path in columns_of(resource.wanted)]
        assert [title for title in titles if not re.search("[\u4e00-\u9fff]", title.rpartition(".")[2])] == [], (
            resource.name
        )


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (Bulk(excluded={"createCar": "There are no cars in this system."}), "createCar"),
        (Bulk(updates={"customers": "updateCar"}), "updateCar"),
        (Bulk(keys={"cars": ("code",)}), "cars"),
    ],
)
def test_a_declaration_that_fits_nothing_stops_the_start(declared: Bulk, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        resources_of(CONTRACTS["crm"], declared)


def test_a_declaration_is_heeded() -> None:
    declared = Bulk(
        keys={"customers": ("unifiedSocialCreditCode",)},
        updates={"orders": "updateCustomer"},
        excluded={"createContact": "Contacts are entered by hand."},
    )
    found = resources_of(CONTRACTS["crm"], declared)
    assert found["customers"].key == ("unifiedSocialCreditCode",)
    assert found["orders"].update is not None
    assert found["orders"].update.operation_id == "updateCustomer"
    assert found["contacts"].create is None
    assert found["contacts"].listing is not None
    assert is_creating(CONTRACTS["crm"].operations["createContact"])
    assert is_list(CONTRACTS["crm"].operations["listContacts"], CONTRACTS["crm"])


def test_a_list_that_hangs_on_a_record_has_a_name_of_its_own(tmp_path: Path) -> None:
    page = "{content: {application/json: {schema: {properties: {items: {type: array, items: {type: object}}}}}}}"
    paths = {
        "/orders": "listOrders",
        "/orders/{orderId}": "getOrder",
        "/orders/{orderId}/notes": "listOrderNotes",
        "/notes/{noteId}": "getNote",
        "/orders/{orderId}/revisions": "listRevisions",
        "/returns": "listReturns",
        "/returns/{returnId}": "getReturn",
        "/orders/{orderId}/returns": "listOrderReturns",
    }
    text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n"
    for path, name in paths.items():
        text += f"  {path}: {{get: {{operationId: {name}, responses: {{'200': {page}}}}}}}\n"
    (tmp_path / "names.yaml").write_text(text, "utf-8")
    found = resources_of(load_contract(tmp_path / "names.yaml"), None)
    assert {name: resource.listing.operation_id for name, resource in found.items() if resource.listing} == {
        "orders": "listOrders",
        "notes": "listOrderNotes",
        "orders-revisions": "listRevisions",
        "returns": "listReturns",
        "orders-returns": "listOrderReturns",
    }
