"""A world to audit: one site is miscalibrated by a known shift, one has four patients, one has no event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from test_reports_report import REFERENCE, write_run

from pipelines.curves import compute_curves
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.subgroups import audit_subgroups
from schemas.tables import ASCERTAINMENT, CURVES

OUTCOME = "reoperation_24m"
RIVAL, OTHER = "xgboost", "elastic_net"
SHIFT = 1.2
SIZES = {"A": 430, "B": 420, "C": 410, "Few": 4, "None": 197, "Third": 311}
"""Third is hidden with the two others: together they have too few events to be shown."""
HIDDEN_SITES = ("Few", "None", "Third")
SUBGROUPS = ("sex", "age", "site")
THRESHOLD = 0.3


def simulate(**columns: Any) -> pd.DataFrame:
    """Simulate held-out predictions of three models."""
    rng = np.random.default_rng(5)
    site = np.repeat(list(SIZES), list(SIZES.values()))
    n = site.size
    line = rng.normal(-0.6, 1.0, n)
    y = (rng.random(n) < expit(line + np.where(site == "A", SHIFT, 0.0))).astype(float)
    y[site == "None"] = 0.0
    y[site == "Few"] = [1.0, 0.0, 0.0, 0.0]
    sex = rng.choice(["female", "male"], n, p=[0.6, 0.4]).astype(object)
    sex[-3:] = "unknown"
    known = {
        "row_id": np.arange(n), "patient": np.arange(n), "outcome": OUTCOME, "dataset": "development",
        "validation": "internal", "repeat": 0, "fold": rng.integers(0, 5, n), "imputation": 0, "y_true": y,
        "y_pred": np.nan, "scale": "probability", "weight": 1.0, "n_train": 100, "site": site, "sex": sex,
        "age": rng.choice(["under 50", "50 to under 65", "65 and over"], n),
    }  # fmt: skip
    noise = {REFERENCE: 0.0, RIVAL: 0.2, OTHER: 0.4}
    tables = [
        pd.DataFrame({**known, "model": model, "y_prob": expit(line + rng.normal(0, sd, n) if sd else line)})
        for model, sd in noise.items()
    ]
    return pd.concat(tables, ignore_index=True).assign(**columns)


def ascertain() -> pd.DataFrame:
    """Return what is known of each group, hidden where the sites are."""
    shown = {"n": 800, "n_known": 700, "percent_known": 87.5, "lower": 85.0, "upper": 89.6,
             "percent_predictors_missing": 2.1, "status": "ok"}  # fmt: skip
    rows = [
        {"subgroup": "site", "level": site} | ({"status": "suppressed"} if site in HIDDEN_SITES else shown)
        for site in SIZES
    ]
    return pd.DataFrame(rows, columns=list(ASCERTAINMENT)).assign(outcome=OUTCOME, dataset="development")


def write_world(folder: Path, predictions: pd.DataFrame, **settings: Any) -> Path:
    """Write a run folder in which one outcome has the tables of these predictions."""
    write_run(folder)
    (folder / "definition.toml").write_text('title = "Lumbar"\n', encoding="utf-8")
    thresholds = {OUTCOME: (THRESHOLD,)}
    evaluation = evaluate_fold_predictions(
        predictions, thresholds=thresholds, threshold_sets={}, subgroups=SUBGROUPS, seed=1, **settings
    )
    gaps = audit_subgroups(predictions, subgroups=SUBGROUPS, margin=0.2, seed=1, **settings)
    curves = compute_curves(predictions, thresholds=thresholds, subgroups=SUBGROUPS, **settings)
    earlier = pd.read_csv(folder / "share" / "evaluation.csv", keep_default_na=False, dtype=str)
    kept = earlier[earlier["outcome"] != OUTCOME]
    pd.concat([kept, evaluation]).to_csv(folder / "share" / "evaluation.csv", index=False)
    gaps.to_csv(folder / "share" / "gaps.csv", index=False)
    ascertain().to_csv(folder / "share" / "ascertainment.csv", index=False)
    for name in ("group_calibration", "site_funnel"):
        curves[name][list(CURVES[name])].to_csv(folder / "share" / "curves" / f"{name}.csv", index=False)
    return folder
