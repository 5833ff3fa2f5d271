"""Published equations: the worked examples to the last digit, every recoding at its edges, unknown stays unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.beside.published import PUBLISHED_MODELS
from pipelines.beside.published_entries.swespine import (
    LEG_PAIN,
    LEG_PAIN_THRESHOLDS,
    OTHER_ILLNESS,
    SATISFACTION,
    compute_leg_pain_answers,
)
from pipelines.beside.published_model import PublishedModel
from pipelines.prepare import prepare_study
from schemas.columns import COLUMNS
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry

SHARED = Path(__file__).parents[2] / "shared" / "data" / "swespine_published_model" / "swespine_disc_herniation.json"
LEG, SATISFIED = PUBLISHED_MODELS["swespine_leg_pain"], PUBLISHED_MODELS["swespine_satisfaction"]
EACH = pytest.mark.parametrize("model", PUBLISHED_MODELS.values(), ids=PUBLISHED_MODELS)

NAMES = (
    "AgeAtSurgery", "Female", "IsUnemployed", "HasSickPension", "HasAgePension", "IsSmoker", "IsPreviouslyOperated",
    "HasOtherIllness", "EQ5DIndex", "AbilityWalking", "DurationLegPain", "DurationBackPain", "NRSBackPain", "ODI",
)  # fmt: skip
EXAMPLES: dict[str, tuple[tuple[float, ...], float, tuple[float, ...], float, float]] = {
    "A": (
        (60, 1, 0, 1, 0, 1, 1, 1, 0.69, 1, 4, 4, 8, 28),
        2.659759318, (0.060194521, 0.280641643, 0.246127946, 0.169420374, 0.243615517), 0.340836163, 0.311144562,
    ),
    "B": (
        (60, 1, 0, 1, 0, 0, 0, 0, 0.69, 1, 0, 0, 8, 28),
        0.916939259, (0.575219008, 0.333455661, 0.066476813, 0.017454723, 0.007393796), 0.908674669, 0.764569324,
    ),
    "C": (
        (42, 0, 0, 0, 0, 0, 0, 0, 0.26, 3, 2, 2, 4, 46),
        1.208613854, (0.459379424, 0.391674286, 0.101574375, 0.031430042, 0.015941872), 0.85105371, 0.892404896,
    ),
}  # fmt: skip
"""Worked examples: inputs, linear predictor and answers on leg pain, its success, satisfaction; to nine digits."""

PATIENT: dict[str, Any] = {
    "age": 60.0, "sex": "female", "odi_0": 28.0, "nrs_back_0": 8.0, "nrs_leg_0": 7.0, "eq5d_index_0": 0.69,
    "walking_distance_m": 300.0, "leg_pain_duration_months": 40.0, "back_pain_duration_months": 30.0,
    "smoking": "current", "previous_spine_surgery": 1.0, "employment": "disability", "heart_disease": 1.0,
    **dict.fromkeys(OTHER_ILLNESS[1:], 0.0),
}  # fmt: skip
"""Patient A in our columns."""


def frame(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame([{**PATIENT, **changes}])


def inputs_of(values: tuple[float, ...]) -> dict[str, np.ndarray]:
    return {name: np.array([float(value)]) for name, value in zip(NAMES, values, strict=True)}


@pytest.mark.parametrize("example", EXAMPLES)
def test_worked_examples_come_out_to_nine_digits(example: str) -> None:
    values, worse, answers, success, satisfied = EXAMPLES[example]
    inputs = inputs_of(values)
    assert LEG_PAIN.compute(inputs)[0] == pytest.approx(worse, abs=1e-9)
    np.testing.assert_allclose(compute_leg_pain_answers(inputs)[0], answers, rtol=0, atol=1e-9)
    assert LEG.predict(inputs)[0] == pytest.approx(success, abs=1e-9)
    assert SATISFIED.predict(inputs)[0] == pytest.approx(satisfied, abs=1e-9)


@pytest.mark.skipif(not SHARED.exists(), reason="the transcribed file is not at hand")
def test_numbers_and_examples_are_those_of_the_transcription() -> None:
    source = json.loads(SHARED.read_text())
    probit, logistic = source["leg_pain_ordered_probit"], source["satisfaction_logistic"]
    assert list(LEG_PAIN_THRESHOLDS) == probit["thresholds"]
    assert SATISFACTION.constant == logistic["intercept"]
    for equation, printed in ((LEG_PAIN, probit), (SATISFACTION, logistic)):
        assert equation.slopes == printed["linear"] | printed["binary"]
        assert {name: list(terms) for name, terms in equation.classes.items()} == printed["categorical"]
    for example in source["worked_examples"].values():
        inputs = {name: np.array([float(value)]) for name, value in example["patient"].items()}
        assert LEG.predict(inputs)[0] == pytest.approx(example["leg_pain_success"], abs=1e-9)
        assert SATISFACTION.compute(inputs)[0] == pytest.approx(example["satisfaction_lp"], abs=1e-9)


def test_a_patient_in_our_columns_is_the_worked_example() -> None:
    assert LEG.compute(frame())[0] == pytest.approx(0.340836163, abs=1e-9)
    assert SATISFIED.compute(frame())[0] == pytest.approx(0.311144562, abs=1e-9)
    young = frame(
        age=42.0, sex="male", odi_0=46.0, nrs_back_0=4.0, eq5d_index_0=0.26, walking_distance_m=5000.0,
        leg_pain_duration_months=6.0, back_pain_duration_months=6.0, smoking="never", previous_spine_surgery=0.0,
        employment="working", heart_disease=0.0,
    )  # fmt: skip
    assert LEG.compute(young)[0] == pytest.approx(0.85105371, abs=1e-9)
    assert SATISFIED.compute(young)[0] == pytest.approx(0.892404896, abs=1e-9)


@pytest.mark.parametrize(
    ("months", "code"),
    [(0, 1), (2.9, 1), (3, 2), (12, 2), (12.1, 3), (24, 3), (24.1, 4), (600, 4)],
)
@pytest.mark.parametrize(("region", "name"), [("leg", "DurationLegPain"), ("back", "DurationBackPain")])
def test_months_fall_into_their_classes(region: str, name: str, months: float, code: float) -> None:
    assert LEG.encode(frame(**{f"{region}_pain_duration_months": months}))[name][0] == code


@pytest.mark.parametrize(
    ("level", "code"), [("under_3_months", 1), ("3_to_12_months", 2), ("12_to_24_months", 3), ("over_24_months", 4)]
)
def test_a_class_of_duration_goes_before_months(level: str, code: float) -> None:
    own = frame(leg_pain_duration_class=level, leg_pain_duration_months=1.0 if code > 1 else 99.0)
    assert LEG.encode(own)["DurationLegPain"][0] == code
    without = own.assign(leg_pain_duration_class=None)
    assert LEG.encode(without)["DurationLegPain"][0] == (1 if code > 1 else 4)
    assert LEG.encode(own.drop(columns="leg_pain_duration_months"))["DurationLegPain"][0] == code


@pytest.mark.parametrize(
    ("pain", "months", "code"), [(0.0, np.nan, 0.0), (0.0, 6.0, 2.0), (3.0, np.nan, np.nan), (np.nan, np.nan, np.nan)]
)
def test_no_pain_is_a_score_of_0_without_a_duration(pain: float, months: float, code: float) -> None:
    found = LEG.encode(frame(nrs_leg_0=pain, leg_pain_duration_months=months))["DurationLegPain"][0]
    np.testing.assert_equal(found, code)


@pytest.mark.parametrize(
    ("metres", "code"), [(0, 0), (100, 0), (100.1, 1), (500, 1), (501, 2), (1000, 2), (1001, 3), (np.nan, np.nan)]
)
def test_walking_distance_falls_into_its_classes(metres: float, code: float) -> None:
    np.testing.assert_equal(LEG.encode(frame(walking_distance_m=metres))["AbilityWalking"][0], code)


@pytest.mark.parametrize(
    ("level", "unemployed", "sick", "retired"),
    [("working", 0, 0, 0), ("sick_leave", 0, 0, 0), ("unemployed", 1, 0, 0), ("disability", 0, 1, 0),
     ("retired", 0, 0, 1), (None, np.nan, np.nan, np.nan), ("student", np.nan, np.nan, np.nan)],
)  # fmt: skip
def test_employment_is_three_questions(level: str | None, unemployed: float, sick: float, retired: float) -> None:
    found = LEG.encode(frame(employment=level))
    got = [found[name][0] for name in ("IsUnemployed", "HasSickPension", "HasAgePension")]
    np.testing.assert_equal(got, [unemployed, sick, retired])


@pytest.mark.parametrize(("level", "code"), [("never", 0), ("former", 0), ("current", 1), (None, np.nan)])
def test_only_who_smokes_now_is_a_smoker(level: str | None, code: float) -> None:
    np.testing.assert_equal(LEG.encode(frame(smoking=level))["IsSmoker"][0], code)


@pytest.mark.parametrize(("level", "code"), [("female", 1), ("male", 0), ("other", np.nan), (None, np.nan)])
def test_sex_that_the_model_does_not_know_gives_no_prediction(level: str | None, code: float) -> None:
    own = frame(sex=level)
    np.testing.assert_equal(SATISFIED.encode(own)["Female"][0], code)
    assert np.isnan(SATISFIED.compute(own)[0]) == np.isnan(code)
    assert np.isfinite(LEG.compute(own)[0]), "the model of leg pain does not ask"


@pytest.mark.parametrize(
    ("flags", "code"),
    [((0,) * 6, 0), ((0, 0, 1, 0, 0, 0), 1), ((np.nan, 1, 0, 0, 0, 0), 1), ((np.nan, 0, 0, 0, 0, 0), np.nan)],
)
def test_other_illness_is_any_of_its_flags(flags: tuple[float, ...], code: float) -> None:
    found = LEG.encode(frame(**dict(zip(OTHER_ILLNESS, flags, strict=True))))["HasOtherIllness"][0]
    np.testing.assert_equal(found, code)


@pytest.mark.parametrize("index", [-0.6, -0.595, 1.01])
def test_an_index_of_another_value_set_gives_no_prediction(index: float) -> None:
    assert np.isnan(LEG.compute(frame(eq5d_index_0=index))[0])


@EACH
def test_any_unknown_input_gives_no_prediction_and_moves_no_other_row(model: PublishedModel) -> None:
    healthy = frame(**dict.fromkeys(OTHER_ILLNESS, 0.0))
    whole = model.compute(healthy)[0]
    for column in set(model.columns) & set(PATIENT) - {"nrs_leg_0"}:
        unknown = None if isinstance(PATIENT[column], str) else np.nan
        found = model.compute(pd.concat([healthy, healthy.assign(**{column: unknown})], ignore_index=True))
        assert found[0] == whole, column
        assert np.isnan(found[1]), column


@EACH
def test_entry_is_well_formed(model: PublishedModel) -> None:
    assert set(model.columns) <= set(COLUMNS)
    assert all(COLUMNS[name].known_at == "preop" for name in model.columns)
    assert model.text.endswith(".")
    assert "20" in model.source
    assert not set(model.outcomes) & set(model.related)
    codes = {name: COLUMNS[name].levels for name in ("sex", "smoking", "employment")}
    assert codes["employment"] == ("working", "sick_leave", "unemployed", "retired", "disability")
    assert codes["smoking"] == ("never", "former", "current")


PLAN = """
title = "beside a published model"
definition = "lumbar"
seed = 3
outcomes = ["leg_pain_success_12m"]
predictors = ["age", "odi_0"]
models = []
comparators = ["swespine_leg_pain"]
"""


def plan(text: str = PLAN) -> Study:
    return parse_study(text, folder=Path())


def add_columns(registry: Registry, **values: Any) -> Registry:
    added = pd.DataFrame(values, index=registry.frame.index)
    frame = pd.concat([registry.frame.drop(columns=list(values), errors="ignore"), added], axis=1)
    return replace(registry, frame=frame, columns={**registry.columns, **{name: COLUMNS[name] for name in values}})


@pytest.fixture(scope="module")
def registry() -> Registry:
    made = simulate_registry("lumbar", n=300, seed=6)
    rng = np.random.default_rng(1)
    wanted = {name for model in PUBLISHED_MODELS.values() for name in model.columns} - set(made.columns)
    values: dict[str, Any] = {
        name: (rng.uniform(size=300) < 0.2).astype(float) for name in wanted if COLUMNS[name].kind == "flag"
    }
    values |= {name: rng.uniform(0, 60, 300).round() for name in wanted if name.endswith("_months")}
    values["walking_distance_m"] = rng.uniform(0, 2000, 300).round()
    return add_columns(made, **values)


def test_its_risks_stand_beside_the_models_where_every_input_is_known(registry: Registry) -> None:
    prepared = prepare_study(plan(), registry, {})
    cohort = prepared.analysed("development")["leg_pain_success_12m"]
    by_row = registry.frame.set_index(registry.frame["row_id"].astype(str)).loc[list(cohort.row_id)]
    np.testing.assert_allclose(cohort.comparators["swespine_leg_pain"], LEG.compute(by_row), equal_nan=True)
    assert cohort.comparators["swespine_leg_pain"].dropna().between(0, 1).all()
    (spec,) = prepared.comparators
    assert (spec.name, spec.scale) == ("swespine_leg_pain", "probability")
    missing = int(cohort.comparators["swespine_leg_pain"][cohort.counted].isna().sum())
    assert missing >= 5
    assert any(
        f"swespine_leg_pain has no prediction for {missing} of {cohort.n} patients" in r for r in prepared.remarks
    )
    assert any("made for another definition than that of leg_pain_success_12m" in r for r in prepared.remarks)


def test_few_patients_without_a_prediction_are_not_counted(registry: Registry) -> None:
    known = {name: registry.frame[name].fillna(registry.frame[name].mode().iloc[0]) for name in LEG.columns
             if name in registry.columns}  # fmt: skip
    whole = add_columns(registry, **known)
    cohort = prepare_study(plan(), whole, {}).analysed("development")["leg_pain_success_12m"]
    first = registry.frame["row_id"].astype(str) == cohort.row_id[np.flatnonzero(cohort.counted)[0]]
    one = add_columns(whole, age=whole.frame["age"].mask(first))
    remarks = prepare_study(plan(), one, {}).remarks
    assert any("swespine_leg_pain has no prediction for some patients" in remark for remark in remarks)


def test_absent_columns_are_all_named(registry: Registry) -> None:
    columns = {
        name: one
        for name, one in registry.columns.items()
        if name not in ("walking_distance_m", "leg_pain_duration_months", "cancer")
    }
    with pytest.raises(StudyError, match="swespine_leg_pain must have the columns of its equation") as caught:
        prepare_study(plan(), replace(registry, columns=columns), {})
    for words in ("walking_distance_m", "leg_pain_duration_class or leg_pain_duration_months", "cancer"):
        assert f"\n  {words}\n" in str(caught.value)


def test_a_study_without_its_outcome_is_refused(registry: Registry) -> None:
    with pytest.raises(StudyError, match="swespine_satisfaction must stand beside an outcome that it predicts, satisf"):
        prepare_study(plan(PLAN.replace("swespine_leg_pain", "swespine_satisfaction")), registry, {})


def test_an_unknown_comparator_has_a_nearest_name(registry: Registry) -> None:
    with pytest.raises(
        StudyError, match=r"a comparator of the study.*swespine_legpain.*nearest is 'swespine_leg_pain'"
    ):
        prepare_study(plan(PLAN.replace("swespine_leg_pain", "swespine_legpain")), registry, {})


def test_a_column_known_only_later_is_refused(registry: Registry) -> None:
    late = {**registry.columns, "odi_0": replace(registry.columns["odi_0"], known_at="followup")}
    study = plan(PLAN.replace('["age", "odi_0"]', '["age"]'))
    with pytest.raises(StudyError, match=r"of the comparators, every predictor must be .*\n *odi_0: leaks"):
        prepare_study(study, replace(registry, columns=late), {})
