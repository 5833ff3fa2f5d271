"""What every part of the check of a registry looks at: rows by site and year, and which visits are due."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.intervals import BoolArray, FloatArray, IntArray, Z
from pipelines.suppression import find_small, find_suppressed
from schemas.column import Column
from schemas.dictionary.items import IMAGES_AT_VISITS, ITEMS
from schemas.dictionary.scores import INSTRUMENT_SCORES
from schemas.registry import Registry
from schemas.visits import WINDOWS

Codes = npt.NDArray[np.intp]
Counts = npt.NDArray[np.int64] | FloatArray
Row = dict[str, object]

Z99 = 2.5758293035489004
Z999 = 3.2905267314918945
NOT_RECORDED = "not recorded"
"""Level of the rows without a site or a year."""
DAYS_IN = {"d": 1.0, "w": 7.0, "m": 30.4375, "y": 365.25}
ENDING = re.compile(r"_(\d+)([dwmy])$")
TOTALS = frozenset(score.name for score in INSTRUMENT_SCORES)
NO_TOTALS = frozenset(score.name for score in ITEMS + IMAGES_AT_VISITS)
IMAGES = frozenset(score.name for score in IMAGES_AT_VISITS)
"""Measures that need no answer of the patient."""
NO_EVENT = "no event"
FOLLOWED = ("follow_up_days", "last_seen_date")

LONG_DAYS = ("visit_days", "event_days")
"""Columns of the long tables that count days from the operation."""


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Rows by site or year: ``codes`` of shape (n,) into ``labels``."""

    by: str
    codes: Codes
    labels: tuple[str, ...]

    def count(self, where: BoolArray | None = None) -> IntArray:
        """Count the rows of each group, or those of them in `where`; shape (groups,)."""
        codes = self.codes if where is None else self.codes[where]
        return np.bincount(codes, minlength=len(self.labels)).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A follow-up visit: its columns, and the rows in which it is due and answered.

    ``due`` is None where no date says when the operation was.
    """

    name: str
    window_end_days: int
    scores: tuple[str, ...]
    due: BoolArray | None
    answered: BoolArray

    @property
    def days(self) -> float:
        """Planned day after the operation."""
        return days_of(self.name)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A registry as the check sees it.

    Attributes
    ----------
    frame, columns
        Valid rows, and the dictionary entries of their columns but identifiers.
    everyone, site, year
        Groups of rows; `site` and `year` are None where the file has none.
    visits
        By ending, in order of time; also endings of events (``30d``), which have no scores.
    levels
        Codes of each category, -1 for missing, and its levels.
    cut
        Latest day that is known in the data; NaT where there is no date.
    cut_column
        Column of that day.
    suppress_below
        Smallest count that may be shown.
    """

    frame: pd.DataFrame
    columns: Mapping[str, Column]
    everyone: Groups
    site: Groups | None
    year: Groups | None
    visits: Mapping[str, Visit] = field(default_factory=dict)
    levels: Mapping[str, tuple[npt.NDArray[np.int16], tuple[str, ...]]]
    cut: pd.Timestamp
    cut_column: str
    suppress_below: int

    @property
    def groupings(self) -> tuple[Groups, ...]:
        """The whole, then what there is of site and year."""
        return tuple(groups for groups in (self.everyone, self.site, self.year) if groups is not None)

    def values(self, name: str) -> FloatArray:
        """Return a number, flag or date column as float64 with NaN for missing; shape (n,)."""
        return self.frame[name].to_numpy(dtype=np.float64)

    def known(self, name: str) -> BoolArray:
        """Tell which rows have a value; shape (n,)."""
        return self.frame[name].notna().to_numpy(dtype=bool)

    def base(self, name: str) -> BoolArray | None:
        """Tell which rows can have a value yet; None for all."""
        visit = self.visits.get(visit_of(name))
        return visit.due if visit is not None and self.columns[name].known_at == "followup" else None

    def of_kind(self, *kinds: str) -> tuple[str, ...]:
        """Return the columns of these kinds."""
        return tuple(name for name, column in self.columns.items() if column.kind in kinds)


def tidy(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a table that has its columns, and marks of their type, where there are no rows too."""
    table = pd.DataFrame(rows, columns=list(columns))
    return table.astype({name: bool for name in ("alarm", "changed") if name in columns})


def stack(parts: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Return parts under one another as a table; each has arrays as long as its ``status``, or one value for all."""
    if not parts:
        return tidy([], columns)
    sizes = [np.size(np.asarray(part["status"])) for part in parts]
    return pd.DataFrame(
        {
            name: np.concatenate(
                [np.broadcast_to(np.asarray(part[name]), size) for part, size in zip(parts, sizes, strict=True)]
            )
            for name in columns
        }
    )


def visit_of(name: str) -> str:
    """Return the ending of a column that says when it was recorded, or a blank."""
    found = ENDING.search(name)
    return name[found.start() + 1 :] if found else ""


def days_of(visit: str) -> float:
    """Return the days after the operation that a visit's name says: 365.25 for ``12m``."""
    found = ENDING.search(f"_{visit}")
    return float(found.group(1)) * DAYS_IN[found.group(2)] if found else 0.0


def blank_means(column: Column) -> str:
    """Tell whether a blank is a missing value, or says that no event was recorded."""
    timed = column.known_at == "followup" and (column.name.endswith("_days") or column.kind == "date")
    no_event = "none recorded" in column.text or (timed and column.name not in FOLLOWED)
    return NO_EVENT if no_event else "missing"


def is_untimed(column: Column) -> bool:
    """Tell whether a column of the follow-up does not say when it is due, so that a blank may be not yet due."""
    return column.known_at == "followup" and not visit_of(column.name) and column.name not in FOLLOWED


def score_of(name: str) -> str:
    """Return the stem of a column that is recorded at baseline or at a visit, or a blank."""
    stem, _, ending = name.rpartition("_")
    return stem if ending == "0" or (visit_of(name) and not name.endswith("d")) else ""


def find_scores(columns: Mapping[str, Column]) -> dict[str, tuple[str, str]]:
    """Return score and visit (``0`` is before the operation) of each column that holds a score's total.

    A registry's own score is a number that is recorded before the operation and at a visit.
    """
    stems = Counter(score_of(name) for name in columns)
    own = {stem for stem, count in stems.items() if count > 1 and f"{stem}_0" in columns} - NO_TOTALS
    return {
        name: (score_of(name), name.rpartition("_")[2])
        for name, column in columns.items()
        if column.kind == "number" and score_of(name) in TOTALS | own
    }


def build_sheet(registry: Registry, *, suppress_below: int) -> Sheet:
    """Prepare the valid rows of a registry for its check."""
    frame = registry.frame
    columns = {
        name: column for name, column in registry.columns.items() if column.kind != "identifier" and name in frame
    }
    day = _operation_days(frame)
    cut, cut_column = _find_cut(registry, day)
    sheet = Sheet(
        frame=frame,
        columns=columns,
        everyone=Groups(by="all", codes=np.zeros(len(frame), dtype=np.intp), labels=("all",)),
        site=_group(frame, "site"),
        year=_group(frame, "year"),
        levels={name: _code(frame[name], column) for name, column in columns.items() if column.kind == "category"},
        cut=cut,
        cut_column=cut_column,
        suppress_below=suppress_below,
    )
    return replace(sheet, visits=_find_visits(registry, sheet, day))


def _group(frame: pd.DataFrame, by: str) -> Groups | None:
    if by not in frame or frame[by].isna().all():
        return None
    codes, found = pd.factorize(frame[by])
    names = [str(int(value)) if by == "year" else str(value) for value in found]
    labels = sorted(names, key=_natural)
    place = np.array([*(labels.index(name) for name in names), -1])
    codes = place[codes]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes)
        labels.append(NOT_RECORDED)
    return Groups(by=by, codes=codes.astype(np.intp), labels=tuple(labels))


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts S2 before S10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _code(values: pd.Series, column: Column) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    codes, found = pd.factorize(values)
    place = {level: i for i, level in enumerate(column.levels)}
    place |= {str(level): i for i, level in enumerate(sorted(set(map(str, found)) - set(place)), start=len(place))}
    moved = np.array([*(place[str(level)] for level in found), -1], dtype=np.int16)
    return moved[codes], tuple(place)


def _operation_days(frame: pd.DataFrame) -> pd.Series | None:
    """Return the day of the operation; where the file has the year only, its last day, which claims no visit early."""
    if "operation_date" in frame and frame["operation_date"].notna().any():
        return frame["operation_date"]
    if "year" not in frame or frame["year"].isna().all():
        return None
    known = frame["year"].notna()
    ends = pd.to_datetime(frame["year"].where(known, 2000.0).astype("int64").astype("str") + "-12-31")
    return ends.where(known)


def _find_cut(registry: Registry, day: pd.Series | None) -> tuple[pd.Timestamp, str]:
    """Return the latest day in any date of the data and in the days of follow-up, and where it stands.

    Without a day of the operation nothing can be counted from it, and there is none.
    """
    if day is None:
        return pd.NaT, ""  # type: ignore[return-value]
    found: dict[str, pd.Timestamp] = {}
    tables = {"": registry.frame, "visits ": registry.visits, "levels ": registry.levels, "events ": registry.events}
    for table, frame in tables.items():
        dates = frame.select_dtypes("datetime")
        found |= {f"{table}{name}": dates[name].max() for name in dates.columns}
        found |= {f"{table}{name}": _latest_day(registry, day, frame, name) for name in LONG_DAYS if name in frame}
    found.setdefault("year", day.max())
    if "follow_up_days" in registry.frame:
        found["follow_up_days"] = (day + pd.to_timedelta(registry.frame["follow_up_days"], unit="D")).max()
    found = {name: at for name, at in found.items() if not pd.isna(at)}
    column = max(found, key=lambda name: found[name])
    return found[column], column


def _latest_day(registry: Registry, day: pd.Series, rows: pd.DataFrame, name: str) -> pd.Timestamp:
    """Return the latest day of long rows that have days from their operation."""
    operated = pd.Series(day.to_numpy(), index=registry.frame["row_id"])
    return (rows["row_id"].map(operated) + pd.to_timedelta(rows[name], unit="D")).max()  # type: ignore[no-any-return]


def _window_ends(registry: Registry, endings: Iterable[str]) -> dict[str, int]:
    stated = {
        name: window[1]
        for table in registry.definition.tables.values()
        if table.rows == "visits"
        for name, window in table.windows.items()
    }
    ends = {**{ending: window[1] for ending, window in WINDOWS.items()}, **stated}
    return {ending: ends.get(ending, _default_end(ending)) for ending in endings}


def _default_end(ending: str) -> int:
    """Return the planned day for events, and half as long again but half a year at most for visits."""
    days = days_of(ending)
    return round(days if ending.endswith("d") else min(1.5 * days, days + 180))


def _find_visits(registry: Registry, sheet: Sheet, day: pd.Series | None) -> dict[str, Visit]:
    later = [name for name, column in sheet.columns.items() if column.known_at == "followup"]
    endings = sorted({visit_of(name) for name in later} - {""}, key=days_of)
    ends = _window_ends(registry, endings)
    since = None if day is None or pd.isna(sheet.cut) else (sheet.cut - day).dt.days.to_numpy(dtype=np.float64)
    death = _death_days(sheet.frame, day)
    visits = {}
    for ending in endings:
        own = [name for name in later if visit_of(name) == ending and not ending.endswith("d")]
        numbers = tuple(name for name in own if sheet.columns[name].kind == "number" and score_of(name) not in IMAGES)
        asked = numbers or tuple(name for name in own if sheet.columns[name].kind == "category")
        answered = np.zeros(len(sheet.frame), dtype=bool)
        for name in asked:
            answered |= sheet.known(name)
        # A patient who died before the window closed could not answer; NaN compares as false throughout.
        alive = ~(death < ends[ending]) if not ending.endswith("d") else np.ones(len(death), dtype=bool)
        due = None if since is None else (since >= ends[ending]) & alive
        visits[ending] = Visit(name=ending, window_end_days=ends[ending], scores=asked, due=due, answered=answered)
    return visits


def _death_days(frame: pd.DataFrame, day: pd.Series | None) -> FloatArray:
    """Return the days from the operation to death, NaN where none is known; shape (n,)."""
    days = np.full(len(frame), np.nan)
    if "death_days" in frame:
        days = frame["death_days"].to_numpy(dtype=np.float64)
    if day is not None and "death_date" in frame:
        dated = (frame["death_date"] - day).dt.days.to_numpy(dtype=np.float64)
        days = np.where(np.isnan(days), dated, days)
    return days


def compute_wilson(count: Counts, n: Counts, z: float = Z) -> tuple[FloatArray, FloatArray]:
    """Compute Wilson's interval of a share in percent; NaN where n is 0.

    Notes
    -----
    ``(p + z^2 / 2n -/+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)``.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212.

    Examples
    --------
    >>> low, high = compute_wilson(np.array([15.0]), np.array([100.0]))
    >>> round(float(low[0]), 1), round(float(high[0]), 1)
    (9.3, 23.3)
    """
    n = np.asarray(np.where(n > 0, n, np.nan), dtype=np.float64)
    p = count / n
    centre = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    scale = 100.0 / (1 + z**2 / n)
    # At 0 and n the formula is exact, its arithmetic is not.
    lower = np.where(count == 0, 0.0 * n, (centre - half) * scale)
    return lower, np.where(count == n, 100.0, (centre + half) * scale)


def compute_percent(count: IntArray, n: IntArray) -> FloatArray:
    """Compute ``100 count / n``, NaN where n is 0."""
    return 100.0 * count / np.where(n > 0, n, np.nan)


def hide_groups(n: IntArray, count: IntArray, suppress_below: int) -> tuple[BoolArray, BoolArray]:
    """Tell which groups' sizes, and which groups' counts, must not be shown; both of shape (groups,).

    The sizes are judged alone first: they are shown for many columns, and what one column hides another must not show.
    Then, while what is hidden has a small sum of either count, the shown group with the fewest of that count is hidden.
    Where no other group has any, the total is small, and is hidden itself.
    """
    sizes = find_suppressed(n[:, None], suppress_below)
    counts = np.column_stack([count, n - count])
    hidden = sizes | find_small(counts, suppress_below).any(axis=1)
    while True:
        short = find_small(counts[hidden].sum(axis=0), suppress_below)
        open_counts = np.where(~hidden[:, None] & short & (counts > 0), counts, np.inf)
        if not np.isfinite(open_counts).any():
            return sizes, hidden
        hidden[open_counts.min(axis=1).argmin()] = True


def hide_cells(counts: IntArray, suppress_below: int) -> BoolArray:
    """Tell which cells of a cross table must be hidden where the totals of rows and columns are known.

    Parameters
    ----------
    counts
        Shape (rows, columns).
    suppress_below
        Smallest count that may be shown.

    Returns
    -------
    ndarray of bool, shape (rows, columns)

    Notes
    -----
    Small cells are hidden; then, until nothing changes, the smallest shown cell of each row and column of which one
    cell only, or cells with a small sum, are hidden.
    """
    hidden: BoolArray = find_small(counts, suppress_below)
    grew = bool(hidden.any())
    while grew:
        grew = False
        for cells, mask in ((counts, hidden), (counts.T, hidden.T)):
            together = (cells * mask).sum(axis=1)
            bare = ((mask.sum(axis=1) == 1) | find_small(together, suppress_below)) & ~mask.all(axis=1)
            smallest = np.where(mask[bare], np.inf, cells[bare]).argmin(axis=1)
            mask[np.flatnonzero(bare), smallest] = True
            grew |= bool(bare.any())
    return hidden
