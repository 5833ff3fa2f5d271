"""What was read, what is faulty and how complete the valid rows are: blocks of the data-quality page."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from pipelines.data_quality import Quality
from pipelines.quality.data_quality_completeness import FULL, SHOWN_ROWS, SPARSE
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import render_svg
from reports.figures.quality import SHADES, draw_heat_map, find_shade, list_shades
from reports.quality.words import NOT_ASSESSABLE, count_in, share_cell, size_cell, visit_in_words
from reports.tables import (
    EMPTY,
    HIDDEN,
    count_words,
    format_count,
    format_number,
    join_words,
    number_cell,
    records,
    rows_where,
    suppression_note,
)
from schemas.quarantine import SHOWN_ROWS as FAULT_ROWS

MAP_COLUMNS = 60
MAP_LEVELS = 40
FOLD_ROWS = 25
ROW_MM = 3.0


def build_accounts(quality: Quality, notes: tuple[str, ...]) -> list[Block]:
    """Build what was read, every fault, implausible values and the reader's notes."""
    return [
        _tabulate_tables(quality),
        Text(text="Faults", kind="subsection", anchor="faults"),
        Text(
            text="Every rule that rows break, with the numbers of the rows (from 1, without the header). A row with "
            "one fault is in quarantine as a whole; such rows are in the folder private, never on this page."
        ),
        _tabulate_faults(quality) if len(quality.faults) else Text(text="No row breaks a rule."),
        Text(text="Outside the plausible range", kind="subsection", anchor="outside"),
        *_show_outside(quality),
        *_list_notes(notes),
    ]


def _tabulate_tables(quality: Quality) -> Table:
    names = ("n_read", "n_valid", "n_quarantined")
    rows = [
        (
            Cell(text=str(row["table"])),
            Cell(text=str(row["file"]), style="code"),
            *(number_cell(format_count(row[name])) for name in names),
        )
        for row in records(quality.tables)
    ]
    return Table(
        name="tables",
        caption="What was read: in each table, rows read are valid or in quarantine.",
        columns=("Table", "File", "Read", "Valid", "Quarantined"),
        rows=tuple(rows),
    )


def _tabulate_faults(quality: Quality) -> Table:
    names = [str(name) for name in quality.faults.columns if name not in ("count", "rows")]
    rows = [
        (
            *(Cell(text=str(row[name])) for name in names),
            number_cell(format_count(row["count"])),
            Cell(text=str(row["rows"]), style="code"),
        )
        for row in records(quality.faults)
    ]
    return Table(
        name="faults",
        caption="Faults by column and rule.",
        columns=(*(name.capitalize() for name in names), "Rows", "Row numbers"),
        rows=tuple(rows),
        notes=(
            f"A row may break more than one rule. Of more than {FAULT_ROWS} row numbers the first {FAULT_ROWS} are "
            "shown, here and in faults.csv; the quarantine in the folder private has every row with its reasons.",
        ),
    )


def _show_outside(quality: Quality) -> list[Block]:
    if quality.outside.empty:
        return [Text(text="No value lies outside the plausible range of its column.")]
    return [
        Text(text="These values are possible but rare. They are kept; somebody should look at them."),
        _tabulate_outside(quality),
    ]


def _tabulate_outside(quality: Quality) -> Table:
    rows = [
        (
            Cell(text=str(row["column"])),
            Cell(text=f"{row['low']:g} to {row['high']:g}".replace("-", "\u2212")),
            number_cell(format_count(row["n_outside"])),
            number_cell(format_count(row["n_known"])),
            number_cell(format_number(row["percent"], 2)),
            Cell(text=str(row["rows"]), style="code"),
        )
        for row in records(quality.outside)
    ]
    return Table(
        name="outside",
        caption="Values outside the plausible range, by column.",
        columns=("Column", "Plausible", "Outside", "Known", "Percent", "Row numbers"),
        rows=tuple(rows),
        notes=(f"Of more than {SHOWN_ROWS} row numbers the first {SHOWN_ROWS} are shown.",),
    )


def _list_notes(notes: tuple[str, ...]) -> list[Block]:
    if not notes:
        return []
    table = Table(
        name="notes",
        caption=f"Notes of the reader: {count_words(len(notes), 'note')}.",
        columns=("Note",),
        rows=tuple((Cell(text=note),) for note in notes),
        folded=len(notes) > FOLD_ROWS,
    )
    return [Text(text="Notes of the reader", kind="subsection", anchor="notes"), table]


def build_completeness(quality: Quality, mark: str) -> list[Block]:
    """Build heat maps by year and by site, and the tables behind them."""
    cut = f"{quality.cut_month} (the latest day of the data, in {quality.cut_column})" if quality.cut_month else ""
    due = (
        f"A follow-up column counts the operations whose visit was due by {cut}; what is not due yet is not missing. "
        "Of one whose name says no time all operations count."
        if cut
        else f"No date says when the operations were: which visits are due is {NOT_ASSESSABLE}."
    )
    blocks: list[Block] = [
        Text(text=f"Known values among the valid rows. {due} Days of events are left out: a blank there means none.")
    ]
    for by in ("year", "site"):
        blocks += _draw_map(quality, by, mark)
    return [*blocks, _tabulate_columns(quality), *_tabulate_groups(quality)]


def _shown(quality: Quality, by: str) -> pd.DataFrame:
    counted = rows_where(quality.columns, blank_means="missing")["column"]
    frame = rows_where(quality.completeness, by=by)
    return frame[frame["column"].isin(counted)]


def _draw_map(quality: Quality, by: str, mark: str) -> list[Block]:
    title = Text(text=f"Completeness by {by}", kind="subsection", anchor=f"completeness-{by}")
    frame = _shown(quality, by)
    if frame.empty:
        return [title, Text(text=f"By {by}: {NOT_ASSESSABLE}; the file has no {by}.")]
    lacking = frame[(frame["percent"] < 100) | (frame["few"] != "")]
    columns, levels = _choose_columns(frame, lacking), _choose_levels(quality, by)
    n_columns, n_lacking = frame["column"].nunique(), lacking["column"].nunique()
    if frame["percent"].isna().all():
        return [title, Text(text=f"By {by}: {NOT_ASSESSABLE}; every count is small and suppressed.")]
    if not columns:
        return [title, Text(text=f"All {count_words(n_columns, 'column')} are complete wherever a count may be shown.")]
    frame = frame[frame["column"].isin(columns) & frame["level"].isin(levels)]
    name = f"completeness-{by}"
    said = f"Left out: {count_words(n_columns - n_lacking, 'column')} complete everywhere"
    if n_lacking > len(columns):
        said += f"; of {n_lacking} others all but the {len(columns)} with the lowest cells"
    n_levels = quality.completeness.loc[quality.completeness["by"] == by, "level"].nunique()
    if n_levels > len(levels):
        said += f"; of {count_words(n_levels, by)} all but the {len(levels)} with the lowest completeness"
    draw = partial(_draw, frame=frame, columns=columns, levels=levels)
    height = ROW_MM * len(columns) + (28 if len(levels) > 24 else 20)
    figure = Figure(
        name=name,
        caption=f"Completeness by {by}; the fuller the colour, the more is missing. {said}. All of it is in "
        "data_quality.json.",
        description=_describe_map(frame, by, columns),
        svg=render_svg(draw, name=name, height_mm=height, mark=mark),
    )
    return [title, figure]


def _choose_columns(frame: pd.DataFrame, lacking: pd.DataFrame) -> list[str]:
    """Return the columns with the lowest cells, in the order of the dictionary."""
    lowest = lacking.groupby("column", sort=False)["percent"].min().fillna(100).sort_values(kind="stable")
    chosen = set(lowest.index[:MAP_COLUMNS])
    return [str(name) for name in dict.fromkeys(frame["column"]) if name in chosen]


def _choose_levels(quality: Quality, by: str) -> list[str]:
    groups = rows_where(quality.completeness_groups, by=by)
    if len(groups) <= MAP_LEVELS:
        return list(groups["level"])
    chosen = set(groups.sort_values("mean_percent", kind="stable")["level"].iloc[:MAP_LEVELS])
    return [level for level in groups["level"] if level in chosen]


def _draw(canvas: Canvas, *, frame: pd.DataFrame, columns: list[str], levels: list[str]) -> None:
    ax = canvas.add_subplot(1, 1, 1)
    draw_heat_map(frame, ax, columns=columns, levels=levels)
    hidden = ((frame["status"] == "suppressed") & (frame["few"] == "")).any()
    keys = list_shades(hidden=bool(hidden), blank=bool((frame["status"] == "not assessable").any()))
    canvas.legend(
        handles=keys, loc="outside lower left", ncols=len(keys), frameon=False, fontsize=6.5, handlelength=1.4
    )


def _describe_map(frame: pd.DataFrame, by: str, columns: list[str]) -> str:
    shades = [find_shade(row["percent"], row["few"]) for row in records(frame)]
    low = frame.dropna(subset=["percent"]).sort_values("percent", kind="stable").head(3)
    worst = join_words(f"{row['column']} in {row['level']} {row['percent']:.0f} %" for row in records(low))
    return (
        f"Heat map of {count_words(len(columns), 'column')} by {count_words(frame['level'].nunique(), by)}: "
        f"{format_count(shades.count(4))} of {format_count(len(shades))} cells {SHADES[4].words}, "
        f"{format_count(shades.count(3))} {SHADES[3].words}. Lowest: {worst or 'none is shown'}."
    )


def _tabulate_columns(quality: Quality) -> Table:
    whole = rows_where(quality.completeness, by="all").merge(
        quality.columns[["column", "header", "visit", "blank_means"]], on="column", validate="one_to_one"
    )
    rows = [
        (
            Cell(text=str(row["column"])),
            Cell(text=str(row["header"]), style="code"),
            Cell(text=visit_in_words(row["visit"])) if row["visit"] else EMPTY,
            size_cell(row["n"]),
            _known_cell(row, quality.suppress_below),
            Cell(text="blank: no event", style="muted") if row["blank_means"] != "missing" else share_cell(row, 1),
        )
        for row in records(whole)
    ]
    hidden = (whole["status"] == "suppressed").any()
    return Table(
        name="completeness",
        caption=f"Completeness of {count_words(len(rows), 'column')} in all valid rows.",
        columns=("Column", "Header", "Visit", "Rows that can have it", "Known", "Percent known"),
        rows=tuple(rows) or ((Cell(text="none"), *(EMPTY for _ in range(5))),),
        notes=(
            "Intervals: 95 % (Wilson), for what the share would be in further operations of the same kind.",
            *((suppression_note(quality.suppress_below),) if hidden else ()),
        ),
        folded=len(rows) > FOLD_ROWS,
    )


def _known_cell(row: dict[str, object], suppress_below: int) -> Cell:
    if row["few"] == "missing":
        return Cell(text=f"fewer than {suppress_below} missing", style="suppressed")
    if row["few"] == "known":
        return Cell(text=f"fewer than {suppress_below} known", style="suppressed")
    return count_in(row, "n_known")


def _tabulate_groups(quality: Quality) -> list[Block]:
    tables: list[Block] = []
    for by in ("site", "year"):
        groups = rows_where(quality.completeness_groups, by=by)
        if groups.empty:
            continue
        tables.append(
            Table(
                name=f"completeness-of-{by}",
                caption=f"Completeness of each {by} over all columns.",
                columns=(
                    by.capitalize(),
                    "Operations",
                    "Columns",
                    f"{FULL:g} % or more known",
                    f"Below {SPARSE:g} %",
                    "Mean",
                    "Lowest",
                ),
                rows=tuple(_group_row(row) for row in records(groups)),
                notes=(
                    "Operations: the most that can have any one column. Mean: percent known, over the columns.",
                    *((suppression_note(quality.suppress_below),) if (groups["status"] == "suppressed").any() else ()),
                ),
                folded=len(groups) > FOLD_ROWS,
            )
        )
    return tables


def _group_row(row: dict[str, object]) -> tuple[Cell, ...]:
    if row["status"] == "suppressed":
        return (Cell(text=str(row["level"])), *(Cell(text=HIDDEN, style="suppressed") for _ in range(6)))
    return (
        Cell(text=str(row["level"])),
        *(count_in(row, name) for name in ("n", "columns", "full", "sparse")),
        number_cell(format_number(float(str(row["mean_percent"])), 0)),
        Cell(text=str(row["lowest_column"])),
    )
