"""What other choices would have given: the whole pipeline fitted again, and the same measures taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from outcomes.outcome import Outcome, Variant
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.intervals import Z
from pipelines.sample import select_usable
from pipelines.suppression import find_small
from schemas.tables import SENSITIVITY

MEASURES = ("c_statistic", "calibration_in_the_large", "calibration_slope", "scaled_brier", "log_loss")
ANALYSES = {
    "threshold_set": "the threshold",
    "unattainable": "patients who could not have reached the threshold",
    "unadjudicated": "events that were not adjudicated",
}
"""What each analysis varies, in words."""


def pick_variants(
    variants: Iterable[Variant], cohorts: Mapping[str, Cohort], varied: Mapping[str, Cohort], *, suppress_below: int
) -> tuple[Variant, ...]:
    """Return the variants that differ from the study's own analysis and can be analysed.

    Parameters
    ----------
    variants
        What was asked for.
    cohorts
        Analysed cohorts by the study's outcome.
    varied
        Cohorts of the variants by their name.

    suppress_below
        Where fewer patients than this could not have reached a threshold, both ways are not set side by side: the
        difference would count them.
    """
    return tuple(
        variant
        for variant in variants
        if variant.base in cohorts
        and _differs(cohorts[variant.base], varied[variant.outcome.name])
        and not (variant.analysis == "unattainable" and _few_unattainable(varied, cohorts, variant, suppress_below))
    )


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


def _differs(own: Cohort, other: Cohort) -> bool:
    same_rows = np.array_equal(own.row_id, other.row_id)
    return not (same_rows and np.array_equal(own.y, other.y, equal_nan=True))


def _few_unattainable(
    varied: Mapping[str, Cohort], cohorts: Mapping[str, Cohort], variant: Variant, suppress_below: int
) -> bool:
    both = (cohorts[variant.base], varied[variant.outcome.name])
    return max(_count_unattainable(cohort) for cohort in both) < suppress_below


def _count_unattainable(cohort: Cohort) -> int:
    return 0 if cohort.attainable is None else int((~cohort.attainable).sum())


def _attainable_only(own: pd.DataFrame, cohort: Cohort, suppress_below: int) -> pd.DataFrame | None:
    """Return the rows of patients who could have reached the threshold; None where too few could not."""
    if cohort.attainable is None or _count_unattainable(cohort) < suppress_below:
        return None
    return own[own["row_id"].isin(cohort.row_id[cohort.attainable])]


def _measure(table: pd.DataFrame, *, seed: int, suppress_below: int) -> pd.DataFrame:
    """Evaluate one analysis, and add the event rate, weighted as the evaluation is."""
    if table.empty:
        return pd.DataFrame(columns=["model", "metric", "estimate", "lower", "upper", "interval_kind", "status"])
    evaluation = evaluate_fold_predictions(
        table, thresholds={}, threshold_sets={}, subgroups=(), seed=seed, suppress_below=suppress_below
    )
    kept = evaluation[evaluation["metric"].isin(MEASURES)]
    by_model = table.groupby("model", sort=False)
    rates = [_event_rate(rows, suppress_below).assign(model=model) for model, rows in by_model]
    return pd.concat([*rates, kept], ignore_index=True)


def _event_rate(rows: pd.DataFrame, suppress_below: int) -> pd.DataFrame:
    """Return the weighted event rate with a robust interval on the log-odds, by the patients of one repeat."""
    usable = select_usable(rows)
    usable = usable[usable["repeat"] == usable["repeat"].min()]
    y, weight = usable["y_true"].to_numpy(dtype=np.float64), usable["weight"].to_numpy(dtype=np.float64)
    n, events = len(y), int(y.sum())
    small = bool(find_small(np.array([n, events, n - events]), suppress_below).any())
    if small or not 0 < events < n:
        if small:
            return _rate_row(np.nan, np.nan, np.nan, n=None, events=None, status="suppressed")
        return _rate_row(np.nan, np.nan, np.nan, n=n, events=events, status="not assessable")
    rate = float(np.average(y, weights=weight))
    residual = pd.Series(weight * (y - rate)).groupby(usable["patient"].to_numpy()).sum().to_numpy()
    error = float(np.sqrt((residual**2).sum()) / weight.sum()) / (rate * (1 - rate))
    centre = np.log(rate / (1 - rate))
    lower, upper = (1 / (1 + np.exp(-(centre + sign * Z * error))) for sign in (-1, 1))
    return _rate_row(rate, lower, upper, n=n, events=events, status="ok")


def _rate_row(
    estimate: float, lower: float, upper: float, *, n: int | None, events: int | None, status: str
) -> pd.DataFrame:
    row = {
        "metric": "event_rate", "estimate": estimate, "lower": lower, "upper": upper, "interval_kind": "robust",
        "n": n, "events": events, "status": status,
    }  # fmt: skip
    return pd.DataFrame([row]).astype({"n": "Int64", "events": "Int64"})
