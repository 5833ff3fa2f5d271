"""Sudden changes of coding: what was recorded in one period and is recorded otherwise in the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.intervals import BoolArray, FloatArray, IntArray
from pipelines.quality.data_quality_sheet import (
    NO_EVENT,
    NOT_RECORDED,
    Z99,
    Z999,
    Groups,
    Row,
    Sheet,
    blank_means,
    compute_percent,
    compute_wilson,
    hide_cells,
    hide_groups,
    is_untimed,
    stack,
    tidy,
)
from pipelines.suppression import find_small
from schemas.column import Column
from schemas.tables import CODING

SHARE_BOUND = 10.0
"""Percentage points between neighbouring periods of the whole file."""
SITE_SHARE_BOUND = 20.0
"""Percentage points between neighbouring periods of one site."""
MEDIAN_BOUND = 0.5
"""Interquartile ranges between the medians of neighbouring periods."""
MEAN_BOUND = 0.5
"""Standard deviations between the means of neighbouring periods of one site."""
MIN_N = 30
"""Values in each of two periods from which they are compared."""
YEARS_ENOUGH = 4
"""Years from which periods are years; below, quarters where the day is known."""


def compute_periods(sheet: Sheet) -> Groups | None:
    """Return the rows by period in order of time, or None where no time is known; undated rows are in the last one."""
    if sheet.year is None:
        return None
    dated = [label for label in sheet.year.labels if label != NOT_RECORDED]
    dates = sheet.frame.get("operation_date")
    if len(dated) >= YEARS_ENOUGH or dates is None or dates.isna().any():
        return sheet.year
    quarters = dates.dt.year * 10 + dates.dt.quarter
    codes, found = pd.factorize(quarters, sort=True)
    labels = tuple(f"{value // 10} Q{value % 10}" for value in map(int, found))
    return Groups(by="period", codes=codes.astype(np.intp), labels=labels)


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Counts of a column by site and period, or by period; each array has the shape of the groups in front.

    ``n`` are the rows that can have a value, ``missing`` those of them without, ``levels`` the counts of each level.
    """

    n: IntArray
    missing: IntArray
    levels: IntArray
    names: tuple[str, ...]

    @property
    def n_known(self) -> IntArray:
        """Rows with a value, those included in which none was to be expected yet."""
        return np.asarray(self.levels.sum(axis=-1))

    def of_site(self, i: int) -> Cells:
        """Return the counts of one site by period."""
        return Cells(n=self.n[i], missing=self.missing[i], levels=self.levels[i], names=self.names)

    def of_all(self) -> Cells:
        """Return the counts of all sites by period."""
        n, missing, levels = (counts.sum(axis=0) for counts in (self.n, self.missing, self.levels))
        return Cells(n=n, missing=missing, levels=levels, names=self.names)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows by site and period: ``codes`` of shape (n,) count along the periods of the first site, then the next."""

    periods: Groups
    sites: Groups
    codes: npt.NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sites, number of periods."""
        return len(self.sites.labels), len(self.periods.labels)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One statistic over the periods (last axis); `n` is what it is made of."""

    statistic: str
    level: int
    n: IntArray
    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    bound: float

    def of_site(self, i: int) -> Series:
        """Return the part of one site."""
        own = {name: getattr(self, name)[i] for name in ("n", "estimate", "lower", "upper")}
        return Series(statistic=self.statistic, level=self.level, bound=self.bound, **own)


def compute_coding(sheet: Sheet) -> pd.DataFrame:
    """Follow each column over time, as `schemas.tables.CODING`.

    Notes
    -----
    By period: share missing, share of each level, median of numbers, each with a 99 % interval (Wilson; order
    statistics). A change is marked where two neighbouring periods with `MIN_N` values each differ by more than
    `SHARE_BOUND` points, or `MEDIAN_BOUND` interquartile ranges of the whole column, and their intervals do not
    overlap. Scores of a visit that is not due are not missing, and of follow-up columns that do not say when they are
    due the missing are not followed. By site the same rule is used with `SITE_SHARE_BOUND`, means (normal intervals;
    `MEAN_BOUND` standard deviations) and 99.9 % intervals, as there are many sites to be wrong about; what changed in
    the whole file in the same period is not told again.
    """
    periods = compute_periods(sheet)
    if periods is None:
        return tidy([], CODING)
    order = np.argsort(periods.codes, kind="stable")
    stops = np.cumsum(periods.count())[:-1]
    grid = _cross(sheet, periods)
    rows: list[Row] = []
    for name in sheet.columns:
        if name in ("year", "operation_date"):
            continue
        changes = {}
        by_site = _count_cells(sheet, name, grid)
        cells = by_site.of_all()
        for series in _follow(sheet, name, cells, order, stops):
            before = np.where(_dated(periods), find_changes(series), -1)
            changes[_respect(series)] = before >= 0
            rows.append(_as_rows(sheet, name, "", periods, cells, series, before))
        if len(grid.sites.labels) > 1:
            rows += _follow_sites(sheet, name, grid, by_site, changes)
    return stack(rows, CODING)


def find_thin_periods(coding: pd.DataFrame) -> dict[str, bool]:
    """Tell of each period of the whole file, in order of time, whether it has too few values to be compared.

    Parameters
    ----------
    coding
        As `compute_coding` gives it.
    """
    most = coding[coding["site"] == ""].groupby("period", sort=False)["n"].max()
    return {str(period): not n >= MIN_N for period, n in most.items()}


def _cross(sheet: Sheet, periods: Groups) -> Grid:
    sites = sheet.everyone if sheet.site is None else sheet.site
    return Grid(periods=periods, sites=sites, codes=sites.codes * len(periods.labels) + periods.codes)


def _dated(periods: Groups) -> BoolArray:
    return np.array([label != NOT_RECORDED for label in periods.labels])


def _respect(series: Series) -> tuple[str, int]:
    """Return what a series is about; mean and median are one."""
    return ("mean" if series.statistic == "median" else series.statistic), series.level


def find_changes(series: Series) -> IntArray:
    """Find the periods in which a statistic differs suddenly from the period with enough values before.

    Returns
    -------
    ndarray of int
        The place of that period before, -1 where nothing changed; the shape of the series, whose last axis is time.
    """
    usable = (series.n >= MIN_N) & np.isfinite(series.estimate)
    places = np.where(usable, np.arange(usable.shape[-1]), -1)
    before = np.maximum.accumulate(places, axis=-1)
    before = np.concatenate([np.full((*before.shape[:-1], 1), -1), before[..., :-1]], axis=-1)
    at = np.maximum(before, 0)
    estimate, lower, upper = (
        np.take_along_axis(values, at, axis=-1) for values in (series.estimate, series.lower, series.upper)
    )
    apart = (series.lower > upper) | (series.upper < lower)
    far = np.abs(series.estimate - estimate) > series.bound
    return np.where(usable & apart & far, before, -1).astype(np.int64)


def _as_rows(
    sheet: Sheet, name: str, site: str, periods: Groups, cells: Cells, series: Series, before: IntArray
) -> Row:
    hidden, no_size = _hide(cells, series, sheet.suppress_below)
    return {
        "column": name,
        "statistic": series.statistic,
        "level": cells.names[series.level] if series.statistic == "share" else "",
        "site": site,
        "period": periods.labels,
        "n": np.where(no_size, np.nan, series.n),
        "estimate": np.where(hidden, np.nan, series.estimate),
        "lower": np.where(hidden, np.nan, series.lower),
        "upper": np.where(hidden, np.nan, series.upper),
        "changed": before >= 0,
        "before": np.where(before >= 0, np.array([*periods.labels, ""])[before], ""),
        "status": np.where(series.n == 0, "not assessable", np.where(hidden, "suppressed", "ok")),
    }


def _hide(cells: Cells, series: Series, suppress_below: int) -> tuple[BoolArray, BoolArray]:
    """Tell which estimates, and which sizes, must not be shown; the rows that can have a value are known elsewhere."""
    no_size, no_missing = hide_groups(cells.n, cells.n - cells.missing, suppress_below)
    if series.statistic == "missing":
        return no_missing, no_size
    # The size is the number known: it would give a hidden number of missing values away.
    if series.statistic == "share":
        hidden = hide_cells(cells.levels, suppress_below)[:, series.level]
        return hidden | no_size, no_missing
    return find_small(series.n, suppress_below) | no_size, no_missing


def _follow(
    sheet: Sheet, name: str, cells: Cells, order: npt.NDArray[np.intp], stops: npt.NDArray[np.intp]
) -> Iterator[Series]:
    column = sheet.columns[name]
    yield from _follow_shares(column, cells, SHARE_BOUND, Z99)
    if _is_comparable(column):
        yield _medians(sheet.values(name)[order], stops)


def _is_comparable(column: Column) -> bool:
    """Tell whether a number means the same in every period; days until the end of follow-up grow shorter by nature."""
    return column.kind == "number" and column.name != "follow_up_days" and blank_means(column) != NO_EVENT


def _follow_shares(column: Column, cells: Cells, bound: float, z: float) -> Iterator[Series]:
    """Follow the share missing, and of each level; of a flag the yes alone says it all."""
    if blank_means(column) != NO_EVENT and not is_untimed(column):
        yield _shares("missing", 0, cells.missing, cells.n, bound, z)
    if column.kind in ("flag", "category"):
        for i in range(1 if column.kind == "flag" else 0, len(cells.names)):
            yield _shares("share", i, cells.levels[..., i], cells.n_known, bound, z)


def _count_cells(sheet: Sheet, name: str, grid: Grid) -> Cells:
    """Count a column by site, period, whether it is due, and level (the first is missing), in one pass."""
    base = sheet.base(name)
    values, names = _code_levels(sheet, name)
    shape = (*grid.shape, 1 if base is None else 2, len(names) + 1)
    codes = grid.codes if base is None else grid.codes * 2 + base
    codes = codes * shape[-1] + (values + np.int16(1))
    counts = np.bincount(codes, minlength=int(np.prod(shape))).astype(np.int64).reshape(shape)
    due = counts[..., -1, :]
    return Cells(n=due.sum(axis=-1), missing=due[..., 0], levels=counts[..., 1:].sum(axis=-2), names=names)


def _code_levels(sheet: Sheet, name: str) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    """Return the level of each row, -1 where it is missing; of what has no levels the known ones are all of one."""
    if name in sheet.levels:
        return sheet.levels[name]
    if sheet.columns[name].kind == "flag":
        return np.nan_to_num(sheet.values(name), nan=-1.0).astype(np.int16), ("0", "1")
    return sheet.known(name).astype(np.int16) - np.int16(1), ("known",)


def _shares(statistic: str, level: int, count: IntArray, n: IntArray, bound: float, z: float) -> Series:
    lower, upper = compute_wilson(count, n, z)
    return Series(
        statistic=statistic, level=level, n=n, estimate=compute_percent(count, n), lower=lower, upper=upper, bound=bound
    )


def _medians(values: FloatArray, stops: npt.NDArray[np.intp]) -> Series:
    """Follow the median of values that are sorted by period."""
    parts = [part[np.isfinite(part)] for part in np.split(values, stops)]
    found = np.array([_order_statistics(part) for part in parts]).reshape(len(parts), 3)
    known = values[np.isfinite(values)]
    quartiles = np.quantile(known, [0.25, 0.75]) if known.size else np.zeros(2)
    spread = float(quartiles[1] - quartiles[0])
    shown = np.round(found, 2 if spread < 2 else 1)
    return Series(
        statistic="median", level=0, n=np.array([len(part) for part in parts], dtype=np.int64), estimate=shown[:, 0],
        lower=shown[:, 1], upper=shown[:, 2], bound=MEDIAN_BOUND * spread,
    )  # fmt: skip


def _order_statistics(values: FloatArray) -> tuple[float, float, float]:
    """Return the median and its 99 % interval from the ranks ``n / 2 -/+ Z sqrt(n) / 2``, cut at the extremes."""
    n = len(values)
    if n == 0:
        return np.nan, np.nan, np.nan
    half = Z99 * np.sqrt(n) / 2
    ranks = np.clip([int(np.floor((n - 1) / 2 - half)), int(np.ceil((n - 1) / 2 + half))], 0, n - 1)
    middle = [(n - 1) // 2, n // 2]
    ordered = np.partition(values, sorted({*map(int, ranks), *middle}))
    return float(ordered[middle].mean()), float(ordered[ranks[0]]), float(ordered[ranks[1]])


def _follow_sites(
    sheet: Sheet, name: str, grid: Grid, cells: Cells, known: dict[tuple[str, int], BoolArray]
) -> list[Row]:
    """Return the series of those sites in which something changed that did not change in the whole file."""
    column, periods = sheet.columns[name], grid.periods
    told = list(_follow_shares(column, cells, SITE_SHARE_BOUND, Z999))
    if _is_comparable(column):
        told.append(_means(sheet.values(name), grid.codes, cells.n_known))
    rows: list[Row] = []
    for series in told:
        before = np.where(_dated(periods) & ~known[_respect(series)], find_changes(series), -1)
        rows += [
            _as_rows(sheet, name, grid.sites.labels[i], periods, cells.of_site(i), series.of_site(i), before[i])
            for i in map(int, np.flatnonzero((before >= 0).any(axis=1)))
        ]
    return rows


def _means(values: FloatArray, codes: npt.NDArray[np.intp], n: IntArray) -> Series:
    known = np.isfinite(values)
    part, at = values[known], codes[known]
    centre = float(part.mean()) if part.size else 0.0
    sums = np.bincount(at, part - centre, minlength=n.size).reshape(n.shape)
    squares = np.bincount(at, (part - centre) ** 2, minlength=n.size).reshape(n.shape)
    safe = np.where(n > 1, n, np.nan)
    mean = sums / safe
    half = Z999 * np.sqrt(np.maximum(squares - safe * mean**2, 0.0) / (safe - 1) / safe)
    spread = float(part.std()) if part.size else 0.0
    digits = 2 if spread < 1 else 1
    return Series(
        statistic="mean", level=0, n=n, estimate=np.round(mean + centre, digits),
        lower=np.round(mean + centre - half, digits), upper=np.round(mean + centre + half, digits),
        bound=MEAN_BOUND * spread,
    )  # fmt: skip
