"""Results."""

from __future__ import annotations

from reports.tripod.item import Item
from reports.tripod.results_model import tell_22, tell_23a, tell_23b, tell_24
from reports.tripod.results_participants import tell_20a, tell_20b, tell_20c, tell_21

RESULTS = (
    Item(
        name="20a", part="Results", heading="Participants", applies="DE", fill="A", tell=tell_20a,
        topic="How many patients came in and stayed, how many had the outcome, and how long they were followed",
        question="",
    ),
    Item(
        name="20b", part="Results", heading="Participants", applies="DE", fill="A", tell=tell_20b,
        topic="Who the patients were, overall and by source, with what was missing, and differences between groups",
        question="",
    ),
    Item(
        name="20c", part="Results", heading="Participants", applies="E", fill="A", tell=tell_20c,
        topic="Predictors and outcome in the evaluation data beside those in the development data",
        question="",
    ),
    Item(
        name="21", part="Results", heading="Patients and events in each analysis", applies="DE", fill="A",
        tell=tell_21,
        topic="How many patients and events each analysis rests on",
        question="",
    ),
    Item(
        name="22", part="Results", heading="The model", applies="D", fill="AP", tell=tell_22,
        topic="The whole model, so that others can compute a prediction, and on which terms they may",
        question="Under which licence or conditions may others use the model?",
    ),
    Item(
        name="23a", part="Results", heading="Performance", applies="DE", fill="A", tell=tell_23a,
        topic="Performance with intervals, overall and in the groups that matter, with plots",
        question="",
    ),
    Item(
        name="23b", part="Results", heading="Performance by site", applies="DE", fill="A", tell=tell_23b,
        topic="How performance differs between clusters, such as hospitals",
        question="",
    ),
    Item(
        name="24", part="Results", heading="Updated model", applies="E", fill="A", tell=tell_24,
        topic="The updated model, where there is one, and its performance",
        question="",
    ),
)  # fmt: skip
