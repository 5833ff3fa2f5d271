"""Methods, from the source of the data to the analysis."""

from __future__ import annotations

from reports.tripod.centres import tell_6a
from reports.tripod.item import Item
from reports.tripod.methods_data import (
    tell_5a,
    tell_5b,
    tell_6b,
    tell_6c,
    tell_7,
    tell_8a,
    tell_9a,
    tell_9b,
)

DATA = (
    Item(
        name="5a", part="Methods", heading="Sources of data", applies="DE", fill="P", tell=tell_5a,
        topic="Where each dataset came from, why it was taken, and how well it stands for the patients meant",
        question="Which registry or trial is each dataset, why was it chosen, and whom does it represent or miss?",
    ),
    Item(
        name="5b", part="Methods", heading="Sources of data", applies="DE", fill="A", tell=tell_5b,
        topic="First and last dates of inclusion, and the end of follow-up",
        question="Between which dates were patients included, and when did follow-up end?",
    ),
    Item(
        name="6a", part="Methods", heading="Participants", applies="DE", fill="P", tell=tell_6a,
        topic="The setting, and how many centres in which places",
        question="What kind of hospitals are these, in which region or country, and who operates in them?",
    ),
    Item(
        name="6b", part="Methods", heading="Participants", applies="DE", fill="P", tell=tell_6b,
        topic="Who was eligible",
        question="Which clinical criteria decided who is in the registry and in this study?",
    ),
    Item(
        name="6c", part="Methods", heading="Participants", applies="DE", fill="P", tell=tell_6c,
        topic="Treatments that patients received, and how the analysis took account of them",
        question="Which operations and further treatments did patients have, and how were differences handled?",
    ),
    Item(
        name="7", part="Methods", heading="Data preparation", applies="DE", fill="AP", tell=tell_7,
        topic="How the data were checked and prepared, and whether in the same way for all groups of people",
        question="Was anything done to the data before this toolkit read them, and alike for all groups?",
    ),
    Item(
        name="8a", part="Methods", heading="Outcome", applies="DE", fill="P", tell=tell_8a,
        topic="The outcome and its horizon, how and why it was assessed, and whether alike in all groups",
        question="Who recorded the outcome, how, why does it matter to patients, and was it assessed alike for all?",
    ),
    Item(
        name="8b", part="Methods", heading="Outcome", applies="DE", fill="M",
        topic="Who judged the outcome, where judgement was needed",
        question="If somebody had to judge the outcome: what were their qualifications and backgrounds? If nobody: "
        "say so under not_applicable.",
    ),
    Item(
        name="8c", part="Methods", heading="Outcome", applies="DE", fill="M",
        topic="Whether the outcome was assessed without knowledge of the predictors",
        question="Did those who assessed the outcome know the predictors, and what was done about it?",
    ),
    Item(
        name="9a", part="Methods", heading="Predictors", applies="D", fill="P", tell=tell_9a,
        topic="How the candidate predictors were chosen, and any choice made before modelling",
        question="Why these predictors: literature, earlier models, availability, opinion?",
    ),
    Item(
        name="9b", part="Methods", heading="Predictors", applies="DE", fill="P", tell=tell_9b,
        topic="What each predictor is, how and when it is measured, and whether blind to the outcome",
        question="How and by whom was each predictor measured, and was the outcome unknown at that time?",
    ),
    Item(
        name="9c", part="Methods", heading="Predictors", applies="DE", fill="M",
        topic="Who judged the predictors, where judgement was needed",
        question="If somebody had to judge a predictor (a grade, a class, an image): what were their qualifications "
        "and backgrounds? If nobody: say so under not_applicable.",
    ),
)  # fmt: skip
