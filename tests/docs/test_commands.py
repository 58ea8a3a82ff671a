"""docs/commands.md has each verb with its usage, options and example, exactly as click has them; no page names what is not there.

After a change of the command line, `python tests/docs/test_commands.py` brings usage, tables and examples of the page up to date and
adds what is new; the prose stays as it is.
"""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from shapan.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text("utf-8")
PAGES = [
    path
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
    if path.name != "CHANGELOG.md"  # a changelog may name what is gone
]


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """(path, command, context) of every command, groups before what is in them."""
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, click.Context(inner, info_name=name, parent=context))


ALL = {path: (command, context) for path, command, context in commands(main, click.Context(main, info_name="shapan"))}
VERBS = [path for path in ALL if path != "shapan"]


def options(command: click.Command) -> list[click.Option]:
    """What a user may give, --help apart."""
    return [p for p in command.params if isinstance(p, click.Option) and not p.hidden and p.name != "help"]


def table(path: str) -> str:
    """The options of a command as the page shows them; empty when it has none."""
    command, context = ALL[path]
    rows = []
    for option in options(command):
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        value = "" if option.is_flag else f" {option.make_metavar(context)}".replace("|", "\\|")
        value = re.sub("(INTEGER|FLOAT) RANGE", "N", value)
        default = f" Default {option.default}." if option.show_default else " Must be given." if option.required else ""
        several = " May be given several times." if option.multiple else ""
        text = (option.help or "").replace("|", "\\|").replace("[env ", "[environment ")
        rows.append(f"| {names}{value} | {text}{several}{default} |")
    return "\n".join(["| option | |", "|---|---|", *rows]) if rows else ""


def usage(path: str) -> str:
    """`shapan verify [OPTIONS] [SCENARIO]...`"""
    command, context = ALL[path]
    return " ".join([path, *command.collect_usage_pieces(context)])


def example(path: str) -> str:
    """The example that --help shows."""
    found = re.search(r"^\s*Example: (.+)$", ALL[path][0].help or "", re.M)
    assert found is not None, f"{path} --help shows no example"
    return found[1]


SECTION = re.compile(r"^## `(shapan .+?)`\n(.*?)(?=^## |\Z)", re.M | re.S)
SECTIONS = dict(SECTION.findall(PAGE))


def prose(path: str) -> str:
    """What people wrote about a verb; for a new one, what --help says."""
    if path not in SECTIONS:
        paragraphs = inspect.cleandoc(ALL[path][0].help or "").split("\n\n")
        return "\n\n".join(text for text in paragraphs if not text.startswith("Example: "))
    kept = [line for line in SECTIONS[path].splitlines() if not re.match(r" {4}shapan |\||Example: ", line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def section(path: str) -> str:
    """The section of a verb as it should be."""
    parts = [f"## `{path}`", f"    {usage(path)}", prose(path), table(path), f"Example: `{example(path)}`"]
    return "\n\n".join(part for part in parts if part) + "\n"


def test_every_verb_has_its_section_and_no_other_is_described() -> None:
    assert list(SECTIONS) == VERBS


@pytest.mark.parametrize("path", VERBS)
def test_a_section_says_what_click_says(path: str) -> None:
    assert f"## `{path}`\n{SECTIONS[path]}".rstrip() == section(path).rstrip()


def _command_lines(text: str) -> Iterator[list[str]]:
    """The words of every `shapan …` in code: in spans and in blocks."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.M | re.S) + re.findall(r"^ {4}(\S.*)$", text, re.M)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    for line in [line for block in blocks for line in block.splitlines()] + spans:
        found = re.search(r"(?:^|[\s/\\])(shapan\s+[a-z-].*)$", line.split(" #")[0].strip())
        if found and "import" not in line:
            try:
                yield shlex.split(found[1])
            except ValueError:
                yield found[1].split()


def unknown(words: list[str]) -> list[str]:
    """What of a command line `shapan` does not know: the verb, or options."""
    command: click.Command = main
    path, rest = "shapan", words[1:]
    while isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z][a-z-]*", rest[0]):
        path = f"{path} {rest.pop(0)}"
        if path not in ALL:
            return [path]
        command = ALL[path][0]
    known = {name for o in command.params for name in (*o.opts, *o.secondary_opts)} | {"--help", "-h", "--version"}
    given = [word.split("=")[0] for word in rest if word.startswith("--") and len(word) > 2]
    return [f"{path} {name}" for name in given if name.strip("[]") not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_verbs_and_options_that_there_are(page: Path) -> None:
    lines = list(_command_lines(page.read_text("utf-8")))
    assert [found for words in lines for found in unknown(words)] == []


def test_the_check_finds_what_is_not_there() -> None:
    lines = list(
        _command_lines("`shapan upp`\n```\nuv run shapan demo --quick # x\nshapan world show --size tiny\n```\n")
    )
    assert [found for words in lines for found in unknown(words)] == ["shapan demo --quick", "shapan upp"]


@pytest.mark.parametrize("path", VERBS)
def test_examples_of_help_can_be_parsed(path: str) -> None:
    words = shlex.split(example(path))
    words = words[words.index("shapan") :]
    assert unknown(words) == []


if __name__ == "__main__":
    start = PAGE[: PAGE.index("## `shapan")].rstrip()
    text = "\n\n".join([start, *(section(path).rstrip() for path in VERBS)]) + "\n"
    (ROOT / "docs" / "commands.md").write_text(text, "utf-8")
