"""Calibration curves of groups: whether risks fit what happened over the whole range, group by group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from pipelines.intervals import FloatArray
from pipelines.measures.calibration_curve import (
    CalibrationCurve,
    compute_robust_covariance,
    fit_calibration_curve,
    predict_curve,
)
from pipelines.measures.sample import Sample
from pipelines.suppression import Hidden

Row = dict[str, object]
Levels = Mapping[str, npt.NDArray[np.object_]]
"""By attribute, the level of each row of a sample as text, shape (n,)."""

LEAST = 20
"""Fewest events and non-events of a group with a curve: the fewest with which it has a slope."""
POINTS = 40
OUTER = 0.01
"""Share of patients at either end whose risks a curve does not reach."""
STEP = 1000
"""The ends of a group's curve are whole thousandths, so that neither is a patient's own risk."""


def trace_group_curves(sample: Sample, levels: Levels, hidden: Hidden, suppress_below: int) -> Iterator[Row]:
    """Trace the calibration curve of every group that may be shown.

    Parameters
    ----------
    sample
        One model's predictions of one analysis, of risks.
    levels
        Level of each row by attribute.
    hidden
        Levels whose numbers are not shown (`pipelines.measures.hidden_levels.hide_levels`).
    suppress_below
        Smallest count that may be shown.

    Yields
    ------
    dict
        The columns of `schemas.tables.GROUP_CALIBRATION` from ``subgroup`` on, one row per point.

    Notes
    -----
    The smoother is that of the curve over all patients: a restricted cubic spline of the logit of the risk, with 3
    knots below 100 events or non-events. A group with fewer than 20 of either has none. One complete set of
    predictions is shown (the first repeat). A curve reaches from the 1st to the 99th percentile of the group's risks,
    and leaves out as many patients at either end as make a count that may be shown.
    """
    for name, values in levels.items():
        for level in sorted(set(values) - hidden[name]):
            part = take_first(sample.take(values == level))
            if part.fewest >= LEAST:
                yield from ({"subgroup": name, "level": level} | row for row in _trace(part, suppress_below))


def _trace(part: Sample, suppress_below: int) -> Iterator[Row]:
    ends = find_ends(part, suppress_below)
    curve = fit_calibration_curve(part.y, part.p, part.weights) if ends else None
    if curve is not None and ends:
        yield from trace_curve(curve, part, np.linspace(*ends, POINTS))


def take_first(sample: Sample) -> Sample:
    """Return the first complete set of predictions."""
    return sample.take(sample.replicate == 0)


def find_ends(part: Sample, suppress_below: int) -> tuple[float, float] | None:
    """Return from where to where a group's curve is drawn; None where its risks do not differ by enough.

    Notes
    -----
    A patient with several operations is outside an end with the risk that lies furthest in.
    """
    code, n = np.unique(part.patient, return_inverse=True)[1], np.unique(part.patient).size
    outside = max(math.ceil(OUTER * n), suppress_below)
    if n <= 2 * outside:
        return None
    lowest, highest = np.zeros(n), np.ones(n)
    np.maximum.at(lowest, code, part.p)
    np.minimum.at(highest, code, part.p)
    low = math.ceil(np.sort(lowest)[outside - 1] * STEP) / STEP
    high = math.floor(np.sort(highest)[n - outside] * STEP) / STEP
    return (low, high) if high > low else None


def trace_curve(curve: CalibrationCurve, sample: Sample, predicted: FloatArray) -> Iterator[Row]:
    """Yield a curve's points with their pointwise band, its knots, and the counts of its sample."""
    covariance = (
        compute_robust_covariance(curve.fit.influence, sample.patient) if sample.robust else curve.fit.covariance
    )
    band = predict_curve(curve, predicted, covariance)
    for x, observed, lower, upper in zip(predicted.tolist(), *(part.tolist() for part in band), strict=True):
        yield {
            "predicted": x,
            "observed": observed,
            "lower": lower,
            "upper": upper,
            "knots": curve.knots.size,
            "n": sample.n,
            "events": sample.events,
        }


def select_recorded(levels: Levels) -> Levels:
    """Return the attributes that are recorded of anyone."""
    return {name: values for name, values in levels.items() if set(values) - {"unknown"}}
