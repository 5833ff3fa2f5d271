"""Predicted follow-up scores: their statistics, what is derived from them, bundles, and the whole way."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from outcome_builds import build
from scipy.stats import norm

from outcomes.instruments import INSTRUMENTS
from outcomes.kinds.score import list_derived
from outcomes.outcome import Score
from outcomes.threshold_rules import reached
from outcomes.thresholds import THRESHOLD_SETS
from pipelines.bundles.artifact import load_model, write_bundle
from pipelines.comparison import compare_fold_predictions
from pipelines.curves import compute_curves
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.fit import FittedPipeline
from pipelines.forecast import Forecast, find_step, fit_spread, forecast_from_json
from pipelines.intervals import compute_standard_error
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.measures.scores import (
    linearise_absolute_error,
    linearise_coverage,
    linearise_root_mean_square,
    linearise_slope,
)
from pipelines.metrics import METRICS
from pipelines.models import MODELS, Model
from pipelines.predictands import ScorePredictand
from pipelines.preprocess import fit_preprocessor
from pipelines.result import StudyResult
from pipelines.run import run_study
from pipelines.run_folder import replacing, write_run
from reports.writing import write_documents
from schemas.columns import COLUMNS
from schemas.errors import BundleError, StudyError
from schemas.registry import Registry
from schemas.specs import ScoreOutcome, ThresholdSpec
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

Array = npt.NDArray[np.float64]
EVERY = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
ODI, LEG = INSTRUMENTS["odi"], INSTRUMENTS["nrs_leg"]
POINTS = [name for name, metric in METRICS.items() if metric.in_points]
CHANGE, STATE = "score__scoap15_2_2", "score__van_hooff2016_pass"


def score_of_odi() -> Score:
    spec = ScoreOutcome(
        name="score", title="ODI", kind="score", desirable=False, horizon="12 months", instrument="odi",
        baseline="odi_0", follow_up="odi_12m", threshold_sets=("scoap15_2_2", "van_hooff2016_pass"),
    )  # fmt: skip
    made = build(spec).score
    assert made is not None
    return made


def predicted_scores(n: int = 600, seed: int = 1, models: tuple[str, ...] = ("a", "b")) -> pd.DataFrame:
    """Scores that spread normally, by 12 points, around the true mean that model a predicts."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(45, 8, n)
    y = mean + 12 * rng.normal(size=n)
    half = 12 * norm.ppf(0.95)
    own = {"a": mean, "b": mean + rng.normal(0, 6, n)}
    tables = [
        pd.DataFrame(
            {
                "row_id": np.arange(n).astype(str), "patient": np.arange(n).astype(str), "outcome": "score",
                "model": model, "dataset": "development", "validation": "internal", "repeat": 0,
                "fold": np.arange(n) % 5, "imputation": 0, "y_true": y, "y_prob": math.nan, "y_pred": own[model],
                "y_low": own[model] - half, "y_high": own[model] + half, "scale": "points", "weight": 1.0,
                "n_train": 480, "site": "s", "year": "2020", "sex": np.where(np.arange(n) % 3, "male", "female"),
            }
        )
        for model in models
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def evaluate(table: pd.DataFrame, suppress_below: int = 5) -> pd.DataFrame:
    return evaluate_fold_predictions(
        table, thresholds={}, threshold_sets={}, subgroups=["sex"], seed=1, suppress_below=suppress_below
    )


def overall(evaluation: pd.DataFrame, model: str = "a") -> pd.DataFrame:
    rows = evaluation[(evaluation["subgroup"] == "overall") & (evaluation["model"] == model)]
    return rows.set_index("metric")


# statistics


def test_slope_and_its_robust_error_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    n = 300
    patient = np.repeat(np.arange(n // 2), 2)
    x = rng.normal(40, 10, n)
    y = 5 + 0.8 * x + rng.normal(0, 10, n // 2)[patient] + rng.normal(0, 5, n)
    weights = rng.uniform(0.5, 2, n)
    slope, influence = linearise_slope(y, x, weights, np.zeros(n, dtype=np.int64))
    theirs = sm.WLS(y, sm.add_constant(x), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": patient, "use_correction": False}
    )
    assert slope == pytest.approx(theirs.params[1])
    assert compute_standard_error(influence, patient, ddof=0) == pytest.approx(theirs.bse[1])


def test_measures_of_normal_noise_have_their_closed_forms() -> None:
    table = predicted_scores(40_000, models=("a",)).assign(validation="external")
    found = overall(evaluate(table))
    y = table["y_true"]
    expected = {
        "mae": 12 * math.sqrt(2 / math.pi),
        "rmse": 12.0,
        "r_squared": 64 / (64 + 144),
        "mean_difference": 0.0,
        "score_slope": 1.0,
        "interval_coverage": 0.9,
        "interval_width": 24 * norm.ppf(0.95),
    }
    assert list(found.index) == POINTS
    for name, value in expected.items():
        row = found.loc[name]
        assert row["estimate"] == pytest.approx(
            value, abs=0.12 if name in ("mae", "rmse", "mean_difference") else 0.015
        )
        if name == "interval_width":  # the same for everyone
            assert row["interval_kind"] == "none: no variation between patients"
        else:
            assert row["lower"] - 0.05 <= value <= row["upper"] + 0.05, name
    assert found["events"].isna().all()
    assert (found["n"] == len(y)).all()


def test_standard_errors_are_those_of_repeated_samples() -> None:
    """Half-width against the spread of the estimate over samples that are drawn anew."""
    estimates: dict[str, list[float]] = {name: [] for name in POINTS}
    errors: dict[str, list[float]] = {name: [] for name in POINTS}
    for seed in range(120):
        found = overall(evaluate(predicted_scores(300, seed=seed, models=("a",)).assign(validation="external")))
        for name in POINTS:
            estimates[name].append(found.loc[name, "estimate"])
            errors[name].append((found.loc[name, "upper"] - found.loc[name, "lower"]) / (2 * 1.96))
    for name in POINTS:
        if name != "interval_width":  # the same for every patient here
            assert np.mean(errors[name]) == pytest.approx(np.std(estimates[name]), rel=0.25), name


def test_a_mean_and_a_share_by_hand() -> None:
    y, p = np.array([10.0, 20.0, 30.0]), np.array([14.0, 18.0, 30.0])
    w, replicate = np.array([1.0, 2.0, 1.0]), np.zeros(3, dtype=np.int64)
    assert linearise_absolute_error(y, p, w, replicate).estimate == pytest.approx((4 + 2 * 2 + 0) / 4)
    assert linearise_root_mean_square(y, p, w, replicate).estimate == pytest.approx(math.sqrt((16 + 2 * 4) / 4))
    low, high = np.array([10.0, 21.0, 0.0]), np.array([12.0, 22.0, 29.0])
    assert linearise_coverage(y, low, high, w, replicate).estimate == pytest.approx(1 / 4)


def test_predictions_that_are_all_the_same_have_no_slope() -> None:
    found = overall(evaluate(predicted_scores(100, models=("a",)).assign(y_pred=40.0)))
    assert found.loc["score_slope", "status"] == "not assessable"
    assert found.loc["mae", "status"] == "ok"


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_whole_number_weights_are_repeated_rows_and_order_does_not_matter(seed: int) -> None:
    table = predicted_scores(80, seed=seed, models=("a",)).assign(validation="external")
    weights = np.random.default_rng(seed).integers(0, 3, len(table))
    weighted = overall(evaluate(table.assign(weight=weights)))
    repeated = table.loc[np.repeat(table.index, weights)]
    again = overall(evaluate(repeated.assign(row_id=[f"{i:04d}" for i in range(len(repeated))]).sample(frac=1)))
    np.testing.assert_allclose(weighted["estimate"].astype(float), again["estimate"].astype(float), rtol=1e-9)


def test_repeats_are_averaged_and_the_patient_counts_once() -> None:
    table = predicted_scores(200, models=("a",))
    twice = pd.concat([table, table.assign(repeat=1)])
    one, two = (overall(evaluate(frame)) for frame in (table, twice))
    pd.testing.assert_frame_equal(
        one[["estimate", "lower", "upper", "n"]], two[["estimate", "lower", "upper", "n"]], rtol=1e-9
    )


def test_stratified_folds_earn_no_credit_for_the_mean() -> None:
    found = overall(evaluate(predicted_scores(models=("a",))))
    assert found.loc["mean_difference", "status"] == "not informative"
    assert math.isnan(found.loc["mean_difference", "lower"])


def test_subgroups_of_few_patients_are_hidden() -> None:
    table = predicted_scores(60, models=("a",))
    few = table.assign(sex=np.where(np.arange(60) < 3, "female", np.where(np.arange(60) < 20, "male", "unknown")))
    rows = evaluate(few).query("subgroup == 'sex'")
    assert set(rows.loc[rows["level"].isin(["female", "male"]), "status"]) == {"suppressed"}
    assert rows.loc[rows["level"] == "female", ["estimate", "n"]].isna().all().all()
    shown = rows[rows["level"] == "unknown"].set_index("metric")
    assert shown.loc["mae", "status"] == "ok"
    assert shown["events"].isna().all()
    assert set(overall(evaluate(table.head(4)))["status"]) == {"suppressed"}


def test_the_better_model_is_better_by_what_it_should_be() -> None:
    table = predicted_scores(20_000)
    found = compare_fold_predictions(table, reference="a", thresholds={}, threshold_sets={}, seed=1)
    rows = found.set_index("metric")
    assert set(rows.index) == {"mae", "rmse", "r_squared"}
    assert rows.loc["rmse", "estimate"] == pytest.approx(math.sqrt(144 + 36) - 12, abs=0.1)
    assert rows.loc["rmse", "lower"] > 0
    assert rows.loc["r_squared", "estimate"] == pytest.approx(-36 / 208, abs=0.02)
    assert (rows["n"] == 20_000).all()


def test_scores_have_no_curves_of_risks() -> None:
    curves = compute_curves(predicted_scores(100), thresholds={})
    assert {name for name, curve in curves.items() if not curve.empty} == {"score_calibration"}


# the distribution around a prediction


def test_points_of_the_spread_are_means_of_several_patients() -> None:
    rng = np.random.default_rng(3)
    mean = rng.uniform(10, 60, 700)
    y = np.clip(mean + rng.normal(0, 10, 700), 0, 100)
    weights = rng.uniform(0.5, 3, 700)
    spread = fit_spread(y, mean, weights, low=0, high=100)
    assert spread.residuals.shape == (2, 70)
    assert (np.diff(spread.residuals, axis=1) >= 0).all()
    assert (np.diff(spread.centres) > 0).all()
    lower = mean <= np.median(mean)
    assert spread.residuals[0].mean() == pytest.approx(np.average((y - mean)[lower], weights=weights[lower]))
    text = json.dumps(spread.to_json())
    assert not [value for value in y - mean if repr(float(value)) in text]


def test_the_interval_holds_nine_in_ten_of_new_patients() -> None:
    rng = np.random.default_rng(4)

    def draw(n: int) -> tuple[Array, Array]:
        # the noise grows with the mean, and the score is cut at 0
        centre = rng.uniform(-5, 60, n)
        y = np.clip(centre + (5 + 0.2 * np.abs(centre)) * rng.logistic(size=n), 0, 100)
        return np.clip(centre, 0, 100), y

    mean, y = draw(5000)
    spread = fit_spread(y, mean, np.ones(len(y)), low=0, high=100)
    new_mean, new_y = draw(20_000)
    low, high = spread.interval(new_mean)
    inside = (new_y >= low) & (new_y <= high)
    assert low.min() >= 0
    assert high.max() <= 100
    assert inside.mean() == pytest.approx(0.9, abs=0.012)
    assert inside[new_mean > 30].mean() == pytest.approx(0.9, abs=0.03)
    # where the interval starts at the end of the range, nobody lies below it
    assert 0.89 < inside[new_mean < 15].mean() < 0.96


@pytest.mark.parametrize(("n", "ranks"), [(19, (1, 19)), (20, (1, 20)), (39, (2, 38)), (98, (4, 95)), (200, (10, 191))])
def test_the_ends_of_the_interval_are_the_ranks_of_split_conformal_prediction(n: int, ranks: tuple[int, int]) -> None:
    """Order statistics ``floor((n + 1) 0.05)`` and ``ceil((n + 1) 0.95)``, rounded outward."""
    residuals = np.sort(np.random.default_rng(n).normal(0, 10, n))
    spread = fit_spread(50 + residuals, np.full(n, 50.0), np.ones(n), low=0, high=100)
    part = 0.1 if n >= 99 else 5.0
    lower, upper = residuals[ranks[0] - 1], residuals[ranks[1] - 1]
    assert lower - part < spread.below[0] <= lower
    assert upper <= spread.above[0] < upper + part
    np.testing.assert_allclose(np.array([spread.below[0], spread.above[0]]) / part % 1 % (1 - 1e-6), 0, atol=1e-6)


def test_fewer_than_nineteen_patients_have_no_interval_but_a_mean_and_probabilities() -> None:
    rng = np.random.default_rng(7)
    spread = fit_spread(rng.uniform(20, 60, 18), np.full(18, 40.0), np.ones(18), low=0, high=100)
    forecast = Forecast(score=score_of_odi(), spread=spread)
    found = forecast.describe(np.array([40.0]), np.array([60.0]))
    assert np.isnan([found["y_low"], found["y_high"]]).all()
    assert np.isfinite([found["y_pred"], found[CHANGE], found[STATE]]).all()
    again = forecast_from_json(json.loads(json.dumps(forecast.to_json(), allow_nan=False)))
    assert np.isnan(again.spread.interval(np.array([40.0]))).all()
    table = predicted_scores()
    told = overall(evaluate(table.assign(y_low=table["y_low"].where(table["fold"] != 1))))["status"]
    assert told[["interval_coverage", "interval_width"]].tolist() == ["not assessable"] * 2
    assert told["mae"] == "ok"


@pytest.mark.parametrize("n", [20, 30, 40, 150])
def test_the_interval_of_few_patients_holds_nine_in_ten_too(n: int) -> None:
    """Of normal residuals the former interpolated points held 75 per cent at 20 patients and 88 at 40."""
    rng = np.random.default_rng(n)
    held = []
    for _ in range(300):
        spread = fit_spread(500 + rng.normal(0, 12, n), np.full(n, 500.0), np.ones(n), low=0, high=1000)
        low, high = (float(end[0]) for end in spread.interval(np.array([500.0])))
        held.append(norm.cdf((high - 500) / 12) - norm.cdf((low - 500) / 12))
    assert np.mean(held) > 0.895


def test_weights_move_the_ends_as_repeated_patients_do() -> None:
    rng = np.random.default_rng(8)
    y, weights = 50 + rng.normal(0, 10, 400), rng.integers(1, 4, 400).astype(np.float64)
    weighted = fit_spread(y, np.full(400, 50.0), weights, low=0, high=100)
    rows = np.repeat(np.arange(400), weights.astype(np.int64))
    repeated = fit_spread(y[rows], np.full(len(rows), 50.0), np.ones(len(rows)), low=0, high=100)
    for one, other in ((weighted.below, repeated.below), (weighted.above, repeated.above)):
        np.testing.assert_allclose(one[0], other[0], atol=0.5)


def test_points_that_cannot_be_judged_are_left_out_of_the_probability() -> None:
    """From 95 the best that can happen to the JOABPEQ rule is that nothing can be said."""
    rng = np.random.default_rng(9)
    spread = fit_spread(90 + rng.normal(0, 5, 100), np.full(100, 90.0), np.ones(100), low=0, high=100)
    joabpeq = INSTRUMENTS["joabpeq_pain"]
    rule = next(one for one in THRESHOLD_SETS["joabpeq_effective"].thresholds if one.instrument == "joabpeq_pain")
    before, k = np.array([95.0, 85.0, np.nan]), spread.residuals.shape[1]
    met = partial(reached, instrument=joabpeq, threshold=rule)
    found = spread.probability(np.full(3, 90.0), partial(met, before))
    assert found[0] == 0.5 / k
    assert 0.3 < found[1] < 0.7
    assert np.isnan(found[2])
    assert np.isnan(spread.probability(np.full(1, 160.0), partial(met, before[:1]))).all()


@pytest.mark.parametrize("step", [1.0, 0.0])
def test_a_threshold_met_exactly_is_not_missed_by_half_a_step(step: float) -> None:
    """Of a score in whole points, a change of 2 is reached from 1.5 on."""
    rng = np.random.default_rng(5)
    n, sigma = 20_000, 1.6
    centre, baseline = rng.uniform(3.5, 5.5, n), rng.integers(5, 10, n).astype(float)
    noise = rng.normal(0, sigma, n)
    y = np.round(centre + noise) if step else centre + noise
    spread = fit_spread(y, centre, np.ones(n), low=0, high=10)
    assert spread.step == step
    threshold = ThresholdSpec(instrument="nrs_leg", kind="absolute_change", value=2)
    found = spread.probability(centre, partial(reached, baseline, instrument=LEG, threshold=threshold))
    truth = norm.cdf((baseline - 2 + step / 2 - centre) / sigma)
    assert np.abs(found - truth).mean() < 0.02
    assert found.mean() == pytest.approx(truth.mean(), abs=0.01)
    if step:
        rough = replace(spread, step=0)
        missed = rough.probability(centre, partial(reached, baseline, instrument=LEG, threshold=threshold))
        assert truth.mean() - missed.mean() > 0.05


def test_the_grid_of_a_score_is_found_in_spite_of_a_few_others() -> None:
    even = np.arange(0, 100, 2.0)
    assert find_step(np.append(even, [11.1, 22.2]), low=0) == 2
    assert find_step(np.append(even, np.linspace(0.1, 9, 20)), low=0) == 0.0
    assert find_step(np.array([-0.594, -0.5, 1.0]), low=-0.594) == 0.001


def test_a_probability_is_never_nought_or_one_and_unknown_without_the_baseline() -> None:
    score = score_of_odi()
    spread = fit_spread(np.repeat([40.0, 50.0], 50), np.full(100, 45.0), np.ones(100), low=0, high=100)
    forecast = Forecast(score=score, spread=spread)
    mean = np.array([45.0, 45.0, 45.0])
    found = forecast.describe(mean, np.array([90.0, 40.0, np.nan]))
    k = spread.residuals.shape[1]
    np.testing.assert_allclose(found[CHANGE], [1 - 0.5 / k, 0.5 / k, np.nan])
    np.testing.assert_allclose(found[STATE], 0.5 / k)
    again = forecast_from_json(json.loads(json.dumps(forecast.to_json())))
    assert again.score == score
    for name, values in again.describe(mean, np.array([90.0, 40.0, np.nan])).items():
        np.testing.assert_array_equal(values, found[name])


def test_strata_of_a_score_are_fifths_and_the_unknown_stay_unknown() -> None:
    predictand = ScorePredictand(score=score_of_odi())
    y = np.append(np.arange(100.0), np.nan)
    np.testing.assert_array_equal(np.bincount(predictand.strata(y)[:100].astype(int)), [20] * 5)
    assert math.isnan(predictand.strata(y)[100])
    np.testing.assert_array_equal(predictand.strata(np.zeros(10)), np.zeros(10))
    assert predictand.count_informative(y) == 100
    assert predictand.loss(np.array([0.0]), np.array([-30.0]), np.ones(1)) == 0, "predictions are kept inside the range"


# bundles


def fitted_bundle(folder: Path, model: Model) -> tuple[FittedPipeline | None, pd.DataFrame]:
    rng = np.random.default_rng(6)
    X = pd.DataFrame({"age": rng.normal(60, 10, 400), "odi_0": rng.integers(10, 40, 400) * 2.0})
    X.loc[::13, "odi_0"] = np.nan
    y = np.clip(np.round(10 + 0.4 * X["odi_0"].fillna(40) + rng.normal(0, 10, 400)), 0, 100).to_numpy()
    params: dict[str, float | int] = {p.name: int(p.low) if p.integer else p.low for p in model.space}
    if model.path_name:
        params[model.path_name] = model.path_values[-2]
    pre = fit_preprocessor(X, {name: COLUMNS[name] for name in X}, n_knots=3)
    design = pre.design(model.design, pre.encode(X))
    fit = model.score.fit(design, y, np.ones(400), params, 1)
    spread = fit_spread(y, np.clip(fit.predict(design), 0, 100), np.ones(400), low=0, high=100)
    write_bundle(
        folder, model_name=model.name, fitted=fit, preprocessor=pre, card={},
        definition_text='name = "two"\ntitle = "Two"\nbase = "lumbar"\n',
        forecast=Forecast(score=score_of_odi(), spread=spread),
    )  # fmt: skip
    return None, X


@EVERY
def test_a_bundle_of_a_score_predicts_score_interval_and_thresholds(model: Model, tmp_path: Path) -> None:
    _, X = fitted_bundle(tmp_path / "bundle", model)
    loaded = load_model(tmp_path / "bundle")
    predicted = loaded.predict(X)
    assert list(predicted) == [
        "row_id",
        "y_pred",
        "y_pred_low",
        "y_pred_high",
        "y_low",
        "y_high",
        CHANGE,
        STATE,
        "imputed",
        "outside_range",
        "remarks",
    ]
    assert (predicted["y_low"] <= predicted["y_pred"]).all()
    assert (predicted["y_pred"] <= predicted["y_high"]).all()
    assert predicted[["y_low", "y_high"]].stack().between(0, 100).all()
    unknown = X["odi_0"].isna()
    assert predicted.loc[unknown, CHANGE].isna().all()
    assert predicted.loc[~unknown, CHANGE].between(0, 1, inclusive="neither").all()
    assert predicted[STATE].notna().all()
    assert np.corrcoef(predicted["y_pred"], predicted[STATE])[0, 1] < -0.9
    far = pd.DataFrame({"age": [1000.0, -1000.0], "odi_0": [5000.0, -5000.0]})
    assert loaded.predict(far)["y_pred"].between(0, 100).all()


def test_a_changed_forecast_is_refused(tmp_path: Path) -> None:
    fitted_bundle(tmp_path / "bundle", MODELS["spline_logistic"])
    path = tmp_path / "bundle" / "bundle.json"
    bundle = json.loads(path.read_text())
    bundle["check"]["predicted"][CHANGE][0] = None
    path.write_text(json.dumps(bundle))
    with pytest.raises(BundleError, match="check patients must get the predictions they had, got a difference of inf"):
        load_model(tmp_path / "bundle")


# the whole way

PLAN = """
title = "a score"
definition = "lumbar"
seed = 7
outcomes = ["odi_12m_score", "odi_mcid_12m"]
predictors = ["age", "sex", "bmi", "depression", "previous_spine_surgery", "odi_0"]
models = ["elastic_net", "lightgbm"]
subgroups = ["sex"]
[split]
outer_folds = 3
inner_folds = 2
[bootstrap]
resamples = 0
[tuning]
trials = 2
[sensitivity]
unattainable = false
"""
MCID = "odi_12m_score__scoap15_2_2"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=500, seed=2)


@pytest.fixture(scope="module")
def result(registry: Registry) -> StudyResult:
    later = simulate_registry("lumbar", n=300, seed=3)
    return run_study(parse_study(PLAN, folder=Path()), registry, validate_on={"elsewhere": later})


def test_a_score_and_what_is_derived_from_it_are_predicted_for_the_same_patients(result: StudyResult) -> None:
    rows = result.predictions.query("validation == 'internal' and model == 'lightgbm'")
    scores = rows[rows["outcome"] == "odi_12m_score"].set_index("row_id")
    assert (scores["scale"] == "points").all()
    assert scores["y_prob"].isna().all()
    assert scores["y_pred"].between(0, 100).all()
    assert (scores.loc[scores["y_true"].isna(), "weight"] == 0).all()
    for name in list_derived(result.outcomes.values()):
        derived = rows[rows["outcome"] == name].set_index("row_id")
        assert (derived["scale"] == "probability").all()
        assert derived["y_prob"].between(0, 1, inclusive="neither").all()
        assert set(derived["y_true"].dropna()) <= {0.0, 1.0}
        np.testing.assert_array_equal(derived["weight"], scores.loc[derived.index, "weight"])
        np.testing.assert_array_equal(derived["fold"], scores.loc[derived.index, "fold"])


def test_the_derived_threshold_is_that_of_the_dichotomised_outcome(result: StudyResult) -> None:
    """Where nobody was reoperated or died before the visit, and among the same patients."""
    own, derived = (
        result.predictions.query("validation == 'internal' and model == 'lightgbm' and outcome == @name")
        .set_index("row_id")["y_true"]
        .dropna()
        for name in ("odi_mcid_12m", MCID)
    )
    assert set(derived.index) <= set(own.index)
    frame = result.datasets[0].registry.frame.set_index("row_id").loc[derived.index]
    spared = ~((frame["reoperation_days"] < 400) | (frame["death_days"] < 400))
    assert spared.sum() > 200
    np.testing.assert_array_equal(derived[spared], own.loc[derived.index][spared])


def test_a_score_is_evaluated_as_a_score_and_what_is_derived_as_a_risk(result: StudyResult) -> None:
    metrics = result.evaluation.groupby("outcome")["metric"].agg(lambda column: set(column))
    assert metrics["odi_12m_score"] == set(POINTS)
    assert metrics[MCID] == metrics["odi_mcid_12m"]
    assert not metrics[MCID] & set(POINTS)
    assert set(result.comparison.query("outcome == 'odi_12m_score'")["metric"]) == {"mae", "rmse", "r_squared"}
    assert set(result.curves["calibration"]["outcome"]) >= {MCID}
    assert "odi_12m_score" not in set(result.curves["calibration"]["outcome"])
    assert set(result.table1.query("outcome == 'odi_12m_score'")["group"]) == {"all"}
    assert set(result.explanations.query("outcome == 'odi_12m_score'")["scale"]) == {"points"}
    overall_rows = result.evaluation.query("outcome == 'odi_12m_score' and subgroup == 'overall' and metric == 'mae'")
    last = result.flow.query("outcome == 'odi_12m_score' and reason == 'analysed'").set_index("dataset")["remaining"]
    assert (overall_rows["n"].astype(float).to_numpy() == last[overall_rows["dataset"]].to_numpy()).all()


def test_the_final_model_of_a_score_predicts_as_the_table_of_validation_says(result: StudyResult) -> None:
    outside = result.predictions.query("dataset == 'elsewhere' and outcome == 'odi_12m_score' and model == 'lightgbm'")
    later = result.datasets[1].registry.frame.set_index("row_id").loc[outside["row_id"]]
    pipeline = result.models["odi_12m_score", "lightgbm"]
    np.testing.assert_array_equal(pipeline.predict(later[list(result.study.predictors)]), outside["y_pred"])


def test_too_few_scores_are_skipped_and_said(registry: Registry) -> None:
    few = simulate_registry("lumbar", n=60, seed=4)
    study = parse_study(
        PLAN.replace(', "odi_mcid_12m"', "").replace("outer_folds = 3", "outer_folds = 9"), folder=Path()
    )
    with pytest.raises(StudyError, match="patients with a known score must be at least 90, 10 for each of the 9 outer"):
        run_study(study, few)


def test_a_run_with_a_score_has_a_report_and_bundles(result: StudyResult, tmp_path: Path) -> None:
    with replacing(tmp_path / "run") as folder:
        write_run(result, folder)
        page = write_documents(folder, names=["comparison"], formats=["html"])[0].read_text(encoding="utf-8")
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    listed = [outcome["name"] for outcome in facts["outcomes"]]
    assert listed.index(MCID) in range(1, len(listed) - 1)
    assert next(o for o in facts["outcomes"] if o["name"] == MCID)["from_score"] == "odi_12m_score"
    assert "predicted the score with a mean absolute error of" in page
    assert "Coverage" in page
    assert "improvement of at least 15 points" in page
    loaded = load_model(tmp_path / "run" / "models" / "odi_12m_score" / "spline_logistic")
    predicted = loaded.predict(result.datasets[1].registry)
    outside = result.predictions.query("dataset == 'elsewhere' and model == 'spline_logistic'")
    for name, column in (("odi_12m_score", "y_high"), (MCID, "y_prob")):
        table = outside[outside["outcome"] == name].set_index("row_id")
        mine = predicted.set_index("row_id").loc[table.index, column if column == "y_high" else MCID]
        np.testing.assert_array_equal(mine, table[column])


@pytest.mark.slow
def test_two_workers_give_the_same_bytes_of_a_score(registry: Registry, tmp_path: Path) -> None:
    written = []
    for workers in (1, 2):
        with replacing(tmp_path / str(workers)) as folder:
            write_run(run_study(parse_study(PLAN, folder=Path()), registry, workers=workers), folder)
        home = tmp_path / str(workers)
        files = [*(home / "share").rglob("*.csv"), *(home / "models").rglob("*"), home / "private/predictions.parquet"]
        written.append({str(p.relative_to(home)): p.read_bytes() for p in files if p.is_file()})
    assert written[0] == written[1]


TRUTH = """
title = "does the model of the score find the truth"
definition = "lumbar"
seed = 11
outcomes = ["odi_12m_score", "odi_mcid_12m"]
predict_at = "planned"
predictors = ["age", "bmi", "smoking", "asa_class", "diabetes", "depression", "opioid_use", "symptom_duration_months",
  "previous_spine_surgery", "diagnosis", "planned_fusion", "n_levels_planned", "odi_0"]
models = []
reoperated = "as_scored"
died = "as_scored"
[split]
outer_folds = 2
inner_folds = 3
[sensitivity]
unattainable = false
"""


@pytest.mark.slow
def test_the_derived_probability_is_the_true_one() -> None:
    fresh = simulate_registry("lumbar", n=20_000, seed=12)
    study = parse_study(TRUTH, folder=Path())
    result = run_study(study, simulate_registry("lumbar", n=8_000, seed=11), validate_on={"fresh": fresh})
    assert fresh.truth is not None
    truth = fresh.truth.set_index("row_id")["odi_mcid_12m"]
    found = result.evaluation.query("dataset == 'fresh' and subgroup == 'overall'").set_index(["outcome", "metric"])
    value = found["estimate"]
    assert abs(value[MCID, "calibration_in_the_large"]) < 0.1
    assert 0.9 < value[MCID, "calibration_slope"] < 1.1
    assert value[MCID, "c_statistic"] > value["odi_mcid_12m", "c_statistic"] - 0.005
    rows = result.predictions.query("dataset == 'fresh' and outcome == @MCID and weight > 0")
    risk = truth.loc[rows["row_id"]].to_numpy()
    best = compute_c_statistic(rows["y_true"].to_numpy(), risk)
    assert abs(value[MCID, "c_statistic"] - best) < 0.02
    assert np.sqrt(np.mean((rows["y_prob"].to_numpy() - risk) ** 2)) < 0.07
    assert value["odi_12m_score", "interval_coverage"] == pytest.approx(0.9, abs=0.015)
    assert value["odi_12m_score", "score_slope"] == pytest.approx(1, abs=0.08)
