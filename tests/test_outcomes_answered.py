"""What happened before a visit, where the data tell it, and who is known whatever the outcome was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build, make_study

from outcomes.cohort import Cohort, build_cohort
from outcomes.kinds.event_clock import EventClock
from outcomes.outcome import NEXT_OPERATION, Outcome
from outcomes.outcomes import OUTCOMES, build_outcome
from schemas.definition import Definition, parse_definition
from schemas.registry import read_registry
from schemas.specs import EventOutcome, ScoreOutcome, ThresholdOutcome

NA = np.nan
OWN = """
name = "own"
title = "Own"
base = "lumbar"
required = ["age"]
[outcomes.any_infection]
title = "Any infection"
kind = "event"
desirable = false
horizon = "30 days"
any_of = ["pneumonia_30d", "urinary_tract_infection_30d"]
"""


def odi(**changes: Any) -> ThresholdOutcome:
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"threshold_set": "scoap15_2_2", **changes})
    assert isinstance(spec, ThresholdOutcome)
    return spec


def own() -> Definition:
    return parse_definition(OWN, name="own")


def collect(frame: pd.DataFrame, name: str, **choices: Any) -> Cohort:
    """Build the cohort of an outcome on a registry of these rows."""
    registry = read_registry(frame, own())
    study = make_study(outcomes=(name,), threshold_sets={"odi_mcid_12m": "scoap15_2_2"}, **choices)
    return build_cohort(registry, build_outcome(name, study, registry.definition, registry.columns), study)


# ---- events before a visit ----


def test_who_was_reoperated_or_died_is_settled_only_where_that_is_a_failure():
    frame = pd.DataFrame(
        {
            "odi_0": 50.0, "odi_12m": [NA, 20, NA, NA, 20], "reoperation_days": [90, 90, NA, NA, 400],
            "death_days": [NA, NA, 300, NA, NA],
        }
    )  # fmt: skip
    columns = tuple(frame)
    both = build(odi(), columns=columns)
    assert both.settled is not None
    assert both.settled(frame).tolist() == [True, True, True, False, False]
    assert np.isfinite(both.occurred(frame)[both.settled(frame)]).all()
    dead = build(odi(), columns=columns, reoperated="weight")
    assert dead.settled is not None
    assert dead.settled(frame).tolist() == [False, False, True, False, False]
    assert build(odi(), columns=columns, reoperated="as_scored", died="exclude").settled is None


def test_an_event_before_the_last_visit_that_was_due_counts_although_an_earlier_one_was_answered():
    spec = odi(follow_up=("odi_3m", "odi_12m"))
    frame = pd.DataFrame({"odi_0": 50.0, "odi_3m": 20.0, "odi_12m": [NA, NA, 20], "reoperation_days": [200, 400, 200]})
    assert build(spec, columns=tuple(frame)).occurred(frame).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("columns", "words", "expected"),
    [
        ({"adjacent_reoperation_days": [NA, 100, NA]}, "the first of adjacent reoperation days", [1, 0, 1]),
        (
            {"same_level_reoperation_days": [90, 500, NA], "other_level_reoperation_days": [NA, 100, 500]},
            "the first of same level reoperation days, other level reoperation days",
            [0, 0, 1],
        ),
        # the column of all reoperations has the last word
        ({"reoperation_days": [NA, NA, 90], "same_level_reoperation_days": [90, NA, NA]}, "", [1, 1, 0]),
    ],
)
def test_reoperations_are_read_where_the_data_have_them(
    columns: dict[str, list[float]], words: str, expected: list[float]
):
    frame = pd.DataFrame({"odi_0": [50.0] * 3, "odi_12m": [20.0] * 3, **columns})
    outcome = build(odi(), columns=tuple(frame), died="as_scored")
    assert outcome.occurred(frame).tolist() == expected
    assert words in outcome.rule
    assert not outcome.doubts
    assert set(outcome.optional) <= set(columns)


def test_data_that_record_no_reoperations_say_so():
    frame = pd.DataFrame({"odi_0": [50.0], "odi_12m": [20.0], "death_days": [NA]})
    outcome = build(odi(), columns=tuple(frame))
    assert "the data do not record reoperations" in outcome.rule
    (doubt,) = outcome.doubts
    assert doubt == (
        "the data do not record reoperations, so that patients who were reoperated before the visit keep what was "
        "recorded at the visit, although the study counts them as failures"
    )
    assert not build(odi(), columns=tuple(frame), reoperated="as_scored").doubts
    # without data that is the definition, of which nothing is in doubt
    assert not build(odi()).doubts


def test_data_that_record_no_deaths_leave_the_dead_unknown():
    frame = pd.DataFrame({"odi_0": [50.0, 50.0], "odi_12m": [20.0, NA], "reoperation_days": [NA, NA]})
    outcome = build(odi(), columns=tuple(frame))
    words = "the data do not record deaths, so that patients who died before the visit count as of unknown outcome"
    assert outcome.rule.endswith(words)
    assert outcome.doubts == (f"{words}, although the study counts them as failures",)
    # the second row did not answer, as the dead do not
    np.testing.assert_array_equal(outcome.occurred(frame), [1.0, np.nan])


def test_a_second_operation_that_is_entered_as_a_new_row_is_a_reoperation():
    frame = pd.DataFrame(
        {
            "patient": ["a", "b", "a", "c", "c", "d", "d", "e"],
            "operation_date": pd.to_datetime(
                ["2020-01-01", "2020-01-01", "2020-07-01", "2020-01-01", "2022-01-01", "2020-01-01", "2020-01-01",
                 "2020-01-01"]
            ),
            "age": [50.0, 51, 50, 52, 54, 53, 53, 54], "odi_0": 50.0, "odi_12m": [20.0] * 7 + [45.0],
            "side": ["left"] * 6 + ["right", "left"],
        }
    )  # fmt: skip
    cohort = collect(frame.drop(columns="side"), "odi_mcid_12m", died="as_scored")
    days = cohort.basis[NEXT_OPERATION]
    # 182 days from the first of January to the first of July of a leap year, 731 to January two years on
    np.testing.assert_array_equal(days[cohort.patient == "a"], [182, NA])
    np.testing.assert_array_equal(days[cohort.patient == "c"], [731, NA])
    assert days[np.isin(cohort.patient, ["b", "d", "e"])].isna().all()
    found = dict(zip(zip(cohort.patient, days.isna(), strict=True), cohort.y, strict=True))
    assert found["a", False] == 0
    assert found["a", True] == found["c", False] == found["b", True] == 1
    assert found["e", True] == 0
    assert "taken from the next operation of the same patient" in cohort.outcome.rule
    assert cohort.settled is not None
    assert cohort.settled.sum() == 1


# ---- scores ----


def score() -> ScoreOutcome:
    return ScoreOutcome(
        name="odi_score", title="ODI", kind="score", desirable=False, horizon="12 months", instrument="odi",
        baseline="odi_0", follow_up="odi_12m", threshold_sets=("scoap15_2_2",),
    )  # fmt: skip


def test_the_dead_have_no_score_and_leave_counted():
    frame = pd.DataFrame(
        {"odi_0": 50.0, "odi_12m": [20, NA, NA], "reoperation_days": [100, NA, NA], "death_days": [NA, 200, NA]}
    )
    outcome = build(score(), columns=tuple(frame))
    (dead,) = outcome.excluded
    assert dead.reason == "died before the visit: left out by choice of the study"
    assert dead.keep(frame).tolist() == [True, False, True]
    np.testing.assert_array_equal(outcome.occurred(frame), [20, NA, NA])
    assert outcome.settled is None


def test_a_derived_threshold_says_that_it_is_another_one_than_the_outcome_of_that_threshold():
    frame = pd.DataFrame({"odi_0": [50.0], "odi_12m": [20.0], "reoperation_days": [NA], "death_days": [NA]})
    scored = build(score(), columns=tuple(frame)).score
    assert scored is not None
    assert "not to be compared with an outcome of kind threshold, in which patients who were reoperated or died" in (
        scored.derived[0].rule
    )
    as_scored = build(score(), columns=tuple(frame), reoperated="as_scored", died="as_scored").score
    assert as_scored is not None
    assert "not to be compared" not in as_scored.derived[0].rule


# ---- known only because of what occurred ----


INFECTIONS = pd.DataFrame(
    {
        "age": [50.0, 51, 52, 53, 54, 55],
        "pneumonia_30d": [1, 1, 0, 0, NA, 0],
        "urinary_tract_infection_30d": [0, NA, 0, NA, NA, 1],
    }
)


def test_an_event_that_is_known_although_the_rest_is_not_recorded_carries_no_weight():
    cohort = collect(INFECTIONS, "any_infection")
    np.testing.assert_array_equal(cohort.y, [1, 1, 0, NA, NA, 1])
    assert cohort.counted.tolist() == [True, False, True, False, False, True]
    np.testing.assert_array_equal(cohort.y_counted, [1, NA, 0, NA, NA, 1])
    assert (cohort.n, cohort.events) == (3, 2)
    (unknown, partly, analysed) = cohort.flow.tail(3).itertuples()
    assert (unknown.excluded, unknown.remaining) == (2, 4)
    assert (partly.excluded, partly.remaining) == (1, 3)
    assert "though not all that it is made of is recorded: kept with weight 0, as such patients are known" in (
        partly.reason
    )
    assert (analysed.remaining, analysed.events) == (3, 2)


def test_among_complete_cases_such_patients_are_left_out_and_counted():
    cohort = collect(INFECTIONS, "any_infection", non_response="complete_cases")
    assert cohort.y.tolist() == [1, 0, 1]
    partly = cohort.flow.iloc[-2]
    assert (partly["excluded"], partly["remaining"]) == (1, 3)
    assert "though not all that it is made of is recorded: left out" in partly["reason"]


def test_among_complete_cases_the_settled_are_said_to_be_over_represented():
    frame = pd.DataFrame(
        {"age": [50.0, 51, 52], "odi_0": 50.0, "odi_12m": [20, NA, NA], "reoperation_days": [NA, 90, NA]}
    )
    cohort = collect(frame, "odi_mcid_12m", non_response="complete_cases", died="as_scored")
    assert cohort.y.tolist() == [1, 0]
    assert "who is decided by an event without an answer stays, and is over-represented" in " ".join(
        cohort.flow["reason"]
    )
    (doubt,) = cohort.outcome.doubts
    assert "among complete cases failures are over-represented" in doubt
    assert not collect(frame, "odi_mcid_12m", died="as_scored").outcome.doubts


def event(**keys: Any) -> Outcome:
    name = {"name": "e", "title": "Event", "kind": "event", "desirable": False, "horizon": "x"}
    return build(EventOutcome(**{**name, **keys}))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, [True, False, False]),
        ({"missing": "all_needed"}, [True, False, False]),
        ({"missing": "known_only"}, [True, True, False]),
        ({"followed": "seen"}, [False, False, False]),
        ({"followed": "seen", "missing": "known_only"}, [False, True, False]),
    ],
)
def test_all_flags_recorded_and_the_window_observed(keys: dict[str, Any], expected: list[bool]):
    frame = pd.DataFrame({"a": [1, 1, NA], "b": [0, NA, NA], "seen": [0, 1, 1]})
    outcome = event(any_of=("a", "b"), **keys)
    assert outcome.answered is not None
    assert outcome.answered(frame).tolist() == expected


def test_who_was_followed_to_the_horizon_or_to_an_event_that_ended_follow_up_is_answered():
    clock = EventClock(events=("own",), competing=("death",), followed_until="until", horizon_days=730)
    frame = pd.DataFrame(
        # to the horizon; with an event and beyond, but not to the horizon; the same to the horizon; dead; lost; untimed
        {
            "own": [NA, 100, 100, NA, NA, 100], "death": [NA, NA, NA, 300, NA, NA],
            "until": [800, 400, 730, 300, 400, NA],
        }
    )  # fmt: skip
    assert clock.is_answered(frame).tolist() == [True, False, True, True, False, False]


def test_the_weights_of_an_event_by_a_horizon_are_those_of_its_day():
    frame = pd.DataFrame({"age": 50.0, "death_days": [100, NA, NA], "follow_up_days": [100, 400, 100]})
    cohort = collect(frame, "death_12m", reoperated="as_scored")
    assert cohort.answered is None
    np.testing.assert_array_equal(cohort.y, [1, 0, NA])
    assert cohort.counted.tolist() == [True, True, False]
