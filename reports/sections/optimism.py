"""Optimism: how much better the models look on the patients that they were developed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from reports.blocks import Block, Cell, Table, Text
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    EMPTY,
    HIDDEN,
    digits_of,
    distinct,
    format_count,
    format_interval,
    format_number,
    join_words,
    number_cell,
    rows_where,
    suppression_note,
    title_of,
)
from reports.views import make_slug, models_in

COLUMNS = ("Measure", "Apparent", "Optimism", "Corrected", ".632+", "Cross-validated", "Refits", "Failed")
BESIDE = ("Measure", "Apparent", "Cross-validated")
"""What there is to print where no model was developed again."""
NOT_ASKED = (
    "The optimism was not asked for: no model was developed again on resamples, so that apparent performance stands "
    "beside cross-validated performance only. A study asks for it with resamples in [bootstrap]."
)
REFITTED = (
    "The optimism is estimated by developing the model again on resamples of the patients, everything that is learned "
    "included, and measuring each refit on its resample and on all patients; corrected is apparent minus the mean "
    "optimism."
)
FIXED = (
    "Tuning held fixed: every refit has the settings of the final model, so the choice of settings is left out and the "
    "optimism is understated."
)


def build_optimism(run: RunFolder) -> list[Block]:
    """Build one table per outcome: apparent, optimism, corrected and cross-validated performance together."""
    frame = run.tables["optimism"]
    if frame.empty:
        return [
            Text(
                text="No model was set beside its refits: the optimism was not computed. A study asks for it with "
                "resamples in [bootstrap]; the internal validation above does not need it."
            )
        ]
    blocks: list[Block] = [
        Text(
            text="Apparent performance is that on the very patients a model was developed on, and flatters it; it is "
            f"shown only beside what corrects it. {REFITTED if _has_refits(frame) else NOT_ASKED} Cross-validated is "
            "the result of the nested cross-validation, which every other section reports."
        )
    ]
    for outcome in run.outcomes:
        blocks += _build_outcome(run, outcome, rows_where(frame, outcome=outcome.name))
    return blocks


def _build_outcome(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Iterator[Table]:
    """Yield the table of the reference, open, and that of the other models, closed; of what is derived all closed."""
    is_reference = frame["model"] == run.facts.study.reference
    for rows, others in ((frame[is_reference], ""), (frame[~is_reference], "further")):
        if rows.empty:
            continue
        table = _tabulate(run, outcome, rows)
        words = " Models beside the reference." if others else ""
        yield replace(
            table,
            name=make_slug(*filter(None, (table.name, others))),
            caption=f"{table.caption}{words}",
            folded=bool(others or outcome.from_score),
            file="optimism.csv",
        )


def _has_refits(frame: pd.DataFrame) -> bool:
    """Tell whether any model was developed again; where all of its refits failed it was tried, and is told."""
    return bool((frame[["n_resamples", "n_failed"]].fillna(0) > 0).any(axis=None))


def _tabulate(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    has_refits = _has_refits(run.tables["optimism"])
    columns = COLUMNS if has_refits else BESIDE
    rows = [row for model in models_in(run, frame) for row in _list_rows(run, rows_where(frame, model=model))]
    kept = [COLUMNS.index(name) for name in columns]
    corrected = "optimism-corrected " if has_refits else ""
    return Table(
        name=make_slug("optimism", outcome.name),
        caption=f"Apparent{', ' if corrected else ' '}{corrected}and cross-validated performance. {outcome.title}.",
        columns=columns,
        rows=tuple(tuple(row[position] for position in kept) for row in rows),
        notes=tuple(_list_notes(run, frame) if has_refits else _list_hidden(run, frame)),
    )


def _list_rows(run: RunFolder, frame: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    title = run.model_title(str(frame["model"].iloc[0]))
    yield (Cell(text=f"{title}{_word_counts(frame)}", style="group"), *[Cell(text="")] * (len(COLUMNS) - 1))
    for _, row in frame.iterrows():
        yield (Cell(text=_word_measure(row), style="indent"), *_list_cells(row))


def _word_counts(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["n"])
    if known.empty:
        return ""
    n, events = format_count(known["n"].iloc[0]), format_count(known["events"].iloc[0])
    return f" (n = {n}, {events} events)" if events else f" (n = {n})"


def _word_measure(row: pd.Series) -> str:
    threshold = format_number(100 * float(row["threshold_probability"]), 1).removesuffix(".0")
    return f"{title_of(str(row['metric']))}{f' at {threshold} %' if threshold else ''}"


def _list_cells(row: pd.Series) -> tuple[Cell, ...]:
    refits = (number_cell(format_count(row["n_resamples"])), number_cell(format_count(row["n_failed"])))
    if row["status"] == "suppressed":
        return (*[Cell(text=HIDDEN, style="suppressed")] * 5, *refits)
    if row["status"] != "ok":
        return (*[Cell(text=str(row["status"]), style="muted")] * 5, *refits)
    digits = digits_of(str(row["metric"]))
    beside = any(pd.notna(row[name]) for name in ("corrected", "point_632_plus", "cross_validated"))
    return (
        number_cell(format_number(float(row["apparent"]), digits)) if beside else EMPTY,
        number_cell(format_number(float(row["optimism"]), digits)),
        number_cell(
            format_number(float(row["corrected"]), digits),
            detail=format_interval(float(row["lower"]), float(row["upper"]), digits),
        ),
        number_cell(format_number(float(row["point_632_plus"]), digits)),
        number_cell(format_number(float(row["cross_validated"]), digits)),
        *refits,
    )


def _list_notes(run: RunFolder, frame: pd.DataFrame) -> Iterator[str]:
    kinds = [kind for kind in distinct(frame["interval_kind"]) if kind]
    if kinds:
        yield (
            f"95 % intervals of corrected values: {join_words(kinds)}; the spread of developing and measuring anew on "
            "resamples of this size, around the corrected value. Slopes have none: a refit's slope on its own resample "
            "is near 1 whatever the sample."
        )
    yield (
        "Failed: resamples that do not carry the model or the measure; they are left out, not drawn again. The .632+ "
        "estimate weighs apparent performance against that of patients whom a refit did not see; it exists for the "
        "c-statistic and the losses."
    )
    yield (
        "With few events per parameter the corrected value of a penalised model stays too high: where it and the "
        "cross-validated one disagree, take the less favourable."
    )
    if _has_uncorrected(frame):
        yield (
            "Of models that are no regression the optimism is not subtracted: where a learner nearly repeats its "
            "training data the correction stays too small. Read the cross-validated column, which is made for them."
        )
    if "fixed" in set(frame["tuning"]):
        yield FIXED
    yield from _list_hidden(run, frame)


def _list_hidden(run: RunFolder, frame: pd.DataFrame) -> Iterator[str]:
    if (frame["status"] == "suppressed").any():
        yield suppression_note(run.facts.study.suppress_below)


def _has_uncorrected(frame: pd.DataFrame) -> bool:
    shown = frame[frame["status"] == "ok"]
    return bool(shown.groupby("model")["corrected"].apply(lambda values: values.isna().all()).any())
