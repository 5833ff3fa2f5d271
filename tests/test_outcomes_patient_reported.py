"""Thresholds of patient-reported scores, against hand-made tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcome_builds import build

from outcomes.instruments import INSTRUMENTS
from outcomes.outcomes import OUTCOMES
from outcomes.threshold_rules import attainable, improvement, reached
from schemas.errors import StudyError
from schemas.specs import ThresholdSpec

ODI = INSTRUMENTS["odi"]
MJOA = INSTRUMENTS["mjoa"]


def change(instrument: str, value: float) -> ThresholdSpec:
    return ThresholdSpec(instrument=instrument, kind="absolute_change", value=value)


def test_a_change_that_meets_the_threshold_exactly_counts():
    baseline = np.array([40.0, 40.0, 40.0, np.nan, 40.0])
    follow_up = np.array([25.0, 26.0, 55.0, 10.0, np.nan])
    got = reached(baseline, follow_up, instrument=ODI, threshold=change("odi", 15))
    np.testing.assert_array_equal(got, [1, 0, 0, np.nan, np.nan])


def test_rounding_does_not_lose_a_change_met_exactly():
    got = reached(np.array([0.3]), np.array([0.2]), instrument=INSTRUMENTS["nrs_leg"], threshold=change("nrs_leg", 0.1))
    assert got[0] == 1


def test_higher_is_better_turns_the_sign():
    got = reached(np.array([10.0, 10.0]), np.array([12.0, 8.0]), instrument=MJOA, threshold=change("mjoa", 2))
    np.testing.assert_array_equal(got, [1, 0])


def test_percent_change_is_of_the_baseline_and_needs_an_improvement():
    threshold = ThresholdSpec(instrument="odi", kind="percent_change", value=30)
    got = reached(np.array([50.0, 50.0, 0.0]), np.array([35.0, 36.0, 0.0]), instrument=ODI, threshold=threshold)
    np.testing.assert_array_equal(got, [1, 0, 0])


def test_final_score_looks_at_the_follow_up_alone():
    threshold = ThresholdSpec(instrument="odi", kind="final_score", value=22)
    got = reached(np.array([24.0, 80.0]), np.array([22.0, 23.0]), instrument=ODI, threshold=threshold)
    np.testing.assert_array_equal(got, [1, 0])


@pytest.mark.parametrize(("baseline", "expected"), [(14.0, False), (15.0, True), (100.0, True)])
def test_attainable_needs_room_below_the_baseline(baseline: float, expected: bool):
    assert attainable(np.array([baseline]), instrument=ODI, threshold=change("odi", 15))[0] == expected


def test_attainable_needs_room_above_for_a_score_where_higher_is_better():
    got = attainable(np.array([16.0, 17.0]), instrument=MJOA, threshold=change("mjoa", 2))
    np.testing.assert_array_equal(got, [True, False])


@given(
    baseline=st.floats(0, 100), follow_up=st.floats(0, 100), value=st.floats(1, 50),
    kind=st.sampled_from(["absolute_change", "percent_change", "final_score"]),
)  # fmt: skip
def test_nobody_reaches_what_was_not_attainable(baseline: float, follow_up: float, value: float, kind: str):
    threshold = ThresholdSpec(instrument="odi", kind=kind, value=value)
    scores = np.array([baseline]), np.array([follow_up])
    if reached(*scores, instrument=ODI, threshold=threshold)[0] == 1:
        assert attainable(scores[0], instrument=ODI, threshold=threshold)[0]


@given(baseline=st.floats(0, 100), follow_up=st.floats(0, 100))
def test_improvement_of_a_mirrored_instrument_is_the_same(baseline: float, follow_up: float):
    mirrored = ODI.model_copy(update={"direction": "higher_is_better"})
    got = improvement(100 - np.array([baseline]), 100 - np.array([follow_up]), mirrored)
    np.testing.assert_allclose(got, improvement(np.array([baseline]), np.array([follow_up]), ODI), atol=1e-9)


def test_unattainable_patients_are_excluded_or_fail_by_choice():
    frame = pd.DataFrame({"odi_0": [10.0, 40.0], "odi_12m": [0.0, 20.0]})
    made = {choice: build(OUTCOMES["odi_mcid_12m"], columns=(), unattainable=choice) for choice in ("exclude", "fail")}
    kept = [np.logical_and.reduce([c.keep(frame) for c in o.eligible]).tolist() for o in made.values()]
    assert kept == [[False, True], [True, True]]
    np.testing.assert_array_equal(made["fail"].occurred(frame), [0, 1])


def test_a_set_without_the_instrument_is_refused():
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"threshold_set": "young2009"})
    with pytest.raises(StudyError, match="must cover 'odi', got 'young2009', which covers ndi"):
        build(spec)


def test_an_unknown_set_is_refused_with_the_nearest():
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"threshold_set": "scoap15"})
    with pytest.raises(StudyError, match="nearest is 'scoap15_2_2'"):
        build(spec)
