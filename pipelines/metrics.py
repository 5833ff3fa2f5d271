"""The metrics: one entry each, from which evaluation, comparison and the printed list are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.estimates import (
    Compare,
    Compute,
    compare_brier_score,
    compare_c_statistic,
    compare_calibration_slope,
    compare_ici,
    compare_log_loss,
    compare_net_benefit,
    compare_scaled_brier,
    compute_brier_score,
    compute_c_statistic,
    compute_calibration_in_the_large,
    compute_calibration_slope,
    compute_ici_null,
    compute_ici_with_interval,
    compute_log_loss,
    compute_net_benefit,
    compute_oe_ratio,
    compute_scaled_brier,
)

Best = Literal["higher", "lower", "0", "1"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name, title, text
        Name in the tables, heading, and one line of explanation.
    best
        The better direction, or the value that is best.
    compute
        Sample -> estimates: one, or one per declared threshold.
    compare
        Two samples of the same rows -> differences, first minus second; None where it is not compared.
    for_scores
        Whether it can be had from a score that only ranks.
    needs_both
        Whether it needs events and non-events.
    least_in_subgroup
        Fewest events and non-events with which it is given for a level of a subgroup; None: not by subgroup.
    fixed_by_folds
        Whether stratified folds hold the overall value at its ideal by construction.
    by_threshold
        Whether there is one value per threshold probability.
    """

    name: str
    title: str
    text: str
    best: Best
    compute: Compute
    compare: Compare | None = None
    for_scores: bool = False
    needs_both: bool = True
    least_in_subgroup: int | None = None
    fixed_by_folds: bool = False
    by_threshold: bool = False


_ENTRIES = (
    Metric(
        name="c_statistic",
        title="C-statistic (AUROC)",
        text="Probability that a patient with the event has the higher predicted risk; in cross-validation the mean "
        "over folds.",
        best="higher",
        compute=compute_c_statistic,
        compare=compare_c_statistic,
        for_scores=True,
        least_in_subgroup=10,
    ),
    Metric(
        name="brier_score",
        title="Brier score",
        text="Mean squared distance between predicted risk and outcome.",
        best="lower",
        compute=compute_brier_score,
        compare=compare_brier_score,
        needs_both=False,
        least_in_subgroup=10,
    ),
    Metric(
        name="scaled_brier",
        title="Scaled Brier score",
        text="1 minus the Brier score over that of the event rate alone: 1 is perfect, 0 no better than the event "
        "rate, below 0 worse.",
        best="higher",
        compute=compute_scaled_brier,
        compare=compare_scaled_brier,
    ),
    Metric(
        name="log_loss",
        title="Log loss",
        text="Mean negative log-likelihood of the outcome; risks of 0 and 1 count as 0.000001 and 0.999999.",
        best="lower",
        compute=compute_log_loss,
        compare=compare_log_loss,
        needs_both=False,
    ),
    Metric(
        name="oe_ratio",
        title="Observed / expected events",
        text="Below 1 the predicted risks are too high on average, above 1 too low.",
        best="1",
        compute=compute_oe_ratio,
        least_in_subgroup=10,
        fixed_by_folds=True,
    ),
    Metric(
        name="calibration_in_the_large",
        title="Calibration in the large",
        text="Intercept with the logit of the risk as offset: below 0 the risks are too high, above 0 too low.",
        best="0",
        compute=compute_calibration_in_the_large,
        least_in_subgroup=10,
        fixed_by_folds=True,
    ),
    Metric(
        name="calibration_slope",
        title="Calibration slope",
        text="Below 1 the predicted risks are too extreme, above 1 too modest.",
        best="1",
        compute=compute_calibration_slope,
        compare=compare_calibration_slope,
        least_in_subgroup=20,
    ),
    Metric(
        name="ici",
        title="Integrated calibration index",
        text="Mean distance between predicted risk and the flexible calibration curve; above 0 even under perfect "
        "calibration, see ici_null.",
        best="lower",
        compute=compute_ici_with_interval,
        compare=compare_ici,
    ),
    Metric(
        name="ici_null",
        title="Integrated calibration index under perfect calibration",
        text="What ici would be by chance alone: mean, and 95th percentile as the upper limit.",
        best="lower",
        compute=compute_ici_null,
    ),
    Metric(
        name="net_benefit",
        title="Net benefit",
        text="True positives minus weighted false positives per patient, acting at or above a threshold probability.",
        best="higher",
        compute=compute_net_benefit,
        compare=compare_net_benefit,
        needs_both=False,
        by_threshold=True,
    ),
)

METRICS: dict[str, Metric] = {entry.name: entry for entry in _ENTRIES}
