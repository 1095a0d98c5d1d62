"""Which tasks are synthesised for the snapshot `travel`: splits from scenarios, and those of the graph walk.

The scenarios of `test`, `validation` and `hard` never occur in `train`, which has all others. Slots of `test` and
`hard` are drawn from other entities than those of `train` and `validation`.
"""

from collections.abc import Iterable
from dataclasses import replace

from tool_orch_env.language.scenarios import Scenarios
from tool_orch_env.synth.partition import Part
from tool_orch_env.synth.scenes.split import ScenePlan
from tool_orch_env.synth.split import PLANS
from tool_orch_env.synth.targets import Targets, weights

GRAPH = tuple(replace(plan, name=f"graph-{plan.name}") for plan in PLANS)
"""The splits of the graph walk, for slots and stress."""

USUAL = Targets(calls=weights("1-9"), distractors=weights("2-8"), closeness=0.9)
LONG = Targets(calls=weights("8-14"), distractors=weights("3-8"), closeness=0.9)
TRAINED, HELD_OUT = Part(0.0, 0.55), Part(0.55, 1.0)

TEST = (
    "a_city_for_each",
    "bags_without_stairs",
    "call_across_zones",
    "cancelled_hour",
    "city_bike_both_ends",
    "delay_claim",
    "density_of_neighbours",
    "dinner_of_a_cuisine",
    "early_coffee",
    "errands_around_the_hotel",
    "last_morning_walk",
    "lives_in_the_capital",
    "meeting_half_way",
    "one_country_between",
    "other_team_is_off",
    "pay_run_on_a_holiday",
    "planes_day",
    "rainy_day_museum",
    "reporters_claim",
    "room_for_the_class",
    "standby",
)
VALIDATION = (
    "conference_cities",
    "first_flight_there",
    "tonight_or_tomorrow",
    "two_job_offers",
    "vegetarian_friend",
    "was_it_the_weather",
    "windy_morning",
)
HARD = (
    "bus_to_the_wedding",
    "everybody_flew_home",
    "hours_lost_on_site",
    "late_evening_departures",
    "long_days_class_trip",
    "long_days_closed_offices",
    "long_days_evening",
    "long_days_hours_of_a_call",
    "long_days_late_table",
    "long_days_meeting",
    "long_days_purse_of_a_tour",
    "long_days_walking_tour",
    "planes_of_four_trips",
    "same_flight_all_week",
    "three_countries_one_budget",
)


def scene_plans(file: Scenarios) -> tuple[ScenePlan, ...]:
    """The splits from scenarios. Every scenario belongs to one of them."""
    train = sorted({one.id for one in file.scenario} - {*TEST, *VALIDATION, *HARD})
    plans: Iterable[tuple[str, int, Targets, Iterable[str], Part]] = (
        ("train", 2000, USUAL, train, TRAINED),
        ("validation", 200, USUAL, VALIDATION, TRAINED),
        ("test", 300, USUAL, TEST, HELD_OUT),
        ("hard", 150, LONG, HARD, HELD_OUT),
    )
    return tuple(ScenePlan(name, n, targets, frozenset(only), part) for name, n, targets, only, part in plans)
