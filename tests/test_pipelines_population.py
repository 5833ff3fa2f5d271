"""Whom a saved model was made for: it says so of every patient, by rules that are those of the cohort."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build, find_set

from outcomes.kinds.belonging import find_kinds, fulfils, list_population, list_reasons
from outcomes.outcome import DerivedThreshold, Outcome, Score
from outcomes.outcomes import OUTCOMES
from pipelines.bundles.artifact import load_model, write_bundle
from pipelines.forecast import Forecast, Spread
from pipelines.models import MODELS
from pipelines.preprocess import fit_preprocessor
from schemas.definition import parse_definition
from schemas.errors import BundleError, DataError, StudyError
from schemas.registry import Registry
from schemas.specs import InstrumentSpec, PopulationRule, PopulationStep, ThresholdOutcome, ThresholdSpec
from schemas.synthetic import COHORTS, simulate_registry
from spinerisk.predicting import predict_file

DEFINITION = """
name = "walking"
title = "Own registry of walking"
base = "lumbar"
columns.walk_0 = { kind = "number", unit = "points", range = [0, 20], known_at = "preop", text = "walking before" }
"""
WALK = InstrumentSpec(name="walk", title="Walking", low=0, high=20, direction="higher_is_better")
FOUR = ThresholdSpec(instrument="walk", kind="absolute_change", value=4)
NO_ROOM = "threshold not attainable from walk_0"
STEPS = (
    PopulationStep(reason="walk_0 not recorded", rule=PopulationRule(kind="recorded", column="walk_0")),
    PopulationStep(reason=NO_ROOM, rule=PopulationRule(kind="room", column="walk_0", instrument=WALK, threshold=FOUR)),
    PopulationStep(
        reason="planned fusion is other than yes, or not recorded",
        rule=PopulationRule(kind="levels", column="planned_fusion", levels=(1.0,)),
    ),
)
OUTSIDE = "not in the population that the model was made for: "
GAIN = "walk_score__four"


@cache
def simulated(cohort: str) -> Registry:
    return simulate_registry(cohort, n=200, seed=5)


def build_or_none(name: str, columns: list[str], unattainable: str) -> Outcome | None:
    spec = OUTCOMES[name]
    if isinstance(spec, ThresholdOutcome) and spec.threshold_set is None:
        spec = spec.model_copy(update={"threshold_set": find_set(spec)})
    try:
        return build(spec, columns, unattainable=unattainable)
    except StudyError:
        return None


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("unattainable", ["exclude", "fail"])
def test_the_rules_of_a_bundle_are_the_steps_of_the_cohort(cohort: str, unattainable: str) -> None:
    registry, compared, left_out = simulated(cohort), 0, 0
    for name in OUTCOMES:
        outcome = build_or_none(name, list(registry.columns), unattainable)
        if outcome is None or not set(outcome.needs) <= set(registry.frame):
            continue
        frame = registry.frame
        learned = outcome.learn(frame) if outcome.learn else outcome
        steps = [step for step in learned.eligible if step.rule is not None and "that decides" not in step.reason]
        by_rule = by_step = np.ones(len(frame), dtype=np.bool_)
        for step in steps:
            assert step.rule is not None
            rule = PopulationRule.model_validate_json(step.rule.model_dump_json())
            by_rule, by_step = by_rule & fulfils(rule, frame), by_step & step.keep(frame)
            np.testing.assert_array_equal(by_rule, by_step, err_msg=f"{name}: {step.reason}")
            compared += 1
        left_out += int((~by_step).sum())
        if unattainable == "exclude" and outcome.kind == "threshold":
            room = [step for step in learned.eligible if "not attainable" in step.reason]
            assert all(step.rule is not None for step in room), name
    assert compared > 10
    assert left_out > 100


def test_reasons_come_in_the_order_of_the_flow() -> None:
    frame = pd.DataFrame({"walk_0": [np.nan, 18, 16, 18, 3], "planned_fusion": [1, 1, 1, 0, np.nan]})
    assert list_reasons(STEPS, frame) == [STEPS[0].reason, NO_ROOM, "", NO_ROOM, STEPS[2].reason]
    assert find_kinds(STEPS) == {"walk_0": "number", "planned_fusion": "number"}


def test_what_is_known_later_says_nothing_of_a_patient_to_come() -> None:
    (name,) = [spec.name for spec in OUTCOMES.values() if list(spec.among) == ["planned_fusion"]][:1]
    fusion = build(OUTCOMES[name])
    assert list_population(fusion, ["planned_fusion"])
    assert list_population(fusion, ["age"]) == ()


@pytest.mark.parametrize(
    "keys",
    [{"kind": "room", "column": "walk_0"}, {"kind": "levels", "levels": ("a",)}, {"kind": "any_of", "column": "a"}],
)
def test_a_rule_without_its_keys_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"a rule of kind {keys['kind']} must have"):
        PopulationRule.model_validate(keys)


# bundles


def forecast(*, attainable_only: bool) -> Forecast:
    derived = DerivedThreshold(
        name=GAIN, title="", threshold_set="four", rule="", desirable=True, threshold=FOUR,
        attainable_only=attainable_only,
    )  # fmt: skip
    points = np.linspace(-6, 6, 57)[None, :]
    spread = Spread(
        low=0,
        high=20,
        step=1,
        centres=np.array([10.0]),
        residuals=points,
        below=np.array([-5.0]),
        above=np.array([5.0]),
    )
    score = Score(instrument=WALK, baseline="walk_0", follow_up="walk_12m", derived=(derived,))
    return Forecast(score=score, spread=spread)


def write(folder: Path, *, population: tuple[PopulationStep, ...] = (), attainable_only: bool | None = None) -> Path:
    """Write a model of a risk, or, told what becomes of who has no room, of a score."""
    definition = parse_definition(DEFINITION)
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"age": rng.normal(60, 9, 300), "walk_0": rng.integers(0, 19, 300).astype(float)})
    entry = MODELS["spline_logistic"]
    params: dict[str, float | int] = {str(entry.path_name): entry.path_values[-2]}
    pre = fit_preprocessor(X, definition.columns_of(), n_knots=3)
    design = pre.design(entry.design, pre.encode(X))
    said = None if attainable_only is None else forecast(attainable_only=attainable_only)
    form, y = (entry.risk, (rng.uniform(size=300) < 0.4).astype(float)) if said is None else (entry.score, X["walk_0"])
    fitted = form.fit(design, np.asarray(y), np.ones(300), params, 1)
    write_bundle(
        folder / "model", model_name=entry.name, fitted=fitted, preprocessor=pre, card={}, forecast=said,
        definition_text=definition.text, population=population,
    )  # fmt: skip
    return folder / "model"


ASKED = pd.DataFrame({"age": [50.0] * 5, "walk_0": [18, 16, 18, np.nan, 3], "planned_fusion": [1, 1, 1, 1, 0]})


def test_a_risk_is_given_to_who_belongs_only_and_the_others_are_told_why(tmp_path: Path) -> None:
    predicted = load_model(write(tmp_path, population=STEPS)).predict(ASKED)
    assert list(predicted) == ["row_id", "y_prob", "y_prob_low", "y_prob_high", "imputed", "outside_range", "remarks"]
    assert predicted["y_prob"].notna().tolist() == [False, True, False, False, False]
    assert predicted["remarks"].tolist() == [
        OUTSIDE + NO_ROOM, "", OUTSIDE + NO_ROOM, OUTSIDE + STEPS[0].reason, OUTSIDE + STEPS[2].reason,
    ]  # fmt: skip


def test_without_rules_nothing_changes(tmp_path: Path) -> None:
    with_rules = load_model(write(tmp_path / "a", population=STEPS)).predict(ASKED)
    without = load_model(write(tmp_path / "b")).predict(ASKED)
    assert list(without) == ["row_id", "y_prob", "y_prob_low", "y_prob_high", "imputed", "outside_range"]
    assert without["y_prob"].notna().all()
    belongs = with_rules["y_prob"].notna()
    np.testing.assert_array_equal(with_rules.loc[belongs, "y_prob"], without.loc[belongs, "y_prob"])


def test_a_threshold_out_of_reach_has_no_probability_where_such_patients_were_left_out(tmp_path: Path) -> None:
    predicted = load_model(write(tmp_path, attainable_only=True)).predict(ASKED)
    assert predicted[GAIN].isna().tolist() == [True, False, True, True, False]
    assert predicted["y_pred"].notna().all()
    said = f"{GAIN}: cannot be reached from the baseline; such patients were left out"
    assert predicted["remarks"].tolist() == [said, "", said, "", ""]


def test_a_threshold_out_of_reach_is_stated_where_such_patients_stayed(tmp_path: Path) -> None:
    predicted = load_model(write(tmp_path, attainable_only=False)).predict(ASKED)
    assert predicted.loc[[0, 2], GAIN].between(0, 0.5 / 57).all()
    said = f"{GAIN}: cannot be reached from the baseline; such patients count as not having reached it"
    assert predicted["remarks"].tolist() == [said, "", said, "", ""]


def test_a_score_is_given_to_who_belongs_only(tmp_path: Path) -> None:
    predicted = load_model(write(tmp_path, population=STEPS[2:], attainable_only=True)).predict(ASKED)
    assert predicted.loc[4, ["y_pred", "y_low", "y_high", GAIN]].isna().all()
    assert predicted["y_pred"].notna().tolist() == [True, True, True, True, False]
    assert predicted.loc[4, "remarks"] == OUTSIDE + STEPS[2].reason


def test_the_column_that_says_who_belongs_must_be_there(tmp_path: Path) -> None:
    loaded = load_model(write(tmp_path, population=STEPS))
    assert loaded.columns == ("age", "walk_0", "planned_fusion")
    with pytest.raises(
        DataError, match="must have the column 'planned_fusion', which says who belongs to the population"
    ):
        loaded.predict(ASKED.drop(columns="planned_fusion"))


def test_a_file_is_read_with_the_columns_that_say_who_belongs(tmp_path: Path) -> None:
    model, path = write(tmp_path, population=STEPS), tmp_path / "new.csv"
    ASKED.to_csv(path, index=False)
    predicted, _ = predict_file(model, path)
    assert predicted["y_prob"].notna().tolist() == [False, True, False, False, False]
    ASKED.drop(columns="planned_fusion").to_csv(path, index=False)
    with pytest.raises(DataError, match="'planned_fusion'"):
        predict_file(model, path)


@pytest.mark.parametrize("broken", [{"kind": "room", "column": "walk_0"}, {"kind": "odd"}, {}])
def test_a_bundle_with_a_broken_rule_is_refused(broken: dict[str, str], tmp_path: Path) -> None:
    path = write(tmp_path, population=STEPS) / "bundle.json"
    bundle = json.loads(path.read_text())
    bundle["population"]["steps"][1]["rule"] = broken
    path.write_text(json.dumps(bundle))
    with pytest.raises(BundleError, match="is incomplete"):
        load_model(path.parent)


def test_a_bundle_that_cannot_say_whom_it_was_made_for_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path) / "bundle.json"
    bundle = json.loads(path.read_text())
    path.write_text(json.dumps({**{k: v for k, v in bundle.items() if k != "population"}, "format": 2}))
    with pytest.raises(BundleError, match=r"format must be 4, got 2 .*fit the model again"):
        load_model(path.parent)
