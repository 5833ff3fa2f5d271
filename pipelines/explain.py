"""Contributions of the predictors to a prediction, checked on every row to add up to the model's output.

They describe the model's prediction, not causes. Tree models are explained by path-dependent contributions: the
background is the training rows that passed each node, so that no patient's row is kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.learners.forest import ForestFit, Tree
from pipelines.models import Fitted, Form
from pipelines.preprocess import Preprocessor
from pipelines.recalibration import Calibrator
from pipelines.suppression import find_suppressed
from schemas.column import Column
from schemas.errors import ExplanationError
from schemas.tables import CONTRIBUTION, EXPLANATION

with warnings.catch_warnings():
    # shap 0.51 prepares colour maps on import by calls that matplotlib 3.11 will retire.
    warnings.filterwarnings("ignore", message="The set_", category=PendingDeprecationWarning)
    import shap

Array = npt.NDArray[np.float64]
Contribute = Callable[[Any, Array], tuple[Array, Array | float]]

TENTHS = 10
SMALLEST_CELL = 10
"""A mean contribution is shown for at least this many rows."""
MISSING = "missing"
FLAG_LEVELS = {0.0: "0", 1.0: "1"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """Contributions of the clinical variables.

    Parameters
    ----------
    values
        Shape (n, p): spline columns and dummies are summed to their clinical variable.
    base
        Shape (n,): output where nothing is known of the patient; base plus the row's sum is the model's output.
    names
        The p clinical variables.
    scale
        ``log_odds``, ``probability`` or ``points``.
    """

    values: Array
    base: Array
    names: tuple[str, ...]
    scale: str


Part = tuple[int, Explanation, pd.DataFrame]
"""A fold's number, the explanation of its held-out rows, and their predictors in canonical types."""


def explain(
    form: Form,
    design: str,
    fitted: Fitted,
    preprocessor: Preprocessor,
    encoded: Array,
    *,
    calibrator: Calibrator | None = None,
) -> Explanation:
    """Explain a fitted model's predictions.

    Parameters
    ----------
    form
        The model's form for the kind of outcome.
    design
        Design matrix that the model takes.
    fitted
        Its fit.
    preprocessor
        What belongs to the fit.
    encoded
        Rows to explain as `preprocessor` encoded them, shape (n, encoded columns).
    calibrator
        A recalibration of the fit's risks, if there is one.

    Returns
    -------
    Explanation

    Raises
    ------
    ExplanationError
        If base plus contributions departs from the output in any row by more than ``form.tolerance`` times the
        output's size (at least 1).

    Notes
    -----
    Linear models: ``coefficient * (x - training mean)`` on the log-odds. Boosting: the library's exact
    path-dependent Shapley values on the log-odds. Forests: the same of the mean of trees, on the probability scale,
    as they are; nothing is rescaled to force a sum. Models of a score: the same in points, before the prediction is
    kept inside the instrument's range. A recalibration is linear in the log-odds, so it multiplies their
    contributions by its slope; the contributions of a forest are those of its risk before the recalibration.
    """
    X = preprocessor.design(design, encoded)
    contribute: Contribute = form.contributions or compute_forest_contributions
    raw, base = contribute(fitted, X)
    explanation = Explanation(
        values=_sum_by_predictor(raw, preprocessor.design_predictor(design), preprocessor.predictors),
        base=np.broadcast_to(np.asarray(base, dtype=np.float64), (len(X),)).copy(),
        names=preprocessor.predictors,
        scale=form.scale,
    )
    check_additivity(explanation, fitted.output(X), tolerance=form.tolerance)
    return _recalibrate(explanation, calibrator)


def _recalibrate(explanation: Explanation, calibrator: Calibrator | None) -> Explanation:
    if calibrator is None or explanation.scale != "log_odds":
        return explanation
    return replace(
        explanation,
        values=calibrator.slope * explanation.values,
        base=calibrator.apply_to_log_odds(explanation.base),
    )


def check_additivity(explanation: Explanation, output: Array, *, tolerance: float) -> None:
    """Refuse contributions that do not add up to the output, shape (n,), in every row.

    Raises
    ------
    ExplanationError
        Naming how many rows depart and by how much at most.
    """
    gap = np.abs(explanation.base + explanation.values.sum(axis=1) - output)
    # Negated, so that a missing value counts as a departure.
    wrong = ~(gap <= tolerance * np.maximum(1.0, np.abs(output)))
    if wrong.any():
        raise ExplanationError(
            f"contributions must add up to the model's output within {tolerance:g}, got {int(wrong.sum())} of "
            f"{len(output)} rows off, at most by {gap.max():g}; please report this"
        )


def compute_forest_contributions(fitted: ForestFit, X: Array) -> tuple[Array, Array | float]:
    """Return path-dependent contributions (n, p) of a mean of trees to the probability, and the base."""
    trees = [_describe_tree(tree, len(fitted.trees)) for tree in fitted.trees]
    explainer = shap.TreeExplainer({"trees": trees}, feature_perturbation="tree_path_dependent")
    # The forest reads single precision; asking about the rounded values takes the same branches.
    rounded = X.astype(np.float32).astype(np.float64)
    return np.asarray(explainer.shap_values(rounded, check_additivity=False)), float(np.sum(explainer.expected_value))


def summarise_explanations(
    parts: Sequence[Part], *, outcome: str, model: str, columns: Mapping[str, Column], suppress_below: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summarise the contributions over held-out rows.

    Parameters
    ----------
    parts
        One per fold that explained any row.
    outcome, model
        Names for the tables.
    columns
        Dictionary entries of the predictors.
    suppress_below
        Smallest count that may be shown; `SMALLEST_CELL` if that is more.

    Returns
    -------
    tuple of DataFrame
        Rows of `schemas.tables.EXPLANATION`, highest first, and of `schemas.tables.CONTRIBUTION`; empty without
        parts.

    Notes
    -----
    Lower and upper, for the mean and for its rank, are the extremes over the folds. In the second table numbers are
    cut into tenths of equal size (fewer where values are tied), ``missing`` is a level of its own, and cells of fewer
    than `SMALLEST_CELL` rows are suppressed, with a further one where a single count could be found by subtraction.
    """
    parts = [part for part in parts if len(part[2])]
    if not parts:
        return pd.DataFrame(columns=list(EXPLANATION)), pd.DataFrame(columns=list(CONTRIBUTION))
    first = parts[0][1]
    keys: dict[str, Any] = {"outcome": outcome, "model": model, "scale": first.scale}
    values = np.vstack([explanation.values for _, explanation, _ in parts])
    X = pd.concat([predictors for _, _, predictors in parts], ignore_index=True)
    least = max(SMALLEST_CELL, suppress_below)
    cells = [_summarise_cells(X[name], values[:, j], columns[name], least) for j, name in enumerate(first.names)]
    contributions = pd.concat(cells, ignore_index=True).assign(**keys)[list(CONTRIBUTION)]
    return _rank(parts, values).assign(**keys)[list(EXPLANATION)], contributions


def _sum_by_predictor(raw: Array, columns: tuple[str, ...], predictors: tuple[str, ...]) -> Array:
    position = {name: at for at, name in enumerate(predictors)}
    summed = np.zeros((len(raw), len(predictors)))
    for at, name in enumerate(columns):
        summed[:, position[name]] += raw[:, at]
    return summed


def _describe_tree(tree: Tree, n_trees: int) -> dict[str, Any]:
    """Return one tree in the words of the explaining library, its values already a share of the mean."""
    return {
        "children_left": tree.left,
        "children_right": tree.right,
        # No value is missing after imputation: the branch for missing values is never taken.
        "children_default": tree.left,
        "features": tree.feature,
        "thresholds": tree.threshold,
        "values": tree.value[:, None] / n_trees,
        "node_sample_weight": tree.cover,
    }


def _rank(parts: Sequence[Part], values: Array) -> pd.DataFrame:
    overall = np.abs(values).mean(axis=0)
    by_fold = np.array([np.abs(explanation.values).mean(axis=0) for _, explanation, _ in parts])
    ranks = np.array([_ranks_of(row) for row in by_fold])
    table = pd.DataFrame(
        {
            "predictor": parts[0][1].names,
            "mean_absolute_contribution": overall,
            "lower": by_fold.min(axis=0),
            "upper": by_fold.max(axis=0),
            "rank": _ranks_of(overall),
            "rank_lower": ranks.min(axis=0),
            "rank_upper": ranks.max(axis=0),
            "n": len(values),
        }
    )
    return table.sort_values(["rank", "predictor"], ignore_index=True)


def _ranks_of(sizes: Array) -> npt.NDArray[np.int64]:
    """Rank from 1, the largest first; ties share the best rank."""
    return np.asarray(pd.Series(sizes).rank(method="min", ascending=False), dtype=np.int64)


def _summarise_cells(x: pd.Series, contribution: Array, column: Column, least: int) -> pd.DataFrame:
    """Return mean contributions by tenth of a number, or by level."""
    cells = _cells_of(x, column)
    is_number = column.kind == "number"
    frame = pd.DataFrame({"cell": cells, "value": x if is_number else np.nan, "mean_contribution": contribution})
    table = frame.groupby("cell", observed=True, sort=True).mean()
    table["n"] = frame.groupby("cell", observed=True, sort=True).size().astype(np.float64)
    hidden = find_suppressed(table["n"].to_numpy(np.int64)[:, None], least)
    table.loc[hidden, ["value", "mean_contribution", "n"]] = np.nan
    table["status"] = np.where(hidden, "suppressed", "ok")
    table["level"] = [_level_of(cell, is_number=is_number) for cell in table.index]
    return table.reset_index(drop=True).assign(predictor=column.name)


def _cells_of(x: pd.Series, column: Column) -> pd.Series:
    """Cut a number into tenths, or take the levels; missing is the last cell."""
    if column.kind == "number":
        edges = np.unique(np.nanquantile(x, np.linspace(0, 1, TENTHS + 1))) if x.notna().any() else np.empty(0)
        tenths = pd.Series(np.searchsorted(edges[1:-1], x.to_numpy(np.float64)), index=x.index)
        cells, order = tenths.map("{:02d}".format), [f"{k:02d}" for k in range(TENTHS)]
    elif column.kind == "flag":
        cells, order = x.map(FLAG_LEVELS), list(FLAG_LEVELS.values())
    else:
        cells, order = x, list(column.levels) or sorted(x.dropna().unique())
    cells = cells.astype("object").where(x.notna(), MISSING)
    return cells.astype(pd.CategoricalDtype(list(dict.fromkeys([*order, MISSING]))))


def _level_of(cell: str, *, is_number: bool) -> str:
    return "" if is_number and cell != MISSING else cell
