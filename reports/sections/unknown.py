"""Patients of unknown outcome: who they are, what they could change, and how long patients were followed."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from outcomes.kinds.wording import spell
from reports.blocks import Block, Cell, Table, Text
from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    HIDDEN,
    MINUS,
    count_cell,
    distinct,
    estimate_cell,
    first_row,
    format_count,
    format_interval,
    format_number,
    number_cell,
    rows_where,
    suppression_note,
    title_of,
)
from reports.views import make_slug

ASSUMPTIONS = {
    "known_only": "left out (right only if they are missing by pure chance)",
    "weighted": "like the patients who stand for them (the analysis)",
}
CAUSES = {"event": "The event", "competing": "Competing events"}
METHODS = {"aalen_johansen": "", "one_minus_kaplan_meier": ", if competing events were taken for censoring: too high"}
FOLLOWED = {
    "median_days": ("Median follow-up (reverse Kaplan-Meier)", "{} days", 0),
    "at_risk_at_horizon": ("Still followed at the end of the window", "{}", 0),
    "percent_censored_before_horizon": ("Censored before the end of the window", "{} %", 1),
}
SHOWN = ("event_rate", "mean_score", "calibration_in_the_large", "oe_ratio", "mean_difference")
WEIGHTS = {
    "mean_weight": ("mean {}", 2), "largest_weight": ("largest {}", 1),
    "effective_n": ("together worth {} {unit}s of equal weight", 0), "percent_truncated": ("{} % truncated", 1),
}  # fmt: skip
"""Words and decimals of what is said of the weights."""
LARGE = 0.1
"""Standardised differences beyond this are worth a look."""


def build_unknown(run: RunFolder) -> list[Block]:
    """Build who is unknown and what that could change, for each outcome with patients of unknown outcome."""
    blocks: list[Block] = [
        Text(
            text="Nobody knows the outcome of patients who did not answer or were not followed. Below are how they "
            "differ from the others in what was known before, and what the results would be if they had done better or "
            "worse than patients like them. No data can tell which of these is true."
        )
    ]
    for outcome in run.outcomes:
        made = [*_respondents(run, outcome), *_shifts(run, outcome), *_followed(run, outcome)]
        if made:
            blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"unknown-{outcome.name}"))
            blocks += made
    if len(blocks) == 1:
        return [Text(text="Every analysed patient's outcome is known.")]
    return blocks


def _respondents(run: RunFolder, outcome: OutcomeFacts) -> Iterator[Table]:
    frame = rows_where(run.tables["response"], outcome=outcome.name)
    for dataset in distinct(frame["dataset"]):
        part = rows_where(frame, dataset=dataset)
        first = part.iloc[0]
        known, unknown = (format_count(first[name]) or HIDDEN for name in ("n_known", "n_unknown"))
        notes = [f"Differences beyond {LARGE:g} either way are commonly called noticeable. No test is made."]
        if (part["status"] == "suppressed").any():
            notes.append(suppression_note(run.facts.study.suppress_below))
        yield Table(
            name=make_slug("respondents", outcome.name, dataset),
            caption=f"Patients of known against patients of unknown outcome, {outcome.title}, {dataset} data.",
            columns=("", f"Known (n = {known})", f"Unknown (n = {unknown})", "Standardised difference"),
            rows=tuple(_respondent_rows(run, part)),
            notes=tuple(notes),
            folded=True,
            file="response.csv",
        )


def _respondent_rows(run: RunFolder, part: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    for predictor in distinct(part["predictor"]):
        rows = rows_where(part, predictor=predictor)
        title = run.predictor_title(predictor)
        for level in distinct(rows["level"]):
            row = first_row(rows, level=level)
            if row is None or (level and row["known"] == row["unknown"] == 0):
                continue
            words = f"{title}: {run.level_title(predictor, level)}, %" if level else title
            yield (Cell(text=words), *_difference_cells(row))


def _difference_cells(row: pd.Series) -> tuple[Cell, ...]:
    if row["status"] != "ok":
        return (*[count_cell(None, status="suppressed")] * 2, _status_cell(str(row["status"])))
    interval = format_interval(float(row["lower"]), float(row["upper"]), 2)
    return (
        number_cell(format_number(float(row["known"]), 1)),
        number_cell(format_number(float(row["unknown"]), 1)),
        number_cell(format_number(float(row["difference"]), 2), detail=interval),
    )


def _status_cell(status: str) -> Cell:
    return Cell(text=status, style="suppressed" if status == "suppressed" else "muted")


def _shifts(run: RunFolder, outcome: OutcomeFacts) -> Iterator[Table]:
    frame = rows_where(run.tables["unknown_outcomes"], outcome=outcome.name)
    for dataset in distinct(frame["dataset"]):
        part = rows_where(frame, dataset=dataset)
        metrics = tuple(metric for metric in distinct(part["metric"]) if metric in SHOWN)
        rows = [_shift_row(key, metrics) for key in _split(part)]
        n, unknown = (part[name].iloc[0] for name in ("n", "n_unknown"))
        yield Table(
            name=make_slug("unknown", outcome.name, dataset),
            caption=f"If patients of unknown outcome were different, {outcome.title}, {dataset} data.",
            columns=("Patients of unknown outcome are", *(_title(metric, outcome) for metric in metrics)),
            rows=tuple(rows),
            notes=(
                f"{_begin(outcome.unit)}s: {format_count(n) or HIDDEN}, of unknown outcome: "
                f"{format_count(unknown) or HIDDEN}. Predictions of {run.model_title(run.facts.study.reference)}. "
                f"{_word_scale(outcome)}",
                *_word_weights(outcome, part),
            ),
            folded=bool(outcome.from_score),
            file="unknown_outcomes.csv",
        )


def _title(metric: str, outcome: OutcomeFacts) -> str:
    """Return the title of a measure; of a score the calibration in the large is a difference in points."""
    is_score = not measures_of(outcome.kind).has_events
    return title_of("mean_difference" if is_score and metric == "calibration_in_the_large" else metric)


def _word_scale(outcome: OutcomeFacts) -> str:
    if measures_of(outcome.kind).has_events:
        return "Shifts are of the log-odds."
    return "Shifts are in standard deviations of the residuals of the predicted score."


def _word_weights(outcome: OutcomeFacts, part: pd.DataFrame) -> Iterator[str]:
    """Say how uneven the weights of the patients of known outcome are."""
    found = {metric: first_row(part, assumption="weighted", metric=metric) for metric in WEIGHTS}
    told = [
        _word_weight(float(row["estimate"]), words, digits, unit=outcome.unit)
        for metric, (words, digits) in WEIGHTS.items()
        if (row := found[metric]) is not None and row["status"] == "ok"
    ]
    if told:
        yield f"Weights of the {outcome.unit}s of known outcome: {', '.join(told)}."


def _word_weight(value: float, words: str, digits: int, *, unit: str) -> str:
    if words.endswith("truncated") and value == 0:
        return "none truncated"
    return words.format(format_number(value, digits) if digits else format_count(value), unit=unit)


def _begin(word: str) -> str:
    return word[:1].upper() + word[1:]


def _split(part: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for assumption in distinct(part["assumption"]):
        rows = rows_where(part, assumption=assumption)
        if assumption == "shifted":
            yield from (rows[rows["delta"] == delta] for delta in sorted(set(rows["delta"])))
        else:
            yield rows


def _shift_row(rows: pd.DataFrame, metrics: tuple[str, ...]) -> tuple[Cell, ...]:
    first = rows.iloc[0]
    words = ASSUMPTIONS.get(str(first["assumption"])) or _word_delta(float(first["delta"]))
    return (Cell(text=words), *(estimate_cell(first_row(rows, metric=metric)) for metric in metrics))


def _word_delta(delta: float) -> str:
    sign = MINUS if delta < 0 else "+"
    return "as expected of patients like them (shift 0)" if delta == 0 else f"shifted by {sign}{abs(delta):g}"


def _followed(run: RunFolder, outcome: OutcomeFacts) -> Iterator[Table]:
    incidence = rows_where(run.tables["incidence"], outcome=outcome.name)
    followed = rows_where(run.tables["followed"], outcome=outcome.name)
    for dataset in distinct(incidence["dataset"]):
        facts = rows_where(followed, dataset=dataset)
        notes = tuple(_word_followed(row) for _, row in facts.iterrows())
        yield Table(
            name=make_slug("incidence", outcome.name, dataset),
            caption=f"Cumulative incidence at the last day shown, {outcome.title}, {dataset} data (Aalen-Johansen).",
            columns=("Cause", "Day", "Cumulative incidence", "Events", "Still followed"),
            rows=tuple(_incidence_rows(rows_where(incidence, dataset=dataset))),
            notes=notes,
        )


def _incidence_rows(frame: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    shown = frame[frame["status"] == "ok"]
    if not (shown["cause"] == "competing").any() or shown.loc[shown["cause"] == "competing", "events"].max() == 0:
        shown = shown[(shown["cause"] == "event") & (shown["method"] == "aalen_johansen")]
    for (cause, method), rows in shown.groupby(["cause", "method"], sort=False):
        last = rows.iloc[-1]
        interval = format_interval(100 * float(last["lower"]), 100 * float(last["upper"]), 1)
        yield (
            Cell(text=f"{CAUSES.get(str(cause), str(cause))}{METHODS.get(str(method), '')}"),
            number_cell(format_count(last["day"])),
            number_cell(f"{format_number(100 * float(last['estimate']), 1)} %", detail=interval),
            number_cell(format_count(last["events"])),
            number_cell(format_count(last["at_risk"])),
        )


def _word_followed(row: pd.Series) -> str:
    name, words, digits = FOLLOWED.get(str(row["statistic"]), (spell(str(row["statistic"])), "{}", 0))
    value = float(row["value"])
    number = format_number(value, digits) if digits else format_count(value)
    return f"{name}: {words.format(number) if row['status'] == 'ok' else HIDDEN}."
