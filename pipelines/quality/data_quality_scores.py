"""Scores at the ends of their range, and numbers that were rounded by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pipelines.intervals import FloatArray
from pipelines.quality.data_quality_sheet import (
    Row,
    Sheet,
    blank_means,
    compute_wilson,
    days_of,
    find_scores,
    tidy,
)
from pipelines.suppression import find_small
from schemas.column import Column
from schemas.specs import InstrumentSpec
from schemas.tables import DIGITS, EXTREMES

END_ALARM = 15.0
"""Percent of patients at an end of a score from which change cannot be told any more (Terwee 2007)."""
MIN_DIGITS = 100
"""Values from which a share of digits is worth saying."""
DIGIT_ALARM = 1.25
"""Times the expected share that the lower limit must reach."""
STEPS = (1.0, 0.1)
ON_STEP = 0.9
"""Share of the values that must be whole numbers of a step; the others are left out."""
SCORE_STEPS = {"odi": 2.0, "ndi": 2.0}
"""Steps of scores whose arithmetic makes some numbers impossible: sums of ten items of 0 to 5, doubled."""
COMPUTED = ("year", "follow_up_days")


def compute_extremes(sheet: Sheet, instruments: Mapping[str, InstrumentSpec]) -> pd.DataFrame:
    """Compute floor and ceiling rates of each score at each visit, as `schemas.tables.EXTREMES`.

    Parameters
    ----------
    sheet
        The valid rows.
    instruments
        Range and direction of scores by stem; others have the column's possible range and unnamed ends.

    Notes
    -----
    The alarm is a share of `END_ALARM` percent or more. Intervals are Wilson's, 95 %.

    References
    ----------
    Terwee CB et al. J Clin Epidemiol 2007;60:34-42.
    """
    scores = find_scores(sheet.columns)
    order = list(dict.fromkeys(stem for stem, _ in scores.values()))
    named = sorted(scores.items(), key=lambda item: (order.index(item[1][0]), days_of(item[1][1])))
    rows = [
        row
        for name, (stem, visit) in named
        for row in _ends(sheet, name, instruments.get(stem), {"score": stem, "visit": visit})
    ]
    return tidy(rows, EXTREMES)


def _ends(sheet: Sheet, name: str, instrument: InstrumentSpec | None, base: Row) -> Iterator[Row]:
    column = sheet.columns[name]
    bounds = (instrument.low, instrument.high) if instrument else column.hard
    if bounds is None:
        return
    values = sheet.values(name)
    known = values[np.isfinite(values)]
    counts = np.array([(known <= bounds[0]).sum(), (known >= bounds[1]).sum()], dtype=np.int64)
    hidden = find_small(counts, sheet.suppress_below)
    # What lies between the ends is not shown: all that follows from the shown is its sum with what is hidden.
    between = np.array([len(known) - counts[~hidden].sum()])
    hidden |= bool(hidden.any() and find_small(between, sheet.suppress_below).any())
    lower, upper = compute_wilson(counts, np.full(2, len(known)))
    few = 0 < len(known) < sheet.suppress_below
    for i, end in enumerate(_name_ends(column, instrument)):
        status = "suppressed" if few or hidden[i] else "ok" if len(known) else "not assessable"
        shown = status == "ok"
        percent = 100.0 * counts[i] / len(known) if len(known) else np.nan
        yield {
            **base, "end": end, "value": bounds[i], "n": np.nan if few else len(known),
            "count": counts[i] if shown else np.nan, "percent": percent if shown else np.nan,
            "lower": lower[i] if shown else np.nan, "upper": upper[i] if shown else np.nan,
            "alarm": bool(shown and percent >= END_ALARM), "status": status,
        }  # fmt: skip


def _name_ends(column: Column, instrument: InstrumentSpec | None) -> tuple[str, str]:
    """Name the low and the high end."""
    words = instrument.direction.replace("_", " ") if instrument else column.text
    if "lower is better" in words:
        return "best", "worst"
    return ("worst", "best") if "higher is better" in words else ("lowest", "highest")


def compute_digits(sheet: Sheet) -> pd.DataFrame:
    """Compute digit preference of each number, as `schemas.tables.DIGITS`.

    Notes
    -----
    A value is a whole number of steps: 1, or 0.1 where tenths were recorded, or the score's own; up to a tenth of the
    values may be off it. Multiples of 5
    steps: each with its two neighbours on either side is a block of five, in which a distribution of even slope has a
    fifth in the middle. Even numbers of steps: a half, the first and the last odd number counting half. Ends of the
    possible range, which patients reach for other reasons, are left out with the blocks that touch them. The alarm
    is a lower limit (Wilson, 95 %) above `DIGIT_ALARM` times what is expected, as the shape of a distribution alone
    can move the share a little. Below `MIN_DIGITS` values in the blocks nothing is said.
    """
    names = [
        name
        for name in sheet.of_kind("number")
        if name not in COMPUTED and blank_means(sheet.columns[name]) == "missing"
    ]
    rows = [row for name in names for row in _preferences(sheet, name)]
    return tidy(rows, DIGITS)


def _preferences(sheet: Sheet, name: str) -> Iterator[Row]:
    column, values, suppress_below = sheet.columns[name], sheet.values(name), sheet.suppress_below
    known = values[np.isfinite(values)]
    step = _find_step(column, known)
    counts, first = _count_steps(column, known, step)
    for rule, tally in (("multiples of 5", _tally_fives), ("even numbers", _tally_evens)):
        if rule == "even numbers" and step != 1.0:
            continue
        at, inside, expected = tally(counts, first)
        counted = np.array([round(at), round(inside - at)])
        status = "ok" if inside >= MIN_DIGITS else "not assessable"
        if status == "ok" and find_small(counted, suppress_below).any():
            status = "suppressed"
        lower, upper = (float(limit) for limit in compute_wilson(np.array(at), np.array(inside)))
        percent = 100.0 * at / max(inside, 1.0)
        told = {"percent": percent, "ratio": percent / expected, "lower": lower, "upper": upper}
        shown = status == "ok"
        yield {
            "column": column.name, "rule": rule, "step": step, "n": np.nan if status == "not assessable" else inside,
            "expected": expected, **(told if shown else dict.fromkeys(told, np.nan)),
            "alarm": shown and lower > DIGIT_ALARM * expected, "status": status,
        }  # fmt: skip


def _find_step(column: Column, known: FloatArray) -> float:
    """Return the coarsest step that nearly all values keep; NaN where there is none."""
    own = [SCORE_STEPS[stem] for stem in (column.name.rpartition("_")[0],) if stem in SCORE_STEPS]
    for step in (*own, *STEPS):
        # Shares of a float64's last digits must not count as another step.
        if known.size and (np.abs(known / step - np.rint(known / step)) < 1e-6).mean() >= ON_STEP:
            return step
    return np.nan


def _count_steps(column: Column, known: FloatArray, step: float) -> tuple[FloatArray, int]:
    """Count the values by number of steps, from one that is odd or no multiple of 5 onwards; ends left out."""
    if not np.isfinite(step):
        return np.zeros(0), 0
    units = np.rint(known / step).astype(np.int64)
    units = units[np.abs(known / step - units) < 1e-6]
    if column.hard is not None:
        low, high = (round(bound / step) for bound in column.hard)
        units = units[(units > low) & (units < high)]
    if not units.size:
        return np.zeros(0), 0
    first = int(units.min())
    return np.bincount(units - first).astype(np.float64), first


def _tally_fives(counts: FloatArray, first: int) -> tuple[float, float, float]:
    """Return the values at multiples of 5, those in complete blocks around them, and the percentage expected."""
    if not counts.size:
        return 0.0, 0.0, 20.0
    middles = np.arange(-(-(first + 2) // 5) * 5, first + len(counts) - 2, 5) - first
    inside = sum(float(counts[middles + shift].sum()) for shift in range(-2, 3))
    return float(counts[middles].sum()), inside, 20.0


def _tally_evens(counts: FloatArray, first: int) -> tuple[float, float, float]:
    """Return the even values between the first and the last odd one, all of these, and the percentage expected."""
    odd = np.flatnonzero((np.arange(len(counts)) + first) % 2 == 1)
    if odd.size < 2:
        return 0.0, 0.0, 50.0
    part = counts[odd[0] : odd[-1] + 1].copy()
    part[[0, -1]] /= 2
    return float(part[1::2].sum()), float(part.sum()), 50.0
