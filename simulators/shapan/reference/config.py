"""Settings of the integration, from environment variables that every integration gets (see docs/integration.md)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

SYSTEMS = ("crm", "scm", "finance")


class ConfigError(ValueError):
    """The settings cannot be used. `faults` holds a sentence for each fault, in English and Chinese."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{en} {zh}" for en, zh in faults))


@dataclass(frozen=True, slots=True)
class Config:
    """All that the integration is told from outside.

    urls            base URL per system ("crm", "scm", "finance"), without trailing slash
    mode            "webhook" (with a slow catch-up pull) or "pull"
    webhook_port    where the systems push to; None in pull mode
    webhook_secret  `whsec_…` of Standard Webhooks; None in pull mode
    state_dir       folder of the integration's own database
    encrypt         whether bodies are sealed (JWE, see sealing.py)
    ca_file         certificate of the authority that the systems' HTTPS is by; None where it is a public one
    """

    urls: Mapping[str, str]
    client_id: str
    client_secret: str = field(repr=False)
    mode: str
    state_dir: Path
    webhook_host: str = "127.0.0.1"
    webhook_port: int | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    encrypt: bool = False

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, mode: str | None = None, state_dir: str | None = None
    ) -> Config:
        """Read the variables; `mode` and `state_dir` from the command line win over them.

        Without a mode it is "webhook" when SHAPAN_WEBHOOK_PORT is set and "pull" otherwise. ConfigError names every fault at once.
        """
        reader = _Reader(environment)
        mode = mode or ("webhook" if environment.get("SHAPAN_WEBHOOK_PORT") else "pull")
        urls = {system: reader.url(f"SHAPAN_{system.upper()}_URL") for system in SYSTEMS}
        client_id = reader.text("SHAPAN_CLIENT_ID")
        client_secret = reader.text("SHAPAN_CLIENT_SECRET")
        folder = state_dir or reader.text("SHAPAN_STATE_DIR")
        port, secret = None, None
        if mode == "webhook":
            port = reader.port("SHAPAN_WEBHOOK_PORT")
            secret = reader.webhook_secret("SHAPAN_WEBHOOK_SECRET")
        host = environment.get("SHAPAN_WEBHOOK_HOST") or "127.0.0.1"
        ca_file = reader.file("SHAPAN_CA_FILE")
        encrypt = reader.choice("SHAPAN_ENCRYPT", "jwe")
        if reader.faults:
            raise ConfigError(reader.faults)
        return cls(urls, client_id, client_secret, mode, Path(folder), host, port, secret, ca_file, encrypt)


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[tuple[str, str]] = []

    def text(self, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            self.faults.append((f"Set {name}: it is missing or empty.", f"请设置 {name}：缺失或为空。"))
        return value

    def file(self, name: str) -> Path | None:
        value = self._environment.get(name, "").strip()
        if not value:
            return None
        if not Path(value).is_file():
            self.faults.append((f"{name}={value} is no file.", f"{name}={value} 不是文件。"))
        return Path(value)

    def choice(self, name: str, only: str) -> bool:
        """Whether the variable has the one value that it may have; False where it is not set."""
        value = self._environment.get(name, "").strip()
        if value not in ("", only):
            self.faults.append(
                (f"{name}={value} must be {only} or not set.", f"{name}={value} 只能为 {only}，或不设置。")
            )
        return value == only

    def url(self, name: str) -> str:
        value = self.text(name)
        if value and not _is_http_url(value):
            self.faults.append(
                (
                    f"{name}={value} is no URL that begins with http:// or https://.",
                    f"{name}={value} 不是以 http:// 或 https:// 开头的网址。",
                )
            )
        return value.rstrip("/")

    def port(self, name: str) -> int:
        value = self.text(name)
        if not value:
            return 0
        if not (value.isascii() and value.isdigit()) or not 0 < int(value) < 65536:
            self.faults.append(
                (f"{name}={value} is no port between 1 and 65535.", f"{name}={value} 不是 1 到 65535 之间的端口号。")
            )
            return 0
        return int(value)

    def webhook_secret(self, name: str) -> str:
        value = self.text(name)
        if value and not _is_webhook_secret(value):
            self.faults.append(
                (
                    f"{name} must be whsec_ and Base64, as Standard Webhooks has it.",
                    f"{name} 须为 whsec_ 加 Base64 字符串（Standard Webhooks 规定）。",
                )
            )
        return value


def _is_http_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_webhook_secret(value: str) -> bool:
    prefix, _, encoded = value.partition("whsec_")
    try:
        # The padding may be left out; the standard's own library adds it in the same way.
        return not prefix and bool(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except binascii.Error:
        return False
