"""Ends of scores, preferred digits and changes of coding: blocks of the data-quality page."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from pipelines.data_quality import Quality
from pipelines.quality.data_quality_coding import (
    MEAN_BOUND,
    MEDIAN_BOUND,
    MIN_N,
    SHARE_BOUND,
    SITE_SHARE_BOUND,
    find_thin_periods,
)
from pipelines.quality.data_quality_scores import DIGIT_ALARM, END_ALARM, MIN_DIGITS
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import render_svg
from reports.figures.quality import draw_coding, draw_digits, draw_ends
from reports.names import level_in_words
from reports.quality.words import NOT_ASSESSABLE, Row, count_in, share_cell, size_cell, status_cell, visit_in_words
from reports.tables import (
    EMPTY,
    HIDDEN,
    format_interval,
    format_number,
    join_words,
    number_cell,
    records,
    suppression_note,
)

FIGURE_ROWS = 50
DIGIT_ROWS = 30
PANELS = 12
FOLD_ROWS = 25
ROW_MM = 3.3
PANEL_MM = 34


def _notes(quality: Quality, frame: pd.DataFrame) -> tuple[str, ...]:
    return (suppression_note(quality.suppress_below),) if (frame["status"] == "suppressed").any() else ()


def build_extremes(quality: Quality, mark: str) -> list[Block]:
    """Build floor and ceiling rates."""
    frame = quality.extremes
    known = frame[frame["status"] != NOT_ASSESSABLE]
    if not (known["status"] == "ok").any():
        return [Text(text=f"Floor and ceiling rates are {NOT_ASSESSABLE}: no score has values enough to be shown.")]
    rows = list(dict.fromkeys(zip(known["score"], known["visit"], strict=True)))
    shown = rows[:FIGURE_ROWS]
    names = [f"{score}, {visit_in_words(visit)}" for score, visit in shown]
    some = f" The first {len(shown)} of {len(rows)} rows; all are in the table." if len(rows) > len(shown) else ""
    alarms = known[known["alarm"]]
    told = join_words(
        f"{row['score']} at {visit_in_words(row['visit'])}, {row['end']}, {row['percent']:.1f} %"
        for row in records(alarms.head(8))
    )
    figure = Figure(
        name="extremes",
        caption=f"Floor and ceiling rates with 95 % intervals. Dashed: {END_ALARM:.0f} %, the usual alarm; bars from "
        f"there on are full.{some}",
        description=f"{len(alarms)} of {len(known)} rates are {END_ALARM:.0f} % or more: {told or 'none'}.",
        svg=render_svg(
            partial(_draw_ends, frame=known, rows=shown, names=names), name="extremes",
            height_mm=ROW_MM * len(shown) + 14, mark=mark,
        ),
    )  # fmt: skip
    text = (
        "A patient at the worst value cannot be told from a worse one, and one at the best value cannot improve: from "
        f"{END_ALARM:.0f} % on at either end, change is measured badly there."
    )
    return [Text(text=text), figure, _tabulate_extremes(quality)]


def _draw_ends(canvas: Canvas, *, frame: pd.DataFrame, rows: list[tuple[str, str]], names: list[str]) -> None:
    draw_ends(frame, canvas.add_subplot(1, 1, 1), rows=rows, names=names, bound=END_ALARM)


def _tabulate_extremes(quality: Quality) -> Table:
    rows = [
        (
            Cell(text=f"{row['score']}, {visit_in_words(row['visit'])}"),
            Cell(text=str(row["end"])),
            number_cell(f"{row['value']:g}".replace("-", "\u2212")),
            size_cell(row["n"]),
            count_in(row, "count"),
            share_cell(row, 1),
            Cell(text="alarm" if row["alarm"] else "", style="muted"),
        )
        for row in records(quality.extremes)
    ]
    return Table(
        name="extremes",
        caption="Patients at the ends of each score.",
        columns=("Score", "End", "Value", "n", "Patients", "Percent", ""),
        rows=tuple(rows),
        notes=_notes(quality, quality.extremes),
        folded=True,
    )


def build_digits(quality: Quality, mark: str) -> list[Block]:
    """Build digit preference."""
    frame = quality.digits
    known = frame[frame["status"] == "ok"]
    if known.empty:
        return [Text(text=f"Digit preference is {NOT_ASSESSABLE}: no number has {MIN_DIGITS} values on a fixed step.")]
    shown = known.sort_values("ratio", ascending=False, kind="stable").head(DIGIT_ROWS)
    names = [_digit_name(row) for row in records(shown)]
    some = f" The {len(shown)} furthest above what is expected, of {len(known)}." if len(known) > len(shown) else ""
    told = join_words(
        f"{name} {row['percent']:.1f} % (expected {row['expected']:.0f} %)"
        for name, row in zip(names[:5], records(shown), strict=False)
        if row["alarm"]
    )
    figure = Figure(
        name="digits",
        caption=f"Share of values on preferred digits, with 95 % intervals; the tick is what a smooth distribution "
        f"has.{some}",
        description=f"{int(known['alarm'].sum())} of {len(known)} shares are marked. {told or 'None stands out'}.",
        svg=render_svg(
            partial(_draw_digits, frame=shown, names=names),
            name="digits",
            height_mm=ROW_MM * len(shown) + 13,
            mark=mark,
        ),
    )
    text = (
        "Numbers that were guessed or rounded by hand heap on fives, tens and even numbers. Each multiple of 5 is "
        "compared with its two neighbours on either side, of which it should hold a fifth; possible ends of a scale "
        f"are left out. Marked: the interval lies above {DIGIT_ALARM:g} times what is expected. Rounding by rule "
        "(blood loss in tens) shows as well, and is no fault."
    )
    return [Text(text=text), figure, _tabulate_digits(quality)]


def _digit_name(row: Row) -> str:
    if row["rule"] == "even numbers":
        return f"{row['column']}: even"
    return f"{row['column']}: multiples of {5 * row['step']:g}"


def _draw_digits(canvas: Canvas, *, frame: pd.DataFrame, names: list[str]) -> None:
    draw_digits(frame, canvas.add_subplot(1, 1, 1), names=names)


def _tabulate_digits(quality: Quality) -> Table:
    rows = [
        (
            Cell(text=str(row["column"])),
            Cell(text=_digit_name(row).partition(": ")[2].replace("nan", "5 steps")),
            number_cell(format_number(row["step"], 1)),
            status_cell(row) or number_cell(format_number(row["n"], 0)),
            share_cell(row, 1),
            number_cell(format_number(row["expected"], 0)),
            Cell(text="preferred" if row["alarm"] else "", style="muted"),
        )
        for row in records(quality.digits)
    ]
    return Table(
        name="digits",
        caption="Digit preference of each number.",
        columns=("Column", "Digits", "Step", "Values compared", "Percent", "Expected", ""),
        rows=tuple(rows),
        notes=(
            f"Not assessable: fewer than {MIN_DIGITS} values compared, or no fixed step, as in computed indices.",
            *_notes(quality, quality.digits),
        ),
        folded=True,
    )


def build_coding(quality: Quality, mark: str) -> list[Block]:
    """Build sudden changes of coding."""
    frame = quality.coding
    if frame.empty:
        return [Text(text=f"Changes over time are {NOT_ASSESSABLE}: no year or date of the operation is known.")]
    rule = (
        f"Marked is a difference between neighbouring periods with {MIN_N} values each of more than {SHARE_BOUND:.0f} "
        f"percentage points in a share, or {MEDIAN_BOUND:g} interquartile ranges in a median, if the 99 % intervals do "
        f"not overlap; at one site alone more than {SITE_SHARE_BOUND:.0f} points, or {MEAN_BOUND:g} standard "
        "deviations of the mean, and 99.9 % intervals. A new form, another unit, a recoding or a new practice looks "
        "like this; which it was, somebody has to ask."
    )
    changes = frame[frame["changed"]]
    if changes.empty:
        of = quality.findings.set_index("topic").loc["coding", "of"]
        none = "No sudden change was found." if of else f"It is {NOT_ASSESSABLE}: no two periods have so many values."
        return [Text(text=rule), Text(text=none), *_thin_periods(frame)]
    return [
        Text(text=rule),
        _draw_changes(frame, changes, mark),
        _tabulate_changes(quality, changes),
        *_thin_periods(frame),
    ]


def _thin_periods(frame: pd.DataFrame) -> list[Block]:
    """Say where nothing could be compared."""
    thin = [period for period, few in find_thin_periods(frame).items() if few]
    if not thin:
        return []
    return [Text(text=f"With fewer than {MIN_N} operations and {NOT_ASSESSABLE}: {join_words(thin)}.", kind="note")]


def _draw_changes(frame: pd.DataFrame, changes: pd.DataFrame, mark: str) -> Figure:
    keys = ["column", "statistic", "site"]
    panels = list(dict.fromkeys(zip(*(changes[key] for key in keys), strict=True)))
    # Changes of the whole file stand before those of one site.
    panels.sort(key=lambda panel: panel[2] != "")
    shown = panels[:PANELS]
    wanted = changes.set_index([*keys, "level"]).index
    parts = frame[frame.set_index([*keys, "level"]).index.isin(wanted)]
    some = f" The first {len(shown)} of {len(panels)}; all are in the table." if len(panels) > len(shown) else ""
    told = join_words(
        f"{row['column']}{' ' + row['level'] if row['level'] else ''} {row['statistic']} in {row['period']}"
        f"{' at ' + row['site'] if row['site'] else ''}"
        for row in records(changes.head(6))
    )
    return Figure(
        name="coding",
        caption="Columns with a sudden change (diamond), with 99 % intervals (one site: 99.9 %); of levels only those "
        f"that changed.{some}",
        description=f"{len(changes)} changes in {changes['column'].nunique()} columns: {told}.",
        svg=render_svg(
            partial(_draw_small, frame=parts, panels=shown), name="coding",
            height_mm=PANEL_MM * -(-len(shown) // 3) + 4, mark=mark,
        ),
    )  # fmt: skip


def _draw_small(canvas: Canvas, *, frame: pd.DataFrame, panels: list[tuple[str, str, str]]) -> None:
    rows = -(-len(panels) // 3)
    for k, (column, statistic, site) in enumerate(panels):
        part = frame[(frame["column"] == column) & (frame["statistic"] == statistic) & (frame["site"] == site)]
        words = {"missing": "% missing", "share": "% of known"}.get(statistic, statistic)
        draw_coding(part, canvas.add_subplot(rows, 3, k + 1), title=f"{column}, {words}{f', {site}' if site else ''}")


def _tabulate_changes(quality: Quality, changes: pd.DataFrame) -> Table:
    keys = ["column", "statistic", "level", "site", "period"]
    found = quality.coding.set_index(keys)[["n", "estimate", "lower", "upper", "status"]].sort_index()
    rows = []
    for row in records(changes.assign(whole=changes["site"] != "").sort_values("whole", kind="stable")):
        before = found.loc[tuple(row[key] if key != "period" else row["before"] for key in keys)]
        level = level_in_words(str(row["level"]), kind="flag" if row["level"] in ("0", "1") else "category")
        rows.append(
            (
                Cell(text=str(row["column"])),
                Cell(text={"share": "percent", "missing": "percent missing"}.get(row["statistic"], row["statistic"])),
                Cell(text=level) if level else EMPTY,
                Cell(text=row["site"] or "all"),
                Cell(text=str(row["before"])),
                _value(before),
                Cell(text=str(row["period"])),
                _value(row),
            )
        )
    return Table(
        name="coding",
        caption="Sudden changes of coding.",
        columns=("Column", "Statistic", "Level", "Site", "Before", "Value", "After", "Value"),
        rows=tuple(rows),
        notes=("Intervals: 99 %, of one site 99.9 %.", *_notes(quality, changes)),
        folded=len(rows) > FOLD_ROWS,
    )


def _value(row: Row) -> Cell:
    if row["status"] == "suppressed":
        return Cell(text=HIDDEN, style="suppressed")
    shown = format_interval(float(row["lower"]), float(row["upper"]), 1)
    return number_cell(format_number(float(row["estimate"]), 1), detail=shown)
