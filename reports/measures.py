"""How each measure is called, rounded and explained. What a measure is, is defined where it is computed."""

from __future__ import annotations

from dataclasses import dataclass


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


_MEASURES = (
    Measure(
        name="c_statistic",
        title="c-statistic",
        digits=3,
        text="Probability that a patient with the event has a higher predicted risk than one without; also called "
        "AUROC. 0.5 is no discrimination. Within cross-validation, the mean of the folds' values.",
    ),
    Measure(
        name="event_rate",
        title="Event rate",
        digits=3,
        text="Share of patients with the event, weighted as the evaluation is.",
    ),
    Measure(
        name="mean_score",
        title="Mean score",
        digits=1,
        text="Mean of the follow-up score, weighted as the evaluation is, in points.",
    ),
    Measure(
        name="log_loss",
        title="Log loss",
        digits=4,
        text="Mean of minus the logarithm of the probability given to what happened; the primary measure of every "
        "comparison. Lower is better.",
    ),
    Measure(
        name="brier_score",
        title="Brier score",
        digits=4,
        text="Mean squared difference between predicted risk and outcome (0, 1). Lower is better.",
    ),
    Measure(
        name="scaled_brier",
        title="Scaled Brier score",
        digits=3,
        text="One minus the Brier score relative to that of a model that gives everyone the event rate. 0 is no gain; "
        "negative values are worse than that model.",
    ),
    Measure(
        name="calibration_in_the_large",
        title="Calibration in the large",
        digits=2,
        text="Intercept of a logistic recalibration with the slope held at 1. 0 is perfect; below 0 predicted risks "
        "are too high on average. Near 0 by construction in cross-validation, hence not informative internally.",
        reference=0.0,
        source="Van Calster 2016",
    ),
    Measure(
        name="calibration_slope",
        title="Calibration slope",
        digits=2,
        text="Slope of the outcome on the log-odds of predicted risk. 1 is perfect; below 1 predictions are too "
        "extreme, above 1 too modest.",
        reference=1.0,
        source="Van Calster 2016",
    ),
    Measure(
        name="oe_ratio",
        title="O:E",
        digits=2,
        text="Observed events divided by expected events (the sum of predicted risks). 1 is perfect; above 1 more "
        "events happened than were predicted. Near 1 by construction in cross-validation.",
        reference=1.0,
    ),
    Measure(
        name="ici",
        title="ICI",
        digits=3,
        text="Integrated calibration index: mean absolute distance between predicted risk and the flexible calibration "
        "curve. Lower is better, but it is above 0 even for a perfectly calibrated model.",
        source="Austin and Steyerberg 2019",
        # The percentiles of a bootstrap can lie wholly above the estimate.
        has_interval=False,
    ),
    Measure(
        name="ici_null",
        title="ICI if perfect",
        digits=3,
        text="What the ICI would be, on average, if the predicted risks were true: what to hold the ICI against.",
        has_interval=False,
    ),
    Measure(
        name="net_benefit",
        title="Net benefit",
        digits=3,
        text="True positives minus false positives weighted by the odds of the threshold probability, per patient.",
        reference=0.0,
        source="Vickers and Elkin 2006",
    ),
    Measure(
        name="mae",
        title="MAE",
        digits=2,
        text="Mean absolute error of a predicted score, in points; the first measure of every comparison of scores. "
        "Lower is better.",
    ),
    Measure(
        name="rmse",
        title="RMSE",
        digits=2,
        text="Root mean squared error of a predicted score, in points. Lower is better.",
    ),
    Measure(
        name="r_squared",
        title="R²",
        digits=3,
        text="Share of the score's variance that is explained: one minus the squared error relative to that of the "
        "mean score alone. 0 is no gain; negative values are worse than the mean.",
    ),
    Measure(
        name="mean_difference",
        title="Observed − predicted",
        digits=2,
        text="Mean difference between observed and predicted score, in points. 0 is perfect; below 0 the predicted "
        "scores are too high on average. Near 0 by construction in cross-validation.",
        reference=0.0,
    ),
    Measure(
        name="score_slope",
        title="Slope",
        digits=2,
        text="Slope of the observed on the predicted score. 1 is perfect; below 1 predictions lie too far apart, above "
        "1 too close together.",
        reference=1.0,
    ),
    Measure(
        name="interval_coverage",
        title="Coverage",
        digits=3,
        text="Share of patients whose score lies in the 90 % interval that was predicted for them; 0.9 is perfect.",
        reference=0.9,
    ),
    Measure(
        name="interval_width",
        title="Width",
        digits=1,
        text="Mean width of the predicted 90 % intervals, in points: how much is left open for one patient.",
    ),
)
MEASURES: dict[str, Measure] = {measure.name: measure for measure in _MEASURES}


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
    subgroup=("mean_difference", "score_slope", "mae"),
    subgroup_also=("interval_coverage",),
    has_events=False,
)
BY_KIND = {"score": SCORE_MEASURES}


def measures_of(kind: str) -> MeasureSet:
    """Return what is printed of a kind of outcome; all kinds but the score are of events."""
    return BY_KIND.get(kind, RISK_MEASURES)


NULL_OF = {"ici": "ici_null"}
"""Measures that are printed with their value under perfect calibration, and where that stands."""

REFERENCES = {
    "Van Calster 2016": "Van Calster B, Nieboer D, Vergouwe Y, et al. A calibration hierarchy for risk models was "
    "defined. J Clin Epidemiol 2016;74:167-76.",
    "Austin and Steyerberg 2019": "Austin PC, Steyerberg EW. The integrated calibration index (ICI) and related "
    "metrics. Stat Med 2019;38:4051-65.",
    "Vickers and Elkin 2006": "Vickers AJ, Elkin EB. Decision curve analysis. Med Decis Making 2006;26:565-74.",
    "Vickers 2023": "Vickers AJ, Van Calster B, Wynants L, Steyerberg EW. Decision curve analysis: confidence "
    "intervals and hypothesis testing for net benefit. Diagn Progn Res 2023;7:11.",
    "DeLong 1988": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated ROC "
    "curves. Biometrics 1988;44:837-45.",
    "Lundberg 2020": "Lundberg SM, Erion G, Chen H, et al. From local explanations to global understanding with "
    "explainable AI for trees. Nat Mach Intell 2020;2:56-67.",
}
"""By the name under which a report cites them."""
