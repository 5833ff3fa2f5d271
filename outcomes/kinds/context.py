"""What the builder of a kind of outcome may look at: the study's choices, and what names stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from schemas.specs import InstrumentSpec, OutcomeSpec, PopulationRule, ThresholdSetSpec
from schemas.study import Study


@dataclass(frozen=True, kw_only=True)
class Context:
    """The study, the columns of the data, and the instruments and threshold sets that are known.

    `build` returns another outcome by name, for composites. `columns` is None where there are no data yet.
    """

    study: Study
    instruments: Mapping[str, InstrumentSpec]
    threshold_sets: Mapping[str, ThresholdSetSpec]
    columns: Collection[str] | None = None
    build: Callable[[str], Outcome] = field(repr=False)


def require_levels(spec: OutcomeSpec) -> tuple[Criterion, ...]:
    """Return the steps of `among`: who belongs by the level of a column; others leave, the unrecorded among them."""
    return tuple(
        Criterion(
            reason=f"{name.replace('_', ' ')} is other than {' or '.join(map(_word, levels))}, or not recorded",
            keep=partial(_is_among, name=name, levels=levels),
            rule=PopulationRule(kind="levels", column=name, levels=levels),
        )
        for name, levels in spec.among.items()
    )


def values_of(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return a column of numbers, shape (n,); unknown is NaN."""
    return np.asarray(frame[name].to_numpy(dtype=np.float64))


def is_known(frame: pd.DataFrame, *, name: str) -> BoolArray:
    """Mark the rows in which a column is recorded, shape (n,)."""
    return frame[name].notna().to_numpy(dtype=np.bool_)


def _is_among(frame: pd.DataFrame, *, name: str, levels: tuple[str | float, ...]) -> BoolArray:
    return frame[name].isin(levels).to_numpy(dtype=np.bool_)


def _word(level: str | float) -> str:
    return level.replace("_", " ") if isinstance(level, str) else {0.0: "no", 1.0: "yes"}.get(level, f"{level:g}")
