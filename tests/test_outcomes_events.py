"""Events by a horizon: unknown is never zero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build

from outcomes.kinds.event_by_horizon import name_event
from outcomes.kinds.event_clock import EventClock
from outcomes.outcomes import OUTCOMES
from schemas.specs import HorizonOutcome

CLOCK = EventClock(events=("event",), competing=("death",), followed_until="followed", horizon_days=730)
NA = np.nan


def clocked(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["event", "death", "followed"])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((100, NA, 800), 1),  # event, then followed on
        ((730, NA, 730), 1),  # event on the last day
        ((731, NA, 900), 0),  # event after the horizon
        ((NA, NA, 730), 0),  # followed to the horizon
        ((NA, NA, 729), NA),  # lost the day before
        ((NA, 200, 200), 0),  # died first: the event can no longer happen
        ((300, 200, 300), 0),  # recorded after a competing event
        ((200, 200, 200), 1),  # the same day: the event is taken to come first
        ((NA, 800, 800), 0),  # died after the horizon
        ((100, NA, NA), NA),  # nobody knows how long such patients were followed: as those without an event
        ((NA, 100, NA), NA),
        ((100, NA, 50), 1),  # an event is proof of follow-up until its day
        ((NA, NA, NA), NA),
    ],
)
def test_event_by_horizon(row: tuple[float, float, float], expected: float):
    np.testing.assert_array_equal(CLOCK.occurred(clocked(row)), [expected])


def test_time_is_the_first_event_or_the_end_of_follow_up():
    frame = clocked((100, 50, 800), (NA, NA, 400))
    np.testing.assert_array_equal(CLOCK.time_days(frame), [50, 400])
    np.testing.assert_array_equal(CLOCK.cause(frame), [2, 0])


def test_who_has_no_end_of_follow_up_is_lost_on_day_0_with_an_event_or_without():
    frame = clocked((100, NA, NA), (NA, NA, NA), (NA, 60, NA), (NA, NA, 400))
    np.testing.assert_array_equal(CLOCK.time_days(frame), [0, 0, 0, 400])
    assert CLOCK.cause(frame).tolist() == [0, 0, 0, 0]
    assert CLOCK.is_timed(frame).tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("row", "expected", "day", "cause"),
    [
        ((364, NA, 800), 1, 365, 1),  # seen early, and imaged later
        ((364, NA, 365), 1, 365, 1),
        ((364, NA, 364), NA, 364, 0),  # never imaged when it could have been one
        ((365, NA, 365), 1, 365, 1),
        ((400, NA, 800), 1, 400, 1),
        ((300, 350, 800), 0, 350, 2),  # died before it could be one
        ((300, 350, 350), 0, 350, 2),
        ((NA, NA, 800), 0, 800, 0),
    ],
)
def test_an_event_that_comes_too_early_counts_on_the_first_day_that_it_can(
    row: tuple[float, float, float], expected: float, day: float, cause: int
):
    clock = replace(CLOCK, not_before_days=365)
    np.testing.assert_array_equal(clock.occurred(clocked(row)), [expected])
    assert clock.time_days(clocked(row)).tolist() == [day]
    assert clock.cause(clocked(row)).tolist() == [cause]


def test_a_first_day_after_the_horizon_is_refused():
    with pytest.raises(ValueError, match="not_before_days must be at most horizon_days, got 731"):
        horizon(time="event", not_before_days=731)


@pytest.mark.parametrize(
    ("name", "column"),
    [("pjk_24m", "pjk_days"), ("pseudarthrosis_24m", "pseudarthrosis_days"),
     ("pseudarthrosis_all_fused_24m", "pseudarthrosis_days")],
)  # fmt: skip
def test_what_images_show_is_unknown_of_who_was_not_imaged(name: str, column: str):
    outcome = build(OUTCOMES[name])
    assert "follow_up_days" not in outcome.needs
    frame = pd.DataFrame({
        column: [NA, NA, 400.0], "death_days": [NA, NA, NA], "last_imaging_days": [90.0, 735.0, 400.0],
        "planned_fusion": 1.0, "follow_up_days": 800.0,
    })  # fmt: skip
    np.testing.assert_array_equal(outcome.occurred(frame), [NA, 0, 1])


def test_a_fusion_has_not_failed_before_a_year():
    rule = build(OUTCOMES["pseudarthrosis_24m"]).rule
    assert "one before day 365 counts on that day, if last imaging days is not before it, and else not" in rule
    assert OUTCOMES["pseudarthrosis_all_fused_24m"].not_before_days == 365


def test_short_follow_up_is_kept_for_weighting_and_so_is_the_untimed():
    outcome = build(OUTCOMES["reherniation_24m"])
    frame = pd.DataFrame(
        {
            "reherniation_days": [NA, NA], "other_fusion_days": [NA, NA], "death_days": [NA, NA],
            "follow_up_days": [100.0, NA],
        }
    )  # fmt: skip
    assert [step.keep(frame).tolist() for step in outcome.observed] == [[True, True], [True, False]]
    assert outcome.follow_up.time_days(frame).tolist() == [100, 0]
    assert np.isnan(outcome.occurred(frame)).all()


def horizon(**keys: Any) -> HorizonOutcome:
    given = {"name": "any", "title": "Any", "kind": "event_by_horizon", "desirable": False, "horizon": "x"}
    return HorizonOutcome.model_validate({**given, "followed_until": "followed", "horizon_days": 730, **keys})


@pytest.mark.parametrize(
    ("kyphosis", "revision", "death", "followed", "expected", "day", "cause"),
    [
        (400, 200, NA, 800, 1, 200, 1),  # the first of several counts
        (NA, 200, NA, 800, 1, 200, 1),
        (400, NA, 300, 400, 0, 300, 2),  # died first
        (900, 740, NA, 800, 0, 740, 1),  # the first is after the horizon
        (900, NA, NA, 600, 0, 900, 1),  # a late event is proof that there was none before
        (NA, NA, NA, 729, NA, 729, 0),
        (NA, NA, NA, NA, NA, 0, 0),
    ],
)
def test_the_first_of_several_columns_counts(
    kyphosis: float, revision: float, death: float, followed: float, expected: float, day: float, cause: int
):
    outcome = build(horizon(time=["kyphosis_days", "revision_days"], competing=["dead_days"]))
    frame = pd.DataFrame(
        {"kyphosis_days": [kyphosis], "revision_days": [revision], "dead_days": [death], "followed": [followed]}
    )
    np.testing.assert_array_equal(outcome.occurred(frame), [expected])
    np.testing.assert_array_equal(outcome.follow_up.time_days(frame), [day])
    assert outcome.follow_up.cause(frame).tolist() == [cause]
    assert outcome.rule.startswith("kyphosis, or revision, by day 730 after the operation; only the first event counts")


@pytest.mark.parametrize(
    ("readmitted", "stay", "died", "followed", "expected"),
    [
        (95, 10, NA, 400, 1),  # day 85 after the discharge
        (100, 10, NA, 400, 1),  # the last day
        (101, 10, NA, 400, 0),
        (95, NA, NA, 400, NA),  # nobody knows when the clock began
        (NA, 10, NA, 99, NA),  # followed for 89 days after the discharge
        (NA, 10, NA, 100, 0),
        (NA, 10, 10, 10, 0),  # died in hospital
        (NA, 10, 50, 50, 0),  # died at home, not readmitted before
    ],
)
def test_days_are_counted_from_the_discharge_where_the_clock_says_so(
    readmitted: float, stay: float, died: float, followed: float, expected: float
):
    outcome = build(OUTCOMES["readmission_90d_dated"])
    frame = pd.DataFrame({
        "readmission_days": [readmitted], "length_of_stay_days": [stay], "death_days": [died],
        "follow_up_days": [followed],
    })  # fmt: skip
    np.testing.assert_array_equal(outcome.occurred(frame), [expected])
    assert outcome.observed[0].keep(frame).tolist() == [np.isfinite(stay)]
    assert (outcome.clock, "by day 90 after the discharge" in outcome.rule) == ("discharge", True)
    assert "length of stay days not recorded" in outcome.unknown


def test_a_start_of_the_clock_must_go_with_another_clock():
    with pytest.raises(ValueError, match='since must go with clock = "discharge"'):
        horizon(time="event", since="length_of_stay_days")


def test_time_is_counted_from_the_start_of_the_clock_alike_for_all():
    frame = clocked((100, 50, 800), (NA, NA, 400), (60, 60, 90))
    late = replace(CLOCK, since="started")
    for days in (0, 7):
        moved = frame.assign(started=float(days)) + np.array([days, days, days, 0])
        np.testing.assert_array_equal(late.time_days(moved), CLOCK.time_days(frame))
        np.testing.assert_array_equal(late.cause(moved), CLOCK.cause(frame))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("death_days", "death from any cause"),
        ("reoperation_days", "the first unplanned spine operation"),
        ("pneumonia_days", "Pneumonia"),
        ("rod_days", "rod"),  # a registry's own column
    ],
)
def test_an_event_is_named_as_the_dictionary_names_it(name: str, words: str):
    assert name_event(name) == words


@pytest.mark.parametrize(
    ("name", "rule", "competing", "unknown"),
    [
        ("reoperation_12m", "the first unplanned spine operation, by day 365", "death from any cause", "365 days"),
        ("same_level_reoperation_24m", "the first operation at an operated level, by day 730", "death", "730 days"),
        ("adjacent_reoperation_60m", "next to the operated levels, by day 1826", "death", "1826 days"),
        ("other_level_reoperation_24m", "the first operation further away, by day 730", "death", "730 days"),
        ("death_12m", "death from any cause, by day 365", "", "365 days"),
    ],
)
def test_the_definition_says_event_horizon_competitors_and_unknown(name: str, rule: str, competing: str, unknown: str):
    outcome = build(OUTCOMES[name])
    assert rule in outcome.rule
    assert "only the first event counts" in outcome.rule
    assert ("before a competing one" in outcome.rule) == bool(competing)
    assert outcome.competing.startswith(competing)
    untimed = "follow up days not recorded, with an event or without"
    assert outcome.unknown == f"no event, and followed for less than {unknown}; {untimed}"
    assert set(outcome.revealing) == set(outcome.needs)
