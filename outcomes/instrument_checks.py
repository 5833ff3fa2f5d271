"""Traps of instruments with several variants: another scale, another version, the other direction.

What one row shows is a rule of the registry (`schemas.rules`) and sends the row to quarantine. Here stands what only
many patients show together, and stops the analysis: nobody can say which of them would have to leave.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from outcomes.kinds.context import values_of
from outcomes.outcome import FloatArray
from schemas.columns import COLUMNS
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.specs import InstrumentSpec

BASELINE = "0"

LEAST_VALUES = 50
LEAST_PAIRS = 100
"""Fewer patients show nothing."""

PERCENT_OF_ITEMS = (2.0, 100 / 45)
"""Steps of a percentage made of ten items of 0 to 5, and of nine."""
HIGHEST_RAW = 50.0
MEAN_RAW = 30.0
SHARE_OFF_STEPS = 0.25
"""A column of percentages is a raw sum of 0 to 50 where no value at any visit is above 50, the mean before the
operation is below 30, and more than a quarter of the values are none that ten or nine items can give in percent. One
visit alone is where none of its values is above 50 and that share is by more than a quarter larger than at another."""
HALF_SCALE = (
    "{columns}: no value is above 50 and many are none that a percentage can have; they seem to be raw sums of 0 to "
    '50: state unit_in_file = "points_of_50" for the column'
)

WRONG_WAY = -0.3
"""Correlation, each score turned so that higher is better, from which on two instruments contradict each other."""
MOST_PATIENTS = 5000
"""Evenly spaced rows are enough for a correlation."""
WORSE_PER_BETTER = 4.0
"""Ratio of worse to better patients from which on the direction is doubted."""

SHARE_OF_OTHER_VERSION = 0.01
"""Up to this share of the rows, scores of another version are slips, which are in quarantine."""
VERSION_COLUMN = "mjoa_variant"
VERSIONED = "mjoa"


def check_instrument_scale(
    registry: Registry, columns: Collection[str], instruments: Mapping[str, InstrumentSpec]
) -> None:
    """Refuse scores that an outcome uses and that look like another variant of their instrument.

    Parameters
    ----------
    registry
        Validated data.
    columns
        Those that the outcome uses; the ones that are no score of an instrument are passed over.
    instruments
        Built-in ones and those of the registry, by name: the stem of the columns. Those marked as ``checked`` are
        passed over.

    Raises
    ------
    StudyError
        Naming each column or instrument with what looks wrong and the ways out; never a value.

    Notes
    -----
    Asked are: values outside the range; ODI and NDI of 0 to 50 in place of percent, at every visit or at some; more
    than one version of the mJOA; scores that go the other way than other instruments at the same visit; scores that get
    worse after the operation in at least four times as many patients as get better. The last two need 100 patients.
    """
    faults: list[str] = []
    for name, held in _group(registry.frame, columns, instruments).items():
        instrument = instruments[name]
        if instrument.checked:
            continue
        faults += _outside(registry.frame, held, instrument)
        faults += _of_half_scale(registry.frame, held, instrument)
        faults += _of_mixed_versions(registry, held, instrument)
        faults += _against_others(registry.frame, held, instrument, instruments)
        faults += _getting_worse(registry.frame, held, instrument)
    if faults:
        raise StudyError(
            "the scores of an outcome must be of the scale, version and direction of their instrument:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nif a person has looked and they are, say checked = true under the instrument in the definition"
        )


def _group(
    frame: pd.DataFrame, columns: Collection[str], instruments: Mapping[str, InstrumentSpec]
) -> dict[str, list[str]]:
    """Return the columns of each instrument, by its name."""
    held: dict[str, list[str]] = {}
    for column in columns:
        stem = column.rpartition("_")[0]
        if stem in instruments and column in frame:
            held.setdefault(stem, []).append(column)
    return held


def _outside(frame: pd.DataFrame, held: list[str], instrument: InstrumentSpec) -> Iterator[str]:
    """Yield the columns with values that the instrument does not have; value sets and T-scores have wider ends."""
    for column in held:
        # the dictionary has the firm ends of what is open here
        open_low, open_high = ("low" in instrument.open_ends, "high" in instrument.open_ends)
        known = COLUMNS[column].hard if column in COLUMNS else None
        firm = known or (-np.inf if open_low else np.inf, np.inf if open_high else -np.inf)
        low, high = min(instrument.low, firm[0]), max(instrument.high, firm[1])
        values = values_of(frame, column)
        count = int(((values < low) | (values > high)).sum())
        if count:
            yield (
                f"{column}: {count} values are outside {low:g} to {high:g}, the range of {instrument.title}; state the "
                "unit_in_file of the column, or declare an instrument of another name with its own range"
            )


def _of_half_scale(frame: pd.DataFrame, held: list[str], instrument: InstrumentSpec) -> Iterator[str]:
    """Yield that percentages look like raw sums of ten items of 0 to 5."""
    if instrument.name not in ("odi", "ndi") or instrument.high <= HIGHEST_RAW or not held:
        return
    baselines = [column for column in held if column.endswith(f"_{BASELINE}")] or held[:1]
    before = _known(frame, baselines)
    every = _known(frame, held)
    if len(before) < LEAST_VALUES:
        return
    low = every.max() <= HIGHEST_RAW and before.mean() < MEAN_RAW
    if low and _share_off_steps(every) > SHARE_OFF_STEPS:
        yield HALF_SCALE.format(columns=", ".join(held))
        return
    for column in held:
        if _is_of_half_scale_alone(frame, column, held):
            yield HALF_SCALE.format(columns=column)


def _is_of_half_scale_alone(frame: pd.DataFrame, column: str, held: list[str]) -> bool:
    """Tell whether a visit looks like raw sums and another does not: sloppy rounding would show at every visit."""
    own = _known(frame, [column])
    others = [values for other in held if other != column and len(values := _known(frame, [other])) >= LEAST_VALUES]
    if len(own) < LEAST_VALUES or own.max() > HIGHEST_RAW or not others:
        return False
    return _share_off_steps(own) - min(map(_share_off_steps, others)) > SHARE_OFF_STEPS


def _share_off_steps(values: FloatArray) -> float:
    """Return the share of values that ten or nine items cannot give in percent."""
    off = np.ones(len(values), dtype=np.bool_)
    for step in PERCENT_OF_ITEMS:
        off &= np.abs(values / step - np.round(values / step)) * step > 0.1
    return float(off.mean())


def _known(frame: pd.DataFrame, columns: list[str]) -> FloatArray:
    values = np.concatenate([values_of(frame, column) for column in columns])
    known: FloatArray = values[np.isfinite(values)]
    return known


def _of_mixed_versions(registry: Registry, held: list[str], instrument: InstrumentSpec) -> Iterator[str]:
    """Yield that the registry holds more than one version of the myelopathy score."""
    if instrument.name != VERSIONED:
        return
    faults, frame = registry.faults, registry.frame
    about = faults["column"].isin(held) & faults["rule"].str.contains(VERSION_COLUMN, regex=False)
    n_other = int(faults.loc[about, "count"].max()) if about.any() else 0
    if VERSION_COLUMN in frame:
        versions = frame.loc[frame[held].notna().any(axis=1), VERSION_COLUMN].value_counts()
        n_other += int(versions.iloc[1:].sum())
    if n_other > SHARE_OF_OTHER_VERSION * registry.n_read:
        yield (
            f"{', '.join(held)}: {n_other} of {registry.n_read} rows have another version of the score by "
            f"{VERSION_COLUMN}; versions have other maxima and are never pooled: put the 17-point one into joa_cervical"
        )


def _upwards(frame: pd.DataFrame, column: str, instrument: InstrumentSpec) -> pd.Series:
    """Return a score turned so that higher is better."""
    values = frame[column].astype("float64")
    return -values if instrument.direction == "lower_is_better" else values


def _against_others(
    frame: pd.DataFrame, held: list[str], instrument: InstrumentSpec, instruments: Mapping[str, InstrumentSpec]
) -> Iterator[str]:
    """Yield visits at which a score contradicts another instrument, and agrees with none.

    Patients are compared with patients and clinicians with clinicians: who has pain in the arm has often less of a
    disease of the cord.
    """
    some = frame.iloc[:: 1 + len(frame) // MOST_PATIENTS]
    for column in held:
        ending = column.rpartition("_")[2]
        partners = {f"{name}_{ending}": other for name, other in instruments.items() if name != instrument.name}
        turned = {column: _upwards(some, column, instrument)}
        turned |= {
            partner: _upwards(some, partner, other)
            for partner, other in partners.items()
            if partner in some and _is_comparable(instrument, other)
        }
        # Pearson's correlation of ranks; unknown with fewer patients than that, or where all are alike
        strength = pd.DataFrame(turned).rank().corr(min_periods=LEAST_PAIRS)[column].drop(column)
        contrary = list(strength.index[strength < WRONG_WAY])
        if contrary and not (strength > -WRONG_WAY).any():
            yield (
                f"{column}: patients whom it calls better are worse by {', '.join(contrary)}; one of them seems to be "
                "relabelled, as its direction is the other way round in the data"
            )


def _is_comparable(one: InstrumentSpec, other: InstrumentSpec) -> bool:
    apart = one.follow_up_only or other.follow_up_only or "derived" in (one.rated_by, other.rated_by)
    return one.rated_by == other.rated_by and not apart


def _getting_worse(frame: pd.DataFrame, held: list[str], instrument: InstrumentSpec) -> Iterator[str]:
    """Yield visits at which far more patients are worse than before the operation than are better."""
    baseline = f"{instrument.name}_{BASELINE}"
    if baseline not in held:
        return
    before = _upwards(frame, baseline, instrument)
    for column in held:
        change = (_upwards(frame, column, instrument) - before).dropna()
        better, worse = int((change > 0).sum()), int((change < 0).sum())
        if column != baseline and better + worse >= LEAST_PAIRS and worse >= WORSE_PER_BETTER * better:
            yield (
                f"{column}: worse than {baseline} in {worse} patients and better in {better}; its direction "
                f"({instrument.direction}) seems to be the other way round in the data"
            )
