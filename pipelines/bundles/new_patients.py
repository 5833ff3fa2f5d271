"""Frames of patients to predict for: read in canonical types, or refused with the rows that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.kinds.belonging import find_kinds
from pipelines.preprocess import Preprocessor
from schemas.errors import DataError, suggest
from schemas.specs import PopulationStep

SHOWN_ROWS = 20


def read_predictors(frame: pd.DataFrame, preprocessor: Preprocessor) -> pd.DataFrame:
    """Take the predictors out of a frame in canonical types, or name what cannot be used."""
    names = [str(name) for name in frame.columns]
    for name in preprocessor.predictors:
        if name not in names:
            raise DataError(
                f"the data must have the predictor {name!r}, got no such column{suggest(name, names)}; "
                "add it, with empty values where unknown"
            )
    columns = {name: _read_column(frame[name], name, preprocessor) for name in preprocessor.predictors}
    return pd.DataFrame(columns).reset_index(drop=True)


def read_population(frame: pd.DataFrame, X: pd.DataFrame, population: Sequence[PopulationStep]) -> pd.DataFrame:
    """Take out the columns that say who belongs: predictors as they were read, of others the unreadable is missing."""
    columns: dict[str, pd.Series] = {}
    for name, kind in find_kinds(population).items():
        if name not in X and name not in frame:
            raise DataError(
                f"the data must have the column {name!r}, which says who belongs to the population of the model, got "
                f"no such column{suggest(name, map(str, frame.columns))}; add it, with empty values where unknown"
            )
        values = X[name] if name in X else frame[name].reset_index(drop=True)
        columns[name] = values if kind == "category" else pd.to_numeric(values, errors="coerce").astype("float64")
    return pd.DataFrame(columns, index=X.index)


def _read_column(values: pd.Series, name: str, preprocessor: Preprocessor) -> pd.Series:
    missing = values.isna()
    if name in preprocessor.levels:
        levels = preprocessor.levels[name]
        _refuse_rows(~missing & ~values.isin(levels), name, f"one of {', '.join(levels)}")
        return values.astype("str")
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    if preprocessor.kinds[name] == "flag":
        _refuse_rows(~missing & ~numbers.isin([0.0, 1.0]), name, "0 or 1")
    else:
        _refuse_rows(~missing & ~np.isfinite(numbers), name, "a finite number")
    return numbers


def _refuse_rows(wrong: pd.Series, name: str, rule: str) -> None:
    rows = np.flatnonzero(wrong) + 1
    if rows.size:
        shown = ", ".join(str(row) for row in rows[:SHOWN_ROWS]) + (", ..." if rows.size > SHOWN_ROWS else "")
        raise DataError(
            f"the predictor {name!r} must be {rule}, got something else in {rows.size} rows (rows {shown}); "
            "correct them, or leave them empty"
        )


def row_ids(frame: pd.DataFrame) -> list[str]:
    """Return the names of the rows, or their numbers from 1."""
    if "row_id" in frame.columns:
        return [str(value) for value in frame["row_id"]]
    return [str(number) for number in range(1, len(frame) + 1)]


def join_names(flags: pd.DataFrame) -> list[str]:
    """Return for each row the names of the columns that are true, separated by commas."""
    names = flags.columns.to_numpy(dtype=object)
    return [",".join(names[row]) for row in flags.to_numpy(dtype=bool)]
