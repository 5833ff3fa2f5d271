"""Sites of different follow-up: the weights of a site that is left out are of its own losses, not of the others'."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from unknown_worlds import AnswerWorld, HorizonWorld, SettledWorld, take

from outcomes.cohort import Cohort
from pipelines.fold_tasks import list_borrowed_weights
from pipelines.folds import FoldTask, Plan, work_fold
from pipelines.follow_up.censoring import fit_censoring
from pipelines.follow_up.observation import Answered, CensoredByPredictors, fit_observation
from pipelines.follow_up.own_weights import LEAST_PER_PREDICTOR, can_tell_who_is_lost, fit_own_observation
from pipelines.preprocess import fit_preprocessor
from schemas.study import parse_study

PLAN = """
title = "Sites"
definition = "lumbar"
seed = 1
outcomes = ["outcome"]
predictors = ["severity", "smoker"]
models = []
[split]
inner_folds = 2
[tuning]
trials = 1
"""
NEVER = HorizonWorld(entry=None)
Bools = npt.NDArray[np.bool_]


class Lossless(HorizonWorld):
    """The same patients, of whom nobody is lost."""

    def hazards(self, x1, x2):
        own, other, loss = super().hazards(x1, x2)
        return own, other, loss * 1e-9


class Leaky(HorizonWorld):
    """The same patients, of whom two in three are lost before the horizon."""

    def hazards(self, x1, x2):
        own, other, loss = super().hazards(x1, x2)
        return own, other, loss * 4


def join(first: Cohort, second: Cohort) -> Cohort:
    """Return two sites as one cohort."""
    frames = {
        name: pd.concat([getattr(first, name), getattr(second, name)], ignore_index=True) for name in ("X", "basis")
    }
    empty = pd.DataFrame(index=range(len(first.y) + len(second.y)))
    arrays = {
        name: None if getattr(first, name) is None else np.append(getattr(first, name), getattr(second, name))
        for name in ("y", "time_days", "cause", "settled", "answered")
    }
    identity = np.arange(len(empty)).astype(str).astype(object)
    site = np.repeat(np.array(["A", "B"], dtype=object), [len(first.y), len(second.y)])
    return replace(
        first, **frames, **arrays, subgroups=empty, comparators=empty, row_id=identity, patient=identity, site=site,
        year=identity,
    )  # fmt: skip


def thin(cohort: Cohort, kept: Bools) -> Cohort:
    """Return the cohort in which those who are not kept, and whom nothing settles, are of unknown outcome."""
    settled = np.zeros(len(cohort.y), dtype=np.bool_) if cohort.settled is None else cohort.settled
    return replace(cohort, y=np.where(kept | settled, cohort.y, np.nan))


def observed_over_expected(cohort: Cohort, predictions: pd.DataFrame, weights: npt.NDArray[np.float64]) -> float:
    return float(np.nansum(weights * predictions["y_true"]) / (weights * predictions["y_prob"]).sum())


def leave_out(cohort: Cohort, site: str) -> tuple[FoldTask, pd.DataFrame]:
    held = cohort.site == site
    task = FoldTask(
        outcome="outcome", models=("spline_logistic",), repeat=0, fold=0, train=np.flatnonzero(~held),
        test=np.flatnonzero(held), explained=False, validation="internal-external",
    )  # fmt: skip
    plan = Plan(study=parse_study(PLAN, folder=Path()), cohorts={"outcome": cohort})
    return task, work_fold(plan, task).predictions


@pytest.fixture(scope="module")
def sites() -> Cohort:
    rng = np.random.default_rng(8)
    return join(Lossless(entry=None).draw(6000, rng), Leaky(entry=None).draw(6000, rng))


@pytest.mark.parametrize(("site", "wrong"), [("A", (0.5, 0.85)), ("B", (1.15, 2.0))])
def test_a_site_is_judged_by_its_own_losses(sites: Cohort, site: str, wrong: tuple[float, float]) -> None:
    task, predictions = leave_out(sites, site)
    # both sites have the same risks: a model of the one is right in the other, whoever is lost in either
    own = observed_over_expected(sites, predictions, predictions["weight"].to_numpy())
    assert own == pytest.approx(1, abs=0.08)
    assert sites.time_days is not None
    assert sites.cause is not None
    elsewhere = fit_censoring(sites.time_days[task.train], sites.cause[task.train] > 0)
    weights = elsewhere.weights(sites.y[task.test], sites.time_days[task.test], horizon_days=730)
    assert wrong[0] < observed_over_expected(sites, predictions, weights) < wrong[1]


def test_random_folds_keep_the_weights_of_their_training_rows(sites: Cohort) -> None:
    task, _ = leave_out(sites, "A")
    inside = replace(task, validation="internal")
    plan = Plan(study=parse_study(PLAN, folder=Path()), cohorts={"outcome": sites})  # type: ignore[arg-type]
    predictions = work_fold(plan, inside).predictions
    assert sites.time_days is not None
    assert sites.cause is not None
    model = fit_censoring(sites.time_days[task.train], sites.cause[task.train] > 0)
    expected = model.weights(sites.y[task.test], sites.time_days[task.test], horizon_days=730)
    np.testing.assert_allclose(predictions["weight"], expected)


def fit_both(cohort: Cohort, n_held: int):
    """Return the weights of the last rows by the models of the first ones, and by their own."""
    train, held = np.arange(len(cohort.y) - n_held), np.arange(len(cohort.y) - n_held, len(cohort.y))
    preprocessor = fit_preprocessor(cohort.X.iloc[train], cohort.columns, n_knots=3)
    others = fit_observation(cohort, train, preprocessor)
    return held, others, fit_own_observation(cohort, held, preprocessor, others=others)


def test_few_answers_take_the_shape_from_others_and_the_level_from_the_site() -> None:
    rng = np.random.default_rng(3)
    first, second = AnswerWorld().draw(5000, rng), AnswerWorld().draw(30, rng)
    cohort = thin(join(first, second), np.append(np.ones(5000, bool), rng.random(30) < 0.4))
    held, others, own = fit_both(cohort, 30)
    assert not can_tell_who_is_lost(cohort, held)
    assert isinstance(others, Answered)
    assert isinstance(own, Answered)
    np.testing.assert_array_equal(own.model.coefficients, others.model.coefficients)
    encoded = own.preprocessor.design("splines", own.preprocessor.encode(cohort.X.iloc[held]))
    assert own.model.predict(encoded).mean() == pytest.approx(cohort.counted[held].mean(), abs=1e-6)
    assert others.model.predict(encoded).mean() > cohort.counted[held].mean() + 0.1


def test_where_others_are_all_known_those_of_the_site_are_taken_alike() -> None:
    rng = np.random.default_rng(4)
    known = replace(AnswerWorld().draw(300, rng), y=rng.integers(0, 2, 300).astype(float))
    few = thin(replace(known, y=known.y), np.append(np.ones(260, bool), np.arange(40) >= 10))
    held, _, own = fit_both(few, 40)
    weights = own.weigh(few, held)
    np.testing.assert_allclose(weights[10:], 4 / 3, rtol=1e-6)
    assert (weights[:10] == 0).all()


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_settled_events_of_a_site_count_once_beside_its_own_answers(share: float) -> None:
    rng = np.random.default_rng(6)
    cohort = SettledWorld().draw(6000, rng)
    # the last 2000 answer by chance, other than the rest
    y = np.where(cohort.settled, 0.0, (rng.random(6000) < 0.7).astype(float))
    chance = np.append(np.isfinite(cohort.y[:4000]), rng.random(2000) < share)
    cohort = thin(replace(cohort, y=y), chance)
    held, others, own = fit_both(cohort, 2000)
    settled = cohort.settled[held]
    rates = [
        float(settled @ weights / weights.sum()) for weights in (own.weigh(cohort, held), others.weigh(cohort, held))
    ]
    assert rates[0] == pytest.approx(settled.mean(), rel=0.06)
    assert abs(rates[1] - settled.mean()) > 0.15 * settled.mean()


@pytest.mark.parametrize("n_held", [18, 4000])
def test_censoring_by_predictors_has_the_level_of_the_site(n_held: int) -> None:
    rng = np.random.default_rng(7)
    world = HorizonWorld(informative=1.0, entry=None)
    leaky = Leaky(informative=1.0, entry=None)
    both = replace(join(world.draw(4000, rng), leaky.draw(n_held, rng)), censoring="by_predictors")
    held, others, own = fit_both(both, n_held)
    assert isinstance(own, CensoredByPredictors)
    assert isinstance(others, CensoredByPredictors)
    alone = can_tell_who_is_lost(both, held)
    assert alone == (n_held == 4000)
    same = np.array_equal(own.model.fit.coefficients, others.model.fit.coefficients)
    assert same == (not alone)
    # four times the hazard of being lost
    spent = [one.model.fit.spent(np.array([300.0]))[0] for one in (own, others)]
    assert spent[0] / spent[1] == pytest.approx(4, rel=0.1 if alone else 0.6)


def test_baseline_of_a_site_agrees_with_the_fit_that_has_the_same_coefficients() -> None:
    rng = np.random.default_rng(9)
    cohort = replace(HorizonWorld(informative=1.0, entry=None).draw(80, rng), censoring="by_predictors")
    rows = np.arange(80)
    preprocessor = fit_preprocessor(cohort.X, cohort.columns, n_knots=3)
    few = replace(cohort, cause=np.where(np.cumsum(cohort.cause == 0) <= 12, cohort.cause, 1))  # type: ignore[operator]
    others = fit_observation(few, rows, preprocessor)
    assert not can_tell_who_is_lost(few, rows)
    own = fit_own_observation(few, rows, preprocessor, others=others)
    # of the rows that others were fitted on the site's own hazard is that of the fit: no two are lost on one day
    np.testing.assert_allclose(own.weigh(few, rows), others.weigh(few, rows), rtol=1e-9)


def test_where_none_is_lost_every_weight_is_one() -> None:
    rng = np.random.default_rng(5)
    cohort = Lossless(entry=None).draw(100, rng)
    cohort = replace(cohort, censoring="by_predictors")
    both = join(replace(Leaky(entry=None).draw(500, rng), censoring="by_predictors"), cohort)
    assert both.cause is not None
    both = replace(both, cause=np.append(both.cause[:500], np.maximum(both.cause[500:], 1)), y=np.nan_to_num(both.y))
    held, _, own = fit_both(both, 100)
    np.testing.assert_array_equal(own.weigh(both, held), np.ones(100))


@pytest.mark.parametrize(("unknown", "expected"), [(0, True), (19, False), (20, True), (280, True), (281, False)])
def test_ten_of_either_per_predictor_are_enough(unknown: int, expected: bool) -> None:
    cohort = AnswerWorld().draw(300, np.random.default_rng(1))
    cohort = thin(replace(cohort, y=np.ones(300)), np.arange(300) >= unknown)
    assert LEAST_PER_PREDICTOR * cohort.X.shape[1] == 20
    assert can_tell_who_is_lost(cohort, np.arange(300)) == expected


def test_kaplan_meier_needs_no_others() -> None:
    cohort = take(NEVER.draw(300, np.random.default_rng(1)), np.arange(15))
    assert can_tell_who_is_lost(cohort, np.arange(15))


class _Told:
    """What the notes read of a prepared study."""

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort
        self.datasets = (self,)
        self.name = "development"

    def analysed(self, dataset: str) -> dict[str, Cohort]:
        return {"outcome": self.cohort}


def test_sites_that_borrow_are_counted_in_a_note() -> None:
    rng = np.random.default_rng(2)
    cohort = join(AnswerWorld().draw(300, rng), AnswerWorld().draw(50, rng))
    kept = np.append(np.arange(300) >= 40, np.arange(50) >= 15)
    cohort = thin(replace(cohort, y=rng.integers(0, 2, 350).astype(float)), kept)
    study = parse_study(PLAN.replace("[split]", "[internal_external]\nleast_events = 5\n[split]"), folder=Path())
    (told,) = list_borrowed_weights(study, _Told(cohort))  # type: ignore[arg-type]
    assert told.startswith("outcome: 1 of 2 sites (or groups of sites) that are left out have fewer than 10 patients")
    assert list(list_borrowed_weights(parse_study(PLAN, folder=Path()), _Told(cohort))) == []  # type: ignore[arg-type]
