"""Overall performance: how far the predicted risks are from what happened.

Each measure comes as an estimate with the influence of every row, from which standard errors and paired differences
follow. `replicate` codes the complete sets of predictions of the same patients (repeats of cross-validation): a
measure is taken within each and averaged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.intervals import BoolArray, FloatArray, IntArray, Linear

LEAST_PROBABILITY = 1e-6
"""Predicted risks of 0 and 1, which forests give, are moved this far in before a logarithm is taken."""


def clip_probability(p: FloatArray, least: float = LEAST_PROBABILITY) -> FloatArray:
    """Move risks into [1e-6, 1 - 1e-6], for logarithms only."""
    return np.clip(p, least, 1 - least)


def find_clipped(p: FloatArray) -> BoolArray:
    """Tell which risks are moved before a logarithm is taken, shape (n,)."""
    return np.asarray((p < LEAST_PROBABILITY) | (p > 1 - LEAST_PROBABILITY))


def linearise_mean(values: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Weighted mean within each replicate, averaged over replicates.

    Parameters
    ----------
    values, weights
        Shape (n,); weights of every replicate sum to more than 0.
    replicate
        Code of the replicate, from 0 without gaps, shape (n,).

    Returns
    -------
    Linear
        Estimate and influences, which sum to 0.
    """
    means, influence = linearise_groups(values, weights, replicate)
    return Linear(float(means.mean()), influence / means.size)


class GroupMeans(NamedTuple):
    """Weighted means by group, and the influence of each row on the mean of its own group, shape (n,)."""

    means: FloatArray
    influence: FloatArray


def linearise_groups(values: FloatArray, weights: FloatArray, group: IntArray) -> GroupMeans:
    """Weighted mean within each group, with influences."""
    weight_sum = np.bincount(group, weights=weights)
    means = np.bincount(group, weights=weights * values) / weight_sum
    return GroupMeans(means, weights * (values - means[group]) / weight_sum[group])


def linearise_brier_score(y: FloatArray, p: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Brier score, ``mean((p - y)^2)``; risks are never clipped here."""
    return linearise_mean((p - y) ** 2, weights, replicate)


def linearise_log_loss(y: FloatArray, p: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Log loss, ``-mean(y log p + (1 - y) log(1 - p))``, with risks clipped at `LEAST_PROBABILITY`."""
    return linearise_mean(_lose(y, p), weights, replicate)


def _lose(y: FloatArray, p: FloatArray) -> FloatArray:
    p = clip_probability(p)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def linearise_nagelkerke(
    y: FloatArray, p: FloatArray, null: FloatArray, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Nagelkerke's R2 of given risks, ``(1 - exp(2 (L - L0))) / (1 - exp(-2 L0))`` with the log losses L and L0.

    Parameters
    ----------
    y, p, weights, replicate
        As above.
    null
        Risk that knows no predictor, shape (n,), whose log loss is L0.

    Returns
    -------
    Linear
        1 is perfect, 0 no better than the null, below 0 worse.

    Notes
    -----
    Nothing is fitted again: L is of the risks as they are. Delta method; as for the scaled Brier score the null's own
    error needs no term.
    """
    model, reference = (linearise_groups(_lose(y, risk), weights, replicate) for risk in (p, null))
    gained, most = -np.expm1(2 * (model.means - reference.means)), -np.expm1(-2 * reference.means)
    values = gained / most
    of_model = -2 * (1 - gained) / most
    of_null = (2 * (1 - gained) - values * 2 * (1 - most)) / most
    influence = of_model[replicate] * model.influence + of_null[replicate] * reference.influence
    return Linear(float(values.mean()), influence / values.size)


def linearise_scaled_brier(
    y: FloatArray, p: FloatArray, null: FloatArray, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Scaled Brier score (index of prediction accuracy), ``1 - Brier / Brier of the null``.

    Parameters
    ----------
    y, p, weights, replicate
        As above.
    null
        Risk that knows no predictor, shape (n,): the event rate of the sample, or of the training folds.

    Returns
    -------
    Linear
        1 is perfect, 0 no better than the null, below 0 worse.

    Notes
    -----
    Delta method for the ratio. With the sample's own event rate as the null no further term is needed, since the
    null's Brier score is flat in the event rate at that point.
    """
    model, reference = (y - p) ** 2, (y - null) ** 2
    weight_sum = np.bincount(replicate, weights=weights)
    model_mean = np.bincount(replicate, weights=weights * model) / weight_sum
    null_mean = np.bincount(replicate, weights=weights * reference) / weight_sum
    ratio = model_mean / null_mean
    row_ratio = ratio[replicate]
    scale = weight_sum[replicate] * null_mean[replicate] * ratio.size
    return Linear(float(1 - ratio.mean()), -weights * (model - row_ratio * reference) / scale)


def compute_event_rates(y: FloatArray, weights: FloatArray, replicate: IntArray) -> FloatArray:
    """Return each row's weighted event rate of its replicate, shape (n,)."""
    rates = np.bincount(replicate, weights=weights * y) / np.bincount(replicate, weights=weights)
    return np.asarray(rates[replicate])


def compute_training_event_rates(y: FloatArray, weights: FloatArray, replicate: IntArray, fold: IntArray) -> FloatArray:
    """Return the weighted event rate of the other folds of each row's replicate, shape (n,).

    Notes
    -----
    Those folds trained the model that predicts the row. Where a replicate has one fold only, its own rate stands in.
    """
    weight_sum = np.bincount(replicate, weights=weights)
    event_sum = np.bincount(replicate, weights=weights * y)
    others = weight_sum[replicate] - np.bincount(fold, weights=weights)[fold]
    events = event_sum[replicate] - np.bincount(fold, weights=weights * y)[fold]
    own = event_sum[replicate] / weight_sum[replicate]
    alone = others <= 1e-9 * weight_sum[replicate]
    return np.asarray(np.where(alone, own, events / np.where(alone, 1.0, others)))
