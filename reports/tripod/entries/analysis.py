"""Methods, from the sample size to ethics."""

from __future__ import annotations

from reports.tripod.centres import tell_12d
from reports.tripod.item import Item
from reports.tripod.methods_modelling import (
    tell_10,
    tell_11,
    tell_12a,
    tell_12b,
    tell_12c,
    tell_12e,
    tell_12f,
    tell_12g,
    tell_13,
    tell_14,
    tell_15,
    tell_16,
)

ANALYSIS = (
    Item(
        name="10", part="Methods", heading="Sample size", applies="DE", fill="AP", tell=tell_10,
        topic="How the size of each dataset came about, and whether it is enough",
        question="How did the number of patients come about (all that were eligible, a calculation, what was there)?",
    ),
    Item(
        name="11", part="Methods", heading="Missing data", applies="DE", fill="A", tell=tell_11,
        topic="What was made of missing values, and why any patient was left out",
        question="",
    ),
    Item(
        name="12a", part="Methods", heading="Use of the data", applies="D", fill="A", tell=tell_12a,
        topic="Which data were used for which step, and how they were divided",
        question="",
    ),
    Item(
        name="12b", part="Methods", heading="Handling of predictors", applies="D", fill="A", tell=tell_12b,
        topic="How predictors entered the models: shape, scale and coding",
        question="",
    ),
    Item(
        name="12c", part="Methods", heading="Models", applies="D", fill="AP", tell=tell_12c,
        topic="Of every approach: why it was taken, each step of building it, its tuning and internal validation",
        question="Why were these kinds of models compared?",
    ),
    Item(
        name="12d", part="Methods", heading="Differences between sites", applies="DE", fill="A", tell=tell_12d,
        topic="Whether and how differences between clusters, such as hospitals, were studied",
        question="",
    ),
    Item(
        name="12e", part="Methods", heading="Measures of performance", applies="DE", fill="A", tell=tell_12e,
        topic="Which measures and plots were used and why, and how models were compared",
        question="",
    ),
    Item(
        name="12f", part="Methods", heading="Updating", applies="E", fill="A", tell=tell_12f,
        topic="Whether a model was updated after its evaluation, and how",
        question="",
    ),
    Item(
        name="12g", part="Methods", heading="Computing the predictions", applies="E", fill="A", tell=tell_12g,
        topic="From which formula, file or programme the evaluated predictions came",
        question="",
    ),
    Item(
        name="13", part="Methods", heading="Class imbalance", applies="DE", fill="A", tell=tell_13,
        topic="Whether anything was done against a rare outcome, and whether risks were recalibrated afterwards",
        question="",
    ),
    Item(
        name="14", part="Methods", heading="Fairness", applies="DE", fill="P", tell=tell_14,
        topic="What was done so that the model serves all groups of people alike, and why",
        question="Why were these groups looked at, which others could not be, and what would be unfair here?",
    ),
    Item(
        name="15", part="Methods", heading="Output of the model", applies="D", fill="AP", tell=tell_15,
        topic="What the model gives (a probability, a class), and where any threshold comes from",
        question="Where do the thresholds come from, and who agreed that the action is worth it there?",
    ),
    Item(
        name="16", part="Methods", heading="Development and evaluation data compared", applies="DE", fill="AP",
        tell=tell_16,
        topic="How the evaluation data differ from those of the development in setting, eligibility, outcome and "
        "predictors",
        question="How do setting, eligibility and the way of recording differ between the datasets?",
    ),
    Item(
        name="17", part="Methods", heading="Ethics", applies="DE", fill="M",
        topic="Approval by an ethics committee, and consent of the patients or its waiver",
        question="Which committee approved the study (with its number), and how did patients consent, or why not?",
    ),
)  # fmt: skip
