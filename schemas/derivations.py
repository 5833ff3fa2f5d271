"""Columns that are computed from others: what a definition's ``derive`` may name."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from schemas.column import KNOWN_AT, Column
from schemas.columns import COLUMNS
from schemas.definition import Definition
from schemas.derivation import Derivation
from schemas.derived.own_scores import list_own_derivations
from schemas.derived.patient import INDICES, LATER, PATIENT, STAY
from schemas.derived.scores import SCORES_OF_ITEMS, STEMS
from schemas.derived.spine import SPINE
from schemas.dictionary.identity import AGE_NEEDS
from schemas.errors import DefinitionError, suggest, unknown_name

SHOWN_NEEDS = 4


@dataclass(frozen=True, kw_only=True)
class Derived:
    """Typed columns with the derived ones among them, what was noticed, and the scores of own instruments."""

    values: pd.DataFrame
    columns: dict[str, Column]
    notes: tuple[str, ...] = ()
    own: tuple[Derivation, ...] = ()


ENTRIES: tuple[Derivation, ...] = PATIENT + INDICES + STAY + SPINE + SCORES_OF_ITEMS + LATER

DERIVATIONS: dict[str, Derivation] = {entry.name: entry for entry in ENTRIES}
"""Derivation by the column that it makes; what one is made of is never derived after it."""


def list_derivations(columns: Collection[str], definition: Definition) -> dict[str, Derivation]:
    """Return every entry by name, the scores of the definition's own instruments first.

    An own rule for a score of the dictionary takes the place of the dictionary's, at the visits that have the items.
    """
    own = {entry.name: entry for entry in list_own_derivations(definition.instruments, columns)}
    return {**own, **{name: entry for name, entry in DERIVATIONS.items() if name not in own}}


def name_inputs(entry: Derivation) -> str:
    """Return the names of what a column is derived from, the first of many only."""
    return ", ".join(entry.needs[:SHOWN_NEEDS]) + (", ..." if len(entry.needs) > SHOWN_NEEDS else "")


def derive_columns(values: pd.DataFrame, columns: Mapping[str, Column], definition: Definition) -> Derived:
    """Add the columns that the definition asks for; what the file says itself is kept, the rest is filled.

    Parameters
    ----------
    values
        Typed columns, shape (n, p).
    columns
        Their dictionary entries.
    definition
        Its `derive` names entries of `DERIVATIONS`, or scores that are derived at all visits whose items there are. A
        score of its own instruments is derived wherever the items of its `scoring` are.

    Returns
    -------
    Derived
        The columns of before and, behind them, the new ones; notes count what was filled and where the file's own
        values differ.

    Raises
    ------
    DefinitionError
        If a name is unknown, or a column that is needed is unknown to the definition, absent from the file although
        the definition does not call it optional, or not what the dictionary says; all of them are named at once.

    Notes
    -----
    A column that the file has but nothing to derive it from stays as it is, with a note: a file of patients to come
    may hold the age itself. A column that the file has not, and lacks for it only what the definition itself declares
    to be optional, is not made, with a note: files of some years lack some columns. A derived column is known no
    earlier than the latest of what it is made of.
    """
    wanted = _find_wanted(columns, definition)
    faults = [*_unknown_names(columns, definition), *_faults_of_needs(wanted, columns, definition)]
    if faults:
        head = f"the definition {definition.name!r} must be able to derive what it names under derive:\n"
        raise DefinitionError(head + "\n".join(faults))
    made = dict(columns)
    held = dict(values.items())
    notes = []
    for entry in wanted:
        if absent := [name for name in entry.needs if name not in held]:
            state = "as in the file" if entry.name in held else "not made"
            notes.append(f"column {entry.name!r} is {state}; it cannot be derived without {', '.join(absent)}")
            continue
        computed = entry.compute_from(held).rename(entry.name)
        own = values.get(entry.name)
        held[entry.name] = computed if own is None else own.where(own.notna(), computed)
        made[entry.name] = _column(entry, made)
        notes += _notes(entry, own, computed)
    new: dict[Hashable, pd.Series] = {entry.name: held[entry.name] for entry in wanted if entry.name in held}
    declared = tuple(entry for entry in wanted if entry.column)
    # not assign, which inserts one column after the other
    whole = pd.DataFrame(dict(values.items()) | new, index=values.index, copy=False)
    return Derived(values=whole, columns=made, notes=tuple(notes), own=declared)


def _find_wanted(columns: Mapping[str, Column], definition: Definition) -> list[Derivation]:
    """Return the entries that are asked for, in an order in which each can use the ones before."""
    known = list_derivations(columns, definition)
    names = {*definition.derive, *(name for name, entry in known.items() if entry.column)}
    if set(AGE_NEEDS) <= set(columns):
        names.add("age")
    names |= set(_visits_with_items(definition.derive, {*columns, *names}))
    if definition.needed is not None:
        names = _reach(definition.needed, names, known)
    return [entry for name, entry in known.items() if name in names]


def _reach(needed: Collection[str], names: Collection[str], known: Mapping[str, Derivation]) -> set[str]:
    """Return which of `names` are needed, or needed for one that is."""
    reached = {name for name in needed if name in names and name in known}
    while further := {need for name in reached for need in known[name].needs if need in names} - reached:
        reached |= further
    return reached


def _visits_with_items(derive: Collection[str], there: Collection[str]) -> list[str]:
    """Return the columns of the stems among `derive` whose items are there, or are themselves made by another stem."""
    found: dict[str, None] = {}
    for stem in STEMS:
        if stem in derive:
            found |= {name: None for name in STEMS[stem] if {*there, *found}.issuperset(DERIVATIONS[name].needs)}
    return list(found)


def _column(entry: Derivation, columns: Mapping[str, Column]) -> Column:
    column = columns.get(entry.name) or entry.column or COLUMNS[entry.name]
    times = [column.known_at, *(columns[name].known_at for name in entry.needs)]
    return replace(column, known_at=max(times, key=KNOWN_AT.index))


def _unknown_names(columns: Mapping[str, Column], definition: Definition) -> Iterator[str]:
    made = set(_visits_with_items(definition.derive, {*columns, *definition.derive}))
    for name in definition.derive:
        if name not in DERIVATIONS and name not in STEMS:
            yield f"  {unknown_name('a derivation', name, [*DERIVATIONS, *STEMS])}"
        elif name in STEMS and definition.needed is None and made.isdisjoint(STEMS[name]):
            items = name_inputs(DERIVATIONS[STEMS[name][0]])
            yield f"  {name!r} must have all its items at one visit at least, such as {items}; check their headers"


def _faults_of_needs(
    wanted: Sequence[Derivation], columns: Mapping[str, Column], definition: Definition
) -> Iterator[str]:
    """Yield what is unknown to the definition, what the file lacks, and what is not the dictionary's column."""
    there = {*columns, *(entry.name for entry in wanted)}
    optional = _declared_optional(definition)
    for entry in wanted:
        absent = [name for name in entry.needs if name not in there]
        undeclared = [name for name in absent if name not in definition.sources]
        lacking = [name for name in absent if name in definition.sources and name not in optional]
        if undeclared:
            near = "".join(suggest(name, definition.sources) for name in undeclared[:1])
            named = ", ".join(undeclared)
            yield f"  {entry.name!r} must have its columns in the definition, which lacks {named}{near}"
        if lacking and entry.name not in columns:
            yield f"  {entry.name!r} must have its columns in the file, which lacks {', '.join(lacking)}"
        for name in () if entry.column else (entry.name, *entry.needs):
            if name in columns and not is_as_in_dictionary(columns[name]):
                yield f"  {entry.name!r} must have {name!r} as the dictionary has it, {_describe(COLUMNS[name])}"


def _declared_optional(definition: Definition) -> set[str]:
    """Return the columns that the definition's own text calls optional; those of its base are so by default."""
    own = tomllib.loads(definition.text).get("columns", {})
    return {name for name in own if name in definition.sources and definition.sources[name].optional}


def is_as_in_dictionary(column: Column) -> bool:
    """Tell whether a column of a dictionary name holds what the dictionary says, in its unit and of its levels."""
    known = COLUMNS[column.name]
    return (column.kind, column.unit) == (known.kind, known.unit) and set(column.levels) <= set(known.levels)


def _describe(column: Column) -> str:
    return f"a {column.kind}" + (f" in {column.unit}" if column.unit else "")


def _notes(entry: Derivation, own: pd.Series | None, computed: pd.Series) -> list[str]:
    n = len(computed)
    if own is None:
        known = int(computed.notna().sum())
        return [f"column {entry.name!r} is derived from {name_inputs(entry)}: known in {known} of {n} rows"]
    filled, differing = int((own.isna() & computed.notna()).sum()), int(entry.differs(own, computed).sum())
    told = f"column {entry.name!r}: {filled} of {n} rows filled from {name_inputs(entry)}"
    kept = f"; {differing} values of the file differ from the derived ones and are kept"
    return [told + (kept if differing else "")] if filled or differing else []
