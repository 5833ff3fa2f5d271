"""The state of a registry's data for a data manager and an auditor: frames in, tidy frames out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from outcomes.outcomes import known_instruments
from pipelines.quality.data_quality_coding import compute_coding, find_thin_periods
from pipelines.quality.data_quality_completeness import (
    SPARSE,
    compute_completeness,
    compute_outside,
    describe_columns,
    summarise_groups,
)
from pipelines.quality.data_quality_follow_up import compute_follow_up, compute_responders
from pipelines.quality.data_quality_scores import compute_digits, compute_extremes
from pipelines.quality.data_quality_sheet import Sheet, build_sheet
from schemas.registry import Registry
from schemas.tables import FINDINGS, QUALITY_TABLES

FOR_INFORMATION = ("extremes", "responders", "digits")
"""Topics that describe the patients or how they were asked, and need nobody."""


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
        How many of each were found, which, and whether somebody must look at them.
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
    """Count and name what the check found, by topic, as `schemas.tables.FINDINGS`."""
    tables, faults, outside, coding = (frames[name] for name in ("tables", "faults", "outside", "coding"))
    whole = _assessed(_whole_columns(frames))
    visits, sites = (_assessed(frames["follow_up"], by=by) for by in ("all", "site"))
    ends, digits = _assessed(frames["extremes"]), _assessed(frames["digits"])
    groups = _assessed(frames["responders"], visit=_first(frames["responders"]))
    followed = coding["column"].nunique() if list(find_thin_periods(coding).values()).count(False) > 1 else 0
    found = {
        "quarantined": (_name(tables[tables["n_quarantined"] > 0], "{table}"), int(tables["n_read"].sum())),
        "faults": (_name(faults, "{column}"), len(faults)),
        "outside": (_name(outside, "{column}"), int(whole["n_known"].sum())),
        "empty": (_name(whole[(whole["n_known"] == 0) & (whole["n"] > 0)], "{column}"), len(whole)),
        "sparse": (_name(whole[whole["percent"] < SPARSE], "{column}"), len(whole)),
        "extremes": (_name(ends[ends["alarm"]], "{score} {end} at {visit}"), len(ends)),
        "follow_up": (_name(visits[visits["alarm"]], "{visit}"), len(visits)),
        "follow_up_sites": (_name(sites[sites["alarm"]], "{level} at {visit}"), len(sites)),
        "responders": (_name_groups(groups[groups["alarm"]], frames["columns"]), len(groups)),
        "digits": (_name(digits[digits["alarm"]], "{column}"), digits["column"].nunique()),
        "coding": (_name_changes(coding), followed),
    }
    counts = {topic: len(which) for topic, (which, _) in found.items()} | {
        "quarantined": int(tables["n_quarantined"].sum()),
        "faults": len(faults),
        "outside": int(outside["n_outside"].sum()),
    }
    rows = [
        (topic, counts[topic], of, which, topic not in FOR_INFORMATION and counts[topic] > 0)
        for topic, (which, of) in found.items()
    ]
    return pd.DataFrame(rows, columns=list(FINDINGS))


def _assessed(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows with a shown number, or those of them with these values."""
    for name, value in where.items():
        table = table[table[name] == value]
    return table[table["status"] == "ok"]


def _name(table: pd.DataFrame, pattern: str) -> tuple[str, ...]:
    """Return the names of rows, each once, in the order of the table."""
    return tuple(dict.fromkeys(pattern.format_map(row) for row in table.to_dict("records")))


def _name_groups(alarms: pd.DataFrame, columns: pd.DataFrame) -> tuple[str, ...]:
    """Name numbers and flags by their column, categories with the level that differs."""
    categories = columns.loc[columns["kind"] == "category", "column"]
    plain = alarms.assign(level=alarms["level"].where(alarms["column"].isin(categories), ""))
    return tuple(name.strip() for name in _name(plain, "{column} {level}"))


def _name_changes(coding: pd.DataFrame) -> tuple[str, ...]:
    """Name each column that changed by its first change: one of the whole file before one of a site."""
    changes = coding[coding["changed"]].sort_values("site", key=lambda site: site != "", kind="stable")
    first = changes.drop_duplicates("column")
    alone = first["site"] != ""
    return _name(first[~alone], "{column} {period}") + _name(first[alone], "{column} {period} at {site}")


def _first(responders: pd.DataFrame) -> str:
    return str(responders["visit"].iloc[0]) if len(responders) else ""


def _whole_columns(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the completeness of the columns of which a blank is a missing value."""
    table = frames["completeness"].merge(frames["columns"][["column", "blank_means"]], on="column")
    return table[(table["by"] == "all") & (table["blank_means"] == "missing")]
