"""From predictors to design matrices; everything is learned from training rows, and never from the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.filling.draws import Drawer, drawer_from_json, fit_drawer, resample_weights
from pipelines.filling.imputation import Imputer, find_bounds, fit_imputer, imputer_from_json
from pipelines.seeds import child_seed
from pipelines.splines import blunt_knots, compute_knots, compute_rcs_basis
from schemas.column import Column
from schemas.errors import InputError, StudyError, unknown_name

Array = npt.NDArray[np.float64]

Missing = Literal["chained", "multiple", "indicators", "native"]
"""How missing predictors are handled; see `Preprocessor`."""

DESIGNS = ("splines", "linear", "trees", "boosting")
"""Design matrices: standardised with spline terms, standardised without, the encoded matrix as it is, and the same for
trees that can do with gaps."""
DRAWS = 20
"""Completions of a row with missing predictors."""
LEAST_MISSING = 5
"""A predictor counts as one that may be missing where as many training rows lack it: of fewer nothing is learned."""


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
        Spline knots of each number, in its unit, none a single patient's value; empty where fewer than three are
        distinct.
    missing
        What is made of missing predictors. ``chained``: their conditional mean; ``multiple``: one draw of what they
        could have been, another one in every imputation; ``indicators``: the conditional mean, and columns that say
        what was missing; ``native``: the same, but a gap in the design ``boosting``.
    lacking
        Predictors that were missing in training; those get an indicator, or may be a gap.
    imputer
        The chained regressions; without any for ``multiple``, where only its ranges count.
    drawer
        How values are drawn; None where nothing needs draws, in the inner folds.
    scalings
        Standardisation of the designs ``splines`` and ``linear``.
    seed
        Of the draws of ``multiple``.
    """

    predictors: tuple[str, ...]
    kinds: dict[str, str]
    levels: dict[str, tuple[str, ...]]
    knots: dict[str, tuple[float, ...]]
    missing: Missing
    lacking: tuple[str, ...]
    imputer: Imputer
    drawer: Drawer | None
    scalings: dict[str, Scaling]
    seed: int

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
            Predictors in canonical types, one row per patient; other columns are ignored. In a multiple imputation
            the index tells patients apart who are alike in all that is known.

        Returns
        -------
        ndarray
            Shape (n, p), followed by one column per indicator, and of ``native`` by the p columns with their gaps. A
            row's values depend on that row (and its label) alone. A level that is neither declared nor seen in training
            counts as missing.
        """
        raw = self._encode_raw(X)
        if self.missing == "multiple":
            labels = pd.util.hash_array(X.index.to_numpy())
            return self._need_drawer().fill(raw, seed=self.seed, labels=labels)
        return self._beside(raw, self.imputer.fill(raw))

    def draw(self, X: pd.DataFrame, m: int = DRAWS) -> Array:
        """Return m encodings of every row, shape (m, n, .), each with other draws of what is missing.

        Raises
        ------
        InputError
            If the preprocessor was fitted without draws.

        Notes
        -----
        The same draws every time, whatever other rows there are. Indicators say what is missing, drawn or not; where
        trees take gaps, the draws stand in the gaps.
        """
        raw = self._encode_raw(X)
        return np.stack([self._beside(drawn, drawn, raw) for drawn in self._need_drawer().draw(raw, m)])

    def design(self, name: str, encoded: Array) -> Array:
        """Return the design matrix `name`, one of `DESIGNS`, from what `encode` returned.

        Raises
        ------
        InputError
            If the design is unknown.
        """
        _check_design(name)
        if name == "boosting" and self.missing == "native":
            return np.ascontiguousarray(encoded[:, -self._n_values :])
        if name in ("trees", "boosting"):
            return encoded if self.missing != "native" else np.ascontiguousarray(encoded[:, : -self._n_values])
        return self.scalings[name].apply(self._expand(name, encoded))

    def design_predictor(self, name: str) -> tuple[str, ...]:
        """Return the clinical variable of each column of the design `name`.

        Raises
        ------
        InputError
            If the design is unknown.
        """
        _check_design(name)
        if name in ("trees", "boosting"):
            return self.encoded_predictor + self._indicated(name)
        return tuple(p for p in self.predictors for _ in range(self._width(name, p))) + self._indicated(name)

    def design_names(self, name: str) -> tuple[str, ...]:
        """Return the name of each column of the design `name`.

        ``age``, and of splines ``age'`` and so on, ``predictor=level`` of dummies, ``predictor (missing)`` of
        indicators.

        Raises
        ------
        InputError
            If the design is unknown.
        """
        _check_design(name)
        indicators = tuple(f"{predictor} (missing)" for predictor in self._indicated(name))
        if name in ("trees", "boosting"):
            return self.encoded_names + indicators
        dummies = {p: [f"{p}={level}" for level in self.levels[p][1:]] for p in self.levels}
        terms = {p: dummies.get(p, [p + "'" * at for at in range(self._width(name, p))]) for p in self.predictors}
        return tuple(term for p in self.predictors for term in terms[p]) + indicators

    def imputed(self, X: pd.DataFrame) -> pd.DataFrame:
        """Tell which predictors of which rows are imputed; same index as `X`."""
        missing = np.isnan(self._encode_raw(X))
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
            "missing": self.missing,
            "lacking": list(self.lacking),
            "imputer": self.imputer.to_json(),
            "drawer": None if self.drawer is None else self.drawer.to_json(),
            "seed": self.seed,
            "scalings": {n: {"mean": s.mean.tolist(), "sd": s.sd.tolist()} for n, s in self.scalings.items()},
        }

    def _names_of(self, predictor: str) -> list[str]:
        if predictor not in self.levels:
            return [predictor]
        return [f"{predictor}={level}" for level in self.levels[predictor]]

    def _slices(self) -> dict[str, slice]:
        return slices_of(self.predictors, self.levels)

    @property
    def _n_values(self) -> int:
        return len(self.imputer.means)

    def _indicated(self, name: str) -> tuple[str, ...]:
        """Return the predictors that have an indicator in a design."""
        has_gaps = self.missing == "native" and name == "boosting"
        return self.lacking if self.missing in ("indicators", "native") and not has_gaps else ()

    def _encode_raw(self, X: pd.DataFrame) -> Array:
        return encode_raw(X, self.predictors, self.levels)

    def _beside(self, given: Array, filled: Array, raw: Array | None = None) -> Array:
        """Set indicators and, where trees take gaps, the values with the gaps of `given` beside the filled values.

        `raw` says what was missing where `given` does not.
        """
        if self.missing in ("chained", "multiple"):
            return filled
        slices = self._slices()
        missing = np.isnan(given if raw is None else raw)
        first = [slices[predictor].start for predictor in self.lacking]
        parts = [filled, missing[:, first].astype(np.float64)]
        if self.missing == "native":
            gaps = [
                column for predictor in self.lacking for column in range(*slices[predictor].indices(filled.shape[1]))
            ]
            values = filled.copy()
            values[:, gaps] = given[:, gaps]
            parts.append(values)
        return np.hstack(parts)

    def _expand(self, name: str, encoded: Array) -> Array:
        """Return a regression's design before standardisation."""
        values = expand(name, encoded[:, : self._n_values], self._slices(), self.kinds, self.knots)
        count = len(self._indicated(name))
        return np.hstack([values, encoded[:, self._n_values : self._n_values + count]]) if count else values

    def _need_drawer(self) -> Drawer:
        if self.drawer is None:
            raise InputError("draws must have been learned in training; fit with fit_preprocessor")
        return self.drawer

    def _width(self, name: str, predictor: str) -> int:
        if predictor in self.levels:
            return len(self.levels[predictor]) - 1
        knots = self.knots.get(predictor, ()) if name == "splines" else ()
        return len(knots) - 1 if knots else 1


def fit_preprocessor(
    X: pd.DataFrame,
    columns: Mapping[str, Column],
    *,
    n_knots: int,
    weights: Array | None = None,
    missing: Missing = "chained",
    seed: int = 0,
    counted: npt.NDArray[np.bool_] | None = None,
) -> Preprocessor:
    """Learn encoding, imputation, knots, standardisation and draws from training rows.

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
    missing
        What is made of missing predictors; see `Preprocessor`.
    seed
        Of the draws; of ``multiple`` another one for each imputation. It moves no other number.
    counted
        Rows that models are fitted on, shape (n,); None means all. Only a predictor that is missing in `LEAST_MISSING`
        of them gets an indicator or may be a gap: what absence means cannot be learned from the others.

    Returns
    -------
    Preprocessor

    Raises
    ------
    StudyError
        If there is no predictor or no row, or one is an identifier or a date.

    Notes
    -----
    An imputation of ``multiple`` is fitted on a bootstrap sample of the rows, so that imputations differ by what is
    not known of the regressions as well.
    """
    fitted = fit_inner_preprocessor(
        X, columns, n_knots=n_knots, weights=weights, missing=missing, seed=seed, counted=counted
    )
    if fitted.drawer is not None:
        return fitted
    return replace(fitted, drawer=_fit_drawer(fitted, X, np.ones(len(X)) if weights is None else weights, seed))


def fit_inner_preprocessor(
    X: pd.DataFrame,
    columns: Mapping[str, Column],
    *,
    n_knots: int,
    weights: Array | None = None,
    missing: Missing = "chained",
    seed: int = 0,
    counted: npt.NDArray[np.bool_] | None = None,
) -> Preprocessor:
    """Learn the same as `fit_preprocessor`, without the draws where the encoding has no need of them."""
    predictors = tuple(str(name) for name in X.columns)
    kinds = {name: _kind_of(columns[name]) for name in predictors}
    if not predictors or X.empty:
        raise StudyError("there must be at least one predictor and one training row, got none; check the study")
    weights = np.ones(len(X)) if weights is None else weights
    levels = {name: _levels_of(columns[name], X[name]) for name in predictors if kinds[name] == "category"}
    raw = encode_raw(X, predictors, levels)
    low, high = find_bounds(raw, weights)
    unfitted = Imputer(means=np.zeros(raw.shape[1]), low=low, high=high, regressions=())
    fitted = Preprocessor(
        predictors=predictors,
        kinds=kinds,
        levels=levels,
        knots={n: _place_knots(X[n], n_knots) for n in predictors if kinds[n] == "number"},
        missing=missing,
        lacking=_find_lacking(X if counted is None else X[counted], predictors, levels),
        imputer=unfitted if missing == "multiple" else fit_imputer(raw, _blocks_of(predictors, levels), weights),
        drawer=None,
        scalings={},
        seed=seed,
    )
    if missing == "multiple":
        resampled = resample_weights(raw, weights, seed=child_seed(seed, "bootstrap"))
        fitted = replace(fitted, drawer=_fit_drawer(fitted, X, resampled, seed))
    encoded = fitted.encode(X)
    scalings = {name: _fit_scaling(fitted._expand(name, encoded), weights) for name in ("splines", "linear")}
    return replace(fitted, scalings=scalings)


def _place_knots(x: pd.Series, n_knots: int) -> tuple[float, ...]:
    """Return knots that are no single patient's value, as they go into bundles and tables."""
    return tuple(blunt_knots(x, compute_knots(x, n_knots)).tolist())


def _fit_drawer(fitted: Preprocessor, X: pd.DataFrame, weights: Array, seed: int) -> Drawer:
    return fit_drawer(
        encode_raw(X, fitted.predictors, fitted.levels),
        _blocks_of(fitted.predictors, fitted.levels),
        weights,
        whole=tuple(fitted.kinds[name] != "number" for name in fitted.predictors),
        low=fitted.imputer.low,
        high=fitted.imputer.high,
        seed=seed,
    )


def _blocks_of(predictors: tuple[str, ...], levels: Mapping[str, tuple[str, ...]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(range(s.start, s.stop)) for s in slices_of(predictors, levels).values())


def _find_lacking(
    X: pd.DataFrame, predictors: tuple[str, ...], levels: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    missing = np.isnan(encode_raw(X, predictors, levels))
    slices = slices_of(predictors, levels)
    return tuple(name for name in predictors if missing[:, slices[name].start].sum() >= LEAST_MISSING)


def preprocessor_from_json(values: dict[str, Any]) -> Preprocessor:
    """Build a preprocessor from what `Preprocessor.to_json` returned."""
    return Preprocessor(
        predictors=tuple(values["predictors"]),
        kinds=dict(values["kinds"]),
        levels={name: tuple(levels) for name, levels in values["levels"].items()},
        knots={name: tuple(knots) for name, knots in values["knots"].items()},
        missing=values["missing"],
        lacking=tuple(values["lacking"]),
        imputer=imputer_from_json(values["imputer"]),
        drawer=None if values["drawer"] is None else drawer_from_json(values["drawer"]),
        seed=int(values["seed"]),
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
    if isinstance(values.dtype, pd.CategoricalDtype):
        # the last code stands for a missing value, which is -1 among the values as among the levels
        known = np.append(pd.Index(levels).get_indexer(values.cat.categories.astype("str")), -1)
        codes = known[values.cat.codes.to_numpy()]
    else:
        codes = pd.Index(levels).get_indexer(pd.Index(values))
    dummies: Array = np.eye(len(levels))[codes]
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
