"""A draft of a registry definition, made from an export: what is sure, what somebody must check, what is left open.

What a draft shows of the data are headers, counts, codes that stand in five rows or more, and bounds rounded outwards;
never free texts, identifiers or days.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from urllib.parse import urlsplit

import pandas as pd

from schemas.columns import COLUMNS
from schemas.definition import BUILT_IN, parse_definition
from schemas.derivations import DERIVATIONS
from schemas.drafts.files import Export, ExportTable, read_export
from schemas.drafts.listing import IdentifyingHeaders, list_rest
from schemas.drafts.match import ALIAS, make_name
from schemas.drafts.place import Header, Placed, Placing, Unplaced, settle_headers, try_headers
from schemas.drafts.tables import (
    DraftedTable,
    draft_table,
    find_operations,
    is_of_redcap,
    read_headers,
    split_events,
)
from schemas.drafts.write import Contents, write_draft_text
from schemas.errors import InputError, unknown_name
from schemas.identifying import HOSPITAL_NUMBER, NATIONAL, find_identifying
from schemas.mapping import columns_of_cohort
from schemas.plans import FilePlan
from schemas.reading.database import is_url
from schemas.redcap import ADMINISTRATIVE, MISSING_CODES, ExportHeader, export_headers, read_dictionary

PROPOSALS = ("table", "header", "column", "how", "certainty", "what", "n_known")
"""Columns of `Draft.proposals`: ``how`` is exact name, alias, similar name or REDCap; ``certainty`` sure or check."""

UNPLACED = ("table", "header", "kind", "n_known", "n_distinct", "candidates", "reason")
"""Columns of `Draft.unplaced`; ``kind`` is guessed from the values."""

USED = ("table", "header", "use", "n_known")
"""Columns of `Draft.used`; ``use`` in words."""

LINKING = (NATIONAL, HOSPITAL_NUMBER)
AUTOMATIC = ("year",)
"""Derived whether a definition says so or not."""
OWN_NUMBER = "a field that the REDCap dictionary marks as an identifier"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A drafted definition.

    Attributes
    ----------
    text
        TOML that `schemas.definition.parse_definition` reads.
    proposals
        Columns `PROPOSALS`, one row per header that is read.
    unplaced
        Columns `UNPLACED`, one row per header that is not.
    used
        Columns `USED`, one row per header that is no column but joins tables, dates visits or is dropped.
    notes
        What was noticed beside; never values.
    """

    text: str = field(repr=False)
    proposals: pd.DataFrame = field(repr=False)
    unplaced: pd.DataFrame = field(repr=False)
    used: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def needs_a_person(self) -> bool:
        """Whether a proposal must be checked or a header could not be placed."""
        return bool(self.proposals["certainty"].eq("check").any() or len(self.unplaced) or self.notes)


def draft_definition(
    data: str | Path,
    *,
    base: str,
    plan: FilePlan | None = None,
    name: str | None = None,
    dictionary: Path | None = None,
) -> Draft:
    """Draft the definition of a registry from its export.

    Parameters
    ----------
    data
        A file, a folder, an archive, a workbook or the URL of a database.
    base
        Cohort whose dictionary columns come along: lumbar, cervical or deformity.
    plan
        What is known of the file; the rest is sniffed.
    name
        Name of the registry; made of the file's name by default.
    dictionary
        Data dictionary of the REDCap project that the data were exported from.

    Returns
    -------
    Draft

    Raises
    ------
    InputError
        If the base is unknown, or the data or the dictionary cannot be read. No message carries a value.

    Notes
    -----
    A column whose values do not fit its proposal in more than one of ten rows is not placed, with the reason. Of two
    columns that a header may mean, and of two headers that may mean a column, none is chosen.
    """
    if base not in BUILT_IN:
        raise InputError(unknown_name("the base of a definition", base, BUILT_IN))
    export = read_export(data, plan or FilePlan())
    told = export_headers(read_dictionary(dictionary)) if dictionary is not None else {}
    tables = [part for table in export.tables for part in split_events(table)]
    contents = _draft_tables(_named_apart(tables), export, base, told)
    title = _title_of(data)
    contents = replace(
        contents,
        name=name or make_name(title.split(".")[0], ()),
        source=title,
        base=base,
        file=export.stated,
    )
    text = write_draft_text(contents)
    parse_definition(text, name="the draft")
    return Draft(
        text=text,
        proposals=pd.DataFrame([_describe_placed(made) for made in contents.all_placed], columns=list(PROPOSALS)),
        unplaced=pd.DataFrame([_describe_unplaced(made) for made in contents.all_unplaced], columns=list(UNPLACED)),
        used=pd.DataFrame(contents.listed.uses, columns=list(USED)),
        notes=contents.notes,
    )


def _title_of(data: str | Path) -> str:
    """Return the name of a file, or of a database without its address and what may stand there of a password."""
    if is_url(data):
        return PurePath(urlsplit(str(data)).path).name or "database"
    return Path(data).resolve().name


def _named_apart(tables: Sequence[ExportTable]) -> list[ExportTable]:
    """Give every table a name of its own."""
    names: list[str] = []
    for table in tables:
        names.append(make_name(table.name, names))
    return [replace(table, name=name) for table, name in zip(tables, names, strict=True)]


def _draft_tables(
    tables: Sequence[ExportTable], export: Export, base: str, told: Mapping[str, ExportHeader]
) -> Contents:
    known = columns_of_cohort(base)
    decimal = export.plan.decimal
    headers = {table.name: _read_headers(table, decimal, told) for table in tables}
    tried = {name: try_headers(found, known, export.plan) for name, found in headers.items()}
    placings = {name: settle_headers(made) for name, made in tried.items()}
    columns = {name: [made.name for made in placing.placed] for name, placing in placings.items()}
    operations = find_operations(tables, columns)
    identifiers = _settle_identifiers(headers.values(), placings.values())
    further = [
        draft_table(table, operations, headers[table.name], export.plan, tuple(identifiers.drop))
        for table in tables
        if table is not operations
    ]
    joined = [_fresh(drafted, operations) for drafted in further if drafted.rows == "one" and not drafted.doubt]
    asked = {made.header.name for drafted in further for made in drafted.scores.placed}
    pooled = [made for made in tried[operations.name] if made.header.name not in asked]
    for drafted, _ in joined:
        own = {header.name for header in drafted.headers}
        pooled += [made for made in tried[drafted.source.name] if made.header.name in own]
    placing = _with_patient(_without_identifiers(settle_headers(pooled), identifiers), identifiers)
    placing = _without_keys(placing, further)
    shown = [drafted for drafted, _ in joined] + [
        drafted for drafted in further if drafted.rows != "one" or drafted.doubt
    ]
    return Contents(
        operations=operations if len(tables) > 1 else None,
        further=tuple(shown),
        placing=placing,
        identifiers=identifiers,
        derive=_derivable(placing.placed, known),
        listed=list_rest(export, headers, operations, shown, placing, identifiers),
        notes=(
            *export.notes,
            *(note for _, note in joined if note),
            *identifiers.notes,
            *_patientless(placing),
            *_ageless(placing, known),
        ),
        n_rows=len(operations.table),
        n_columns=len(operations.table.columns),
    )


def _read_headers(table: ExportTable, decimal: str, told: Mapping[str, ExportHeader]) -> list[Header]:
    """Return the headers with what the values and a REDCap dictionary say of them."""
    looks = find_identifying(table.table)
    made = []
    for header in read_headers(table, decimal, frozenset(MISSING_CODES) if told else frozenset()):
        if is_of_redcap(header):
            made.append(header)
            continue
        asked = told.get(header.name)
        look = looks.get(header.name, "")
        if asked is not None:
            look = look or (OWN_NUMBER if asked.field.identifier else "")
            header = replace(header, label=asked.label, choices=asked.choices)
        made.append(replace(header, identifies=look))
    return made


def _settle_identifiers(tables: Iterable[Sequence[Header]], placings: Iterable[Placing]) -> IdentifyingHeaders:
    """Say what becomes of headers that say who somebody is: numbers that link rows become pseudonyms, others go."""
    columns = {(made.header.table, made.header.name): made.name for placing in placings for made in placing.placed}
    drop: dict[str, str] = {}
    hide: dict[str, str] = {}
    notes = []
    for header in (header for headers in tables for header in headers if header.identifies):
        column = columns.get((header.table, header.name))
        if column == "birth_date":
            continue
        if header.identifies in LINKING or column in ("patient", "operation"):
            hide.setdefault(header.name, header.identifies)
        elif header.name not in hide:
            drop.setdefault(header.name, header.identifies)
    if hide:
        notes.append(
            "pseudonyms need a secret key in the environment variable SPINERISK_PSEUDONYM_KEY; without it the data "
            "cannot be read"
        )
    return IdentifyingHeaders(
        drop={name: why for name, why in drop.items() if name not in hide}, hide=hide, notes=tuple(notes)
    )


def _without_identifiers(placing: Placing, identifiers: IdentifyingHeaders) -> Placing:
    """Leave out what is dropped."""
    gone = set(identifiers.drop)
    return Placing(
        placed=tuple(made for made in placing.placed if made.header.name not in gone),
        unplaced=tuple(made for made in placing.unplaced if made.header.name not in gone),
    )


def _with_patient(placing: Placing, identifiers: IdentifyingHeaders) -> Placing:
    """Take the only number that may link rows as the patient's, where no header is."""
    found = [made for made in placing.unplaced if made.header.name in identifiers.hide and not made.options]
    if len(found) != 1 or any(made.name == "patient" for made in placing.placed):
        return placing
    header = found[0].header
    patient = Placed(
        header=header,
        name="patient",
        column=COLUMNS["patient"],
        how=ALIAS,
        checks=(f"it looks like {header.identifies}, and no other header is the patient's",),
        keys={"header": header.name},
        n_known=header.profile.n_present,
    )
    left = tuple(made for made in placing.unplaced if made is not found[0])
    return Placing(placed=(patient, *placing.placed), unplaced=left)


def _without_keys(placing: Placing, further: Sequence[DraftedTable]) -> Placing:
    """Leave the headers that only join tables, and those that REDCap adds, out of what could not be placed."""
    keys = {key for drafted in further for name in ("key", "operations_key") for key in drafted.keys.get(name, ())}
    left = [made for made in placing.unplaced if made.header.name not in keys and not is_of_redcap(made.header)]
    return replace(placing, unplaced=tuple(left))


def _fresh(drafted: DraftedTable, operations: ExportTable) -> tuple[DraftedTable, str]:
    """Leave the headers out that the operations have too, and say so: a header must stand in one of the tables."""
    own = [header for header in drafted.headers if header.name not in {*drafted.keys["key"], *ADMINISTRATIVE}]
    new = [header for header in own if header.name not in operations.table.columns]
    if len(new) == len(own):
        return replace(drafted, headers=tuple(new)), ""
    shared = ", ".join(repr(header.name) for header in own if header not in new)
    keys = {**drafted.keys, "take": [header.name for header in new]} if new else drafted.keys
    note = f"table {drafted.name!r}: headers that the operations have too are not taken from it: {shared}"
    return replace(drafted, headers=tuple(new), keys=keys), note


def _patientless(placing: Placing) -> tuple[str, ...]:
    if not placing.placed:
        return ("no header could be placed: nothing can be read before a table below is filled in",)
    if any(made.name == "patient" for made in placing.placed):
        return ()
    return ("no header is the patient's identifier: each row would count as a patient of its own",)


def _ageless(placing: Placing, known: Collection[str]) -> tuple[str, ...]:
    """Say that a date of birth alone gives no age."""
    names = {made.name for made in placing.placed}
    if "age" not in known or "birth_date" not in names or not names.isdisjoint({"age", "operation_date"}):
        return ()
    return ("the age cannot be derived from birth_date without operation_date, and no header is placed as that",)


def _derivable(placed: Sequence[Placed], known: Collection[str]) -> tuple[str, ...]:
    """Return the base's columns that can be computed from what is placed, and are not placed themselves."""
    names = {made.name for made in placed}
    return tuple(
        name
        for name, entry in DERIVATIONS.items()
        if name in known and name not in (*names, *AUTOMATIC) and names.issuperset(entry.needs)
    )


def _describe_placed(made: Placed) -> tuple[object, ...]:
    what = [key for key in ("recode", "unit_in_file", "date_format", "missing") if key in made.keys]
    return (
        made.header.table, made.header.name, made.name, made.how, made.certainty, ", ".join(what), made.n_known,
    )  # fmt: skip


def _describe_unplaced(made: Unplaced) -> tuple[object, ...]:
    profile = made.header.profile
    names = ", ".join(option.name for option in made.options)
    return (
        made.header.table, made.header.name, profile.kind, profile.n_present, len(profile.present), names,
        made.reason,
    )  # fmt: skip
