"""What a sandbox is made of: its world, its ports, its folder and its client; and what is wrong with a wish for one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from shapan.kernel.auth import Client
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.journal.limits import ENTRIES
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.outgoing import Outgoing
from shapan.sandbox.ports import LOOPBACK, address_of, base_of, free_ports, is_loopback, require_free
from shapan.sandbox.text import write_whole
from shapan.sandbox.tls import Tls, ensure_tls
from shapan.world import WorldSpec

CONTROL = "control"
SIMULATORS = ("crm", "scm", "finance")
PORT = 8100
FORMAT = 1
_NOTE = "sandbox.json"


def this_month() -> date:
    """The first day of the current month in Asia/Shanghai: when a new world opens."""
    return datetime.now(SHANGHAI).date().replace(day=1)


@dataclass(frozen=True)
class SandboxOptions:
    """A sandbox ready to be started.

    `ports` are by system name, control included; `external_urls` where a system is reached elsewhere than there. `folder` exists and is writable; `ephemeral` says that it is to be removed at the end.
    `journal_entries` are kept of each workspace; 0 keeps no journal.
    """

    world: WorldSpec
    folder: Path
    ports: dict[str, int]
    client: Client
    host: str = LOOPBACK
    ephemeral: bool = False
    strict: bool = False
    operator_token: str | None = field(default=None, repr=False)
    systems: tuple[str, ...] = SIMULATORS
    external_urls: dict[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    outgoing: Outgoing = field(default_factory=Outgoing)
    journal_entries: int = ENTRIES

    def url(self, system: str) -> str:
        """The base URL at which the other processes reach a system."""
        scheme = "http" if self.tls is None else "https"
        return self.external_urls.get(system) or base_of(self.host, self.ports[system], scheme)

    @property
    def urls(self) -> dict[str, str]:
        """Base URLs by system, control included."""
        return {system: self.url(system) for system in {**self.ports, **self.external_urls}}


def spec_of(
    profile: str | None,
    size: str | None,
    seed: int | None,
    mess: str | None,
    rates: tuple[tuple[str, float], ...],
    opening: date,
) -> WorldSpec:
    """The world of somebody's wishes: None takes the default."""
    return WorldSpec(
        _absolute(profile) or "trading",
        size or "small",
        42 if seed is None else seed,
        opening,
        _absolute(mess) or "article",
        rates,
    )


def _absolute(name: str | None) -> str | None:
    """A file by its whole path: the processes of a sandbox, and the next start of it, may be elsewhere."""
    return str(Path(name).resolve()) if name is not None and Path(name).suffix else name


def world_facts(spec: WorldSpec) -> dict[str, Any]:
    """A world as plain data, for the folder's note and for health."""
    return {
        "profile": spec.profile,
        "size": spec.size,
        "seed": spec.seed,
        "opening": spec.opening.isoformat(),
        "mess": spec.mess,
        "rates": dict(spec.rates),
        "history": spec.history,
    }


def world_of(facts: dict[str, Any]) -> WorldSpec:
    """The world of such facts. Those that release 0.1 wrote say nothing of a mess. KeyError, TypeError and ValueError for what are none."""
    rates = {str(path): float(rate) for path, rate in facts.get("rates", {}).items()}
    if isinstance(facts["seed"], bool) or not isinstance(facts["seed"], int):
        raise TypeError("the seed is no integer")
    return WorldSpec(
        str(facts["profile"]),
        str(facts["size"]),
        facts["seed"],
        date.fromisoformat(facts["opening"]),
        str(facts.get("mess", "article")),
        tuple(rates.items()),
        bool(facts.get("history", True)),
    )


def plan(
    *,
    profile: str | None = None,
    size: str | None = None,
    seed: int | None = None,
    mess: str | None = None,
    rates: tuple[tuple[str, float], ...] = (),
    port: int | None = PORT,
    data: Path | None = None,
    strict: bool = False,
    client: Client | None = None,
    host: str = LOOPBACK,
    tls: tuple[str, ...] | None = None,
    outgoing: Outgoing | None = None,
    journal_entries: int = ENTRIES,
) -> SandboxOptions:
    """Options from a user's wishes: `data` None is a throw-away folder, `port` None takes free ports, None elsewhere takes the default.

    `tls` are names for the certificate besides those of this machine; None is plain HTTP. `outgoing` is what the sandbox may call.
    `journal_entries` are kept of each workspace; 0 keeps no journal.

    A folder that was used before keeps its world and client; wishing for another world there is an error. The operator token is that of the
    environment, and beyond loopback there must be one. SandboxError.
    """
    operator_token = operator_token_for(host)
    folder = _temporary() if data is None else writable_folder(data)
    try:
        noted = _noted(folder)
        spec = spec_of(profile, size, seed, mess, rates, this_month())
        if noted is not None:
            kept = world_of(noted["world"])
            given = {
                "profile": profile is not None,
                "size": size is not None,
                "seed": seed is not None,
                "mess": mess is not None,
                "rates": bool(rates),
            }
            facts = world_facts(kept)
            different = [
                f"{name} {facts[name]}"
                for name, said in given.items()
                if said and facts[name] != world_facts(spec)[name]
            ]
            if different:
                raise SandboxError(
                    f"The folder {folder} holds another world ({', '.join(different)}). Leave the world options away, name another folder with --data, or remove the folder.",
                    f"目录 {folder} 中已有另一个世界（{'，'.join(different)}）。请去掉世界选项、用 --data 指定其他目录，或删除该目录。",
                )
            spec = kept
            client = client or Client(noted["client"]["id"], noted["client"]["secret"])
        else:
            client = client or _client()
        ports = free_ports((CONTROL, *SIMULATORS)) if port is None else _ports(port, address_of(host))
        files = None if tls is None else ensure_tls(folder, tls_names(host, tls))
    except BaseException:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return SandboxOptions(
        spec,
        folder,
        ports,
        client,
        host,
        ephemeral=data is None,
        strict=strict,
        operator_token=operator_token,
        tls=files,
        outgoing=outgoing or Outgoing(),
        journal_entries=journal_entries,
    )


def tls_names(host: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """What a certificate must be good for: the names that were given, and the host where it is one that clients can name."""
    everywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    return names if host in everywhere else (host, *names)


def operator_token_for(host: str) -> str | None:
    """The operator token that the environment gives, or None. SandboxError when the host is beyond loopback and there is none."""
    token = os.environ.get("SHAPAN_OPERATOR_TOKEN") or None
    if token is None and not is_loopback(address_of(host)):
        raise SandboxError(
            f"Listening on {host} needs SHAPAN_OPERATOR_TOKEN, or anybody there could reset the system.",
            f"监听 {host} 时必须设置 SHAPAN_OPERATOR_TOKEN，否则任何人都能重置系统。",
        )
    return token


def note(options: SandboxOptions) -> None:
    """Write down in a new folder which world it holds and for which client, once the world is known to be good. Call it under the folder's lock.

    SandboxError when the folder has become another sandbox's since it was looked at.
    """
    text = {
        "format": FORMAT,
        "world": world_facts(options.world),
        "client": {"id": options.client.client_id, "secret": options.client.secret},
    }
    noted = _noted(options.folder)
    if noted is None:
        write_whole(options.folder / _NOTE, json.dumps(text, ensure_ascii=False, indent=1))
    elif noted != text:
        raise SandboxError(
            f"The folder {options.folder} has just become another sandbox's. Run it again, or name another folder with --data.",
            f"目录 {options.folder} 刚刚被另一个沙盘使用。请重新运行，或用 --data 指定其他目录。",
        )


def noted_client(folder: Path) -> Client | None:
    """The client of a sandbox's folder, None where the folder is none. SandboxError when its note cannot be read."""
    noted = _noted(folder)
    return None if noted is None else Client(noted["client"]["id"], noted["client"]["secret"])


def kept_opening(folder: Path) -> date:
    """When the world of a served folder opened: this month, when the folder is new, and the same day whenever it is served again."""
    path = folder / "opening.txt"
    if not path.exists():
        write_whole(path, this_month().isoformat())
    try:
        return date.fromisoformat(path.read_text("ascii").strip())
    except ValueError as error:
        raise SandboxError(
            f"{path} holds no date. Remove it, or give --opening.",
            f"{path} 中没有有效日期，请删除该文件或使用 --opening。",
        ) from error


def _client() -> Client:
    return Client(
        os.environ.get("SHAPAN_CLIENT_ID", "shapan"),
        os.environ.get("SHAPAN_CLIENT_SECRET") or secrets.token_urlsafe(24),
    )


def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="shapan-"))


def writable_folder(folder: Path) -> Path:
    """The folder, made where it was missing. SandboxError when nothing can be written there."""
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SandboxError(
            f"The folder {folder} cannot be written ({error.strerror}). Name another one with --data, or use --ephemeral.",
            f"目录 {folder} 无法写入（{error.strerror}）。请用 --data 指定其他目录，或使用 --ephemeral。",
        ) from error
    return folder


def _noted(folder: Path) -> dict[str, Any] | None:
    path = folder / _NOTE
    if not path.exists():
        return None
    try:
        noted = json.loads(path.read_text("utf-8"))
        if noted["format"] != FORMAT:
            raise ValueError("another format")
        world_of(noted["world"])
        str(noted["client"]["id"] + noted["client"]["secret"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SandboxError(
            f"{path} cannot be read as the note of a sandbox ({error}). Remove the folder to start anew, or name another one with --data.",
            f"{path} 不是有效的沙盘说明文件（{error}）。请删除该目录后重新开始，或用 --data 指定其他目录。",
        ) from error
    return dict(noted)


def _ports(first: int, address: str) -> dict[str, int]:
    ports = {CONTROL: first, **{name: first + 1 + n for n, name in enumerate(SIMULATORS)}}
    require_free(ports, address)
    return ports
