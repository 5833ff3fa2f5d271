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

CALIBRATION_CURVE = (
    "outcome", "model", "dataset", "validation", "predicted", "observed", "lower", "upper", "knots", "n", "events",
)  # fmt: skip
ROC_CURVE = ("outcome", "model", "dataset", "validation", "false_positive_rate", "sensitivity", "n", "events")
DECISION_CURVE = (
    "outcome", "model", "dataset", "validation", "threshold_probability", "net_benefit", "lower", "upper", "n",
    "events", "declared",
)  # fmt: skip
"""``model`` is also ``treat_all`` and ``treat_none``; ``declared`` marks the thresholds named in the study."""
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

TUNING = ("outcome", "model", "repeat", "fold", "parameter", "value", "inner_loss", "trials")
"""Chosen settings; the final model has repeat 0 and fold -1. ``inner_loss`` is the log loss, or of a score the mean
squared error, over the inner folds."""

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
}
SHARE = {
    "flow": FLOW,
    "table1": TABLE1,
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
}
"""``share/<name>.csv`` of a run's folder; the curves are ``share/curves/<name>.csv``."""

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
