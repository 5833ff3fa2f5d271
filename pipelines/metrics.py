"""The metrics: one entry each, from which evaluation, comparison and the printed list are made."""

from __future__ import annotations

from collections.abc import Iterator
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
from pipelines.sample import Sample
from pipelines.score_estimates import (
    compare_mae,
    compare_r_squared,
    compare_rmse,
    compute_coverage,
    compute_mae,
    compute_mean_difference,
    compute_r_squared,
    compute_rmse,
    compute_score_slope,
    compute_width,
)

Best = Literal["higher", "lower", "0", "0.9", "1"]


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
    in_points
        Whether it is of a predicted follow-up score, and not of risks.
    needs_both
        Whether it needs events and non-events.
    least_in_subgroup
        Fewest events and non-events, or follow-up scores, with which it is given for a level of a subgroup; None: not
        by subgroup.
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
    in_points: bool = False
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
    Metric(
        name="mae",
        title="Mean absolute error",
        text="Mean distance between predicted and observed score, in points.",
        best="lower",
        compute=compute_mae,
        compare=compare_mae,
        in_points=True,
        needs_both=False,
        least_in_subgroup=10,
    ),
    Metric(
        name="rmse",
        title="Root mean squared error",
        text="Square root of the mean squared distance between predicted and observed score, in points.",
        best="lower",
        compute=compute_rmse,
        compare=compare_rmse,
        in_points=True,
        needs_both=False,
        least_in_subgroup=10,
    ),
    Metric(
        name="r_squared",
        title="Variance explained",
        text="1 minus the squared error over that of the mean score alone: 1 is perfect, 0 no better than the mean, "
        "below 0 worse.",
        best="higher",
        compute=compute_r_squared,
        compare=compare_r_squared,
        in_points=True,
        needs_both=False,
    ),
    Metric(
        name="mean_difference",
        title="Observed minus predicted score",
        text="Mean in points: below 0 the predicted scores are too high, above 0 too low.",
        best="0",
        compute=compute_mean_difference,
        in_points=True,
        needs_both=False,
        least_in_subgroup=10,
        fixed_by_folds=True,
    ),
    Metric(
        name="score_slope",
        title="Slope of observed on predicted score",
        text="Below 1 the predicted scores lie too far apart, above 1 too close together.",
        best="1",
        compute=compute_score_slope,
        in_points=True,
        needs_both=False,
        least_in_subgroup=20,
    ),
    Metric(
        name="interval_coverage",
        title="Coverage of the 90 % interval",
        text="Share of patients whose score lies in the interval that was predicted for them.",
        best="0.9",
        compute=compute_coverage,
        in_points=True,
        needs_both=False,
        least_in_subgroup=20,
    ),
    Metric(
        name="interval_width",
        title="Width of the 90 % interval",
        text="Mean width in points of the interval that is predicted for a patient.",
        best="lower",
        compute=compute_width,
        in_points=True,
        needs_both=False,
    ),
)

METRICS: dict[str, Metric] = {entry.name: entry for entry in _ENTRIES}


def list_metrics(sample: Sample) -> Iterator[Metric]:
    """Yield the metrics of what the sample predicts: follow-up scores, or everything else."""
    return (metric for metric in METRICS.values() if metric.in_points == sample.in_points)
