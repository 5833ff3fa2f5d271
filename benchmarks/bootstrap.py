"""Time and memory of the patient bootstrap of every measure on one core, beside a loop over scikit-learn's functions.

Usage: OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m benchmarks.bootstrap [patients] [resamples] [of the loop]

The loop does a few resamples and is extrapolated. It computes the main measures only: no calibration index, no
predictive values. Times are of the processor, so that others on the machine matter less.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from pipelines.given_predictions import bootstrap_predictions

THRESHOLDS = tuple(k / 100 for k in range(1, 51))
Floats = npt.NDArray[np.float64]


def main() -> None:
    n, n_resamples, n_loop = ([int(value) for value in sys.argv[1:]] + [20_000, 2000, 10][len(sys.argv) - 1 :])[:3]
    y, p = simulate(n)
    with threadpool_limits(limits=1):
        before = peak_megabytes()
        wall, started = time.perf_counter(), time.process_time()
        table = bootstrap_predictions(y, p, thresholds=THRESHOLDS, n_resamples=n_resamples)
        ours, wall = time.process_time() - started, time.perf_counter() - wall
        after = peak_megabytes()
        started = time.process_time()
        loop_over(y, p, n_loop)
        theirs = (time.process_time() - started) * n_resamples / n_loop
    print(f"{n:,} patients, {n_resamples:,} resamples, {len(THRESHOLDS)} thresholds: {len(table)} rows")
    print(f"all measures at once: {ours:.1f} s on one core ({wall:.1f} s by the clock), peak {after:.0f} MB")
    print(f"of that memory {before:.0f} MB are the libraries and the data")
    print(
        f"loop over scikit-learn: {theirs:.0f} s ({n_loop} resamples, extrapolated), {theirs / ours:.0f} times as long"
    )


def simulate(n: int) -> tuple[Floats, Floats]:
    """Outcomes of one in five, and risks that are somewhat too extreme."""
    rng = np.random.default_rng(0)
    truth = rng.normal(-1.7, 1, n)
    return (rng.random(n) < expit(truth)).astype(float), expit(1.1 * truth + rng.normal(0, 0.3, n))


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def loop_over(y: Floats, p: Floats, n_resamples: int) -> list[list[float]]:
    """Draw the patients and compute the measures, one resample after the other."""
    rng = np.random.default_rng(1)
    return [measure(y[rows], p[rows]) for rows in rng.integers(0, y.size, size=(n_resamples, y.size))]


def measure(y: Floats, p: Floats) -> list[float]:
    rate, line = y.mean(), logit(p)
    found = [roc_auc_score(y, p), brier_score_loss(y, p), log_loss(y, p), y.sum() / p.sum()]
    found += [1 - found[1] / (rate * (1 - rate)), *fit_calibration(y, line)]
    for threshold in THRESHOLDS:
        tn, fp, fn, tp = confusion_matrix(y, p >= threshold).ravel()
        benefit = (tp - fp * threshold / (1 - threshold)) / y.size
        found += [benefit, benefit / rate, tp / (tp + fn), tn / (tn + fp)]
    return found


def fit_calibration(y: Floats, line: Floats) -> tuple[float, float]:
    """Return the calibration in the large, by Newton's method, and the slope, by scikit-learn."""
    intercept = 0.0
    for _ in range(10):
        fitted = expit(intercept + line)
        intercept += float((y - fitted).sum() / (fitted * (1 - fitted)).sum())
    slope = LogisticRegression(C=np.inf).fit(line[:, None], y).coef_[0, 0]
    return intercept, float(slope)


if __name__ == "__main__":
    main()
