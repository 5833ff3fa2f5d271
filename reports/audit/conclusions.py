"""The conclusions: one table for each analysis, a row per group, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd

from reports.audit import words
from reports.audit.rows import Judgement, find_primary, judge, select_gaps
from reports.audit.scope import Analysis, by_group, list_analyses
from reports.blocks import Block, Cell, Table, Text
from reports.run_folder import RunFolder
from reports.sections.subgroup_tables import drop_empty_columns, name_hidden
from reports.sections.subgroup_words import GAP_TITLES, SUPPRESSED
from reports.tables import (
    EMPTY,
    count_cell,
    count_words,
    digits_of,
    estimate_cell,
    first_row,
    format_interval,
    format_number,
    join_words,
    number_cell,
    rows_where,
)
from reports.views import make_slug

OBSERVED = "event_rate"


def build_conclusions(run: RunFolder) -> list[Block]:
    """Build what is concluded of every group: first in a sentence, then as a table."""
    blocks: list[Block] = []
    for analysis in list_analyses(run):
        found = tuple(judge(run, analysis))
        if found:
            blocks.append(Text(text=analysis.view.title, kind="subsection", anchor=f"conclusions-{analysis.view.slug}"))
            blocks += [*_summarise(run, analysis, found), _tabulate(run, analysis, found)]
    return blocks or [Text(text=words.NO_GROUPS)]


def _summarise(run: RunFolder, analysis: Analysis, found: Sequence[Judgement]) -> Iterator[Text]:
    """Yield one sentence for each model: how many groups had which conclusion, those outside by name."""
    for model in analysis.models:
        own = [one for one in found if one.model == model]
        if not own:
            continue
        counts = Counter(one.conclusion for one in own)
        told = join_words(f"{counts[name]} {title}" for name, title in words.IN_WORDS.items() if counts[name])
        outside = [name_group(run, one.subgroup, one.level) for one in own if one.conclusion == "outside"]
        named = f" Outside the margin: {join_words(outside)}." if outside else ""
        open_ones = [name_group(run, one.subgroup, one.level) for one in own if one.shown_only]
        shown = f" Of {join_words(open_ones)}: {words.SHOWN}." if open_ones else ""
        text = f"{run.model_title(model)}, {count_words(len(own), 'group')}: {told}.{named}{shown}"
        yield Text(text=text, kind="warning" if outside else "paragraph")


def name_group(run: RunFolder, subgroup: str, level: str) -> str:
    """Return a group in words: its attribute and its level."""
    return f"{run.predictor_title(subgroup)} {run.level_title(subgroup, level)}"


def _tabulate(run: RunFolder, analysis: Analysis, found: Sequence[Judgement]) -> Table:
    metric = find_primary(select_gaps(run, analysis))
    observed = rows_where(by_group(analysis.view.select(run.tables["evaluation"])), metric=OBSERVED)
    titles = [run.model_title(model) for model in analysis.models]
    single = len(titles) == 1
    columns = [
        (GAP_TITLES[metric], "Conclusion") if single else (f"{run.model_title(model)}: gap", _head(run, model, found))
        for model in analysis.models
    ]
    kinds = ("n", "Events", "Observed risk") if analysis.view.outcome.kind != "score" else ("n",)
    whole = Table(
        name=make_slug("conclusions", analysis.view.slug),
        caption=f"Conclusions by group. {analysis.view.title}."
        + (f" {titles[0]}." if single else f" Gap: {GAP_TITLES[metric][0].lower()}{GAP_TITLES[metric][1:]}."),
        columns=("Group", *kinds, *(title for pair in columns for title in pair)),
        rows=tuple(_list_rows(run, analysis, found, observed, metric, kinds)),
        notes=tuple(_note(run, found)),
    )
    return drop_empty_columns(whole)


def _head(run: RunFolder, model: str, found: Sequence[Judgement]) -> str:
    """Return the heading of a model's conclusions: with its name where no column of gaps stands before it."""
    gaps = any(one.gap == one.gap for one in found if one.model == model)
    return "Conclusion" if gaps else f"{run.model_title(model)}: conclusion"


def _note(run: RunFolder, found: Sequence[Judgement]) -> Iterator[str]:
    if any(one.gap == one.gap for one in found):
        yield "Gap: the group minus all other patients, with its 95 % interval, unadjusted for the number of groups."
    if any(one.conclusion == "suppressed" for one in found):
        yield SUPPRESSED.format(least=run.facts.study.suppress_below)


def _list_rows(
    run: RunFolder,
    analysis: Analysis,
    found: Sequence[Judgement],
    observed: pd.DataFrame,
    metric: str,
    kinds: tuple[str, ...],
) -> Iterator[tuple[Cell, ...]]:
    by_place = {(one.model, one.subgroup, one.level): one for one in found}
    places = tuple(dict.fromkeys((one.subgroup, one.level) for one in found))
    width = len(kinds) + 2 * len(analysis.models)
    for subgroup, group in groupby(places, key=lambda place: place[0]):
        yield (Cell(text=run.predictor_title(subgroup), style="group"), *[Cell(text="")] * width)
        for _, level in group:
            own = [by_place.get((model, subgroup, level)) for model in analysis.models]
            first = next(one for one in own if one is not None)
            hidden = "suppressed" if any(one and one.conclusion == "suppressed" for one in own) else "ok"
            rate = first_row(observed, model=first.model, subgroup=subgroup, level=level)
            counts = (
                count_cell(first.n, status=hidden),
                count_cell(first.events, status=hidden),
                _suppressed() if hidden != "ok" else estimate_cell(rate),
            )
            yield (
                Cell(text=run.level_title(subgroup, level), style="indent"),
                *name_hidden(counts[: len(kinds)]),
                *(cell for one in own for cell in _judged_cells(one, metric)),
            )


def _suppressed() -> Cell:
    return Cell(text="suppressed", style="suppressed")


def _judged_cells(found: Judgement | None, metric: str) -> tuple[Cell, Cell]:
    if found is None:
        return EMPTY, EMPTY
    digits = digits_of(metric)
    gap = number_cell(format_number(found.gap, digits), detail=format_interval(found.lower, found.upper, digits))
    words_of_it = words.IN_WORDS[found.conclusion]
    if found.conclusion == "suppressed":
        return _suppressed(), Cell(text=words_of_it, style="suppressed")
    return gap, Cell(text=words_of_it, detail=words.SHOWN if found.shown_only else "")
