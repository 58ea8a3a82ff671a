"""Which systems there are: found through the entry point group `shapan.systems`, so that a fourth joins without a change here."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any

from shapan.kernel.auth import Client
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System
from shapan.sandbox.options import CONTROL, SIMULATORS, SandboxError, SandboxOptions, world_facts
from shapan.world import World, WorldError, WorldSpec, build_world, load_profile
from shapan.world.spec import size_of

__all__ = ["create_app", "find_system", "make_runtime"]


def find_system(name: str) -> System:
    """The system `name`: our own, or one that an installed package registers. SandboxError when there is none."""
    require_system(name)
    if name in (CONTROL, *SIMULATORS):
        system = importlib.import_module(f"shapan.{name}").SYSTEM
    else:
        [system] = (point.load() for point in entry_points(group="shapan.systems") if point.name == name)
    assert isinstance(system, System)
    return system


def require_system(name: str) -> None:
    """SandboxError when there is no such system; imports none."""
    known = {CONTROL, *SIMULATORS, *(point.name for point in entry_points(group="shapan.systems"))}
    if name not in known:
        listing = ", ".join(sorted(known))
        raise SandboxError(
            f"There is no system {name}; known are {listing}.", f"没有系统 {name}；已知的系统有 {listing}。"
        )


def require_world(spec: WorldSpec) -> None:
    """SandboxError when the world cannot be built."""
    try:
        size_of(load_profile(spec.profile), spec.size)
    except WorldError as error:
        raise SandboxError(error.en, error.zh) from error


def make_runtime(name: str, options: SandboxOptions, clients: tuple[Client, ...] = ()) -> Runtime:
    """The runtime of one system of a sandbox, its world seeded."""
    system = find_system(name)
    services: dict[str, Any] = {}
    if name == CONTROL:
        from shapan.control.clients import SystemsClient

        urls = {system: options.url(system) for system in options.systems}
        services = {
            "systems": SystemsClient(urls, options.operator_token),
            "answer_key": build_world(options.world).answer_key,
        }
    built: list[World] = []

    def world() -> World:
        if not built:
            built.append(build_world(options.world))
        return built[0]

    return Runtime(
        system,
        Settings(
            options.folder,
            clients or (options.client,),
            world,
            world_facts(options.world),
            options.strict,
            options.operator_token,
            services,
        ),
    )
