"""Every number of the oracle of the corrected resampled t-test, computed by the toolkit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipelines.procedures import correct_differences

ORACLE = Path(__file__).parent / "oracles" / "12_cv_comparison.json"
WITHOUT: dict[str, str] = {}


def compute_leaves() -> dict[str, object]:
    """Return our number for each leaf, by its path."""
    inputs = json.loads(ORACLE.read_text(encoding="utf-8"))["inputs"]
    return {f"{name}/{leaf}": value for name, given in inputs.items() for leaf, value in _compute(**given).items()}


def _compute(diff: list[float], n_test: int, n_train: int, rope: float) -> dict[str, object]:
    differences = np.array(diff)
    found = correct_differences(differences, n_test=n_test, n_train=n_train)
    # the ordinary paired test is the one whose folds are taken not to overlap
    naive = correct_differences(differences, n_test=0, n_train=n_train)
    assert found is not None
    assert naive is not None
    left, within, right = found.probabilities(rope)
    return {
        "J": found.n_folds,
        "mean_diff": found.estimate,
        "var_diff": found.variance,
        "se_corrected": found.standard_error,
        "t_corrected": found.t_statistic,
        "df": found.df,
        "p_two_sided": found.p_value,
        "ci95": list(found.interval()),
        "t_naive": naive.t_statistic,
        "p_naive": naive.p_value,
        "rho": found.correlation,
        "rope": rope,
        "p_left": left,
        "p_rope": within,
        "p_right": right,
    }
