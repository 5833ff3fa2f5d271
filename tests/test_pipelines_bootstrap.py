from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score

from pipelines.evaluate import evaluate_fold_predictions
from pipelines.given_predictions import bootstrap_predictions, evaluate_predictions
from pipelines.intervals import CountArray, create_draws
from pipelines.measures.bootstrap import (
    BY_THRESHOLD,
    COMPARED,
    OF_RISKS,
    RATIOS,
    RESAMPLED,
    observe_measures,
    resample_measures,
)
from pipelines.measures.calibration import fit_calibration_in_the_large, fit_calibration_slope
from pipelines.measures.calibration_curve import compute_design, fit_calibration_curve
from pipelines.measures.calibration_refits import bootstrap_calibration
from pipelines.measures.sample import Sample, build_sample, select_usable
from pipelines.metrics import METRICS
from schemas.errors import InputError
from schemas.tables import EVALUATION

Floats = npt.NDArray[np.float64]
THRESHOLDS = (0.1, 0.25, 0.4)
OF_FOLDS = (
    "c_statistic",
    "brier_score",
    "scaled_brier",
    "log_loss",
    "nagelkerke_r2",
    "discrimination_slope",
    "net_benefit",
)


def simulate(n: int, *, seed: int = 0, shift: float = -1.0, digits: int | None = None) -> tuple[Floats, Floats]:
    """Outcomes and predicted risks; rounded risks have ties."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(shift, 1.2, n)
    y = (rng.random(n) < expit(truth)).astype(float)
    p = expit(1.2 * truth + rng.normal(0, 0.5, n))
    return y, (p if digits is None else np.clip(np.round(p, digits), 0.01, 0.99))


def make_sample(y: Floats, p: Floats, **columns: Any) -> Sample:
    known: dict[str, Any] = {
        "row_id": np.arange(y.size), "patient": np.arange(y.size), "repeat": 0, "fold": 0, "imputation": 0,
        "y_true": y, "y_prob": p, "y_pred": math.nan, "scale": "probability", "weight": 1.0,
    }  # fmt: skip
    validation = columns.pop("validation", "external")
    rows = select_usable(pd.DataFrame({**known, **columns}))
    return build_sample(rows, validation=validation, thresholds=THRESHOLDS, draws=create_draws(1, n_resamples=100))


def counts_of(sample: Sample, n_resamples: int = 100) -> CountArray:
    return create_draws(3, n_resamples=n_resamples).patient_counts(sample.n_patients)


def nagelkerke(y: Floats, p: Floats) -> float:
    """From likelihoods, as in the definition: R2 of Cox and Snell over the largest that it can be."""
    n, null = y.size, np.full(y.size, y.mean())
    own, none = (np.sum(y * np.log(q) + (1 - y) * np.log(1 - q)) for q in (p, null))
    return float((1 - np.exp(2 * (none - own) / n)) / (1 - np.exp(2 * none / n)))


def measure_by_hand(y: Floats, p: Floats) -> dict[str, list[float]]:
    """The measures of one resample, its rows written out, by other people's functions."""
    events, n = y.sum(), y.size
    lr = sm.GLM(y, np.ones(n), family=sm.families.Binomial(), offset=logit(p)).fit(tol=1e-12)
    slope = sm.GLM(y, sm.add_constant(logit(p)), family=sm.families.Binomial()).fit(tol=1e-12)
    found: dict[str, list[float]] = {
        "c_statistic": [roc_auc_score(y, p)],
        "brier_score": [brier_score_loss(y, p)],
        "scaled_brier": [1 - brier_score_loss(y, p) / brier_score_loss(y, np.full(n, y.mean()))],
        "log_loss": [log_loss(y, p)],
        "oe_ratio": [events / p.sum()],
        "calibration_in_the_large": [lr.params[0]],
        "calibration_intercept": [slope.params[0]],
        "calibration_slope": [slope.params[1]],
        "event_rate": [y.mean()],
        "discrimination_slope": [p[y == 1].mean() - p[y == 0].mean()],
        "nagelkerke_r2": [nagelkerke(y, p)],
        **{name: [] for name in BY_THRESHOLD},
    }
    for threshold in THRESHOLDS:
        tn, fp, fn, tp = confusion_matrix(y, p >= threshold).ravel()
        benefit = tp / n - fp / n * threshold / (1 - threshold)
        found["net_benefit"].append(benefit)
        found["standardised_net_benefit"].append(benefit / y.mean())
        odds = threshold / (1 - threshold)
        found["interventions_avoided"].append(100 * (benefit - (y.mean() - (1 - y.mean()) * odds)) / odds)
        found["ppv"].append(tp / (tp + fp) if tp + fp else np.nan)
        found["npv"].append(tn / (tn + fn) if tn + fn else np.nan)
        found["share_acted_on"].append((tp + fp) / n)
        found["sensitivity"].append(tp / (tp + fn))
        found["specificity"].append(tn / (tn + fp))
    return found


@pytest.mark.parametrize("digits", [None, 1])
def test_every_resample_is_what_other_libraries_make_of_its_rows(digits: int | None) -> None:
    y, p = simulate(160, digits=digits)
    sample = make_sample(y, p)
    counts = counts_of(sample, 60)
    names = [name for name in OF_RISKS if name != "ici"]
    found = resample_measures(sample, names, counts)
    assert all(found[name].shape == (60, len(THRESHOLDS) if METRICS[name].by_threshold else 1) for name in names)
    for b, drawn in enumerate(counts):
        expected = measure_by_hand(np.repeat(y, drawn), np.repeat(p, drawn))
        for name in names:
            np.testing.assert_allclose(found[name][b], expected[name], rtol=0, atol=1e-7, err_msg=name)


def test_calibration_index_of_a_resample_is_that_of_the_curve_refitted_with_its_knots() -> None:
    y, p = simulate(300)
    sample = make_sample(y, p)
    counts = counts_of(sample, 20)
    curve = fit_calibration_curve(y, p, np.ones_like(y))
    assert curve is not None
    found = resample_measures(sample, ["ici"], counts)["ici"][:, 0]
    for b, drawn in enumerate(counts):
        rows = np.repeat(np.arange(y.size), drawn)
        design = compute_design(logit(p[rows]), curve.knots)
        fitted = sm.GLM(y[rows], design, family=sm.families.Binomial()).fit(tol=1e-12).fittedvalues
        assert found[b] == pytest.approx(np.abs(p[rows] - fitted).mean(), abs=1e-4)


@pytest.mark.parametrize(("n", "shift"), [(40, -1.5), (700, -1.0), (3000, -3.0)])
def test_refits_at_once_are_the_refits_one_by_one(n: int, shift: float) -> None:
    """Also where rows of neighbouring risk are taken together first; those without a maximum are the same ones."""
    y, p = simulate(n, shift=shift, seed=5)
    p[:3] = [0.0, 1.0, 1e-9]
    weights = np.random.default_rng(1).choice([0.5, 1.0, 3.0], n)
    patient = np.arange(n) // 2
    counts = create_draws(2, n_resamples=100).patient_counts(patient.max() + 1)
    in_the_large, joint, slope = bootstrap_calibration(y, p, weights, patient=patient, counts=counts)
    for b, drawn in enumerate(counts):
        used = drawn[patient] * weights
        rows = used > 0
        both = 0 < y[rows].sum() < rows.sum()
        for fit, term, value in (
            (fit_calibration_in_the_large, 0, in_the_large[b]),
            (fit_calibration_slope, 0, joint[b]),
            (fit_calibration_slope, 1, slope[b]),
        ):
            expected = fit(y[rows], p[rows], used[rows]) if both else None
            assert math.isnan(value) == (expected is None)
            if expected is not None:
                assert value == pytest.approx(expected.coefficients[term], abs=1e-6)


def test_separated_and_one_sided_resamples_have_no_slope() -> None:
    y = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    p = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    counts = np.ones((4, 8), dtype=np.uint8)
    counts[1, 4] = 0  # without the one patient that overlaps: separated
    counts[2] = y == 0
    counts[3] = y == 1
    in_the_large, _, slope = bootstrap_calibration(y, p, np.ones(8), patient=np.arange(8), counts=counts)
    assert np.isfinite(slope).tolist() == [True, False, False, False]
    assert np.isfinite(in_the_large).tolist() == [True, True, False, False]
    one_risk = bootstrap_calibration(y, np.full(8, 0.3), np.ones(8), patient=np.arange(8), counts=counts[:1])
    assert one_risk[0][0] == pytest.approx(logit(0.5) - logit(0.3))
    assert math.isnan(one_risk[2][0])


def test_resamples_of_one_class_are_left_out_where_a_measure_needs_both() -> None:
    y, p = simulate(30)
    y[:] = 0
    y[:2] = 1
    sample = make_sample(y, p)
    counts = counts_of(sample, 400)
    one_class = counts[:, :2].sum(axis=1) == 0
    assert 20 < one_class.sum() < 100
    found = resample_measures(sample, OF_RISKS, counts)
    for name in (
        "c_statistic", "scaled_brier", "nagelkerke_r2", "discrimination_slope", "oe_ratio", "ici", "sensitivity",
        "calibration_in_the_large",
    ):  # fmt: skip
        np.testing.assert_array_equal(np.isnan(found[name]).all(axis=1), one_class, err_msg=name)
    assert np.isnan(found["calibration_slope"][one_class]).all()
    for name in ("brier_score", "log_loss", "net_benefit", "specificity"):
        assert np.isfinite(found[name]).all(), name


def test_observed_values_are_those_of_the_evaluation() -> None:
    y, p = simulate(900)
    weights = np.random.default_rng(2).choice([1.0, 2.5], y.size)
    found = observe_measures(make_sample(y, p, weight=weights), OF_RISKS)
    table = evaluate_predictions(y, p, weights=weights, thresholds=THRESHOLDS)
    for name in OF_RISKS:
        expected = table.loc[table["metric"] == name, "estimate"].to_numpy(dtype=float)
        if expected.size:
            np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-8, err_msg=name)


def test_weights_are_repeated_rows_of_a_patient() -> None:
    y, p = simulate(700, digits=2)
    weights = np.random.default_rng(3).integers(1, 4, y.size)
    weighted = make_sample(y, p, weight=weights.astype(float))
    patient = np.repeat(np.arange(y.size), weights)
    repeated = make_sample(np.repeat(y, weights), np.repeat(p, weights), patient=patient)
    counts = counts_of(weighted)
    first, second = (resample_measures(sample, OF_RISKS, counts) for sample in (weighted, repeated))
    for name in OF_RISKS:
        np.testing.assert_allclose(first[name], second[name], rtol=0, atol=1e-2 if name == "ici" else 1e-7)


def test_folds_and_repeats_are_averaged_and_drawn_together() -> None:
    y, p = simulate(200)
    other = simulate(200, seed=9)[1]
    fold = np.arange(200) % 4
    sample = make_sample(
        np.tile(y, 2), np.concatenate([p, other]), row_id=np.tile(np.arange(200), 2),
        patient=np.tile(np.arange(200), 2), repeat=np.repeat([0, 1], 200), fold=np.concatenate([fold, fold[::-1]]),
        validation="internal",
    )  # fmt: skip
    counts = counts_of(sample, 30)
    found = resample_measures(sample, OF_FOLDS, counts)
    for b, drawn in enumerate(counts):
        rows = np.repeat(np.arange(200), drawn)
        briers = [brier_score_loss(y[rows], risk[rows]) for risk in (p, other)]
        assert found["brier_score"][b, 0] == pytest.approx(np.mean(briers), abs=1e-12)
        within = [
            roc_auc_score(y[rows[of[rows] == k]], risk[rows[of[rows] == k]])
            for risk, of in ((p, fold), (other, fold[::-1]))
            for k in range(4)
        ]
        assert found["c_statistic"][b, 0] == pytest.approx(np.mean(within), abs=1e-12)
    null = sample.null.reshape(2, 200)
    rows = np.repeat(np.arange(200), counts[0])
    ratios = [np.mean((y - q)[rows] ** 2) / np.mean((y - known)[rows] ** 2) for q, known in zip((p, other), null)]  # noqa: B905
    assert found["scaled_brier"][0, 0] == pytest.approx(1 - np.mean(ratios), abs=1e-12), "the null is what it was"


def test_scores_in_points_have_their_measures() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(30, 10, 120)
    predicted = y + rng.normal(0, 6, 120)
    sample = make_sample(y, np.full(120, np.nan), y_pred=predicted, scale="points")
    counts = counts_of(sample, 20)
    found = resample_measures(sample, ["mae", "rmse", "r_squared"], counts)
    for b, drawn in enumerate(counts):
        a, q = np.repeat(y, drawn), np.repeat(predicted, drawn)
        assert found["mae"][b, 0] == pytest.approx(np.abs(a - q).mean(), abs=1e-12)
        assert found["rmse"][b, 0] == pytest.approx(math.sqrt(np.mean((a - q) ** 2)), abs=1e-12)
        assert found["r_squared"][b, 0] == pytest.approx(1 - np.mean((a - q) ** 2) / a.var(), abs=1e-10)


def test_tables_name_what_there_is() -> None:
    assert set(RATIOS) <= set(RESAMPLED) <= set(METRICS)
    assert set(COMPARED) <= set(RESAMPLED)
    assert {name for name, metric in METRICS.items() if metric.compare} - set(COMPARED) == {"calibration_slope", "ici"}


# --- the public function


def test_bootstrap_has_the_columns_of_the_contract() -> None:
    y, p = simulate(400)
    table = bootstrap_predictions(y, p, thresholds=THRESHOLDS, n_resamples=200)
    assert tuple(table.columns) == EVALUATION
    assert table["metric"].drop_duplicates().tolist() == list(OF_RISKS)
    assert set(table["status"]) == {"ok"}
    assert set(table["interval_target"]) == {"this fixed model"}
    assert set(table["n"]) == {400}
    plain = table[table["metric"] != "ici"]
    assert set(plain["interval_kind"]) == {"patient bootstrap, percentile"}
    assert (plain["lower"] < plain["estimate"]).all()
    assert (plain["estimate"] < plain["upper"]).all()
    without = bootstrap_predictions(y, p, n_resamples=200)
    assert not without["metric"].isin(["net_benefit", "sensitivity"]).any()


def test_percentiles_agree_with_the_closed_forms() -> None:
    y, p = simulate(4000)
    names = ["c_statistic", "brier_score", "log_loss", "calibration_in_the_large", "calibration_slope", "net_benefit"]
    ours, theirs = (
        table[table["metric"].isin(names)].set_index(["metric", "threshold_probability"])[["lower", "upper"]]
        for table in (
            bootstrap_predictions(y, p, thresholds=[0.3], n_resamples=4000),
            evaluate_predictions(y, p, thresholds=[0.3]),
        )
    )
    theirs = theirs.loc[ours.index]
    width = (theirs["upper"] - theirs["lower"]).astype(float)
    assert ((ours - theirs).astype(float).abs().max(axis=1) < 0.06 * width).all()


def test_order_of_the_rows_and_the_model_do_not_matter_but_the_seed_does() -> None:
    y, p = simulate(150, digits=2)
    groups = np.arange(150) // 2
    rows = np.random.default_rng(1).permutation(150)
    first = bootstrap_predictions(y, p, groups=groups, thresholds=[0.2], n_resamples=200)
    second = bootstrap_predictions(y[rows], p[rows], groups=groups[rows], thresholds=[0.2], n_resamples=200)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    third = bootstrap_predictions(y, p, groups=groups, thresholds=[0.2], n_resamples=200, seed=1)
    assert (first["estimate"] == third["estimate"]).all()
    assert first.loc[0, "lower"] != third.loc[0, "lower"]


def test_patients_with_several_operations_are_drawn_together() -> None:
    y, p = simulate(300)
    single = bootstrap_predictions(y, p, n_resamples=2000).set_index("metric")
    double = bootstrap_predictions(
        np.tile(y, 2), np.tile(p, 2), groups=np.tile(np.arange(300), 2), n_resamples=2000
    ).set_index("metric")
    widths = [(table["upper"] - table["lower"])["brier_score"] for table in (single, double)]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)
    assert (double["n"] == 600).all()


def test_resamples_without_a_value_are_counted_in_words() -> None:
    y, p = simulate(40)
    y[:] = 0
    y[:5] = 1
    p[:5] = np.linspace(0.3, 0.9, 5)
    table = bootstrap_predictions(y, p, n_resamples=2000).set_index("metric")
    assert table.loc["brier_score", "interval_kind"] == "patient bootstrap, percentile"
    kind = table.loc["c_statistic", "interval_kind"]
    assert kind.startswith("patient bootstrap, percentile; ")
    assert kind.endswith(" of 2000 resamples left out")
    missing = int(kind.split("; ")[1].split(" of ")[0])
    assert missing == pytest.approx(2000 * (35 / 40) ** 40, abs=40)


def test_small_counts_and_one_class_have_no_values() -> None:
    y, p = simulate(60)
    few = bootstrap_predictions((np.arange(60) < 3).astype(float), p, thresholds=[0.2], n_resamples=100)
    assert set(few["status"]) == {"suppressed"}
    assert few[["n", "events", "estimate", "lower", "upper"]].isna().all(axis=None)
    none = bootstrap_predictions(np.zeros(60), p, thresholds=[0.2], n_resamples=100).set_index("metric")
    assert none.loc["brier_score", "status"] == "ok"
    assert none.loc["c_statistic", "status"] == "not assessable"
    unknown = bootstrap_predictions(np.full(60, np.nan), p, thresholds=[0.2], n_resamples=100)
    assert set(unknown["status"]) == {"not assessable"}
    assert unknown.attrs["n_unknown"] == 60
    y[:] = np.arange(60) % 2
    at_threshold = np.where(np.arange(60) < 3, 0.9, np.linspace(0.1, 0.5, 60))
    table = bootstrap_predictions(y, at_threshold, thresholds=[0.3, 0.8], n_resamples=100)
    by = table.set_index(["metric", "threshold_probability"])["status"]
    assert by["sensitivity", 0.8] == "suppressed"
    assert by["sensitivity", 0.3] == "ok"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"n_resamples": 10}, "n_resamples must be a whole number from 100 to 100000, got 10; choose one"),
        ({"n_resamples": 250.5}, "n_resamples must be a whole number from 100 to 100000, got 250.5"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, got -1"),
        ({"thresholds": "half"}, r"thresholds must be a list of numbers, such as \[0.1, 0.2\]"),
    ],
)
def test_unusable_settings_are_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        bootstrap_predictions([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], **more)


def test_evaluation_and_bootstrap_agree_inside_folds() -> None:
    """The observed values of fold predictions are those of the evaluation, which averages over folds and repeats."""
    y, p = simulate(250)
    columns = {
        "row_id": np.arange(250), "patient": np.arange(250), "outcome": "o", "model": "m", "dataset": "d",
        "validation": "internal", "repeat": 0, "fold": np.arange(250) % 5, "imputation": 0, "y_true": y, "y_prob": p,
        "y_pred": math.nan, "scale": "probability", "weight": 1.0, "n_train": 200,
    }  # fmt: skip
    frame = pd.DataFrame(columns)
    table = evaluate_fold_predictions(frame, thresholds={"o": THRESHOLDS}, threshold_sets={}, subgroups=(), seed=1)
    own = {name: value for name, value in columns.items() if name not in ("outcome", "model", "dataset")}
    found = observe_measures(make_sample(own.pop("y_true"), own.pop("y_prob"), **own), OF_FOLDS)
    for name in OF_FOLDS:
        expected = table.loc[table["metric"] == name, "estimate"].to_numpy(dtype=float)
        shown = np.isfinite(expected)
        assert shown.any()
        np.testing.assert_allclose(found[name][shown], expected[shown], rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.slow
def test_percentile_intervals_cover() -> None:
    """Binormal-like patients whose true c-statistic and Brier score are had from two million of them."""
    rng = np.random.default_rng(8)
    x = rng.normal(-1, 1.2, 2_000_000)
    risk = expit(x)
    order = np.argsort(risk)
    cases = np.cumsum((1 - risk)[order])
    truth = {
        "c_statistic": float((risk[order] * cases).sum() / (risk.sum() * (1 - risk).sum())),
        "brier_score": float(np.mean(risk * (1 - risk))),
        "calibration_slope": 1.0,
    }
    covered = dict.fromkeys(truth, 0)
    n_studies = 300
    for seed in range(n_studies):
        rng = np.random.default_rng([8, seed])
        p = expit(rng.normal(-1, 1.2, 300))
        y = (rng.random(300) < p).astype(float)
        table = bootstrap_predictions(y, p, n_resamples=500, seed=seed).set_index("metric")
        for name, value in truth.items():
            covered[name] += table.loc[name, "lower"] < value < table.loc[name, "upper"]
    for name, count in covered.items():
        assert count / n_studies == pytest.approx(0.945, abs=4 * math.sqrt(0.95 * 0.05 / n_studies)), name
