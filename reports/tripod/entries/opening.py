"""Title, abstract and introduction."""

from __future__ import annotations

from reports.tripod.abstract import tell_2
from reports.tripod.front import tell_1, tell_4
from reports.tripod.item import Item

OPENING = (
    Item(
        name="1", part="Title", heading="Title", applies="DE", fill="P", tell=tell_1,
        topic="A title that says whether a prediction model was developed or evaluated, for whom and for which outcome",
        question="Which title names the population in the words of the field, the outcome, and development or "
        "evaluation of a multivariable prediction model?",
    ),
    Item(
        name="2", part="Abstract", heading="Abstract", applies="DE", fill="P", tell=tell_2,
        topic="A structured abstract with the thirteen points asked of prediction studies",
        question="Which clinical reason opens the abstract, which interpretation closes it, and where is the study "
        "registered?",
    ),
    Item(
        name="3a", part="Introduction", heading="Background", applies="DE", fill="M",
        topic="The clinical question, diagnostic or prognostic, why a model is wanted, and which ones exist",
        question="What is decided in this condition today, why would a predicted risk help, and which published "
        "models are there (with references)?",
    ),
    Item(
        name="3b", part="Introduction", heading="Background", applies="DE", fill="M",
        topic="For whom the model is meant, what for, where in the care pathway, and who would use it",
        question="Which patients, which moment of their care, which decision and which users is the model meant for?",
    ),
    Item(
        name="3c", part="Introduction", heading="Background", applies="DE", fill="M",
        topic="Inequalities of health between sociodemographic groups that are already known",
        question="Which differences in access to, or results of, this care between groups of people are known from "
        "elsewhere? They must not be read off this study's own data.",
    ),
    Item(
        name="4", part="Introduction", heading="Objectives", applies="DE", fill="P", tell=tell_4,
        topic="The aims, and whether a model is developed, evaluated or both",
        question="Does this say the aim of the study as it was planned?",
    ),
)  # fmt: skip
