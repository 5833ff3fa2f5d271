"""Coverage of intervals of a fixed model on new data, and how often the verdict is wrong, against known truth.

Usage: nice -n 10 python -m benchmarks.coverage [--measures] [--sizes 200 500 2000] [--verdicts]
       [--runs-measures 1000] [--runs-verdicts 400]

Without a flag both parts are run, on one core.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from pipelines.given_predictions import evaluate_predictions
from pipelines.intervals import FloatArray
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.measures.overall import clip_probability
from pipelines.procedures import compare_procedures
from pipelines.seeds import child_seed
from pipelines.splits import assign_folds
from pipelines.verdicts import VERDICT_NAMES, reach_verdicts
from schemas.study import parse_study
from schemas.tables import COMPARISON, TUNING

SEED = 20261121
THRESHOLD = 0.15
MEASURED = ("c_statistic", "oe_ratio", "calibration_in_the_large", "calibration_slope", "net_benefit")
DESIGNS = {"n = 2,000, 15 % events": 2000, "n = 500, 15 % events": 500, "n = 200, about 30 events": 200}
STUDY = parse_study(
    'title = "t"\ndefinition = "lumbar"\noutcomes = ["o"]\npredictors = ["x"]\nseed = 1\nreference = "reference"\n'
    'models = ["rival"]',
    folder=Path(),
)


# A fixed model on new data


def draw_new_patients(n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return true risks (15 % events) and those of a fixed model: too high by a tenth, too extreme, and noisy."""
    truth = rng.normal(-2.05, 0.9, n)
    return expit(truth), expit(0.25 + 1.05 * truth + rng.normal(0, 0.35, n))


def compute_truth(n: int = 2_000_000) -> dict[str, float]:
    """Return the true measures of the fixed model: expectations given the true risks, no outcome is drawn."""
    risk, predicted = draw_new_patients(n, np.random.default_rng(child_seed(SEED, "truth")))
    linear, odds = logit(predicted), THRESHOLD / (1 - THRESHOLD)
    twice = np.concatenate([predicted, predicted])
    event = np.concatenate([np.ones(n), np.zeros(n)])
    design = np.column_stack([np.ones(n), linear])
    acted = predicted >= THRESHOLD
    return {
        "c_statistic": compute_c_statistic(event, twice, np.concatenate([risk, 1 - risk])),
        "oe_ratio": float(risk.mean() / predicted.mean()),
        "calibration_in_the_large": float(brentq(lambda a: np.mean(risk - expit(a + linear)), -3, 3)),
        "calibration_slope": float(fit_logistic(design, risk)[1]),
        "net_benefit": float(np.mean(np.where(acted, risk - (1 - risk) * odds, 0))),
    }


def measure_coverage(n: int, runs: int, truth: dict[str, float]) -> pd.DataFrame:
    """Evaluate the fixed model on fresh samples; return one row per measure, of as many runs as show it."""
    found = []
    for run in range(runs):
        rng = np.random.default_rng(child_seed(SEED, "measures", n, run))
        risk, predicted = draw_new_patients(n, rng)
        table = evaluate_predictions(rng.random(n) < risk, predicted, thresholds=[THRESHOLD])
        found.append(table[table["metric"].isin([*MEASURED, "ici"])])
    frame = pd.concat(found)
    rows = []
    for metric in MEASURED:
        # a net benefit that rests on fewer than five patients on one side of the threshold is not shown
        own = frame[(frame["metric"] == metric) & (frame["status"] == "ok")]
        held = (own["lower"] <= truth[metric]) & (truth[metric] <= own["upper"])
        rows.append(describe_share(held.to_numpy()) | {"metric": metric, "truth": truth[metric],
                    "mean": own["estimate"].mean(), "width": (own["upper"] - own["lower"]).mean()})  # fmt: skip
    rows.append({"metric": "ici (no interval)", "mean": frame.loc[frame["metric"] == "ici", "estimate"].mean()})
    return pd.DataFrame(rows)[["metric", "truth", "mean", "width", "percent", "error", "runs"]]


def describe_share(held: np.ndarray) -> dict[str, float]:
    """Return a share in per cent with its Monte Carlo error."""
    share = held.mean()
    return {"percent": 100 * share, "error": 100 * math.sqrt(share * (1 - share) / held.size), "runs": held.size}


# Two procedures whose true difference is known


@dataclass(frozen=True, kw_only=True)
class World:
    """Patients with a known risk, a reference, a rival, and a dial that turns the rival's true gain.

    `draw` takes a number of patients, the dial and a generator, and returns predictors (n, 7) and true risks (n,);
    `rival` learns from predictors and outcomes and returns a function from predictors to risks.
    """

    title: str
    draw: Callable[[int, float, np.random.Generator], tuple[FloatArray, FloatArray]]
    rival: Callable[[FloatArray, FloatArray], Callable[[FloatArray], FloatArray]]
    dials: tuple[float, float]


BETA = np.array([0.6, 0.4, 0.3, -0.3, 0.2])
OWN = 0.12
"""Coefficient of the predictor that only the reference sees."""


def draw_with_markers(n: int, dial: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Five shared predictors, one marker that only the reference sees, one, as strong as the dial, for the rival."""
    X = rng.normal(size=(n, 7))
    return X, expit(-1.4 + X[:, :5] @ BETA + OWN * X[:, 5] + dial * X[:, 6])


def draw_with_jump(n: int, dial: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """A jump where two predictors are both high, as high as the dial, beside two straight lines."""
    X = rng.normal(size=(n, 7))
    jump = (X[:, 0] > 0.3) & (X[:, 1] > 0.0)
    return X, expit(-1.6 + 0.3 * X[:, 0] + 0.2 * X[:, 2] + dial * jump)


def fit_logistic(X: FloatArray, y: FloatArray, *, ridge: float = 1e-3) -> FloatArray:
    """Fit a logistic regression by Newton's method; the first column is the intercept."""
    beta, penalty = np.zeros(X.shape[1]), ridge * np.eye(X.shape[1])
    for _ in range(25):
        p = expit(X @ beta)
        step = np.linalg.solve((X * (p * (1 - p))[:, None]).T @ X + penalty, X.T @ (y - p) - ridge * beta)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta


def learn_logistic(columns: list[int]) -> Callable[[FloatArray, FloatArray], Callable[[FloatArray], FloatArray]]:
    def design(X: FloatArray) -> FloatArray:
        return np.column_stack([np.ones(len(X)), X[:, columns]])

    def learn(X: FloatArray, y: FloatArray) -> Callable[[FloatArray], FloatArray]:
        beta = fit_logistic(design(X), y)
        return lambda new: expit(design(new) @ beta)

    return learn


def learn_tree(X: FloatArray, y: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """A small tree, whose shape hangs on the sample: an unstable learner."""
    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=30, random_state=0).fit(X[:, :5], y)
    return lambda new: (tree.predict_proba(new[:, :5])[:, 1] * 0.98) + 0.01


REFERENCE = learn_logistic([0, 1, 2, 3, 4, 5])
WORLDS = (
    World(title="two logistic models", draw=draw_with_markers, rival=learn_logistic([0, 1, 2, 3, 4, 6]),
          dials=(0.02, 0.6)),
    World(title="a tree against a logistic model", draw=draw_with_jump, rival=learn_tree, dials=(0.2, 4.0)),
)  # fmt: skip


def compute_true_gain(world: World, dial: float, n_train: int, draws: int) -> tuple[float, float, float]:
    """Return the rival's gain in expected log loss at `n_train`, its Monte Carlo error, and the reference's loss."""
    gains, losses = np.empty(draws), np.empty(draws)
    for k in range(draws):
        rng = np.random.default_rng(child_seed(SEED, "gain", k))
        X, risk = world.draw(n_train + 4000, dial, rng)
        y = (rng.random(len(risk)) < risk).astype(float)
        fits = [learn(X[:n_train], y[:n_train]) for learn in (REFERENCE, world.rival)]
        reference, rival = (_expect_loss(risk[n_train:], fit(X[n_train:])) for fit in fits)
        gains[k], losses[k] = reference - rival, reference
    return float(gains.mean()), float(gains.std(ddof=1) / math.sqrt(draws)), float(losses.mean())


def _expect_loss(risk: FloatArray, predicted: FloatArray) -> float:
    q = clip_probability(predicted)
    return float(np.mean(-(risk * np.log(q) + (1 - risk) * np.log1p(-q))))


def find_dial(world: World, n_train: int, margins: float, draws: int) -> float:
    """Return the dial at which the true gain is so many margins."""

    def gap(dial: float) -> float:
        gain, _, loss = compute_true_gain(world, dial, n_train, draws)
        return gain - margins * STUDY.margin.relative * loss

    return float(brentq(gap, *world.dials, xtol=2e-4))


def cross_validate(world: World, dial: float, n: int, repeats: int, seed: int) -> pd.DataFrame:
    """Fit both procedures in every outer fold of a fresh sample; return its table of predictions."""
    rng = np.random.default_rng(seed)
    X, risk = world.draw(n, dial, rng)
    y = (rng.random(n) < risk).astype(float)
    names = np.arange(n)
    tables = []
    for repeat in range(repeats):
        folds = assign_folds(y, names.astype(str), n_folds=5, seed=child_seed(seed, repeat))
        for name, learn in (("reference", REFERENCE), ("rival", world.rival)):
            p = np.empty(n)
            for fold in range(5):
                test = folds == fold
                p[test] = learn(X[~test], y[~test])(X[test])
            tables.append(pd.DataFrame({
                "row_id": names, "patient": names, "outcome": "o", "model": name, "dataset": "development",
                "validation": "internal", "repeat": repeat, "fold": folds, "imputation": 0, "y_true": y, "y_prob": p,
                "y_pred": np.nan, "scale": "probability", "weight": 1.0, "n_train": n - n // 5,
            }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def judge(predictions: pd.DataFrame) -> pd.Series:
    """Return the row of the verdict on a table of predictions; nothing is left to search."""
    procedures = compare_procedures(predictions, reference="reference", margin=STUDY.margin, thresholds={})
    nothing = pd.DataFrame(columns=list(TUNING))
    return reach_verdicts(
        procedures, pd.DataFrame(columns=list(COMPARISON)), nothing, study=STUDY, rivals={"o": "rival"}
    ).iloc[0]


def count_verdicts(world: World, dial: float, n: int, runs: int) -> Iterator[dict[str, object]]:
    """Yield the shares of the verdicts with 5 outer folds once and three times, on the same samples."""
    found: dict[str, list[pd.Series]] = {"5 x 1": [], "5 x 3": []}
    for run in range(runs):
        seed = child_seed(SEED, "verdicts", world.title, run)
        predictions = cross_validate(world, dial, n, 3, seed)
        found["5 x 1"].append(judge(predictions[predictions["repeat"] == 0]))
        found["5 x 3"].append(judge(predictions))
    for folds, rows in found.items():
        frame = pd.DataFrame(rows)
        shares = {name: 100 * float((frame["verdict"] == name).mean()) for name in VERDICT_NAMES[:5]}
        error = 100 * math.sqrt(frame["verdict"].eq("better").mean() * frame["verdict"].ne("better").mean() / runs)
        yield {
            "folds": folds,
            **shares,
            "error of better": error,
            "said power": 100 * float(frame["power_at_twice_margin"].mean()),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measures", action="store_true")
    parser.add_argument("--verdicts", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(DESIGNS.values()))
    parser.add_argument("--runs-measures", type=int, default=1000)
    parser.add_argument("--runs-verdicts", type=int, default=400)
    given = parser.parse_args()
    pd.set_option("display.width", 180, "display.max_columns", 20)
    with threadpool_limits(limits=1):
        if given.measures or not given.verdicts:
            print_measures(given.runs_measures, given.sizes)
        if given.verdicts or not given.measures:
            print_verdicts(given.runs_verdicts)


def print_measures(runs: int, sizes: list[int]) -> None:
    truth = compute_truth()
    for title, n in ((title, n) for title, n in DESIGNS.items() if n in sizes):
        started = time.process_time()
        table = measure_coverage(n, runs, truth)
        print(f"coverage of 95 % intervals, {title} ({time.process_time() - started:.0f} s)")
        print(table.round(3).to_string(index=False), "\n", flush=True)


def print_verdicts(runs: int, n: int = 1000) -> None:
    for world in WORLDS:
        started = time.process_time()
        print(f"{world.title}, n = {n}, {runs} runs", flush=True)
        for margins in (0.0, 1.0, 2.0):
            dial = OWN if margins == 0 and world is WORLDS[0] else find_dial(world, n - n // 5, margins, 300)
            gain, error, loss = compute_true_gain(world, dial, n - n // 5, 2000)
            unit = STUDY.margin.relative * loss
            head = {"true gain": f"{gain / unit:.2f} margins", "error": error / unit}
            own = [head | row for row in count_verdicts(world, dial, n, runs)]
            print(pd.DataFrame(own).round(2).to_string(index=False), flush=True)
        print(f"({time.process_time() - started:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
