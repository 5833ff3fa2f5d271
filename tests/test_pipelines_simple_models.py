"""Simple comparators: fitted like the reference on one column, in the same folds, with the same weights; or ranking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.beside.simple_models import SIMPLE_MODELS, SimpleModel
from pipelines.folds import FoldResult, FoldTask, Plan, work_fold
from pipelines.measures.revealing import find_revealing, hide_revealing
from pipelines.prepare import Prepared, prepare_study
from schemas.columns import COLUMNS
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry

PLAN = """
title = "beside simple models"
definition = "lumbar"
seed = 3
outcomes = ["leg_pain_success_12m"]
predictors = ["age", "odi_0", "smoking"]
models = []
comparators = ["baseline_score", "asa_fitted", "asa_class"]
[split]
outer_folds = 3
inner_folds = 3
"""
FOLD = np.arange(600) % 3


def plan(**changes: Any) -> Study:
    return parse_study(PLAN, folder=Path()).model_copy(update=changes)


def add_columns(registry: Registry, **values: Any) -> Registry:
    added = pd.DataFrame(values, index=registry.frame.index)
    frame = pd.concat([registry.frame.drop(columns=list(values), errors="ignore"), added], axis=1)
    return replace(registry, frame=frame, columns={**registry.columns, **{name: COLUMNS[name] for name in values}})


@pytest.fixture(scope="module")
def registry() -> Registry:
    made = simulate_registry("lumbar", n=500, seed=8)
    rng = np.random.default_rng(2)
    return add_columns(made, charlson_index=rng.poisson(1.0, 500).astype(float))


def run_fold(study: Study, registry: Registry, **changes: Any) -> tuple[Prepared, FoldResult]:
    prepared = prepare_study(study, registry, {})
    cohorts = prepared.analysed("development")
    name = study.outcomes[0]
    fold = FOLD[: len(cohorts[name].y)]
    task = FoldTask(
        outcome=name, models=study.all_models, repeat=0, fold=0, train=np.flatnonzero(fold > 0),
        test=np.flatnonzero(fold == 0), explained=False,
    )  # fmt: skip
    work = Plan(study=study, cohorts=cohorts, simple=prepared.simple["development"])
    return prepared, work_fold(work, replace(task, **changes))


def risks(result: FoldResult, model: str) -> pd.Series:
    own = result.predictions[result.predictions["model"] == model]
    return own.set_index("row_id")["y_prob"]


@pytest.fixture(scope="module")
def with_all(registry: Registry) -> tuple[Prepared, FoldResult]:
    return run_fold(plan(), registry)


@pytest.mark.parametrize(("name", "column"), [("baseline_score", "nrs_leg_0"), ("asa_fitted", "asa_class")])
def test_a_fitted_one_is_the_reference_on_its_own_column(registry: Registry, name: str, column: str) -> None:
    _, beside = run_fold(plan(non_response="complete_cases"), registry)
    alone = plan(non_response="complete_cases", predictors=(column,), comparators=())
    _, own = run_fold(alone, registry)
    pd.testing.assert_series_equal(risks(beside, name), risks(own, "spline_logistic"), rtol=0, atol=1e-12)


def test_it_moves_no_other_models_numbers(registry: Registry, with_all: tuple[Prepared, FoldResult]) -> None:
    _, without = run_fold(plan(comparators=()), registry)
    pd.testing.assert_series_equal(risks(with_all[1], "spline_logistic"), risks(without, "spline_logistic"))


def test_all_have_the_same_rows_folds_and_weights(with_all: tuple[Prepared, FoldResult]) -> None:
    predictions = with_all[1].predictions
    assert set(predictions["model"]) == {"spline_logistic", "baseline_score", "asa_fitted"}
    for column in ("row_id", "fold", "weight", "y_true", "n_train"):
        values = [own[column].to_numpy() for _, own in predictions.groupby("model")]
        assert all(pd.Series(values[0]).equals(pd.Series(other)) for other in values[1:]), column
    assert predictions["weight"].nunique() > 2, "unknown outcomes are stood for"


def test_its_fit_has_the_weights_of_the_full_part(registry: Registry, with_all: tuple[Prepared, FoldResult]) -> None:
    # With weights of its own column alone the fit would be another one.
    _, own = run_fold(plan(predictors=("asa_class",), comparators=()), registry)
    gap = (risks(with_all[1], "asa_fitted") - risks(own, "spline_logistic")).abs().max()
    assert 1e-6 < gap < 0.05


def test_a_final_fit_keeps_it_apart_from_what_is_deployed(registry: Registry) -> None:
    rows = np.arange(len(prepare_study(plan(), registry, {}).analysed("development")["leg_pain_success_12m"].y))
    _, result = run_fold(plan(), registry, fold=-1, train=rows, test=rows[:0])
    assert set(result.pipelines) == {"spline_logistic"}
    assert set(result.simple) == {"baseline_score", "asa_fitted"}
    assert set(result.predictions["validation"]) == {"apparent"}
    assert result.simple["asa_fitted"].preprocessor.predictors == ("asa_class",)


def test_other_validations_do_without(registry: Registry) -> None:
    _, result = run_fold(plan(), registry, validation="internal-external")
    assert set(result.predictions["model"]) == {"spline_logistic"}


@pytest.mark.parametrize(
    ("outcome", "sign"), [("leg_pain_success_12m", -1), ("any_complication_30d", 1), ("leg_pain_worse_12m", 1)]
)
def test_a_higher_index_means_a_worse_result(registry: Registry, outcome: str, sign: int) -> None:
    prepared = prepare_study(plan(outcomes=(outcome,), comparators=("asa_class", "charlson_index")), registry, {})
    cohort = prepared.analysed("development")[outcome]
    by_row = registry.frame.set_index(registry.frame["row_id"].astype(str)).loc[list(cohort.row_id)]
    np.testing.assert_array_equal(cohort.comparators["charlson_index"], sign * by_row["charlson_index"].to_numpy())
    asa = by_row["asa_class"].astype(float).to_numpy()
    assert np.isnan(asa).any()
    # not recorded: ranked in the middle, so that the same patients are compared
    np.testing.assert_array_equal(
        cohort.comparators["asa_class"], sign * np.where(np.isnan(asa), np.nanmedian(asa), asa)
    )
    assert {spec.name: spec.scale for spec in prepared.comparators} == {
        "asa_class": "score", "charlson_index": "score",
    }  # fmt: skip


def test_of_a_score_the_baseline_is_fitted_in_points_and_an_index_cannot_rank(registry: Registry) -> None:
    study = plan(outcomes=("odi_12m_score",), comparators=("baseline_score", "charlson_fitted"))
    _, result = run_fold(study, registry)
    own = result.predictions[result.predictions["model"] == "baseline_score"]
    points = own[own["outcome"] == "odi_12m_score"]
    assert set(points["scale"]) == {"points"}
    assert points["y_pred"].between(0, 100).all()
    assert own.loc[own["outcome"] != "odi_12m_score", "y_prob"].between(0, 1).all()
    with pytest.raises(StudyError, match="asa_class must stand beside an outcome that occurs or not, got none"):
        prepare_study(plan(outcomes=("odi_12m_score",), comparators=("asa_class",)), registry, {})


def test_an_outcome_without_a_score_before_has_no_baseline_model(registry: Registry) -> None:
    both = plan(outcomes=("leg_pain_success_12m", "any_complication_30d"), comparators=("baseline_score",))
    simple = prepare_study(both, registry, {}).simple["development"]
    assert {name: set(own) for name, own in simple.items()} == {
        "leg_pain_success_12m": {"baseline_score"}, "any_complication_30d": set(),
    }  # fmt: skip
    with pytest.raises(StudyError, match="baseline_score must stand beside an outcome that has a score before"):
        prepare_study(plan(outcomes=("any_complication_30d",), comparators=("baseline_score",)), registry, {})


def test_a_column_that_the_data_lack_is_named(registry: Registry) -> None:
    with pytest.raises(StudyError, match="mfi5 must have its column in the data, frailty_mfi5 is not"):
        prepare_study(plan(comparators=("mfi5",)), registry, {})


def test_a_column_that_is_known_only_later_is_refused(registry: Registry) -> None:
    late = {**registry.columns, "asa_class": replace(registry.columns["asa_class"], known_at="discharge")}
    with pytest.raises(StudyError, match=r"of the comparators, every predictor must be .*\n *asa_class: leaks"):
        prepare_study(plan(), replace(registry, columns=late), {})


def test_other_data_carry_them_as_well(registry: Registry) -> None:
    other = simulate_registry("lumbar", n=300, seed=9)
    prepared = prepare_study(plan(), registry, {"elsewhere": other})
    elsewhere = prepared.analysed("elsewhere")["leg_pain_success_12m"]
    own = prepared.simple["elsewhere"]["leg_pain_success_12m"]
    assert list(own["asa_fitted"].X) == ["asa_class"]
    np.testing.assert_array_equal(own["asa_fitted"].row_id, elsewhere.row_id)
    assert list(elsewhere.comparators) == ["asa_class"]
    lacking = {name: one for name, one in other.columns.items() if name != "asa_class"}
    with pytest.raises(StudyError, match="asa_fitted must have its column in the data, asa_class is absent"):
        prepare_study(plan(), registry, {"elsewhere": replace(other, columns=lacking)})


@pytest.mark.parametrize("entry", SIMPLE_MODELS.values(), ids=SIMPLE_MODELS)
def test_entry_is_well_formed(entry: SimpleModel) -> None:
    assert entry.text.endswith(".")
    assert entry.column is None or (entry.column in COLUMNS and COLUMNS[entry.column].predictor)
    assert entry.fitted or entry.column


def evaluation(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["model", "subgroup", "level", "n", "events"])
    return table.assign(
        outcome="o", dataset="d", validation="internal", metric="c_statistic", estimate=0.7, lower=0.6, upper=0.8,
        status="ok",
    )  # fmt: skip


def test_a_gap_of_a_few_patients_hides_the_subgroup() -> None:
    table = evaluation(
        ("reference", "overall", "all", 100, 40), ("published", "overall", "all", 80, 30),
        ("reference", "sex", "female", 50, 20), ("published", "sex", "female", 48, 20),
        ("reference", "sex", "male", 50, 20), ("published", "sex", "male", 32, 10),
        ("reference", "site", "a", 60, 20), ("published", "site", "a", 50, 15),
        ("reference", "site", "b", 40, 20), ("published", "site", "b", 30, 15),
    )  # fmt: skip
    revealing = find_revealing(table, reference="reference", suppress_below=5)
    shown = hide_revealing(table, revealing)
    hidden = shown[shown["status"] == "suppressed"]
    assert set(zip(hidden["model"], hidden["subgroup"], hidden["level"], strict=True)) == {
        ("published", "sex", "female"), ("published", "sex", "male"),
    }  # fmt: skip
    assert hidden[["estimate", "lower", "upper", "n", "events"]].isna().all().all()


def test_a_gap_of_a_few_events_over_everyone_hides_the_model_everywhere() -> None:
    table = evaluation(
        ("reference", "overall", "all", 100, 40), ("published", "overall", "all", 80, 38),
        ("reference", "site", "a", 60, 20), ("published", "site", "a", 50, 10),
    )  # fmt: skip
    revealing = find_revealing(table, reference="reference", suppress_below=5)
    shown = hide_revealing(table, revealing)
    assert (shown.loc[shown["model"] == "published", "status"] == "suppressed").all()
    assert (shown.loc[shown["model"] == "reference", "status"] == "ok").all()
    compared = hide_revealing(table[table["model"] == "published"].drop(columns=["subgroup", "level"]), revealing)
    assert (compared["status"] == "suppressed").all()


def test_no_gap_hides_nothing() -> None:
    table = evaluation(("reference", "overall", "all", 100, 40), ("other", "overall", "all", 100, 40))
    pd.testing.assert_frame_equal(
        hide_revealing(table, find_revealing(table, reference="reference", suppress_below=5)), table
    )
