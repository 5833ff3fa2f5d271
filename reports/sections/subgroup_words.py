"""What a report says about subgroups, whatever the numbers are."""

from __future__ import annotations

ANY = "(any)"
"""Level of the rows that are about all groups of an attribute."""
POOLED = "calibration_in_the_large_pooled"
HALF_WIDTH = "expected_log_oe_half_width"
LINES = "calibration_intercept_and_slope"

SUPPRESSED = (
    "Suppressed: fewer than {least} operations, patients, events or patients without the event; a group in which "
    "nobody or everybody had the event; or one from which such a group could be found by subtraction."
)
HIDDEN_AT_THRESHOLD = (
    "Suppressed at a threshold: to protect a small count there, of this group or of a group that shares its patients."
)
WANTED = (
    "Those below the threshold are acted on. Sensitivity is the share of patients with the outcome who are at or above "
    "it, and so are not acted on; specificity is the share of those without the outcome who are below it, and so are. "
    "The share acted on is the share below it."
)

CONCLUSIONS = {
    "equivalent": "equivalent within the margin",
    "outside": "outside the margin",
    "inconclusive": "inconclusive",
    "not assessable": "not assessable",
    "not informative internally": "not informative",
}
GAP_TITLES = {
    "calibration_in_the_large": "Gap in calibration in the large",
    "log_oe_ratio": "Gap in log O:E",
    "calibration_slope": "Gap in slope",
    "c_statistic": "Gap in c-statistic",
    "mean_difference": "Gap in observed \u2212 predicted",
    "score_slope": "Gap in slope",
}
TEST_TITLES = {
    "calibration_in_the_large": "Calibration in the large",
    "calibration_slope": "Slope",
    LINES: "Intercept and slope together",
    "mean_difference": "Observed \u2212 predicted",
    "score_slope": "Slope",
}

PROCEDURE = (
    "In internal validation the audit is about the procedure by which the models are made: every patient is predicted "
    "by models that had not seen that patient. On other data it is about the final models, unchanged. Apparent "
    "predictions are never audited."
)
GAPS = (
    "A gap is the group minus all other patients of the sample. Above 0 the predicted risks of the group are too low, "
    "or less too high, than those of the others. The gap in calibration in the large is in log-odds, that of O:E on "
    "the logarithm: 0.1 is a ratio of O:E of about 1.1. Where one large group is far off, the others stand apart from "
    "a rest that contains it: read the largest gap first."
)
CONCLUDING = (
    "The conclusion is read off the 95 % interval of the gap in calibration in the large, by a margin of {margin} set "
    "in the study plan: equivalent within the margin where the whole interval lies inside it, outside the margin "
    "where the whole interval lies beyond it, else inconclusive. Not assessable, with fewer than 10 events or patients "
    "without the event in the group or among the others (20 for a slope), is a result too: for such a group nothing is "
    "known of the model."
)
MULTIPLICITY = (
    "Intervals are not adjusted for the number of groups; the interval of the largest gap of an attribute holds for "
    "all of its groups at once. P-values are secondary: those of groups are adjusted inside their attribute (Holm), "
    "those of attributes over the attributes (Benjamini and Hochberg), and neither changes a conclusion."
)
NOT_FAIR = (
    "A difference that is not significant is no evidence of equal performance. What a group's data leave possible is "
    "the column Largest compatible gap."
)
IMPOSSIBLE = (
    "Where groups differ in their event rates and the prediction is imperfect, risks that are calibrated in every "
    "group cannot also have the same sensitivity and specificity in every group (Kleinberg 2016, Chouldechova 2017). "
    "Since the output is a risk that is discussed with a patient, calibration and net benefit by group are the "
    "criterion here; error rates at a threshold are shown as consequences and are not made equal."
)
LABEL_BIAS = (
    "Who is reoperated, and who answers a questionnaire, depends on access to care. A model that is calibrated to an "
    "outcome recorded with bias repeats that bias; what is recorded of each group therefore comes first."
)
HELD = (
    "{names} {are} known to the models as a predictor. Where the folds' own models predict, O:E, calibration in the "
    "large and the gaps in them are then not informative: a model that knows the group predicts the event rate that it "
    "saw in it, and what one fold has too many of, the models of the other folds expect too many of, so that over all "
    "folds observed and expected agree whatever is true. How far the developed model is off for the group does not "
    "show. Slope, c-statistic and the consequences at thresholds tell something here; of the level of risk only data "
    "tell that no model has seen: temporal or external validation, and of a site the site itself, left out "
    "(section on sites)."
)
HELD_BUT_UNKNOWN = (
    " This does not go for the patients of whom it is not recorded ({names}), where a model does not see that it is "
    "missing: the value is filled in, and nothing holds the mean of these patients."
)
WHERE = (
    "Printed are the reference and the rival that the verdict is about. The same of every other model, and the gaps in "
    "O:E and in the c-statistic, stand in share/evaluation.csv and share/gaps.csv. How stable the predictions of a "
    "group are under resampling is not given; the section on stability is about all patients together."
)
LEFT_OUT = (
    "Sites that were left out stand in the section on sites. Of the other attributes the reference is printed, over "
    "all left-out sites together; no gap is computed."
)
EMPTY = (
    "This run holds no audit of gaps between groups. A study asks for one by naming subgroups, and sets its margin "
    "under [audit]."
)
