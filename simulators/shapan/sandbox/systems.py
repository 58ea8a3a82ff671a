"""Which systems there are: found through the entry point group `shapan.systems`, so that a fourth joins without a change here."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import httpx

from shapan.kernel.auth import Client
from shapan.kernel.errors import Fault, refused
from shapan.kernel.flask_app import create_app
from shapan.kernel.journal.limits import Limits
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System
from shapan.sandbox.clients import registered
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.options import CONTROL, SandboxOptions, world_facts, world_of
from shapan.world import World, WorldError, WorldSpec, build_world, load_profile
from shapan.world.mess import mess_of
from shapan.world.spec import size_of

__all__ = ["create_app", "find_system", "make_runtime"]

_GROUP = "shapan.systems"


def find_system(name: str) -> System:
    """The system `name`: control, one of our own, or one that another installed package registers. SandboxError when it cannot be had."""
    where = _known(name)
    try:
        system = where.load()
    except Exception as error:  # whatever a foreign package does when it is imported
        raise SandboxError(
            f"The system {name} cannot be loaded from {where.value} ({type(error).__name__}: {error}). Mend or remove the package that registers it.",
            f"无法从 {where.value} 加载系统 {name}（{type(error).__name__}：{error}）。请修复或卸载登记该系统的软件包。",
        ) from error
    if not isinstance(system, System):
        raise SandboxError(
            f"{where.value}, which is registered as the system {name}, is no shapan.kernel.system.System. Mend or remove the package that registers it.",
            f"登记为系统 {name} 的 {where.value} 不是 shapan.kernel.system.System。请修复或卸载登记该系统的软件包。",
        )
    return system


def require_system(name: str) -> None:
    """SandboxError when there is no such system, or two; imports none."""
    _known(name)


def _known(name: str) -> EntryPoint:
    # Control is no system that an integration meets, so it is not registered as one. A distribution may be found twice on the path.
    points: set[EntryPoint] = {EntryPoint(CONTROL, "shapan.control:SYSTEM", _GROUP), *entry_points(group=_GROUP)}
    found: dict[str, EntryPoint] = {point.value: point for point in points if point.name == name}
    if not found:
        listing = ", ".join(sorted({point.name for point in points}))
        raise SandboxError(
            f"There is no system {name}; known are {listing}.", f"没有系统 {name}；已知的系统有 {listing}。"
        )
    if len(found) > 1:
        listing = ", ".join(sorted(found))
        raise SandboxError(
            f"The system {name} is registered more than once: {listing}. Remove all but one of these packages.",
            f"系统 {name} 被重复登记：{listing}。请只保留其中一个软件包。",
        )
    [point] = found.values()
    return point


def require_world(spec: WorldSpec) -> None:
    """SandboxError when the world cannot be built."""
    try:
        size_of(load_profile(spec.profile), spec.size)
        mess_of(spec)
    except WorldError as error:
        raise SandboxError(error.en, error.zh) from error


def make_runtime(
    name: str,
    options: SandboxOptions,
    clients: tuple[Client, ...] = (),
    transport: httpx.BaseTransport | None = None,
) -> Runtime:
    """The runtime of one system of a sandbox, its world seeded. `transport` is how control reaches the others, where it is not by a socket."""
    system = find_system(name)
    services: dict[str, Any] = {}
    if name == CONTROL:
        from shapan.control.changes import coordinator_of
        from shapan.control.clients import SystemsClient
        from shapan.control.worlds import AnswerKeys

        urls = {system: options.url(system) for system in options.systems}
        systems = SystemsClient(urls, options.operator_token, transport)
        # What was decided before control was killed is finished now.
        coordinator_of(systems, options.folder / CONTROL).resume()
        facts = world_facts(options.world)
        services = {
            "systems": systems,
            "answer_key": build_world(options.world).answer_key,
            "answer_keys": AnswerKeys(facts, lambda facts: _build(facts).answer_key),
        }

    return Runtime(
        system,
        Settings(
            options.folder,
            clients or registered(name, options.client),
            functools.partial(build_world, options.world),
            world_facts(options.world),
            options.strict,
            options.operator_token,
            services,
            build=_build,
            journal=Limits(options.journal_entries) if options.journal_entries else None,
            # The control has no events of its own.
            broker_url=None if name == CONTROL else options.outgoing.broker,
            webhook_targets=options.outgoing.targets(),
        ),
    )


def _build(facts: Mapping[str, Any]) -> World:
    """The world of such facts as a request gave them. 422 when there is none."""
    try:
        spec = world_of(dict(facts))
        require_world(spec)
        return build_world(spec)
    except SandboxError as error:
        raise refused([Fault("/world", error.en, error.zh)]) from error
    except (KeyError, TypeError, ValueError) as error:
        en, zh = f"These facts are of no world ({error}).", f"无法据此构建世界（{error}）。"
        raise refused([Fault("/world", en, zh)]) from error
