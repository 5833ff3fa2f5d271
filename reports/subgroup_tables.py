"""The tables of the subgroup audit: what is known of each group, gaps, tests, and consequences at thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from reports.blocks import Cell, Table
from reports.run_folder import OutcomeFacts, RunFolder
from reports.subgroup_words import ANY, CONCLUSIONS, GAP_TITLES, HALF_WIDTH, POOLED, TEST_TITLES
from reports.tables import (
    EMPTY,
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
    suppression_note,
    title_of,
)
from reports.views import View, make_slug

THRESHOLD_MEASURES = ("sensitivity", "specificity", "share_above", "net_benefit")
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
        columns=("Level", "n", "Outcome known", "Per cent known", "Predictor values missing, %"),
        rows=group_rows(run, frame, _ascertainment_cells),
        notes=tuple(filter(None, (_note_hidden(run, frame), "95 % intervals: Wilson."))),
    )


def _ascertainment_cells(rows: pd.DataFrame) -> Cells:
    row = rows.iloc[0]
    status = str(row["status"])
    known = number_cell(
        format_number(float(row["percent_known"]), 1),
        detail=format_interval(float(row["lower"]), float(row["upper"]), 1),
    )
    hidden = Cell(text="suppressed", style="suppressed")
    return (
        count_cell(row["n"], status=status),
        count_cell(row["n_known"], status=status),
        hidden if status == "suppressed" else known,
        hidden if status == "suppressed" else number_cell(format_number(float(row["percent_predictors_missing"]), 1)),
    )


def tabulate_gaps(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Table:
    """Return the gaps of every group of one model, and the largest of each attribute."""
    gaps = frame[frame["against"] == "rest"]
    measures = tuple(name for name in GAP_TITLES if name in set(gaps["metric"]))
    primary = measures[0]
    judged = bool((gaps["conclusion"] != "").any())
    counts = ("n", "Events") if (gaps["events"] > 0).any() else ("n",)

    def fill(rows: pd.DataFrame) -> Cells:
        main = first_row(rows, metric=primary)
        return (
            *(count_cell(rows[name.lower()].iloc[0], status=str(rows["status"].iloc[0])) for name in counts),
            estimate_cell(main),
            *((_conclusion_cell(main),) if judged else ()),
            _compatible_cell(main),
            _p_cell(main, adjusted=False),
            _p_cell(main, adjusted=True),
            *(_gap_cell(rows, name) for name in measures[1:]),
        )

    columns = (
        "Level", *counts, GAP_TITLES[primary], *(("Conclusion",) if judged else ()), "Largest compatible gap", "p",
        "p, adjusted", *(GAP_TITLES[name] for name in measures[1:]),
    )  # fmt: skip
    return Table(
        name=make_slug("subgroup-gaps", view.slug, model),
        caption=f"Gaps between each group and all other patients, {run.model_title(model)}. {view.title}.",
        columns=columns,
        rows=group_rows(run, gaps, fill),
        notes=tuple(filter(None, (*_note_kinds(gaps, primary), _note_hidden(run, gaps)))),
        folded=model != run.facts.study.reference,
    )


def _note_kinds(gaps: pd.DataFrame, primary: str) -> Iterator[str]:
    own = gaps[(gaps["metric"] == primary) & (gaps["status"] == "ok")]
    kinds = distinct(own.loc[own["level"] != ANY, "interval_kind"])
    if kinds:
        yield f"95 % intervals of groups: {'; '.join(kinds)}, unadjusted; p: the test of the same interval."
    largest = own[(own["level"] == ANY) & (own["interval_kind"] != "")]
    if not largest.empty:
        tests = "; ".join(filter(None, distinct(largest["test"])))
        yield (
            f"Largest gap: without its sign, interval {largest['interval_kind'].iloc[0]}"
            + (f"; p: test over all groups ({tests})." if tests else ".")
        )
    adjustments = tuple(filter(None, distinct(own["adjustment"])))
    if adjustments:
        yield f"Adjusted p: {'; '.join(adjustments)}."


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


def _p_cell(row: pd.Series | None, *, adjusted: bool) -> Cell:
    return EMPTY if row is None else number_cell(format_p(float(row["p_adjusted" if adjusted else "p_value"])))


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
            f"P-values, and beneath them those adjusted over the attributes ({kinds}). Secondary: with many patients "
            "a trivial difference is significant, with few a grave one is not.",
        ),
        folded=True,
    )


def _test_cell(row: pd.Series | None) -> Cell:
    if row is None or not row["test"]:
        return Cell(text="not assessable", style="muted")
    freedom = str(row["test"]).split(", ")[-1]
    detail = f"adjusted {format_p(float(row['p_adjusted']))}; {freedom}"
    return number_cell(format_p(float(row["p_value"])), detail=detail)


def tabulate_thresholds(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Iterator[Table]:
    """Yield what acting at each declared threshold means for every group."""
    rows = frame[frame["metric"].isin(THRESHOLD_MEASURES) & frame["threshold_probability"].notna()]
    measures = tuple(name for name in THRESHOLD_MEASURES if name in set(rows["metric"]))

    def fill(part: pd.DataFrame) -> Cells:
        status = "suppressed" if part["n"].isna().any() and (part["status"] == "suppressed").any() else "ok"
        counts = (count_cell(part[name].iloc[0], status=status) for name in ("n", "events"))
        return (*counts, *(estimate_cell(first_row(part, metric=name)) for name in measures))

    for threshold in sorted(set(rows["threshold_probability"])):
        at = rows[rows["threshold_probability"] == threshold]
        yield Table(
            name=make_slug("subgroup-threshold", view.slug, model, f"{threshold:g}"),
            caption=f"Acting at a predicted risk of {threshold:g} or more, by group, {run.model_title(model)}. "
            f"{view.title}.",
            columns=("Level", "n", "Events", *(title_of(name) for name in measures)),
            rows=group_rows(run, at, fill),
            notes=tuple(filter(None, (describe_intervals(at), _note_hidden(run, at)))),
            folded=model != run.facts.study.reference,
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
        _note_hidden(run, chosen),
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
    )  # fmt: skip


def _width_cell(row: pd.Series) -> Cell:
    return number_cell(format_number(float(row["estimate"]), 2))


def group_rows(run: RunFolder, frame: pd.DataFrame, fill: Callable[[pd.DataFrame], Cells]) -> tuple[Cells, ...]:
    """Return a heading for each attribute and a row for each of its levels.

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
            (Cell(text=title_level(run, subgroup, level), style="indent"), *fill(rows_where(part, level=level)))
            for level in (*run.order_levels(subgroup, levels), *((ANY,) if ANY in set(part["level"]) else ()))
        ]
        heading = Cell(text=run.predictor_title(subgroup), style="group")
        rows += [(heading, *[Cell(text="")] * (len(made[0]) - 1)), *made]
    return tuple(rows)


def title_level(run: RunFolder, subgroup: str, level: str) -> str:
    """Return a level in words; that of all groups as the largest gap."""
    return "largest gap" if level == ANY else run.level_title(subgroup, level)


def _note_hidden(run: RunFolder, frame: pd.DataFrame) -> str:
    few = (frame["status"] == "suppressed").any()
    return suppression_note(run.facts.study.suppress_below) if few else ""
