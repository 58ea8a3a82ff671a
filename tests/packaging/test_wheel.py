"""What is shipped: the wheel carries the data it needs and no tests, and running a simulator loads no test tool."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "simulators" / "shapan"
DATA = ("contracts", "scenarios", "loadtests")
TEST_TOOLS = ("pytest", "_pytest", "locust", "gevent", "schemathesis", "hypothesis", "docker")


def files(folder: Path) -> set[str]:
    """The files below `folder` that belong to the source, as paths relative to it."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it, so the sdist is known to be complete."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    # Without hatchling at hand the build fetches it into an environment of its own.
    if importlib.util.find_spec("hatchling") and importlib.util.find_spec("editables"):
        command.append("--no-isolation")
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    [path] = built.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_carries_the_whole_package(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert len(files(PACKAGE)) > 50
    assert {f"shapan/{name}" for name in files(PACKAGE)} <= names
    assert "shapan/py.typed" in names


@pytest.mark.parametrize("kind", DATA)
def test_the_wheel_carries_data(wheel: zipfile.ZipFile, kind: str) -> None:
    expected = files(ROOT / kind)
    assert expected
    assert {f"shapan/_data/{kind}/{name}" for name in expected} <= set(wheel.namelist())


def test_the_wheel_carries_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    [info] = {name.split("/")[0] for name in names} - {"shapan"}
    assert info.endswith(".dist-info")
    assert f"{info}/licenses/LICENSE" in names
    data = {name.removeprefix("shapan/_data/") for name in names if name.startswith("shapan/_data/")}
    assert {name.split("/")[0] for name in data} == set(DATA)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name or "/test_" in name]


def test_the_wheel_declares_its_commands_and_plugins(wheel: zipfile.ZipFile) -> None:
    [path] = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
    text = wheel.read(path).decode()
    for line in ("shapan = shapan.cli:main", "shapan = shapan.pytest_plugin", "crm = shapan.crm:SYSTEM"):
        assert line in text.splitlines()


def test_the_sdist_carries_source_tests_and_papers_only(built: Path) -> None:
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for folder in (*DATA, "simulators/shapan", "tests"):
        assert {f"{folder}/{name}" for name in files(ROOT / folder)} <= names
    assert {"LICENSE", "README.md", "CONTRIBUTING.md", "pyproject.toml"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", ".git/", "dist/"))]


@pytest.mark.parametrize(
    "module",
    [
        "shapan.cli",
        "shapan.crm",
        "shapan.scm",
        "shapan.finance",
        "shapan.control",
        "shapan.docker",
        "shapan.reference",
        "shapan.sandbox.remote",
        "shapan.sandbox.serving",
    ],
)
def test_running_loads_no_test_tool(module: str) -> None:
    """Start-up time and the small dependency list both rest on this."""
    assert loaded_after(f"import {module}", TEST_TOOLS) == []


def test_every_verb_of_the_command_loads_no_test_tool() -> None:
    verbs = sorted(path.stem for path in (PACKAGE / "cli").glob("*.py") if path.stem != "__init__")
    assert len(verbs) > 5
    assert loaded_after("; ".join(f"import shapan.cli.{verb}" for verb in verbs), TEST_TOOLS) == []


def test_the_pytest_plugin_loads_no_application() -> None:
    """Every pytest run of a project that has shapan installed imports the plugin, whether it uses it or not."""
    assert (
        loaded_after("import shapan.pytest_plugin", ("flask", "granian", "httpx", "shapan.sandbox", "shapan.kernel"))
        == []
    )


def loaded_after(statement: str, suspects: tuple[str, ...]) -> list[str]:
    """Which of the suspects a fresh interpreter has loaded after the statement."""
    code = f"import sys; {statement}; print(*[name for name in {suspects!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()
