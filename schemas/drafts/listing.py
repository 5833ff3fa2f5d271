"""What becomes of the headers that are no column: each is named, with its use or the reason why it is not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.drafts.files import Export, ExportTable
from schemas.drafts.place import Header, Placing, Unplaced, make_header
from schemas.drafts.tables import DraftedTable, is_of_redcap
from schemas.redcap import ADMINISTRATIVE, GROUP, INSTANCE

TIMES = {"date": "date of the visit", "label": "name of the visit", "days": "days", "months": "months"}
ONLY = {
    "one": "the operations have this header too, and it is read from there",
    "visits": "of a table of visits only scores are read, and no score has a name like it",
    "levels": "of a table of levels only the segments are read",
    "events": "of a table of events only the kind and the day are read",
}
"""Why a header of a table that is read is not, by what the rows of the table are."""


@dataclass(frozen=True, kw_only=True)
class IdentifyingHeaders:
    """Headers to drop and to pseudonymise, each with what it looks like."""

    drop: Mapping[str, str] = field(default_factory=dict)
    hide: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Headers beside the columns: (table, header, use, rows that hold something), and those that are set aside."""

    uses: tuple[tuple[str, str, str, int], ...]
    aside: tuple[Unplaced, ...]


def list_rest(
    export: Export,
    headers: Mapping[str, Sequence[Header]],
    operations: ExportTable,
    further: Sequence[DraftedTable],
    placing: Placing,
    identifiers: IdentifyingHeaders,
) -> Listed:
    """Find every header of the export that is neither placed nor waiting for its column to be filled in.

    Parameters
    ----------
    export
        As read, before tables were taken apart.
    headers
        By table of the draft.
    operations, further
        The tables of the draft.
    placing
        What the columns are read from.
    identifiers
        What is dropped.

    Returns
    -------
    Listed
        A header that REDCap adds is listed once, however many tables have it.
    """
    drafted = {table.source.name: table for table in further}
    told = {(made.header.table, made.header.name) for made in placing.placed}
    told |= {(made.header.table, made.header.name) for made in placing.unplaced}
    for other in further:
        told |= {(made.header.table, made.header.name) for made in other.scores.placed}
        told |= {(made.header.table, made.header.name) for made in other.scores.unplaced}
    uses: list[tuple[str, str, str, int]] = []
    aside: list[Unplaced] = []
    added: set[str] = set()
    for header in (*(header for held in headers.values() for header in held), *_unfilled(export, headers)):
        again = header.name in added
        if (header.table, header.name) in told or again:
            continue
        if is_of_redcap(header):
            added.add(header.name)
        table = drafted.get(header.table)
        use = _use(header, table, operations, further, identifiers)
        if use:
            uses.append((header.table, header.name, use, header.profile.n_present))
        else:
            aside.append(Unplaced(header=header, reason=_reason(header, table)))
    return Listed(uses=tuple(uses), aside=tuple(aside))


def _unfilled(export: Export, headers: Mapping[str, Sequence[Header]]) -> Iterator[Header]:
    """Yield headers that are in none of the tables of the draft, as no row of these holds anything under them."""
    known = {header.name for held in headers.values() for header in held}
    for table in export.tables:
        for name in table.table.columns:
            if name not in known:
                yield make_header(table.name, str(name), table.table[name], export.plan.decimal, frozenset())


def _use(
    header: Header,
    table: DraftedTable | None,
    operations: ExportTable,
    further: Sequence[DraftedTable],
    identifiers: IdentifyingHeaders,
) -> str:
    """Return what a header is needed for beside the columns; blank where for nothing."""
    if header.name in identifiers.drop:
        return f"dropped: looks like {identifiers.drop[header.name]}"
    if table is None:
        joining = {key for other in further if not other.doubt for key in _operations_key(other)}
        where = operations.keys.get("where", {})
    else:
        joining = set(table.keys.get("key", ()))
        where = table.keys.get("where", {})
    time = next((said for key, said in TIMES.items() if table and table.keys.get(key) == header.name), "")
    if time and table is not None and not table.doubt:
        return time
    if header.name in where and header.name in ADMINISTRATIVE:
        return "says which rows belong to a table"
    if table is not None and table.doubt:
        return ""
    if header.name in joining:
        return "joins tables"
    elsewhere = next((other.name for other in further if header.name in _scores(other)), "")
    if elsewhere and (table is None or table.rows == "one"):
        return f"read from the table {elsewhere!r}"
    if table is None:
        return ""
    return "segment of the level" if header.name == table.level.get("header") else ""


def _operations_key(table: DraftedTable) -> Sequence[str]:
    found: Sequence[str] = table.keys.get("operations_key", table.keys.get("key", ()))
    return found


def _scores(table: DraftedTable) -> set[str]:
    return {made.header.name for made in table.scores.placed}


def _reason(header: Header, table: DraftedTable | None) -> str:
    if header.name in INSTANCE:
        return "REDCap adds it to count repetitions"
    if header.name in GROUP:
        return "REDCap adds it for the group that entered the record; if this is the hospital, give it to site"
    if is_of_redcap(header):
        return "REDCap adds it to say whether a form was filled in"
    if not header.profile.n_present:
        return "it holds no value in this file"
    if table is not None:
        return f"the table {table.name!r} is left out, see there" if table.doubt else ONLY[table.rows]
    return "no table of the draft reads it"
