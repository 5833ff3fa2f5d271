"""What was predicted: each outcome's definition, as a Methods section needs it."""

from __future__ import annotations

from collections.abc import Iterator

from reports.blocks import Block, Table, Text
from reports.names import columns_in_words
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import end, plain_rows
from reports.views import make_slug


def build_definitions(run: RunFolder) -> list[Block]:
    """Build the definition of each outcome, as its own facts say it."""
    intro = Text(
        text="Unknown is never taken for no: each outcome says who is unknown, and what becomes of these patients. Its "
        "rule says what a reoperation or a death before the visit makes of it, where the data record these."
    )
    tables = [
        Table(
            name=make_slug("definition", outcome.name),
            caption=f"Definition: {outcome.title}.",
            columns=("What", "Definition"),
            rows=plain_rows(_list_definition(run, outcome)),
            folded=bool(outcome.from_score),
        )
        for outcome in run.facts.outcomes
    ]
    return [intro, *tables]


def _list_definition(run: RunFolder, outcome: OutcomeFacts) -> Iterator[tuple[str, str]]:
    start = outcome.index_event if outcome.clock == "operation" else f"the {outcome.clock}"
    yield "Unit", f"{outcome.unit}; days are counted from {start}"
    yield "Window", outcome.horizon
    yield "Rule", _sentence(outcome.rule or outcome.title)
    further = {
        "Derived from": run.outcome_title(outcome.from_score) if outcome.from_score else "",
        "Components": ", ".join(outcome.components),
        "Not attainable": _sentence(outcome.not_attainable),
        "Unknown": _sentence(columns_in_words(outcome.unknown or "not stated", {})),
        "Patients of unknown outcome": _sentence(outcome.unknown_patients),
        "Competing events": outcome.competing,
        "Threshold set": ": ".join(filter(None, (outcome.threshold_set, outcome.threshold_set_text))),
        "Source": outcome.source,
    }
    yield from ((what, words) for what, words in further.items() if words)


def _sentence(words: str) -> str:
    """Begin with a capital and end with a full stop; nothing of nothing, and a name that is no word as it is."""
    if not words:
        return ""
    first = words.split()[0]
    start = words if "_" in first else words[0].upper() + words[1:]
    return end(start)
