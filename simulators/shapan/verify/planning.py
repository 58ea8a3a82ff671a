"""Which scenarios are run, each in which world, and in whose company; which are skipped, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from shapan.scenario import Scenario, Text

DEFAULT_PROFILE, DEFAULT_SIZE, DEFAULT_SEED, DEFAULT_MESS = "trading", "small", 42, "article"


@dataclass(frozen=True, order=True)
class World:
    """A world that scenarios run in; `rates` are (path, number) of the mess that differ from its preset."""

    profile: str = DEFAULT_PROFILE
    size: str = DEFAULT_SIZE
    seed: int = DEFAULT_SEED
    mess: str = DEFAULT_MESS
    rates: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return f"{PurePath(self.profile).stem}/{self.size}/{self.seed}"

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> World:
        """The world that a system's health tells of; what it does not say is as usual."""
        return cls(
            str(facts.get("profile", DEFAULT_PROFILE)),
            str(facts.get("size", DEFAULT_SIZE)),
            int(facts.get("seed", DEFAULT_SEED)),
            str(facts.get("mess", DEFAULT_MESS)),
            tuple((str(path), float(rate)) for path, rate in facts.get("rates", {}).items()),
        )

    def as_seed(self) -> dict[str, Any]:
        """The body of control's seedAll."""
        return {
            "profile": self.profile,
            "size": self.size,
            "seed": self.seed,
            "mess": self.mess,
            "rates": dict(self.rates),
        }


@dataclass(frozen=True)
class Wish:
    """What the command line says of the world; None where it says nothing, and then the scenarios have their way."""

    profile: str | None = None
    size: str | None = None
    seed: int | None = None
    mess: str | None = None
    rates: tuple[tuple[str, float], ...] = ()

    def world(self, scenario: Scenario) -> World:
        """The world for a scenario: what was wished, else what it was written for, else the default."""
        seed = self.seed if self.seed is not None else scenario.seed
        return World(
            self.profile or scenario.world or DEFAULT_PROFILE,
            self.size or scenario.size or DEFAULT_SIZE,
            DEFAULT_SEED if seed is None else seed,
            self.mess or DEFAULT_MESS,
            self.rates,
        )

    def within(self, world: World) -> Wish:
        """What is not said is as in the world of a sandbox that runs already."""
        if self.profile or self.mess or self.rates:
            mess, rates = self.mess or DEFAULT_MESS, self.rates
        else:
            mess, rates = world.mess, world.rates
        seed = world.seed if self.seed is None else self.seed
        return Wish(self.profile or world.profile, self.size or world.size, seed, mess, rates)


@dataclass(frozen=True)
class Job:
    """One scenario to be run, or to be skipped for a reason.

    index    its place in the catalogue and in every report
    own      it gets a workspace and an integration process of its own; else it shares both with the others of its world
    defect   the mistake that the reference integration is given for it, where there is one
    """

    index: int
    scenario: Scenario
    world: World
    own: bool
    skipped: Text | None = None
    defect: str | None = None

    @property
    def label(self) -> str:
        """What it is called while it runs."""
        return self.scenario.name if self.defect is None else f"{self.scenario.name} [{self.defect}]"

    @property
    def needs_integration(self) -> bool:
        """Whether an integration has to be there."""
        return self.scenario.needs_integration


@dataclass(frozen=True)
class Plan:
    """All jobs in the order of the catalogue."""

    jobs: tuple[Job, ...]

    @property
    def to_run(self) -> tuple[Job, ...]:
        """Those that are not skipped, in the order in which to begin them.

        Shared ones stand together by world, so that their integration is needed for one stretch of time only, and come first: there are
        more of them. Among the others the slow ones begin first, or the last of them would keep all waiting.
        """
        runnable = [job for job in self.jobs if job.skipped is None]
        return tuple(
            sorted(
                runnable,
                key=lambda job: (
                    job.own,
                    job.world if not job.own else World(),
                    job.scenario.pace != "slow",
                    job.index,
                ),
            )
        )

    @property
    def main_world(self) -> World:
        """The world of most of them: the sandbox is started with it."""
        counts = Counter(job.world for job in self.jobs if job.skipped is None)
        return max(counts, key=lambda world: (counts[world], _reversed(world, self.jobs)), default=World())


def _reversed(world: World, jobs: Iterable[Job]) -> int:
    # The first in the catalogue wins a tie.
    return -next(job.index for job in jobs if job.world == world)


def make_plan(
    scenarios: Sequence[Scenario], wish: Wish | None = None, *, isolate: bool = False, attached: bool = False
) -> Plan:
    """The plan for these scenarios.

    `attached`: the integration is not started by us. Then nothing can be run apart or started again, and what needs that is skipped.
    """
    wish = wish or Wish()
    return Plan(tuple(_job(index, scenario, wish, isolate, attached) for index, scenario in enumerate(scenarios)))


def _job(index: int, scenario: Scenario, wish: Wish, isolate: bool, attached: bool) -> Job:
    world = wish.world(scenario)
    restarts = scenario.restarts_integration
    # What is started otherwise, or killed on the way, is no company for others.
    own = isolate or scenario.isolation == "own" or restarts or bool(scenario.environment)
    profile = PurePath(world.profile).stem
    skipped = None
    if scenario.profiles and profile not in scenario.profiles:
        listed = ", ".join(scenario.profiles)
        skipped = Text(
            f"It does not apply to the world {profile}, only to {listed}.",
            f"不适用于世界 {profile}，仅适用于 {listed}。",
        )
    elif attached and restarts:
        skipped = Text(
            "It kills and restarts the integration, which nobody here has started; give its command with --integration.",
            "该场景需要强制终止并重启集成程序，而它不是由本命令启动的；请改用 --integration 给出启动命令。",
        )
    elif attached and own:
        skipped = Text(
            "It changes the clock, faults or books of the whole workspace and needs one of its own; give the integration's command with --integration.",
            "该场景会改动整个工作区的时钟、故障或账簿，需要独立工作区；请改用 --integration 给出集成程序的启动命令。",
        )
    return Job(index, scenario, world, own, skipped)
