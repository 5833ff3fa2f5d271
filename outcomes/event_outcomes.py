"""The kind ``event``: any or all of several recorded flags within a fixed window."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from outcomes.build import Context, require_levels
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from schemas.specs import EventOutcome


def build_event_outcome(spec: EventOutcome, context: Context) -> Outcome:
    """Build the outcome "any of the named flags is 1", or "all of them are".

    Notes
    -----
    1 where any component is 1, even if others are unknown; 0 where all are known to be 0; else unknown, counted.
    The components are printed with every result.
    """
    flags = spec.any_of
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="event",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(*flags, *spec.among),
        revealing=flags,
        occurred=partial(any_of, flags=flags),
        eligible=require_levels(spec),
        observed=(
            Criterion(
                reason="no component recorded as an event and at least one not recorded: outcome unknown",
                keep=partial(_is_known, flags=flags),
            ),
        ),
        rule=describe_any_of(spec),
        unknown="no component recorded as an event and at least one not recorded",
        unit=spec.unit,
        clock=spec.clock,
        components=flags,
        source=spec.source,
    )


def describe_any_of(spec: EventOutcome) -> str:
    """Return the components in words, with what the declaration says of them."""
    if len(spec.any_of) < 2:
        return spec.text
    components = ", ".join(name.replace("_", " ") for name in spec.any_of)
    return f"any of {components}. {spec.text}".strip()


def any_of(frame: pd.DataFrame, flags: tuple[str, ...]) -> FloatArray:
    """Combine flags (0, 1, NaN) by three-valued *or*; shape (n,)."""
    values = frame[list(flags)].to_numpy(dtype=np.float64)
    occurred = (values == 1).any(axis=1)
    clear = (values == 0).all(axis=1)
    return np.where(occurred, 1.0, np.where(clear, 0.0, np.nan))


def _is_known(frame: pd.DataFrame, *, flags: tuple[str, ...]) -> BoolArray:
    return np.isfinite(any_of(frame, flags))
