"""What a patient's data say of events that bear on a recurrence: one row per event, from either shape of data.

A registry tells it in columns of the operation (`list_column_rows`) or in its tables of levels and of events
(`list_table_rows`). Both give the same rows, so that one set of rules (`outcomes.kinds.recurrence_rules`) judges both.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.kinds.context import values_of
from outcomes.outcome import FloatArray, IntArray
from outcomes.three_valued import combine
from schemas.dictionary.long import EVENT_WORDS
from schemas.errors import DataError, StudyError
from schemas.registry import Registry
from schemas.specs import RecurrenceOutcome

ROWS = ("position", "word", "days", "here", "same", "other", "reason", "confirmed", "relief_days", "only_first")
"""Columns of the rows: operation from 0, kind of event (`EVENT_WORDS`), day, whether at an operated level, on the
operated side and on another, why operated on, whether confirmed, days of relief before, and whether the source holds
the first such event only. Flags are 1, 0 or NaN (unknown)."""

WORDS = {
    "reherniation_days": "reherniation",
    "revision_discectomy_days": "revision_discectomy",
    "other_fusion_days": "other_fusion",
    "level_fusion_days": "fusion",
    "death_days": "death",
    "same_level_reoperation_days": "reoperation",
}
"""Kind of event of a column of days, the more specific ones first."""

BEARING = (
    "reherniation", "residual_herniation", "revision_discectomy", "revision_decompression", "reoperation", "fusion",
    "other_fusion", "disc_arthroplasty", "death",
)  # fmt: skip
"""Kinds of events that bear on a recurrence; the others do not."""

PLACES = {
    "same_level_same_side": (1.0, 1.0, 0.0),
    "same_level_other_side": (1.0, 0.0, 1.0),
    "other_level": (0.0, np.nan, np.nan),
}
"""What the column of the place says: at an operated level, on the operated side, on another side."""

LEFT_OR_RIGHT = {"left": 1, "right": 2, "both": 3, "midline": 3}
"""Sides as bits; what lies in the midline lies on both."""

Bits = npt.NDArray[np.int64]


def list_column_rows(frame: pd.DataFrame, spec: RecurrenceOutcome) -> pd.DataFrame:
    """Return the events that the columns of the operations tell.

    Parameters
    ----------
    frame
        One row per operation.
    spec
        Which columns.

    Returns
    -------
    DataFrame
        Columns `ROWS`. A place or a reason that is recorded without a day makes a row of unknown day.

    Notes
    -----
    The columns of days are those of events at an operated level by their definition; the column of the place, where
    there is one, has the last word for the herniation.
    """
    here, same, other = _read_place(frame)
    relief = _optional(frame, "pain_free_days")
    own = WORDS.get(spec.event, "reherniation" if spec.proof == "imaging" else "reoperation")
    herniated = own == "reherniation"
    parts = [
        _make_rows(
            frame, own, values_of(frame, spec.event), here=here if herniated else 1.0, same=same, other=other,
            relief=relief if spec.proof == "imaging" else np.nan, only_first=True,
            undated=np.isfinite(same) if herniated else False,
        )
    ]  # fmt: skip
    if "level_fusion_days" in frame:
        reason = (
            frame["fusion_reason"] if "fusion_reason" in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
        )
        days, undated = values_of(frame, "level_fusion_days"), reason.notna().to_numpy()
        parts.append(
            _make_rows(frame, "fusion", days, same=same, other=other, relief=relief, reason=reason, undated=undated)
        )
    left = _optional(frame, "residual_herniation") == 1
    parts.append(_make_rows(frame, "residual_herniation", np.where(left, 0.0, np.nan), same=same, other=other))
    parts += [_make_rows(frame, WORDS.get(name, "death"), values_of(frame, name)) for name in spec.competing]
    return _finish(parts)


def list_table_rows(registry: Registry, spec: RecurrenceOutcome) -> pd.DataFrame:
    """Return the events that a registry's tables of levels and of events tell.

    Raises
    ------
    DataError
        If the table of events has a kind of event that nobody knows, or one that bears on a recurrence and that no
        column counts, so that a faulty one would go unnoticed.
    StudyError
        If the table of events lacks a column that the outcome asks for.

    Returns
    -------
    DataFrame
        Columns `ROWS`; events that have no bearing are left out.
    """
    # A table of which no row is left has no rows' names either.
    events = registry.events if len(registry.events) else registry.events.assign(row_id=pd.Series(dtype="str"))
    _require_columns(events, spec)
    word = _read_words(events, registry, spec)
    bears = word.isin(BEARING).to_numpy()
    events, word = events[bears].reset_index(drop=True), word[bears].reset_index(drop=True)
    position = pd.Index(registry.frame["row_id"]).get_indexer(events["row_id"])
    here, same, other = _compare_places(registry, events, position)
    found = pd.DataFrame({
        "position": position, "word": word, "days": events["event_days"], "here": here, "same": same, "other": other,
        "reason": _column(events, "reason", "str"), "confirmed": _read_confirmation(events),
        "relief_days": _column(events, "relief_days", "float64"), "only_first": False,
    })  # fmt: skip
    frame = registry.frame
    own = [name for name in spec.competing if name in frame and not _made_of_events(registry, name)]
    further = [_make_rows(frame, WORDS.get(name, "death"), values_of(frame, name)) for name in own]
    return _finish([found, *further])


def tells_in_tables(registry: Registry, spec: RecurrenceOutcome) -> bool:
    """Tell whether the outcome is to be made of the tables of levels and of events.

    Notes
    -----
    It is made of the operations' own columns where these hold the days of the event. It is made of the tables where
    they do not, or where that column is itself made of the table of events, and both tables name levels.
    """
    recorded = spec.event in registry.columns and not _made_of_events(registry, spec.event)
    return not recorded and "level" in registry.events and not registry.levels.empty


def _read_place(frame: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return whether the herniation is at an operated level, on the operated side and on another side."""
    if "recurrence_level_side" not in frame:
        nowhere = np.full(len(frame), np.nan)
        return np.ones(len(frame)), nowhere, nowhere
    place = frame["recurrence_level_side"]
    told = np.array([PLACES.get(name, (1.0, np.nan, np.nan)) for name in place], dtype=np.float64).reshape(-1, 3)
    return told[:, 0], told[:, 1], told[:, 2]


def _make_rows(
    frame: pd.DataFrame,
    word: str,
    days: FloatArray,
    *,
    here: FloatArray | float = 1.0,
    same: FloatArray | float = np.nan,
    other: FloatArray | float = np.nan,
    relief: FloatArray | float = np.nan,
    reason: pd.Series | None = None,
    only_first: bool = False,
    undated: npt.NDArray[np.bool_] | bool = False,
) -> pd.DataFrame:
    """Return one row per operation that has a day, or is `undated`."""
    rows = pd.DataFrame({
        "position": np.arange(len(frame)), "word": word, "days": days, "here": here, "same": same, "other": other,
        "reason": pd.Series(pd.NA, index=range(len(frame)), dtype="str") if reason is None else reason.to_numpy(),
        "confirmed": 1.0, "relief_days": relief, "only_first": only_first,
    })  # fmt: skip
    return rows[np.isfinite(days) | undated]


def _finish(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Join rows and leave out what belongs to the index operation: all but a death and a disc left behind on day 0."""
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows = rows.assign(reason=rows["reason"].mask(rows["word"] == "other_fusion", "other"))
    return rows[~(rows["days"] <= 0) | rows["word"].isin(["death", "residual_herniation"])].reset_index(drop=True)


def _optional(frame: pd.DataFrame, name: str) -> FloatArray:
    return values_of(frame, name) if name in frame else np.full(len(frame), np.nan)


def _column(events: pd.DataFrame, name: str, dtype: str) -> pd.Series:
    return events[name] if name in events else pd.Series(pd.NA if dtype == "str" else np.nan, events.index, dtype)


def _made_of_events(registry: Registry, name: str) -> bool:
    definition = registry.definition
    source = definition.sources.get(name)
    return bool(source and source.table and definition.tables[source.table].rows == "events")


def _require_columns(events: pd.DataFrame, spec: RecurrenceOutcome) -> None:
    asked = ["side"] if spec.side != "any" else []
    if spec.needs_relief_days:
        asked.append("relief_days")
    if lacking := [name for name in asked if name not in events]:
        raise StudyError(
            f"the outcome {spec.name} must have its columns in the table of events, {', '.join(lacking)} is not among "
            "them; declare it under [tables.<name>.columns], or take an outcome that does not ask for it"
        )


def _read_words(events: pd.DataFrame, registry: Registry, spec: RecurrenceOutcome) -> pd.Series:
    """Return the kind of each event; a registry's own word stands for that of the column which counts it."""
    counted = _read_counted(registry)
    known = {**counted, **{word: word for word in EVENT_WORDS}, **dict.fromkeys(spec.other_events, "")}
    _refuse_unknown(events, known, spec)
    word = events["event"].map(known).astype("str")
    uncounted = sorted(set(word[word.isin(BEARING) & ~events["event"].isin(list(counted))]) - {"death"})
    if uncounted:
        raise DataError(
            f"the table of events must count each kind of event that bears on {spec.name} in a column of days, "
            f"otherwise a faulty one goes unnoticed; {', '.join(uncounted)} is not counted: add it to `first` of the "
            'table, such as first = { level_fusion_days = ["fusion"] }'
        )
    return word


def _read_counted(registry: Registry) -> dict[str, str]:
    """Return the registry's own words for events that columns count, and the kind that the column makes of them."""
    plans = [plan for plan in registry.definition.tables.values() if plan.first]
    counted = {kind: "" for plan in plans for kinds in plan.first.values() for kind in kinds}
    for column in reversed(WORDS):
        for plan in plans:
            counted |= dict.fromkeys(plan.first.get(column, ()), WORDS[column])
    return counted


def _refuse_unknown(events: pd.DataFrame, known: dict[str, str], spec: RecurrenceOutcome) -> None:
    unknown = ~events["event"].isin(list(known))
    if unknown.any():
        n_kinds = events["event"][unknown].nunique()
        raise DataError(
            f"the table of events must have known kinds of events only for the outcome {spec.name}: {unknown.sum()} "
            f"rows have {n_kinds} unknown {'kind' if n_kinds == 1 else 'kinds'} (operation of the first one: row "
            f"{events['row_id'][unknown].iloc[0]}); recode them in the definition to {', '.join(EVENT_WORDS)}, or "
            "declare the outcome with other_events = [...] for those that have no bearing"
        )


def _read_confirmation(events: pd.DataFrame) -> FloatArray:
    """Return whether events had symptoms and were proven by imaging; without these columns their kind says so."""
    asked = [name for name in ("symptomatic", "proven_by_imaging") if name in events]
    if not asked:
        return np.ones(len(events))
    return combine(events[asked].to_numpy(dtype=np.float64), "all_of", "logic")


def _compare_places(
    registry: Registry, events: pd.DataFrame, position: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return whether each event is at an operated level, on the operated side and on another side.

    Notes
    -----
    Of an operation without a valid level, or with a faulty one, it is unknown whether another level was operated on.
    """
    operated = _read_operated(registry)
    key = pd.MultiIndex.from_arrays([events["row_id"], events["level"]])
    sides = operated["sides"].reindex(key).to_numpy(dtype=np.float64)
    found = key.isin(operated.index)
    unknown = events["level"].isna().to_numpy() | (~found & _lacks_levels(registry)[position])
    here = np.where(found, 1.0, np.where(unknown, np.nan, 0.0))
    own = _column(events, "side", "str").map(LEFT_OR_RIGHT).to_numpy(dtype=np.float64)
    seen = np.isfinite(sides) & np.isfinite(own)
    both = np.where(seen, sides, 0).astype(np.int64), np.where(seen, own, 0).astype(np.int64)
    same = np.where(seen, (both[0] & both[1]) != 0, np.nan)
    other = np.where(seen, (both[1] & ~both[0]) != 0, np.nan)
    # Where both sides were operated on, any herniation at the level is on an operated side.
    whole = sides == LEFT_OR_RIGHT["both"]
    return here, np.where(whole, 1.0, same), np.where(whole, 0.0, other)


def _read_operated(registry: Registry) -> pd.DataFrame:
    """Return the sides operated on as bits by operation and level, NaN where a row does not say it."""
    levels = registry.levels
    bits = _column(levels, "side", "str").map(LEFT_OR_RIGHT).to_numpy(dtype=np.float64)
    grouped = pd.DataFrame({
        "row_id": levels["row_id"], "level": levels["level"], "left": bits % 2, "right": bits // 2,
    }).groupby(["row_id", "level"])  # fmt: skip
    most, told = grouped[["left", "right"]].max(), grouped["left"].count() == grouped.size()
    sides = (most["left"] + 2 * most["right"]).where(told | (most.sum(axis=1) == 2))
    return sides.rename("sides").to_frame()


def _lacks_levels(registry: Registry) -> npt.NDArray[np.bool_]:
    """Mark operations of which not all operated levels are known, shape (n,)."""
    frame, definition = registry.frame, registry.definition
    lacks = ~frame["row_id"].isin(registry.levels["row_id"]).to_numpy()
    for name, source in definition.sources.items():
        if source.table and definition.tables[source.table].rows == "levels" and name in frame:
            lacks = lacks | frame[name].isna().to_numpy()
    return np.asarray(lacks)
