"""Patient-reported and clinician-rated instruments: range, direction, scoring and what must not be mixed up.

The entries lie in ``instrument_entries/``, one file per family. A score is made of its items in the floor below, where
the columns of a registry are made; `score_items` hands single tables to the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from outcomes.instrument_entries.health import HEALTH
from outcomes.instrument_entries.myelopathy import MYELOPATHY
from outcomes.instrument_entries.spine import SPINE
from schemas.derivation import Derivation
from schemas.derived.own_scores import list_own_derivations
from schemas.derived.scores import ITEM_SCORES
from schemas.errors import DataError, DefinitionError, suggest, unknown_name
from schemas.specs import InstrumentSpec

ENTRIES: tuple[InstrumentSpec, ...] = SPINE + MYELOPATHY + HEALTH

INSTRUMENTS: dict[str, InstrumentSpec] = {entry.name: entry for entry in ENTRIES}

UNSEEN = ("mcri",)
"""Built-in ones whose range and direction could not be seen: a registry that holds one declares them."""

NO_OWN: Mapping[str, InstrumentSpec] = MappingProxyType({})


def join_instruments(own: Iterable[InstrumentSpec]) -> dict[str, InstrumentSpec]:
    """Return the built-in instruments and those that a registry declares; its own win.

    Raises
    ------
    DefinitionError
        If an own one has the name of a built-in one and runs the other way: the columns of that name keep the meaning
        that the dictionary gives them. Not of `UNSEEN` ones, of which the dictionary knows no direction.
    """
    declared = {spec.name: spec for spec in own}
    turned = [
        f"  instruments.{name}.direction: must be {INSTRUMENTS[name].direction} as everywhere, got {spec.direction}; a "
        "score that runs the other way needs another name"
        for name, spec in declared.items()
        if name in INSTRUMENTS and name not in UNSEEN and spec.direction != INSTRUMENTS[name].direction
    ]
    if turned:
        raise DefinitionError("an instrument must keep its direction:\n" + "\n".join(turned))
    return {**INSTRUMENTS, **declared}


def score_items(name: str, items: pd.DataFrame, own: Mapping[str, InstrumentSpec] = NO_OWN) -> pd.Series:
    """Return a score made of its items, by the functions that make the columns of a registry.

    Parameters
    ----------
    name
        Of the instrument.
    items
        One column per item under the stem of its columns (``odi_q01``, ``mjoa_ue_motor``), shape (n, items); further
        ones may say the version of each row (``sf36_version``, ``eq5d_version``).
    own
        Instruments with ``scoring`` of a registry's own, by name.

    Returns
    -------
    Series
        Shape (n,), unknown by the instrument's rule for missing items.

    Raises
    ------
    DataError
        If the instrument is unknown or taken as scored, or an item is absent.

    Examples
    --------
    >>> score_items("phq2", pd.DataFrame({"phq9_q01": [1.0, 3.0], "phq9_q02": [2.0, None]})).tolist()
    [3.0, nan]
    """
    entry = _find_arithmetic(name, own)
    absent = [item for item in entry.needs if item not in items]
    if absent:
        raise DataError(
            f"the items of {name} must all be columns, {', '.join(absent)} are not{suggest(absent[0], items.columns)}"
        )
    return entry.compute_from(items).rename(name)


def _find_arithmetic(name: str, own: Mapping[str, InstrumentSpec]) -> Derivation:
    """Return how a score is made, with the stems of its items as its needs."""
    spec = own.get(name)
    if spec is not None and spec.scoring is not None:
        (derivation,) = list_own_derivations([spec], {f"{item}_0" for item in spec.scoring.items})
        return Derivation(name=name, needs=spec.scoring.items, text=derivation.text, compute=derivation.compute)
    for score in ITEM_SCORES:
        if score.name == name:
            return Derivation(
                name=name, needs=(*score.items, *score.fixed), further=score.further, text=score.text,
                compute=score.compute,
            )  # fmt: skip
    if name in INSTRUMENTS:
        raise DataError(f"the score of {name} must be given, it is not made of items here; {INSTRUMENTS[name].scored}")
    raise DataError(unknown_name("an instrument", name, {**INSTRUMENTS, **own}))
