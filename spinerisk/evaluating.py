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

from pipelines.given_predictions import DIFFERENCE, MODEL, SUPPRESS_BELOW, compare_predictions, evaluate_predictions
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
    table = read_table(data, build_file_plan(stated)).table
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
    left_out = {"unknown outcome": int(np.isnan(y).sum())}
    if weights is not None:
        left_out["weight 0"] = int(((more["weights"] == 0) & ~np.isnan(y)).sum())
    return Evaluated(table=found, reference=reference, notes=tuple(_list_notes(left_out, patient, weights)))


def read_thresholds(text: str) -> tuple[float, ...]:
    """Read threshold probabilities that stand between commas.

    Raises
    ------
    StudyError
        If one is no number between 0 and 1.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        values = tuple(sorted({float(part) for part in parts}))
    except ValueError:
        raise StudyError(f"the thresholds must be numbers between commas, such as 0.1,0.2, got {text!r}") from None
    if not all(0 < value < 1 for value in values):
        raise StudyError(f"the thresholds must be probabilities above 0 and below 1, got {text!r}; drop the ends")
    return values


def tabulate_evaluation(found: Evaluated) -> dict[str, list[dict[str, str]]]:
    """Return tables for a person by title: a row for each measure, a column for each model or difference."""
    is_difference = found.table["metric"].str.endswith(DIFFERENCE)
    counts = found.table.iloc[0]
    words = ", ".join(f"{name} {_word_count(counts[name])}" for name in ("n", "events"))
    tables = {f"performance: {words}": _pivot(found.table[~is_difference])}
    if is_difference.any():
        differences = found.table[is_difference]
        differences = differences.assign(metric=differences["metric"].str.removesuffix(DIFFERENCE))
        tables[f"differences: model minus {found.reference}, on the same operations"] = _pivot(differences)
    return tables


def list_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for a machine, missing values as None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.astype(object).to_dict("records")
    ]


def check_output(out: Path | None) -> None:
    """Refuse an output file that is no CSV.

    Raises
    ------
    StudyError
        If the file has another ending.
    """
    if out is not None and out.suffix.lower() != ".csv":
        raise StudyError(f"the evaluation must be written to a CSV file, got {str(out)!r}; name one such as mine.csv")


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
    numbers, unknown = _as_numbers(_as_texts(column), decimal)
    _refuse(column.name, "a predicted risk in every row, got none in", unknown, count_only=True)
    wrong = ~((numbers >= 0) & (numbers <= 1))
    known = numbers[~np.isnan(numbers)]
    percent = wrong.any() and known.size == numbers.size and known.min() >= 0 and known.max() <= PERCENT
    _refuse(column.name, "a risk from 0 to 1" + (" (divide percentages by 100)" if percent else ""), wrong)
    return numbers


def _read_weights(column: pd.Series, decimal: str) -> npt.NDArray[np.float64]:
    numbers, _ = _as_numbers(_as_texts(column), decimal)
    _refuse(column.name, "a weight, 0 or more,", ~((numbers >= 0) & (numbers < math.inf)))
    return numbers


def _read_patients(column: pd.Series) -> npt.NDArray[np.object_]:
    texts = _as_texts(column)
    _refuse(column.name, "a patient in every row, got none in", (texts == "").to_numpy(), count_only=True)
    return texts.to_numpy(dtype=object)


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
        shown = ", ".join(str(row) for row in rows[:SHOWN_ROWS]) + (", ..." if rows.size > SHOWN_ROWS else "")
        got = f" {rows.size}" if count_only else f", got {rows.size} other values"
        raise DataError(f"{column}: must be {rule}{got}; look at data rows {shown} (1 is the first under the headers)")


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


def _pivot(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Return one row for each measure and threshold, models side by side, and how the intervals were made."""
    found = []
    for key, part in rows.groupby(["metric", "threshold_probability"], sort=False, dropna=False):
        metric, threshold = METRICS[str(key[0])], float(str(key[1]))
        at = "" if math.isnan(threshold) else f" at {threshold:g}"
        cells = {str(row.model): _word_estimate(row, metric.digits) for row in part.itertuples()}
        kinds = dict.fromkeys(kind for kind in part["interval_kind"] if kind)
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
