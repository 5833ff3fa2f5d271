"""What counts as a recurrence, what competes with it, and what is another outcome: by event and by patient."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.kinds.before_visit import find_visit_days
from outcomes.kinds.context import values_of
from outcomes.outcome import FloatArray
from outcomes.three_valued import combine
from schemas.specs import RecurrenceOutcome

Verdict = Literal["event", "unadjudicated", "competing", "nothing"]
Verdicts = npt.NDArray[np.str_]

DISCECTOMIES = ("revision_discectomy",)
OPERATIONS = ("reoperation", "revision_decompression")
CONVERSIONS = ("fusion", "other_fusion", "disc_arthroplasty")
"""Operations after which the disc can no longer herniate."""

TIMES = ("event", "competing", "followed", "undated")


def find_times(rows: pd.DataFrame, frame: pd.DataFrame, spec: RecurrenceOutcome) -> pd.DataFrame:
    """Return when the outcome came, when what precludes it came, until when followed, and whether a day is lacking.

    Parameters
    ----------
    rows
        Events (`outcomes.kinds.recurrence_rows`).
    frame
        One row per operation.
    spec
        The definition.

    Returns
    -------
    DataFrame
        Columns `TIMES`, shape (n, 4), indexed like `frame`: days, NaN where none is recorded, and `undated`, 1 for a
        patient with an event that bears on the outcome and has no day. Of such a patient nothing is known of when it
        came: the days are NaN.

    Notes
    -----
    Where the source holds the first event only and that one does not count (another side or level), a later one that
    would count is not recorded: follow-up ends there, and no later event of another column reopens it. To heed those
    would choose patients by what came later.
    """
    rows = _drop_doubles(rows)
    verdict = judge(rows, frame, spec)
    counts = ("event", "unadjudicated") if spec.unadjudicated == "event" else ("event",)
    own = np.isin(verdict, counts)
    n = len(frame)
    hidden = _first_day(rows, rows["only_first"].to_numpy(dtype=np.bool_) & (verdict == "nothing"), n)
    days = [_first_day(rows, own, n), _first_day(rows, ~own & (verdict != "nothing"), n)]
    event, competing = (np.where(day > hidden, np.nan, day) for day in days)
    followed = values_of(frame, spec.followed_until)
    followed = np.where(hidden < followed, hidden, followed)
    undated = np.zeros(n)
    undated[rows["position"].to_numpy()[rows["days"].isna().to_numpy() & (verdict != "nothing")]] = 1
    times = pd.DataFrame({"event": event, "competing": competing, "followed": followed})
    times[undated == 1] = np.nan
    return times.assign(undated=undated).set_index(frame.index)


def judge(rows: pd.DataFrame, frame: pd.DataFrame, spec: RecurrenceOutcome) -> Verdicts:
    """Return what each row is: the event, perhaps the event, what precludes it, or nothing to it; shape (n,).

    Notes
    -----
    Each condition is yes, no or unknown: the kind of event, an operated level, the side, the relief before it. With
    all of them yes it is the event; with one of them unknown and none of them no, it is not adjudicated. What fails
    for want of relief alone is the other of the two labels (residual and recurrence) and precludes this one, as does a
    conversion of the level that is no event. An early operation of no stated kind does not: it is rather for a
    haematoma or the wound, so that it is no event and the disc stays at risk.
    """
    word = rows["word"].to_numpy()
    here = rows["here"].to_numpy(dtype=np.float64)
    placed = _all_of(_is_of_kind(rows, spec), here, _is_on_side(rows, spec))
    relieved = _had_relief(rows, frame, spec)
    verdict = _all_of(placed, relieved if spec.herniation == "recurrent" else 1 - relieved)
    vague = np.isin(word, OPERATIONS) & rows["reason"].isna().to_numpy() & (spec.herniation == "recurrent")
    ends_risk = np.isin(word, (*CONVERSIONS, "residual_herniation")) & (here != 0)
    precludes = (word == "death") | ends_risk | ((placed != 0) & ~vague)
    return np.select(
        [verdict == 1, np.isnan(verdict), precludes], ["event", "unadjudicated", "competing"], default="nothing"
    )


def _is_of_kind(rows: pd.DataFrame, spec: RecurrenceOutcome) -> FloatArray:
    """Return whether the kind of event proves a herniation: 1, 0 or NaN, shape (n,)."""
    word, reason = rows["word"], rows["reason"]
    for_recurrence = reason.map({"recurrence": 1.0, "other": 0.0}).to_numpy(dtype=np.float64)
    imaging = spec.proof == "imaging"
    unless_other = np.where(reason.eq("other").fillna(value=False), 0.0, 1.0)
    by_kind = {
        "reherniation": rows["confirmed"].to_numpy(dtype=np.float64) if imaging else np.zeros(len(rows)),
        "residual_herniation": np.ones(len(rows)),
        **dict.fromkeys(CONVERSIONS, for_recurrence),
        **dict.fromkeys(DISCECTOMIES, for_recurrence if imaging else unless_other),
        # An operation of no stated kind may be for a haematoma: it proves no herniation, it is only its proxy.
        **dict.fromkeys(OPERATIONS, np.nan_to_num(for_recurrence) if imaging else unless_other),
    }
    return np.select([word.eq(kind).to_numpy() for kind in by_kind], list(by_kind.values()), default=0.0)


def _is_on_side(rows: pd.DataFrame, spec: RecurrenceOutcome) -> FloatArray:
    return np.ones(len(rows)) if spec.side == "any" else rows[spec.side].to_numpy(dtype=np.float64)


def _had_relief(rows: pd.DataFrame, frame: pd.DataFrame, spec: RecurrenceOutcome) -> FloatArray:
    """Return whether there was relief before the event: 1, 0 or NaN, shape (n,).

    Notes
    -----
    Relief lasts at most until the event, so an event earlier than `relief_days` had none. An operation as a proxy has
    no relief recorded: its day stands for it, as it does for an event where the definition says so. A recorded relief
    of 0 days is none, however little is asked for.
    """
    days, relief = rows["days"].to_numpy(dtype=np.float64), rows["relief_days"].to_numpy(dtype=np.float64)
    longest = np.where(np.isnan(relief), days, relief)
    by_day = spec.proof == "reoperation" or spec.relief_unknown == "by_day"
    known = np.isfinite(relief) | by_day | (days < spec.relief_days)
    lasted = np.where(known & np.isfinite(longest), (longest >= spec.relief_days).astype(np.float64), np.nan)
    asked = np.where(relief == 0, 0.0, 1.0) if spec.relief_days == 0 else lasted
    shown = np.ones(len(rows)) if spec.relief is None else _shown_by_score(rows, frame, spec)
    return np.where(rows["word"].eq("residual_herniation"), 0.0, _all_of(asked, shown))


def _shown_by_score(rows: pd.DataFrame, frame: pd.DataFrame, spec: RecurrenceOutcome) -> FloatArray:
    """Return whether a score fell enough at a visit before the event; NaN where no such visit is recorded."""
    assert spec.relief is not None
    position, days = rows["position"].to_numpy(), rows["days"].to_numpy(dtype=np.float64)
    baseline = values_of(frame, spec.relief.baseline)
    seen = []
    for visit in spec.relief.visits:
        score, at = values_of(frame, visit), find_visit_days(frame, (visit,))
        fall = 100 * (baseline - score) / np.where(baseline > 0, baseline, np.nan)
        enough = np.where(np.isnan(fall), np.nan, (fall >= spec.relief.fall_percent).astype(np.float64))
        seen.append(np.where(at[position] < days, enough[position], np.nan))
    return combine(np.column_stack(seen), "any_of", "known_only")


def _all_of(*conditions: FloatArray) -> FloatArray:
    return combine(np.column_stack(conditions), "all_of", "logic")


def _drop_doubles(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out an operation of no stated kind on the day of a conversion of the level: it is that one."""
    conversion = rows["word"].isin(CONVERSIONS) & rows["here"].ne(0)
    days = pd.MultiIndex.from_frame(rows[["position", "days"]])
    vague = rows["word"].isin(OPERATIONS) & rows["reason"].isna()
    return rows[~(vague & days.isin(days[conversion.to_numpy()]))].reset_index(drop=True)


def _first_day(rows: pd.DataFrame, chosen: npt.NDArray[np.bool_], n: int) -> FloatArray:
    first = rows[chosen].groupby("position")["days"].min()
    return first.reindex(range(n)).to_numpy(dtype=np.float64)
