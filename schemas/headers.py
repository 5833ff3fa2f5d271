"""Which header of the file is which column, and what is said of those that are none."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from schemas.definition import Definition
from schemas.dictionary.identity import AGE_NEEDS
from schemas.errors import DataError, suggest
from schemas.mapping import SourceColumn
from schemas.wording import squash

SHOWN_HEADERS = 40
NEAR = 0.85
"""Headers less alike than this are not suggested: another word is no slip of the pen."""
SLIP = 2
"""Letters by which a header with a slip of the pen is longer or shorter."""


def match_headers(headers: Sequence[str], definition: Definition, source: str) -> dict[str, SourceColumn]:
    """Return the columns that the file has, in the definition's order.

    Columns that are made of an export's further tables, and those of one value in all rows, are not looked for here.

    Raises
    ------
    DataError
        Naming every required column whose header is absent, each with the nearest header of the file.
    """
    own = {name: at for name, at in definition.sources.items() if not at.table and at.constant is None}
    present = set(headers)
    found = {name: at for name, at in own.items() if at.header in present}
    derived = {*definition.derive, *(["age"] if set(AGE_NEEDS) <= set(found) else [])}
    absent = [at for name, at in own.items() if name not in found and not at.optional and name not in derived]
    if absent:
        taken = {at.header for at in found.values()}
        free = [header for header in headers if header not in taken]
        lines = [
            f"  column {at.column.name!r} must be in the file under the header {at.header!r}; not found"
            f"{_nearest_header(at.header, free)}"
            for at in absent
        ]
        raise DataError(
            f"{source}: must have the columns that the definition {definition.name!r} requires:\n"
            + "\n".join(lines)
            + _separator_hint(headers)
        )
    if not found:
        raise DataError(
            f"{source}: must have a header of the definition {definition.name!r} at least, got none of them; the first "
            f"row must be headers{_separator_hint(headers)}"
        )
    return found


def describe_ignored(headers: Sequence[str], definition: Definition) -> list[str]:
    """Return notes on the headers that the definition does not know, with the nearest that it lacks."""
    known = {at.header for at in definition.sources.values() if at.constant is None}
    absent = known - set(headers)
    used = known | _keys(definition)
    unknown = [header for header in headers if header not in used]
    near = _suggest_headers(unknown, absent)
    notes = [
        f"header {header!r} is not in the definition {definition.name!r} and is ignored{hint}"
        for header, hint in near.items()
    ]
    others = [header for header in unknown if header not in near]
    if others:
        shown = ", ".join(repr(header) for header in others[:SHOWN_HEADERS])
        more = f", ... ({len(others)} in all)" if len(others) > SHOWN_HEADERS else ""
        notes.append(f"headers that are not in the definition {definition.name!r} and are ignored: {shown}{more}")
    return notes


def _suggest_headers(unknown: Sequence[str], absent: Collection[str]) -> dict[str, str]:
    """Return the first hints: to compare every header with every other one takes longer than to read the file.

    Compared are those with the same words, and those that begin alike and have nearly as many letters.
    """
    near: dict[str, list[str]] = {}
    for header in sorted(absent):
        for key in _rough_keys(header, SLIP):
            near.setdefault(key, []).append(header)
    hints: dict[str, str] = {}
    for header in unknown:
        if len(hints) == SHOWN_HEADERS:
            break
        alike = {name for key in _rough_keys(header, 0) for name in near.get(key, ())}
        nearest = max(sorted(alike), key=lambda name: _likeness(header, name), default=None)
        if nearest is not None and _likeness(header, nearest) >= NEAR:
            hints[header] = f"; nearest is {nearest!r}"
    return hints


def _likeness(header: str, other: str) -> float:
    """Return how alike two headers are, from 0 to 1; with other digits in them they mean something else."""
    here, there = squash(header) or header.casefold(), squash(other) or other.casefold()
    if re.findall(r"\d+", here) != re.findall(r"\d+", there):
        return 0.0
    return SequenceMatcher(a=here, b=there).ratio()


def _rough_keys(header: str, slip: int) -> set[str]:
    """Return the words of a header in one, and its first letter with its length, give or take `slip`."""
    whole = squash(header) or header.casefold()
    return {whole, *(f"{whole[:1]} {len(whole) + more}" for more in range(-slip, slip + 1))}


def _keys(definition: Definition) -> set[str]:
    """Headers that join tables, or that tables other than the operations are read from, are not ignored."""
    keys = {at.header for columns in definition.table_columns.values() for at in columns.values()}
    for table in definition.tables.values():
        when = (table.date, table.days, table.months, table.label)
        keys |= {*table.key, *table.operations_key, *table.where, *(header for header in when if header)}
    return keys


def _nearest_header(header: str, headers: Sequence[str]) -> str:
    return suggest(header, headers).replace("nearest is", "nearest header is")


def _separator_hint(headers: Sequence[str]) -> str:
    if len(headers) > 1 or not any(sign in headers[0] for sign in ";,\t|"):
        return ""
    return "\nthe file seems to have one column only; state its separator under [file] separator in the definition"
