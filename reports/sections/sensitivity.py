"""What other choices would have given: a table in a fixed order, without a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

import pandas as pd

from pipelines.sensitivity import ANALYSES
from reports.blocks import Block, Cell, Table, Text
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    PLANNED,
    count_cell,
    describe_intervals,
    distinct,
    end,
    estimate_cell,
    first_row,
    rows_where,
    suppression_note,
    title_of,
)
from reports.views import make_slug, models_in

MEASURES = ("event_rate", "c_statistic", "calibration_slope", "scaled_brier")
OWN = "the study's own"
AS_PLANNED = "as_planned"
LEVELS = {
    AS_PLANNED: "as planned",
    "attainable_only": "only who could have reached it",
    "exclude": "left out",
    "fail": "kept, as not having reached it",
    "competing": "competing",
    "event": "as the outcome",
}
"""Choices in words; a threshold set keeps its name."""


def build_sensitivity(run: RunFolder) -> list[Block]:
    """Build one table per outcome and analysis."""
    frame = run.tables["sensitivity"]
    if frame.empty:
        return [Text(text="The study asks for no sensitivity analysis that would differ from its own.")]
    blocks: list[Block] = [
        Text(
            text=f"Each row is an outcome of its own: the choice was {PLANNED}, the whole pipeline was fitted again "
            "(unless it is said that the predictions are the same), and the order is that of the plan. Measures of "
            "different outcomes are not better or worse than each other: a threshold that more patients reach, or of "
            "which the baseline tells more, has another c-statistic. The study's own analysis stays the result."
        )
    ]
    for outcome in run.outcomes:
        own = rows_where(frame, outcome=outcome.name)
        blocks += [_tabulate(run, outcome, name, rows_where(own, analysis=name)) for name in distinct(own["analysis"])]
    return blocks


def _tabulate(run: RunFolder, outcome: OutcomeFacts, analysis: str, frame: pd.DataFrame) -> Table:
    rows = [row for level in distinct(frame["level"]) for row in _list_rows(run, rows_where(frame, level=level))]
    notes = list(_list_choices(frame))
    notes.append(describe_intervals(frame[frame["metric"].isin(MEASURES)].assign(interval_target="")))
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(run.facts.study.suppress_below))
    return Table(
        name=make_slug("sensitivity", outcome.name, analysis),
        caption=f"Other choices: {ANALYSES[analysis]}. {outcome.title}, internal validation.",
        columns=("Choice", "n", "Events", *(title_of(metric) for metric in MEASURES)),
        rows=tuple(rows),
        notes=tuple(note for note in notes if note),
    )


def _list_choices(frame: pd.DataFrame) -> Iterator[str]:
    """Yield what each choice is, then what all have in common; nothing of what is as the definitions have it."""
    texts = {}
    for level in distinct(frame["level"]):
        own = rows_where(frame, level=level)
        if not (_is_primary(own) and level == AS_PLANNED):
            texts[level] = str(own["text"].iloc[0]).rstrip(". ").split("; ")
    shared = _count_shared(texts.values()) if len(texts) > 1 else 0
    for level, parts in texts.items():
        yield f"{_word_level(level)}: {end('; '.join(parts[: len(parts) - shared]))}"
    if shared:
        yield f"In all of them: {end('; '.join(next(iter(texts.values()))[-shared:]))}"


def _count_shared(texts: Iterable[list[str]]) -> int:
    """Count the clauses at the end that all texts share, but for the first one and what stands in brackets."""
    ends = zip(*(parts[:0:-1] for parts in texts), strict=False)
    return sum(1 for _ in takewhile(lambda found: len(set(found)) == 1 and ")" not in found[0], ends))


def _word_level(level: str) -> str:
    return LEVELS.get(level, level)


def _is_primary(frame: pd.DataFrame) -> bool:
    return str(frame["primary"].iloc[0]) == "True"


def _list_rows(run: RunFolder, frame: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    mark = f" ({OWN})" if _is_primary(frame) else ""
    words = f"{_word_level(str(frame['level'].iloc[0]))}{mark}"
    yield (Cell(text=words, style="group"), *[Cell(text="")] * (2 + len(MEASURES)))
    for model in models_in(run, frame):
        rows = rows_where(frame, model=model)
        rate = first_row(rows, metric="event_rate")
        counted = rows.iloc[0] if rate is None else rate
        yield (
            Cell(text=run.model_title(model), style="indent"),
            count_cell(counted["n"], status=str(counted["status"])),
            count_cell(counted["events"], status=str(counted["status"])),
            *(estimate_cell(first_row(rows, metric=metric)) for metric in MEASURES),
        )
