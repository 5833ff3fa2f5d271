"""The audit of subgroups: gaps against independent fits, planted truth, dependence between rows, small groups."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from pipelines.evaluate import build_groups
from pipelines.groups.group_gaps import GAP_METRICS, Split, compute_gap, compute_largest_gap, resample_errors
from pipelines.groups.group_pooling import pool_calibration, summarise_spread
from pipelines.groups.group_tests import compare_groups, compare_intercepts, compare_lines, compare_slopes
from pipelines.groups.multiplicity import adjust_benjamini_hochberg, adjust_holm
from pipelines.intervals import Estimate, Z, create_draws
from pipelines.measures.discrimination import bootstrap_c_statistic, compute_delong
from pipelines.measures.sample import Sample, find_levels
from pipelines.subgroups import ANY, HALF_WIDTH, POOLED, audit_subgroups, decide
from schemas.errors import InputError
from schemas.tables import GAPS

Floats = npt.NDArray[np.float64]

ORACLE = json.loads((Path(__file__).parent / "oracles" / "15_subgroups.json").read_text())["expected"]
SETTINGS: dict[str, Any] = {"margin": 0.2, "seed": 1}


def simulate(
    n: int = 3000, *, seed: int = 1, gaps: dict[str, float] | None = None, centre: float = -1.0, folds: int = 1
) -> pd.DataFrame:
    """Simulate predictions of known risks; the true log-odds of a group are the predicted ones and its gap."""
    rng = np.random.default_rng(seed)
    gaps = {"a": 0.0, "b": 0.0} if gaps is None else gaps
    group = rng.choice(list(gaps), n)
    predicted = centre + rng.normal(0, 1, n)
    y = rng.random(n) < expit(predicted + np.array([gaps[name] for name in group]))
    return make_table(y.astype(float), expit(predicted), folds=rng.integers(0, folds, n)).assign(
        group=group, sex=rng.choice(["female", "male"], n)
    )


def make_table(y: Floats, p: Floats, *, folds: npt.NDArray[np.int64] | int = 0) -> pd.DataFrame:
    folded = bool(np.max(folds) > 0)
    return pd.DataFrame(
        {
            "row_id": np.arange(y.size), "patient": np.arange(y.size), "outcome": "reoperation_24m", "model": "lr",
            "dataset": "development" if folded else "north", "validation": "internal" if folded else "external",
            "repeat": 0, "fold": folds, "imputation": 0, "y_true": y, "y_prob": p, "y_pred": math.nan,
            "scale": "probability", "weight": 1.0, "n_train": 100,
        }
    )  # fmt: skip


def audit(data: pd.DataFrame, *names: str, **changes: Any) -> pd.DataFrame:
    return audit_subgroups(data, **({"subgroups": names or ("group",)} | SETTINGS | changes))


def take(table: pd.DataFrame, **values: object) -> pd.Series:
    rows = table
    for name, value in values.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def build_sample(data: pd.DataFrame) -> tuple[Sample, npt.NDArray[np.object_]]:
    (group,) = build_groups(data, thresholds={}, seed=1)
    return group.sample, find_levels(group.rows, "group")


def split_by(data: pd.DataFrame, level: str) -> Split:
    sample, levels = build_sample(data)
    return Split(sample=sample, rows=levels == level)


# --- gaps


@pytest.mark.parametrize(("metric", "interacts"), [("calibration_in_the_large", False), ("calibration_slope", True)])
def test_gaps_are_the_coefficients_of_one_joint_model(metric: str, interacts: bool) -> None:
    data = simulate(gaps={"a": 0.3, "b": -0.1, "c": 0.0})
    inside = (data["group"] == "a").to_numpy(dtype=float)
    line = logit(data["y_prob"].to_numpy())
    terms = [np.ones_like(inside), inside, line, inside * line] if interacts else [np.ones_like(inside), inside]
    model = sm.GLM(
        data["y_true"], np.column_stack(terms), family=sm.families.Binomial(), offset=None if interacts else line
    ).fit(tol=1e-12)
    row = take(audit(data), level="a", metric=metric)
    assert row["estimate"] == pytest.approx(model.params.iloc[-1], abs=1e-7)
    assert (row["upper"] - row["lower"]) / (2 * Z) == pytest.approx(model.bse.iloc[-1], rel=1e-5)


def test_gap_in_log_oe_is_the_log_of_the_ratio_of_two_ratios() -> None:
    data = simulate(gaps={"a": 0.3, "b": 0.0})
    sums = data.groupby("group")[["y_true", "y_prob"]].sum()
    ratio = sums["y_true"] / sums["y_prob"]
    row = take(audit(data), level="a", metric="log_oe_ratio")
    assert row["estimate"] == pytest.approx(math.log(ratio["a"] / ratio["b"]), abs=1e-12)


def test_gap_in_c_statistic_of_fixed_risks_has_the_two_delong_variances() -> None:
    data = simulate(gaps={"a": 0.0, "b": 0.0, "c": 0.0})
    inside = (data["group"] == "a").to_numpy()
    y, p = data["y_true"].to_numpy(), data["y_prob"].to_numpy()
    parts = [compute_delong(y[rows], p[rows][None, :]) for rows in (inside, ~inside)]
    row = take(audit(data), level="a", metric="c_statistic")
    assert row["estimate"] == pytest.approx(parts[0][0][0] - parts[1][0][0], abs=1e-12)
    error = math.sqrt(sum(covariance[0, 0] for _, covariance in parts))
    assert (row["upper"] - row["lower"]) / (2 * Z) == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("n", [400, 3000])
def test_gap_in_c_statistic_within_folds_has_the_error_of_the_bootstrap(n: int) -> None:
    data = simulate(n, folds=5, centre=-1.5)
    split = split_by(data, "a")
    gap = compute_gap(GAP_METRICS["c_statistic"], split)
    counts = create_draws(3, "test", n_resamples=2000).patient_counts(split.sample.n_patients)
    first, second = (
        bootstrap_c_statistic(s.y, s.score, s.weights, fold=s.fold, patient=s.patient, counts=counts)
        for s in (split.part, split.rest)
    )
    assert gap is not None
    assert gap.standard_error == pytest.approx(float(np.nanstd(first - second)), rel=0.12)


def test_the_two_groups_of_an_attribute_mirror_each_other() -> None:
    table = audit(simulate(gaps={"a": 0.2, "b": 0.0}))
    for metric in ("calibration_in_the_large", "log_oe_ratio", "calibration_slope", "c_statistic"):
        a, b = (take(table, level=level, metric=metric) for level in "ab")
        assert (a["estimate"], a["lower"], a["upper"]) == pytest.approx((-b["estimate"], -b["upper"], -b["lower"]))
        assert a["largest_compatible"] == pytest.approx(max(abs(a["lower"]), abs(a["upper"])))
    assert set(table["adjustment"].dropna()) == {
        "none: two groups are one comparison", "none: one test"
    }  # fmt: skip


# --- dependence between rows


def test_identical_repeats_of_cross_validation_change_nothing_but_the_kind_of_interval() -> None:
    once = simulate(folds=5)
    twice = pd.concat([once, once.assign(repeat=1)], ignore_index=True)
    one, two = (audit(data).set_index(["metric", "level"]) for data in (once, twice))
    np.testing.assert_allclose(two["estimate"], one["estimate"], atol=1e-9)
    assert (two["n"].dropna() == one["n"].dropna()).all()
    width, before = ((table["upper"] - table["lower"]).dropna() for table in (two, one))
    np.testing.assert_allclose(width, before, rtol=0.08)
    kinds = two.loc["calibration_slope", "interval_kind"].dropna()
    assert set(kinds) == {"Wald, cluster-robust by patient"}


def test_a_patient_in_the_group_and_in_the_rest_is_one_patient() -> None:
    first = simulate(1500).assign(group="a")
    second = first.assign(row_id=first["row_id"] + 1500, group="b")
    row = take(audit(pd.concat([first, second], ignore_index=True)), level="a", metric="calibration_in_the_large")
    assert (row["estimate"], row["lower"], row["upper"]) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_independent_rows_are_tested_by_likelihood_and_weighted_ones_by_wald() -> None:
    data = simulate(gaps={"a": 0.3, "b": 0.0, "c": 0.0}, n=4000)
    weighted = data.assign(weight=np.where(np.arange(len(data)) % 2, 1.0, 1.0 + 1e-9))
    for metric in ("calibration_in_the_large", "calibration_slope", "calibration_intercept_and_slope"):
        plain, robust = (take(audit(d), level=ANY, metric=metric) for d in (data, weighted))
        df = 4 if metric.endswith("and_slope") else 2
        assert plain["test"] == f"likelihood ratio, {df} df"
        assert robust["test"] == f"Wald, cluster-robust by patient, {df} df"
        assert math.log(robust["p_value"]) == pytest.approx(math.log(plain["p_value"]), rel=0.15)


def test_doubled_rows_of_the_same_patients_do_not_make_a_test_stronger() -> None:
    data = simulate(gaps={"a": 0.2, "b": 0.0, "c": 0.0})
    doubled = pd.concat([data, data.assign(row_id=data["row_id"] + len(data))], ignore_index=True)
    one, two = (take(audit(d), level=ANY, metric="calibration_in_the_large") for d in (data, doubled))
    assert two["p_value"] == pytest.approx(one["p_value"], rel=0.3)


def test_order_of_rows_and_other_models_move_nothing() -> None:
    data = simulate(1200, folds=5)
    other = data.assign(model="forest", y_prob=data["y_prob"] ** 1.1)
    shuffled = pd.concat([data, other], ignore_index=True).sample(frac=1.0, random_state=4)
    alone, together = audit(data, "group", "sex"), audit(shuffled, "group", "sex")
    mine = together[together["model"] == "lr"].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, alone)


# --- planted truth


def test_a_planted_gap_is_found_outside_and_the_other_groups_are_not() -> None:
    table = audit(simulate(20_000, gaps={"a": 0.5, "b": 0.0, "c": 0.0, "d": 0.0}))
    found = table[table["metric"] == "calibration_in_the_large"].set_index("level")["conclusion"]
    assert found["a"] == "outside"
    assert found[ANY] == "outside"
    row = take(table, level="a", metric="calibration_in_the_large")
    assert row["lower"] < 0.5 < row["upper"]
    assert row["p_adjusted"] < 1e-6
    # the rest of b holds a third of a's gap, which the margin allows
    assert set(found[["b", "c", "d"]]) <= {"equivalent", "inconclusive"}


def test_equal_groups_of_many_patients_are_equivalent() -> None:
    table = audit(simulate(20_000, gaps={"a": 0.0, "b": 0.0, "c": 0.0}))
    found = table[table["metric"] == "calibration_in_the_large"]
    assert set(found["conclusion"]) == {"equivalent"}
    assert (found["largest_compatible"] < 0.2).all()
    assert (found["margin"] == 0.2).all()


def test_equal_groups_of_few_patients_are_not_called_equivalent() -> None:
    table = audit(simulate(200, gaps={"a": 0.0, "b": 0.0}))
    assert set(table.loc[table["metric"] == "calibration_in_the_large", "conclusion"]) == {"inconclusive"}


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (-0.1, 0.19, "equivalent"),
        (0.21, 0.4, "outside"),
        (-0.9, -0.3, "outside"),
        (0.05, 0.3, "inconclusive"),
        (-0.5, 0.5, "inconclusive"),
        (0.2, 0.3, "inconclusive"),
        (math.nan, math.nan, "not assessable"),
    ],
)
def test_the_conclusion_is_read_off_the_interval(lower: float, upper: float, words: str) -> None:
    assert decide(Estimate(estimate=0.1, lower=lower, upper=upper), 0.2) == words


def test_two_groups_need_no_wider_simultaneous_interval() -> None:
    table = audit(simulate(gaps={"a": 0.4, "b": 0.0}))
    own, largest = (take(table, level=level, metric="calibration_in_the_large") for level in ("a", ANY))
    assert largest["estimate"] == pytest.approx(abs(own["estimate"]))
    assert largest["upper"] - largest["estimate"] == pytest.approx(own["upper"] - own["estimate"], rel=0.06)


def test_more_groups_widen_the_simultaneous_interval_as_the_normal_maximum_does() -> None:
    data = simulate(30_000, gaps=dict.fromkeys("abcdefghij", 0.0))
    sample, levels = build_sample(data)
    splits = [Split(sample=sample, rows=levels == level) for level in sorted(set(levels))]
    gaps = [gap for split in splits if (gap := compute_gap(GAP_METRICS["calibration_in_the_large"], split))]
    counts = create_draws(5, "test", n_resamples=4000).patient_counts(sample.n_patients)
    errors = resample_errors(gaps, sample.patient, counts)
    np.testing.assert_allclose(errors.std(axis=0), [gap.standard_error for gap in gaps], rtol=0.05)
    found = compute_largest_gap(gaps, errors)
    place = int(np.argmax([abs(gap.estimate) + 2.8 * gap.standard_error for gap in gaps]))
    critical = (found.upper - abs(gaps[place].estimate)) / gaps[place].standard_error
    assert critical == pytest.approx(2.80, abs=0.12)  # 2.80 by Sidak for ten


@pytest.mark.slow
@pytest.mark.parametrize("centre", [-1.0, -2.5])
def test_the_simultaneous_intervals_cover_all_gaps_at_once(centre: float) -> None:
    gaps = {"a": 0.3, "b": -0.2, "c": 0.0, "d": 0.1, "e": 0.0}
    truth = find_true_gaps(gaps, centre)
    runs, covered, of_largest = 300, 0, 0
    for seed in range(runs):
        sample, levels = build_sample(simulate(1500, seed=seed, gaps=gaps, centre=centre))
        splits = [Split(sample=sample, rows=levels == level) for level in gaps]
        found = [compute_gap(GAP_METRICS["calibration_in_the_large"], split) for split in splits]
        assert all(found)
        kept = [gap for gap in found if gap]
        counts = create_draws(seed, "coverage", n_resamples=400).patient_counts(sample.n_patients)
        errors = resample_errors(kept, sample.patient, counts)
        critical = np.quantile(np.max(np.abs(errors) / [gap.standard_error for gap in kept], axis=1), 0.95)
        covered += all(
            abs(gap.estimate - true) <= critical * gap.standard_error for gap, true in zip(kept, truth, strict=True)
        )
        largest = compute_largest_gap(kept, errors)
        of_largest += largest.lower <= np.abs(truth).max() <= largest.upper
    assert covered / runs >= 0.93
    assert of_largest / runs >= 0.93


def find_true_gaps(gaps: dict[str, float], centre: float) -> Floats:
    """Return the gaps of a very large sample: those of the limits, since a rest mixes groups on the log-odds scale."""
    predicted = centre + np.random.default_rng(0).normal(0, 1, 400_000)
    risks = {name: expit(predicted + gap) for name, gap in gaps.items()}

    def solve(observed: float) -> float:
        a = 0.0
        for _ in range(50):
            p = expit(predicted + a)
            a += (observed - p.mean()) / (p * (1 - p)).mean()
        return a

    rest = {name: np.mean([risk.mean() for other, risk in risks.items() if other != name]) for name in gaps}
    return np.array([solve(float(risks[name].mean())) - solve(float(rest[name])) for name in gaps])


# --- tests and adjustments


def test_tests_agree_with_r() -> None:
    data = pd.read_csv(Path(__file__).parent / "oracles" / "data" / "sim_val.csv")
    y, p = data["y"].to_numpy(dtype=float), data["p1"].to_numpy()
    table = audit(make_table(y, p).assign(group=data["group"]))
    expected = {
        "calibration_in_the_large": "lrt_citl_differs", "calibration_slope": "lrt_slope_differs",
        "calibration_intercept_and_slope": "lrt_any_group_effect_given_lp",
    }  # fmt: skip
    for metric, name in expected.items():
        found = take(table, level=ANY, metric=metric)["p_value"]
        assert found == pytest.approx(ORACLE["sim_val"][name]["p"]["value"], abs=1e-7)


def test_groups_without_events_have_no_likelihood() -> None:
    y = np.array([0.0, 1.0] * 30 + [0.0] * 30)
    group = np.repeat([0, 1, 2], 30)
    p, weights = np.linspace(0.1, 0.9, 90), np.ones(90)
    assert compare_intercepts(y, p, weights, group) is None
    assert compare_slopes(y, p, weights, group) is None
    assert compare_lines(y, p, weights, np.zeros(90, dtype=np.int64)) is None


def test_adjusted_p_values_keep_order_and_leave_out_what_was_not_tested() -> None:
    p = np.array([0.04, np.nan, 0.001, 0.03])
    np.testing.assert_allclose(adjust_holm(p), [0.06, np.nan, 0.003, 0.06])
    np.testing.assert_allclose(adjust_benjamini_hochberg(p), [0.04, np.nan, 0.003, 0.04])
    for adjust in (adjust_holm, adjust_benjamini_hochberg):
        assert np.isnan(adjust(np.full(2, np.nan))).all()
        assert adjust(np.array([0.9, 0.8])).max() <= 1


def test_holm_inside_an_attribute_and_benjamini_hochberg_over_attributes() -> None:
    table = audit(simulate(gaps={"a": 0.3, "b": 0.0, "c": 0.0}), "group", "sex")
    rows = table[(table["metric"] == "calibration_in_the_large") & (table["subgroup"] == "group")]
    own = rows[rows["level"] != ANY]
    np.testing.assert_allclose(own["p_adjusted"], adjust_holm(own["p_value"].to_numpy(dtype=float)))
    assert set(own["adjustment"]) == {"Holm over 3 groups"}
    over = table[(table["metric"] == "calibration_in_the_large") & (table["level"] == ANY)]
    np.testing.assert_allclose(
        over["p_adjusted"], adjust_benjamini_hochberg(over["p_value"].to_numpy(dtype=float))
    )  # fmt: skip
    assert set(over["adjustment"]) == {"Benjamini-Hochberg over 2 attributes"}


# --- small and ugly


def with_counts(counts: dict[str, tuple[int, int]], seed: int = 2) -> pd.DataFrame:
    """Make predictions with the given number of events and non-events by level."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.repeat([1.0, 0.0], pair) for pair in counts.values()])
    group = np.repeat(list(counts), [sum(pair) for pair in counts.values()])
    return make_table(y, expit(rng.normal(-1, 1, y.size) + y)).assign(group=group)


def test_a_group_below_its_limit_is_a_result_that_is_not_assessable() -> None:
    table = audit(with_counts({"a": (9, 60), "b": (15, 80), "c": (60, 200)}))
    row = take(table, level="a", metric="calibration_in_the_large")
    assert (row["status"], row["conclusion"], row["n"], row["events"]) == ("not assessable", "not assessable", 69, 9)
    assert math.isnan(row["estimate"])
    assert take(table, level="b", metric="calibration_in_the_large")["status"] == "ok"
    assert take(table, level="b", metric="c_statistic")["status"] == "ok"
    assert take(table, level="b", metric="calibration_slope")["status"] == "not assessable"
    assert take(table, level=ANY, metric="calibration_slope")["status"] == "not assessable"


@pytest.mark.parametrize("same", [(0, 60), (60, 0)])
def test_a_group_whose_patients_all_had_one_fate_is_hidden_with_another(same: tuple[int, int]) -> None:
    table = audit(with_counts({"a": same, "b": (40, 80), "c": (60, 200), "d": (70, 220)}))
    hidden = table[table["level"].isin(["a", "b"])]
    assert set(hidden["status"]) == {"suppressed"}
    assert hidden[["n", "events", "estimate", "lower", "upper", "p_value", "largest_compatible"]].isna().all(axis=None)
    assert take(table, level="c", metric="calibration_in_the_large")["status"] == "ok"
    tests = take(table, level=ANY, metric="calibration_in_the_large")
    assert tests["test"] == "likelihood ratio, 1 df"


def test_groups_without_events_do_not_hide_each_other() -> None:
    table = audit(with_counts({"a": (0, 60), "b": (0, 70), "c": (30, 100), "d": (70, 220)}))
    hidden = set(table.loc[table["status"] == "suppressed", "level"])
    assert hidden == {"a", "b", "c"}, "two of them together have no event either"


def test_eleven_non_events_in_all_leave_nothing_to_say_of_a_group() -> None:
    table = audit(with_counts({"a": (100, 6), "b": (120, 5)}))
    assert set(table.loc[table["metric"] != HALF_WIDTH, "status"]) == {"not assessable"}
    assert set(table.loc[table["metric"] == "calibration_in_the_large", "conclusion"]) == {"not assessable"}


def test_small_groups_are_hidden_with_one_that_would_give_them_away() -> None:
    table = audit(with_counts({"a": (3, 60), "b": (15, 80), "c": (60, 200), "d": (70, 200)}))
    hidden = table[table["level"].isin(["a", "b"])]
    assert set(hidden["status"]) == {"suppressed"}
    assert hidden[["n", "events", "estimate", "lower", "upper", "p_value"]].isna().all(axis=None)
    assert set(hidden["conclusion"].fillna("")) == {""}
    total = take(table, level=ANY, metric="calibration_in_the_large")
    assert (total["n"], total["events"]) == (530, 130)


def test_an_attribute_with_one_level_has_no_rest() -> None:
    table = audit(with_counts({"all": (100, 300)}))
    gaps = table[table["against"] == "rest"]
    assert set(gaps["status"]) == {"not assessable"}


def test_expected_precision_is_that_of_the_events() -> None:
    table = audit(with_counts({"a": (62, 248), "b": (60, 200)}))
    row = take(table, level="a", metric=HALF_WIDTH)
    assert row["estimate"] == pytest.approx(Z * math.sqrt(0.8 / 62))
    assert math.exp(row["estimate"]) == pytest.approx(1.25, abs=0.003)  # what 62 events at a risk of 0.2 allow


def test_a_group_with_few_events_is_drawn_towards_the_others() -> None:
    counts = {"few": (6, 20), "fewer": (5, 40), "b": (60, 200), "c": (70, 200), "d": (60, 150)}
    table = audit(with_counts(counts))
    pooled = table[table["metric"] == POOLED].set_index("level")
    assert list(pooled.index) == ["few", "fewer"]
    assert pooled["interval_kind"].str.startswith("empirical Bayes").all()
    assert (pooled["lower"] < pooled["estimate"]).all()
    sample, levels = build_sample(with_counts(counts))
    own = GAP_METRICS["calibration_in_the_large"].measure(sample.take(levels == "few"))
    others = [GAP_METRICS["calibration_in_the_large"].measure(sample.take(levels == level)) for level in "bcd"]
    assert own is not None
    centre = np.mean([one.estimate for one in others if one])
    assert sorted([own.estimate, pooled.loc["few", "estimate"], centre])[1] == pooled.loc["few", "estimate"]


def test_pooling_nothing_of_a_wide_spread_leaves_the_own_estimate() -> None:
    counts = {"few": (9, 60), "b": (300, 300), "c": (20, 600), "d": (600, 100)}
    sample, levels = build_sample(with_counts(counts))
    few = sample.take(levels == "few")
    found = pool_calibration(few, [sample.take(levels == level) for level in "bcd"])
    own = GAP_METRICS["calibration_in_the_large"].measure(few)
    assert found is not None
    assert own is not None
    assert found.estimate == pytest.approx(own.estimate, abs=0.15)


def test_spread_between_groups_is_dersimonian_and_lairds() -> None:
    centre, variance = summarise_spread(np.array([0.0, 1.0]), np.array([0.1, 0.1]))
    assert (centre, variance) == pytest.approx((0.5, 0.4 + 0.25))  # tau2 = 0.5 - 0.1; (0.4 + 0.1) / 2 of the mean
    assert summarise_spread(np.array([0.2, 0.2]), np.array([0.1, 0.1])) == pytest.approx((0.2, 0.05))


# --- other kinds of predictions


def test_gaps_of_a_follow_up_score_are_in_points_and_not_judged() -> None:
    rng = np.random.default_rng(3)
    data = simulate(900, gaps={"a": 0.0, "b": 0.0, "c": 0.0})
    predicted = rng.normal(40, 10, 900)
    observed = predicted + rng.normal(0, 8, 900) + 5 * (data["group"] == "a")
    data = data.assign(y_true=observed, y_prob=math.nan, y_pred=predicted, scale="points")
    table = audit(data)
    error = observed - predicted
    inside = data["group"] == "a"
    row = take(table, level="a", metric="mean_difference")
    assert row["estimate"] == pytest.approx(error[inside].mean() - error[~inside].mean())
    assert math.isnan(row["margin"])
    assert row["conclusion"] == ""
    assert pd.isna(row["events"])
    largest = take(table, level=ANY, metric="mean_difference")
    assert largest["estimate"] >= abs(row["estimate"])
    assert largest["test"] == "Wald, cluster-robust by patient, 2 df"
    assert set(table["metric"]) == {"mean_difference", "score_slope"}


def test_a_score_that_only_ranks_has_a_gap_in_the_c_statistic_alone() -> None:
    data = simulate()
    table = audit(data.assign(y_pred=data["y_prob"] * 10, y_prob=math.nan, scale="score"))
    ok = table[table["status"] == "ok"]
    assert set(ok["metric"]) == {"c_statistic"}
    assert set(table.loc[table["metric"] == "calibration_in_the_large", "status"]) == {"not assessable"}


def test_apparent_predictions_are_left_out_and_unknown_attributes_refused() -> None:
    data = simulate(400)
    empty = audit(data.assign(validation="apparent"))
    assert tuple(empty.columns) == GAPS
    assert empty.empty
    with pytest.raises(InputError, match="a subgroup variable must be a known name, got 'sexe'; nearest is 'sex'"):
        audit(data, "sexe")


def test_samples_compare_only_groups_with_enough_events() -> None:
    sample, levels = build_sample(with_counts({"a": (12, 60), "b": (40, 80), "c": (60, 200)}))
    splits = [Split(sample=sample, rows=levels == level) for level in "abc"]
    found = compare_groups(sample, splits)
    assert {name: test and test.df for name, test in found.items()} == {
        "calibration_in_the_large": 2, "calibration_slope": 1, "calibration_intercept_and_slope": 2,
    }  # fmt: skip


def test_an_attribute_that_is_recorded_of_nobody_is_left_out() -> None:
    table = audit(simulate(400).assign(attainable=None), "group", "attainable")
    assert set(table["subgroup"]) == {"group"}
