"""How complete each column is, in all rows and by site and year, and which values are implausible."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.intervals import BoolArray, IntArray
from pipelines.quality.data_quality_sheet import (
    Groups,
    Row,
    Sheet,
    blank_means,
    compute_percent,
    compute_wilson,
    hide_groups,
    stack,
    tidy,
    visit_of,
)
from pipelines.suppression import find_small
from schemas.registry import Registry
from schemas.tables import COMPLETENESS, COMPLETENESS_GROUPS, QUALITY_COLUMNS, QUALITY_OUTSIDE

FULL, SPARSE = 95.0, 50.0
"""Completeness in percent from which a column counts as full, and below which as sparse."""
SHOWN_ROWS = 20


def describe_columns(registry: Registry, sheet: Sheet) -> pd.DataFrame:
    """List the columns of the valid rows, as `schemas.tables.QUALITY_COLUMNS`."""
    rows = []
    for name, column in sheet.columns.items():
        base = sheet.base(name)
        source = registry.definition.sources.get(name)
        rows.append(
            {
                "column": name,
                "header": source.header if source else "",
                "kind": column.kind,
                "unit": column.unit or "",
                "known_at": column.known_at,
                "visit": visit_of(name) if column.known_at == "followup" else "",
                "blank_means": blank_means(column),
                "n": len(sheet.frame) if base is None else int(base.sum()),
            }
        )
    return tidy(rows, QUALITY_COLUMNS)


def compute_completeness(sheet: Sheet) -> pd.DataFrame:
    """Compute the share of known values of each column, as `schemas.tables.COMPLETENESS`.

    Notes
    -----
    A column of a visit counts the rows in which the visit is due. Intervals are Wilson's, 95 %.
    """
    sizes: dict[str, list[IntArray]] = {}
    parts: list[Row] = []
    for name in sheet.columns:
        visit = visit_of(name) if sheet.base(name) is not None else ""
        base = sheet.base(name)
        if visit not in sizes:
            sizes[visit] = [groups.count(base) for groups in sheet.groupings]
        known = sheet.known(name)
        known = known if base is None else known & base
        for groups, n in zip(sheet.groupings, sizes[visit], strict=True):
            parts.append(_complete(name, groups, n, groups.count(known), sheet.suppress_below))
    return stack(parts, COMPLETENESS)


def _complete(name: str, groups: Groups, n: IntArray, n_known: IntArray, suppress_below: int) -> Row:
    no_size, hidden = hide_groups(n, n_known, suppress_below)
    lower, upper = compute_wilson(n_known, n)
    few = np.where(find_small(n - n_known, suppress_below), "missing", "")
    few = np.where(find_small(n_known, suppress_below), "known", few)
    shown = ~hidden
    return {
        "column": name,
        "by": groups.by,
        "level": groups.labels,
        "n": np.where(no_size, np.nan, n),
        "n_known": np.where(shown, n_known, np.nan),
        "percent": np.where(shown, compute_percent(n_known, n), np.nan),
        "lower": np.where(shown, lower, np.nan),
        "upper": np.where(shown, upper, np.nan),
        "few": np.where(hidden & ~no_size, few, ""),
        "status": np.where(hidden, "suppressed", np.where(n > 0, "ok", "not assessable")),
    }


def summarise_groups(completeness: pd.DataFrame, columns: pd.DataFrame, *, suppress_below: int) -> pd.DataFrame:
    """Summarise the completeness of each site and year, as `schemas.tables.COMPLETENESS_GROUPS`.

    Notes
    -----
    Columns of which a blank means no event are left out. In the place of a hidden count that is small stands the
    middle of what it can be, so that nothing is given away; other hidden counts are left out.
    """
    counted = columns.loc[columns["blank_means"] == "missing", "column"]
    rows = completeness[completeness["column"].isin(counted) & (completeness["by"] != "all")]
    rows = rows[rows["n"].isna() | (rows["n"] > 0)]
    if rows.empty:
        return tidy([], COMPLETENESS_GROUPS)
    middle = 100.0 * suppress_below / 2 / rows["n"]
    about = rows["percent"].mask(rows["few"] == "missing", 100.0 - middle).mask(rows["few"] == "known", middle)
    rows = rows.assign(about=about, full=about >= FULL, sparse=about < SPARSE)
    keys = ["by", "level"]
    table = rows.groupby(keys, sort=False).agg(
        n=("n", "max"), columns=("about", "count"), full=("full", "sum"), sparse=("sparse", "sum"),
        mean_percent=("about", "mean"),
    )  # fmt: skip
    known = rows.dropna(subset=["about"])
    lowest = known.loc[known.groupby(keys, sort=False)["about"].idxmin()].set_index(keys)["column"]
    hidden = table["n"].isna()
    counts = ["columns", "full", "sparse", "mean_percent"]
    table[counts] = table[counts].astype("float64").mask(hidden)
    table["lowest_column"] = lowest.reindex(table.index).fillna("")
    table["status"] = np.where(hidden, "suppressed", "ok")
    return table.reset_index()[list(COMPLETENESS_GROUPS)]


def compute_outside(sheet: Sheet) -> pd.DataFrame:
    """Count the values outside the plausible range of each column, as `schemas.tables.QUALITY_OUTSIDE`.

    They are facts of the file like faults, and are not suppressed; their row numbers say where to look.
    """
    rows: list[Row] = []
    for name in sheet.of_kind("number"):
        plausible = sheet.columns[name].plausible
        if plausible is None:
            continue
        values = sheet.values(name)
        at: BoolArray = (values < plausible[0]) | (values > plausible[1])
        n_known, n_outside = int(np.isfinite(values).sum()), int(at.sum())
        if n_outside:
            rows.append(
                {
                    "column": name, "low": plausible[0], "high": plausible[1], "n_known": n_known,
                    "n_outside": n_outside, "percent": 100.0 * n_outside / n_known, "rows": _row_numbers(sheet, at),
                }
            )  # fmt: skip
    return tidy(rows, QUALITY_OUTSIDE)


def _row_numbers(sheet: Sheet, at: BoolArray) -> str:
    positions = np.flatnonzero(at)
    shown = ", ".join(map(str, sheet.frame["row_id"].iloc[positions[:SHOWN_ROWS]]))
    return shown + (", ..." if len(positions) > SHOWN_ROWS else "")
