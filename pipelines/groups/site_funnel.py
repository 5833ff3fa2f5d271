"""Sites as a funnel: which of them lie further from 1 than chance makes likely, given how many events are expected."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.groups.held_groups import NOT_INFORMATIVE
from pipelines.intervals import Z
from pipelines.measures.sample import Sample

Row = dict[str, object]

SITE, LIMIT = "site", "limit"
LEAST = 10
"""Fewest events and non-events with which a site is assessed."""
POINTS = 40
MARGIN = 1.1
"""By how much the limits reach beyond the least and the most precise site."""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Observed and expected events of a site, and the variance that the predicted risks give the observed number."""

    observed: float
    expected: float
    variance: float

    @property
    def ratio(self) -> float:
        """Observed over expected events."""
        return self.observed / self.expected

    @property
    def precision(self) -> float:
        """One over the standard deviation of the ratio where the risks are right."""
        return self.expected / math.sqrt(self.variance)


def compute_totals(sample: Sample) -> Totals:
    """Add up a site's outcomes and risks, averaged over complete sets of predictions.

    Notes
    -----
    Where every patient's risk is right and patients are independent, observed minus expected has mean 0 and variance
    ``sum w^2 p (1 - p)``. Weights are scaled to a mean of 1 in each set, so that the expected number is one of
    patients.
    """
    parts = sample.replicates
    weights = sample.weights.copy()
    for rows in parts:
        weights[rows] /= weights[rows].mean()
    observed, expected, variance = (
        float(values.sum()) / len(parts)
        for values in (weights * sample.y, weights * sample.p, weights**2 * sample.p * (1 - sample.p))
    )
    return Totals(observed=observed, expected=expected, variance=variance)


def find_limits(precision: float) -> tuple[float, float]:
    """Return the 95 % control limits of observed over expected events about 1, normal; never below 0.

    Examples
    --------
    >>> [round(limit, 2) for limit in find_limits(9.8)]
    [0.8, 1.2]
    """
    return max(1 - Z / precision, 0.0), 1 + Z / precision


def trace_site_funnel(
    sample: Sample, sites: npt.NDArray[np.object_], hidden: Collection[str], *, held: Collection[str]
) -> Iterator[Row]:
    """Yield every site's ratio of observed to expected events with its control limits, and the limits as lines.

    Parameters
    ----------
    sample
        One model's predictions of one analysis, of risks.
    sites
        Site of each row, shape (n,).
    hidden
        Sites whose numbers are not shown.
    held
        Sites whose ratio the folds hold near 1 (`pipelines.groups.held_groups.find_held`).

    Yields
    ------
    dict
        The columns of `schemas.tables.SITE_FUNNEL` from ``part`` on.

    Notes
    -----
    Limits are of the hypothesis that all risks are right, so that about one of twenty sites lies outside them by
    chance. Sites with fewer than 10 events or patients without are not assessed. Lines are drawn where two sites or
    more are.

    References
    ----------
    Spiegelhalter DJ. Stat Med 2005;24:1185-1202.
    """
    shown: list[float] = []
    for site in sorted(set(sites)):
        part = sample.take(sites == site)
        row: Row = {"part": SITE, "level": site, "status": "suppressed"}
        if site not in hidden:
            row |= {"n": part.n, "events": part.events, **_judge(part, held=site in held)}
        if row["status"] == "ok":
            shown.append(float(str(row["precision"])))
        yield row
    if len(shown) >= 2:
        for precision in np.linspace(min(shown) / MARGIN, max(shown) * MARGIN, POINTS).tolist():
            lower, upper = find_limits(precision)
            yield {"part": LIMIT, "precision": precision, "lower": lower, "upper": upper, "status": "ok"}


def _judge(part: Sample, *, held: bool) -> Row:
    if part.fewest < LEAST:
        return {"status": "not assessable"}
    totals = compute_totals(part)
    if totals.variance <= 0:
        return {"status": "not assessable"}
    told: Row = {"expected": totals.expected, "precision": totals.precision, "estimate": totals.ratio}
    if held:
        return told | {"status": NOT_INFORMATIVE}
    lower, upper = find_limits(totals.precision)
    position = "below" if totals.ratio < lower else "above" if totals.ratio > upper else "within"
    return told | {"lower": lower, "upper": upper, "position": position, "status": "ok"}
