"""Sites as a funnel: observed over expected events, by how precisely they can be known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.audit import words
from reports.audit.scope import SITE
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import pens_of, render_svg
from reports.figures.groups import draw_site_funnel
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.sections.subgroup_tables import name_hidden, note_hidden
from reports.tables import (
    count_cell,
    count_words,
    distinct,
    format_interval,
    format_number,
    join_words,
    number_cell,
    rows_where,
)
from reports.views import View, make_slug, views_of

WHERE = {"within": "within the limits", "above": "above: more events than expected", "below": "below: fewer events"}
HEIGHT_MM, WIDTH_MM = 82.0, 120.0


def build_sites(run: RunFolder) -> list[Block]:
    """Build a funnel of the reference for every analysis, that of sites left out in turn among them."""
    if SITE not in run.facts.study.subgroups:
        return [Text(text=words.NO_SITES)]
    blocks: list[Block] = []
    for outcome in run.outcomes:
        for view in views_of(run, outcome):
            frame = rows_where(view.select(run.tables["site_funnel"]), model=run.facts.study.reference)
            if not frame.empty:
                blocks.append(Text(text=view.title, kind="subsection", anchor=f"funnel-{view.slug}"))
                blocks += _build_view(run, view, frame)
    return [Text(text=words.FUNNEL), *blocks] if blocks else [Text(text=_say_none(run))]


def _say_none(run: RunFolder) -> str:
    """Return why there is no funnel: no site in the evaluation, only scores, or a run that was made without it."""
    sites = rows_where(run.tables["evaluation"], subgroup=SITE)
    if sites.empty:
        return words.NO_SITES_EVALUATED
    risks = [outcome.name for outcome in run.outcomes if measures_of(outcome.kind).has_events]
    return words.NO_FUNNEL_KEPT if sites["outcome"].isin(risks).any() else words.NO_FUNNEL_OF_SCORES


def _build_view(run: RunFolder, view: View, frame: pd.DataFrame) -> Iterator[Block]:
    sites = rows_where(frame, part="site")
    if (sites["status"] == "not informative").any():
        yield Text(text=words.FUNNEL_HELD)
        return
    shown = rows_where(sites, status="ok")
    outside = shown[shown["position"] != "within"]
    named = f": {join_words(distinct(outside['level']))}" if len(outside) else ""
    yield Text(
        text=f"Of {count_words(len(sites), 'site')}, {len(shown)} can be placed and {len(outside)} lie outside the "
        f"95 % limits{named}. Of {len(shown)} whose risks are right, about one in twenty would."
    )
    if len(shown) >= 2:
        yield _draw(run, view, frame)
    yield _tabulate(run, view, sites)


def _draw(run: RunFolder, view: View, frame: pd.DataFrame) -> Figure:
    reference = run.facts.study.reference
    pen = pens_of([reference], reference)[reference]
    name = make_slug("site-funnel", view.slug)

    def draw(canvas: Canvas, frame: pd.DataFrame) -> None:
        draw_site_funnel(frame, canvas.add_subplot(1, 1, 1), pen=pen)

    return Figure(
        name=name,
        caption=f"Sites as a funnel, {run.model_title(reference)}. {view.title}. Dashed: 95 % control limits. Filled "
        "and named: sites outside them.",
        description=_describe(run, frame),
        svg=render_svg(
            partial(draw, frame=frame), name=name, height_mm=HEIGHT_MM, width_mm=WIDTH_MM, mark=mark_of(run)
        ),
    )


def _describe(run: RunFolder, frame: pd.DataFrame) -> str:
    sites = rows_where(frame, part="site")
    parts = (
        f"{row['level']} {_word_site(row)}" if row["status"] == "ok" else f"{row['level']} {row['status']}"
        for _, row in sites.iterrows()
    )
    return f"Funnel plot of {count_words(len(sites), 'site')}. Observed over expected events: {'; '.join(parts)}."


def _word_site(row: pd.Series) -> str:
    limits = format_interval(float(row["lower"]), float(row["upper"]), 2)
    return f"{format_number(float(row['estimate']), 2)} (limits {limits})"


def _tabulate(run: RunFolder, view: View, sites: pd.DataFrame) -> Table:
    return Table(
        name=make_slug("site-funnel", view.slug),
        caption=f"Observed and expected events by site, {run.model_title(run.facts.study.reference)}. {view.title}.",
        columns=("Site", "n", "Events", "Expected", "O:E", "95 % control limits", "Place"),
        rows=tuple(_site_row(row) for _, row in sites.iterrows()),
        notes=tuple(filter(None, (note_hidden(run, sites),))),
        folded=True,
        file="curves/site_funnel.csv",
    )


def _site_row(row: pd.Series) -> tuple[Cell, ...]:
    status = str(row["status"])
    counts = (count_cell(row[name], status=status) for name in ("n", "events"))
    name = Cell(text=str(row["level"]))
    if status == "suppressed":
        return name_hidden((name, *counts, *[Cell(text="", style="suppressed")] * 4))
    if status != "ok":
        dash = number_cell("")
        return (name, *counts, dash, dash, dash, Cell(text=status, style="muted"))
    return (
        name,
        *counts,
        number_cell(format_number(float(row["expected"]), 1)),
        number_cell(format_number(float(row["estimate"]), 2)),
        number_cell(format_interval(float(row["lower"]), float(row["upper"]), 2)),
        Cell(text=WHERE[str(row["position"])]),
    )
