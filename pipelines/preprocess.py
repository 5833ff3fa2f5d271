"""From predictors to design matrices; everything is learned from training rows, and never from the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.imputation import Imputer, fit_imputer, imputer_from_json
from pipelines.splines import compute_knots, compute_rcs_basis
from schemas.column import Column
from schemas.errors import InputError, StudyError, unknown_name

Array = npt.NDArray[np.float64]

DESIGNS = ("splines", "linear", "trees")
"""Design matrices: standardised with spline terms, standardised without, and the encoded matrix as it is."""


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Means and 1/n standard deviations of a design's columns; a constant column has 0 and becomes 0."""

    mean: Array
    sd: Array

    def apply(self, raw: Array) -> Array:
        """Return the standardised columns."""
        return np.divide(raw - self.mean, self.sd, out=np.zeros_like(raw), where=self.sd > 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Preprocessor:
    """What was learned from the training rows.

    Parameters
    ----------
    predictors
        Clinical variables in the order of the encoded matrix.
    kinds
        ``number``, ``flag`` or ``category`` of each.
    levels
        Levels of each category: those declared, or those seen in training where none is declared.
    knots
        Spline knots of each number, in its unit; empty where fewer than three are distinct.
    imputer
        The chained regressions.
    scalings
        Standardisation of the designs ``splines`` and ``linear``.
    """

    predictors: tuple[str, ...]
    kinds: dict[str, str]
    levels: dict[str, tuple[str, ...]]
    knots: dict[str, tuple[float, ...]]
    imputer: Imputer
    scalings: dict[str, Scaling]

    @property
    def encoded_names(self) -> tuple[str, ...]:
        """Name of each encoded column; ``predictor=level`` for dummies."""
        return tuple(name for predictor in self.predictors for name in self._names_of(predictor))

    @property
    def encoded_predictor(self) -> tuple[str, ...]:
        """Clinical variable of each encoded column."""
        return tuple(predictor for predictor in self.predictors for _ in self._names_of(predictor))

    def encode(self, X: pd.DataFrame) -> Array:
        """Return numbers, flags (0, 1) and the dummies of all levels, missing values imputed.

        Parameters
        ----------
        X
            Predictors in canonical types, one row per patient; other columns are ignored.

        Returns
        -------
        ndarray
            Shape (n, p). A row's values depend on that row alone. A level that is neither declared nor seen in
            training counts as missing.
        """
        return self.imputer.fill(encode_raw(X, self.predictors, self.levels))

    def design(self, name: str, encoded: Array) -> Array:
        """Return the design matrix `name`, one of `DESIGNS`, from what `encode` returned.

        Raises
        ------
        InputError
            If the design is unknown.
        """
        _check_design(name)
        if name == "trees":
            return encoded
        return self.scalings[name].apply(expand(name, encoded, self._slices(), self.kinds, self.knots))

    def design_predictor(self, name: str) -> tuple[str, ...]:
        """Return the clinical variable of each column of the design `name`.

        Raises
        ------
        InputError
            If the design is unknown.
        """
        _check_design(name)
        if name == "trees":
            return self.encoded_predictor
        return tuple(p for p in self.predictors for _ in range(self._width(name, p)))

    def imputed(self, X: pd.DataFrame) -> pd.DataFrame:
        """Tell which predictors of which rows are imputed; same index as `X`."""
        missing = np.isnan(encode_raw(X, self.predictors, self.levels))
        first = {p: s.start for p, s in self._slices().items()}
        return pd.DataFrame({p: missing[:, first[p]] for p in self.predictors}, index=X.index)

    def outside_range(self, X: pd.DataFrame) -> pd.DataFrame:
        """Tell which numbers lie outside the training range; False where missing, and for flags and categories.

        A number that was missing in every training row has the range 0 to 0.
        """
        ranges = self.ranges
        inside = {p: X[p].isna() | X[p].between(*ranges[p]) if p in ranges else True for p in self.predictors}
        return ~pd.DataFrame(inside, index=X.index).astype(bool)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Range of each number in training, short of its outermost values: the ends are no single patient's."""
        low, high, at = self.imputer.low, self.imputer.high, self._slices()
        return {
            p: (float(low[at[p].start]), float(high[at[p].start])) for p in self.predictors if self.kinds[p] == "number"
        }

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; floats survive the round trip exactly."""
        return {
            "predictors": list(self.predictors),
            "kinds": self.kinds,
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "knots": {name: list(knots) for name, knots in self.knots.items()},
            "imputer": self.imputer.to_json(),
            "scalings": {n: {"mean": s.mean.tolist(), "sd": s.sd.tolist()} for n, s in self.scalings.items()},
        }

    def _names_of(self, predictor: str) -> list[str]:
        if predictor not in self.levels:
            return [predictor]
        return [f"{predictor}={level}" for level in self.levels[predictor]]

    def _slices(self) -> dict[str, slice]:
        return slices_of(self.predictors, self.levels)

    def _width(self, name: str, predictor: str) -> int:
        if predictor in self.levels:
            return len(self.levels[predictor]) - 1
        knots = self.knots.get(predictor, ()) if name == "splines" else ()
        return len(knots) - 1 if knots else 1


def fit_preprocessor(
    X: pd.DataFrame, columns: Mapping[str, Column], *, n_knots: int, weights: Array | None = None
) -> Preprocessor:
    """Learn encoding, imputation, knots and standardisation from training rows.

    Parameters
    ----------
    X
        Predictors of the training rows in canonical types.
    columns
        The dictionary entry of each predictor.
    n_knots
        Spline knots per number, 3 to 7.
    weights
        Row weights, shape (n,), for means, standard deviations and the imputing regressions; knots are unweighted
        quantiles of the observed values. None means that all rows count the same.

    Returns
    -------
    Preprocessor

    Raises
    ------
    StudyError
        If there is no predictor or no row, or one is an identifier or a date.
    """
    predictors = tuple(str(name) for name in X.columns)
    kinds = {name: _kind_of(columns[name]) for name in predictors}
    if not predictors or X.empty:
        raise StudyError("there must be at least one predictor and one training row, got none; check the study")
    weights = np.ones(len(X)) if weights is None else weights
    levels = {name: _levels_of(columns[name], X[name]) for name in predictors if kinds[name] == "category"}
    knots = {n: tuple(compute_knots(X[n], n_knots).tolist()) for n in predictors if kinds[n] == "number"}
    slices = slices_of(predictors, levels)
    raw = encode_raw(X, predictors, levels)
    imputer = fit_imputer(raw, tuple(tuple(range(s.start, s.stop)) for s in slices.values()), weights)
    encoded = imputer.fill(raw)
    scalings = {n: _fit_scaling(expand(n, encoded, slices, kinds, knots), weights) for n in ("splines", "linear")}
    return Preprocessor(
        predictors=predictors, kinds=kinds, levels=levels, knots=knots, imputer=imputer, scalings=scalings
    )


def preprocessor_from_json(values: dict[str, Any]) -> Preprocessor:
    """Build a preprocessor from what `Preprocessor.to_json` returned."""
    return Preprocessor(
        predictors=tuple(values["predictors"]),
        kinds=dict(values["kinds"]),
        levels={name: tuple(levels) for name, levels in values["levels"].items()},
        knots={name: tuple(knots) for name, knots in values["knots"].items()},
        imputer=imputer_from_json(values["imputer"]),
        scalings={n: Scaling(mean=np.array(s["mean"]), sd=np.array(s["sd"])) for n, s in values["scalings"].items()},
    )


def encode_raw(X: pd.DataFrame, predictors: tuple[str, ...], levels: Mapping[str, tuple[str, ...]]) -> Array:
    """Return the encoded matrix, shape (n, p), with NaN where a predictor is missing."""
    parts = [
        _dummies(X[name], levels[name]) if name in levels else X[name].to_numpy(np.float64)[:, None]
        for name in predictors
    ]
    return np.hstack(parts)


def slices_of(predictors: tuple[str, ...], levels: Mapping[str, tuple[str, ...]]) -> dict[str, slice]:
    """Return where each predictor stands in the encoded matrix."""
    stops = np.cumsum([len(levels[name]) if name in levels else 1 for name in predictors]).tolist()
    return {name: slice(start, stop) for name, start, stop in zip(predictors, [0, *stops], stops, strict=False)}


def expand(
    name: str,
    encoded: Array,
    slices: Mapping[str, slice],
    kinds: Mapping[str, str],
    knots: Mapping[str, tuple[float, ...]],
) -> Array:
    """Return the columns of a logistic design before standardisation; the first level of a category is dropped."""
    parts: list[Array] = []
    for predictor, where in slices.items():
        block = encoded[:, where]
        if kinds[predictor] == "category":
            parts.append(block[:, 1:])
        elif name == "splines" and kinds[predictor] == "number":
            parts.append(compute_rcs_basis(block[:, 0], knots[predictor]))
        else:
            parts.append(block)
    return np.ascontiguousarray(np.hstack(parts))


def _dummies(values: pd.Series, levels: tuple[str, ...]) -> Array:
    codes = pd.Index(levels).get_indexer(pd.Index(values))
    dummies = np.eye(len(levels))[codes]
    dummies[codes < 0] = np.nan
    return dummies


def _kind_of(column: Column) -> str:
    if column.kind not in ("number", "flag", "category"):
        raise StudyError(
            f"a predictor must be a number, a flag or a category, got {column.name!r}, which is of kind {column.kind}; "
            "take it out of the study's predictors"
        )
    return column.kind


def _levels_of(column: Column, values: pd.Series) -> tuple[str, ...]:
    levels = column.levels or tuple(sorted(str(level) for level in values.dropna().unique()))
    if not levels:
        raise StudyError(
            f"the category {column.name!r} must have declared levels or a training row with a value, got neither; "
            "declare its levels in the registry's definition"
        )
    return levels


def _fit_scaling(raw: Array, weights: Array) -> Scaling:
    mean = np.average(raw, axis=0, weights=weights)
    sd = np.sqrt(np.average((raw - mean) ** 2, axis=0, weights=weights))
    # A constant column keeps a rounding error instead of 0: it must not be blown up to unit variance.
    return Scaling(mean=mean, sd=np.where(sd > 1e-10 * np.maximum(np.abs(mean), 1e-10), sd, 0.0))


def _check_design(name: str) -> None:
    if name not in DESIGNS:
        raise InputError(unknown_name("the design", name, DESIGNS))
