"""Which groups of a table of predictions must be hidden: decided once for everything that is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.measures.sample import Sample, find_levels
from pipelines.suppression import Hidden, find_hidden_levels


def hide_levels(sample: Sample, rows: pd.DataFrame, subgroups: Sequence[str], suppress_below: int) -> Hidden:
    """Tell which levels of the attributes must be hidden in every table of these predictions.

    Parameters
    ----------
    sample, rows
        One model's predictions of one analysis, and the rows they were built from.
    subgroups
        Names of the subgroup variables.
    suppress_below
        Smallest count that may be shown.

    Returns
    -------
    dict
        Hidden levels of every attribute; what is counted are patients, those with the event and those without it,
        each once whatever the repeats. A group in which nobody had the event, or everybody, is hidden too.
    """
    _, first = np.unique(sample.row, return_index=True)
    y = sample.y[first]
    everyone = np.ones(first.size, dtype=np.bool_)
    kinds = [everyone] if sample.in_points else [everyone, y == 1, y == 0]
    levels = {name: find_levels(rows, name)[first] for name in subgroups}
    return find_hidden_levels(
        levels,
        kinds,
        patient=sample.patient[first],
        suppress_below=suppress_below,
        fates=range(1, len(kinds)),
    )


def hide_levels_at_thresholds(
    sample: Sample, rows: pd.DataFrame, hidden: Hidden, suppress_below: int
) -> dict[float, Hidden]:
    """Tell by threshold probability which levels leave few patients on one side, or would give such a level away.

    Parameters
    ----------
    sample, rows, suppress_below
        As in `hide_levels`.
    hidden
        Levels of every attribute that are hidden anyway.

    Returns
    -------
    dict
        By threshold, hidden levels of every attribute; empty where nothing is predicted as a risk. Counted are those
        at or above the threshold and those below, with the event and without it, in the first repeat.
    """
    if sample.in_points or sample.ranks_only:
        return {}
    first = np.flatnonzero(sample.replicate == 0)
    y, p = sample.y[first] == 1, sample.p[first]
    levels = {name: find_levels(rows, name)[first] for name in hidden}
    patient = np.unique(sample.patient[first], return_inverse=True)[1]
    found = {}
    for threshold in sample.thresholds:
        above = p >= threshold
        kinds = [np.ones(y.size, dtype=np.bool_), y, ~y, above & y, above & ~y, ~above & y, ~above & ~y]
        found[threshold] = find_hidden_levels(
            levels, kinds, patient=patient, suppress_below=suppress_below, hidden=hidden
        )
    return found
