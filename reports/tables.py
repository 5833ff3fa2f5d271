"""Rounding, intervals and suppression: from a run's numbers to cells. Nothing is computed but the rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.evaluate import PROCEDURE
from reports.blocks import Cell, CellStyle
from reports.measures import MEASURES

MINUS = "\u2212"
HIDDEN = "suppressed"
"""What stands in the place of a small count, of one that would give it away, and of an estimate from it."""
SUPPRESSED = "Suppressed:"
"""How the note begins that explains it."""
EMPTY = Cell(text="\u2013", style="muted")
Key = str | float
PROPER_WORDS = ("Brier", "ICI", "O:E", "MAE", "RMSE", "R²", "SD", "Nagelkerke's")
NO_INTERVAL = "none: "
"""How the words for an absent interval begin; the reason follows."""
OVERALL = ("", "overall")
"""How an evaluation names the whole sample."""
TARGET_WORDS = {PROCEDURE: "the fold models as fitted (how models differ when they are developed again is left out)"}
"""What an interval speaks of, in words for the reader; what has no entry stands as the run has it."""
PLANNED = "stated in the study plan"
"""All that the report can know of a choice: where it is written down, not when it was made."""


def format_number(value: float, digits: int) -> str:
    """Round to `digits` decimals with a true minus sign; a zero has no sign; NaN gives an empty string."""
    if math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def format_count(value: float | None) -> str:
    """Return a count with thin spaces between thousands; missing gives an empty string."""
    if value is None or math.isnan(value):
        return ""
    return f"{round(value):,}".replace(",", "\u202f")


def count_words(count: int, noun: str) -> str:
    """Return a count with its noun: ``"1 trial"``, ``"10 trials"``."""
    return f"{format_count(count)} {noun}" if count == 1 else f"{format_count(count)} {noun}s"


def format_width(value: float) -> str:
    """Return a half-width with two decimals, or with as many as its first figure asks for.

    Examples
    --------
    >>> format_width(0.0324), format_width(0.00334), format_width(0.0)
    ('0.03', '0.003', '0.00')
    """
    small = math.isfinite(value) and 0 < value < 0.01
    return format_number(value, -math.floor(math.log10(value)) if small else 2)


def format_interval(lower: float, upper: float, digits: int) -> str:
    """Return ``"lower to upper"``; an empty string where there is no interval."""
    if math.isnan(lower) or math.isnan(upper):
        return ""
    return f"{format_number(lower, digits)} to {format_number(upper, digits)}"


def digits_of(metric: str) -> int:
    """Return the decimals of a measure; 3 for one that has no entry."""
    return MEASURES[metric].digits if metric in MEASURES else 3


def title_of(metric: str) -> str:
    """Return the title of a measure; its name in words for one that has no entry."""
    return MEASURES[metric].title if metric in MEASURES else metric.replace("_", " ")


def has_interval(metric: str) -> bool:
    """Tell whether a measure is printed with its interval; so is one that has no entry."""
    return MEASURES[metric].has_interval if metric in MEASURES else True


def words_of(metric: str) -> str:
    """Return the title of a measure as it stands inside a sentence."""
    title = title_of(metric)
    return title if title.split()[0] in PROPER_WORDS else title[0].lower() + title[1:]


def suppression_note(suppress_below: int) -> str:
    """Return the note that explains hidden counts."""
    return (
        f"{SUPPRESSED} fewer than {suppress_below} operations or patients, or a number from which such a count could "
        "be found by subtraction."
    )


def rows_where(frame: pd.DataFrame, **values: Key) -> pd.DataFrame:
    """Return the rows in which each named column has the given value."""
    return frame[_match(frame, values)] if values else frame


def _match(frame: pd.DataFrame, values: Mapping[str, Key]) -> npt.NDArray[np.bool_]:
    """Tell which rows have the given values; looked up column by column, so that no row is copied on the way."""
    found = np.ones(len(frame), dtype=np.bool_)
    for name, value in values.items():
        found &= np.asarray(frame[name] == value, dtype=np.bool_)
    return found


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dictionaries by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def first_row(frame: pd.DataFrame, **values: Key) -> pd.Series | None:
    """Return the first row with these values, or None."""
    found = _match(frame, values)
    return frame.iloc[int(found.argmax())] if found.any() else None


def distinct(values: Iterable[object]) -> tuple[str, ...]:
    """Return the values as text, each once, in order of first appearance."""
    return tuple(dict.fromkeys(str(value) for value in values))


def whole_sample(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an evaluation that are about the whole sample."""
    return frame[frame["subgroup"].isin(OVERALL)]


def number_cell(text: str, *, detail: str = "") -> Cell:
    """Return a cell of figures, or a dash where there are none."""
    return Cell(text=text, detail=detail, style="number") if text else EMPTY


def count_cell(value: float | None, *, status: str) -> Cell:
    """Return a count; a suppressed one never shows its number."""
    if status == "suppressed":
        return Cell(text=HIDDEN, style="suppressed")
    return number_cell(format_count(value))


def status_text(status: str, validation: str) -> str:
    """Return the words for an estimate that is not printed, or an empty string if it is."""
    if status == "ok":
        return ""
    if status == "not informative" and validation == "internal":
        return "not informative internally"
    return status


def estimate_cell(row: pd.Series | None, *, detail: str = "") -> Cell:
    """Return an estimate with its interval beneath, or in words why there is none.

    Parameters
    ----------
    row
        One row of an evaluation or comparison; None where the measure was not made.
    detail
        What stands beneath instead of the interval.
    """
    if row is None:
        return EMPTY
    words = status_text(str(row["status"]), str(row["validation"]))
    if words:
        style: CellStyle = "suppressed" if row["status"] == "suppressed" else "muted"
        return Cell(text=words, style=style)
    metric = str(row["metric"])
    digits = digits_of(metric)
    interval = format_interval(float(row["lower"]), float(row["upper"]), digits) if has_interval(metric) else ""
    return number_cell(format_number(float(row["estimate"]), digits), detail=detail or interval)


def estimate_words(row: pd.Series | None) -> str:
    """Return ``"0.712 (95 % CI 0.690 to 0.734)"``, or in words why there is no estimate."""
    cell = estimate_cell(row)
    if cell.style != "number":
        return cell.text if cell is not EMPTY else "not available"
    return f"{cell.text} (95 % CI {cell.detail})" if cell.detail else cell.text


def end(sentence: str) -> str:
    """End a sentence from a file with one full stop."""
    return sentence.rstrip(". ") + "."


def join_words(words: Iterable[str]) -> str:
    """Join with commas and a final "and"."""
    parts = tuple(words)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def describe_intervals(frame: pd.DataFrame) -> str:
    """Say what the intervals of these rows are: how they were made, and of what they speak."""
    printed = frame["metric"].map(has_interval).astype(bool)
    shown = frame[printed & (frame["status"] == "ok") & (frame["interval_kind"] != "")]
    if shown.empty:
        return ""
    kinds: dict[tuple[str, str], list[str]] = {}
    for metric, kind, target in zip(shown["metric"], shown["interval_kind"], shown["interval_target"], strict=True):
        titles = kinds.setdefault((str(kind), str(target)), [])
        if words_of(str(metric)) not in titles:
            titles.append(words_of(str(metric)))
    targets = distinct(target for kind, target in kinds if target and not kind.startswith(NO_INTERVAL))
    shared = targets[0] if len(targets) == 1 and len(kinds) > 1 else ""
    parts = [
        _interval_words(kind, "" if target == shared else target, titles) for (kind, target), titles in kinds.items()
    ]
    about = f" They are about {TARGET_WORDS.get(shared, shared)}." if shared else ""
    return f"95 % intervals: {'; '.join(parts)}.{about}"


def _interval_words(kind: str, target: str, titles: list[str]) -> str:
    if kind.startswith(NO_INTERVAL):
        return f"{join_words(titles)}: none ({kind.removeprefix(NO_INTERVAL)})"
    about = f", about {TARGET_WORDS.get(target, target)}" if target else ""
    return f"{join_words(titles)}: {kind}{about}"


def plain_rows(rows: Iterable[Iterable[str]]) -> tuple[tuple[Cell, ...], ...]:
    """Turn rows of text into rows of cells."""
    return tuple(tuple(Cell(text=text) for text in row) for row in rows)
