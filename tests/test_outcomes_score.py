"""The follow-up score as an outcome: what it is, when it is unknown, and which thresholds are derived from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build, make_study

from outcomes.cohort import build_cohort
from outcomes.kinds.score import list_derived
from outcomes.outcomes import build_outcomes
from pipelines.checks import check_study
from schemas.definition import parse_definition
from schemas.errors import StudyError
from schemas.registry import read_registry
from schemas.specs import ScoreOutcome
from schemas.study import parse_study

AS_SCORED = {"reoperated": "as_scored", "died": "as_scored"}


def spec(**changes: Any) -> ScoreOutcome:
    declared: dict[str, Any] = {
        "name": "odi_score", "title": "ODI at 12 months", "kind": "score", "desirable": False, "horizon": "12 months",
        "instrument": "odi", "baseline": "odi_0", "follow_up": "odi_12m",
        "threshold_sets": ("scoap15_2_2", "van_hooff2016_pass"),
    }  # fmt: skip
    return ScoreOutcome(**{**declared, **changes})


def patients() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "odi_0": [50.0, 60.0, 40.0, 10.0, np.nan],
            "odi_12m": [20.0, np.nan, 38.0, 4.0, 12.0],
            "reoperation_days": [np.nan, 90.0, 100.0, np.nan, np.nan],
            "death_days": [np.nan] * 5,
        }
    )


def test_the_outcome_is_the_score_and_an_absent_one_is_unknown():
    got = build(spec(), **AS_SCORED)
    np.testing.assert_array_equal(got.occurred(patients()), [20, np.nan, 38, 4, 12])
    assert got.needs == ("odi_0", "odi_12m")
    assert got.revealing == ("odi_12m",)
    assert got.unknown == "odi_12m not recorded"
    assert "0 to 100, lower is better" in got.rule
    assert not got.desirable
    assert got.score is not None
    assert got.score.instrument.name == "odi"


@pytest.mark.parametrize(
    ("choice", "expected", "words"),
    [
        ("fail", [20, np.nan, 38, 4, 12], "a score has no failure: {} have the score"),
        ("weight", [20, np.nan, np.nan, 4, 12], "{} count as of unknown outcome"),
        ("exclude", [20, np.nan, 38, 4, 12], "{} are left out"),
    ],
)
def test_a_reoperation_before_the_visit_is_what_the_study_says(choice: str, expected: list[float], words: str):
    got = build(spec(), reoperated=choice, died="as_scored")
    np.testing.assert_array_equal(got.occurred(patients()), expected)
    assert words.format("patients who were reoperated before the visit") in got.rule
    left_out = [criterion for criterion in got.excluded if not criterion.keep(patients()).all()]
    assert len(left_out) == (choice == "exclude")
    assert ("reoperation_days" in got.revealing) == (choice != "fail")


def test_every_threshold_set_is_a_result_of_its_own():
    got = build(spec())
    derived = list_derived([got])
    assert list(derived) == ["odi_score__scoap15_2_2", "odi_score__van_hooff2016_pass"]
    first, second = derived.values()
    assert (first.threshold.kind, first.threshold.value) == ("absolute_change", 15)
    assert (second.threshold.kind, second.threshold.value) == ("final_score", 22)
    assert first.desirable
    assert first.attainable_only
    assert not list_derived([build(spec(), unattainable="fail")])["odi_score__scoap15_2_2"].attainable_only
    assert "Khor 2018" in first.rule


def test_a_baseline_is_needed_only_for_a_change():
    of_change, of_state, alone = (
        build(spec(threshold_sets=sets)) for sets in (("scoap15_2_2",), ("van_hooff2016_pass",), ())
    )
    (recorded,) = of_change.eligible
    np.testing.assert_array_equal(recorded.keep(patients()), [True, True, True, True, False])
    assert of_state.eligible == alone.eligible == ()


def test_names_that_nothing_stands_for_are_refused():
    with pytest.raises(StudyError, match="the instrument of odi_score must be a known name, got 'odx'"):
        build(spec(instrument="odx"))
    with pytest.raises(StudyError, match="the threshold set of odi_score must be a known name, got 'scoap'"):
        build(spec(threshold_sets=("scoap",)))
    with pytest.raises(StudyError, match="must cover 'odi', got 'young2009'"):
        build(spec(threshold_sets=("young2009",)))


OWN = """
name = "own"
title = "Own"
base = "lumbar"
required = ["odi_0"]
[outcomes.odi_score]
title = "ODI at 12 months"
kind = "score"
desirable = false
horizon = "12 months"
instrument = "odi"
baseline = "odi_0"
follow_up = "odi_12m"
threshold_sets = ["half_sd", "scoap15_2_2"]
text = "the score"
[threshold_sets.half_sd]
title = "Half a standard deviation"
method = "distribution"
population = "the training rows"
source = "Norman 2003"
[[threshold_sets.half_sd.thresholds]]
instrument = "odi"
kind = "sd_of_baseline"
value = 0.5
"""

STUDY = """
title = "t"
definition = "own"
seed = 1
outcomes = ["odi_score"]
predictors = ["age"]
"""


def test_a_threshold_that_is_estimated_cannot_be_derived():
    study = parse_study(STUDY, folder=Path())
    with pytest.raises(StudyError, match=r"must be fixed beforehand, got 'half_sd' \(.*\), which is estimated"):
        build_outcomes(study, parse_definition(OWN, name="own"))


def test_the_baseline_of_a_change_must_be_a_predictor_and_decisions_may_be_about_what_is_derived():
    text = OWN.replace('"half_sd", ', "")
    definition = parse_definition(text, name="own")
    frame = pd.DataFrame({"age": [50, 60], "sex": ["male", "female"], "odi_0": [40, 50], "odi_12m": [20, 10]})
    registry = read_registry(frame, definition)
    study = parse_study(STUDY, folder=Path())
    outcomes = build_outcomes(study, definition, registry.columns)
    with pytest.raises(
        StudyError, match="the predictors must have 'odi_0', as odi_score derives the thresholds scoap15"
    ):
        check_study(study, registry, outcomes)
    check_study(study.model_copy(update={"predictors": ("age", "odi_0")}), registry, outcomes)
    decision = '[threshold_probabilities.odi_score__scoap15_2_2]\nvalues = [0.3]\naction = "a visit"\n'
    assert build_outcomes(parse_study(STUDY + decision, folder=Path()), definition)
    wrong = decision.replace("odi_score__scoap15_2_2", "odi_score__copay2008")
    with pytest.raises(StudyError, match=r"an outcome under \[threshold_probabilities\] must be a known name"):
        build_outcomes(parse_study(STUDY + wrong, folder=Path()), definition)


def test_a_cohort_of_a_score_has_no_events():
    definition = parse_definition(OWN.replace('"half_sd", ', ""), name="own")
    frame = pd.DataFrame({"age": [50, 60, 70], "odi_0": [40, 50, 60], "odi_12m": [20, 1, np.nan]})
    registry = read_registry(frame, definition)
    study = replace_outcomes("odi_score")
    cohort = build_cohort(registry, build_outcomes(study, definition, registry.columns)["odi_score"], study)
    assert (cohort.n, cohort.events) == (2, 0)
    np.testing.assert_array_equal(cohort.y, [20, 1, np.nan])
    last = cohort.flow.iloc[-1]
    assert last["remaining"] == 2
    assert np.isnan(last["events"])


def replace_outcomes(name: str) -> Any:
    return make_study(outcomes=(name,), predictors=("age", "odi_0"))
