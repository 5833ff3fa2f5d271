"""Derivations: scores of a registry's own instruments, by the rules that its definition declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.derivation import Derivation
from schemas.derived.scoring import compute_by_rule
from schemas.specs import InstrumentSpec

BEFORE = "0"


def list_own_derivations(instruments: Iterable[InstrumentSpec], columns: Collection[str]) -> tuple[Derivation, ...]:
    """Return the scores that can be made of `columns`, one per visit at which all the items are.

    Parameters
    ----------
    instruments
        Those that a definition declares; the ones without ``scoring`` are passed over.
    columns
        Names that there are: ``oks_pain_0``, ``oks_pain_6m`` and so on.

    Returns
    -------
    tuple of Derivation
        ``oks_0``, ``oks_6m``; what a file says itself must agree with them.
    """
    return tuple(
        _derive(spec, ending)
        for spec in instruments
        if spec.scoring is not None
        for ending in find_endings(spec.scoring.items, columns)
    )


def find_endings(items: Sequence[str], columns: Collection[str]) -> tuple[str, ...]:
    """Return the endings of visits at which every item has a column, in the order of the columns of the first.

    Examples
    --------
    >>> find_endings(["pain", "stairs"], ["pain_0", "stairs_0", "pain_6m", "stairs_6m", "pain_12m"])
    ('0', '6m')
    """
    first = f"{items[0]}_"
    endings = [name.removeprefix(first) for name in columns if name.startswith(first)]
    return tuple(ending for ending in endings if all(f"{item}_{ending}" in columns for item in items))


def _derive(spec: InstrumentSpec, ending: str) -> Derivation:
    assert spec.scoring is not None
    name, when = f"{spec.name}_{ending}", "before the operation" if ending == BEFORE else f"at follow-up, {ending}"
    known = COLUMNS.get(name)
    own = Column(
        name=name,
        kind="number",
        known_at="preop" if ending == BEFORE else "followup",
        text=f"{spec.title}, {when}, made of its items.",
        unit="points",
        hard=(spec.low, spec.high),
        source=spec.source,
    )
    return Derivation(
        name=name,
        needs=tuple(f"{item}_{ending}" for item in spec.scoring.items),
        text=spec.scoring.describe(),
        compute=partial(compute_by_rule, scoring=spec.scoring),
        tolerance=spec.scoring.tolerance,
        binding=True,
        column=known if known is not None and known.hard == own.hard else own,
        source=spec.source,
    )
