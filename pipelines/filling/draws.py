"""Draws of what a missing predictor could have been, given what is known of the patient; never given the outcome.

A drawn value is the conditional mean plus a residual of the size that training patients have, kept inside the training
range; a flag or a category is drawn by its probabilities. Nothing here depends on a neighbouring row or on the order of
rows, and no generator of random numbers is needed when patients are predicted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from pipelines.filling.imputation import Chain, Regression, Rows, bound, regression_from_json, split_products
from pipelines.seeds import child_seed

Array = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Uniforms = Callable[[int, int, Rows], Array]
"""Called with sweep, number of the predictor and rows; returns one number in (0, 1) for each of the rows."""

SWEEPS = 10
"""How often the regressions run over a row."""
BURN_IN, KEPT = 5, 5
"""Rounds of fitting before the rounds whose cross-products are averaged."""
MOST_ROWS = 20_000
"""Rows, each counted once per draw, that are worked on at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawer:
    """Draws missing values of an encoded matrix with p columns.

    Parameters
    ----------
    means
        Means of the observed training values, shape (p,).
    low, high
        Range inside which numbers are drawn, shape (p,).
    regressions
        One per predictor.
    spreads
        Residual standard deviation of each column, shape (p,), in its units; 0 for flags and dummies.
    whole
        Whether a predictor, in the order of `regressions`, is a flag or a category.
    """

    means: Array
    low: Array
    high: Array
    regressions: tuple[Regression, ...]
    spreads: Array
    whole: tuple[bool, ...]

    def draw(self, encoded: Array, m: int) -> Array:
        """Return m completions of every row, shape (m, n, p); of complete rows m times the row itself.

        Notes
        -----
        Every row meets the same numbers: for each sweep and predictor the midpoints of m equal parts of (0, 1), in an
        order of their own, so that few draws spread as many would.
        """
        drawn = np.repeat(encoded[None], m, axis=0)
        rows = np.flatnonzero(np.isnan(encoded).any(axis=1))
        uniforms = _stratify(m, SWEEPS, len(self.regressions))
        for part in _cut(rows, max(1, MOST_ROWS // m)):
            copies = np.tile(encoded[part], (m, 1))
            which = np.repeat(np.arange(m), len(part))
            filled = self._run(copies, partial(_look_up, uniforms, which))
            drawn[:, part] = filled.reshape(m, len(part), -1)
        return drawn

    def fill(self, encoded: Array, *, seed: int, labels: Words) -> Array:
        """Return one completion of every row, shape (n, p).

        Parameters
        ----------
        encoded
            Shape (n, p), missing values as NaN.
        seed
            Of this imputation.
        labels
            A number for each row, shape (n,), by which rows that agree in all known values are told apart; rows of one
            label and the same known values are drawn alike.

        Notes
        -----
        The numbers are a hash of the seed, the label and the row's own known values: a row is drawn the same alone or
        among others.
        """
        filled = encoded.copy()
        rows = np.flatnonzero(np.isnan(encoded).any(axis=1))
        for part in _cut(rows, MOST_ROWS):
            keys = _mix(_hash_rows(encoded[part]) ^ labels[part])
            filled[part] = self._run(encoded[part], partial(_hash_uniforms, keys, seed))
        return filled

    def _run(self, encoded: Array, uniforms: Uniforms) -> Array:
        missing = np.isnan(encoded)
        centred = np.where(missing, 0.0, encoded - self.means)
        work = [(b, r, np.flatnonzero(missing[:, r.columns[0]])) for b, r in enumerate(self.regressions)]
        for sweep in range(SWEEPS):
            for block, regression, gaps in work:
                if gaps.size:
                    self._sweep(centred, block, regression, gaps, uniforms(sweep, block, gaps))
        return np.where(missing, centred + self.means, encoded)

    def _sweep(self, centred: Array, block: int, regression: Regression, gaps: Rows, uniforms: Array) -> None:
        columns = np.array(regression.columns)
        means = self.means[columns]
        raw = means + regression.offset + np.einsum("ij,kj->ik", centred[gaps], regression.coefficients)
        low, high = self.low[columns], self.high[columns]
        drawn = (
            _draw_levels(raw, means, low, high, uniforms)
            if self.whole[block]
            else _draw_numbers(raw, self.spreads[columns], low, high, uniforms)
        )
        centred[np.ix_(gaps, columns)] = drawn - means

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; floats survive the round trip exactly."""
        return {
            "means": self.means.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "spreads": self.spreads.tolist(),
            "whole": list(self.whole),
            "regressions": [regression.to_json() for regression in self.regressions],
        }


def drawer_from_json(values: dict[str, Any]) -> Drawer:
    """Build a drawer from what `Drawer.to_json` returned."""
    return Drawer(
        **{name: np.array(values[name], dtype=np.float64) for name in ("means", "low", "high", "spreads")},
        regressions=tuple(regression_from_json(entry) for entry in values["regressions"]),
        whole=tuple(values["whole"]),
    )


def fit_drawer(
    encoded: Array,
    blocks: tuple[tuple[int, ...], ...],
    weights: Array,
    *,
    whole: tuple[bool, ...],
    low: Array,
    high: Array,
    seed: int,
) -> Drawer:
    """Fit on training rows what draws need: regressions, and how far values lie from their conditional mean.

    Parameters
    ----------
    encoded
        Training rows, shape (n, p), missing values as NaN; the columns of a block are missing together.
    blocks
        Columns of each predictor; they cover all p columns once.
    weights
        Row weights, shape (n,).
    whole
        Whether each predictor is a flag or a category.
    low, high
        Range of each column, shape (p,).
    seed
        Seed of the draws among the training rows.

    Returns
    -------
    Drawer

    Notes
    -----
    Regressing on conditional means would overstate how well predictors tell one another, and understate the residuals.
    So each round regresses every incomplete predictor on all others over the rows where it is observed, and draws its
    missing values anew. The cross-products of the last `KEPT` rounds are averaged, and give the regressions and the
    residual variances, the latter with n - p in the denominator. Flags and the levels of categories have linear
    probabilities, kept inside 0 and 1. Rows are taken in the order of their content: the order of the data does not
    matter.

    References
    ----------
    van Buuren S, Groothuis-Oudshoorn K. J Stat Softw 2011;45(3). Drawn numbers are normal around their mean here: a
    bundle holds no patients' values to draw from.
    """
    order = np.argsort(_hash_rows(np.column_stack([weights, encoded])), kind="stable")
    chain = Chain(encoded[order], weights[order])
    rng = np.random.default_rng(child_seed(seed, "draws"))
    incomplete = [b for b, block in enumerate(blocks) if chain.gaps(block).size]
    rounds = BURN_IN + KEPT if incomplete else 1
    size = encoded.shape[1] + 1
    summed = np.zeros((len(blocks), size, size))
    for at in range(rounds):
        for b in incomplete:
            columns, observed = np.array(blocks[b]), chain.observed(blocks[b])
            raw, uniforms = chain.predict(observed, blocks[b]), rng.random(chain.gaps(blocks[b]).size)
            ends = low[columns], high[columns]
            drawn = (
                _draw_levels(raw, chain.means[columns], *ends, uniforms)
                if whole[b]
                else _draw_numbers(raw, _spread(chain, observed, blocks[b]), *ends, uniforms)
            )
            chain.put(blocks[b], drawn, observed)
        if at >= rounds - KEPT:
            summed += [chain.observed(block) for block in blocks]
    spreads = np.zeros(encoded.shape[1])
    for b, block in enumerate(blocks):
        if not whole[b]:
            spreads[list(block)] = _spread(chain, summed[b], block)
    return Drawer(
        means=chain.means,
        low=low,
        high=high,
        regressions=tuple(chain.regression(products, block) for products, block in zip(summed, blocks, strict=True)),
        spreads=spreads,
        whole=whole,
    )


def resample_weights(encoded: Array, weights: Array, *, seed: int) -> Array:
    """Return the weights of a bootstrap sample of the rows, shape (n,); the order of the data does not matter."""
    n = len(weights)
    order = np.argsort(_hash_rows(np.column_stack([weights, encoded])), kind="stable")
    drawn = np.random.default_rng(child_seed(seed, "rows")).integers(0, n, size=n)
    counts = np.empty(n)
    counts[order] = np.bincount(drawn, minlength=n)
    return weights * counts


def _spread(chain: Chain, products: Array, block: tuple[int, ...]) -> Array:
    """Return the residual standard deviation of a number, in its units, shape (1,); 0 where none was observed."""
    others, columns = chain.others(block), np.array(block)
    if products[0, 0] <= 0:
        return np.zeros(len(block))
    _, covariance = split_products(products)
    _, slopes = chain.solve(products, block)
    explained = 2 * covariance[np.ix_(columns, others)] @ slopes
    explained -= slopes.T @ covariance[np.ix_(others, others)] @ slopes
    variance = np.clip(np.diag(covariance[np.ix_(columns, columns)] - explained), 0.0, None)
    n = _effective_rows(chain, block)
    return np.asarray(np.sqrt(variance * n / max(n - 1 - others.size, n / 2)) * chain.scale[columns])


def _effective_rows(chain: Chain, block: tuple[int, ...]) -> float:
    weights = chain.weights[~chain.missing[:, block[0]]]
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 1.0


def _draw_numbers(raw: Array, spread: Array, low: Array, high: Array, uniforms: Array) -> Array:
    """Return numbers around their conditional means `raw`, shape (n, 1), inside their range."""
    drawn: Array = np.clip(raw + spread * ndtri(uniforms)[:, None], low, high)
    return drawn


def _draw_levels(raw: Array, means: Array, low: Array, high: Array, uniforms: Array) -> Array:
    """Return flags, shape (n, 1), or the dummies of a category, shape (n, k), as 0 and 1.

    Where no level has a probability above 0, the shares of the training rows are taken.
    """
    shares = bound(raw, low, high)
    if shares.shape[1] == 1:
        return (uniforms[:, None] < shares).astype(np.float64)
    none = shares.sum(axis=1) <= 0
    shares[none] = np.clip(means, low, high)
    reached = np.cumsum(shares, axis=1)
    level = (uniforms[:, None] * reached[:, -1:] >= reached).sum(axis=1)
    dummies = np.eye(shares.shape[1])[np.minimum(level, shares.shape[1] - 1)]
    dummies[reached[:, -1] <= 0] = 0.0
    return np.asarray(dummies)


def _cut(rows: Rows, size: int) -> list[Rows]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@cache
def _stratify(m: int, sweeps: int, blocks: int) -> Array:
    """Return the midpoints of m equal parts of (0, 1) in an order for each sweep and predictor, shape (m, ., .)."""
    names = np.arange(m * sweeps * blocks, dtype=np.uint64).reshape(m, sweeps, blocks)
    order = np.argsort(_mix(names), axis=0, kind="stable")
    return np.asarray((order + 0.5) / m)


def _look_up(uniforms: Array, draws: Rows, sweep: int, block: int, gaps: Rows) -> Array:
    """Return the number of each row's draw."""
    return np.asarray(uniforms[draws[gaps], sweep, block])


def _hash_rows(values: Array) -> Words:
    """Return a number for each row that depends on all of its values, missing ones included."""
    bits = np.ascontiguousarray(np.where(np.isnan(values), np.nan, values + 0.0)).view(np.uint64)
    keys = np.zeros(len(values), dtype=np.uint64)
    for column in bits.T:
        keys = _mix(keys ^ column)
    return keys


def _hash_uniforms(keys: Words, seed: int, sweep: int, block: int, gaps: Rows) -> Array:
    """Return a number in (0, 1) for each of the rows by its key."""
    mixed = _mix(keys[gaps] ^ _mix(np.array([seed], dtype=np.uint64)))
    for name in (sweep, block):
        mixed = _mix(mixed ^ np.array([name], dtype=np.uint64))
    return np.asarray(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def _mix(words: Words) -> Words:
    """Scramble 64-bit words: the finaliser of SplitMix64 (Steele GL, Lea D, Flood CH. OOPSLA 2014)."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
