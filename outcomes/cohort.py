"""From a registry and an outcome to the patients that are analysed, each exclusion counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.guard import check_outcome_labels, check_predictors
from outcomes.instrument_checks import check_instrument_scale
from outcomes.instruments import join_instruments
from outcomes.outcome import NEXT_OPERATION, BoolArray, Criterion, FloatArray, IntArray, Outcome
from schemas.column import Column
from schemas.errors import StudyError, suggest
from schemas.registry import Registry
from schemas.specs import ComparatorSpec
from schemas.study import Study
from schemas.tables import FLOW

StringArray = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The patients of one outcome in one dataset.

    Attributes
    ----------
    outcome
        What is predicted.
    X
        Predictors, one row per operation, known at the time of the prediction.
    y
        1, 0, or NaN where unknown (kept, with weight 0, and stood for by others), shape (n,); of a score its value.
    row_id, patient, site, year
        Identifiers as text, shape (n,); an empty text where not recorded.
    subgroups
        One text column per declared subgroup; "unknown" is a level.
    comparators
        One column per published prediction that the data carry.
    time_days, cause
        Day of the first event of any cause or of the end of follow-up; 0 censored, 1 the event, 2 a competing one.
        None where the outcome is not one by a horizon.
    censoring
        How the weights of an outcome by a horizon are made: ``kaplan_meier`` or ``by_predictors``.
    columns
        Dictionary entries of the predictors.
    flow
        Participants: the columns of `schemas.tables.FLOW` but the dataset.
    attainable
        Whether the threshold can be reached from the baseline, shape (n,), or None.
    basis
        The columns that the outcome is made of, one row per operation.
    settled
        Whether an event decides the outcome without an answer, shape (n,), or None where none does.
    answered
        Whether the outcome would be known whatever it was, shape (n,), or None where that is the same as known.
    """

    outcome: Outcome
    X: pd.DataFrame
    y: FloatArray
    row_id: StringArray
    patient: StringArray
    site: StringArray
    year: StringArray
    subgroups: pd.DataFrame
    comparators: pd.DataFrame
    time_days: FloatArray | None
    cause: IntArray | None
    censoring: str
    columns: Mapping[str, Column]
    flow: pd.DataFrame
    attainable: BoolArray | None
    basis: pd.DataFrame
    settled: BoolArray | None = None
    answered: BoolArray | None = None

    @property
    def counted(self) -> BoolArray:
        """Whether the outcome is known and carries a weight, shape (n,).

        Not where it is known only because of an event, while the rest of what it is made of is not recorded.
        """
        known = np.isfinite(self.y)
        if self.answered is None:
            return known
        return known & (self.answered if self.settled is None else self.answered | self.settled)

    @property
    def y_counted(self) -> FloatArray:
        """The outcome where it carries a weight, else NaN, shape (n,)."""
        return np.where(self.counted, self.y, np.nan)

    @property
    def n(self) -> int:
        """Number of patients whose outcome carries a weight (operations, where patients repeat)."""
        return int(self.counted.sum())

    @property
    def events(self) -> int:
        """Number of their events; 0 of a score, which has none."""
        return 0 if self.outcome.score else int(np.nansum(self.y_counted))


def build_cohort(registry: Registry, outcome: Outcome, study: Study) -> Cohort:
    """Select and count the patients of one outcome.

    Parameters
    ----------
    registry
        Validated data.
    outcome
        What is predicted.
    study
        Predictors, time of the prediction, subgroups and comparators.

    Returns
    -------
    Cohort

    Raises
    ------
    StudyError
        If the outcome needs a column that the data lack or that has unknown labels, a predictor leaks or is absent,
        or a subgroup cannot be made.
    """
    _check_needs(outcome, registry)
    check_outcome_labels(registry, outcome)
    check_instrument_scale(registry, outcome.needs, join_instruments(registry.definition.instruments))
    check_predictors(study.predictors, registry.columns, predict_at=study.predict_at, revealing=outcome.revealing)
    frame, flow = _select(registry, outcome, weigh_unknown=study.non_response == "weight")
    y = outcome.occurred(frame)
    follow_up = outcome.follow_up
    # The weights of an event by a horizon are of its day: an event is known from then on, and so much the likelier.
    answered = None if follow_up or not outcome.answered else outcome.answered(frame)
    return Cohort(
        outcome=outcome,
        X=frame[list(study.predictors)].reset_index(drop=True),
        y=y,
        row_id=_texts(frame, "row_id"),
        patient=_texts(frame, "patient"),
        site=_texts(frame, "site"),
        year=_texts(frame, "year"),
        subgroups=_subgroups(frame, outcome, study, registry.columns),
        comparators=_comparators(frame, registry, outcome, study),
        time_days=follow_up.time_days(frame) if follow_up else None,
        cause=follow_up.cause(frame) if follow_up else None,
        censoring=study.censoring,
        columns={name: registry.columns[name] for name in study.predictors},
        flow=flow,
        attainable=outcome.attainable(frame) if outcome.attainable else None,
        basis=_basis(frame, outcome),
        settled=outcome.settled(frame) if outcome.settled else None,
        answered=answered,
    )


ATTAINABLE = "attainable"
"""Subgroup of patients who could, or could not, have reached a threshold, where the study flags them."""


def _subgroups(frame: pd.DataFrame, outcome: Outcome, study: Study, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return the declared subgroups, and where the study flags the unattainable, who they are."""
    made = build_subgroups(frame, study, columns)
    if study.unattainable != "flag" or outcome.attainable is None:
        return made
    return made.assign(**{ATTAINABLE: np.where(outcome.attainable(frame), "yes", "no")})


def learn_threshold(cohort: Cohort, rows: IntArray) -> Cohort:
    """Return the cohort with the outcome as the training rows define it, where its threshold is estimated from data.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    rows
        Positions of the training rows, shape (n,).
    """
    if cohort.outcome.learn is None:
        return cohort
    # The name stays: an outcome under another choice has one of its own.
    learned = replace(cohort.outcome.learn(cohort.basis.iloc[rows]), name=cohort.outcome.name)
    return replace(cohort, outcome=learned, y=learned.occurred(cohort.basis))


def _basis(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    names = dict.fromkeys((*outcome.needs, *(name for name in outcome.optional if name in frame)))
    return frame[list(names)].reset_index(drop=True)


def build_subgroups(frame: pd.DataFrame, study: Study, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return one text column of levels per declared subgroup variable; missing values form the level "unknown".

    Raises
    ------
    StudyError
        If a variable is absent, or is a number without cut points in ``bands``.
    """
    made: dict[str, pd.Series] = {}
    for name in study.subgroups:
        column = columns.get(name)
        if column is None:
            raise StudyError(f"a subgroup must be a column of the data, got {name!r}{suggest(name, columns)}")
        made[name] = _levels(frame[name], column, study.bands.get(name))
    return pd.DataFrame(made, index=frame.index).reset_index(drop=True)


def _levels(values: pd.Series, column: Column, cuts: Sequence[float] | None) -> pd.Series:
    if column.kind in ("category", "identifier"):
        return values.astype("str").where(values.notna(), "unknown")
    if column.kind == "flag":
        return values.map({0.0: "no", 1.0: "yes"}).fillna("unknown").astype("str")
    if column.kind == "number" and cuts:
        return _banded(values, cuts)
    raise StudyError(
        f"a subgroup must be a category, a flag, a site, or a number with cut points, got {column.name!r} of kind "
        f"{column.kind}; give its cut points under [bands]"
    )


def _banded(values: pd.Series, cuts: Sequence[float]) -> pd.Series:
    edges = [f"{cut:g}" for cut in cuts]
    names = [f"under {edges[0]}", *(f"{a} to under {b}" for a, b in pairwise(edges))]
    names.append(f"{edges[-1]} and over")
    positions = np.searchsorted(np.asarray(cuts), values.to_numpy(dtype=np.float64), side="right")
    banded = pd.Series([names[i] for i in positions], index=values.index, dtype="str")
    return banded.where(values.notna(), "unknown")


def _check_needs(outcome: Outcome, registry: Registry) -> None:
    absent = [name for name in outcome.needs if name not in registry.columns]
    if absent:
        lines = "\n".join(f"  {name}: is not a column of the data{suggest(name, registry.columns)}" for name in absent)
        raise StudyError(f"the outcome {outcome.name} must have its columns in the data:\n{lines}")


WEIGHTED = "unknown, kept with weight 0 and stood for by"


def _select(registry: Registry, outcome: Outcome, *, weigh_unknown: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply the outcome's steps in order; return the remaining rows and the counted flow."""
    frame = outcome.prepare(registry) if outcome.prepare else registry.frame
    if NEXT_OPERATION in outcome.optional:
        frame = _add_next_operation(frame)
    rows = [_step(0, "rows read", 0, registry.n_read)]
    rows.append(_step(1, "quarantined: faults in the data", len(registry.quarantine), len(frame)))
    # Who has no event by a horizon for want of follow-up is weighted whatever the study says of non-response.
    weighed = outcome.observed if weigh_unknown or outcome.follow_up else ()
    unknown = () if weighed else tuple(_explain_step(step, outcome) for step in outcome.observed)
    for criterion in (*outcome.eligible, *outcome.excluded, *unknown):
        kept = frame[criterion.keep(frame)]
        rows.append(_step(len(rows), criterion.reason, len(frame) - len(kept), len(kept)))
        frame = kept
    y = outcome.occurred(frame)
    if outcome.follow_up:
        rows += _count_lost(len(rows), outcome.observed, frame, y)
    elif weighed:
        reasons = " or ".join(criterion.reason.removesuffix(": outcome unknown") for criterion in weighed)
        rows.append(_weight_zero(len(rows), reasons, "patients like them whose outcome is known", y))
    partly = np.isfinite(y) & ~_know_anyway(outcome, frame)
    if partly.any():
        reason = PARTLY.format(made="kept with weight 0" if weighed else "left out")
        rows.append(_step(len(rows), reason, int(partly.sum()), int((np.isfinite(y) & ~partly).sum())))
    counted = np.where(partly, np.nan, y)
    events = np.nan if outcome.score else float(np.nansum(counted))
    rows.append(_step(len(rows), "analysed", 0, int(np.isfinite(counted).sum()), events=events))
    flow = pd.DataFrame(rows).assign(outcome=outcome.name)
    return frame if weighed else frame[~partly], flow[[name for name in FLOW if name != "dataset"]]


PARTLY = (
    "known from what occurred, though not all that it is made of is recorded: {made}, as such patients are known only "
    "because of it"
)
STAY = "; who is decided by an event without an answer stays, and is over-represented"


def _explain_step(step: Criterion, outcome: Outcome) -> Criterion:
    """Say of a step that takes out the unknown that those whom an event decides need no answer, where there are any."""
    return replace(step, reason=f"{step.reason}{STAY}") if outcome.settled else step


def _know_anyway(outcome: Outcome, frame: pd.DataFrame) -> BoolArray:
    """Mark patients whose outcome would be known whatever it was, or is decided by an event alone, shape (n,)."""
    if outcome.follow_up or not outcome.answered:
        return np.ones(len(frame), dtype=np.bool_)
    answered = outcome.answered(frame)
    return answered | outcome.settled(frame) if outcome.settled else answered


def _add_next_operation(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the days to the next operation of the same patient, on a later day; NaN where there is none.

    Notes
    -----
    A registry that enters a second operation as a new row tells of it nowhere else.
    """
    day = frame["operation_date"].dt.normalize()
    own = pd.DataFrame({"patient": frame["patient"], "day": day})
    days = own.dropna().drop_duplicates().sort_values(["patient", "day"], kind="stable")
    days["next"] = days.groupby("patient", sort=False, observed=True)["day"].shift(-1)
    later = own.merge(days, how="left", on=["patient", "day"])["next"].to_numpy()
    return frame.assign(**{NEXT_OPERATION: (later - day.to_numpy()) / np.timedelta64(1, "D")})


def _count_lost(
    step: int, observed: Sequence[Criterion], frame: pd.DataFrame, y: FloatArray
) -> list[dict[str, object]]:
    """Count patients of whom no event by the horizon is known, by why; they stay with weight 0."""
    counted: list[dict[str, object]] = []
    left, remaining = np.isnan(y), len(y)
    short = Criterion(
        reason="followed for less than the horizon without an event", keep=lambda rows: np.zeros(len(rows), np.bool_)
    )
    for criterion in (*observed, short):
        here = left & ~criterion.keep(frame)
        left, remaining = left & ~here, remaining - int(here.sum())
        reason = criterion.reason.removesuffix(": outcome unknown")
        text = f"{reason}: {WEIGHTED} patients followed longer"
        counted.append(_step(step + len(counted), text, int(here.sum()), remaining))
    return counted


def _weight_zero(step: int, reason: str, others: str, y: FloatArray) -> dict[str, object]:
    """Count patients of unknown outcome, who stay with weight 0."""
    unknown = int(np.isnan(y).sum())
    return _step(step, f"{reason}: {WEIGHTED} {others}", unknown, len(y) - unknown)


def _step(step: int, reason: str, excluded: int, remaining: int, *, events: float = np.nan) -> dict[str, object]:
    return {
        "step": step,
        "reason": reason,
        "excluded": excluded,
        "remaining": remaining,
        "events": events,
        "status": "ok",
    }


def _texts(frame: pd.DataFrame, name: str) -> StringArray:
    if name not in frame:
        return np.full(len(frame), "", dtype=object)
    values = frame[name]
    if pd.api.types.is_float_dtype(values):
        values = values.astype("Int64")
    return values.astype("str").where(values.notna(), "").to_numpy(dtype=object)


def _comparators(frame: pd.DataFrame, registry: Registry, outcome: Outcome, study: Study) -> pd.DataFrame:
    made = {
        spec.name: _published(frame, spec, registry.columns)
        for spec in registry.definition.comparators
        if spec.name in study.comparators and spec.outcome == outcome.name
    }
    return pd.DataFrame(made, index=frame.index).reset_index(drop=True)


def _published(frame: pd.DataFrame, spec: ComparatorSpec, columns: Mapping[str, Column]) -> pd.Series:
    for name in (*spec.plus, *spec.minus):
        if name not in columns:
            raise StudyError(
                f"the comparator {spec.name} must have its columns in the data, {name!r} is not{suggest(name, columns)}"
            )
    values = frame[list(spec.plus)].sum(axis=1, skipna=False) - frame[list(spec.minus)].sum(axis=1, skipna=False)
    outside = int((~values.dropna().between(0, 1)).sum())
    if spec.scale == "probability" and outside:
        raise StudyError(
            f"the comparator {spec.name} must be a probability from 0 to 1, got {outside} rows outside; "
            'divide per cents by 100, or call it scale = "score"'
        )
    return values
