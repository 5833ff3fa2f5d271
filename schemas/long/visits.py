"""Visits brought into windows: the scores of each operation before it, after three months, after a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.definition import Definition
from schemas.dictionary.long import VISIT_DAYS, VISIT_LABEL
from schemas.errors import DataError
from schemas.fault import Fault
from schemas.long.rows import LinkedTable, LongRows, describe_read, sort_rows
from schemas.mapping import SourceColumn
from schemas.quarantine import WHOLE_COLUMN
from schemas.table_rules import windows_of
from schemas.visits import NONE, Codes, Window, choose_visits, find_disagreeing, find_windows, rank_visits

FAR = (0.5, 1.5)
"""A labelled visit before half of its window's first day, or after one and a half of its last, is not that visit."""


def link_visits(long: LongRows, n: int, definition: Definition) -> LinkedTable:
    """Bring the visits of a table into windows.

    Parameters
    ----------
    long
        Typed visits.
    n
        Number of operations.
    definition
        Says which columns are made.

    Returns
    -------
    LinkedTable
        One typed column per score and window; rows with ``position, visit_days, window`` and the scores.

    Notes
    -----
    Which visit wins is decided score by score, among the visits of a window in which that score was answered: a later
    visit that fills what an earlier one left blank is not lost. Two visits of an operation in the same window and on
    the same day (or with the same label, where days are unknown) that give different values of a score are at fault,
    both, as nobody knows which one is right.
    """
    windows = list(windows_of(long.plan).values())
    stems = [stem for stem in definition.table_columns[long.name] if stem in long.values.columns]
    window, label_faults = _place_visits(long, windows)
    long = _with_faults(long, label_faults)
    moment = _number_moments(long, window)
    long = _with_faults(long, _find_disagreements(long, moment, stems))
    window = np.where(long.valid, window, NONE)
    wide, used = _widen(long, window, windows, moment, n)
    made = _keep_made(wide, definition.sources, long.name, n)
    return LinkedTable(
        wide=made,
        rows=_tidy(long, window, windows, stems),
        faults=long.faults,
        notes=(*_describe_use(long, window, windows, stems, used), *_describe_empty(window, windows, long.name)),
    )


def _place_visits(long: LongRows, windows: Sequence[Window]) -> tuple[Codes, list[Fault]]:
    """Return the window of each visit, by its label where there is one, else by its day."""
    if long.plan.label is None:
        return find_windows(long.values[VISIT_DAYS.name].to_numpy(), windows), []
    codes = {window.ending: code for code, window in enumerate(windows)}
    by_label = {label.strip(): codes.get(ending, NONE) for label, ending in long.plan.labels.items()}
    window = long.label.map(by_label)
    unknown = np.flatnonzero(long.label.notna().to_numpy() & window.isna().to_numpy())
    _refuse_labels(long, unknown)
    rule = f"must be one of the labels {', '.join(by_label)}"
    faults = [Fault(column=VISIT_LABEL.name, rule=rule, positions=unknown, table=long.name)] if len(unknown) else []
    placed = np.asarray(window.fillna(NONE), dtype=np.intp)
    return placed, [*faults, *_find_misdated(long, placed, windows)]


def _find_misdated(long: LongRows, placed: Codes, windows: Sequence[Window]) -> list[Fault]:
    """Find visits whose day contradicts their label: a later one as baseline would be a leak."""
    days = long.values[VISIT_DAYS.name].to_numpy()
    before = np.isin(placed, [code for code, window in enumerate(windows) if window.preoperative])
    after = (placed != NONE) & ~before
    by_day = find_windows(days, windows)
    low, high = (
        np.array([*limits, np.nan])[placed] for limits in zip(*((w.low, w.high) for w in windows), strict=True)
    )
    earliest = min((window.low for window in windows if window.preoperative), default=0)
    rules = {
        "must not be after the operation where the label says before it": before & (days > 0),
        f"must be at most {-earliest} days before the operation where the label says before it": before
        & (days < earliest),
        "must not be before the operation where the label says after it": after & (days < 0),
        "must not be in the days of another visit than that of the label": after
        & (days >= 0)
        & (((by_day != NONE) & (by_day != placed)) | (days < FAR[0] * low) | (days > FAR[1] * high)),
    }
    return [
        Fault(column=VISIT_DAYS.name, rule=rule, positions=np.flatnonzero(rows), table=long.name)
        for rule, rows in rules.items()
        if rows.any()
    ]


def _refuse_labels(long: LongRows, unknown: npt.NDArray[np.intp]) -> None:
    n = int(long.label.notna().sum())
    if len(unknown) == n and n >= WHOLE_COLUMN:
        raise DataError(
            f"table {long.name!r}: must have labels of the definition under {long.plan.label!r}, none of its {n} is; "
            "check labels"
        )


def _with_faults(long: LongRows, faults: Sequence[Fault]) -> LongRows:
    return LongRows(
        name=long.name,
        plan=long.plan,
        position=long.position,
        values=long.values,
        label=long.label,
        faults=(*long.faults, *faults),
    )


def _number_moments(long: LongRows, window: Codes) -> Codes:
    """Return operation, window and day of each usable visit as one number, `NONE` for the others."""
    days = long.values[VISIT_DAYS.name].to_numpy()
    moments = pd.DataFrame({"position": long.position, "window": window, "days": days})
    numbers = moments.groupby(list(moments.columns), dropna=False, sort=False).ngroup().to_numpy()
    return np.where(long.valid & (window != NONE), numbers, NONE).astype(np.intp)


def _find_disagreements(long: LongRows, moment: Codes, stems: Sequence[str]) -> list[Fault]:
    when = "with one label" if long.plan.label else "on one day"
    rule = f"must be the same in all visits of one operation {when}"
    found = {stem: find_disagreeing(long.values[stem], moment) for stem in stems}
    return [
        Fault(column=stem, rule=rule, positions=positions, table=long.name)
        for stem, positions in found.items()
        if len(positions)
    ]


def _widen(
    long: LongRows, window: Codes, windows: Sequence[Window], moment: Codes, n: int
) -> tuple[dict[str, pd.Series], npt.NDArray[np.bool_]]:
    """Return the winning values by column, and which visits gave one; of rows of one moment that agree, each."""
    days = long.values[VISIT_DAYS.name].to_numpy()
    ranked = rank_visits(long.position, window, days, windows, long.plan.choose)
    used = np.zeros(len(window), dtype=np.bool_)
    wide = {}
    for stem in long.values.columns.drop(VISIT_DAYS.name):
        answered = long.values[stem].notna().to_numpy()
        chosen = choose_visits(ranked, long.position, window, answered)
        winning = np.zeros(int(moment.max(initial=NONE)) + 2, dtype=np.bool_)
        winning[moment[chosen]] = True
        used |= answered & winning[moment]
        for code, at in enumerate(windows):
            rows = chosen[window[chosen] == code]
            where = np.full(n, NONE, dtype=np.intp)
            where[long.position[rows]] = rows
            wide[f"{stem}_{at.ending}"] = long.values[stem].reindex(where).reset_index(drop=True)
    return wide, used


def _keep_made(
    wide: Mapping[str, pd.Series], sources: Mapping[str, SourceColumn], table: str, n: int
) -> dict[str, pd.Series]:
    """Return the columns that the definition takes from this table; without any value only those that it requires."""
    made = {
        name: values
        for name, values in wide.items()
        if name in sources and sources[name].table == table and (values.notna().any() or not sources[name].optional)
    }
    lacking = [name for name, at in sources.items() if at.table == table and not at.optional and name not in made]
    if lacking:
        raise DataError(
            f"table {table!r}: must have the headers of the columns that the definition requires: {', '.join(lacking)}"
        )
    return made


def _tidy(long: LongRows, window: Codes, windows: Sequence[Window], stems: Sequence[str]) -> pd.DataFrame:
    endings = pd.Series([at.ending for at in windows], dtype="str").reindex(window).reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "position": long.position,
            VISIT_DAYS.name: long.values[VISIT_DAYS.name],
            "window": endings,
            **{stem: long.values[stem] for stem in stems},
        }
    )
    return sort_rows(rows[long.valid])


def _describe_use(
    long: LongRows, window: Codes, windows: Sequence[Window], stems: Sequence[str], used: npt.NDArray[np.bool_]
) -> list[str]:
    inside = window != NONE
    answered = long.values[list(stems)].notna().any(axis=1).to_numpy()
    undated = long.label.isna() if long.plan.label else long.values[VISIT_DAYS.name].isna()
    outside = long.valid & ~inside
    by_day = find_windows(long.values[VISIT_DAYS.name].to_numpy(), windows)
    dated = long.values[VISIT_DAYS.name].notna().to_numpy()
    counts = {
        "in a window": inside,
        "of these by their label, outside the days of the window": inside & dated & (by_day != window),
        "of these replaced by another visit of the window": inside & answered & ~used,
        "of these without any answer": inside & ~answered,
        "in no window": outside & ~undated.to_numpy(),
        f"without a {'label' if long.plan.label else 'known day'}": outside & undated.to_numpy(),
    }
    told = [f"{int(rows.sum())} {what}" for what, rows in counts.items() if rows.any() or what == "in a window"]
    return [", ".join([describe_read(long), *told])]


def _describe_empty(window: Codes, windows: Sequence[Window], table: str) -> list[str]:
    empty = [at.ending for code, at in enumerate(windows) if not (window == code).any()]
    return [f"table {table!r}: no visit in the windows {', '.join(empty)}"] if empty else []
