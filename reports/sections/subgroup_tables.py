"""The tables of the subgroup audit: what is known of each group, gaps, tests, and consequences at thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby, zip_longest

import pandas as pd

from reports.blocks import Cell, Table
from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.curves import side_of
from reports.sections.subgroup_words import (
    ANY,
    CONCLUSIONS,
    GAP_TITLES,
    HALF_WIDTH,
    HIDDEN_AT_THRESHOLD,
    POOLED,
    SUPPRESSED,
    TEST_TITLES,
    WANTED,
)
from reports.tables import (
    EMPTY,
    HIDDEN,
    count_cell,
    describe_intervals,
    distinct,
    estimate_cell,
    first_row,
    format_interval,
    format_number,
    number_cell,
    rows_where,
    status_text,
    title_of,
)
from reports.views import View, make_slug

THRESHOLD_MEASURES = ("sensitivity", "specificity", "share_acted_on", "net_benefit")
PRINTED_AS = {"log_oe_ratio": "oe_ratio", POOLED: "calibration_in_the_large"}
SMALLEST_P = 0.001

Cells = tuple[Cell, ...]


def tabulate_ascertainment(run: RunFolder, outcome: OutcomeFacts, dataset: str) -> Table | None:
    """Return what is known of the patients of every group; None where nothing was counted."""
    frame = rows_where(run.tables["ascertainment"], outcome=outcome.name, dataset=dataset)
    if frame.empty:
        return None
    place = "" if dataset == "development" else f" on {dataset}"
    return Table(
        name=make_slug("ascertainment", outcome.name, dataset),
        caption=f"What is known of each group{place}. {outcome.title}.",
        columns=("Level", "n", "Outcome known", "Per cent known (95 % interval)", "Predictor values missing, %"),
        rows=group_rows(run, frame, _ascertainment_cells),
        notes=tuple(filter(None, (note_hidden(run, frame), "Intervals: Wilson."))),
    )


def _ascertainment_cells(rows: pd.DataFrame) -> Cells:
    row = rows.iloc[0]
    status = str(row["status"])
    interval = format_interval(float(row["lower"]), float(row["upper"]), 1)
    known = number_cell(f"{format_number(float(row['percent_known']), 1)} ({interval})")
    hidden = Cell(text=HIDDEN, style="suppressed")
    missing = number_cell(format_number(float(row["percent_predictors_missing"]), 1))
    return (
        count_cell(row["n"], status=status),
        count_cell(row["n_known"], status=status),
        hidden if status == "suppressed" else known,
        hidden if status == "suppressed" or missing is EMPTY else missing,
    )


def tabulate_groups(run: RunFolder, view: View, model: str, frame: pd.DataFrame, gaps: pd.DataFrame) -> Table:
    """Return the measures of every group of one model, its gap to all others, and the largest gap of each attribute.

    Parameters
    ----------
    run, view, model
        What the table is of.
    frame, gaps
        Rows of the evaluation by group, and of the audit; the latter may be empty.
    """
    chosen = measures_of(view.outcome.kind)
    against = gaps[gaps["against"] == "rest"]
    titles = [name for name in GAP_TITLES if name in set(against["metric"])]
    # a gap in it is a difference of two of them
    left_out = titles[:1] if chosen.has_events else []
    listed = [name for name in (*chosen.subgroup, *chosen.subgroup_also) if name in set(frame["metric"])]
    measures = tuple(name for name in listed if name not in left_out)
    counts = ("n", "Events") if chosen.has_events else ("n",)
    beside = _list_gap_columns(titles, judged=bool((against["conclusion"] != "").any()))

    def fill(rows: pd.DataFrame) -> Cells:
        own, gap = rows[rows["against"] == ""], rows[rows["against"] == "rest"]
        counted = (own if len(own) else gap).iloc[0]
        status = "suppressed" if (rows["status"] == "suppressed").any() else "ok"
        return (
            *(count_cell(counted[name.lower()], status=status) for name in counts),
            *(_value_cell(first_row(own, metric=name)) for name in measures),
            *(make(gap) for _, make in beside),
        )

    joined = pd.concat([frame.assign(against=""), against], ignore_index=True)  # the evaluation compares nothing
    shown = joined[joined["metric"].isin((*measures, *titles))]
    kinds = (describe_intervals(frame[frame["metric"].isin(measures)]), *_note_kinds(against, *titles[:1]))
    return Table(
        name=make_slug("subgroups", view.slug, model),
        caption=f"Calibration by subgroup{' and gaps to all other patients' if titles else ''}, "
        f"{run.model_title(model)}. {view.title}.",
        columns=("Level", *counts, *(title_of(name) for name in measures), *(title for title, _ in beside)),
        rows=group_rows(run, shown, fill),
        notes=tuple(filter(None, (" ".join(filter(None, kinds)), note_hidden(run, shown)))),
    )


def _list_gap_columns(titles: list[str], *, judged: bool) -> list[tuple[str, Callable[[pd.DataFrame], Cell]]]:
    """Return heading and cell of everything said of a gap: of the primary measure, and the slope's."""
    if not titles:
        return []
    primary = titles[0]

    def of_primary(make: Callable[[pd.Series | None], Cell]) -> Callable[[pd.DataFrame], Cell]:
        return lambda rows: make(first_row(rows, metric=primary))

    slopes = [name for name in titles if name.endswith("slope")]
    return [
        (GAP_TITLES[primary], of_primary(_value_cell)),
        *([("Conclusion", of_primary(_conclusion_cell))] if judged else []),
        ("Largest compatible gap", of_primary(_compatible_cell)),
        ("p", of_primary(_p_cell)),
        *((GAP_TITLES[name], partial(_gap_cell, metric=name)) for name in slopes),
    ]


def _note_kinds(gaps: pd.DataFrame, primary: str = "") -> Iterator[str]:
    own = gaps[(gaps["metric"] == primary) & (gaps["status"] == "ok")]
    kinds = distinct(own.loc[own["level"] != ANY, "interval_kind"])
    if kinds:
        yield f"Intervals of gaps: {'; '.join(kinds)}, unadjusted; p: the test of the same interval."
    largest = own[(own["level"] == ANY) & (own["interval_kind"] != "")]
    if not largest.empty:
        tests = "; ".join(filter(None, distinct(largest["test"])))
        yield (
            f"Largest gap: without its sign, interval {largest['interval_kind'].iloc[0]}"
            + (f"; p: test over all groups ({tests})." if tests else ".")
        )
    adjustments = tuple(filter(None, distinct(own["adjustment"])))
    if adjustments:
        yield f"Adjustment of p: {'; '.join(adjustments)}."


def _value_cell(row: pd.Series | None) -> Cell:
    """Return an estimate; one that is not informative in words that are short, since the section explains them."""
    if row is not None and row["status"] == "not informative":
        return Cell(text="not informative", style="muted")
    return estimate_cell(row)


def _gap_cell(rows: pd.DataFrame, metric: str) -> Cell:
    """Return a gap, printed like the measure that it is of; nothing where it was tested only."""
    row = first_row(rows, metric=metric)
    if row is None or row["level"] == ANY:
        return EMPTY
    return estimate_cell(_print_as(row))


def _print_as(row: pd.Series) -> pd.Series:
    """Give a row the measure whose decimals it is printed with."""
    return pd.Series({**row.to_dict(), "metric": PRINTED_AS.get(str(row["metric"]), row["metric"])})


def _conclusion_cell(row: pd.Series | None) -> Cell:
    words = "" if row is None else CONCLUSIONS.get(str(row["conclusion"]), "")
    return Cell(text=words) if words else EMPTY


def _compatible_cell(row: pd.Series | None) -> Cell:
    return EMPTY if row is None else number_cell(format_number(float(row["largest_compatible"]), 2))


def _p_cell(row: pd.Series | None) -> Cell:
    if row is None or pd.isna(row["p_value"]):
        return EMPTY
    return number_cell(format_p(float(row["p_value"])), detail=f"adjusted {format_p(float(row['p_adjusted']))}")


def format_p(value: float) -> str:
    """Round a p-value to three decimals; NaN gives an empty string.

    Examples
    --------
    >>> format_p(0.0004), format_p(0.25)
    ('< 0.001', '0.250')
    """
    return f"< {SMALLEST_P}" if value < SMALLEST_P else format_number(value, 3)


def tabulate_tests(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Table | None:
    """Return the tests over all groups of each attribute; None where none could be made."""
    tests = frame[frame["level"] == ANY]
    made = tests[tests["test"] != ""]
    measures = tuple(name for name in TEST_TITLES if name in set(made["metric"]))
    if not measures:
        return None
    rows = [
        (
            Cell(text=run.predictor_title(subgroup)),
            *(_test_cell(first_row(tests, subgroup=subgroup, metric=name)) for name in measures),
        )
        for subgroup in distinct(tests["subgroup"])
    ]
    kinds = "; ".join(distinct(made["test"].str.replace(r", \d+ df$", "", regex=True)))
    return Table(
        name=make_slug("subgroup-tests", view.slug, model),
        caption=f"Tests over all groups of an attribute, {run.model_title(model)}. {view.title}.",
        columns=("Attribute", *(TEST_TITLES[name] for name in measures)),
        rows=tuple(rows),
        notes=(
            f"P-values, each with that adjusted over the attributes ({kinds}). Secondary: with many patients "
            "a trivial difference is significant, with few a grave one is not.",
        ),
        folded=True,
        file="audit.csv",
    )


def _test_cell(row: pd.Series | None) -> Cell:
    if row is None or not row["test"]:
        return Cell(text="not assessable" if row is None else str(row["status"]), style="muted")
    freedom = str(row["test"]).split(", ")[-1]
    detail = f"adjusted {format_p(float(row['p_adjusted']))}; {freedom}"
    return number_cell(format_p(float(row["p_value"])), detail=detail)


def tabulate_thresholds(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Iterator[Table]:
    """Yield what acting at the declared thresholds means for every group, two thresholds side by side."""
    rows = frame[frame["metric"].isin(THRESHOLD_MEASURES) & frame["threshold_probability"].notna()]
    thresholds = sorted(set(rows["threshold_probability"]))
    for pair in zip_longest(thresholds[::2], thresholds[1::2]):
        yield _tabulate_pair(run, view, model, rows, tuple(value for value in pair if value is not None))


def _tabulate_pair(run: RunFolder, view: View, model: str, rows: pd.DataFrame, thresholds: tuple[float, ...]) -> Table:
    at = rows[rows["threshold_probability"].isin(thresholds)]
    listed = [(name, value) for value in thresholds for name in THRESHOLD_MEASURES if name in set(at["metric"])]

    def fill(part: pd.DataFrame) -> Cells:
        return tuple(estimate_cell(first_row(part, metric=name, threshold_probability=at)) for name, at in listed)

    words = [f"{value:g}" for value in thresholds]
    wanted, hidden = WANTED if view.outcome.acts_below else "", note_hidden(run, at)
    return Table(
        name=make_slug("subgroup-threshold", view.slug, model, *words),
        caption=f"Acting on patients whose predicted probability is {side_of(view.outcome)} {' or '.join(words)}, by "
        f"group, {run.model_title(model)}. {view.title}.",
        columns=("Level", *(f"{title_of(name)}, {value:g}" for name, value in listed)),
        rows=group_rows(run, at, fill),
        notes=tuple(filter(None, (wanted, describe_intervals(at), hidden, HIDDEN_AT_THRESHOLD if hidden else ""))),
        folded=model != run.facts.study.reference,
        file="audit.csv",
    )


def tabulate_precision(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Table | None:
    """Return what the events of each group allow, and what is pooled where they are too few; None without events."""
    chosen = frame[frame["metric"].isin((HALF_WIDTH, POOLED))]
    if chosen.empty:
        return None
    pooled = bool((chosen["metric"] == POOLED).any())

    def fill(rows: pd.DataFrame) -> Cells:
        width = first_row(rows, metric=HALF_WIDTH)
        shown = "" if width is None else status_text(str(width["status"]), view.validation)
        cell = Cell(text=shown, style="muted") if shown or width is None else _width_cell(width)
        own = first_row(rows, metric=POOLED)
        counts = (count_cell(rows[name].iloc[0], status=str(rows["status"].iloc[0])) for name in ("n", "events"))
        return (*counts, cell, *((EMPTY if own is None else estimate_cell(_print_as(own)),) if pooled else ()))

    notes = [
        "Half the width of the 95 % interval of log O:E that so many events lead one to expect; 0.22 is O:E known to "
        "within 0.80 to 1.25.",
        "Partially pooled: a group with too few events for an estimate of its own, drawn towards the other groups of "
        "the attribute; a substitute from which nothing is concluded."
        if pooled
        else "",
        note_hidden(run, chosen),
    ]
    return Table(
        name=make_slug("subgroup-precision", view.slug, model),
        caption=f"What the events of each group allow, {run.model_title(model)}. {view.title}.",
        columns=(
            "Level", "n", "Events", "Expected half-width of log O:E",
            *(("Calibration in the large, partially pooled",) if pooled else ()),
        ),
        rows=group_rows(run, chosen, fill),
        notes=tuple(note for note in notes if note),
        folded=True,
        file="audit.csv",
    )  # fmt: skip


def _width_cell(row: pd.Series) -> Cell:
    return number_cell(format_number(float(row["estimate"]), 2))


def group_rows(run: RunFolder, frame: pd.DataFrame, fill: Callable[[pd.DataFrame], Cells]) -> tuple[Cells, ...]:
    """Return a heading for each attribute and a row for each of its levels, those that hold no number joined.

    Parameters
    ----------
    run
        The run.
    frame
        Rows with columns subgroup and level.
    fill
        Makes the cells of one level, without its name, from the level's rows.
    """
    rows: list[Cells] = []
    for subgroup in distinct(frame["subgroup"]):
        part = rows_where(frame, subgroup=subgroup)
        levels = tuple(level for level in distinct(part["level"]) if level != ANY)
        made = [
            (title_level(run, subgroup, level), name_hidden(fill(rows_where(part, level=level))))
            for level in (*run.order_levels(subgroup, levels), *((ANY,) if ANY in set(part["level"]) else ()))
        ]
        heading = Cell(text=run.predictor_title(subgroup), style="group")
        rows.append((heading, *[Cell(text="")] * len(made[0][1])))
        rows += [(Cell(text=title, style="indent"), *cells) for title, cells in _join_alike(made)]
    return tuple(rows)


def _join_alike(made: Iterable[tuple[str, Cells]]) -> Iterator[tuple[str, Cells]]:
    """Join neighbouring levels whose rows say the same and hold no number."""
    for cells, group in groupby(made, key=lambda row: row[1]):
        titles = [title for title, _ in group]
        bare = not any(cell.style == "number" for cell in cells)
        for title in [", ".join(titles)] if bare else titles:
            yield title, cells


def title_level(run: RunFolder, subgroup: str, level: str) -> str:
    """Return a level in words; that of all groups as the largest gap."""
    return "largest gap" if level == ANY else run.level_title(subgroup, level)


def note_hidden(run: RunFolder, frame: pd.DataFrame) -> str:
    """Return the note that explains suppressed groups; an empty text where none of these rows is suppressed."""
    few = (frame["status"] == "suppressed").any()
    return SUPPRESSED.format(least=run.facts.study.suppress_below) if few else ""


def name_hidden(cells: Cells) -> Cells:
    """Give every suppressed cell the one word that the note explains."""
    hidden = Cell(text=HIDDEN, style="suppressed")
    return tuple(hidden if cell.style == "suppressed" else cell for cell in cells)


def drop_empty_columns(table: Table) -> Table:
    """Return a table without the columns that hold nothing but dashes, apart from what is suppressed."""
    bodies = [row for row in table.rows if row[0].style != "group"]
    kept = [place for place in range(len(table.columns)) if not _is_empty([row[place] for row in bodies])]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
    )


def _is_empty(cells: Sequence[Cell]) -> bool:
    shown = [cell for cell in cells if cell.style != "suppressed"]
    return bool(shown) and all(cell == EMPTY for cell in shown)
