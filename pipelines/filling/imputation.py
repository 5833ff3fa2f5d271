"""Deterministic chained regressions for missing predictors: one rule for training, held-out and new patients.

The outcome is never an argument of anything here. Imputing by the conditional mean without the outcome is the
choice for a model whose predictors may be missing when it is used (Sisk et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

ROUNDS = 10
"""Most rounds of fitting, and the number of sweeps on every row afterwards."""
TOLERANCE = 1e-4
"""Fitting stops when no imputed value moves by more, in standard deviations."""
EXTREMES = 5
"""How many training values lie at or beyond each end of a column's range."""
RIDGE = 1e-3
"""Added to the unit variances of the regressors: a full set of dummies is collinear by design."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Regression:
    """Conditional mean of one predictor given all others.

    Parameters
    ----------
    columns
        Encoded columns it fills: one, or all dummies of a category.
    offset
        Added to the training means, shape (k,), in the columns' units.
    coefficients
        Shape (k, p), for values centred at the training means; 0 in its own columns.
    """

    columns: tuple[int, ...]
    offset: Array
    coefficients: Array

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict."""
        return {
            "columns": list(self.columns),
            "offset": self.offset.tolist(),
            "coefficients": self.coefficients.tolist(),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Imputer:
    """Fills missing values of an encoded matrix with p columns.

    Parameters
    ----------
    means
        Means of the observed training values, shape (p,); 0 where none was observed.
    low, high
        Range of the observed training values, shape (p,), without the four lowest and the four highest; 0 where none
        was observed.
    regressions
        One per predictor, so that a predictor complete in training may be missing later.
    sweeps
        How often the regressions run over a row.
    """

    means: Array
    low: Array
    high: Array
    regressions: tuple[Regression, ...]
    sweeps: int = ROUNDS

    def fill(self, encoded: Array) -> Array:
        """Return `encoded`, shape (n, p), with missing values filled.

        Notes
        -----
        Every row starts at the training means and gets the same number of sweeps. The sums are taken row by row
        (``einsum``, no matrix library), so that a row's result is the same alone or among others, to the last bit.
        """
        filled = encoded.copy()
        rows = np.flatnonzero(np.isnan(encoded).any(axis=1))
        if rows.size == 0:
            return filled
        part = encoded[rows]
        missing = np.isnan(part)
        centred = np.where(missing, 0.0, part - self.means)
        work = [(r, np.flatnonzero(missing[:, r.columns[0]])) for r in self.regressions]
        for _ in range(self.sweeps):
            for regression, gaps in work:
                if gaps.size:
                    self._sweep(centred, regression, gaps)
        filled[rows] = np.where(missing, centred + self.means, part)
        return filled

    def _sweep(self, centred: Array, regression: Regression, gaps: Rows) -> None:
        columns = np.array(regression.columns)
        means = self.means[columns]
        raw = means + regression.offset + np.einsum("ij,kj->ik", centred[gaps], regression.coefficients)
        centred[np.ix_(gaps, columns)] = bound(raw, self.low[columns], self.high[columns]) - means

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; floats survive the round trip exactly."""
        return {
            "means": self.means.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "sweeps": self.sweeps,
            "regressions": [regression.to_json() for regression in self.regressions],
        }


def imputer_from_json(values: dict[str, Any]) -> Imputer:
    """Build an imputer from what `Imputer.to_json` returned."""
    return Imputer(
        means=np.array(values["means"], dtype=np.float64),
        low=np.array(values["low"], dtype=np.float64),
        high=np.array(values["high"], dtype=np.float64),
        sweeps=int(values["sweeps"]),
        regressions=tuple(regression_from_json(entry) for entry in values["regressions"]),
    )


def regression_from_json(values: dict[str, Any]) -> Regression:
    """Build a regression from what `Regression.to_json` returned."""
    return Regression(
        columns=tuple(values["columns"]),
        offset=np.array(values["offset"], dtype=np.float64),
        coefficients=np.array(values["coefficients"], dtype=np.float64),
    )


def fit_imputer(encoded: Array, blocks: tuple[tuple[int, ...], ...], weights: Array) -> Imputer:
    """Fit the chained regressions on training rows.

    Parameters
    ----------
    encoded
        Training rows, shape (n, p), missing values as NaN; the columns of a block are missing together.
    blocks
        Columns of each predictor; they cover all p columns once.
    weights
        Row weights, shape (n,).

    Returns
    -------
    Imputer

    Notes
    -----
    From the column means, each round regresses every incomplete predictor on all other columns over the rows where
    it is observed, and replaces its imputed values, until none moves by more than `TOLERANCE` standard deviations or
    `ROUNDS` is reached. Values are kept inside the training range; the dummies of a category have the same
    regressors, so they add up to 1, and are brought back to that sum after clipping. A column without any observed
    value is 0 throughout.
    """
    chain = Chain(encoded, weights)
    low, high = find_bounds(encoded, weights)
    incomplete = [block for block in blocks if chain.gaps(block).size]
    for _ in range(ROUNDS):
        if max((_update(chain, block, low, high) for block in incomplete), default=0.0) <= TOLERANCE:
            break
    return Imputer(
        means=chain.means,
        low=low,
        high=high,
        regressions=tuple(chain.regression(chain.observed(block), block) for block in blocks),
    )


def _update(chain: Chain, block: tuple[int, ...], low: Array, high: Array) -> float:
    """Impute one predictor anew; return the largest move in standard deviations."""
    columns, observed = np.array(block), chain.observed(block)
    raw = chain.predict(observed, block)
    return chain.put(block, bound(raw, low[columns], high[columns]), observed)


class Chain:
    """Filled standardised training rows behind a column of ones, and their weighted cross-products.

    The cross-products over the observed rows of a predictor are those of all rows less those of the few rows where
    it is missing, which is what makes a round cheap.
    """

    def __init__(self, encoded: Array, weights: Array) -> None:
        missing = np.isnan(encoded)
        seen = np.where(missing, 0.0, weights[:, None])
        total = seen.sum(axis=0)
        safe = np.where(total > 0, total, 1.0)
        known = np.where(missing, 0.0, encoded)
        self.means: Array = (seen * known).sum(axis=0) / safe
        centred = np.where(missing, 0.0, encoded - self.means)
        deviation = np.sqrt((seen * centred**2).sum(axis=0) / safe)
        self.scale: Array = np.where(deviation > 0, deviation, 1.0)
        self.missing = missing
        self.weights = weights
        self.rows: Array = np.hstack([np.ones((len(encoded), 1)), centred / self.scale])
        self.products: Array = (self.rows * weights[:, None]).T @ self.rows
        self._gaps: dict[int, Rows] = {}
        self._others: dict[tuple[int, ...], Rows] = {}

    def gaps(self, block: tuple[int, ...]) -> Rows:
        """Return the rows where a predictor is missing."""
        first = block[0]
        if first not in self._gaps:
            self._gaps[first] = np.flatnonzero(self.missing[:, first])
        return self._gaps[first]

    def others(self, block: tuple[int, ...]) -> Rows:
        """Return the columns of all other predictors."""
        if block not in self._others:
            self._others[block] = np.setdiff1d(np.arange(len(self.scale)), block)
        return self._others[block]

    def observed(self, block: tuple[int, ...]) -> Array:
        """Return the cross-products, shape (p + 1, p + 1), over the rows where a predictor is known."""
        return self.products - self._products_of(self.gaps(block))

    def predict(self, products: Array, block: tuple[int, ...]) -> Array:
        """Return the conditional means, in the columns' units, of the rows where a predictor is missing."""
        columns = np.array(block)
        offset, slopes = self.solve(products, block)
        z = offset + self.rows[np.ix_(self.gaps(block), self.others(block) + 1)] @ slopes
        values: Array = self.means[columns] + z * self.scale[columns]
        return values

    def put(self, block: tuple[int, ...], values: Array, observed: Array) -> float:
        """Fill in a predictor where it is missing; return the largest move in standard deviations."""
        gaps, columns = self.gaps(block), np.array(block)
        z = (values - self.means[columns]) / self.scale[columns]
        target = np.ix_(gaps, columns + 1)
        move = float(np.abs(z - self.rows[target]).max())
        self.rows[target] = z
        self.products = observed + self._products_of(gaps)
        return move

    def regression(self, products: Array, block: tuple[int, ...]) -> Regression:
        """Return one predictor's regression in the columns' own units."""
        offset, slopes = self.solve(products, block)
        scale, others = self.scale[list(block)], self.others(block)
        coefficients = np.zeros((len(block), len(self.scale)))
        coefficients[:, others] = slopes.T * scale[:, None] / self.scale[others]
        return Regression(columns=block, offset=offset * scale, coefficients=coefficients)

    def solve(self, products: Array, block: tuple[int, ...]) -> tuple[Array, Array]:
        """Return offsets (k,) and slopes (p - k, k) of a ridge regression with a free intercept."""
        others, total = self.others(block), products[0, 0]
        if total <= 0 or others.size == 0:
            return np.zeros(len(block)), np.zeros((others.size, len(block)))
        means, covariance = split_products(products)
        system = covariance[np.ix_(others, others)] + RIDGE * np.eye(others.size)
        slopes: Array = np.linalg.solve(system, covariance[np.ix_(others, np.array(block))])
        return means[list(block)] - means[others] @ slopes, slopes

    def _products_of(self, rows: Rows) -> Array:
        part = self.rows[rows]
        products: Array = (part * self.weights[rows, None]).T @ part
        return products


def split_products(products: Array) -> tuple[Array, Array]:
    """Return means (p,) and covariance (p, p) from cross-products that begin with a column of ones."""
    total = products[0, 0]
    means = products[0, 1:] / total
    return means, products[1:, 1:] / total - np.outer(means, means)


def find_bounds(encoded: Array, weights: Array) -> tuple[Array, Array]:
    """Return the range of each column, shape (p,) twice; see `Imputer`."""
    bounds = [_find_bounds(column, weights) for column in encoded.T]
    return np.array([low for low, _ in bounds]), np.array([high for _, high in bounds])


def _find_bounds(values: Array, weights: Array) -> tuple[float, float]:
    """Return the range of a column; 0 to 1 for flags and dummies, 0 to 0 where nothing was recorded.

    Each end lies midway between the `EXTREMES`-th outermost value and the next one inwards: ranges are written into
    model bundles, in which no single patient's value may stand.
    """
    known = ~np.isnan(values)
    if not known.any():
        return 0.0, 0.0
    if np.isin(values[known], (0.0, 1.0)).all():
        return 0.0, 1.0
    order = np.argsort(values[known], kind="stable")
    ordered, above = values[known][order], weights[known][order]
    low, high = _end(ordered, above), _end(ordered[::-1], above[::-1])
    return min(low, high), max(low, high)


def _end(ordered: Array, weights: Array) -> float:
    """Return the value midway between the `EXTREMES`-th and the next, counted by weight; of few values, the middle."""
    reached = np.cumsum(weights)
    count = min(float(EXTREMES), reached[-1] / 2)
    at = np.searchsorted(reached, [count, count + 1]).clip(max=len(ordered) - 1)
    return float(ordered[at].mean())


def bound(values: Array, low: Array, high: Array) -> Array:
    """Keep imputed values, shape (n, k), inside the training range; several columns are one category's dummies."""
    inside = np.clip(values, low, high)
    if inside.shape[1] == 1:
        return inside
    total = inside.sum(axis=1, keepdims=True)
    shares: Array = np.divide(inside, total, out=np.zeros_like(inside), where=total > 0)
    return shares
