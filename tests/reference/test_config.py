"""Settings from the environment: all faults in one answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapan.reference.config import Config, ConfigError

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
GOOD = {
    "SHAPAN_CRM_URL": "http://127.0.0.1:8101/",
    "SHAPAN_SCM_URL": "http://127.0.0.1:8102/ws/blue",
    "SHAPAN_FINANCE_URL": "https://finance.example",
    "SHAPAN_CLIENT_ID": "shapan",
    "SHAPAN_CLIENT_SECRET": "secret",
    "SHAPAN_STATE_DIR": "/tmp/state",
}
PUSHED = {**GOOD, "SHAPAN_WEBHOOK_PORT": "9000", "SHAPAN_WEBHOOK_SECRET": SECRET}


def names(error: ConfigError) -> list[str]:
    return [en.removeprefix("Set ").split(":")[0].split("=")[0].split(" ")[0] for en, _ in error.faults]


def test_every_missing_variable_is_named_in_one_answer() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({}, mode="webhook")
    assert names(caught.value) == [*GOOD, "SHAPAN_WEBHOOK_PORT", "SHAPAN_WEBHOOK_SECRET"]
    assert all(name in str(caught.value) for name in PUSHED)
    assert "请设置 SHAPAN_CRM_URL" in str(caught.value)


def test_pull_mode_needs_no_webhook_variables() -> None:
    config = Config.from_environment(GOOD)
    assert config.mode == "pull"
    assert config.urls["crm"] == "http://127.0.0.1:8101"
    assert config.urls["scm"] == "http://127.0.0.1:8102/ws/blue"
    assert config.state_dir == Path("/tmp/state")
    assert config.webhook_port is None
    assert config.webhook_secret is None


def test_a_webhook_port_makes_it_webhook_mode_unless_told_otherwise() -> None:
    config = Config.from_environment(PUSHED)
    assert (config.mode, config.webhook_port, config.webhook_secret) == ("webhook", 9000, SECRET)
    assert Config.from_environment(PUSHED, mode="pull").mode == "pull"


def test_the_command_line_gives_the_folder() -> None:
    without = {name: value for name, value in GOOD.items() if name != "SHAPAN_STATE_DIR"}
    assert Config.from_environment(without, state_dir="here").state_dir == Path("here")


def test_bodies_are_encrypted_where_it_is_asked_for() -> None:
    assert [Config.from_environment({**GOOD, "SHAPAN_ENCRYPT": value}).encrypt for value in ("", "jwe")] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHAPAN_CRM_URL", "127.0.0.1:8101"),
        ("SHAPAN_CRM_URL", "ftp://crm.example"),
        ("SHAPAN_SCM_URL", "http://"),
        ("SHAPAN_FINANCE_URL", "http://host:port"),
        ("SHAPAN_WEBHOOK_PORT", "0"),
        ("SHAPAN_WEBHOOK_PORT", "65536"),
        ("SHAPAN_WEBHOOK_PORT", "９０００"),
        ("SHAPAN_WEBHOOK_SECRET", "secret"),
        ("SHAPAN_WEBHOOK_SECRET", "whsec_"),
        ("SHAPAN_WEBHOOK_SECRET", "whsec_!!!!"),
        ("SHAPAN_CLIENT_ID", "  "),
        ("SHAPAN_ENCRYPT", "yes"),
    ],
)
def test_a_malformed_value_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({**PUSHED, name: value})
    assert names(caught.value) == [name]


def test_missing_and_malformed_come_together() -> None:
    broken = {**PUSHED, "SHAPAN_CRM_URL": "nowhere", "SHAPAN_CLIENT_SECRET": "", "SHAPAN_WEBHOOK_PORT": "x"}
    with pytest.raises(ConfigError) as caught:
        Config.from_environment(broken)
    assert names(caught.value) == ["SHAPAN_CRM_URL", "SHAPAN_CLIENT_SECRET", "SHAPAN_WEBHOOK_PORT"]
