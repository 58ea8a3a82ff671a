"""Systems are found where packages register them; what is wrong with such a package is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapan.sandbox import SandboxError
from shapan.sandbox.systems import find_system, require_system


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """register(distribution, name, target, source) installs a distribution whose module has that source."""

    def install(distribution: str, name: str, target: str, source: str) -> None:
        folder = tmp_path / distribution
        info = folder / f"{distribution}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[shapan.systems]\n{name} = {target}\n")
        (folder / f"{target.split(':')[0]}.py").write_text(source)
        monkeypatch.syspath_prepend(folder)

    return install


GOOD = "from shapan.kernel.system import System\nSYSTEM = System('marketing', 'Marketing', 'marketing.yaml', ())\n"


@pytest.mark.parametrize("name", ["control", "crm", "scm", "finance"])
def test_our_own_are_there(name):
    assert find_system(name).name == name


def test_a_fourth_joins_by_being_installed(register):
    with pytest.raises(SandboxError, match="There is no system marketing; known are control, crm, finance, scm"):
        require_system("marketing")
    register("marketing_a", "marketing", "marketing_a_room:SYSTEM", GOOD)
    assert find_system("marketing").title == "Marketing"


@pytest.mark.parametrize(
    ("target", "source", "message"),
    [
        ("room_b:SYSTEM", "import no_such_module", "cannot be loaded from room_b:SYSTEM .ModuleNotFoundError"),
        ("room_c:OTHER", GOOD, "cannot be loaded from room_c:OTHER .AttributeError"),
        ("room_d:SYSTEM", "SYSTEM = 1", "room_d:SYSTEM, which is registered as the system broken, is no"),
    ],
)
def test_a_package_that_cannot_be_used_is_named(register, target, source, message):
    register("broken", "broken", target, source)
    with pytest.raises(SandboxError, match=message) as caught:
        find_system("broken")
    assert "软件包" in caught.value.zh


def test_two_packages_for_one_name_are_named(register):
    register("one", "marketing", "room_one:SYSTEM", GOOD)
    register("two", "marketing", "room_two:SYSTEM", GOOD)
    with pytest.raises(SandboxError, match="more than once: room_one:SYSTEM, room_two:SYSTEM"):
        require_system("marketing")
