"""What an audit says, whatever the numbers are."""

from __future__ import annotations

from reports.audit.scope import LOCKED, PROCEDURE

TARGETS = {
    PROCEDURE: "The procedure by which models are made: every patient is predicted by models that had not seen that "
    "patient (fold predictions, pooled over one repeat and averaged over repeats). No single model is audited.",
    LOCKED: "Locked models: each bundle as it was written, applied unchanged. Nothing was fitted or recalibrated on "
    "these data.",
}
NO_APPARENT = "Predictions of the patients that a model was made of are never audited."
QUESTION = (
    "Is the predicted risk as right in every group as it is among all other patients? The answer is read off one "
    "number: the gap in calibration in the large, which is that of the group minus that of everybody else, in "
    "log-odds. Above 0 the risks predicted for the group are too low, or less too high, than those of the others."
)
MARGIN = "A gap of up to {margin} on either side is taken as none. The margin is set in the study plan, under [audit]."
NO_MARGIN = "No group of this run was judged by a margin: it is in log-odds, and says nothing of a score in points."
GROUPS = "The groups are those that the study plan declares: {names}. What is not recorded of a patient is a group too."
GROUPS_ON_REQUEST = (
    "The groups were named when the locked models were applied to these data; that this was before any result is as "
    "declared by who ran it, which no software can prove: {names}. What is not recorded of a patient is a group too."
)
NO_GROUPS = (
    "The study plan declares no group, so that there is nothing to audit. Name them there, under subgroups, and run it "
    "again: groups are chosen before the results."
)
LIMITS = (
    "A gap is estimated with at least 10 events and 10 patients without the event in the group and among the others, a "
    "slope with 20 of each. With fewer the group is not assessable, and that is the result: nothing is known of the "
    "model there."
)
MEANINGS = {
    "equivalent": "the whole 95 % interval of the gap lies within the margin",
    "outside": "the whole interval lies beyond the margin",
    "inconclusive": "neither: these data leave gaps within the margin possible, and gaps beyond it. "
    "Where the interval leaves 0 out, a gap is shown; whether it exceeds the margin is open",
    "not assessable": "too few events, or patients without the event, in the group or among the others",
    "not informative internally": "the models know the group, and the folds hold its mean near its ideal",
    "suppressed": "the counts of the group are too small to be shown, or would give away such a group",
    "no margin in points": "the outcome is a score; its gaps are shown and not judged",
}
IN_WORDS = {
    "equivalent": "equivalent within the margin",
    "outside": "outside the margin",
    "inconclusive": "inconclusive",
    "not assessable": "not assessable",
    "not informative internally": "not informative internally",
    "suppressed": "suppressed",
    "no margin in points": "not judged (score)",
}
SHOWN = "a gap is shown; whether it exceeds the margin is open"
UNANSWERABLE = (
    "{outcome}: this audit cannot answer the question for these groups: {names}. The models know the attribute, so "
    "that cross-validation cannot show how far off they are; outside data, or models without the attribute, are needed."
)
BUT_UNKNOWN = (
    " This does not go for the patients of whom it is not recorded ({names}), where a model does not see that it is "
    "missing. The largest gap of the attribute is then theirs."
)
FIRST = (
    "Before anything is said of a model: whose outcome is known, and how many predictor values are missing. Who is "
    "operated on again, who is seen again and who answers depends on access to care. Where groups differ here, every "
    "number further down is about the patients who were seen."
)
RISKS = "Observed risk and mean predicted risk are of the group; O:E is the first over the second."
PERFORMANCE = (
    "Every interval is unadjusted for the number of groups. The c-statistic also differs between groups whose risks "
    "are merely more alike. The scaled Brier score is against the event rate of all patients."
)
CURVES = (
    "Each panel is a group: how often the event happened (vertical) among patients of a predicted risk (horizontal), "
    "with its pointwise 95 % band. On the dashed diagonal risks are right. A curve needs 20 events and 20 patients "
    "without; below 100 of either it has 3 knots and can show little more than level and slope. It reaches from the "
    "1st to the 99th percentile of the group's risks, and never as far as a number of patients too small to be shown."
)
NO_CURVES_KEPT = "This run holds no calibration curves by group, though groups have enough events for one."
NO_CURVES_POSSIBLE = (
    "No group that can be shown has {least} events and {least} patients without the event: there is no curve to draw."
)
NO_CURVES_OF_SCORES = "The outcomes are scores in points, of which no calibration curve by group is made."
HELD_CURVES = (
    "Where the models know the attribute, the folds hold the height of these curves; only their slope tells something."
)
GAPS = (
    "Where one large group is far off, the others stand apart from a rest that contains it: read the largest gap of "
    "the attribute first, whose interval holds for all of its groups at once."
)
FUNNEL = (
    "Observed over expected events of every site, by how precisely its expected events allow it to be known. Between "
    "the curved lines lie 95 of 100 sites whose predicted risks are right (normal approximation; patients independent, "
    "no other cause of variation), so that about one in twenty lies outside by chance alone. A site outside is to be "
    "looked into: its data first."
)
FUNNEL_HELD = (
    "The models of this analysis know the site, and the folds hold observed over expected events of every site near 1 "
    "whatever is true: no funnel is drawn."
)
NO_SITES_EVALUATED = "The site was declared as a group, and no site was evaluated."
NO_FUNNEL_KEPT = "This run holds no observed and expected events of its sites, though sites were evaluated."
NO_FUNNEL_OF_SCORES = "The outcomes of the sites are scores in points, which have no observed and expected events."
NO_SITES = "The site is not among the declared groups, so that sites are not audited."
RULE = (
    "Counts from 1 to {largest} patients, events or patients without the event are not shown, nor are the numbers of a "
    "group in which nobody had the event or everybody had it: that would say of each of its patients what became of "
    "them. Where a suppressed group could be found from a total less the groups that are shown, or from the groups of "
    "another attribute that share its patients, further groups are suppressed with it, the smallest first. "
    "This audit does not say which of the suppressed groups is the small one, and concludes nothing of any. Thresholds "
    "that leave such a count on one side are treated alike. The rule holds for every table, curve, figure, description "
    "and file of this audit."
)
NOTHING_HIDDEN = "Here nothing had to be suppressed."
NOT_SAID = (
    "It does not say that a model treats groups alike. It says how well predicted risks agree with what was recorded.",
    "It cannot see what is wrong with the record. A model that is calibrated to an outcome recorded with bias repeats "
    "that bias, and no number here shows it.",
    "A gap that is not shown to exist is not shown to be absent. Inconclusive is no softer word for equivalent: the "
    "column with the largest compatible gap says what the data leave possible.",
    "Where groups differ in their event rates and the prediction is imperfect, risks that are calibrated in every "
    "group cannot also have the same sensitivity and specificity in every group (Kleinberg 2016, Chouldechova 2017). "
    "The output is a risk that is discussed with a patient, so that calibration and net benefit by group are the "
    "criterion; error rates at a threshold are shown as consequences and are not made equal. Another threshold for a "
    "group would treat patients of the same risk differently: that is a choice for people.",
    "It says nothing of groups that were not declared, nor of their combinations.",
    "It says nothing of single patients, nor of how stable the predictions of a group are under resampling: a small "
    "group is likely to be less stable than all patients together.",
    "Risks are predicted for patients who were operated on; nothing here is about offering or withholding an "
    "operation.",
)
LADDER = (
    "What to do about a group that is outside, in this order: check its data and how outcomes were recorded; more "
    "data; shared splines or interactions; a partially pooled intercept; not using the model in that group. "
    "Recalibrating a group on fewer than 100 events after looking is not offered."
)
SIGNED_MODELS = (
    "The hashes of the models stand in the first section, and in audit.json, so that the hash of that file holds for "
    "them too."
)
SIGNING = (
    "Those who sign confirm that they have read this audit, and that the hashes are those of {what} that "
    "they mean. A signature is no part of the data, and changes no conclusion."
)
