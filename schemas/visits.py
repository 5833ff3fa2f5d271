"""Visits and the windows that they are counted in: which visit is the one after three months, and which of two wins.

The windows of 3, 12 and 24 months are those that registries report by; those before the operation and of 6 weeks, 6 and
60 months are the toolkit's own, laid so that none overlaps another. A definition may state any of them differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.errors import unknown_name

Choose = Literal["nearest", "first", "last"]
Days = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

NONE = -1
"""Code of a visit that is in no window."""

WINDOWS: dict[str, tuple[int, int]] = {
    "0": (-180, 0),
    "6w": (21, 59),
    "3m": (60, 150),
    "6m": (151, 269),
    "12m": (270, 540),
    "24m": (600, 900),
    "60m": (1460, 2190),
}
"""First and last day of each window, counted from the operation, by the ending of its columns."""

TARGETS: dict[str, int] = {"0": 0, "6w": 42, "3m": 91, "6m": 183, "12m": 365, "24m": 730, "60m": 1826}
"""Day for which a visit of the window stands."""

BEFORE = "0"
"""Ending of what is known before the operation."""

ENDING = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window: the ending of its columns, its first and last day, and the day that it stands for."""

    ending: str
    low: int
    high: int
    target: int

    @property
    def preoperative(self) -> bool:
        """Whether its visits are known before the operation."""
        return self.high <= 0


def build_windows(own: Mapping[str, tuple[int, int]], endings: Iterable[str] = ()) -> dict[str, Window]:
    """Return the windows of a table, in the order of time.

    Parameters
    ----------
    own
        What the definition states, by ending; it replaces or joins `WINDOWS`.
    endings
        The windows that the table has; all by default.

    Returns
    -------
    dict of str to Window
        A window without a target of its own, or whose target is outside, stands for its middle day.
    """
    bounds = {**WINDOWS, **own}
    chosen = list(endings) or list(bounds)
    made = [
        Window(ending=ending, low=low, high=high, target=_target(ending, low, high))
        for ending, (low, high) in bounds.items()
        if ending in chosen
    ]
    return {window.ending: window for window in sorted(made, key=lambda window: window.low)}


def describe_window_faults(own: Mapping[str, tuple[int, int]], endings: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with windows: names, order of the days, overlaps."""
    named = list(endings)
    faults = [
        f"windows: the ending {ending!r} must be of small letters and digits, such as 18m"
        for ending in own
        if not ENDING.fullmatch(ending)
    ]
    faults += [
        f"windows: the first day of {ending!r} must not be after the last, got [{low}, {high}]"
        for ending, (low, high) in own.items()
        if low > high
    ]
    if own.get(BEFORE, (0, 0))[1] > 0:
        faults.append(
            f"windows: {BEFORE!r} must end on day 0 at the latest, as its columns count as known before the operation, "
            f"got {own[BEFORE][1]}"
        )
    faults += [
        f"endings: {unknown_name('a window', ending, {**WINDOWS, **own})}"
        for ending in named
        if ending not in {**WINDOWS, **own}
    ]
    for earlier, later in pairwise(build_windows(own, named).values()):
        if later.low <= earlier.high:
            faults.append(
                f"windows: {_words(earlier)} and {_words(later)} must not overlap; change one of them, or leave one "
                "out by naming the others in endings"
            )
    return faults


def find_windows(days: Days, windows: Sequence[Window]) -> Codes:
    """Return the window of each visit as its position in `windows` (in the order of time), `NONE` for no window.

    Parameters
    ----------
    days
        Days since the operation, NaN for unknown, shape (n,).
    windows
        In the order of time, none overlapping.
    """
    lows = np.array([window.low for window in windows], dtype=np.float64)
    highs = np.array([window.high for window in windows], dtype=np.float64)
    code = np.searchsorted(lows, days, side="right") - 1
    inside = (code >= 0) & (days <= highs[code]) if windows else np.zeros(len(days), dtype=np.bool_)
    return np.where(inside, code, NONE).astype(np.intp)


def rank_visits(position: Codes, window: Codes, days: Days, windows: Sequence[Window], choose: Choose) -> Codes:
    """Return rows in windows, by operation and window, the one that wins first.

    Parameters
    ----------
    position, window, days
        Operation, window and day of each visit, shape (n,). A visit of unknown day comes last.
    choose
        ``nearest`` to the target, of two as near the earlier; the ``first`` or the ``last`` one.
    """
    targets = np.array([*(window.target for window in windows), 0], dtype=np.float64)
    distance = {"nearest": np.abs(days - targets[window]), "first": days, "last": -days}[choose]
    order = np.lexsort((days, distance, window, position))
    return np.asarray(order[window[order] != NONE], dtype=np.intp)


def choose_visits(ranked: Codes, position: Codes, window: Codes, answered: npt.NDArray[np.bool_]) -> Codes:
    """Return the rows that win a score: in each window of each operation the first of `ranked` that is answered."""
    rows = ranked[answered[ranked]]
    wins = np.ones(len(rows), dtype=np.bool_)
    wins[1:] = (position[rows][1:] != position[rows][:-1]) | (window[rows][1:] != window[rows][:-1])
    return np.asarray(rows[wins], dtype=np.intp)


def find_disagreeing(values: pd.Series, moment: Codes) -> Codes:
    """Return the rows whose value is not that of the other rows of their moment.

    Parameters
    ----------
    values
        Values of a score, missing where not answered, shape (n,).
    moment
        Operation, window and day as one number, shape (n,); `NONE` for a visit that is compared with no other.

    Returns
    -------
    ndarray
        Positions of all rows of a moment in which two values differ, increasing; nobody knows which one is right.
    """
    answered = np.flatnonzero(values.notna().to_numpy() & (moment != NONE))
    shared = answered[pd.Series(moment[answered]).duplicated(keep=False).to_numpy()]
    if not len(shared):
        return shared
    codes = pd.Series(pd.factorize(values.iloc[shared])[0])
    groups = codes.groupby(moment[shared])
    differ = (groups.transform("min") != groups.transform("max")).to_numpy(dtype=np.bool_)
    return np.asarray(shared[differ], dtype=np.intp)


def _target(ending: str, low: int, high: int) -> int:
    target = TARGETS.get(ending)
    return target if target is not None and low <= target <= high else (low + high) // 2


def _words(window: Window) -> str:
    return f"{window.ending!r} [{window.low}, {window.high}]"
