"""What was predicted: each outcome's definition, as a Methods section needs it."""

from __future__ import annotations

from collections.abc import Iterator

from reports.blocks import Block, Table, Text
from reports.run_folder import OutcomeFacts, RunFolder
from reports.tables import end, plain_rows
from reports.views import make_slug

BEFORE_VISIT = {
    "fail": "counts as not having reached the outcome",
    "exclude": "is left out, counted",
    "weight": "counts as unknown",
    "as_scored": "counts as scored",
}
UNATTAINABLE = {
    "exclude": "are left out, counted",
    "fail": "stay, and have not reached it",
    "flag": "stay, have not reached it, and are a subgroup of their own",
}


def build_definitions(run: RunFolder) -> list[Block]:
    """Build the definition of each outcome, and the choices that hold for all of them."""
    tables = [
        Table(
            name=make_slug("definition", outcome.name),
            caption=f"Definition: {outcome.title}.",
            columns=("What", "Definition"),
            rows=plain_rows(_list_definition(outcome)),
        )
        for outcome in run.facts.outcomes
    ]
    return [*(Text(text=text) for text in _list_choices(run)), *tables]


def _list_definition(outcome: OutcomeFacts) -> Iterator[tuple[str, str]]:
    if not outcome.patient_outcome:
        yield "Kind", "a decision of doctors, not an outcome of a patient"
    start = outcome.index_event if outcome.clock == "operation" else f"the {outcome.clock}"
    yield "Unit", f"{outcome.unit}; days are counted from {start}"
    yield "Window", outcome.horizon
    yield "Rule", end(outcome.rule or outcome.title)
    if outcome.components:
        yield "Components", ", ".join(outcome.components)
    yield "Unknown", end(outcome.unknown or "not stated")
    if outcome.competing:
        yield "Competing events", outcome.competing
    if outcome.threshold_set:
        yield "Threshold set", outcome.threshold_set
    if outcome.source:
        yield "Source", outcome.source


def _list_choices(run: RunFolder) -> Iterator[str]:
    study, kinds = run.facts.study, {outcome.kind for outcome in run.facts.outcomes}
    if "threshold" in kinds:
        yield (
            "Of thresholds: patients whose baseline leaves no room for the threshold "
            f"{UNATTAINABLE[study.unattainable]}; who was reoperated before the visit "
            f"{BEFORE_VISIT[study.reoperated]}; who died before it {BEFORE_VISIT[study.died]}. A reoperation or a "
            "death that the data do not record cannot count."
        )
    yield (
        "Unknown is never taken for no. Patients of unknown outcome are weighted for: they keep weight 0, and patients "
        "like them whose outcome is known stand for them."
        if study.non_response == "weight"
        else "Unknown is never taken for no. Patients of unknown outcome are left out and counted (complete cases), "
        "which is right only if they are like the others."
    )
