"""Who came back, and how those differ who did not: blocks of the data-quality page."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from pipelines.data_quality import Quality
from pipelines.quality.data_quality_follow_up import DIFFERENCE_ALARM, GAP, LEAST_FOLLOW_UP
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import render_svg
from reports.figures.quality import WHOLE, draw_follow_up, draw_love
from reports.names import level_in_words
from reports.quality.words import NOT_ASSESSABLE, Row, count_in, share_cell, size_cell, status_cell, visit_in_words
from reports.tables import (
    EMPTY,
    distinct,
    first_row,
    format_count,
    format_number,
    join_words,
    number_cell,
    records,
    rows_where,
    suppression_note,
)
from reports.views import make_slug

FIGURE_VISITS = 4
FIGURE_SITES = 40
LOVE_ROWS = 30
FOLD_ROWS = 25
ROW_MM = 3.3


def build_follow_up(quality: Quality, mark: str) -> list[Block]:
    """Build follow-up by visit, site and year."""
    frame = quality.follow_up
    if frame.empty or (frame["status"] == NOT_ASSESSABLE).all():
        why = "the file has no score of a follow-up visit" if frame.empty else "no visit is due, or no date is known"
        return [Text(text=f"Follow-up is {NOT_ASSESSABLE}: {why}.")]
    sites = rows_where(frame, by="site")
    return [
        Text(
            text=f"A visit is due if its window had closed by {quality.cut_month}, the month of the latest day in the "
            f"data ({quality.cut_column}), and the patient is not known to have died before; it is answered if any "
            "score of it is known. Patients who were operated on again stay in: that they are missing may say how they "
            "fared."
        ),
        _tabulate_visits(quality),
        _draw_sites(quality, mark)
        if (sites["status"] == "ok").any()
        else Text(text=f"By site: {NOT_ASSESSABLE}; there is no site, or every count is small and suppressed."),
        *(_tabulate_by(quality, by) for by in ("site", "year") if len(rows_where(frame, by=by))),
    ]


def _notes(quality: Quality, frame: pd.DataFrame) -> tuple[str, ...]:
    return (suppression_note(quality.suppress_below),) if (frame["status"] == "suppressed").any() else ()


def _tabulate_visits(quality: Quality) -> Table:
    frame = rows_where(quality.follow_up, by="all")
    rows = [
        (
            Cell(text=visit_in_words(row["visit"])),
            number_cell(format_count(row["window_end_days"])),
            status_cell(row) or size_cell(row["n_due"]),
            count_in(row, "n_answered"),
            share_cell(row, 1),
            Cell(text=f"below {LEAST_FOLLOW_UP:.0f} %" if row["alarm"] else "", style="muted"),
        )
        for row in records(frame)
    ]
    return Table(
        name="follow-up",
        caption="Follow-up of all sites.",
        columns=("Visit", "Window ends on day", "Due", "Answered", "Percent answered", ""),
        rows=tuple(rows),
        notes=("Intervals: 95 % (Wilson).", *_notes(quality, frame)),
    )


def _draw_sites(quality: Quality, mark: str) -> Figure:
    frame = quality.follow_up
    visits = distinct(frame["visit"])
    main = "12m" if "12m" in visits else visits[0]
    shown = [visit for visit in visits if visit == main or visit in visits[:FIGURE_VISITS]][:FIGURE_VISITS]
    own = rows_where(frame, by="site", visit=main)
    n_sites = len(own)
    levels = list(own.sort_values(["percent", "level"], kind="stable")["level"].iloc[:FIGURE_SITES])
    some = (
        f" Of {n_sites} sites the {len(levels)} with the lowest share at {visit_in_words(main)}."
        if (n_sites > len(levels))
        else f" Sites in the order of {visit_in_words(main)}."
    )
    flagged = frame[(frame["by"] == "site") & frame["alarm"]]
    groups = [WHOLE, *(("site", level) for level in levels)]
    draw = partial(_draw_panels, frame=frame, visits=shown, groups=groups)
    return Figure(
        name="follow-up-sites",
        caption=f"Answered among due visits by site, with 95 % intervals.{some} Dashed: {LEAST_FOLLOW_UP:.0f} %, which "
        "registries are commonly asked to reach; grey line: the whole file. A diamond marks a site whose interval ends "
        f"{GAP:.0f} points or more below the whole.",
        description=_describe_sites(frame, main, flagged),
        svg=render_svg(draw, name="follow-up-sites", height_mm=ROW_MM * (len(levels) + 1) + 18, mark=mark),
    )


def _draw_panels(canvas: Canvas, *, frame: pd.DataFrame, visits: list[str], groups: list[tuple[str, str]]) -> None:
    for k, visit in enumerate(visits):
        ax = canvas.add_subplot(1, len(visits), k + 1)
        own = rows_where(frame, visit=visit)
        draw_follow_up(own, ax, groups=groups, asked=LEAST_FOLLOW_UP, title=visit_in_words(visit))
        if k:
            ax.set_yticklabels([])


def _describe_sites(frame: pd.DataFrame, main: str, flagged: pd.DataFrame) -> str:
    whole = first_row(frame, visit=main, by="all")
    own = rows_where(frame, visit=main, by="site").dropna(subset=["percent"]).sort_values("percent", kind="stable")
    ends = [f"{row['level']} {row['percent']:.1f} %" for row in (*records(own.head(1)), *records(own.tail(1)))]
    marked = join_words(f"{row['level']} at {visit_in_words(row['visit'])}" for row in records(flagged))
    told = "" if whole is None or whole["status"] != "ok" else f"{whole['percent']:.1f} % of the due visits answered"
    return (
        f"Follow-up at {visit_in_words(main)}: {told or NOT_ASSESSABLE}; lowest and highest site: "
        f"{join_words(ends) or 'not shown'}. Marked: {marked or 'none'}."
    )


def _tabulate_by(quality: Quality, by: str) -> Table:
    frame = rows_where(quality.follow_up, by=by)
    visits = distinct(frame["visit"])
    cells = {(row["level"], row["visit"]): row for row in records(frame)}
    rows = [
        (Cell(text=level), *(cell for visit in visits for cell in _pair(cells.get((level, visit)))))
        for level in distinct(frame["level"])
    ]
    heads = tuple(head for visit in visits for head in (f"{visit_in_words(visit)}: due", "percent answered"))
    return Table(
        name=f"follow-up-by-{by}",
        caption=f"Follow-up by {by}.",
        columns=(by.capitalize(), *heads),
        rows=tuple(rows),
        notes=_notes(quality, frame),
        folded=by == "year" or len(rows) > FOLD_ROWS,
    )


def _pair(row: Row | None) -> tuple[Cell, Cell]:
    if row is None:
        return EMPTY, EMPTY
    if row["status"] == NOT_ASSESSABLE:
        return number_cell("0"), Cell(text="none due", style="muted")
    return size_cell(float(row["n_due"])), share_cell(row, 1)


def build_responders(quality: Quality, mark: str) -> list[Block]:
    """Build the comparison of those who answered with those who did not."""
    frame = quality.responders
    if frame.empty or (frame["status"] == NOT_ASSESSABLE).all():
        return [
            Text(text=f"Those who answered against the others: {NOT_ASSESSABLE}; none is due, or all or none answered.")
        ]
    visits = distinct(frame["visit"])
    return [
        Text(
            text="Before the operation, did those who answered a due visit differ from those who did not? Where they "
            "did, results of those who answered do not speak for all. A standardised difference of "
            f"{DIFFERENCE_ALARM:g} or more is commonly called out of balance; no test is made, as with many patients "
            "every difference would pass one."
        ),
        *_draw_differences(quality, visits[0], mark),
        *(_tabulate_responders(quality, visit) for visit in visits),
    ]


def _name(row: Row) -> str:
    if not row["level"]:
        return str(row["column"])
    kind = "flag" if row["level"] in ("0", "1") else "category"
    level = level_in_words(str(row["level"]), kind=kind)
    return str(row["column"]) if level == "yes" else f"{row['column']}: {level}"


def _draw_differences(quality: Quality, visit: str, mark: str) -> list[Block]:
    frame = rows_where(quality.responders, visit=visit, status="ok")
    if frame.empty:
        return [Text(text=f"At {visit_in_words(visit)} no difference can be shown: too few did not answer, or did.")]
    order = frame["difference"].abs().sort_values(ascending=False, kind="stable").index
    chosen = frame.loc[order[:LOVE_ROWS]]
    names = [_name(row) for row in records(chosen)]
    some = f"The {len(chosen)} largest of {len(frame)}. " if len(frame) > len(chosen) else ""
    top = join_words(
        f"{name} {format_number(row['difference'], 2)}" for name, row in zip(names[:3], records(chosen), strict=False)
    )
    figure = Figure(
        name="responders",
        caption=f"Baseline of those who answered at {visit_in_words(visit)} against those who did not: standardised "
        f"differences with 95 % intervals. {some}Dashed: {DIFFERENCE_ALARM:g}; a diamond marks this or more.",
        description=f"Standardised differences at {visit_in_words(visit)}; {int(frame['alarm'].sum())} of {len(frame)} "
        f"are {DIFFERENCE_ALARM:g} or more in size. Largest: {top}.",
        svg=render_svg(
            partial(_draw_love, frame=chosen, names=names), name="responders",
            height_mm=ROW_MM * len(chosen) + 14, mark=mark,
        ),
    )  # fmt: skip
    return [figure]


def _draw_love(canvas: Canvas, *, frame: pd.DataFrame, names: list[str]) -> None:
    draw_love(frame, canvas.add_subplot(1, 1, 1), names=names, bound=DIFFERENCE_ALARM)


def _tabulate_responders(quality: Quality, visit: str) -> Table:
    frame = rows_where(quality.responders, visit=visit)
    return Table(
        name=make_slug("responders", visit),
        caption=f"Those who answered at {visit_in_words(visit)} and those who did not: means, or percent.",
        columns=("Characteristic", "Answered", "n", "Did not", "n", "Standardised difference"),
        rows=tuple(_responder_row(row) for row in records(frame)),
        notes=_notes(quality, frame),
        folded=True,
    )


def _responder_row(row: Row) -> tuple[Cell, ...]:
    if cell := status_cell(row):
        return (Cell(text=_name(row)), *(cell for _ in range(5)))
    percent = " %" if row["level"] else ""
    means = [
        number_cell(format_number(float(row[name]), 1 if percent else 2) + percent) for name in ("responders", "others")
    ]
    sizes = [size_cell(float(row[name])) for name in ("n_responders", "n_others")]
    return (Cell(text=_name(row)), means[0], sizes[0], means[1], sizes[1], share_cell(row, 2, "difference"))
