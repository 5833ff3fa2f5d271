"""Which measures are printed where. How each is called, rounded and explained stands with the metric itself."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.measures.references import REFERENCES
from pipelines.metrics import METRICS, Metric

__all__ = ["MEASURES", "NULL_OF", "REFERENCES", "Measure", "MeasureSet", "measures_of"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How one measure is printed.

    Parameters
    ----------
    name
        As in the column ``metric``.
    title
        Heading of a column.
    digits
        Decimals printed.
    text
        One line for the methods notes.
    reference
        Value of a perfect or neutral model on which a forest plot has its line, or None.
    source
        Where the measure is described, a name in `REFERENCES`.
    has_interval
        Printed with its interval.
    """

    name: str
    title: str
    digits: int
    text: str
    reference: float | None = None
    source: str = ""
    has_interval: bool = True


def _print_metric(metric: Metric) -> Measure:
    return Measure(
        name=metric.name,
        title=metric.short or metric.title,
        digits=metric.digits,
        text=metric.text,
        reference=metric.neutral,
        source=metric.reference,
        has_interval=metric.has_interval,
    )


MEAN_SCORE = Measure(
    name="mean_score",
    title="Mean score",
    digits=1,
    text="Mean of the follow-up score, weighted as the evaluation is, in points.",
)
CASE_MIX = (
    Measure(
        name="membership_c_statistic",
        title="Told apart by predictors (c-statistic)",
        digits=3,
        text="c-statistic of a model that tells these patients from the others by their predictors.",
    ),
    Measure(
        name="mean_linear_predictor",
        title="Mean linear predictor",
        digits=3,
        text="Mean of the logit of the predicted risk, of a score of the prediction itself.",
    ),
    Measure(
        name="sd_linear_predictor",
        title="SD of linear predictor",
        digits=3,
        text="Standard deviation of the logit of the predicted risk, of a score of the prediction itself.",
    ),
)
"""What is printed of the case mix of sites and datasets."""
MEASURES: dict[str, Measure] = {
    **{name: _print_metric(metric) for name, metric in METRICS.items()},
    **{measure.name: measure for measure in (MEAN_SCORE, *CASE_MIX)},
}
"""By name: every metric of the toolkit, and what else is printed with an interval."""


@dataclass(frozen=True, kw_only=True)
class MeasureSet:
    """Which measures are printed of one kind of outcome.

    Parameters
    ----------
    overall, overall_title, calibration, calibration_title
        The two tables of performance.
    differences, direction
        What is compared with the reference and drawn, the first of them first in words; which way is better.
    also
        What is compared, but not drawn.
    further
        What is described in a table that is closed at first.
    subgroup
        What is drawn by subgroup, and `subgroup_also` printed beside it.
    has_events
        Whether there are events to count.
    """

    overall: tuple[str, ...]
    overall_title: str
    calibration: tuple[str, ...]
    calibration_title: str
    differences: tuple[str, ...]
    direction: str
    also: tuple[str, ...]
    further: tuple[str, ...]
    subgroup: tuple[str, ...]
    subgroup_also: tuple[str, ...]
    has_events: bool


RISK_MEASURES = MeasureSet(
    overall=("c_statistic", "log_loss", "brier_score", "scaled_brier"),
    overall_title="Discrimination and overall performance",
    calibration=("calibration_in_the_large", "calibration_slope", "oe_ratio", "ici"),
    calibration_title="Calibration",
    differences=("log_loss", "c_statistic", "brier_score"),
    direction="Log loss and Brier score: below 0 the model is better than the reference; c-statistic and scaled Brier "
    "score: above 0.",
    also=("scaled_brier",),
    further=(
        "average_precision",
        "event_rate",
        "discrimination_slope",
        "nagelkerke_r2",
        "calibration_intercept",
        "e50",
        "e90",
        "e_max",
    ),
    subgroup=("oe_ratio", "calibration_in_the_large", "calibration_slope"),
    subgroup_also=("c_statistic",),
    has_events=True,
)
SCORE_MEASURES = MeasureSet(
    overall=("mae", "rmse", "r_squared"),
    overall_title="Error of the predicted score",
    calibration=("mean_difference", "score_slope", "interval_coverage", "interval_width"),
    calibration_title="Calibration of the predicted score and of its interval",
    differences=("mae", "rmse", "r_squared"),
    direction="MAE and RMSE: below 0 the model is better than the reference; R²: above 0.",
    also=(),
    further=(),
    subgroup=("mean_difference", "score_slope", "mae"),
    subgroup_also=("interval_coverage",),
    has_events=False,
)
AT_THRESHOLDS = (
    "sensitivity", "specificity", "ppv", "npv", "share_acted_on", "standardised_net_benefit", "interventions_avoided",
)  # fmt: skip
"""What is printed of each declared threshold beside the net benefit."""
BY_KIND = {"score": SCORE_MEASURES}


def measures_of(kind: str) -> MeasureSet:
    """Return what is printed of a kind of outcome; all kinds but the score are of events."""
    return BY_KIND.get(kind, RISK_MEASURES)


NULL_OF = {"ici": "ici_null"}
"""Measures that are printed with their value under perfect calibration, and where that stands."""
