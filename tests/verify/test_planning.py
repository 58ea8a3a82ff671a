"""Which scenario runs in which world and company, and which is skipped."""

from __future__ import annotations

import pytest

from shapan.verify import Wish, World, make_plan


def test_a_scenario_has_its_world_and_the_command_line_overrules_it(scenario):
    written = scenario("a", world="restaurant", size="tiny", seed=7)
    either = scenario("b")
    assert [job.world for job in make_plan([written, either]).jobs] == [World("restaurant", "tiny", 7), World()]
    wish = Wish(profile="trading", seed=0, mess="clean", rates=(("surface.ocr", 0.1),))
    said = World("trading", "tiny", 0, "clean", (("surface.ocr", 0.1),))
    assert make_plan([written], wish).jobs[0].world == said
    assert said.as_seed() == {
        "profile": "trading", "size": "tiny", "seed": 0, "mess": "clean", "rates": {"surface.ocr": 0.1},
    }  # fmt: skip


def test_in_a_running_sandbox_what_is_not_said_is_as_it_is_there(scenario):
    there = World.of({"profile": "machines", "size": "small", "seed": 3, "mess": "filthy", "rates": {"surface.ocr": 1}})
    assert there == World("machines", "small", 3, "filthy", (("surface.ocr", 1.0),))
    written = scenario("a", world="restaurant", size="tiny", seed=7)
    assert make_plan([written], Wish().within(there)).jobs[0].world == there
    other = make_plan([written], Wish(size="tiny", mess="clean").within(there)).jobs[0].world
    assert other == World("machines", "tiny", 3, "clean")
    assert World.of({}) == World()


def test_who_is_alone(scenario):
    several = [
        scenario("shared"),
        scenario("own", isolation="own"),
        scenario("restarts", restarts=True),
        scenario("environment", environment={"X": "1"}),
    ]
    assert [job.own for job in make_plan(several).jobs] == [False, True, True, True]
    assert all(job.own for job in make_plan(several, isolate=True).jobs)


@pytest.mark.parametrize(
    ("members", "attached", "told"),
    [
        ({"profiles": ("restaurant",)}, False, "It does not apply to the world trading, only to restaurant."),
        ({"restarts": True}, True, "kills and restarts the integration"),
        ({"isolation": "own"}, True, "needs one of its own"),
        ({"environment": {"X": "1"}}, True, "needs one of its own"),
        ({"profiles": ("trading", "restaurant")}, False, None),
        ({}, True, None),
    ],
)
def test_what_is_skipped_and_why(scenario, members, attached, told):
    [job] = make_plan([scenario("a", **members)], attached=attached).jobs
    if told is None:
        assert job.skipped is None
    else:
        assert told in job.skipped.en
        assert job.skipped.zh != job.skipped.en


def test_a_profile_that_is_a_file_goes_by_its_name(scenario):
    [job] = make_plan([scenario("a", profiles=("tea-house",))], Wish(profile="/somewhere/tea-house.yaml")).jobs
    assert job.skipped is None


def test_shared_ones_go_first_by_world_then_slow_ones(scenario):
    plan = make_plan(
        [
            scenario("own-fast", isolation="own"),
            scenario("own-slow", isolation="own", pace="slow"),
            scenario("restaurant-1", world="restaurant"),
            scenario("trading-1"),
            scenario("restaurant-2", world="restaurant", pace="slow"),
            scenario("skipped", profiles=("machines",)),
        ]
    )
    order = [job.scenario.name for job in plan.to_run]
    assert order == ["restaurant-2", "restaurant-1", "trading-1", "own-slow", "own-fast"]
    assert [job.index for job in plan.jobs] == list(range(6))
    assert plan.main_world == World()
    assert make_plan([]).main_world == World()
    assert make_plan([scenario("a", seed=2), scenario("b", seed=1)]).main_world == World(seed=2)
