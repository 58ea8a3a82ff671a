"""docs/operations.md has every operation of every contract, with its scope, and every event with the operations that send it.

After a change of a contract, `python tests/docs/test_operations.py` writes the page anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shapan.kernel.bundle import resolve
from shapan.kernel.contract import METHODS, load_contract
from shapan.kernel.resources import data_folder

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "operations.md"
TITLES = {
    "crm": "CRM 客户关系",
    "scm": "SCM 供应链",
    "finance": "Finance 财务",
    "control": "Control 总控",
    "operator": "Operator interface 运维接口",
}
DOCUMENTS: dict[str, Any] = {name: load_contract(data_folder("contracts") / f"{name}.yaml").document for name in TITLES}
HEAD = """\
# Operations

Every operation of every contract: what it is called in scenarios and links, how it is called over HTTP, the scope that a token needs, and what
it refuses. Bodies, bounds and examples stand in the contracts, which each system serves at `/docs/` and `/openapi.json`;
`shapan contracts show crm` prints one. What each problem means stands in [errors.md](errors.md), the events in [events.md](events.md).
This page is written by `python tests/docs/test_operations.py`.
"""


def operations(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of a contract, in its order."""
    for path, item in DOCUMENTS[name]["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def scope(name: str, operation: dict[str, Any]) -> str:
    """The scope as the page shows it."""
    scopes = [s for requirement in operation.get("security", []) for s in requirement.get("oauth", [])]
    return ", ".join(f"`{s}`" for s in scopes) or ("operator" if name in ("control", "operator") else "none")


def chinese(name: str, operation: dict[str, Any]) -> str:
    """The Chinese term of an operation: the first one in brackets of its description."""
    found = re.search(r"\(([^()]*[\u4e00-\u9fff][^()]*)\)", operation.get("description", ""))
    return next(part.strip() for part in found[1].split(";") if re.search("[\u4e00-\u9fff]", part)) if found else ""


def refusals(name: str, operation: dict[str, Any]) -> str:
    """The statuses with which it can refuse, those that every operation has left out."""
    return " ".join(s for s in map(str, operation["responses"]) if s[0] in "45" and s not in ("400", "401", "403"))


def page() -> str:
    """The page as the contracts have it."""
    parts = [HEAD]
    for name, title in TITLES.items():
        document = DOCUMENTS[name]
        found = list(operations(name))
        parts.append(f"## {title}\n\n{document['info']['summary']} {len(found)} operations.\n")
        tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
        for tag in dict.fromkeys(operation["tags"][0] for _, _, operation in found):
            parts.append(f"### {name}: {tag}\n\n{tags.get(tag, '')}\n")
            rows = ["| operation | | call | scope | refuses with |", "|---|---|---|---|---|"]
            for method, path, operation in found:
                if operation["tags"][0] == tag:
                    term = chinese(name, operation)
                    what = operation["summary"] + (f" {term}" if term else "")
                    rows.append(
                        f"| `{operation['operationId']}` | {what} | `{method} {path}` | {scope(name, operation)} | {refusals(name, operation)} |"
                    )
            parts.append("\n".join(rows) + "\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts))


def test_the_page_is_what_the_contracts_have() -> None:
    assert FILE.read_text("utf-8") == page(), "run python tests/docs/test_operations.py"


@pytest.mark.parametrize("name", TITLES)
def test_every_operation_says_what_it_is_in_both_languages(name: str) -> None:
    tags = {tag["name"] for tag in DOCUMENTS[name].get("tags", []) if tag.get("description")}
    for method, path, operation in operations(name):
        assert operation["summary"], f"{method} {path}"
        assert operation["description"], f"{method} {path}"
        assert operation["tags"][0] in tags, f"{method} {path}: its tag has no description"
        if name in ("crm", "scm", "finance"):
            assert chinese(name, operation) or "WWW" in operation["description"], (
                f"{operation['operationId']} has no Chinese term"
            )


@pytest.mark.parametrize("name", ["crm", "scm", "finance"])
def test_creating_and_listing_lead_on_by_links(name: str) -> None:
    """Whoever made or found a document learns from the contract what can be done with it."""
    document = DOCUMENTS[name]
    readable = {path for method, path, _ in operations(name) if method == "GET"}
    for _, path, operation in operations(name):
        for status in ("201", "200"):
            answer = operation["responses"].get(status)
            if answer is None:
                continue
            answer = resolve(document, answer["$ref"][1:]) if "$ref" in answer else answer
            listing = operation["operationId"].startswith("list") and any(p.startswith(f"{path}/{{") for p in readable)
            if (status == "201" and operation["operationId"] != "issueToken") or listing:
                assert answer.get("links"), f"{operation['operationId']} {status} has no links"


@pytest.mark.parametrize("name", ["crm", "scm", "finance"])
def test_links_lead_to_operations_that_exist(name: str) -> None:
    document = DOCUMENTS[name]
    known = {operation["operationId"] for _, _, operation in operations(name)}
    for _, _, operation in operations(name):
        for answer in operation["responses"].values():
            answer = resolve(document, answer["$ref"][1:]) if "$ref" in answer else answer
            for link in answer.get("links", {}).values():
                assert link["operationId"] in known, f"{operation['operationId']}: {link['operationId']}"


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
