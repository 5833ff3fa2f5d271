"""The patient bootstrap of every measure at once: patients are drawn once, and no model or measure draws again.

Most measures are ratios of weighted sums over the rows. The sums of all resamples are one product of two matrices, how
often each patient was drawn and what each patient adds; nothing loops over resamples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import entr

from pipelines.intervals import BoolArray, CountArray, FloatArray
from pipelines.measures.calibration_curve import bootstrap_ici, compute_ici, fit_calibration_curve
from pipelines.measures.calibration_refits import bootstrap_calibration
from pipelines.measures.discrimination import bootstrap_c_statistic
from pipelines.measures.overall import clip_probability
from pipelines.measures.sample import Sample
from pipelines.measures.utility import Decision, decide

CHUNK_CELLS = 400_000
"""Resamples are taken in chunks of about this many cells: what fits a processor's cache is quickest."""
LEAST_NULL = 1e-12
"""Loss of a prediction that knows no predictor, relative to its parts, at or below which it is 0 but for rounding."""

CALIBRATION = ("calibration_in_the_large", "calibration_intercept", "calibration_slope")
"""What the refits of the calibration models give, in this order."""

LEAST_SHARE = 1e-12
"""Share of patients at or below which nobody is there but for rounding."""

Columns = Callable[[Sample], FloatArray]
Combine = Callable[[FloatArray, FloatArray, Sample], FloatArray]
Resample = Callable[[Sample, CountArray], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A measure that follows from weighted sums over the rows.

    Parameters
    ----------
    name
        Name of the measure.
    columns
        Sample -> what each row adds before weighting, shape (n, k).
    combine
        Sums of the weights, shape (resamples, replicates), those of the columns, (resamples, replicates, k), and the
        sample -> values, (resamples, replicates, m); NaN where there is no value.
    """

    name: str
    columns: Columns
    combine: Combine


def resample_measures(sample: Sample, names: Iterable[str], counts: CountArray) -> dict[str, FloatArray]:
    """Compute measures of every resample of patients.

    Parameters
    ----------
    sample
        One model's predictions. All rows of a patient, in every repeat of cross-validation, are drawn together.
    names
        Measures, of `RESAMPLED`.
    counts
        How often each patient is drawn, shape (resamples, patients); a single row of ones gives the observed values.

    Returns
    -------
    dict
        By name, shape (resamples, m): one column, or one for each threshold of the sample. NaN where a resample has no
        value: no event or no non-event where the measure needs them, or a calibration model without a maximum.

    Notes
    -----
    Measures are taken within each replicate and averaged over replicates; the c-statistic is the mean over folds.
    """
    wanted = tuple(names)
    ratios = [RATIOS[name] for name in wanted if name in RATIOS]
    found = _resample_ratios(sample, ratios, counts)
    if "c_statistic" in wanted:
        found["c_statistic"] = _resample_c_statistic(sample, counts)
    if not set(CALIBRATION).isdisjoint(wanted):
        found |= _resample_calibration(sample, counts)
    if "ici" in wanted:
        found["ici"] = _resample_ici(sample, counts)
    return {name: found[name] for name in wanted}


def observe_measures(sample: Sample, names: Iterable[str]) -> dict[str, FloatArray]:
    """Compute measures of the sample itself, as `resample_measures` does of resamples: by name, shape (m,)."""
    wanted = tuple(names)
    everyone = np.ones((1, sample.n_patients), dtype=np.uint8)
    found = resample_measures(sample, (name for name in wanted if name != "ici"), everyone)
    if "ici" in wanted:  # of every row: the resamples take neighbouring risks together
        found["ici"] = np.array([[_observe_ici(sample)]])
    return {name: found[name][0] for name in wanted}


def _observe_ici(sample: Sample) -> float:
    parts = [(sample.y[rows], sample.p[rows], sample.weights[rows]) for rows in sample.replicates]
    curves = [(fit_calibration_curve(y, p, weights), p, weights) for y, p, weights in parts]
    return float(np.mean([math.nan if curve is None else compute_ici(curve, p, w) for curve, p, w in curves]))


def _resample_c_statistic(sample: Sample, counts: CountArray) -> FloatArray:
    values = bootstrap_c_statistic(
        sample.y, sample.score, sample.weights, fold=sample.fold, patient=sample.patient, counts=counts
    )
    return values[:, None]


def _resample_calibration(sample: Sample, counts: CountArray) -> dict[str, FloatArray]:
    found = np.mean(
        [
            bootstrap_calibration(
                sample.y[rows], sample.p[rows], sample.weights[rows], patient=sample.patient[rows], counts=counts
            )
            for rows in sample.replicates
        ],
        axis=0,
    )
    return {name: values[:, None] for name, values in zip(CALIBRATION, found, strict=True)}


def _resample_ici(sample: Sample, counts: CountArray) -> FloatArray:
    """Refit the flexible curve with the knots of the whole sample; a resample of one class has no curve."""
    both = _has_both(_add_up(sample, np.stack([sample.y, 1 - sample.y], axis=1), counts)).all(axis=1)
    values = np.where(both, 0.0, np.nan)
    for rows in sample.replicates:
        y, p, weights = sample.y[rows], sample.p[rows], sample.weights[rows]
        curve = fit_calibration_curve(y, p, weights)
        if curve is None:
            return np.full((counts.shape[0], 1), np.nan)
        values += bootstrap_ici(curve, y, p, weights, patient=sample.patient[rows], counts=counts)
    return values[:, None] / len(sample.replicates)


def _resample_ratios(sample: Sample, ratios: list[Ratio], counts: CountArray) -> dict[str, FloatArray]:
    if not ratios:
        return {}
    # measures that share their columns share the sums
    blocks = {columns: columns(sample) for columns in dict.fromkeys(ratio.columns for ratio in ratios)}
    table = np.concatenate([np.ones((sample.y.size, 1)), *blocks.values()], axis=1)
    sums = _add_up(sample, table, counts)
    ends = np.cumsum([1, *(block.shape[1] for block in blocks.values())])
    parts = {columns: sums[:, :, ends[k] : ends[k + 1]] for k, columns in enumerate(blocks)}
    return {
        ratio.name: np.asarray(ratio.combine(sums[:, :, 0], parts[ratio.columns], sample).mean(axis=1))
        for ratio in ratios
    }


def _add_up(sample: Sample, table: FloatArray, counts: CountArray) -> FloatArray:
    """Add up the weighted columns of a table (n, k) in every resample, shape (resamples, replicates, k)."""
    n_replicates, n_patients = len(sample.replicates), counts.shape[1]
    cell = sample.replicate * n_patients + sample.patient
    by_patient = np.stack(
        [np.bincount(cell, weights=sample.weights * column, minlength=n_replicates * n_patients) for column in table.T],
        axis=1,
    )
    added = by_patient.reshape(n_replicates, n_patients, -1).transpose(1, 0, 2).reshape(n_patients, -1)
    sums = np.empty((counts.shape[0], added.shape[1]))
    step = max(1, CHUNK_CELLS // n_patients)
    for start in range(0, counts.shape[0], step):
        np.matmul(counts[start : start + step].astype(np.float64), added, out=sums[start : start + step])
    return sums.reshape(counts.shape[0], n_replicates, -1)


def _divide(first: FloatArray, second: FloatArray) -> FloatArray:
    """Divide, NaN where the second is not above 0."""
    first, second = np.broadcast_arrays(first, second)
    return np.asarray(np.divide(first, second, out=np.full(first.shape, np.nan), where=second > 0))


def _has_both(sums: FloatArray) -> BoolArray:
    """Tell which resamples have events and non-events, from the sums of ``y`` and ``1 - y`` in the first columns."""
    return np.asarray((sums[:, :, 0] > 0) & (sums[:, :, 1] > 0))


def _square(sample: Sample) -> FloatArray:
    return np.asarray((sample.y - sample.p) ** 2)[:, None]


def _happen(sample: Sample) -> FloatArray:
    return sample.y[:, None]


def _mean(weights: FloatArray, sums: FloatArray, _: Sample) -> FloatArray:
    return _divide(sums, weights[:, :, None])


def _root_mean(weights: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    return np.asarray(np.sqrt(_mean(weights, sums, sample)))


def _lose(sample: Sample) -> FloatArray:
    p = clip_probability(sample.p)
    return np.asarray(-(sample.y * np.log(p) + (1 - sample.y) * np.log1p(-p)))[:, None]


def _miss(sample: Sample) -> FloatArray:
    return np.abs(sample.y - sample.p)[:, None]


def _square_both(sample: Sample) -> FloatArray:
    # a null that is the sample's own mean is that of the resample there; one of training folds is what it was
    moved = np.zeros_like(sample.y) if sample.folded else sample.y - sample.null
    return np.stack([(sample.y - sample.p) ** 2, (sample.y - sample.null) ** 2, moved], axis=1)


def _explain(weights: FloatArray, sums: FloatArray, _: Sample) -> FloatArray:
    """Return 1 minus the loss over that of the null, which moves with the mean of the resample."""
    loss, fixed, shift = np.moveaxis(_divide(sums, weights[:, :, None]), -1, 0)
    null = fixed - shift**2
    return 1 - _divide(loss, np.where(null > LEAST_NULL * fixed, null, 0.0))[:, :, None]


def _share_risk(sample: Sample) -> FloatArray:
    y = sample.y
    return np.stack([y, 1 - y, y * sample.p, (1 - y) * sample.p], axis=1)


def _discriminate(_: FloatArray, sums: FloatArray, __: Sample) -> FloatArray:
    return _divide(sums[:, :, 2:3], sums[:, :, 0:1]) - _divide(sums[:, :, 3:4], sums[:, :, 1:2])


def _lose_both(sample: Sample) -> FloatArray:
    null = sample.with_risk(sample.null)
    return np.concatenate([np.stack([sample.y, 1 - sample.y], axis=1), _lose(sample), _lose(null)], axis=1)


def _explain_likelihood(weights: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    """Return Nagelkerke's measure; a null that is the sample's own event rate is that of the resample there."""
    rate, others, loss, null = np.moveaxis(_divide(sums, weights[:, :, None]), -1, 0)
    if not sample.folded:
        null = entr(rate) + entr(others)
    null = np.where(_has_both(sums), null, np.nan)
    return np.asarray(np.expm1(2 * (loss - null)) / np.expm1(-2 * null))[:, :, None]


def _list_expected(sample: Sample) -> FloatArray:
    return np.stack([sample.y, 1 - sample.y, sample.p], axis=1)


def _divide_expected(_: FloatArray, sums: FloatArray, __: Sample) -> FloatArray:
    ratio = _divide(sums[:, :, 0], sums[:, :, 2])
    return np.where(_has_both(sums), ratio, np.nan)[:, :, None]


def _list_decisions(sample: Sample) -> FloatArray:
    """Columns of who is due for the action and who is not, then of those acted on who were due and who were not."""
    found = _decide(sample)
    return np.concatenate([found.due, 1 - found.due, found.acted * found.due, found.acted * (1 - found.due)], axis=1)


def _decide(sample: Sample) -> Decision:
    return decide(sample.y[:, None], sample.p[:, None], sample.thresholds, acts_below=sample.acts_below)


def _split_decisions(sums: FloatArray, sample: Sample) -> tuple[FloatArray, FloatArray]:
    """Return those rightly and those wrongly acted on."""
    right, wrong = np.split(sums[:, :, 2:], [len(sample.thresholds)], axis=2)
    return right, wrong


def _split_sides(sums: FloatArray, sample: Sample) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return true and false positives, false and true negatives, a positive being at or above the threshold."""
    right, wrong = _split_decisions(sums, sample)
    missed, spared = sums[:, :, :1] - right, sums[:, :, 1:2] - wrong
    return (spared, missed, wrong, right) if sample.acts_below else (right, wrong, missed, spared)


def _net_benefit(weights: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    right, wrong = _split_decisions(sums, sample)
    return _divide(right - wrong * _decide(sample).odds, weights[:, :, None])


def _standardised_net_benefit(weights: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    return _net_benefit(weights, sums, sample) * _divide(weights, sums[:, :, 0])[:, :, None]


def _avoided(weights: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    odds = _decide(sample).odds
    of_all = _divide(sums[:, :, :1] - sums[:, :, 1:2] * odds, weights[:, :, None])
    return np.asarray(100 * (_net_benefit(weights, sums, sample) - of_all) / odds)


def _share_acted_on(weights: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    right, wrong = _split_decisions(sums, sample)
    return _divide(right + wrong, weights[:, :, None])


def _predictive_value(_: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    true, false, _, _ = _split_sides(sums, sample)
    return _divide_present(true, true + false, sums)


def _predictive_value_below(_: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    _, _, false, true = _split_sides(sums, sample)
    return _divide_present(true, false + true, sums)


def _divide_present(part: FloatArray, whole: FloatArray, sums: FloatArray) -> FloatArray:
    """Divide, NaN where the whole is nobody but for rounding."""
    return _divide(part, np.where(whole > LEAST_SHARE * (sums[:, :, :1] + sums[:, :, 1:2]), whole, 0))


def _sensitivity(_: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    events = sums[:, :, 1:2] if sample.acts_below else sums[:, :, :1]
    return _divide(_split_sides(sums, sample)[0], events)


def _specificity(_: FloatArray, sums: FloatArray, sample: Sample) -> FloatArray:
    others = sums[:, :, :1] if sample.acts_below else sums[:, :, 1:2]
    return 1 - _divide(_split_sides(sums, sample)[1], others)


_ENTRIES = (
    Ratio(name="brier_score", columns=_square, combine=_mean),
    Ratio(name="scaled_brier", columns=_square_both, combine=_explain),
    Ratio(name="log_loss", columns=_lose, combine=_mean),
    Ratio(name="event_rate", columns=_happen, combine=_mean),
    Ratio(name="discrimination_slope", columns=_share_risk, combine=_discriminate),
    Ratio(name="nagelkerke_r2", columns=_lose_both, combine=_explain_likelihood),
    Ratio(name="oe_ratio", columns=_list_expected, combine=_divide_expected),
    Ratio(name="net_benefit", columns=_list_decisions, combine=_net_benefit),
    Ratio(name="standardised_net_benefit", columns=_list_decisions, combine=_standardised_net_benefit),
    Ratio(name="interventions_avoided", columns=_list_decisions, combine=_avoided),
    Ratio(name="sensitivity", columns=_list_decisions, combine=_sensitivity),
    Ratio(name="specificity", columns=_list_decisions, combine=_specificity),
    Ratio(name="ppv", columns=_list_decisions, combine=_predictive_value),
    Ratio(name="npv", columns=_list_decisions, combine=_predictive_value_below),
    Ratio(name="share_acted_on", columns=_list_decisions, combine=_share_acted_on),
    Ratio(name="mae", columns=_miss, combine=_mean),
    Ratio(name="rmse", columns=_square, combine=_root_mean),
    Ratio(name="r_squared", columns=_square_both, combine=_explain),
)
RATIOS: dict[str, Ratio] = {entry.name: entry for entry in _ENTRIES}

BY_THRESHOLD = (
    "net_benefit", "standardised_net_benefit", "interventions_avoided", "sensitivity", "specificity", "ppv", "npv",
    "share_acted_on",
)  # fmt: skip
"""Measures with one value per threshold probability."""
OF_RISKS = (
    "c_statistic", "event_rate", "discrimination_slope", "log_loss", "nagelkerke_r2", "brier_score", "scaled_brier",
    "oe_ratio", *CALIBRATION, "ici", *BY_THRESHOLD,
)  # fmt: skip
"""Measures of predicted risks."""
RESAMPLED = (*OF_RISKS, "mae", "rmse", "r_squared")
"""All measures that can be resampled."""
COMPARED = (
    "c_statistic", "brier_score", "scaled_brier", "log_loss", "net_benefit", "mae", "rmse", "r_squared",
)  # fmt: skip
"""Measures whose differences between models have an interval; the others' are too noisy to mean much."""
