from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from given_samples import estimate, make_sample
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from statsmodels.stats.proportion import proportion_confint

from pipelines.evaluate import evaluate_fold_predictions
from pipelines.given_predictions import evaluate_predictions
from pipelines.intervals import compute_percentile, create_draws
from pipelines.measures.discrimination import bootstrap_c_statistic
from pipelines.metrics import METRICS
from pipelines.suppression import find_suppressed
from schemas.errors import InputError
from schemas.tables import EVALUATION, STATUSES

ORACLES = Path(__file__).parent / "oracles"
SETTINGS: dict[str, Any] = {
    "thresholds": {"ssi": (0.1, 0.25)},
    "threshold_sets": {},
    "subgroups": (),
    "seed": 3,
}


def simulate_predictions(
    n: int = 300, *, models: tuple[str, ...] = ("a", "b"), validation: str = "internal", repeats: int = 1, seed: int = 0
) -> pd.DataFrame:
    """Predictions of well calibrated, noisy models; five folds inside cross-validation."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1, 1.2, n)
    known = {
        "row_id": np.arange(n).astype(str),
        "patient": np.arange(n).astype(str),
        "outcome": "ssi",
        "dataset": "development",
        "validation": validation,
        "imputation": 0,
        "y_true": (rng.random(n) < expit(truth)).astype(float),
        "y_pred": math.nan,
        "scale": "probability",
        "weight": 1.0,
        "n_train": 240,
        "site": "s",
        "year": "2020",
        "sex": rng.choice(["female", "male"], n),
    }
    tables = []
    for (i, model), repeat in itertools.product(enumerate(models), range(repeats)):
        noise = np.random.default_rng([seed, i, repeat]).normal(0, 0.4, n)
        fold = np.random.default_rng([seed, repeat]).permutation(np.arange(n) % 5)
        own = {"model": model, "repeat": repeat, "fold": fold, "y_prob": expit(truth + noise)}
        tables.append(pd.DataFrame({**known, **own}))
    return pd.concat(tables, ignore_index=True)


def overall(table: pd.DataFrame, model: str = "a") -> pd.DataFrame:
    return table[(table["model"] == model) & (table["subgroup"] == "overall")].set_index("metric")


def numbers(table: pd.DataFrame) -> npt.NDArray[np.float64]:
    return table[["estimate", "lower", "upper"]].to_numpy(dtype=float)


def test_given_predictions_agree_with_r() -> None:
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    expected = json.loads((ORACLES / "02_performance.json").read_text())["expected"]["sim_val_p1"]
    delong = json.loads((ORACLES / "01_delong.json").read_text())["expected"]["sim_val"]["p1"]
    got = evaluate_predictions(data["y"], data["p1"]).set_index("metric")
    names = {
        "c_statistic": "c_statistic",
        "brier_score": "brier",
        "scaled_brier": "scaled_brier_ipa",
        "log_loss": "log_loss_mean",
        "oe_ratio": "oe_ratio",
        "calibration_in_the_large": "citl_intercept",
        "calibration_slope": "cal_slope",
    }
    for ours, theirs in names.items():
        leaf = expected[theirs]
        assert got.loc[ours, "estimate"] == pytest.approx(leaf["value"], abs=leaf["abs_tol"])
    limits = {
        "c_statistic": delong["ci95_logit"],
        "calibration_in_the_large": expected["citl_ci95_wald"],
        "calibration_slope": expected["cal_slope_ci95_wald"],
    }
    for ours, leaf in limits.items():
        np.testing.assert_allclose(numbers(got.loc[[ours]])[0, 1:], leaf["value"], rtol=0, atol=leaf["abs_tol"])
    assert got.loc["c_statistic", "interval_kind"] == "DeLong, logit scale"
    assert set(got["interval_target"]) == {"this fixed model"}
    assert set(got["n"]) == {1200}
    assert set(got["events"]) == {357}


def test_columns_and_statuses_are_those_of_the_contract() -> None:
    for table in (
        evaluate_predictions([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], thresholds=[0.2]),
        evaluate_fold_predictions(simulate_predictions(), **SETTINGS),
        evaluate_fold_predictions(simulate_predictions().iloc[:0], **SETTINGS),
    ):
        assert tuple(table.columns) == EVALUATION
        assert set(table["status"]) <= set(STATUSES)
        assert table["n"].dtype == "Int64"


def test_cross_validation_takes_the_c_statistic_within_folds() -> None:
    data = simulate_predictions(repeats=2)
    got = overall(evaluate_fold_predictions(data, **SETTINGS))
    parts = [
        evaluate_predictions(rows["y_true"], rows["y_prob"]).set_index("metric").loc["c_statistic", "estimate"]
        for _, rows in data[data["model"] == "a"].groupby(["repeat", "fold"])
    ]
    assert len(parts) == 10
    assert got.loc["c_statistic", "estimate"] == pytest.approx(np.mean(parts), abs=1e-12)
    assert got.loc["c_statistic", "interval_kind"] == "patient bootstrap, percentile"
    assert set(got["interval_target"]) == {"the procedure, conditional on the fitted fold models"}
    assert set(got["n"]) == {300}


def test_cross_validation_averages_the_other_metrics_over_repeats() -> None:
    data = simulate_predictions(repeats=2)
    got = overall(evaluate_fold_predictions(data, **SETTINGS))
    parts = [
        evaluate_predictions(rows["y_true"], rows["y_prob"]).set_index("metric")["estimate"]
        for _, rows in data[data["model"] == "a"].groupby("repeat")
    ]
    for metric in ("brier_score", "log_loss", "oe_ratio", "calibration_in_the_large", "calibration_slope", "ici"):
        assert got.loc[metric, "estimate"] == pytest.approx((parts[0][metric] + parts[1][metric]) / 2, rel=1e-9)


def test_null_of_the_scaled_brier_score_is_the_training_folds_event_rate() -> None:
    data = simulate_predictions(models=("a",))
    got = overall(evaluate_fold_predictions(data, **SETTINGS)).loc["scaled_brier", "estimate"]
    null = [data.loc[data["fold"] != fold, "y_true"].mean() for fold in data["fold"]]
    brier, reference = ((data["y_true"] - p).pow(2).mean() for p in (data["y_prob"], np.array(null)))
    assert got == pytest.approx(1 - brier / reference, abs=1e-12)


def test_a_repeat_that_says_the_same_narrows_no_interval() -> None:
    single = simulate_predictions(models=("a",))
    double = pd.concat([single, single.assign(repeat=1)], ignore_index=True)
    first, second = (evaluate_fold_predictions(data, **SETTINGS).set_index("metric") for data in (single, double))
    for metric in ("c_statistic", "brier_score", "scaled_brier", "log_loss", "net_benefit", "ici"):
        np.testing.assert_allclose(numbers(first.loc[[metric]]), numbers(second.loc[[metric]]), atol=1e-12)
    np.testing.assert_allclose(
        numbers(first.loc[["calibration_slope"]]), numbers(second.loc[["calibration_slope"]]), rtol=0.02
    )


def test_overall_means_of_cross_validation_are_not_informative() -> None:
    got = overall(evaluate_fold_predictions(simulate_predictions(), **SETTINGS))
    for metric in ("oe_ratio", "calibration_in_the_large"):
        assert got.loc[metric, "status"] == "not informative"
        assert np.isfinite(got.loc[metric, "estimate"])
        assert np.isnan(got.loc[metric, ["lower", "upper"]].astype(float)).all()
    given = overall(evaluate_fold_predictions(simulate_predictions().assign(n_train=0), **SETTINGS))
    assert given.loc["oe_ratio", "status"] == "ok", "published predictions were not fitted to these patients"
    assert set(given["interval_target"]) == {"this fixed model"}


def test_repeated_patients_widen_the_intervals() -> None:
    data = simulate_predictions(validation="external", models=("a",))
    copies = pd.concat([data, data.assign(row_id=data["row_id"] + "b")], ignore_index=True)
    single, double = (overall(evaluate_fold_predictions(frame, **SETTINGS)) for frame in (data, copies))
    for metric in ("brier_score", "log_loss", "scaled_brier", "oe_ratio"):
        np.testing.assert_allclose(numbers(single.loc[[metric]]), numbers(double.loc[[metric]]), rtol=1e-9)
        assert double.loc[metric, "interval_kind"].endswith("cluster-robust by patient")
    assert double.loc["c_statistic", "interval_kind"] == "patient bootstrap, percentile"
    widths = [
        float(frame.loc["c_statistic", "upper"] - frame.loc["c_statistic", "lower"]) for frame in (single, double)
    ]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_unknown_outcomes_are_left_out() -> None:
    data = simulate_predictions(models=("a",))
    unknown = data.iloc[:40].assign(row_id=lambda rows: rows["row_id"] + "u", y_true=np.nan, weight=0.0)
    both = pd.concat([unknown, data], ignore_index=True)
    first, second = (evaluate_fold_predictions(frame, **SETTINGS) for frame in (data, both))
    pd.testing.assert_frame_equal(first, second)


def test_a_score_has_measures_of_ranking_only() -> None:
    data = simulate_predictions(models=("a",))
    score = data.assign(scale="score", y_pred=data["y_prob"] * 10, y_prob=np.nan)
    got, risk = (overall(evaluate_fold_predictions(frame, **SETTINGS)) for frame in (score, data))
    np.testing.assert_array_equal(numbers(got.loc[["c_statistic"]]), numbers(risk.loc[["c_statistic"]]))
    rest = got.drop(index=["c_statistic", "average_precision", "event_rate"])
    assert set(got["status"].drop(rest.index)) == {"ok"}
    assert set(rest["status"]) == {"not assessable"}
    assert rest["estimate"].isna().all()
    of_risks = [metric for metric in METRICS.values() if not (metric.in_points or metric.for_scores)]
    again = len([metric for metric in of_risks if metric.by_threshold]) * (len(SETTINGS["thresholds"]["ssi"]) - 1)
    assert len(rest) == len(of_risks) + again


@pytest.mark.parametrize("y", [0, 1])
def test_one_class_only_is_not_assessable(y: int) -> None:
    got = evaluate_predictions([y] * 30, np.linspace(0.1, 0.9, 30), thresholds=[0.3]).set_index("metric")
    assert got.loc["brier_score", "status"] == "ok"
    assert got.loc["net_benefit", "status"] == "ok"
    for metric in ("c_statistic", "scaled_brier", "oe_ratio", "calibration_slope", "ici", "ici_null"):
        assert got.loc[metric, "status"] == "not assessable"
        assert np.isnan(got.loc[metric, "estimate"])


@pytest.mark.parametrize(
    ("p", "words"),
    [
        ([0.1] * 20 + [0.9] * 20, "Newcombe (at 0 or 1)"),
        ([*np.linspace(0.1, 0.8, 31), *np.linspace(0.3, 0.9, 9)], "Newcombe (fewer than 10 events or non-events)"),
    ],
)
def test_c_statistic_says_when_delong_cannot_be_had(p: list[float], words: str) -> None:
    n_events = 20 if "at 0 or 1" in words else 9
    y = [0] * (40 - n_events) + [1] * n_events
    row = evaluate_predictions(y, p).set_index("metric").loc["c_statistic"]
    assert row["interval_kind"] == words
    assert row["lower"] < row["estimate"] <= row["upper"]


# --- invariances


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_the_rows_does_not_matter(seed: int) -> None:
    data = simulate_predictions(150)
    shuffled = data.sample(frac=1, random_state=seed)
    kept = shuffled.sort_values("model", kind="stable")  # models stand in the order of the table
    settings_ = {**SETTINGS, "subgroups": ("sex",)}
    first, second = (evaluate_fold_predictions(frame, **settings_) for frame in (data, kept))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    rows = np.random.default_rng(seed).permutation(150)
    y, p = data["y_true"].to_numpy()[:150], data["y_prob"].to_numpy()[:150]
    pd.testing.assert_frame_equal(evaluate_predictions(y, p), evaluate_predictions(y[rows], p[rows]), check_exact=True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_whole_number_weights_are_repeated_rows(seed: int) -> None:
    data = simulate_predictions(500, models=("a",), seed=seed)
    y, p = data["y_true"].to_numpy(), data["y_prob"].to_numpy()
    weights = np.random.default_rng(seed).integers(0, 3, 500)
    weighted = evaluate_predictions(y, p, weights=weights, thresholds=[0.2]).set_index("metric")
    repeated = evaluate_predictions(np.repeat(y, weights), np.repeat(p, weights), thresholds=[0.2]).set_index("metric")
    same = [name for name, metric in METRICS.items() if name != "ici_null" and not metric.in_points]  # simulated
    np.testing.assert_allclose(
        weighted.loc[same, "estimate"].astype(float), repeated.loc[same, "estimate"].astype(float), rtol=1e-6
    )


def test_monotone_transform_leaves_the_c_statistic_and_its_interval() -> None:
    data = simulate_predictions(models=("a",))
    moved = data.assign(y_prob=data["y_prob"] ** 3)
    first, second = (overall(evaluate_fold_predictions(frame, **SETTINGS)) for frame in (data, moved))
    np.testing.assert_array_equal(numbers(first.loc[["c_statistic"]]), numbers(second.loc[["c_statistic"]]))


def test_adding_a_model_leaves_the_rows_of_the_others() -> None:
    two, three = (simulate_predictions(models=names) for names in (("a", "b"), ("a", "new", "b")))
    three.loc[three["model"] == "b", "y_prob"] = two.loc[two["model"] == "b", "y_prob"].to_numpy()
    first, second = (evaluate_fold_predictions(frame, **SETTINGS) for frame in (two, three))
    rest = second[second["model"] != "new"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, rest, check_exact=True)


def test_other_seed_moves_resamples_only() -> None:
    data = simulate_predictions(models=("a",))
    first, second = (overall(evaluate_fold_predictions(data, **{**SETTINGS, "seed": seed})) for seed in (1, 2))
    steady = first.drop(index="ici_null")["estimate"]
    pd.testing.assert_series_equal(steady, second.drop(index="ici_null")["estimate"], check_exact=True)
    assert first.loc["c_statistic", "lower"] != second.loc["c_statistic", "lower"]


# --- subgroups and small cells


def levels_of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = table[(table["subgroup"] == name) & (table["metric"] == "brier_score")]
    return rows.set_index("level")


def test_subgroups_add_up_to_the_whole() -> None:
    data = simulate_predictions(models=("a",), repeats=2)
    table = evaluate_fold_predictions(data, **{**SETTINGS, "subgroups": ("sex",)})
    levels, whole = levels_of(table, "sex"), overall(table).loc["brier_score"]
    assert levels["n"].sum() == whole["n"]
    assert levels["events"].sum() == whole["events"]
    assert np.average(levels["estimate"], weights=levels["n"].astype(float)) == pytest.approx(whole["estimate"])


def test_mean_calibration_is_informative_within_a_subgroup() -> None:
    table = evaluate_fold_predictions(simulate_predictions(), **{**SETTINGS, "subgroups": ("sex",)})
    rows = table[(table["subgroup"] == "sex") & (table["metric"] == "oe_ratio")]
    assert set(rows["status"]) == {"ok"}
    assert rows["lower"].notna().all()


def with_levels(counts: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Predictions with given events and non-events by level."""
    y = [value for events, others in counts.values() for value in [1.0] * events + [0.0] * others]
    level = [name for name, (events, others) in counts.items() for _ in range(events + others)]
    data = simulate_predictions(len(y), models=("a",), validation="external")
    return data.assign(y_true=y, band=level)


def evaluate_levels(counts: dict[str, tuple[int, int]], **changes: Any) -> pd.DataFrame:
    return evaluate_fold_predictions(with_levels(counts), **{**SETTINGS, "subgroups": ("band",), **changes})


def test_a_small_level_and_the_next_smallest_are_hidden() -> None:
    table = evaluate_levels({"big": (60, 90), "middle": (30, 40), "small": (20, 16), "tiny": (3, 30)})
    shown = {"big": "ok", "middle": "ok", "small": "suppressed", "tiny": "suppressed"}
    assert levels_of(table, "band")["status"].to_dict() == shown
    hidden = table[table["status"] == "suppressed"]
    assert hidden[["n", "events", "estimate", "lower", "upper"]].isna().all(axis=None)
    assert set(hidden["level"]) == {"tiny", "small"}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=6), st.integers(5, 10))
def test_no_hidden_count_follows_from_the_shown_ones(cells: list[tuple[int, int]], least: int) -> None:
    counts = np.array([(a + b, a, b) for a, b in cells])
    hidden = find_suppressed(counts, least)
    shown = counts[~hidden]
    assert not ((shown > 0) & (shown < least)).any()
    if hidden.any() and (shown[:, 0] > 0).any():
        together = counts[hidden].sum(axis=0)
        assert hidden.sum() > 1
        assert not ((together > 0) & (together < least)).any()


def test_too_few_events_are_not_assessable_and_counts_stay() -> None:
    table = evaluate_levels({"much": (60, 90), "some": (15, 60), "few": (8, 60)})
    rows = table[table["subgroup"] == "band"].set_index(["level", "metric"])["status"]
    assert rows["much", "calibration_slope"] == "ok"
    assert rows["some", "calibration_slope"] == "not assessable"
    assert rows["some", "c_statistic"] == "ok"
    described = {"event_rate", "mean_risk"}
    assert {rows["few", metric] for metric in described} == {"ok"}
    assert set(rows["few"].drop(list(described))) == {"not assessable"}
    levels = levels_of(table, "band")
    assert levels["n"].to_dict() == {"few": 68, "much": 150, "some": 75}
    assert levels["events"].to_dict() == {"few": 8, "much": 60, "some": 15}


@pytest.mark.parametrize("same", [(0, 30), (30, 0)])
def test_a_level_whose_patients_all_had_one_fate_is_hidden_with_the_smallest_other(same: tuple[int, int]) -> None:
    table = evaluate_levels({"much": (60, 90), "more": (70, 95), "some": (15, 60), "same": same})
    levels = levels_of(table, "band")
    assert set(levels.index[levels["n"].isna()]) == {"same", "some"}
    hidden = table[table["level"].isin(["same", "some"])]
    assert set(hidden["status"]) == {"suppressed"}
    assert hidden[["n", "events", "estimate", "lower", "upper"]].isna().all(axis=None)


def test_mean_risk_and_event_rate_of_a_level_are_the_means_of_its_rows() -> None:
    data = with_levels({"much": (60, 90), "some": (15, 60)})
    table = evaluate_fold_predictions(data, **{**SETTINGS, "subgroups": ("band",)})
    own = table[(table["subgroup"] == "band") & (table["level"] == "some")].set_index("metric")
    rows = data[data["band"] == "some"]
    assert own.loc["mean_risk", "estimate"] == pytest.approx(rows["y_prob"].mean())
    assert own.loc["event_rate", "estimate"] == pytest.approx(rows["y_true"].mean())
    assert math.isnan(own.loc["mean_risk", "lower"])
    assert own.loc["event_rate", "lower"] < own.loc["event_rate", "estimate"]
    assert own.loc["scaled_brier", "status"] == "ok"


def test_few_patients_with_many_operations_are_a_small_cell() -> None:
    data = with_levels({"big": (40, 60), "middle": (30, 40), "one": (10, 0)})
    data.loc[data["band"] == "one", "patient"] = "same"
    table = evaluate_fold_predictions(data, **{**SETTINGS, "subgroups": ("band",)})
    assert levels_of(table, "band").loc["one", "status"] == "suppressed"


def test_tiny_sample_is_hidden_as_a_whole() -> None:
    table = evaluate_levels({"all": (3, 40)}, subgroups=())
    assert set(table["status"]) == {"suppressed"}
    assert table[["n", "events", "estimate", "lower", "upper"]].isna().all(axis=None)
    raised = evaluate_levels({"all": (8, 40)}, subgroups=(), suppress_below=10)
    assert set(raised["status"]) == {"suppressed"}


def test_missing_level_is_called_unknown() -> None:
    data = simulate_predictions(models=("a",))
    data.loc[data.index[:100], "sex"] = np.nan
    table = evaluate_fold_predictions(data, **{**SETTINGS, "subgroups": ("sex",)})
    assert levels_of(table, "sex").loc["unknown", "n"] == 100


# --- what is refused


def test_unknown_subgroup_is_named() -> None:
    with pytest.raises(InputError, match="a subgroup variable must be a known name, got 'sexe'; nearest is 'sex'"):
        evaluate_fold_predictions(simulate_predictions(), **{**SETTINGS, "subgroups": ("sexe",)})


@pytest.mark.parametrize(
    ("y", "p", "more", "message"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], {}, r"y_true must be 0, 1 or missing, got 1 other value; look at positions 2"),
        ([0, 1], [0.1, 1.3], {}, r"y_prob must be a probability in \[0, 1\], got 1 other value; look at positions 1"),
        ([0, 1], [0.1, np.nan], {}, r"y_prob must be a probability in \[0, 1\]"),
        ([0, 1], [0.1], {}, r"y_prob must be as long as y_true \(2\), got 1; give one value per row"),
        ([0, 1], [0.1, 0.2], {"weights": [1, -1]}, r"weights must be 0 or more and finite, got 1 other value"),
        ([0, 1], [0.1, 0.2], {"groups": ["x"]}, r"groups must be as long as y_true \(2\), got 1"),
        (
            [0, 1],
            [0.1, 0.2],
            {"thresholds": [1.0]},
            "thresholds must be probabilities above 0 and below 1, got 1; drop",
        ),
        (["no", "yes"], [0.1, 0.2], {}, r"y_true must be a one-dimensional list of numbers; convert it first"),
    ],
)
def test_unusable_input_is_refused(y: list[Any], p: list[float], more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_predictions(y, p, **more)


@pytest.mark.slow
def test_patient_bootstrap_covers_the_c_statistic() -> None:
    rng = np.random.default_rng(6)
    n_studies, n_patients = 400, 200
    patient, fold = np.repeat(np.arange(n_patients), 2), np.zeros(2 * n_patients, dtype=np.int64)
    counts = create_draws(1).patient_counts(n_patients)
    # binormal scores of patients with two operations each: c = Phi(1 / sqrt(2))
    truth, covered = 0.7602499389065233, 0
    for _ in range(n_studies):
        y = np.repeat((rng.random(n_patients) < 0.4).astype(float), 2)
        shared = np.repeat(rng.normal(size=n_patients), 2) * math.sqrt(0.8)
        score = shared + rng.normal(size=2 * n_patients) * math.sqrt(0.2) + y
        values = bootstrap_c_statistic(y, score, np.ones_like(y), fold=fold, patient=patient, counts=counts)
        interval = compute_percentile(math.nan, values, kind="")
        covered += interval.lower < truth < interval.upper
    assert covered / n_studies == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / n_studies))


# --- ugly predictions and outcomes: each has an answer in words


def words_of(name: str, y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[str, str]:
    found = estimate(name, make_sample(y, p))
    return found.status, found.interval_kind


@pytest.mark.parametrize("right", [(60, 70), (50, 50), (100, 100)])
def test_risks_of_exactly_0_and_1_have_no_calibration_of_log_odds(right: tuple[int, int]) -> None:
    p = np.repeat([1.0, 0.0], 100)
    y = np.concatenate([np.arange(100) < right[0], np.arange(100) >= right[1]])
    sample = make_sample(y, p, thresholds=(0.3,))
    for name in ("calibration_in_the_large", "calibration_intercept", "calibration_slope"):
        found = estimate(name, sample)
        assert found.status == "not assessable"
        assert np.isnan([found.estimate, found.lower, found.upper]).all()
    sensitivity, specificity = right[0] / (right[0] + 100 - right[1]), right[1] / (100 - right[0] + right[1])
    assert estimate("c_statistic", sample).estimate == pytest.approx((sensitivity + specificity) / 2, abs=1e-12)
    assert estimate("sensitivity", sample).estimate == pytest.approx(sensitivity)
    loss = estimate("log_loss", sample)
    assert loss.estimate == pytest.approx((1 - sum(right) / 200) * -math.log(1e-6), abs=2e-6)
    if right != (100, 100):
        assert "risks of 0 or 1 moved by 0.000001 in 200 operations" in loss.interval_kind
        assert estimate("ici", sample).estimate == pytest.approx(1 - sum(right) / 200, abs=1e-6)


def test_a_few_risks_of_0_that_hold_are_moved_and_told() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.9, 400)
    y = (rng.random(400) < p).astype(float)
    p0, y0 = np.append(p, np.zeros(30)), np.append(y, np.zeros(30))
    for name in ("calibration_in_the_large", "calibration_slope"):
        with_zeros, without = estimate(name, make_sample(y0, p0)), estimate(name, make_sample(y, p))
        assert with_zeros.estimate == pytest.approx(without.estimate, abs=0.01)
        assert with_zeros.interval_kind == "Wald, risks of 0 or 1 moved by 0.000001 in 30 operations"
    few = estimate("calibration_slope", make_sample(np.append(y, 0), np.append(p, 0.0)))
    assert few.interval_kind == "Wald, risks of 0 or 1 moved by 0.000001 in fewer than 10 operations"


def test_a_risk_of_0_for_a_patient_with_the_event_leaves_no_slope_that_is_not_the_clips() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.9, 400)
    y = (rng.random(400) < p).astype(float)
    p[y == 1] = np.where(np.arange(int(y.sum())) < 40, 0.0, p[y == 1])
    status, kind = words_of("calibration_slope", y, p)
    assert status == "not assessable"
    assert kind == "none: it would rest on where the risks of 0 and 1 are moved to"


@pytest.mark.parametrize("risk", [0.0, 0.2, 0.3, 1.0])
def test_constant_risk_discriminates_by_half_and_has_no_slope(risk: float) -> None:
    y, p = np.repeat([1, 0], [60, 140]), np.full(200, risk)
    sample = make_sample(y, p, thresholds=(0.1, 0.25))
    c = estimate("c_statistic", sample)
    assert (c.estimate, c.interval_kind) == (0.5, "none: the same prediction for everyone")
    assert np.isnan(c.lower)
    assert estimate("average_precision", sample).estimate == pytest.approx(0.3)
    assert estimate("discrimination_slope", sample).estimate == pytest.approx(0, abs=1e-12)
    for name in ("calibration_slope", "calibration_intercept"):
        assert estimate(name, sample).status == "not assessable"
    large = estimate("calibration_in_the_large", sample)
    assert large.status == ("ok" if 0 < risk < 1 else "not assessable")
    if risk == 0.0:
        assert estimate("oe_ratio", sample).status == "not assessable"
    table = evaluate_predictions(y, p, thresholds=[0.1, 0.25])
    assert set(table["status"]) <= set(STATUSES)


def test_perfect_separation_says_newcombe_and_has_no_slope() -> None:
    y, p = np.repeat([1, 0], [15, 35]), np.concatenate([np.linspace(0.6, 0.9, 15), np.linspace(0.1, 0.5, 35)])
    c = estimate("c_statistic", make_sample(y, p))
    assert (c.estimate, c.upper, c.interval_kind) == (1.0, 1.0, "Newcombe (at 0 or 1)")
    assert 0.8 < c.lower < 1.0
    assert words_of("average_precision", y, p) == ("ok", "none: every event ranks above everyone else")
    assert words_of("calibration_slope", y, p)[0] == "not assessable"
    assert words_of("ici", y, p)[0] == "not assessable"
    assert words_of("calibration_in_the_large", y, p)[0] == "ok"


@pytest.mark.parametrize(("events", "others"), [(11, 80), (80, 11), (6, 80), (80, 6)])
def test_few_events_or_non_events_have_an_answer_each(events: int, others: int) -> None:
    rng = np.random.default_rng(3)
    y = np.repeat([1, 0], [events, others])
    p = expit(rng.normal(np.where(y == 1, 0.6, -0.6), 1.0))
    table = evaluate_predictions(y, p, thresholds=[0.2, 0.5]).set_index("metric")
    assert table.loc["c_statistic", "status"] == "ok"
    few = min(events, others) < 10
    assert table.loc["c_statistic", "interval_kind"].startswith("Newcombe" if few else "DeLong")
    assert table.loc["calibration_slope", "status"] == ("not assessable" if few else "ok")
    assert np.isfinite(table.loc["calibration_slope", ["lower", "upper"]].astype(float)).all() == (not few)
    assert table.loc["average_precision", "interval_kind"].startswith("none" if events < 10 else "logit scale")


def test_no_event_at_all_leaves_what_needs_none() -> None:
    table = evaluate_predictions([0] * 40, np.linspace(0.01, 0.4, 40), thresholds=[0.2]).set_index("metric")
    fine = set(table.index[table["status"] == "ok"])
    assert fine == {
        "event_rate", "log_loss", "brier_score", "net_benefit", "interventions_avoided", "specificity", "ppv", "npv",
        "mean_risk",
        "share_acted_on",
    }  # fmt: skip
    assert table.loc["ppv", "estimate"] == 0
    assert table.loc["sensitivity", "status"] == "not assessable"


def test_intervals_of_the_calibration_index_are_not_given() -> None:
    got = overall(evaluate_fold_predictions(simulate_predictions(), **SETTINGS))
    for metric in ("ici", "e50", "e90", "e_max"):
        assert got.loc[metric, "status"] == "ok"
        assert got.loc[metric, "interval_kind"] == "none: no interval is known to cover near perfect calibration"
        assert np.isnan(numbers(got.loc[[metric]])[0, 1:]).all()
    ici, null = got.loc["ici", "estimate"], got.loc["ici_null"]
    assert got.loc["e50", "estimate"] <= got.loc["e90", "estimate"] <= got.loc["e_max", "estimate"]
    assert 0 < null["estimate"] < null["upper"]
    assert ici > 0


# --- at thresholds


def test_measures_at_a_threshold_are_those_of_the_two_by_two_table() -> None:
    data = simulate_predictions(600, validation="external", models=("a",))
    got = overall(evaluate_fold_predictions(data, **SETTINGS))
    y, p = data["y_true"].to_numpy() == 1, data["y_prob"].to_numpy()
    for t in SETTINGS["thresholds"]["ssi"]:
        above = p >= t
        shares = {
            "sensitivity": (above[y].sum(), y.sum()),
            "specificity": ((~above)[~y].sum(), (~y).sum()),
            "ppv": (y[above].sum(), above.sum()),
            "npv": ((~y)[~above].sum(), (~above).sum()),
            "share_acted_on": (above.sum(), y.size),
        }
        for name, (part, whole) in shares.items():
            row = got[(got.index == name) & (got["threshold_probability"] == t)].iloc[0]
            expected = proportion_confint(part, whole, method="wilson")
            assert row["estimate"] == pytest.approx(part / whole, abs=1e-12)
            assert (row["lower"], row["upper"]) == pytest.approx(expected, abs=1e-9)
            assert row["interval_kind"] == "Wilson"


def test_copies_of_patients_narrow_no_interval_at_a_threshold() -> None:
    data = simulate_predictions(400, validation="external", models=("a",))
    copies = pd.concat([data, data.assign(row_id=data["row_id"] + "b")], ignore_index=True)
    weighted = data.assign(weight=np.where(np.arange(400) % 2, 1.0, 1.0 + 1e-9))
    single, double, light = (overall(evaluate_fold_predictions(f, **SETTINGS)) for f in (data, copies, weighted))
    for metric in ("sensitivity", "specificity", "ppv", "npv", "share_acted_on", "standardised_net_benefit"):
        np.testing.assert_allclose(numbers(single.loc[[metric]]), numbers(double.loc[[metric]]), atol=1e-9)
        np.testing.assert_allclose(numbers(single.loc[[metric]]), numbers(light.loc[[metric]]), atol=1e-6)
    assert set(double.loc["sensitivity", "interval_kind"]) == {"Wilson, effective number of patients"}


def test_measures_at_a_threshold_by_level_hide_what_gives_a_small_cell_away() -> None:
    data = simulate_predictions(600, validation="external", models=("a",))
    low, high = data["y_prob"] < 0.25, data["y_prob"] >= 0.25
    # above 0.25 level x has three patients with the event, and y many
    x = (low & (np.arange(600) % 2 == 0)) | (high & (data["y_true"] == 1) & (data["y_true"].where(high).cumsum() <= 3))
    data = data.assign(band=np.where(x, "x", np.where(np.arange(600) % 5 == 0, "z", "y")))
    table = evaluate_fold_predictions(data, **{**SETTINGS, "subgroups": ("band",)})
    rows = table[(table["metric"] == "sensitivity") & (table["threshold_probability"] == 0.25)]
    status = rows[rows["subgroup"] == "band"].set_index("level")["status"].to_dict()
    assert status["x"] == "suppressed"
    assert list(status.values()).count("suppressed") == 2, "and the smallest other one, or it could be solved for"
    shown = table[(table["subgroup"] == "band") & (table["metric"] == "share_acted_on")]
    assert set(shown["threshold_probability"]) == {0.1, 0.25}
    assert set(table.loc[table["subgroup"] == "band", "metric"]) >= {"sensitivity", "specificity", "net_benefit"}


def test_by_threshold_metrics_of_a_level_are_those_of_its_rows() -> None:
    data = simulate_predictions(800, validation="external", models=("a",))
    table = evaluate_fold_predictions(data, **{**SETTINGS, "subgroups": ("sex",)})
    alone = overall(evaluate_fold_predictions(data[data["sex"] == "male"], **SETTINGS))
    for metric in ("sensitivity", "specificity", "share_acted_on", "net_benefit"):
        level = table[(table["subgroup"] == "sex") & (table["level"] == "male") & (table["metric"] == metric)]
        np.testing.assert_allclose(numbers(level), numbers(alone.loc[[metric]]), atol=1e-12)


def test_a_side_of_a_threshold_does_not_follow_from_another_attribute() -> None:
    """Those of unknown sex are those of unknown age: if they were shown, the young below the threshold would be too."""
    data = simulate_predictions(n=600, models=("a",), validation="external")
    place = np.arange(600)
    age = np.select([place < 60, place < 500], ["young", "old"], "unknown")
    sex = np.where(age == "unknown", "unknown", np.where(place % 2 == 0, "female", "male"))
    risk = np.where(age == "young", np.where(place < 57, 0.3, 0.05), np.where(place % 2 == 0, 0.3, 0.05))
    y = np.where(age == "young", (place % 2 == 0) & (place < 57), place % 5 == 0).astype(float)
    data = data.assign(age=age, sex=sex, y_prob=risk, y_true=y)
    table = evaluate_fold_predictions(data, **SETTINGS | {"subgroups": ("age", "sex"), "thresholds": {"ssi": (0.1,)}})
    rows = table[(table["metric"] == "sensitivity") & (table["subgroup"] != "overall")].set_index("level")
    everywhere = table[(table["metric"] == "brier_score") & (table["subgroup"] != "overall")]
    assert "suppressed" not in set(everywhere["status"])
    status = rows["status"]
    assert status[["young"]].tolist() == ["suppressed"]
    assert (status[["old", "unknown"]] == "suppressed").to_numpy().any()
    by_sex = rows[rows["subgroup"] == "sex"]["status"]
    assert by_sex["unknown"] == "suppressed"
    assert (by_sex == "suppressed").sum() >= 2
