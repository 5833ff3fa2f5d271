"""What other choices would have given: the whole pipeline fitted again, and the same measures taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from outcomes.outcome import Outcome, Variant
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.intervals import NOT_ASSESSABLE, Estimate, FloatArray
from pipelines.measures.event_rate import compute_event_rate
from pipelines.measures.sample import code_groups, select_usable
from pipelines.rubin import evaluate_imputed
from pipelines.suppression import find_small
from schemas.tables import SENSITIVITY

MEASURES = ("c_statistic", "calibration_in_the_large", "calibration_slope", "scaled_brier", "log_loss")
ANALYSES = {
    "threshold_set": "the threshold",
    "unattainable": "patients who could not have reached the threshold",
    "unadjudicated": "events that were not adjudicated",
}
"""What each analysis varies, in words."""


def tabulate_sensitivity(
    predictions: pd.DataFrame,
    varied: pd.DataFrame,
    *,
    outcomes: Mapping[str, Outcome],
    variants: Sequence[Variant],
    cohorts: Mapping[str, Cohort],
    dataset: str,
    seed: int,
    suppress_below: int,
) -> pd.DataFrame:
    """Set the study's own result beside those under other choices, in the order of the plan.

    Parameters
    ----------
    predictions
        Internal predictions of the study's own analysis.
    varied
        Internal predictions of the variants, whose ``outcome`` is the variant's name.
    outcomes
        The study's outcomes.
    variants
        What was fitted again.
    cohorts
        Analysed cohorts by the study's outcome.
    dataset
        Name of the development data.
    seed, suppress_below
        Of the study.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.SENSITIVITY`. No verdict and no best.
    """
    parts = []
    for name in cohorts:
        outcome = outcomes[name]
        own = predictions[predictions["outcome"] == name]
        of_outcome = [variant for variant in variants if variant.base == name]
        for analysis in ANALYSES:
            chosen = [variant for variant in of_outcome if variant.analysis == analysis]
            narrowed = _attainable_only(own, cohorts[name], suppress_below) if analysis == "unattainable" else None
            if not chosen and narrowed is None:
                continue
            level = outcome.threshold_set if analysis == "threshold_set" else "as_planned"
            parts.append((analysis, level, outcome.rule, True, name, own))
            if narrowed is not None:
                text = "the same predictions, in patients who could have reached the threshold"
                parts.append((analysis, "attainable_only", text, False, name, narrowed))
            parts += [
                (analysis, one.level, one.text, False, name, varied[varied["outcome"] == one.outcome.name])
                for one in chosen
            ]
    rows = [
        _measure(table, seed=seed, suppress_below=suppress_below).assign(
            outcome=name, dataset=dataset, validation="internal", analysis=analysis, level=level, text=text,
            primary=primary,
        )
        for analysis, level, text, primary, name, table in parts
    ]  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=list(SENSITIVITY))
    return _hide_close(pd.concat(rows, ignore_index=True)[list(SENSITIVITY)], suppress_below)


def _hide_close(table: pd.DataFrame, suppress_below: int) -> pd.DataFrame:
    """Hide the counts of a choice that differ by a small number from those of a choice shown before it."""
    hidden = pd.Series(data=False, index=table.index)
    rates = table[table["metric"] == "event_rate"]
    for _, part in rates.groupby(["outcome", "model"], sort=False):
        shown: list[np.ndarray] = []
        for (analysis, level), row in part.groupby(["analysis", "level"], sort=False):
            counts = row[["n", "events"]].astype("float64").to_numpy()[0]
            if any(find_small(np.abs(counts - other).astype(np.int64), suppress_below).any() for other in shown):
                hidden |= (
                    (table["outcome"] == row["outcome"].iloc[0])
                    & (table["analysis"] == analysis)
                    & (table["level"] == level)
                )
            elif np.isfinite(counts).all():
                shown.append(counts)
    rate = hidden & (table["metric"] == "event_rate")
    numbers = {name: table[name].mask(rate) for name in ("estimate", "lower", "upper")}
    return table.assign(
        n=table["n"].mask(hidden),
        events=table["events"].mask(hidden),
        **numbers,
        status=table["status"].mask(rate, "suppressed"),
    )


def _attainable_only(own: pd.DataFrame, cohort: Cohort, suppress_below: int) -> pd.DataFrame | None:
    """Return the rows of patients who could have reached the threshold; None where too few could not."""
    if cohort.attainable is None or (~cohort.attainable).sum() < suppress_below:
        return None
    return own[own["row_id"].isin(cohort.row_id[cohort.attainable])]


def _measure(table: pd.DataFrame, *, seed: int, suppress_below: int) -> pd.DataFrame:
    """Evaluate one analysis as the study's own is evaluated, several imputations pooled, and add the event rate."""
    if table.empty:
        return pd.DataFrame(columns=["model", "metric", "estimate", "lower", "upper", "interval_kind", "status"])

    def measure(rows: pd.DataFrame) -> pd.DataFrame:
        evaluation = evaluate_fold_predictions(
            rows, thresholds={}, threshold_sets={}, subgroups=(), seed=seed, suppress_below=suppress_below
        )
        kept = evaluation[evaluation["metric"].isin(MEASURES)]
        by_model = rows.groupby("model", sort=False)
        rates = [_tell_event_rate(own, suppress_below).assign(model=model) for model, own in by_model]
        return pd.concat([*rates, kept], ignore_index=True)

    return evaluate_imputed(table, measure)


def _tell_event_rate(rows: pd.DataFrame, suppress_below: int) -> pd.DataFrame:
    """Return the row of the weighted event rate, with the operations and events that it rests on."""
    usable = select_usable(rows)
    y, weights = (usable[name].to_numpy(dtype=np.float64) for name in ("y_true", "weight"))
    n, events = (int(usable.loc[kept, "row_id"].nunique()) for kept in (y >= 0, y == 1))
    hidden = bool(find_small(np.array([n, events, n - events]), suppress_below).any())
    found = Estimate(status="suppressed") if hidden else _compute_rate(usable, y, weights)
    row = {
        "metric": "event_rate", "estimate": found.estimate, "lower": found.lower, "upper": found.upper,
        "interval_kind": found.interval_kind, "n": None if hidden else n, "events": None if hidden else events,
        "status": found.status,
    }  # fmt: skip
    return pd.DataFrame([row]).astype({"n": "Int64", "events": "Int64"})


def _compute_rate(usable: pd.DataFrame, y: FloatArray, weights: FloatArray) -> Estimate:
    if not len(y):
        return NOT_ASSESSABLE
    replicate, patient = (code_groups(usable, names) for names in (["repeat"], ["patient"]))
    return compute_event_rate(y, weights, replicate=replicate, patient=patient)
