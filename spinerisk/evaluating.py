"""What ``spinerisk evaluate`` does: anyone's predicted risks, in a file, against what happened."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.given_predictions import (
    DIFFERENCE,
    MODEL,
    SUPPRESS_BELOW,
    TREAT_ALL,
    TREAT_NONE,
    check_thresholds,
    compare_predictions,
    evaluate_acting,
    evaluate_predictions,
)
from pipelines.metrics import METRICS
from reports.files import write_at_once
from schemas.errors import DataError, RunError, StudyError, unknown_name
from schemas.readers import read_table
from spinerisk.defining import build_file_plan

OUTCOME, RISK, PATIENT = "y_true", "y_prob", "patient"
"""Columns that are read where none is named; of the patient only where the file has it."""
UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
"""What programs write for a missing value, in small letters."""
WORDS = {"true": "1", "false": "0", "t": "1", "f": "0", "yes": "1", "no": "0"}
SEMICOLONS = (
    "its headers stand between semicolons: add --decimal , where numbers have a decimal comma, else --separator ';'"
)
TEXT_ENDINGS = (".csv", ".txt", ".tsv")
SHOWN_ROWS = 20
PERCENT = 100


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The EVALUATION columns of every model and of the differences, and what to know of them."""

    table: pd.DataFrame
    reference: str
    notes: tuple[str, ...]


def evaluate_file(
    data: str | Path,
    *,
    outcome: str | None = None,
    risks: Sequence[str] = (),
    weights: str | None = None,
    patient: str | None = None,
    thresholds: Sequence[float] = (),
    reference: str | None = None,
    decimal: str = ".",
    separator: str | None = None,
) -> Evaluated:
    """Read a file of predicted risks and evaluate them; several risks are compared with the reference.

    Parameters
    ----------
    data
        A table with one row per operation.
    outcome, weights, patient
        Columns; by default `OUTCOME`, none, and `PATIENT` where the file has it.
    risks
        Columns of predicted risks, each a model; by default `RISK`.
    thresholds
        Threshold probabilities.
    reference
        The column that the others are compared with; by default the first.
    decimal, separator
        Decimal sign of the file, and what stands between its fields; beside a decimal comma by default a semicolon.

    Returns
    -------
    Evaluated

    Raises
    ------
    DataError
        If the file cannot be read, or a column is missing or has values that it must not have: rows are named by
        their number (1 is the first under the headers), values are not.
    """
    stated = {"decimal": decimal, "separator": separator or (";" if decimal == "," else None)}
    table = _read(data, stated)
    headers = [str(name) for name in table.columns]
    outcome, risks = outcome or OUTCOME, tuple(risks or (RISK,))
    patient = patient or (PATIENT if PATIENT in headers else None)
    _check_columns(headers, outcome=outcome, risks=risks, weights=weights, patient=patient)
    reference = _check_reference(reference, risks)
    _check_one_row_each(table)
    y = _read_outcome(table[outcome], decimal)
    given = {name: _read_risks(table[name], decimal) for name in risks}
    more: dict[str, Any] = {
        "weights": None if weights is None else _read_weights(table[weights], decimal),
        "groups": None if patient is None else _read_patients(table[patient]),
        "thresholds": thresholds,
    }
    found = (
        compare_predictions(y, given, reference=reference, **more)
        if len(given) > 1
        else evaluate_predictions(y, given[reference], **more).replace({"model": {MODEL: reference}})
    )
    notes = found.attrs["notes"]
    if thresholds:
        acting = evaluate_acting(y, thresholds=thresholds, weights=more["weights"], groups=more["groups"])
        found = pd.concat([found, acting], ignore_index=True)
    left_out = {"unknown outcome": int(np.isnan(y).sum())}
    if weights is not None:
        left_out["weight 0"] = int(((more["weights"] == 0) & ~np.isnan(y)).sum())
    return Evaluated(table=found, reference=reference, notes=(*notes, *_list_notes(left_out, patient, weights)))


def read_thresholds(text: str) -> tuple[float, ...]:
    """Read threshold probabilities that stand between commas.

    Raises
    ------
    InputError
        If one is no number between 0 and 1.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        values = [float(part) for part in parts]
    except ValueError:
        raise StudyError(f"the thresholds must be numbers between commas, such as 0.1,0.2, got {text!r}") from None
    return check_thresholds(values)


def tabulate_evaluation(found: Evaluated) -> dict[str, list[dict[str, str]]]:
    """Return tables for a person by title: a row for each measure, a column for each model or difference."""
    is_difference = found.table["metric"].str.endswith(DIFFERENCE)
    is_benefit = found.table["metric"] == "net_benefit"
    tables = {f"performance: {word_counts(found.table)}": pivot_estimates(found.table[~is_difference & ~is_benefit])}
    if is_benefit.any():
        tables["net benefit, beside acting on everyone and on nobody"] = pivot_estimates(found.table[is_benefit])
    if is_difference.any():
        differences = found.table[is_difference]
        differences = differences.assign(metric=differences["metric"].str.removesuffix(DIFFERENCE))
        tables[f"differences: model minus {found.reference}, on the same operations"] = pivot_estimates(differences)
    return tables


def word_counts(table: pd.DataFrame) -> str:
    """Return how many operations and events a table is about, in words."""
    counts = table.iloc[0]
    return ", ".join(f"{name} {_word_count(counts[name])}" for name in ("n", "events"))


def list_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for a machine, missing values as None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.astype(object).to_dict("records")
    ]


def check_output(out: Path | None, *, overwrite: bool = False) -> None:
    """Refuse an output file that is no CSV, or that is there already.

    Parameters
    ----------
    out
        The file, if one is to be written.
    overwrite
        Whether a file that is there may be replaced.

    Raises
    ------
    StudyError
        If the file has another ending, or is there and may not be replaced.
    """
    if out is not None and out.suffix.lower() != ".csv":
        raise StudyError(f"the evaluation must be written to a CSV file, got {str(out)!r}; name one such as mine.csv")
    if out is not None and out.exists() and not overwrite:
        raise StudyError(f"the file --out must be new, got {str(out)!r}; name another, or add --overwrite")


def write_evaluation(table: pd.DataFrame, out: Path) -> None:
    """Write the table as CSV.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the folder of the evaluation must be writable, got {str(out)!r}: {error.strerror}") from None
    write_at_once(out, table.to_csv(index=False, lineterminator="\n"))


def _read(data: str | Path, stated: dict[str, str | None]) -> pd.DataFrame:
    """Read the table; where semicolons were taken for no separator, say what to add."""
    try:
        table = read_table(data, build_file_plan(stated)).table
    except DataError as error:
        if stated["separator"] is None and ";" in _peek(data):
            raise DataError(f"{error}; {SEMICOLONS}") from None
        raise
    if stated["separator"] is None and len(table.columns) == 1 and ";" in str(table.columns[0]):
        raise DataError(f"the file must have a column for each thing that is said, got one only; {SEMICOLONS}")
    return table


def _peek(data: str | Path) -> str:
    """Return the first line of a file of texts, which holds headers; nothing of another file."""
    if Path(data).suffix.lower() not in TEXT_ENDINGS or not Path(data).is_file():
        return ""
    with Path(data).open(encoding="utf-8", errors="replace") as lines:
        return lines.readline()


def _check_columns(
    headers: list[str], *, outcome: str, risks: Sequence[str], weights: str | None, patient: str | None
) -> None:
    wanted = [("outcome", outcome), *(("risk", name) for name in risks), ("weights", weights), ("patient", patient)]
    for option, name in wanted:
        if name is not None and name not in headers:
            raise DataError(unknown_name(f"the column --{option}", name, headers))
    twice = sorted({name for name in risks if list(risks).count(name) > 1})
    if twice:
        raise DataError(f"each column --risk must be named once, got twice: {', '.join(twice)}")
    taken = sorted({TREAT_ALL, TREAT_NONE} & set(risks))
    if taken:
        raise DataError(f"no column --risk may be called as acting on everyone or nobody is, got {taken[0]!r}; rename")
    if outcome in risks:
        raise DataError(f"the columns --outcome and --risk must differ, got {outcome!r} for both")


def _check_reference(reference: str | None, risks: tuple[str, ...]) -> str:
    if reference is not None and reference not in risks:
        raise DataError(unknown_name("the model --reference", reference, risks))
    return reference or risks[0]


def _check_one_row_each(table: pd.DataFrame) -> None:
    """Refuse a table in which the predictions of several models stand under one another."""
    if "model" in table and table["model"].nunique() > 1:
        raise DataError(
            "the file must have one row per operation and a column of risks per model; its column 'model' names "
            "several: keep the rows of one, or put each model into a column of its own"
        )


def _read_outcome(column: pd.Series, decimal: str) -> npt.NDArray[np.float64]:
    texts = _as_texts(column)
    texts = texts.map(lambda text: WORDS.get(text.lower(), text))
    numbers, unknown = _as_numbers(texts, decimal)
    _refuse(column.name, "0, 1 or blank (unknown)", ~unknown & (numbers != 0) & (numbers != 1))
    if unknown.all():
        raise DataError(f"{column.name}: the outcome must be known for some rows, got none; name another --outcome")
    return numbers


def _read_risks(column: pd.Series, decimal: str) -> npt.NDArray[np.float64]:
    texts = _as_texts(column)
    numbers, unknown = _as_numbers(texts, decimal)
    _refuse(column.name, "a predicted risk in every row, got none in", unknown, count_only=True)
    wrong = ~((numbers >= 0) & (numbers <= 1))
    known = numbers[~np.isnan(numbers)]
    percent = wrong.any() and known.size == numbers.size and known.min() >= 0 and known.max() <= PERCENT
    so = " (divide percentages by 100)" if percent else _note_commas(texts, decimal)
    _refuse(column.name, "a risk from 0 to 1" + so, wrong)
    return numbers


def _read_weights(column: pd.Series, decimal: str) -> npt.NDArray[np.float64]:
    texts = _as_texts(column)
    numbers, _ = _as_numbers(texts, decimal)
    _refuse(
        column.name, "a weight of 0 or more" + _note_commas(texts, decimal), ~((numbers >= 0) & (numbers < math.inf))
    )
    return numbers


def _read_patients(column: pd.Series) -> npt.NDArray[np.object_]:
    texts = _as_texts(column)
    _refuse(column.name, "a patient in every row, got none in", (texts == "").to_numpy(), count_only=True)
    return texts.to_numpy(dtype=object)


def _note_commas(texts: pd.Series, decimal: str) -> str:
    commas = decimal != "," and texts.str.fullmatch(r"-?\d*,\d+").any()
    return " (add --decimal , for numbers with a decimal comma)" if commas else ""


def _as_texts(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def _as_numbers(texts: pd.Series, decimal: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return numbers, NaN for what is none, and which cells are blank or say that the value is missing."""
    unknown = texts.str.lower().isin(UNKNOWN).to_numpy()
    numbers = pd.to_numeric(texts.str.replace(decimal, ".", regex=False), errors="coerce")
    return numbers.to_numpy(dtype=np.float64, na_value=math.nan), unknown


def _refuse(column: object, rule: str, wrong: npt.NDArray[np.bool_], *, count_only: bool = False) -> None:
    if wrong.any():
        rows = np.flatnonzero(wrong) + 1
        row = "row" if rows.size == 1 else "rows"
        shown = ", ".join(str(at) for at in rows[:SHOWN_ROWS]) + (", ..." if rows.size > SHOWN_ROWS else "")
        values = "value" if rows.size == 1 else "values"
        got = f" {rows.size}" if count_only else f", got {rows.size} other {values}"
        raise DataError(f"{column}: must be {rule}{got}; look at data {row} {shown} (1 is the first under the headers)")


def _list_notes(left_out: dict[str, int], patient: str | None, weights: str | None) -> Iterable[str]:
    for why, count in left_out.items():
        if count:
            shown = f"fewer than {SUPPRESS_BELOW}" if count < SUPPRESS_BELOW else f"{count:,}"
            yield f"{shown} rows of {why} were left out"
    if patient is not None:
        yield f"rows of one patient are taken together ({patient})"
    if weights is not None:
        yield f"rows are weighted ({weights}); the weights are taken as given"
    yield "intervals are 95 %, about these fixed risks in patients like these"


def pivot_estimates(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Return one row for each measure and threshold, models side by side, and how the intervals were made."""
    found = []
    for key, part in rows.groupby(["metric", "threshold_probability"], sort=False, dropna=False):
        metric, threshold = METRICS[str(key[0])], float(str(key[1]))
        at = "" if math.isnan(threshold) else f" at {threshold:g}"
        cells = {str(row.model): _word_estimate(row, metric.digits) for row in part.itertuples()}
        limited = part[part[["lower", "upper"]].notna().any(axis=1)]
        kinds = dict.fromkeys(kind for kind in (part if limited.empty else limited)["interval_kind"] if kind)
        found.append({"measure": metric.title + at, **cells, "interval": "; ".join(kinds)})
    return found


def _word_estimate(row: Any, digits: int) -> str:
    if math.isnan(row.estimate):
        return str(row.status)
    estimate = f"{row.estimate:.{digits}f}"
    if math.isnan(row.lower) and math.isnan(row.upper):
        return estimate
    if math.isnan(row.lower):
        return f"{estimate} (up to {row.upper:.{digits}f})"
    return f"{estimate} ({row.lower:.{digits}f} to {row.upper:.{digits}f})"


def _word_count(value: Any) -> str:
    return "suppressed" if pd.isna(value) else f"{int(value):,}"
