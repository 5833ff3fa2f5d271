"""Discrimination: whether patients with the event get the higher predictions."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pipelines.intervals import CountArray, FloatArray, IntArray, Linear
from pipelines.measures.overall import linearise_groups

CHUNK_CELLS = 400_000
"""Resamples are taken in chunks of about this many cells: what fits a processor's cache is quickest."""


def compute_c_statistic(y: FloatArray, score: FloatArray, weights: FloatArray | None = None) -> float:
    """Compute the c-statistic (AUROC): the probability that an event has the higher score, ties counting one half.

    Parameters
    ----------
    y
        Events, 0 or 1, shape (n,).
    score
        Anything that ranks the patients, shape (n,); a higher score means that the event is more likely. The
        direction is never turned round.
    weights
        Weight of each row, shape (n,); a pair weighs the product of its two weights.

    Returns
    -------
    float
        In [0, 1]; NaN without events or without non-events.

    Examples
    --------
    >>> import numpy as np
    >>> compute_c_statistic(np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.4, 0.4]))
    0.75
    """
    weights = np.ones_like(score) if weights is None else weights
    case = y == 1
    order = np.argsort(score[~case], kind="stable")
    controls, control_weights = score[~case][order], weights[~case][order]
    total = weights[case].sum() * control_weights.sum()
    if not total > 0:
        return math.nan
    below = _mean_of_ends(np.concatenate([[0.0], np.cumsum(control_weights)]), controls, score[case])
    return float(weights[case] @ below / total)


def _mean_of_ends(cumulated: FloatArray, controls: FloatArray, cases: FloatArray) -> FloatArray:
    left, right = np.searchsorted(controls, cases, side="left"), np.searchsorted(controls, cases, side="right")
    return (cumulated[left] + cumulated[right]) / 2


def compute_within_fold_c_statistic(
    y: FloatArray, score: FloatArray, weights: FloatArray, fold: IntArray
) -> tuple[float, int]:
    """Compute the mean of the c-statistics of the folds, and how many folds it is the mean of.

    Notes
    -----
    Predictions of different folds come from different models, so ranking patients across folds would compare models,
    not patients. Folds without events or without non-events have no c-statistic and are left out.
    """
    values = [compute_c_statistic(y[rows], score[rows], weights[rows]) for rows in split_rows(fold)]
    usable = [value for value in values if math.isfinite(value)]
    return (float(np.mean(usable)) if usable else math.nan), len(usable)


def split_rows(code: IntArray) -> list[npt.NDArray[np.intp]]:
    """Return the row positions of each code, in the order of the codes."""
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


def compute_delong(y: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute c-statistics of several scores on the same independent patients, and their covariance.

    Parameters
    ----------
    y
        Events, 0 or 1, shape (n,), at least two of each.
    scores
        Shape (k, n).

    Returns
    -------
    tuple of ndarray
        C-statistics, shape (k,), and DeLong's covariance matrix, shape (k, k).

    Notes
    -----
    Placement values from midranks, O(n log n) (Sun & Xu 2014). Valid for fixed predictions of patients that do not
    repeat; neither for training data nor for clustered rows.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    """
    case = y == 1
    placements = [_placements(score, case) for score in scores]
    of_cases = np.stack([cases for cases, _ in placements])
    of_controls = np.stack([controls for _, controls in placements])
    covariance = np.cov(of_cases) / of_cases.shape[1] + np.cov(of_controls) / of_controls.shape[1]
    return np.asarray(of_cases.mean(axis=1)), np.atleast_2d(covariance)


def _placements(score: FloatArray, case: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    ranks = rankdata(score)
    n_cases, n_controls = int(case.sum()), int((~case).sum())
    of_cases = (ranks[case] - rankdata(score[case])) / n_controls
    of_controls = 1 - (ranks[~case] - rankdata(score[~case])) / n_cases
    return np.asarray(of_cases), np.asarray(of_controls)


def bootstrap_c_statistic(
    y: FloatArray, score: FloatArray, weights: FloatArray, *, fold: IntArray, patient: IntArray, counts: CountArray
) -> FloatArray:
    """Compute the mean within-fold c-statistic of each resample of patients.

    Parameters
    ----------
    y, score, weights
        As in `compute_c_statistic`, shape (n,).
    fold
        Fold code of each row, shape (n,); one code for all where the predictions come from one model.
    patient
        Patient code of each row, shape (n,): a column of `counts`.
    counts
        How often each patient is drawn, shape (resamples, patients).

    Returns
    -------
    ndarray
        Shape (resamples,); NaN where no fold holds both events and non-events.
    """
    n_resamples = counts.shape[0]
    total, usable = np.zeros(n_resamples), np.zeros(n_resamples)
    for rows in split_rows(fold):
        values = _bootstrap_fold(y[rows], score[rows], weights[rows], patient[rows], counts)
        found = np.isfinite(values)
        total[found] += values[found]
        usable += found
    return np.asarray(np.divide(total, usable, out=np.full(n_resamples, np.nan), where=usable > 0))


def _bootstrap_fold(
    y: FloatArray, score: FloatArray, weights: FloatArray, patient: IntArray, counts: CountArray
) -> FloatArray:
    """C-statistic of each resample within one fold: the scores are sorted once, then only counts change."""
    case = y == 1
    controls = np.flatnonzero(~case)[np.argsort(score[~case], kind="stable")]
    cases = np.flatnonzero(case)
    left = np.searchsorted(score[controls], score[cases], side="left")
    right = np.searchsorted(score[controls], score[cases], side="right")
    # what matters of the controls is their sum between the places where cases stand
    cuts = np.unique(np.concatenate([[0], left, right]))
    cuts = cuts[cuts < controls.size]
    before, upto = np.searchsorted(cuts, left), np.searchsorted(cuts, right)
    values = np.full(counts.shape[0], np.nan)
    if cases.size == 0 or controls.size == 0:
        return values
    step = max(1, CHUNK_CELLS // y.size)
    for start in range(0, counts.shape[0], step):
        drawn = counts[start : start + step]
        of_controls = np.zeros((drawn.shape[0], cuts.size + 1))
        between = np.add.reduceat(np.take(drawn, patient[controls], axis=1) * weights[controls], cuts, axis=1)
        np.cumsum(between, axis=1, out=of_controls[:, 1:])
        of_cases = np.take(drawn, patient[cases], axis=1) * weights[cases]
        below = np.take(of_controls, before, axis=1) + np.take(of_controls, upto, axis=1)
        pairs = of_cases.sum(axis=1) * of_controls[:, -1]
        won = np.einsum("ij,ij->i", of_cases, below) / 2
        np.divide(won, pairs, out=values[start : start + step], where=pairs > 0)
    return values


def compute_sensitivity(
    y: FloatArray, score: FloatArray, weights: FloatArray, false_positive_rates: FloatArray
) -> FloatArray:
    """Compute the sensitivity at given false positive rates, on straight lines between the points of the ROC curve.

    Returns
    -------
    ndarray
        Same shape as `false_positive_rates`; NaN without events or without non-events.
    """
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    true_positive = np.cumsum((weights * y)[order])[last_of_tie]
    false_positive = np.cumsum((weights * (1 - y))[order])[last_of_tie]
    if not (true_positive[-1] > 0 and false_positive[-1] > 0):
        return np.full(false_positive_rates.shape, np.nan)
    x = np.concatenate([[0.0], false_positive / false_positive[-1]])
    sensitivity = np.concatenate([[0.0], true_positive / true_positive[-1]])
    # at a vertical piece np.interp returns its top, which is what the curve's definition asks for
    return np.asarray(np.interp(false_positive_rates, x, sensitivity))


def compute_average_precision(y: FloatArray, score: FloatArray, weights: FloatArray | None = None) -> float:
    """Compute the average precision: the share of events among those ranked at or above an event, on average.

    Parameters
    ----------
    y, score, weights
        As in `compute_c_statistic`.

    Returns
    -------
    float
        In (0, 1]; NaN without events. The event rate is what a score that knows nothing has, so values of samples with
        different event rates are not to be compared.

    Notes
    -----
    ``sum over distinct scores of (recall - recall of the next higher one) * precision``; no interpolation.

    References
    ----------
    Boyd K, Eng KH, Page CD. ECML PKDD 2013, LNCS 8190:451-466.

    Examples
    --------
    >>> import numpy as np
    >>> round(compute_average_precision(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.7, 0.6, 0.1])), 4)
    0.8333
    """
    weights = np.ones_like(score) if weights is None else weights
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    events = np.cumsum((weights * y)[order])[last_of_tie]
    everyone = np.cumsum(weights[order])[last_of_tie]
    if not events[-1] > 0:
        return math.nan
    return float(np.diff(events, prepend=0.0) @ (events / everyone) / events[-1])


def linearise_discrimination_slope(y: FloatArray, p: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Mean predicted risk of events minus that of non-events; every replicate has both."""
    group = 2 * replicate + (y == 1)
    means, influence = linearise_groups(p, weights, group)
    differences = means[1::2] - means[::2]
    return Linear(float(differences.mean()), np.where(y == 1, influence, -influence) / differences.size)
