"""What cannot be run is exit 2 and one sentence in each language, whatever is wrong; each verb says how it is used."""

from __future__ import annotations

import re

import pytest


def refused(result) -> str:
    """The two lines of a refusal; asserts that it is one."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    english, chinese = result.stderr.strip("\n").splitlines()
    assert english.startswith("shapan: ")
    assert re.search("[\u4e00-\u9fff]", chinese)
    return f"{english}\n{chinese}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say which integration to judge"),
        (["--reference", "--attach"], "Say which integration to judge"),
        (["--attach"], "client secret"),
        (["--attach", "--isolate"], "--isolate needs an integration that can be started for each scenario"),
        (
            ["--reference", "--all-scenarios", "--watch-path", "x"],
            "--all-scenarios needs --defects. --watch-path needs --watch.",
        ),
        (["--integration", "x", "--defects"], "--defects needs --reference"),
        (["--integration", "x", "--defect", "float-money"], "--defect needs --reference"),
        (["--reference", "--defect", "float-mony"], "Did you mean float-money"),
        (["--reference", "--watch", "--json"], "--watch goes with neither"),
        (["--reference", "--defects", "--html", "x.html"], "--defects gives a table"),
        (["--reference", "--defects", "--junit", "x.xml"], "--defects gives a table"),
        (["--reference", "--defects", "token-scopes"], "No defect is made for"),
        (["nothing", "--reference"], "nothing"),
        (["--only", "nothing", "--reference"], "No scenario's name holds nothing"),
        (["--integration", '"open quote'], "cannot be read"),
        (["--integration", " "], "command is empty"),
        (["--reference", "--url", "http://127.0.0.1:9", "--client-secret", "x"], "No sandbox answers"),
        (["--reference", "--url", "no url", "--client-secret", "x"], "No sandbox answers"),
        (["--reference", "--url", "http://127.0.0.1:9"], "client secret"),
        (["--reference", "--world", "nowhere"], "There is no world nowhere"),
    ],
)
def test_what_cannot_be_verified(invoke, arguments, message):
    assert message in refused(invoke("verify", *arguments))


def test_an_integration_that_cannot_be_started(invoke):
    text = refused(invoke("verify", "order-to-receivable", "--integration", "no-such-program", "--size", "tiny"))
    assert "The integration cannot be started: no-such-program" in text
    assert "无法启动集成程序 no-such-program" in text


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [
        (["contracts", "show", "crm"], "SHAPAN_CONTRACTS"),
        (["contracts", "lint"], "SHAPAN_CONTRACTS"),
        (["load", "order-rush"], "SHAPAN_LOADTESTS"),
        (["verify", "--reference"], "SHAPAN_CONTRACTS"),
    ],
)
def test_a_folder_of_the_installation_that_is_missing(invoke, arguments, variable, tmp_path):
    text = refused(invoke(*arguments, **{variable: str(tmp_path / "none")}))
    assert variable in text
    assert "找不到随 shapan 安装的文件夹" in text


def test_a_contract_that_cannot_be_used(invoke, tmp_path):
    (tmp_path / "crm.yaml").write_text("{")
    assert "接口契约无法使用" in refused(invoke("contracts", "show", "crm", SHAPAN_CONTRACTS=str(tmp_path)))


def test_a_world_that_cannot_be_shown(invoke):
    assert "There is no world nowhere" in refused(invoke("world", "show", "--world", "nowhere"))


@pytest.mark.parametrize(
    "body",
    [
        {"hello": 1},
        [],
        "hello",
        {"items": [1]},
        {"items": [{"name": "crm"}]},
        {"ok": True, "checks": {}, "differences": []},
        {"ok": False, "checks": [], "differences": [{"en": "x"}]},
    ],
    ids=str,
)
def test_something_else_that_answers_at_the_url(invoke, answering, body):
    url = answering(body)
    for arguments in (["oracle"], ["verify", "--reference", "--client-secret", "x"]):
        text = refused(invoke(*arguments, "--url", url))
        assert f"What answers at {url} is no control of a sandbox" in text


def test_a_control_that_does_not_know_all_systems(invoke, answering):
    url = answering({"items": [{"name": "crm", "url": "http://127.0.0.1:9"}]})
    text = refused(invoke("verify", "--reference", "--client-secret", "x", "--url", url))
    assert "does not know finance, scm" in text


def test_systems_that_are_something_else(invoke, answering):
    hello = answering({"hello": 1})
    url = answering({"items": [{"name": name, "url": hello} for name in ("crm", "scm", "finance")]})
    text = refused(invoke("verify", "--reference", "--client-secret", "x", "--url", url))
    assert f"The webhook could not be registered at crm ({hello})" in text


def test_every_verb_has_help_with_an_example(invoke):
    from shapan.cli import VERBS

    for verb in VERBS:
        done = invoke(verb, "--help")
        assert done.exit_code == 0
        assert "Example: " in done.stdout, verb


@pytest.mark.parametrize("encoding", ["gbk", "cp1252"])
def test_chinese_can_be_said_where_the_terminal_has_another_encoding(shapan, encoding):
    import os

    done = shapan("world", "show", "--size", "tiny", env={**os.environ, "PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert "科技有限公司" in done.stdout
