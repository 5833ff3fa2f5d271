"""The tables of a run: file names and columns, listed once. Everything written or read later follows this page."""

from __future__ import annotations

RUN_FORMAT = 1

PREDICTIONS = (
    "row_id", "patient", "outcome", "model", "dataset", "validation", "repeat", "fold", "imputation",
    "y_true", "y_prob", "y_pred", "y_low", "y_high", "scale", "weight", "n_train", "site", "year",
)  # fmt: skip
"""The predictions table, one row per patient, model and repeat; one further column per subgroup variable.

``y_true`` is 0, 1 or missing (unknown by the horizon: such rows have ``weight`` 0). ``y_prob`` is in [0, 1], missing
where ``scale`` is ``score``, and then ``y_pred`` ranks. Where ``scale`` is ``points``, ``y_true`` is a follow-up
score, ``y_pred`` its predicted mean, and 90 per cent of scores are predicted from ``y_low`` to ``y_high``; what is
derived from the score follows as outcomes of their own on the scale ``probability``. ``validation`` is apparent,
internal, temporal or external.
"""

EVALUATION = (
    "outcome", "model", "dataset", "validation", "subgroup", "level", "metric", "threshold_probability",
    "threshold_set", "estimate", "lower", "upper", "interval_kind", "interval_target", "n", "events", "status",
)  # fmt: skip

COMPARISON = (
    "outcome", "model", "reference", "dataset", "validation", "metric", "threshold_probability", "threshold_set",
    "estimate", "lower", "upper", "interval_kind", "interval_target", "n", "events", "status",
)  # fmt: skip
"""Paired differences, `model` minus `reference`, on the same patients."""

FLOW = ("outcome", "dataset", "step", "reason", "excluded", "remaining", "events", "status")
"""Participants: step 0 is what was read; ``events`` is counted among the remaining, missing before it is known."""

TABLE1 = ("outcome", "dataset", "group", "predictor", "level", "statistic", "value", "n", "status")
"""Characteristics: ``group`` is all, event or no_event; ``statistic`` is mean, sd, median, q1, q3, count, percent
or missing; ``n`` is the group's size."""

SHIFT = (
    "outcome", "dataset", "predictor", "level", "value", "developed", "difference", "lower", "upper", "n",
    "n_developed", "status",
)  # fmt: skip
"""Predictors of other data against those of the development: means (numbers) or percentages (``level``) of both as
TABLE1 has them, and the standardised difference, other minus development, with its 95 % interval."""

CALIBRATION_CURVE = (
    "outcome", "model", "dataset", "validation", "predicted", "observed", "lower", "upper", "knots", "n", "events",
)  # fmt: skip
ROC_CURVE = ("outcome", "model", "dataset", "validation", "false_positive_rate", "sensitivity", "n", "events")
DECISION_CURVE = (
    "outcome", "model", "dataset", "validation", "threshold_probability", "net_benefit", "lower", "upper", "n",
    "events", "declared",
)  # fmt: skip
"""``model`` is also ``treat_all`` and ``treat_none``; ``declared`` marks the thresholds named in the study."""
INSTABILITY_CURVE = (
    "outcome", "model", "dataset", "validation", "predicted", "middle", "lower", "upper", "tuning", "n", "status",
)  # fmt: skip
"""Where the resampled models put patients of one predicted risk: middle and 2.5 to 97.5 percentile, by neighbours."""
SCORE_CALIBRATION = (
    "outcome", "model", "dataset", "validation", "predicted", "observed", "lower", "upper", "knots", "n",
)  # fmt: skip
"""Calibration curve of a predicted mean score, in points."""
GROUP_CALIBRATION = (
    "outcome", "model", "dataset", "validation", "subgroup", "level", "predicted", "observed", "lower", "upper",
    "knots", "n", "events",
)  # fmt: skip
"""Calibration curve of each group that may be shown and has 20 events and 20 patients without; 3 ``knots`` below 100 of
either."""
SITE_FUNNEL = (
    "outcome", "model", "dataset", "validation", "part", "level", "expected", "precision", "estimate", "lower", "upper",
    "position", "n", "events", "status",
)  # fmt: skip
"""Sites as a funnel: ``part`` is site (``level`` which), or limit (a point of the control limits). ``estimate`` is
observed over ``expected`` events; ``precision`` the expected events divided by the standard deviation that the
predicted risks give their number; ``lower`` and ``upper`` the limits within which 95 of 100 sites lie whose risks are
right, and ``position`` of a site is within, above or below them."""
RISK_DISTRIBUTION = (
    "outcome", "model", "dataset", "validation", "group", "bin_low", "bin_high", "count", "percent", "status",
)  # fmt: skip
"""Histogram of predicted risk in 20 bins of width 0.05, by ``group`` event or no_event."""

EXPLANATION = (
    "outcome", "model", "scale", "predictor", "mean_absolute_contribution", "lower", "upper", "rank", "rank_lower",
    "rank_upper", "n",
)  # fmt: skip
"""Mean absolute contribution over held-out rows; lower and upper, rank_lower and rank_upper are the extremes over
the outer folds."""
CONTRIBUTION = ("outcome", "model", "scale", "predictor", "value", "level", "mean_contribution", "n", "status")
"""Mean contribution by value of the predictor: ``value`` is the mean of a tenth of the rows (numbers), ``level`` a
category or flag; cells under 10 rows are suppressed."""

TUNING = (
    "outcome", "model", "validation", "repeat", "fold", "imputation", "parameter", "value", "choice", "inner_loss",
    "trials", "late_gain",
)  # fmt: skip
"""Chosen settings; the final model has repeat 0 and fold -1. ``inner_loss`` is the log loss, or of a score the mean
squared error, over the inner folds; ``late_gain`` the share by which the second half of the trials lowered it. Of the
machine-learning arm, ``choice`` is the learner that had the lowest inner loss."""

SAMPLE_SIZE = (
    "outcome", "dataset", "purpose", "criterion", "text", "needed", "needed_events", "actual", "actual_events", "met",
    "value", "status",
)  # fmt: skip
"""Before modelling: ``purpose`` is development, validation or precision; ``criterion`` names one of Riley's criteria
(``needed`` patients against ``actual``, ``met`` True or False), an input (``value``: parameters, event rate, expected
r_squared), or of precision the measure whose expected width of the 95 % interval is ``value``."""
PROCEDURES = (
    "outcome", "model", "reference", "metric", "threshold_probability", "n_folds", "estimate", "standard_error",
    "lower", "upper", "interval_kind", "rope", "p_worse", "p_equivalent", "p_better", "n", "events", "status",
)  # fmt: skip
"""Differences between procedures, `model` minus `reference`, over the outer folds: Nadeau-Bengio intervals, and the
probabilities of the Bayesian correlated t-test of a practical difference beyond ``rope`` on either side (``p_better``:
the model is better, whichever direction of the metric that is)."""
VERDICTS = (
    "outcome", "model", "reference", "role", "verdict", "text", "metric", "gain", "lower", "upper", "margin", "p_worse",
    "p_equivalent", "p_better", "bootstrap_lower", "bootstrap_upper", "trials", "late_gain", "detectable_gain",
    "power_at_margin", "power_at_twice_margin", "n", "events", "status",
)  # fmt: skip
"""One row per rival: ``role`` is primary (the machine-learning arm) or described; ``gain`` is by how much the rival's
loss is lower than the reference's (above 0: better); ``verdict`` is better, no worthwhile gain, practically
equivalent, worse, undecided, budget-limited or not assessable, and ``text`` says it in words."""
OPTIMISM = (
    "outcome", "model", "metric", "threshold_probability", "apparent", "optimism", "corrected", "lower", "upper",
    "interval_kind", "leave_one_out", "no_information", "point_632_plus", "cross_validated", "tuning", "n_resamples",
    "n_failed", "n", "events", "status",
)  # fmt: skip
"""Apparent, optimism and corrected together; ``optimism`` is apparent minus corrected by the bootstrap, missing where
the model was not refitted, and ``cross_validated`` the value of the nested cross-validation."""
STABILITY = (
    "outcome", "model", "metric", "threshold_probability", "estimate", "tuning", "n_resamples", "n_failed", "n",
    "status",
)  # fmt: skip
"""How predictions move between models developed on resamples: ``metric`` is mean_mape, p95_mape, mean_width (of each
patient's 2.5 to 97.5 percentile range), classification_instability (by threshold), c_statistic (apparent, to read it
beside)."""
SITES = (
    "outcome", "model", "reference", "site", "merged", "members", "metric", "threshold_probability", "estimate",
    "standard_error", "lower", "upper", "interval_kind", "n", "events", "status",
)  # fmt: skip
"""Each site predicted by models that never saw it; with a ``reference`` the estimate is a difference to it. ``merged``
counts the sites that stand together under one name and ``members`` names them; ``standard_error`` is on the scale on
which sites are summarised: logit of the c-statistic, log of the ratio of observed to expected events."""
META = (
    "outcome", "model", "reference", "validation", "metric", "threshold_probability", "scale", "n_sites", "estimate",
    "lower", "upper", "prediction_lower", "prediction_upper", "tau", "tau_lower", "tau_upper", "i_squared",
    "statement", "probability", "interval_kind", "status",
)  # fmt: skip
"""Random-effects summary over sites and the prediction interval for a new one; ``probability`` that a new site meets
``statement``. ``tau`` is the standard deviation between sites on ``scale``, with its 95 % interval; everything else is
on the measure's own."""
CASE_MIX = (
    "outcome", "dataset", "level", "model", "statistic", "estimate", "lower", "upper", "interval_kind", "n", "status",
)  # fmt: skip
"""How a dataset, or a site (``level``), differs from development: ``statistic`` is membership_c_statistic (can the
predictors tell the two apart), sd_linear_predictor, mean_linear_predictor."""
GAPS = (
    "outcome", "model", "dataset", "validation", "subgroup", "level", "against", "metric", "estimate", "lower", "upper",
    "interval_kind", "largest_compatible", "test", "p_value", "p_adjusted", "adjustment", "margin", "conclusion", "n",
    "events", "status",
)  # fmt: skip
"""A group against the rest: differences in calibration_in_the_large, log_oe_ratio, calibration_slope, c_statistic (of a
score mean_difference, score_slope); ``conclusion`` (of calibration in the large) is equivalent, outside, inconclusive
or not assessable, by the margin that the study sets, or not informative internally: where the attribute is a predictor,
folds hold calibration_in_the_large, log_oe_ratio and mean_difference of its groups near 0 (of the group unknown only
if the models see that it is missing). ``level`` is (any) for the
tests over all groups of an attribute and for the largest absolute gap, whose interval holds for all groups at once;
calibration_intercept_and_slope is tested only. ``largest_compatible`` is the largest absolute gap in the interval.
``against`` is rest, or nothing: of expected_log_oe_half_width (what the events of the group allow) and of
calibration_in_the_large_pooled (of a group with too few events, drawn towards the other groups)."""
ASCERTAINMENT = (
    "outcome", "dataset", "subgroup", "level", "n", "n_known", "percent_known", "lower", "upper",
    "percent_predictors_missing", "status",
)  # fmt: skip
"""By group, before anything is said of a model: whose outcome is known, and how many predictor values are missing."""
COEFFICIENTS = (
    "outcome", "model", "imputation", "predictor", "term", "level", "unit", "knots", "coefficient", "formula",
)  # fmt: skip
"""The regression models written out, in the predictors' own units, so that a risk can be computed by hand. Several
imputations are as many models; the risk is the mean of theirs."""

SENSITIVITY = (
    "outcome", "dataset", "validation", "analysis", "level", "text", "primary", "model", "metric", "estimate", "lower",
    "upper", "interval_kind", "n", "events", "status",
)  # fmt: skip
"""What other choices would have given, in a fixed order, without a verdict: ``analysis`` is threshold_set, unattainable
or unadjudicated, ``level`` the choice and ``text`` its words; ``primary`` marks the study's own."""
RESPONSE = (
    "outcome", "dataset", "predictor", "level", "n_known", "n_unknown", "known", "unknown", "difference", "lower",
    "upper", "status",
)  # fmt: skip
"""Patients of known outcome against those of unknown outcome: means (numbers) or percentages (``level``) of both, and
the standardised difference, known minus unknown, with its 95 % interval."""
UNKNOWN_OUTCOMES = (
    "outcome", "dataset", "validation", "model", "assumption", "delta", "metric", "estimate", "lower", "upper", "n",
    "n_unknown", "status",
)  # fmt: skip
"""What patients of unknown outcome could change: ``assumption`` is known_only, weighted or shifted (by ``delta`` on the
log-odds, or by residual standard deviations of a score, against patients like them); ``metric`` is event_rate,
mean_score, calibration_in_the_large or oe_ratio, the last two over everyone; of the weights it is mean_weight,
largest_weight, effective_n or percent_truncated."""
INCIDENCE = (
    "outcome", "dataset", "cause", "method", "day", "estimate", "lower", "upper", "at_risk", "n", "events", "status",
)  # fmt: skip
"""Cumulative incidence by day: ``cause`` is event or competing, ``method`` aalen_johansen, or one_minus_kaplan_meier,
which is shown as what it overstates."""
FOLLOWED = ("outcome", "dataset", "statistic", "value", "n", "status")
"""Follow-up of an outcome by a horizon: ``statistic`` is median_days (reverse Kaplan-Meier), at_risk_at_horizon, or
percent_censored_before_horizon."""

CURVES = {
    "calibration": CALIBRATION_CURVE,
    "roc": ROC_CURVE,
    "decision": DECISION_CURVE,
    "risk_distribution": RISK_DISTRIBUTION,
    "instability": INSTABILITY_CURVE,
    "score_calibration": SCORE_CALIBRATION,
    "group_calibration": GROUP_CALIBRATION,
    "site_funnel": SITE_FUNNEL,
}
SHARE = {
    "flow": FLOW,
    "table1": TABLE1,
    "shift": SHIFT,
    "evaluation": EVALUATION,
    "comparison": COMPARISON,
    "explanations": EXPLANATION,
    "contributions": CONTRIBUTION,
    "tuning": TUNING,
    "sensitivity": SENSITIVITY,
    "response": RESPONSE,
    "unknown_outcomes": UNKNOWN_OUTCOMES,
    "incidence": INCIDENCE,
    "followed": FOLLOWED,
    "sample_size": SAMPLE_SIZE,
    "procedures": PROCEDURES,
    "verdicts": VERDICTS,
    "optimism": OPTIMISM,
    "stability": STABILITY,
    "sites": SITES,
    "meta": META,
    "case_mix": CASE_MIX,
    "gaps": GAPS,
    "ascertainment": ASCERTAINMENT,
    "coefficients": COEFFICIENTS,
}
"""``share/<name>.csv`` of a run's folder; the curves are ``share/curves/<name>.csv``."""

AUDIT = (
    "outcome", "dataset", "validation", "model", "subgroup", "level", "measure", "against", "threshold_probability",
    "estimate", "lower", "upper", "interval_kind", "n", "events", "margin", "conclusion", "largest_compatible",
    "test", "p_value", "p_adjusted", "adjustment", "status",
)  # fmt: skip
"""``share/audit.csv``, which goes with the document: a row per group and measure, put together from ascertainment (no
``model``), evaluation and gaps (``against`` the rest)."""

STATUSES = ("ok", "suppressed", "not assessable", "not informative")
VALIDATIONS = ("apparent", "internal", "internal-external", "temporal", "external")

QUALITY_TABLES = ("table", "file", "n_read", "n_valid", "n_quarantined")
"""Rows of every table of the export; the first is the operations."""
QUALITY_COLUMNS = ("column", "header", "kind", "unit", "known_at", "visit", "blank_means", "n")
"""Columns of the valid rows: ``visit`` is the follow-up at which it is recorded; ``blank_means`` is ``missing``, or
``no event`` for the day of an event that most patients never have; ``n`` the rows that can have a value."""
QUALITY_OUTSIDE = ("column", "low", "high", "n_known", "n_outside", "percent", "rows")
"""Valid values outside the plausible range ``low`` to ``high``; ``rows`` are numbers of data rows from 1."""
COMPLETENESS = ("column", "by", "level", "n", "n_known", "percent", "lower", "upper", "few", "status")
"""Known values: ``by`` is all, site or year and ``level`` which; ``n`` counts the rows that can have a value. Of a
suppressed row ``few`` says which of the two counts is small: known, missing, or blank where neither is."""
COMPLETENESS_GROUPS = ("by", "level", "n", "columns", "full", "sparse", "mean_percent", "lowest_column", "status")
"""Sites and years over all columns: how many are at or above 95 percent (``full``) and below 50 (``sparse``)."""
EXTREMES = (
    "score", "visit", "end", "value", "n", "count", "percent", "lower", "upper", "alarm", "status",
)  # fmt: skip
"""Patients at the worst and best possible value (``end``; lowest and highest where the direction is not known)."""
FOLLOW_UP = (
    "visit", "window_end_days", "by", "level", "n_due", "n_answered", "percent", "lower", "upper", "alarm", "status",
)  # fmt: skip
"""Visits that are due, and those of them with any score; ``by`` is all, site or year."""
RESPONDERS = (
    "visit", "column", "level", "n_responders", "n_others", "responders", "others", "difference", "lower", "upper",
    "alarm", "status",
)  # fmt: skip
"""Those who answered a due visit against those who did not: means (numbers) or percentages (``level``) of both, and
the standardised difference, responders minus others, with its 95 % interval."""
DIGITS = ("column", "rule", "step", "n", "percent", "expected", "ratio", "lower", "upper", "alarm", "status")
"""Digit preference: the percentage of values at multiples of 5 or 2 steps, what a smooth distribution has there, and
the first over the second (``ratio``)."""
CODING = (
    "column", "statistic", "level", "site", "period", "n", "estimate", "lower", "upper", "changed", "before", "status",
)  # fmt: skip
"""By period, with 99 % intervals (99.9 % by site): ``statistic`` is missing, share (both percent), median or, by site,
mean; ``changed`` marks the first period after a sudden change, and ``before`` names the one it differs from. A site
has rows only where something changed in it alone."""
FINDINGS = ("topic", "count", "of", "which", "needs_person")
"""What the check found, by topic: how many of how many, and the names of all of them (``which``, a tuple of texts).

Named are the tables of quarantined rows, the columns of faults and of values outside, and else each thing that is
counted, a visit by its ending: ``12m``, ``S3 at 12m``, ``odi worst at 12m``.
"""
QUALITY = {
    "tables": QUALITY_TABLES,
    "columns": QUALITY_COLUMNS,
    "outside": QUALITY_OUTSIDE,
    "completeness": COMPLETENESS,
    "completeness_groups": COMPLETENESS_GROUPS,
    "extremes": EXTREMES,
    "follow_up": FOLLOW_UP,
    "responders": RESPONDERS,
    "digits": DIGITS,
    "coding": CODING,
    "findings": FINDINGS,
}
"""Tables of ``data_quality.json``, beside ``faults`` (column, rule, count, rows), which is the registry's own."""

OWN_THRESHOLDS = (
    "group", "level", "method", "title", "role", "basis", "estimate", "lower", "upper", "interval_kind", "n", "events",
    "status",
)  # fmt: skip
"""Thresholds derived from a registry's own data: ``group`` is overall or third (``level`` worst, middle, best by the
score before the operation); ``role`` is threshold, measurement error or support; ``events`` improved by the anchor;
``status`` is ok, suppressed, not assessable or not credible."""
