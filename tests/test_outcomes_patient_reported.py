"""Outcomes from scores: who is left out, fails or is unknown, and what is learned from training rows."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build, make_context, make_study

from outcomes.cohort import build_cohort, learn_threshold
from outcomes.instruments import INSTRUMENTS
from outcomes.kinds.threshold import list_covering_sets
from outcomes.outcome import Outcome
from outcomes.outcomes import ENTRIES, OUTCOMES, build_outcome
from outcomes.threshold_rules import describe_rule
from outcomes.thresholds import THRESHOLD_SETS
from schemas.definition import parse_definition, read_definition
from schemas.errors import StudyError
from schemas.specs import ScoreOutcome, ThresholdOutcome
from schemas.synthetic import simulate_registry

EVENTS = ("reoperation_days", "death_days")
SCORE_ENTRIES = [spec for spec in ENTRIES if isinstance(spec, ThresholdOutcome | ScoreOutcome)]
REACHED = {"odi_0": 60.0, "odi_12m": 20.0}


def make_frame(*rows: dict[str, float]) -> pd.DataFrame:
    """Return patients who reached 15 points, but for what their row says."""
    columns = dict.fromkeys((*EVENTS, "visit_days_12m"), np.nan)
    return pd.DataFrame([{**columns, **REACHED, **row} for row in rows], dtype=np.float64)


def occurred(frame: pd.DataFrame, name: str = "odi_mcid_12m", **choices: Any) -> list[float]:
    return build(OUTCOMES[name], columns=tuple(frame), **choices).occurred(frame).tolist()


def stay(outcome: Outcome, frame: pd.DataFrame) -> list[bool]:
    """Return who is left after all steps but those of the unknown."""
    return np.logical_and.reduce([step.keep(frame) for step in (*outcome.eligible, *outcome.excluded)]).tolist()


def test_unattainable_patients_are_excluded_or_fail_by_choice():
    frame = make_frame({"odi_0": 10, "odi_12m": 0}, {})
    made = {choice: build(OUTCOMES["odi_mcid_12m"], columns=(), unattainable=choice) for choice in ("exclude", "fail")}
    assert [stay(outcome, frame) for outcome in made.values()] == [[False, True], [True, True]]
    assert made["fail"].occurred(frame).tolist() == [0, 1]
    assert made["fail"].attainable is not None
    assert made["fail"].attainable(frame).tolist() == [False, True]


def test_a_patient_without_deficit_before_is_left_out_of_the_myelopathy_outcome():
    frame = pd.DataFrame({"mjoa_0": [18.0, 17.0, 11.0], "mjoa_12m": [18.0, 18.0, 13.0]})
    outcome = build(OUTCOMES["mjoa_mcid_12m"], columns=tuple(frame))
    assert stay(outcome, frame) == [False, True, True]
    assert outcome.occurred(frame).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("choice", "expected", "left"),
    [("fail", [0, 0, 1], [True] * 3), ("weight", [np.nan, np.nan, 1], [True] * 3),
     ("as_scored", [1, np.nan, 1], [True] * 3), ("exclude", [1, np.nan, 1], [False, False, True])],
)  # fmt: skip
@pytest.mark.parametrize(("key", "column"), [("reoperated", "reoperation_days"), ("died", "death_days")])
def test_what_came_before_the_visit_is_what_the_study_says(
    choice: str, expected: list[float], left: list[bool], key: str, column: str
):
    frame = make_frame({column: 200}, {column: 200, "odi_12m": np.nan}, {column: 400})
    outcome = build(OUTCOMES["odi_mcid_12m"], columns=tuple(frame), **{key: choice})
    np.testing.assert_array_equal(outcome.occurred(frame), expected)
    assert stay(outcome, frame) == left
    assert (column in outcome.optional) == (choice != "as_scored")


def test_the_recorded_day_of_the_visit_counts_and_else_the_planned_one():
    # reoperated on day 380: after the visit due on day 365, before one that was made on day 400
    frame = make_frame({"reoperation_days": 380}, {"reoperation_days": 380, "visit_days_12m": 400})
    assert occurred(frame) == [1, 0]
    assert occurred(make_frame({"reoperation_days": 300, "visit_days_12m": 290})) == [1]
    assert occurred(make_frame({"reoperation_days": 365})) == [1]


def test_the_day_of_the_visit_goes_along_with_what_the_outcome_is_made_of():
    outcome = build(OUTCOMES["odi_mcid_12m"], columns=(*EVENTS, "visit_days_12m"))
    assert "visit_days_12m" in outcome.optional
    assert "visit_days_12m" in outcome.revealing
    assert "visit_days_12m" not in build(OUTCOMES["odi_mcid_12m"], columns=("visit_days_12m",)).optional


def test_a_failure_that_is_known_stays_known_whatever_else_happened():
    frame = make_frame({"reoperation_days": 100, "death_days": 200}, {"death_days": 200})
    np.testing.assert_array_equal(occurred(frame, reoperated="fail", died="weight"), [0, np.nan])
    np.testing.assert_array_equal(occurred(frame, reoperated="weight", died="fail"), [0, 0])


@pytest.mark.parametrize("name", ["odi_worse_12m", "odi_failure_12m"])
def test_of_bad_news_the_failure_is_that_it_happened(name: str):
    frame = make_frame({"reoperation_days": 200}, {})
    assert occurred(frame, name) == [1, 0]


def test_the_unknown_by_choice_are_counted_as_such():
    outcome = build(OUTCOMES["odi_mcid_12m"], columns=EVENTS, reoperated="weight")
    assert outcome.unknown == "odi_12m not recorded or reoperated before the visit"
    frame = make_frame({"reoperation_days": 200}, {})
    assert outcome.observed[0].keep(frame).tolist() == [False, True]


LAST = make_frame(
    {"comi_back_3m": 1, "comi_back_12m": 6, "comi_back_24m": np.nan},
    {"comi_back_3m": 1, "comi_back_12m": np.nan, "comi_back_24m": np.nan},
    {"comi_back_3m": np.nan, "comi_back_12m": np.nan, "comi_back_24m": 2},
    {"comi_back_3m": np.nan, "comi_back_12m": np.nan, "comi_back_24m": np.nan},
    # reoperated on day 200: before the last visit that was due, whether or not it was answered
    {"comi_back_3m": 1, "comi_back_12m": np.nan, "comi_back_24m": np.nan, "reoperation_days": 200},
    {"comi_back_3m": 1, "comi_back_12m": 1, "comi_back_24m": np.nan, "reoperation_days": 200},
    {"comi_back_3m": np.nan, "comi_back_12m": np.nan, "comi_back_24m": np.nan, "reoperation_days": 200},
).assign(comi_back_0=7.0)


def test_the_last_visit_that_is_known_counts():
    outcome = build(OUTCOMES["comi_back_mcid_last_24m"], columns=tuple(LAST))
    np.testing.assert_array_equal(outcome.occurred(LAST), [0, 1, 1, np.nan, 0, 0, 0])
    assert "the last known of comi_back_3m, comi_back_12m, comi_back_24m" in outcome.rule
    assert "none of comi_back_3m, comi_back_12m, comi_back_24m recorded" in outcome.unknown
    assert set(outcome.revealing) == {
        *(f"comi_back_{visit}" for visit in ("3m", "12m", "24m")),
        *EVENTS,
        "visit_days_12m",
    }


def test_a_visit_that_a_registry_adds_has_the_day_of_its_name():
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"follow_up": "odi_18m"})
    frame = make_frame({"reoperation_days": 500}, {"reoperation_days": 600}).assign(odi_18m=20.0)
    assert build(spec, columns=tuple(frame)).occurred(frame).tolist() == [0, 1]


def test_a_visit_whose_day_nobody_knows_has_nothing_before_it():
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"follow_up": "odi_final"})
    frame = make_frame({"reoperation_days": 1}).assign(odi_final=20.0)
    assert build(spec, columns=tuple(frame)).occurred(frame).tolist() == [1]
    dated = frame.assign(visit_days_final=30.0)
    assert build(spec, columns=tuple(dated)).occurred(dated).tolist() == [0]


def test_a_rating_at_follow_up_has_no_baseline():
    frame = pd.DataFrame({"pgic_12m": [1.0, 2.0, 3.0, 7.0, np.nan]})
    outcome = build(OUTCOMES["pgic_responder_12m"], columns=tuple(frame))
    assert outcome.needs == ("pgic_12m",)
    assert outcome.eligible == ()
    assert outcome.attainable is None
    np.testing.assert_array_equal(outcome.occurred(frame), [1, 1, 0, 0, np.nan])


def test_a_change_needs_a_baseline():
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"baseline": None})
    with pytest.raises(
        StudyError, match="the baseline of odi_mcid_12m must be given, as the set 'scoap15_2_2' asks for"
    ):
        build(spec)
    assert build(spec.model_copy(update={"threshold_set": "van_hooff2016_pass"})).needs == ("odi_12m",)


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("odi_mcid_12m", "young2009", "must cover 'odi', got 'young2009', which covers ndi"),
        ("odi_mcid_12m", "scoap15", "nearest is 'scoap15_2_2'"),
        ("odi_mcid_12m", "werner2017_failure", "must mark an improvement or a good state, as desirable = true, got "
         "'werner2017_failure', which marks a worsening or a failure"),
        ("odi_worse_12m", "scoap15_2_2", "must mark a worsening or a failure, as desirable = false, got 'scoap15_2_2'"),
        ("ndi_mcid_12m", "carreon2010_cervical", "the threshold of ndi in the set carreon2010_cervical must be of a"),
        ("ndi_mcid_12m", "auffinger2013", "the threshold of ndi in the set auffinger2013 must be of a known scale"),
    ],
)  # fmt: skip
def test_a_set_that_does_not_go_with_the_outcome_is_refused(name: str, chosen: str, message: str):
    with pytest.raises(StudyError, match=message):
        build(OUTCOMES[name].model_copy(update={"threshold_set": chosen}))


OWN = """
name = "own"
title = "Own"
base = "cervical"

[threshold_sets.carreon2010_of_50]
title = "NDI 7.5 of 50"
thresholds = [{ instrument = "ndi", kind = "absolute_change", value = 7.5, scale = 50 }]

[instruments.change_rating]
title = "Change, 7 is best"
low = 1
high = 7
direction = "higher_is_better"

[threshold_sets.much_better]
title = "Much better"
thresholds = [{ instrument = "change_rating", kind = "final_score", value = 2, direction = "lower_is_better" }]

[columns.change_rating_12m]
kind = "number"
range = [1, 7]
known_at = "followup"
text = "Change after 12 months, 7 is best."

[outcomes.much_better_12m]
title = "Much better at 12 months"
kind = "threshold"
desirable = true
horizon = "12 months"
instrument = "change_rating"
follow_up = "change_rating_12m"
threshold_set = "much_better"
"""


def test_the_way_out_of_an_unknown_scale_is_a_set_of_ones_own():
    study = make_study(threshold_sets={"ndi_mcid_12m": "carreon2010_of_50"})
    outcome = build_outcome("ndi_mcid_12m", study, parse_definition(OWN), ())
    assert outcome.occurred(pd.DataFrame({"ndi_0": [40.0, 40.0], "ndi_12m": [25.0, 26.0]})).tolist() == [1, 0]


def test_an_instrument_that_points_the_other_way_is_refused():
    with pytest.raises(StudyError, match="where lower is better, got 'change_rating', where higher is better"):
        build_outcome("much_better_12m", make_study(), parse_definition(OWN))
    turned = parse_definition(OWN.replace('value = 2, direction = "lower_is_better"', "value = 6"))
    outcome = build_outcome("much_better_12m", make_study(), turned, ())
    assert outcome.occurred(pd.DataFrame({"change_rating_12m": [5.0, 6.0]})).tolist() == [0, 1]


def half_sd(**choices: Any) -> Outcome:
    spec = OUTCOMES["odi_mcid_12m"].model_copy(update={"threshold_set": "half_sd_baseline"})
    return build(spec, columns=(), **choices)


def test_half_a_standard_deviation_is_that_of_the_rows_given():
    frame = pd.DataFrame({"odi_0": [20.0, 40.0, 60.0], "odi_12m": [9.0, 30.0, 50.5]})
    # the standard deviation of 20, 40, 60 is 20: ten points are asked
    assert half_sd(unattainable="fail").occurred(frame).tolist() == [1, 1, 0]
    training = pd.DataFrame({"odi_0": [30.0, 30.0, 48.0], "odi_12m": 0.0})
    learn = half_sd().learn
    assert learn is not None
    learned = learn(training)
    # the standard deviation of 30, 30, 48 is 6 times the root of 3, and half of it 5.196
    threshold = 3 * np.sqrt(3)
    after = pd.DataFrame({"odi_0": 40.0, "odi_12m": [40 - threshold - 0.01, 40 - threshold + 0.01]})
    assert learned.occurred(after).tolist() == [1, 0]
    assert learned.learn is None
    assert "learned: Oswestry Disability Index: improvement of at least 5.19615 points" in learned.rule


def test_the_label_of_a_training_part_is_learned_from_it_alone():
    registry = simulate_registry("lumbar", n=400, seed=5)
    study = make_study(threshold_sets={"odi_mcid_12m": "half_sd_baseline"}, unattainable="fail")
    outcome = build_outcome("odi_mcid_12m", study, registry.definition, tuple(registry.frame))
    cohort = build_cohort(registry, outcome, study)
    before = cohort.basis["odi_0"].to_numpy(dtype=np.float64)
    rows = np.argsort(before, kind="stable")[len(before) // 4 : -len(before) // 4].astype(np.int64)
    learned = learn_threshold(cohort, rows)
    asked = [0.5 * np.std(before[part], ddof=1) for part in (rows, np.arange(len(before)))]
    assert asked[0] < 0.6 * asked[1]
    fall = before - cohort.basis["odi_12m"].to_numpy(dtype=np.float64)
    scored = np.isfinite(fall) & cohort.basis[list(outcome.optional[:2])].isna().all(axis=1).to_numpy()
    for made, threshold in zip((learned, cohort), asked, strict=True):
        np.testing.assert_array_equal(made.y[scored], fall[scored] >= threshold - 1e-9)
    assert (learned.y != cohort.y)[scored].any()


@pytest.mark.parametrize("unattainable", ["exclude", "fail"])
def test_outcomes_can_be_sent_to_another_process(unattainable: str):
    training = pd.DataFrame({"odi_0": [30.0, 30.0, 48.0], "odi_12m": [0.0, 26.0, 40.0]})
    learn = pickle.loads(pickle.dumps(half_sd(unattainable=unattainable))).learn
    assert learn(training).occurred(training).tolist() == [1, 0, 1]
    again = pickle.loads(pickle.dumps(build(OUTCOMES["odi_mcid_12m"], columns=EVENTS, unattainable=unattainable)))
    assert again.occurred(make_frame({}, {"odi_12m": 50.0})).tolist() == [1, 0]


def test_no_outcome_stands_twice():
    # a dict made of entries keeps the last of two with one name, in silence
    assert len(OUTCOMES) == len(ENTRIES)


def test_the_default_sets_of_the_first_outcomes_stand():
    names = ("odi_mcid_12m", "leg_pain_mcid_12m", "back_pain_mcid_12m", "ndi_mcid_12m", "odi_mcid_24m")
    specs = [OUTCOMES[name] for name in names]
    assert [spec.threshold_set for spec in specs if isinstance(spec, ThresholdOutcome)] == [
        "scoap15_2_2", "scoap15_2_2", "scoap15_2_2", "qod2025_csm", "scoap15_2_2",
    ]  # fmt: skip


THRESHOLD_ENTRIES = [spec for spec in SCORE_ENTRIES if isinstance(spec, ThresholdOutcome)]


def test_one_name_means_one_definition_at_every_visit():
    rules: dict[str, set[str]] = {}
    for spec in THRESHOLD_ENTRIES:
        if spec.threshold_set and isinstance(spec.follow_up, str):
            made = next(
                one for one in THRESHOLD_SETS[spec.threshold_set].thresholds if one.instrument == spec.instrument
            )
            rules.setdefault(spec.name.rpartition("_")[0], set()).add(describe_rule(made))
    assert {name: found for name, found in rules.items() if len(found) > 1} == {}


def test_no_default_was_derived_in_patients_of_another_kind():
    """Not in cancer, lungs or arms; and of a generic instrument not in one disease of the neck or the back."""
    for spec in THRESHOLD_ENTRIES:
        if spec.threshold_set and spec.name.rpartition("_")[0].endswith("_mcid"):
            population = THRESHOLD_SETS[spec.threshold_set].population
            assert "not spine surgery" not in population, spec.name
            generic = INSTRUMENTS[spec.instrument].region == "generic"
            assert not generic or population == "spine clinic", spec.name


def test_an_outcome_without_a_default_names_the_sets_to_choose_from():
    spec = OUTCOMES["eq5d_mcid_12m"]
    assert isinstance(spec, ThresholdOutcome)
    with pytest.raises(StudyError, match="the threshold set of eq5d_mcid_12m must be named by the study") as caught:
        build_outcome(spec.name, make_study(), read_definition("lumbar"), ())
    choices = list_covering_sets(spec, make_context())
    assert set(choices) == {
        "parker2011_tlif", "parai2020_mic", "parai2020_sdc", "norspine_success_ldh_v2013", "parker2013_acdf",
        "qod2025_csm", "walters2005", "half_sd_baseline",
    }  # fmt: skip
    assert all(f"{name} ({THRESHOLD_SETS[name].population})" in str(caught.value) for name in choices)
    for name in choices:
        study = make_study(threshold_sets={spec.name: name})
        assert build_outcome(spec.name, study, read_definition("lumbar"), ()).threshold_set == name


def test_a_score_of_an_unknown_scale_is_not_among_the_sets_to_choose_from():
    spec = OUTCOMES["ndi_mcid_12m"]
    assert isinstance(spec, ThresholdOutcome)
    choices = list_covering_sets(spec, make_context())
    assert {"young2009", "young2009_advised", "qod2025_csm", "parker2013_acdf"} <= set(choices)
    assert not {"carreon2010_cervical", "auffinger2013", "any_worsening"} & set(choices)


def test_a_final_score_needs_no_baseline():
    frame = make_frame({"odi_0": np.nan}, {"odi_0": np.nan, "odi_12m": 30.0}, {"odi_12m": np.nan})
    outcome = build(OUTCOMES["odi_pass_12m"], columns=tuple(frame))
    assert "odi_0" not in outcome.needs
    assert (outcome.eligible, outcome.excluded, outcome.attainable) == ((), (), None)
    np.testing.assert_array_equal(outcome.occurred(frame), [1, 0, np.nan])
    either = build(OUTCOMES["odi_improved_or_pass_12m"], columns=tuple(frame))
    assert stay(either, frame) == [False, False, True]


@pytest.mark.parametrize("unattainable", ["exclude", "fail"])
def test_who_was_and_stays_good_cannot_be_judged_and_leaves(unattainable: str):
    pairs = [(95, 92), (95, 89), (60, 92), (60, 70), (95, np.nan)]
    frame = pd.DataFrame(pairs, columns=["joabpeq_pain_0", "joabpeq_pain_12m"], dtype=np.float64)
    outcome = build(OUTCOMES["joabpeq_pain_effective_12m"], columns=(), unattainable=unattainable)
    assert stay(outcome, frame) == [False, True, True, True, True]
    np.testing.assert_array_equal(outcome.occurred(frame), [np.nan, 0, 1, 0, np.nan])
    assert any("cannot be judged" in step.reason for step in outcome.excluded)


@pytest.mark.parametrize(
    "spec", [spec for spec in SCORE_ENTRIES if isinstance(spec, ScoreOutcome)], ids=lambda spec: spec.name
)
def test_a_score_names_sets_of_its_instrument_and_its_direction(spec: ScoreOutcome):
    assert spec.desirable == (INSTRUMENTS[spec.instrument].direction == "higher_is_better")
    assert len(set(spec.threshold_sets)) == len(spec.threshold_sets)
    for name in spec.threshold_sets:
        assert spec.instrument in {threshold.instrument for threshold in THRESHOLD_SETS[name].thresholds}


@pytest.mark.parametrize("definition", ["lumbar", "cervical", "deformity"])
def test_every_cohort_has_outcomes_from_its_scores(definition: str):
    known = read_definition(definition).columns_of()
    assert sum(set(spec.columns()) <= set(known) for spec in SCORE_ENTRIES) >= 40
