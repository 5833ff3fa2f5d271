"""Refits: whole pipelines on resamples of patients, the same for every model and every number of workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.executors import run_tasks
from pipelines.folds import FoldTask, Plan, work_fold
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.predictions import DEVELOPMENT, FINAL_FOLD
from pipelines.prepare import prepare_study
from pipelines.refitting.optimism import compute_leave_one_out_c, compute_optimism, weigh_c_statistic
from pipelines.refitting.refits import (
    FAILURES,
    RefitTask,
    count_resamples,
    draw_counts,
    find_counted,
    join_refits,
    list_refit_tasks,
    work_refit,
)
from pipelines.refitting.refitted import Refitted, match_all
from pipelines.tuning import Tuned
from schemas.errors import InputError
from schemas.study import BootstrapPlan, parse_study
from schemas.synthetic import simulate_registry

PLAN = """
title = "refits"
definition = "lumbar"
seed = 5
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex", "smoking", "odi_0"]
models = ["elastic_net", "random_forest", "lightgbm"]
[split]
inner_folds = 2
[tuning]
trials = 1
"""
REFERENCE = "spline_logistic"


def make_plan(text: str = PLAN, n: int = 160, seed: int = 4, **bootstrap: object) -> Plan:
    study = parse_study(text, folder=Path()).model_copy(update={"bootstrap": BootstrapPlan(**bootstrap)})
    prepared = prepare_study(study, simulate_registry("lumbar", n=n, seed=seed), {})
    return Plan(study=study, cohorts=prepared.analysed(DEVELOPMENT))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(resamples=3)


def refit(plan: Plan, tasks: list[RefitTask], workers: int = 1) -> dict[tuple[str, str], Refitted]:
    found = dict(run_tasks(work_refit, plan, tasks, workers=workers))
    return join_refits(plan.study, plan.cohorts, [(task, found[k]) for k, task in enumerate(tasks)])


def test_patients_are_drawn_with_all_their_operations_whatever_the_order():
    patient = np.array(["b", "a", "c", "a", "d"], dtype=object)
    counts = draw_counts(1, "o", 0, patient)
    assert counts[1] == counts[3]
    assert counts[[0, 1, 2, 4]].sum() == 4
    np.testing.assert_array_equal(draw_counts(1, "o", 0, patient[::-1]), counts[::-1])
    many = np.arange(2000).astype(str).astype(object)
    drawn = np.array([draw_counts(1, "o", b, many) for b in range(20)])
    assert abs((drawn == 0).mean() - np.exp(-1)) < 0.01
    assert len({row.tobytes() for row in drawn}) == 20


def test_which_models_are_refitted_how_often(plan: Plan):
    cohort = plan.cohorts["odi_mcid_12m"]

    def count(**bootstrap: object) -> dict[str, int]:
        return count_resamples(plan.study.model_copy(update={"bootstrap": BootstrapPlan(**bootstrap)}), cohort)

    assert count() == {REFERENCE: 200}
    assert count(resamples=0) == {}
    assert count(resamples=40) == {REFERENCE: 40}
    assert count(resamples=40, stability=True) == {
        REFERENCE: 40, "elastic_net": 40, "random_forest": 20, "lightgbm": 20,
    }  # fmt: skip
    assert set(count(resamples=0, stability=True).values()) == {20}
    large = replace(cohort, y=np.zeros(5001), patient=np.arange(5001).astype(str).astype(object), answered=None)
    assert count_resamples(plan.study.model_copy(update={"bootstrap": BootstrapPlan()}), large) == {}


def test_refits_are_the_same_with_two_workers_and_beside_other_models(plan: Plan):
    tasks = list_refit_tasks(plan.study, plan.cohorts)
    assert [(task.resample, task.models) for task in tasks] == [(b, (REFERENCE,)) for b in range(3)]
    ((key, alone),) = refit(plan, tasks).items()
    counted = find_counted(plan.cohorts["odi_mcid_12m"])
    assert key == ("odi_mcid_12m", REFERENCE)
    assert alone.predicted.shape == alone.counts.shape == (3, counted.size)
    assert (alone.n_failed, alone.tuning) == (0, "repeated")
    assert np.isfinite(alone.predicted).all()
    both = [replace(task, models=(REFERENCE, "elastic_net")) for task in tasks]
    spread = refit(plan, both, workers=2)
    assert spread[key].predicted.tobytes() == alone.predicted.tobytes()
    assert spread[key].counts.tobytes() == alone.counts.tobytes()
    assert spread["odi_mcid_12m", "elastic_net"].counts.tobytes() == alone.counts.tobytes()


def test_arm_is_one_of_its_learners(plan: Plan):
    found = refit(plan, [RefitTask(outcome="odi_mcid_12m", models=plan.study.all_models, resample=0)])
    arm = found["odi_mcid_12m", "machine_learning"].predicted
    learners = [found["odi_mcid_12m", name].predicted for name in ("random_forest", "lightgbm")]
    assert any(np.array_equal(arm, own) for own in learners)


def test_fixed_tuning_takes_the_settings_that_are_given():
    plan = make_plan(resamples=2, tuning="fixed")
    with pytest.raises(InputError, match="must be given the settings of the final models"):
        list_refit_tasks(plan.study, plan.cohorts)
    strong, weak = (
        {("odi_mcid_12m", REFERENCE): Tuned(params={"penalty": value}, inner_loss=0.6, trials=1)}
        for value in (1.0, 1e-4)
    )
    flat, steep = (
        refit(plan, list_refit_tasks(plan.study, plan.cohorts, settled))["odi_mcid_12m", REFERENCE]
        for settled in (strong, weak)
    )
    assert flat.tuning == "fixed"
    assert flat.predicted.std(axis=1).max() < 0.5 * steep.predicted.std(axis=1).min()


def test_resamples_that_carry_no_model_are_counted():
    plan = make_plan(resamples=12)
    (cohort,) = plan.cohorts.values()
    counted = np.flatnonzero(cohort.counted)
    y = np.where(np.isnan(cohort.y), np.nan, 0.0)
    y[counted[:2]] = 1.0
    rare = replace(plan, cohorts={"odi_mcid_12m": replace(cohort, y=y)})
    (refits,) = refit(rare, list_refit_tasks(rare.study, rare.cohorts)).values()
    drawn = [draw_counts(5, "odi_mcid_12m", b, cohort.patient)[counted[:2]] for b in range(12)]
    expected = [b for b, counts in enumerate(drawn) if (counts > 0).sum() == 2]
    assert refits.resample.tolist() == expected
    assert 0 < refits.n_failed == 12 - len(expected)
    assert np.linalg.LinAlgError in FAILURES


def test_first_resamples_are_a_part(plan: Plan):
    (refits,) = refit(plan, list_refit_tasks(plan.study, plan.cohorts)).values()
    part = refits.first(2)
    assert (part.n_resamples, part.resample.tolist()) == (2, [0, 1])
    np.testing.assert_array_equal(part.predicted, refits.predicted[:2])
    assert refits.first(10).n_resamples == 3


def test_scores_bring_the_thresholds_that_are_derived_from_them():
    text = PLAN.replace('"odi_mcid_12m"', '"odi_12m_score"').replace(
        "[split]", "[derived_thresholds]\nodi_12m_score = [SETS]\n[split]"
    )
    plan = make_plan(text.replace("SETS", '"ostelo2008_30pct"'), resamples=2)
    found = refit(plan, list_refit_tasks(plan.study, plan.cohorts))
    score = found.pop(("odi_12m_score", REFERENCE))
    ((_, derived),) = found.items()
    assert score.predicted.max() > 1
    known = derived.predicted[:, np.isfinite(derived.predicted[0])]
    assert ((known >= 0) & (known <= 1)).all()


def test_refits_of_a_multiple_imputation_are_compared_with_its_first_model():
    text = PLAN.replace("[split]", 'missing = "multiple"\nimputations = 3\n[split]')
    plan = make_plan(text, resamples=2)
    everyone = np.arange(len(plan.cohorts["odi_mcid_12m"].y))
    finals = [
        work_fold(
            plan,
            FoldTask(
                outcome="odi_mcid_12m", models=(REFERENCE,), repeat=0, fold=FINAL_FOLD, train=everyone,
                test=everyone[:0], imputation=draw,
            ),
        ).predictions
        for draw in range(3)
    ]  # fmt: skip
    refitted = refit(plan, list_refit_tasks(plan.study, plan.cohorts))
    key = ("odi_mcid_12m", REFERENCE)
    together, alone = (match_all(rows, refitted)[key] for rows in (pd.concat(finals), finals[0]))
    np.testing.assert_array_equal(together.p, alone.p)
    assert np.abs(together.p - match_all(finals[1].assign(imputation=0), refitted)[key].p).max() > 1e-4


TRUTH = """
title = "is the corrected value near the truth"
definition = "lumbar"
seed = 12
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex", "bmi", "smoking", "asa_class", "diabetes", "depression", "opioid_use", "employment",
  "symptom_duration_months", "previous_spine_surgery", "motor_deficit", "diagnosis", "odi_0", "nrs_back_0",
  "nrs_leg_0", "eq5d_index_0"]
models = []
[split]
outer_folds = 2
inner_folds = 3
"""


@pytest.mark.slow
def test_corrected_is_near_the_truth_through_the_whole_pipeline():
    """Some 120 patients without the event, seventeen predictors of which many do nothing, 20,000 fresh patients."""
    (fresh,) = make_plan(TRUTH, n=20_000, seed=99).cohorts.values()
    counted = find_counted(fresh)
    errors = []
    for seed in (1, 2, 3):
        plan = make_plan(TRUTH, n=500, seed=seed, resamples=16)
        refitted = refit(plan, list_refit_tasks(plan.study, plan.cohorts))
        everyone = np.arange(len(plan.cohorts["odi_mcid_12m"].y))
        final = work_fold(
            plan,
            FoldTask(
                outcome="odi_mcid_12m", models=(REFERENCE,), repeat=0, fold=FINAL_FOLD, train=everyone,
                test=everyone[:0],
            ),
        )  # fmt: skip
        developed = match_all(final.predictions, refitted)["odi_mcid_12m", REFERENCE]
        found = compute_optimism(compute_c_statistic, developed)
        predicted = final.pipelines[REFERENCE].predict(fresh.X.iloc[counted])
        truth = compute_c_statistic(fresh.y[counted], predicted)
        weighed = weigh_c_statistic(found.apparent, compute_leave_one_out_c(developed)).estimate
        errors.append((found.apparent - truth, found.corrected - truth, weighed - truth))
    apparent, corrected, weighed = np.mean(errors, axis=0)
    assert apparent > 0.06
    assert abs(corrected) < 0.04
    assert abs(weighed) < 0.025
