from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from pipelines.procedures import correct_differences
from pipelines.verdicts import (
    VERDICT_NAMES,
    Gain,
    Search,
    compute_power,
    decide,
    find_detectable,
    percent,
    reach_verdicts,
    word_verdict,
)
from schemas.study import MarginPlan, Study, parse_study
from schemas.tables import COMPARISON, PROCEDURES, TUNING, VERDICTS

MARGIN = MarginPlan()
TUNED = Search(trials=50, late_gain=0.01, has_space=True)
RUSHED = Search(trials=20, late_gain=0.01, has_space=True)
PATH = Search(trials=1, late_gain=0.0, has_space=False)
LOSS, ROPE = 0.62, 0.0031


def make_study(extra: str = "") -> Study:
    text = 'title = "t"\ndefinition = "lumbar"\noutcomes = ["o"]\npredictors = ["age"]\nseed = 1\n' + extra
    return parse_study(text, folder=Path())


def make_gain(estimate: float, error: float, *, df: int = 24, metric: str = "log_loss", margin: float = ROPE) -> Gain:
    """The gain of a study with this standard error, by the definition of the t-distribution."""
    half = float(student.ppf(0.975, df)) * error
    below, above = (float(student.cdf(x, df)) for x in ((-margin - estimate) / error, (margin - estimate) / error))
    return Gain(
        metric=metric, estimate=estimate, lower=estimate - half, upper=estimate + half, standard_error=error, df=df,
        margin=margin, p_worse=below, p_equivalent=above - below, p_better=1 - above,
    )  # fmt: skip


def make_row(estimate: float, error: float, **changes: Any) -> dict[str, Any]:
    """A row of PROCEDURES, model minus reference: a negative estimate is a gain."""
    gain = make_gain(-estimate, error)
    return {
        "outcome": "o", "model": "machine_learning", "reference": "spline_logistic", "metric": "log_loss",
        "threshold_probability": math.nan, "n_folds": 25, "estimate": estimate, "standard_error": error,
        "lower": -gain.upper, "upper": -gain.lower, "interval_kind": "nb", "rope": ROPE, "p_worse": gain.p_worse,
        "p_equivalent": gain.p_equivalent, "p_better": gain.p_better, "n": 900, "events": 140, "status": "ok",
    } | changes  # fmt: skip


def make_tuning(trials: int = 50, late_gain: float = 0.01, **changes: Any) -> pd.DataFrame:
    """Five outer folds of the arm and of a reference that has a path only."""
    arm = {"model": "machine_learning", "parameter": "learner", "trials": trials, "late_gain": late_gain}
    base = {"model": "spline_logistic", "parameter": "penalty", "trials": 1, "late_gain": 0.0}
    rows = [
        {"outcome": "o", "validation": "internal", "repeat": 0, "fold": fold, "imputation": 0} | own | changes
        for fold in (-1, 0, 1, 2, 3, 4)
        for own in (arm, base)
    ]
    return pd.DataFrame(rows, columns=list(TUNING))


def reach(*rows: dict[str, Any], tuning: pd.DataFrame | None = None, **changes: Any) -> pd.DataFrame:
    given: dict[str, Any] = {
        "study": make_study(),
        "rivals": {"o": "machine_learning"},
        "comparison": pd.DataFrame(columns=list(COMPARISON)),
    }
    given |= changes
    comparison = given.pop("comparison")
    procedures = pd.DataFrame(rows, columns=list(PROCEDURES)).astype({"n": "Int64", "events": "Int64"})
    return reach_verdicts(procedures, comparison, make_tuning() if tuning is None else tuning, **given)


@pytest.mark.parametrize(
    ("estimate", "error", "verdict"),
    [
        (0.0100, 0.0030, "better"),
        (-0.0100, 0.0030, "worse"),
        (0.0002, 0.0010, "practically equivalent"),
        (-0.0030, 0.0020, "no worthwhile gain"),
        (0.0020, 0.0030, "undecided"),
        # its interval ends below the margin as well, but that it is worse says more
        (-0.0200, 0.0030, "worse"),
        # equivalence says more than a gain that is too small
        (-0.0005, 0.0010, "practically equivalent"),
        # an interval above 0 that does not pass the margin is no proof of a worthwhile gain
        (0.0040, 0.0010, "undecided"),
        (0.0031, 0.0030, "undecided"),
    ],
)
def test_rule_and_its_order(estimate: float, error: float, verdict: str) -> None:
    assert decide(make_gain(estimate, error), MARGIN, rival=TUNED, reference=PATH) == verdict


@pytest.mark.parametrize("estimate", [-0.01, 0.0, 0.0002, 0.002])
def test_without_enough_search_only_better_stands(estimate: float) -> None:
    for error in (0.001, 0.003):
        assert decide(make_gain(estimate, error), MARGIN, rival=RUSHED, reference=PATH) == "budget-limited"
    assert decide(make_gain(0.02, 0.003), MARGIN, rival=RUSHED, reference=PATH) == "better"


def test_better_than_a_reference_that_was_searched_too_little_does_not_count() -> None:
    assert decide(make_gain(0.02, 0.003), MARGIN, rival=TUNED, reference=RUSHED) == "budget-limited"
    # against it, no gain is no gain all the more
    assert decide(make_gain(-0.003, 0.002), MARGIN, rival=TUNED, reference=RUSHED) == "no worthwhile gain"


@pytest.mark.parametrize(
    ("trials", "late_gain", "enough"),
    [(50, 0.5, True), (49, 0.5, False), (49, 0.0005, True), (20, 0.0005, True), (19, 0.0, False), (1, 0.0, False)],
)
def test_enough_search_is_trials_or_a_flat_curve(trials: float, late_gain: float, enough: bool) -> None:
    assert Search(trials=trials, late_gain=late_gain, has_space=True).is_enough(MARGIN) is enough


def test_unknown_late_gain_is_not_flat() -> None:
    assert not Search(trials=20, late_gain=math.nan, has_space=True).is_enough(MARGIN)
    assert Search().is_enough(MARGIN)


def test_type_i_error_at_the_margin_is_what_the_rule_leaves() -> None:
    for df, probability in ((4, 0.95), (49, 0.9)):
        found = compute_power(0.003, margin=0.003, standard_error=0.002, df=df, probability=probability)
        assert found == pytest.approx(1 - probability)


@pytest.mark.parametrize("df", [4, 24])
def test_power_is_that_of_simulated_studies(df: int) -> None:
    """Gains with a normal error and an estimated standard error, judged by the rule itself."""
    rng = np.random.default_rng(7)
    error, true_gain, n = 0.002, 0.009, 40_000
    spread = error * np.sqrt(rng.chisquare(df, n) / df)
    called = student.sf((ROPE - rng.normal(true_gain, error, n)) / spread, df) > 0.95
    said = compute_power(true_gain, margin=ROPE, standard_error=error, df=df, probability=0.95)
    assert said == pytest.approx(called.mean(), abs=4 * math.sqrt(0.25 / n))


@pytest.mark.parametrize("too_large", [1.35, 1.8])
def test_with_a_standard_error_that_is_too_large_small_gains_are_called_better_less_often(too_large: float) -> None:
    """As measured of the Nadeau-Bengio standard error; gains far beyond the margin are called so more often."""
    rng, df, n = np.random.default_rng(3), 24, 40_000
    spread = too_large * 0.002
    stated = spread * np.sqrt(rng.chisquare(df, n) / df)
    noise = rng.normal(0, 0.002, n)
    margin_of_error = 4 * math.sqrt(0.25 / n)

    def called(true_gain: float) -> float:
        return float((student.sf((ROPE - true_gain - noise) / stated, df) > 0.95).mean())

    def said(true_gain: float) -> float:
        return compute_power(true_gain, margin=ROPE, standard_error=spread, df=df, probability=0.95)

    assert called(ROPE) < 0.05 - margin_of_error
    assert called(ROPE + 0.002) < said(ROPE + 0.002) - margin_of_error
    assert called(ROPE + 3 * spread) > said(ROPE + 3 * spread) + margin_of_error


def test_detectable_gain_is_called_better_in_eighty_per_cent() -> None:
    gain = make_gain(0.001, 0.002)
    found = find_detectable(gain, MARGIN)
    power = compute_power(found, margin=gain.margin, standard_error=0.002, df=gain.df, probability=0.95)
    assert power == pytest.approx(0.8, abs=1e-9)
    assert compute_power(0.9 * found, margin=ROPE, standard_error=0.002, df=24, probability=0.95) < 0.8


def test_without_variance_power_is_all_or_nothing() -> None:
    assert compute_power(0.004, margin=0.003, standard_error=0.0, df=4, probability=0.95) == 1
    assert compute_power(0.003, margin=0.003, standard_error=0.0, df=4, probability=0.95) == 0


def test_gain_is_the_difference_turned_round() -> None:
    table = reach(make_row(-0.0102, 0.002))
    assert tuple(table.columns) == VERDICTS
    (row,) = table.to_dict("records")
    assert row["gain"] == 0.0102
    half = float(student.ppf(0.975, 24)) * 0.002
    assert (row["lower"], row["upper"]) == pytest.approx((0.0102 - half, 0.0102 + half))
    assert (row["role"], row["verdict"], row["margin"]) == ("primary", "better", ROPE)
    assert (row["trials"], row["late_gain"], row["n"], row["events"]) == (50, 0.01, 900, 140)
    assert row["power_at_margin"] == pytest.approx(0.05)
    assert row["power_at_margin"] < row["power_at_twice_margin"] < 1


def test_paired_bootstrap_is_carried_over_with_its_sign_turned() -> None:
    own = {"outcome": "o", "model": "machine_learning", "metric": "log_loss", "validation": "internal",
           "status": "ok", "lower": -0.014, "upper": 0.001}  # fmt: skip
    others = [own | change | {"lower": 9.0, "upper": 9.0} for change in (
        {"validation": "temporal"}, {"metric": "brier_score"}, {"model": "xgboost"}, {"outcome": "p"},
    )]  # fmt: skip
    comparison = pd.DataFrame([*others, own], columns=list(COMPARISON))
    (row,) = reach(make_row(-0.0102, 0.002), comparison=comparison).to_dict("records")
    assert (row["bootstrap_lower"], row["bootstrap_upper"]) == (-0.001, 0.014)
    (row,) = reach(make_row(-0.0102, 0.002)).to_dict("records")
    assert math.isnan(row["bootstrap_lower"])


def test_only_the_rival_gets_a_verdict() -> None:
    table = reach(make_row(-0.01, 0.002), make_row(-0.02, 0.002, model="xgboost")).set_index("model")
    assert table["role"].to_dict() == {"machine_learning": "primary", "xgboost": "described"}
    assert table.loc["xgboost", "verdict"] == ""
    assert table.loc["xgboost", "text"].startswith("Described only: xgboost lowered the log loss by 0.0200 (95 %")


def test_measures_beside_the_primary_one_give_no_verdict() -> None:
    assert len(reach(make_row(-0.01, 0.002), make_row(-0.01, 0.002, metric="brier_score"))) == 1


def test_least_searched_fold_counts_and_the_final_model_does_not() -> None:
    tuning = make_tuning(trials=50, late_gain=0.002)
    tuning.loc[(tuning["fold"] == 2) & (tuning["model"] == "machine_learning"), "trials"] = 30
    tuning.loc[(tuning["fold"] == 3) & (tuning["model"] == "machine_learning"), "late_gain"] = 0.007
    tuning.loc[tuning["fold"] == -1, ["trials", "late_gain"]] = [1, 0.9]
    (row,) = reach(make_row(0.001, 0.002), tuning=tuning).to_dict("records")
    assert (row["trials"], row["late_gain"]) == (30, pytest.approx(0.003))
    assert row["verdict"] == "budget-limited"


def test_one_trial_of_an_arm_is_no_flat_search_and_a_path_is_enough() -> None:
    (row,) = reach(make_row(0.001, 0.002), tuning=make_tuning(trials=1, late_gain=0.0)).to_dict("records")
    assert row["verdict"] == "budget-limited"
    (row,) = reach(make_row(-0.02, 0.002), tuning=make_tuning(trials=1, late_gain=0.0)).to_dict("records")
    assert row["verdict"] == "better"


def test_what_is_derived_from_a_score_has_its_search_and_no_verdict() -> None:
    rows = [make_row(-0.01, 0.002, outcome=name) for name in ("o", "o__scoap15", "o__minus30")]
    table = reach(*rows).set_index("outcome")
    assert table["role"].tolist() == ["primary", "described", "described"]
    assert table["verdict"].tolist() == ["better", "", ""]
    assert table["trials"].tolist() == [50, 50, 50]
    assert table.loc["o__scoap15", "text"].startswith("Described only: machine learning lowered the log loss")


def test_derived_thresholds_that_cannot_be_assessed_have_no_verdict_either() -> None:
    nothing = dict.fromkeys(("estimate", "standard_error", "lower", "upper", "rope", "p_better"), math.nan)
    (row,) = reach(make_row(0.0, 1.0, outcome="o__x", status="not assessable") | nothing).to_dict("records")
    assert (row["role"], row["verdict"]) == ("described", "")


def test_study_sets_the_rule() -> None:
    strict = make_study("[margin]\nprobability = 0.999\n")
    assert reach(make_row(-0.0080, 0.002), study=strict)["verdict"].item() == "undecided"
    assert "above the 99.9 % that the study asks for" in reach(make_row(-0.02, 0.002), study=strict)["text"].item()
    patient = make_study("[margin]\nleast_trials = 100\n")
    assert reach(make_row(0.001, 0.002), study=patient)["verdict"].item() == "budget-limited"


@pytest.mark.parametrize(
    ("status", "words"),
    [("suppressed", "a count is too small to be shown"), ("not assessable", "too few outer folds have a result")],
)
def test_what_cannot_be_said_is_not_assessable_with_a_reason(status: str, words: str) -> None:
    nothing = dict.fromkeys(("estimate", "standard_error", "lower", "upper", "rope", "p_better"), math.nan)
    rows = [make_row(0.0, 1.0, status=status, n=pd.NA, events=pd.NA) | nothing]
    rows.append(rows[0] | {"model": "xgboost"})
    table = reach(*rows)
    assert table["verdict"].tolist() == ["not assessable", ""]
    assert table["text"].tolist() == [f"Not assessable: {words}."] * 2
    assert table["status"].tolist() == [status] * 2
    assert table[["gain", "margin", "p_better", "detectable_gain", "n"]].isna().all(axis=None)


def test_without_a_rival_there_is_nothing_to_say() -> None:
    table = reach()
    assert table.empty
    assert tuple(table.columns) == VERDICTS


TEXTS = {
    "better": "Better: machine learning lowered the log loss by 0.0100 (95 % interval 0.0038 to 0.0162). The "
    "probability that the gain is larger than the margin of 0.0031 is 98 %, above the 95 % that the study asks for.",
    "worse": "Worse: machine learning raised the log loss by 0.0100 (95 % interval 0.0038 to 0.0162). The probability "
    "that the rise is larger than the margin of 0.0031 is 98 %.",
    "practically equivalent": "Practically equivalent: machine learning lowered the log loss by 0.0002 (95 % interval "
    "\u22120.0019 to 0.0023). The probability that the two differ by less than the margin of 0.0031, in either "
    "direction, is 99 %.",
    "no worthwhile gain": "No worthwhile gain: machine learning lowers the log loss by no more than 0.0011 at the "
    "upper end of the 95 % interval, less than the margin of 0.0031.",
    "undecided": "Undecided: machine learning lowered the log loss by 0.0020 (95 % interval \u22120.0042 to 0.0082). "
    "The probability that the gain is larger than the margin of 0.0031 is 36 %: too little to call it better, too "
    "much to rule it out. A study like this one would have called a true gain of 0.0108 better in about 80 % of "
    "runs; a smaller one needs more patients.",
    "budget-limited": "Budget-limited: machine learning was tuned with 20 trials in each fold, fewer than the 50 that "
    "the study asks for, and the search had not settled. As tuned it raised the log loss by 0.0030 (95 % interval "
    "\u22120.0011 to 0.0071). That a better tuned one gains more than the margin of 0.0031 is not ruled out.",
}
GAINS = {
    "better": (0.0100, 0.0030),
    "worse": (-0.0100, 0.0030),
    "practically equivalent": (0.0002, 0.0010),
    "no worthwhile gain": (-0.0030, 0.0020),
    "undecided": (0.0020, 0.0030),
    "budget-limited": (-0.0030, 0.0020),
}


@pytest.mark.parametrize("verdict", GAINS)
def test_words_are_those_of_a_clinician(verdict: str) -> None:
    gain = make_gain(*GAINS[verdict])
    search = RUSHED if verdict == "budget-limited" else TUNED
    assert decide(gain, MARGIN, rival=search, reference=PATH) == verdict
    assert verdict in VERDICT_NAMES
    assert word_verdict(verdict, gain, search, make_study(), "machine learning") == TEXTS[verdict]


def test_search_that_is_too_short_to_be_flat_is_not_said_to_have_moved() -> None:
    words = word_verdict("budget-limited", make_gain(0.001, 0.002), Search(trials=9, has_space=True, late_gain=0.0),
                         make_study(), "XGBoost")  # fmt: skip
    assert words.startswith(
        "Budget-limited: XGBoost was tuned with 9 trials in each fold, fewer than the 50 that the study asks for, too "
        "few to tell whether the search had settled. As tuned"
    )


def test_a_gain_that_is_none_is_not_said_to_be_one() -> None:
    gain = make_gain(-0.0052, 0.0020)
    words = word_verdict("no worthwhile gain", gain, TUNED, make_study(), "XGBoost")
    assert words == (
        "No worthwhile gain: XGBoost raised the log loss by 0.0052 (95 % interval 0.0011 to 0.0093); even the "
        "favourable end of the interval is no gain."
    )


def test_the_arm_that_is_the_reference_in_every_fold_has_words() -> None:
    found = correct_differences(np.zeros(25), n_test=1, n_train=4)
    assert found is not None
    left, within, right = found.probabilities(ROPE)
    nothing = {"lower": 0.0, "upper": 0.0, "p_worse": right, "p_equivalent": within, "p_better": left}
    (row,) = reach(make_row(0.0, 1.0, **nothing, standard_error=0.0)).to_dict("records")
    assert row["verdict"] == "practically equivalent"
    assert row["text"] == (
        "Practically equivalent: machine learning had the same log loss as the reference in every fold."
    )
    assert row["detectable_gain"] == ROPE


def test_rounding_follows_the_margin_and_titles_are_used() -> None:
    rare = make_row(-0.00035, 0.00002, rope=0.00012)
    text = reach(rare, titles={"machine_learning": "the best learner"})["text"].item()
    assert "the best learner lowered the log loss by 0.00035 (95 % interval" in text
    assert "the margin of 0.00012" in text
    points = make_row(-8.3, 1.0, metric="mean_squared_error", rope=1.1)
    assert "mean squared error by 8.3 (95 % interval 6.2 to 10.4)" in reach(points)["text"].item()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0 %"), (0.001, "less than 1 %"), (0.95, "95 %"), (0.999, "more than 99 %"), (1, "100 %")],
)
def test_percentages_do_not_round_to_certainty(value: float, words: str) -> None:
    assert percent(value) == words
