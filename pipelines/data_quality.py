"""The state of a registry's data for a data manager and an auditor: frames in, tidy frames out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from outcomes.outcomes import known_instruments
from pipelines.data_quality_coding import MIN_N, compute_coding
from pipelines.data_quality_completeness import (
    SPARSE,
    compute_completeness,
    compute_outside,
    describe_columns,
    summarise_groups,
)
from pipelines.data_quality_follow_up import compute_follow_up, compute_responders
from pipelines.data_quality_scores import compute_digits, compute_extremes
from pipelines.data_quality_sheet import Sheet, build_sheet
from schemas.registry import Registry
from schemas.tables import FINDINGS, QUALITY_TABLES


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What the check of a registry found; the columns of each table are listed in `schemas.tables`.

    Attributes
    ----------
    tables
        What was read, by table: read = valid + quarantined.
    faults
        All faults: column, rule, count and row numbers, never values.
    columns
        The columns that the valid rows have.
    outside
        Values outside plausible ranges.
    completeness, completeness_groups
        Known values by column, overall and by site and year; sites and years over all columns.
    extremes
        Floor and ceiling rates of the scores.
    follow_up, responders
        Answered among due visits; baseline of those who answered against those who did not.
    digits
        Digit preference of numbers.
    coding
        Shares and medians by period, with sudden changes.
    findings
        How many of each need a person.
    cut_month, cut_column
        Month (2024-12) of the latest day in the data, and where it stands; blank where there is none.
    suppress_below
        Counts of patients from 1 to this minus 1 are not shown.
    """

    tables: pd.DataFrame = field(repr=False)
    faults: pd.DataFrame = field(repr=False)
    columns: pd.DataFrame = field(repr=False)
    outside: pd.DataFrame = field(repr=False)
    completeness: pd.DataFrame = field(repr=False)
    completeness_groups: pd.DataFrame = field(repr=False)
    extremes: pd.DataFrame = field(repr=False)
    follow_up: pd.DataFrame = field(repr=False)
    responders: pd.DataFrame = field(repr=False)
    digits: pd.DataFrame = field(repr=False)
    coding: pd.DataFrame = field(repr=False)
    findings: pd.DataFrame = field(repr=False)
    cut_month: str
    cut_column: str
    suppress_below: int


def compute_quality(registry: Registry, *, suppress_below: int = 5) -> Quality:
    """Compute the state of a registry's data.

    Parameters
    ----------
    registry
        As `schemas.registry.read_registry` gives it; all but the faults describes the valid rows.
    suppress_below
        Counts of patients from 1 to this minus 1 are not shown, nor what would give them away.

    Returns
    -------
    Quality
        Tidy tables; the same registry gives the same numbers.

    Notes
    -----
    The time grows in proportion to rows times columns; the tables do not grow with the rows.

    Examples
    --------
    >>> from schemas.registry import read_registry
    >>> table = pd.DataFrame({"patient": ["a", "b"], "age": [61, 140], "sex": ["female", "male"]})
    >>> compute_quality(read_registry(table, "lumbar")).tables[["n_read", "n_quarantined"]].values.tolist()
    [[2, 1]]
    """
    sheet = build_sheet(registry, suppress_below=suppress_below)
    columns = describe_columns(registry, sheet)
    completeness = compute_completeness(sheet)
    frames = {
        "tables": _account(registry),
        "faults": registry.faults.reset_index(drop=True),
        "columns": columns,
        "outside": compute_outside(sheet),
        "completeness": completeness,
        "completeness_groups": summarise_groups(completeness, columns, suppress_below=suppress_below),
        "extremes": compute_extremes(sheet, known_instruments(registry.definition)),
        "follow_up": compute_follow_up(sheet),
        "responders": compute_responders(sheet),
        "digits": compute_digits(sheet),
        "coding": compute_coding(sheet),
    }
    return Quality(
        **frames,
        findings=_summarise(frames),
        cut_month=_month(sheet),
        cut_column=sheet.cut_column,
        suppress_below=suppress_below,
    )


def _month(sheet: Sheet) -> str:
    return "" if pd.isna(sheet.cut) else sheet.cut.strftime("%Y-%m")


def _account(registry: Registry) -> pd.DataFrame:
    """Return the accounts of every table; of a registry of one file, those of the file."""
    if len(registry.tables):
        return registry.tables[list(QUALITY_TABLES)].reset_index(drop=True)
    row = ("operations", registry.source, registry.n_read, len(registry.frame), len(registry.quarantine))
    return pd.DataFrame([row], columns=list(QUALITY_TABLES))


def _summarise(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Count what the check found, by topic, as `schemas.tables.FINDINGS`."""
    tables, whole = frames["tables"], _whole_columns(frames)
    digits, follow_up, responders = (frames[name] for name in ("digits", "follow_up", "responders"))
    sites, first = follow_up[follow_up["by"] == "site"], responders[responders["visit"] == _first(responders)]
    visits = follow_up[follow_up["by"] == "all"]
    changed = frames["coding"].groupby("column")["changed"].any() if len(frames["coding"]) else pd.Series(dtype=bool)
    numbers = digits[digits["status"] == "ok"].groupby("column")["alarm"].any()
    assessed = frames["extremes"][frames["extremes"]["status"] == "ok"]
    whole = whole[whole["status"] == "ok"]
    rows = [
        ("quarantined", int(tables["n_quarantined"].sum()), int(tables["n_read"].sum()), True),
        ("faults", len(frames["faults"]), len(frames["faults"]), True),
        ("outside", int(frames["outside"]["n_outside"].sum()), int(whole["n_known"].sum()), True),
        ("empty", int(_empty(whole).sum()), len(whole), True),
        ("sparse", int((whole["percent"] < SPARSE).sum()), len(whole), True),
        ("extremes", int(assessed["alarm"].sum()), len(assessed), False),
        ("follow_up", int(visits["alarm"].sum()), int((visits["status"] == "ok").sum()), True),
        ("follow_up_sites", int(sites["alarm"].sum()), int((sites["status"] == "ok").sum()), True),
        ("responders", int(first["alarm"].sum()), int((first["status"] == "ok").sum()), False),
        ("digits", int(numbers.sum()), len(numbers), False),
        ("coding", int(changed.sum()), len(changed) if _comparable(frames["coding"]) else 0, True),
    ]
    table = pd.DataFrame(rows, columns=list(FINDINGS))
    return table.assign(needs_person=table["needs_person"] & (table["count"] > 0))


def _comparable(coding: pd.DataFrame) -> bool:
    """Tell whether two periods at least have values enough to be compared."""
    most = coding[coding["site"] == ""].groupby("period")["n"].max()
    return int((most >= MIN_N).sum()) > 1


def _first(responders: pd.DataFrame) -> str:
    return str(responders["visit"].iloc[0]) if len(responders) else ""


def _whole_columns(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the completeness of the columns of which a blank is a missing value."""
    table = frames["completeness"].merge(frames["columns"][["column", "blank_means"]], on="column")
    return table[(table["by"] == "all") & (table["blank_means"] == "missing")]


def _empty(whole: pd.DataFrame) -> pd.Series:
    return (whole["n_known"] == 0) & (whole["n"] > 0)
