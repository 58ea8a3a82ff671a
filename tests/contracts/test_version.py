"""The contracts carry the version of the package, so that a client sees which release a server is of."""

from __future__ import annotations

import pytest

from shapan import __version__
from shapan.kernel.contract import load_contract
from shapan.kernel.resources import data_folder


@pytest.mark.parametrize("name", ["crm", "scm", "finance", "control", "operator", "common"])
def test_a_contract_has_the_version_of_the_package(name: str) -> None:
    assert load_contract(data_folder("contracts") / f"{name}.yaml").document["info"]["version"] == __version__
