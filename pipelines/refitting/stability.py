"""Stability: how far predictions move between models developed on resamples of the same patients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.evaluate import finish_table
from pipelines.intervals import FloatArray, IntArray
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.predictions import DEVELOPMENT
from pipelines.refitting.refitted import Developed, Refitted, match_all
from schemas.tables import INSTABILITY_CURVE, STABILITY

PERCENTILES = (2.5, 50.0, 97.5)
MOST_GROUPS = 20
LEAST_IN_GROUP = 10
"""Patients of similar predicted risk that are described together in the curve, at least."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Instability:
    """How each prediction moves over the refits.

    Attributes
    ----------
    mape
        Mean absolute difference between the refits' predictions and the model's own, shape (n,).
    low, middle, high
        Percentiles 2.5, 50 and 97.5 of the refits' predictions, shape (n,).
    """

    mape: FloatArray
    low: FloatArray
    middle: FloatArray
    high: FloatArray

    @property
    def width(self) -> FloatArray:
        """Width of the range from the 2.5 to the 97.5 percentile, shape (n,)."""
        return self.high - self.low


def compute_instability(p: FloatArray, predicted: FloatArray) -> Instability:
    """Compute the instability of each patient's prediction.

    Parameters
    ----------
    p
        Predictions of the model itself, shape (n,).
    predicted
        Predictions of the refits for the same patients, shape (b, n), at least one.

    Returns
    -------
    Instability

    Notes
    -----
    ``mape_i = mean_b |p_bi - p_i|``. The percentiles are those of the predictions "if the model had been developed on
    another sample of this size"; they are no interval of the outcome's probability.

    References
    ----------
    Riley RD, Collins GS. Biom J 2023;65:2200302.
    """
    low, middle, high = np.percentile(predicted, PERCENTILES, axis=0)
    return Instability(mape=np.abs(predicted - p).mean(axis=0), low=low, middle=middle, high=high)


def compute_classification_instability(p: FloatArray, predicted: FloatArray, threshold: float) -> FloatArray:
    """Compute the share of refits that put each patient on the other side of a threshold, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> compute_classification_instability(np.array([0.4, 0.1]), np.array([[0.2, 0.1], [0.5, 0.2]]), 0.3).tolist()
    [0.5, 0.0]
    """
    return np.asarray(((predicted >= threshold) != (p >= threshold)).mean(axis=0))


def compute_weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """Compute a quantile of weighted values; with equal weights it is the usual one (type 7)."""
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    middle = np.cumsum(weights) - weights / 2
    span = middle[-1] - middle[0]
    return float(np.interp(share, (middle - middle[0]) / span, values)) if span > 0 else float(values[0])


def tabulate_stability(
    predictions: pd.DataFrame,
    refitted: Mapping[tuple[str, str], Refitted],
    *,
    thresholds: Mapping[str, Sequence[float]],
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Summarise the stability of every refitted model beside its c-statistic.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`, apparent rows among them.
    refitted
        Refits by outcome and model.
    thresholds
        Threshold probabilities by outcome.
    suppress_below
        Counts from 1 to one less are not shown.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.STABILITY`; of a follow-up score in points, without c-statistic and thresholds.

    Notes
    -----
    The models of an outcome are summarised over the same resamples, as many as the least refitted of them has, since
    few refits give narrower ranges than many. Means and percentiles over patients are weighted as the evaluation is.
    """
    equal = _take_common(refitted)
    rows: list[dict[str, object]] = []
    for (outcome, model), developed in match_all(predictions, equal).items():
        if developed.n_resamples == 0:
            continue
        hidden = developed.is_small(suppress_below)
        frame = {
            "outcome": outcome, "model": model, "tuning": developed.tuning, "n_resamples": developed.n_resamples,
            "n_failed": developed.n_failed, "n": pd.NA if hidden else developed.n,
        }  # fmt: skip
        for name, threshold, value in _summarise(developed, thresholds.get(outcome, ())):
            rows.append(
                frame
                | {"metric": name, "threshold_probability": threshold}
                | {
                    "estimate": math.nan if hidden else value,
                    "status": "suppressed" if hidden else "ok" if math.isfinite(value) else "not assessable",
                }
            )
    return finish_table(rows, STABILITY)


def trace_instability(
    predictions: pd.DataFrame, refitted: Mapping[tuple[str, str], Refitted], *, suppress_below: int = 5
) -> pd.DataFrame:
    """Trace where the refits put patients of one predicted risk, by groups of neighbours.

    Parameters
    ----------
    predictions, refitted, suppress_below
        As in `tabulate_stability`.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.INSTABILITY_CURVE`. Each point stands for at least `LEAST_IN_GROUP` patients
        (`suppress_below`, where that is more), each of whom is in one point only: ``predicted`` is the mean of their
        own predictions, the percentiles are of all refits' predictions for them. With fewer patients, one row that
        says so.
    """
    least = max(LEAST_IN_GROUP, suppress_below)
    rows: list[dict[str, object]] = []
    for (outcome, model), developed in match_all(predictions, refitted).items():
        if developed.n_resamples == 0:
            continue
        frame = {
            "outcome": outcome, "model": model, "dataset": DEVELOPMENT, "validation": "apparent",
            "tuning": developed.tuning,
        }  # fmt: skip
        groups = [] if developed.is_small(suppress_below) else split_neighbours(developed, least)
        if not groups:
            rows.append(frame | {"n": pd.NA, "status": "suppressed"})
        elif len(developed.predicted) == 0:
            rows.append(frame | {"n": pd.NA, "status": "not assessable"})
        else:
            rows += [frame | _trace_group(developed, group) for group in groups]
    return finish_table(rows, INSTABILITY_CURVE)


def split_neighbours(developed: Developed, least: int) -> list[IntArray]:
    """Split operations into groups of neighbouring predictions with at least `least` patients each.

    Returns
    -------
    list of ndarray
        At most `MOST_GROUPS` groups of nearly equal size; none where there are fewer patients.
    """
    order = np.lexsort((developed.row_id, developed.p))
    for n_groups in range(min(MOST_GROUPS, developed.n // least), 0, -1):
        groups = np.array_split(order, n_groups)
        if min(len(set(developed.patient[group])) for group in groups) >= least:
            return groups
    return []


def list_patients(
    predictions: pd.DataFrame, refitted: Mapping[tuple[str, str], Refitted]
) -> dict[tuple[str, str], pd.DataFrame]:
    """List the range of each operation's prediction by outcome and model: patient rows, for the private folder.

    Returns
    -------
    dict of DataFrame
        Columns row_id, p, mape, low, high: the model's own prediction, and over its refits the mean absolute
        difference to it and the 2.5 and 97.5 percentiles.
    """
    tables = {}
    for key, developed in match_all(predictions, refitted).items():
        if len(developed.predicted) == 0:
            continue
        found = compute_instability(developed.p, developed.predicted)
        tables[key] = pd.DataFrame(
            {
                "row_id": developed.row_id, "p": developed.p, "mape": found.mape, "low": found.low,
                "high": found.high,
            }
        )  # fmt: skip
    return tables


def _take_common(refitted: Mapping[tuple[str, str], Refitted]) -> dict[tuple[str, str], Refitted]:
    """Return the refits over the resamples that all models of an outcome have in common."""
    fewest: dict[str, int] = {}
    for (outcome, _), refits in refitted.items():
        fewest[outcome] = min(refits.n_resamples, fewest.get(outcome, refits.n_resamples))
    return {key: refits.first(fewest[key[0]]) for key, refits in refitted.items()}


def _summarise(developed: Developed, thresholds: Sequence[float]) -> list[tuple[str, float, float]]:
    """Return name, threshold and value of each summary."""
    p, weights = developed.p, developed.weights
    refitted = len(developed.predicted) > 0
    found = compute_instability(p, developed.predicted) if refitted else None
    summaries = [
        ("mean_mape", math.nan, float(np.average(found.mape, weights=weights)) if found else math.nan),
        ("p95_mape", math.nan, compute_weighted_quantile(found.mape, weights, 0.95) if found else math.nan),
        ("mean_width", math.nan, float(np.average(found.width, weights=weights)) if found else math.nan),
    ]
    if developed.in_points:
        return summaries
    for threshold in thresholds:
        moved = compute_classification_instability(p, developed.predicted, threshold) if refitted else None
        value = math.nan if moved is None else float(np.average(moved, weights=weights))
        summaries.append(("classification_instability", threshold, value))
    return [*summaries, ("c_statistic", math.nan, compute_c_statistic(developed.y, p, weights))]


def _trace_group(developed: Developed, group: IntArray) -> dict[str, object]:
    lower, middle, upper = np.percentile(developed.predicted[:, group], PERCENTILES).tolist()
    return {
        "predicted": float(developed.p[group].mean()),
        "middle": middle,
        "lower": lower,
        "upper": upper,
        "n": group.size,
        "status": "ok",
    }
