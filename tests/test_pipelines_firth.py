from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from oracle_readers import SHARED, read_birthwt, read_endometrial, read_kyphosis
from scipy.optimize import minimize
from scipy.special import expit

from outcomes.cohort import Cohort
from pipelines.checks import FIRTH, describe_constant, models_for, needs_firth
from pipelines.folds import FoldResult, FoldTask, Plan, work_fold
from pipelines.learners.firth import compute_firth, compute_firth_profile
from pipelines.learners.separation import find_separating
from pipelines.models import MODELS
from pipelines.prepare import prepare_study
from pipelines.splines import compute_knots, compute_rcs_basis
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

Array = npt.NDArray[np.float64]


def penalised_likelihood(position: Array, X: Array, y: Array, weights: Array) -> float:
    D = np.column_stack([np.ones(len(y)), X])
    eta = D @ position
    risk = expit(eta)
    volume = np.linalg.slogdet(D.T @ (D * (weights * risk * (1 - risk))[:, None]))[1]
    return float(weights @ (y * eta - np.logaddexp(0, eta)) + volume / 2)


def data(n: int = 80, seed: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 10.0, 0.1] + [0.0, 50.0, 2.0]
    return X, (rng.uniform(size=n) < expit(-1 + X[:, 0])).astype(float)


@pytest.mark.skipif(not (SHARED / "endometrial.csv").exists(), reason="the data set endometrial is not at hand")
def test_a_separating_predictor_has_the_published_estimates() -> None:
    frame, y = read_endometrial()
    fit = compute_firth(frame.to_numpy(), y, np.ones(len(y)))
    # as printed by Heinze & Schemper 2002
    np.testing.assert_allclose([fit.intercept, *fit.coefficients], [3.77456, 2.92927, -0.03475, -2.60416], atol=2e-5)


@pytest.mark.parametrize("seed", range(4))
def test_the_estimate_maximises_the_penalised_likelihood(seed: int) -> None:
    X, y = data(seed=seed)
    weights = np.random.default_rng(seed).uniform(0.5, 2, len(y))
    fit = compute_firth(X, y, weights)
    here = np.concatenate([[fit.intercept], fit.coefficients])
    assert fit.log_likelihood == pytest.approx(penalised_likelihood(here, X, y, weights), abs=1e-9)
    found = minimize(lambda b: -penalised_likelihood(b, X, y, weights), here, method="Nelder-Mead")
    assert -found.fun <= fit.log_likelihood + 1e-9


def test_flic_has_the_event_rate_as_its_mean_risk() -> None:
    X, y = data()
    weights = np.random.default_rng(5).uniform(0.5, 2, len(y))
    fit = compute_firth(X, y, weights)
    risk = expit(fit.flic_intercept + X @ fit.coefficients)
    assert np.average(risk, weights=weights) == pytest.approx(np.average(y, weights=weights), abs=1e-12)
    biased = np.average(expit(fit.intercept + X @ fit.coefficients), weights=weights)
    assert abs(biased - 0.5) < abs(np.average(y, weights=weights) - 0.5)


def test_weights_are_repeated_rows() -> None:
    X, y = data()
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), counts)
    weighted = compute_firth(X, y, counts.astype(float))
    repeated = compute_firth(X[rows], y[rows], np.ones(len(rows)))
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, atol=1e-8)
    np.testing.assert_allclose(weighted.standard_errors, repeated.standard_errors, atol=1e-7)


def test_units_and_order_of_rows_change_nothing() -> None:
    X, y = data()
    fit = compute_firth(X, y, np.ones(len(y)))
    other = compute_firth(X[::-1] * [2.0, 0.1, 5.0] + 3, y[::-1], np.ones(len(y)))
    np.testing.assert_allclose(other.coefficients * [2.0, 0.1, 5.0], fit.coefficients, atol=1e-8)


@pytest.mark.parametrize("n", [6, 40, 400])
def test_perfect_separation_gives_finite_estimates(n: int) -> None:
    x = np.linspace(-1, 1, n)
    X = np.column_stack([x > 0, x])
    y = (x > 0).astype(float)
    fit = compute_firth(X, y, np.ones(n))
    risk = expit(fit.flic_intercept + X @ fit.coefficients)
    assert np.isfinite(fit.coefficients).all()
    assert risk[y == 1].min() > risk[y == 0].max()
    assert risk.min() > 0
    assert risk.max() < 1


def test_a_single_separating_level_has_the_estimate_of_the_two_by_two_table() -> None:
    # Firth's method for a saturated table adds one half to each cell
    x = np.repeat([0.0, 1.0], [30, 12])
    y = np.concatenate([np.ones(7), np.zeros(23), np.ones(12)])
    fit = compute_firth(x[:, None], y, np.ones(42))
    assert fit.intercept == pytest.approx(np.log(7.5 / 23.5), abs=1e-8)
    assert fit.coefficients[0] == pytest.approx(np.log(12.5 / 0.5) - np.log(7.5 / 23.5), abs=1e-7)


def test_constant_and_repeated_columns_take_no_part_of_their_own() -> None:
    X, y = data()
    weights = np.ones(len(y))
    alone = compute_firth(X, y, weights)
    wide = compute_firth(np.column_stack([X, np.full(len(y), 7.3), X[:, 0]]), y, weights)
    assert wide.coefficients[3] == pytest.approx(0, abs=1e-9)
    assert wide.coefficients[0] == pytest.approx(wide.coefficients[4], abs=1e-8)
    np.testing.assert_allclose(
        wide.intercept + X @ wide.coefficients[:3] + X[:, 0] * wide.coefficients[4] + 7.3 * wide.coefficients[3],
        alone.intercept + X @ alone.coefficients,
        atol=1e-7,
    )
    assert np.isnan(compute_firth_profile(np.column_stack([X, X[:, 0]]), y, weights).lower).all()


def test_the_profile_falls_by_the_quantile_at_both_ends() -> None:
    frame, y = read_kyphosis()
    X, weights = frame.to_numpy(), np.ones(len(y))
    profile = compute_firth_profile(X, y, weights)
    best = compute_firth(X, y, weights)
    for ends in (profile.lower, profile.upper):
        start = np.concatenate([[best.intercept], best.coefficients])
        found = minimize(
            lambda free, at=ends[0]: -penalised_likelihood(np.array([free[0], at, *free[1:]]), X, y, weights),
            start[[0, 2, 3]],
            options={"gtol": 1e-8},
        )
        assert 2 * (best.log_likelihood + found.fun) == pytest.approx(3.841459, abs=1e-4)


def test_narrower_levels_give_narrower_intervals() -> None:
    frame, y = read_birthwt()
    X, weights = frame.to_numpy(), np.ones(len(y))
    wide, narrow = (compute_firth_profile(X, y, weights, level=level) for level in (0.95, 0.5))
    assert (wide.lower < narrow.lower).all()
    assert (narrow.upper < wide.upper).all()


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_an_outcome_without_both_kinds_is_refused(rate: float) -> None:
    X, _ = data(20)
    with pytest.raises(StudyError, match="training rows must have events and non-events"):
        compute_firth(X, np.full(20, rate), np.ones(20))


PLAN = """
title = "does it separate"
definition = "lumbar"
seed = 2
outcomes = ["odi_mcid_12m"]
predictors = ["age", "odi_0", "diabetes"]
models = []
[split]
outer_folds = 3
inner_folds = 2
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=700, seed=12)


@pytest.fixture(scope="module")
def cohort(registry: Registry) -> Cohort:
    return prepare_study(parse_study(PLAN, folder=Path()), registry, {}).analysed("development")["odi_mcid_12m"]


def with_X(cohort: Cohort, **values: Any) -> Cohort:
    return replace(cohort, X=cohort.X.assign(**values))


def few_events(cohort: Cohort, events: int) -> Cohort:
    """Leave only some of the events; the other patients with one are of unknown outcome."""
    late = np.cumsum(cohort.y == 1) > events
    return replace(cohort, y=np.where((cohort.y == 1) & late, np.nan, cohort.y), answered=None, settled=None)


def separate(cohort: Cohort, share: float) -> Array:
    """A flag that only patients with the event have, and of these a share."""
    rng = np.random.default_rng(3)
    return ((cohort.y == 1) & (rng.uniform(size=len(cohort.y)) < share)).astype(float)


def test_enough_events_and_no_separation_need_nothing(cohort: Cohort) -> None:
    assert needs_firth(cohort) == ""


@pytest.mark.parametrize(("events", "needed"), [(49, True), (50, False), (51, False)])
def test_ten_events_per_parameter_are_enough(cohort: Cohort, events: int, needed: bool) -> None:
    # below 100 events there are three knots: two columns each of age and ODI, and one of diabetes
    few = few_events(cohort, events)
    assert few.events == events
    assert ("per candidate parameter, 5 of these, and 10 are the least" in needs_firth(few)) == needed
    same = with_X(few, diabetes=1.0)
    assert "4 of these" in needs_firth(few_events(same, 39)), "a constant predictor is no parameter"


def test_a_level_that_only_the_event_has_is_named(cohort: Cohort) -> None:
    reason = needs_firth(with_X(cohort, diabetes=separate(cohort, 0.3)))
    assert reason == "in some patients the outcome can be told for certain from diabetes"


def test_complete_separation_is_named_and_a_strong_predictor_is_not(cohort: Cohort) -> None:
    told = np.where(cohort.y == 1, 20.0, 60.0) + np.random.default_rng(1).uniform(0, 10, len(cohort.y))
    assert "from age" in needs_firth(with_X(cohort, age=told))
    noisy = np.where(cohort.y == 1, 40.0, 50.0) + 7 * np.random.default_rng(1).normal(size=len(cohort.y))
    assert needs_firth(with_X(cohort, age=noisy)) == ""


def test_of_a_score_there_is_no_need(registry: Registry) -> None:
    study = parse_study(PLAN.replace("odi_mcid_12m", "odi_12m_score"), folder=Path())
    prepared = prepare_study(study, registry, {})
    assert prepared.models == {"odi_12m_score": ("spline_logistic",)}


def test_models_of_an_outcome_are_the_studys_and_firth_where_there_is_a_reason() -> None:
    study = parse_study(PLAN, folder=Path())
    assert models_for(study, "") == ("spline_logistic",)
    assert models_for(study, "few events") == ("spline_logistic", FIRTH)
    asked = study.model_copy(update={"models": (FIRTH, "elastic_net")})
    assert models_for(asked, "few events") == ("spline_logistic", FIRTH, "elastic_net")
    assert MODELS[FIRTH].family == "regression"


def test_a_rare_outcome_is_fitted_by_both_and_said_so(registry: Registry) -> None:
    study = parse_study(PLAN.replace("odi_mcid_12m", "any_complication_30d"), folder=Path())
    prepared = prepare_study(study, registry, {})
    assert prepared.models == {"any_complication_30d": ("spline_logistic", FIRTH)}
    (remark,) = prepared.remarks
    assert remark.startswith("any_complication_30d: there are ")
    assert remark.endswith("spline_logistic stays the reference in every fold")


def test_a_predictor_that_separates_everybody_is_refused_as_a_leak(registry: Registry, cohort: Cohort) -> None:
    told = pd.Series(cohort.y, index=cohort.row_id).reindex(registry.frame["row_id"].astype(str)).to_numpy()
    others = registry.frame.drop(columns="diabetes")
    frame = pd.concat([others, pd.Series(told, others.index, name="diabetes")], axis=1)
    leak = replace(registry, frame=frame)
    with pytest.raises(StudyError, match=r"no predictor alone must separate odi_mcid_12m .*\n  diabetes: a c-stat"):
        prepare_study(parse_study(PLAN, folder=Path()), leak, {})


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_reference_and_firth_go_through_separation(cohort: Cohort, share: float) -> None:
    made = with_X(cohort, diabetes=separate(cohort, share), odi_0=50.0)
    result = fit_fold(made)
    for _, own in result.predictions.groupby("model"):
        assert own["y_prob"].between(0, 1, inclusive="neither").all()
        flagged = made.X["diabetes"].to_numpy()[np.arange(1, len(made.y), 2)] == 1
        assert own["y_prob"][flagged].min() > 0.6
    for pipeline in fit_fold(made, final=True).pipelines.values():
        assert pipeline.fitted.coefficients[np.array(pipeline.preprocessor.design_predictor("linear")) == "odi_0"] == 0


def fit_fold(cohort: Cohort, *, final: bool = False) -> FoldResult:
    study, n = parse_study(PLAN, folder=Path()), np.arange(len(cohort.y))
    task = FoldTask(
        outcome="odi_mcid_12m", models=("elastic_net", FIRTH), repeat=0, fold=-1 if final else 0,
        train=n if final else n[::2], test=n[:0] if final else n[1::2], explained=False,
    )  # fmt: skip
    quick = study.model_copy(update={"tuning": study.tuning.model_copy(update={"trials": 2})})
    return work_fold(Plan(study=quick, cohorts={"odi_mcid_12m": cohort}), task)


def test_constant_and_unrecorded_predictors_are_told(cohort: Cohort) -> None:
    assert list(describe_constant(cohort)) == []
    told = list(describe_constant(with_X(cohort, diabetes=1.0, odi_0=np.nan)))
    assert told == [
        "predictor odi_0 is recorded in no patient of odi_mcid_12m; it takes no part",
        "predictor diabetes is the same wherever it is recorded in odi_mcid_12m; it takes no part",
    ]


def test_single_spline_terms_may_be_large_without_separation() -> None:
    # terms of one spline nearly make each other up: large ones of opposite sign balance, and nothing separates
    rng = np.random.default_rng(5)
    x = rng.normal(size=400)
    basis = compute_rcs_basis(x, compute_knots(x, 5))
    y = (rng.uniform(size=400) < expit(np.sin(3 * x))).astype(float)
    X = (basis - basis.mean(axis=0)) / basis.std(axis=0)
    assert find_separating(X, y, ["x"] * 4) == ()
    alone = find_separating(np.column_stack([X, y]), y, [*["x"] * 4, "told"])
    assert alone == ("told",)
